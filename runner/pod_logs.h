// What a container prints, on its way to the store: every byte into its log, the end of stdout for
// outputs.result, the end of both for messages.
//
// In: chunks as the engine sends them. Never refuses one: a container whose output nobody takes would stand
// still, so a full disk is remembered and told at the end (trouble()).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "docker/types.h"
#include "store/logs.h"

namespace skiff::runner {

/// outputs.result is at most this long; of more, the end is kept (executor.go, CaptureScriptResult).
inline constexpr std::size_t kMaxResult = 256 * 1024;

/// Replaces known texts by "***" in a stream that is cut anywhere.
class Masker {
 public:
  /// Longest first, as secret_texts() gives them.
  explicit Masker(std::vector<std::string> texts);
  /// What can be passed on now; the beginning of a possible secret is held back.
  [[nodiscard]] std::string take(std::string_view bytes);
  /// What was held back.
  [[nodiscard]] std::string rest();
  [[nodiscard]] bool idle() const { return texts_.empty(); }

 private:
  std::vector<std::string> texts_;
  std::string held_;
};

/// For one strand.
class OutputKeeper {
 public:
  OutputKeeper(std::filesystem::path log, bool keep_result, std::vector<std::string> secrets);

  void take(const docker::OutputChunk& chunk);
  /// The stream begins again with the container's first byte (after a restart of ours): what the log already
  /// has is not written twice.
  void from_the_start();
  /// The container's stream is over.
  void finish();

  /// The end of stdout without one trailing newline.
  [[nodiscard]] std::string result() const;
  /// The last bytes of stdout and stderr together, as the log shows them.
  [[nodiscard]] const std::string& tail() const { return tail_; }
  /// Why the log is incomplete, in the store's words; "" if it is not.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void show(store::LogStream stream, std::string_view bytes);
  void write(store::LogStream stream, std::string_view bytes);
  std::filesystem::path path_;
  bool keep_result_;
  std::optional<store::LogWriter> log_;
  Masker mask_[2];
  std::uint64_t skip_[2] = {0, 0};
  std::string result_;
  bool cut_ = false;
  std::string tail_;
  std::string trouble_;
};

}  // namespace skiff::runner
