// The seam to a container engine: everything skiff asks of one, as coroutines. client.h speaks to a real one;
// tests put a fake behind the same class.
//
// How to call it
// - From a coroutine whose executor is a strand (or a context run by one thread): a call opens its connection
//   on the caller's executor and its deadline runs there too. One Engine may be used by any number of
//   coroutines on any threads at once. Streams and pending waits belong to the coroutine that opened them.
// - Failure is a Result's Error (error.h). Answers that a careful caller expects are values: Effect::already.
// - Cancelling or destroying the awaiting coroutine closes the connection of that call; a cancelled call
// comes
//   back as kind `cancelled` or as boost::system::system_error(operation_aborted), whichever Asio sees first.
// - Short calls end within a time limit; wait, attach, logs, pull, events, exec streams and archives never
//   time out. create, start, stop and remove have generous ones: an engine may be busy for minutes.
// - Structs are taken by reference and must live until the call is over: name them, no temporaries in the
//   co_await (design: coroutines under g++ 12).
// - Containers are named by id or by name.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "docker/bytes.h"
#include "docker/error.h"
#include "docker/types.h"

namespace skiff::docker {

template <class T>
using Async = boost::asio::awaitable<Result<T>>;

/// What a container prints, demultiplexed. Destroying it closes the connection.
class OutputStream {
 public:
  virtual ~OutputStream() = default;
  /// The next piece; nothing at the end. Whoever attached must keep calling this: a container whose output
  /// nobody reads stops once about 1 MB is waiting (docker-engine P5). Decouple consumers, never the reading.
  virtual Async<std::optional<OutputChunk>> next() = 0;
};

/// A wait that the engine has registered.
class PendingWait {
 public:
  virtual ~PendingWait() = default;
  /// The container's end. Await it once. If start() fails it would never return: destroy this instead, after
  /// cancelling whoever awaits it.
  virtual Async<WaitResult> result() = 0;
};

class EventStream {
 public:
  virtual ~EventStream() = default;
  /// The next event; nothing when the engine closed the stream (it restarts, or we were too slow): open a new
  /// one with `since` and relist by label.
  virtual Async<std::optional<Event>> next() = 0;
};

/// Called for every progress report of a pull, on the thread that reads it: be quick, do not throw.
using PullObserver = std::function<void(const PullProgress&)>;

class Engine {
 public:
  virtual ~Engine() = default;

  // ---- the engine ----
  /// Where it listens, for people: "unix:///var/run/docker.sock".
  [[nodiscard]] virtual std::string where() const = 0;
  /// True if paths of this machine are paths of the engine's: bind mounts make sense.
  [[nodiscard]] virtual bool local() const = 0;
  /// Agrees on an API version (once; later calls do it by themselves) and so shows that the engine answers.
  virtual Async<void> ping() = 0;
  virtual Async<EngineVersion> version() = 0;
  virtual Async<EngineInfo> info() = 0;

  // ---- containers ----
  /// conflict: the name is taken; not_found: no such image. A connection lost in mid-create is settled by
  /// looking the name up, so a name (unique, with labels) makes this safe to repeat.
  virtual Async<Created> create(const ContainerSpec& spec) = 0;
  /// `already`: it was running. bad_request/server: it could not be started (stays `created`, inspect's
  /// exit_code tells 126/127/128); a passing network error of the engine is tried once more before.
  virtual Async<Effect> start(std::string id) = 0;
  /// Returns when the engine has registered the wait (it answers its headers early), so that
  /// arm_wait(next_exit) → start → result() cannot miss a container that ends at once.
  virtual Async<std::unique_ptr<PendingWait>> arm_wait(std::string id, WaitCondition condition) = 0;
  /// stdout and stderr from now on; before start it misses nothing. Works with log driver none.
  /// Whether they are apart is decided by the container's tty.
  virtual Async<std::unique_ptr<OutputStream>> attach(std::string id) = 0;
  /// What the engine kept. unsupported: the log driver keeps nothing.
  virtual Async<std::unique_ptr<OutputStream>> logs(std::string id, const LogOptions& options) = 0;
  /// Not on the hot path, and not while an archive of that container is in transfer.
  virtual Async<ContainerInfo> inspect(std::string id) = 0;
  virtual Async<std::vector<ContainerSummary>> list(const ContainerFilter& filter) = 0;
  /// SIGTERM (or its stop signal), `grace`, SIGKILL; returns when it has ended. `already`: it did not run.
  /// `signal` overrides the stop signal from API 1.42 on; "" = the container's own.
  virtual Async<Effect> stop(std::string id, std::chrono::seconds grace, std::string signal) = 0;
  /// `already`: it did not run. `signal` is "SIGKILL", "TERM", "9" …
  virtual Async<Effect> kill(std::string id, std::string signal) = 0;
  /// `already`: it is gone, or another removal is under way.
  virtual Async<Effect> remove(std::string id, const RemoveOptions& options) = 0;

