// Bytes between an engine's archive call, which is a coroutine on a strand, and a thread that computes:
// libarchive, gzip, checksums, the disk. Both go on at once, with a bounded pipe between them and no copy on
// the disk.
//
//   engine ──write──▶ Outflow ══pipe══▶ work(source)          a step's output on its way into the store
//   engine ◀──read─── Inflow  ◀══pipe══ work(sink)            an input on its way into a container
//
// The strand never waits for the thread, it is told; the thread waits. Whoever ends a flow early ends both
// sides.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include "docker/bytes.h"
#include "runner/scope.h"
#include "store/archive.h"

namespace skiff::runner {

/// What `work` throws, or nothing. A cancellation that ended it is taken back, or nothing could be awaited
/// any more: the caller brings its flows to their end, then throws it on.
[[nodiscard]] Task<std::exception_ptr> caught(Task<void> work);

/// What both directions have: a pipe, a thread, its end told on the strand.
class FlowState;

/// Runs `work` on a thread of its own and waits for its end; throws what it threw. Where the wait is
/// cancelled, what the work is given becomes true, its end is waited for all the same, and what it threw is
/// dropped.
[[nodiscard]] Task<void> on_a_thread(std::function<void(const std::atomic<bool>&)> work);

class Outflow : public docker::ByteSink {
 public:
  /// Runs `work` on a thread of its own at once; what it refers to must live as long as this.
  Outflow(const Executor& strand, std::function<void(const store::Source&)> work);
  /// Breaks the pipe and waits for the thread, unless it was finished.
  ~Outflow() override;
  Outflow(const Outflow&) = delete;
  Outflow& operator=(const Outflow&) = delete;

  Task<void> ready() override;
  /// Throws std::system_error once the work has failed; drops what a work that has succeeded did not want to
  /// see.
  void write(std::string_view bytes) override;
  /// No more bytes; with `whole` false the work's next read throws. Waits for its end, cancelled or not, and
  /// throws what it threw (except for being broken off).
  [[nodiscard]] Task<void> finish(bool whole);

 private:
  std::shared_ptr<FlowState> state_;
};

class Inflow : public docker::ByteSource {
 public:
  Inflow(const Executor& strand, std::function<void(const store::Sink&)> work);
  ~Inflow() override;
  Inflow(const Inflow&) = delete;
  Inflow& operator=(const Inflow&) = delete;

  [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }
  /// Returns when a first block is there, the whole if it is small, or the work has failed.
  Task<void> ready() override;
  /// The work has failed: finish() says how.
  [[nodiscard]] bool failed() const;
  std::size_t read(std::span<char> into) override;
  /// As Outflow's; what was not read is thrown away.
  [[nodiscard]] Task<void> finish();

 private:
  std::shared_ptr<FlowState> state_;
  std::span<const std::byte> left_;
};

}  // namespace skiff::runner