  // ---- processes in a running container ----
  virtual Async<std::string> create_exec(std::string id, const ExecSpec& spec) = 0;
  /// Runs it; its output ends when it does. Same duty to read as attach.
  virtual Async<std::unique_ptr<OutputStream>> start_exec(std::string exec_id) = 0;
  virtual Async<ExecState> inspect_exec(std::string exec_id) = 0;

  // ---- files of a container (created, running or exited; never what lies on a tmpfs) ----
  /// A tar of `path`, its entries rooted at the path's last part, into `sink`.
  virtual Async<PathStat> get_archive(std::string id, std::string path, ByteSink& sink) = 0;
  /// Unpacks a tar (plain, gzip, bzip2 or xz) in the existing directory `path`; "/" with full names inside
  /// creates what is missing. not_found: no such container or directory.
  virtual Async<void> put_archive(std::string id, std::string path, ByteSource& source) = 0;
  virtual Async<PathStat> stat_path(std::string id, std::string path) = 0;

  // ---- images ----
  virtual Async<ImageInfo> inspect_image(std::string reference) = 0;
  virtual Async<std::vector<ImageInfo>> list_images(const std::vector<std::string>& labels) = 0;
  /// Single flight: callers that want the same reference and platform share one pull, each with its own
  /// observer (may be empty); it is given up when the last of them is cancelled. No tag = latest.
  /// not_found, unauthorized: what the registry said, also where the engine reports it inside a 200.
  virtual Async<void> pull(std::string reference, const PullOptions& options, PullObserver observer) = 0;
  /// Returns the image's id.
  virtual Async<std::string> import_image(ByteSource& tar, const ImportSpec& spec) = 0;
  virtual Async<void> tag_image(std::string reference, std::string new_reference) = 0;
  virtual Async<Effect> remove_image(std::string reference, bool force) = 0;

  // ---- volumes ----
  /// Creating one that exists gives that one.
  virtual Async<VolumeInfo> create_volume(const VolumeSpec& spec) = 0;
  virtual Async<VolumeInfo> inspect_volume(std::string name) = 0;
  virtual Async<std::vector<VolumeInfo>> list_volumes(const std::vector<std::string>& labels) = 0;
  /// `already`: there is none of that name. conflict: in use.
  virtual Async<Effect> remove_volume(std::string name, bool force) = 0;

  // ---- networks ----
  virtual Async<std::string> create_network(const NetworkSpec& spec) = 0;
  virtual Async<NetworkInfo> inspect_network(std::string name) = 0;
  virtual Async<std::vector<NetworkInfo>> list_networks(const std::vector<std::string>& labels) = 0;
  virtual Async<void> connect_network(std::string network, std::string id,
                                      const std::vector<std::string>& aliases) = 0;
  virtual Async<void> disconnect_network(std::string network, std::string id, bool force) = 0;
  virtual Async<Effect> remove_network(std::string name) = 0;

  // ---- events ----
  virtual Async<std::unique_ptr<EventStream>> events(const EventFilter& filter) = 0;
};

/// Reads `stream` to its end into `sink`, piece by piece; the way to keep an attached container flowing.
[[nodiscard]] Async<void> drain(OutputStream& stream, const std::function<void(const OutputChunk&)>& sink);

/// create_exec, start_exec, drain, inspect_exec; keeps the last `keep` bytes of each stream.
[[nodiscard]] Async<ExecResult> run_exec(Engine& engine, std::string id, const ExecSpec& spec,
                                         std::size_t keep);

}  // namespace skiff::docker
