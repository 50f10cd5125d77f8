#include "runner/sandboxes.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "runner/container_program.h"
#include "runner/core/pod_plan.h"
#include "runner/engine_calls.h"
#include "spec/names.h"
#include "store/archive.h"

namespace skiff::runner {

namespace asio = boost::asio;

namespace {

/// A new program is a new image: the tag is a hash of its bytes.
std::string image_reference() { return "skiff/sandbox:" + std::to_string(spec::fnv32a(container_program())); }

std::string image_tar() {
  std::string tar;
  const store::Sink sink = [&tar](std::span<const std::byte> bytes) {
    tar.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  store::TarWriter writer(sink);
  writer.add_file("pause", 0755, container_program());
  writer.finish();
  return tar;
}

std::string this_architecture() {
#if defined(__x86_64__)
  return "amd64";
#else
  return "arm64";
#endif
}

bool same_architecture(const std::string& engine) {
  const std::string mine = this_architecture();
  return engine.empty() || engine == mine || (mine == "amd64" && engine == "x86_64") ||
         (mine == "arm64" && engine == "aarch64");
}

/// That process is a sandbox's: the engine's processes are this machine's, under the same numbers.
bool is_pause(int pid) {
  if (pid <= 0) return false;
  std::string name;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
  return name == "pause";
}

/// A pod's sockets may outlive it as TIME_WAIT or in a backlog, and keep its ports. Visible only where the
/// engine's processes are ours too; elsewhere the sandbox passes. The network's counters tell; to list its
/// sockets (/proc/PID/net/tcp) the kernel would walk the table of all networks, which takes it 10 ms.
bool network_is_quiet(int pid) {
  if (!is_pause(pid)) return true;
  const std::string proc = "/proc/" + std::to_string(pid);
  std::string name;
  for (const char* table : {"/net/sockstat", "/net/sockstat6"}) {
    std::ifstream in(proc + table);
    for (std::string line; std::getline(in, line);) {  // "TCP: inuse 0 orphan 0 tw 0 alloc 1 mem 0"
      if (!line.starts_with("TCP") && !line.starts_with("UDP")) continue;
      std::istringstream words(line.substr(line.find(':') + 1));
      long count = 0;
      while (words >> name >> count) {
        if ((name == "inuse" || name == "tw") && count != 0) return false;
      }
    }
  }
  return true;
}

}  // namespace

class Sandboxes::Impl {
 public:
  Impl(Executor lane, docker::Engine& engine, SandboxSettings settings)
      : strand_(asio::make_strand(lane)), engine_(engine), settings_(std::move(settings)), scope_(strand_) {}

  Task<std::optional<Sandbox>> take_warm() {
    std::optional<Sandbox> warm;
    {
      const std::scoped_lock lock(mutex_);
      if (settings_.most < 0) co_return warm;
      warm = pop_idle();
      if (warm || none_will_come()) co_return warm;
      grow_locked();
    }
    co_await run_on(strand_, await_warm(warm));
    co_return warm;
  }

  void grow() {
    const std::scoped_lock lock(mutex_);
    grow_locked();
  }

  Task<Sandbox> take() {
    {
      const std::scoped_lock lock(mutex_);
      if (auto warm = pop_idle()) co_return *warm;
    }
    docker::ContainerSpec plain;
    co_return co_await make_for_pod(std::move(plain), false);
  }

  /// A pod that is stopped meanwhile gets it all the same, and gives it back: half made, it would be
  /// nobody's.
  Task<Sandbox> make_for_pod(docker::ContainerSpec spec, bool special) {
    Sandbox made;
    const auto making = [](Impl* self, docker::ContainerSpec s, bool own, Sandbox* into) -> Task<void> {
      *into = co_await self->make(std::move(s), own);
    };
    co_await run_on(strand_, making(this, std::move(spec), special, &made));
    co_return made;
  }

  Task<Sandbox> make(docker::ContainerSpec spec, bool special) {
    co_await ensure_image();
    spec.name = "skiff-sandbox-" + settings_.controller_id.substr(0, 8) + "-" + std::to_string(++number_);
    spec.image = image_reference();
    spec.labels = {{kLabelHome, settings_.home_id},
                   {kLabelKind, "sandbox"},
                   {kLabelBoot, settings_.controller_id},
                   {kLabelVersion, settings_.version}};
    spec.host.ipc_mode = "shareable";
    spec.host.log_driver = "none";
    auto created = co_await engine_.create(spec);
    Sandbox sandbox;
    sandbox.name = spec.name;
    sandbox.id = need(std::move(created)).id;
    sandbox.special = special;
    note(sandbox.name, true);
    try {
      co_await start(sandbox);
    } catch (...) {
      discard(sandbox);
      throw;
    }
    co_return sandbox;
  }

  Task<void> start(Sandbox& sandbox) {
    const auto started = co_await engine_.start(sandbox.id);
    static_cast<void>(need(started));
    co_await look(sandbox);
  }

  Task<std::optional<Sandbox>> rejoin(std::string name) {
    const auto info = co_await engine_.inspect(name);
    if (info.is(docker::ErrorKind::not_found)) co_return std::nullopt;
    const docker::ContainerInfo found = need(info);
    if (found.state.status != docker::ContainerStatus::running) co_return std::nullopt;
    Sandbox sandbox;
    sandbox.name = name;
    sandbox.id = found.id;
    sandbox.ip = found.ip();
    // What it was like when new is not known any more.
    sandbox.special = true;
    note(name, true);
    co_return sandbox;
  }

  void give_back(Sandbox sandbox, After after) {
    if (after == After::discard || sandbox.special || settings_.most < 0 || closing_) {
      discard(sandbox);
      return;
    }
    in_background(tidy(std::move(sandbox)));
  }

  void forget_idle() {
    const std::scoped_lock lock(mutex_);
    for (const Sandbox& s : idle_) in_background(remove(s));
    idle_.clear();
    image_known_ = false;
  }

  bool knows(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    return ours_.contains(name);
  }

  Task<docker::ExecResult> run_tool(std::string id, std::vector<std::string> args) {
    docker::ExecSpec spec;
    spec.cmd = std::move(args);
    spec.cmd.insert(spec.cmd.begin(), "/pause");
    auto result = co_await docker::run_exec(engine_, id, spec, kToolOutput);
    co_return need(std::move(result));
  }

  Task<void> settle() { co_await run_on(strand_, settling()); }

  Task<void> close() {
    closing_ = true;
    forget_idle();
    co_await run_on(strand_, settling());
  }

 private:
  static constexpr std::size_t kToolOutput = 4 << 20;
  static constexpr std::chrono::milliseconds kPatience{250};

  Task<void> await_warm(std::optional<Sandbox>& warm) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      {
        const std::scoped_lock lock(mutex_);
        warm = pop_idle();
        if (warm || none_will_come()) co_return;
      }
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0) co_return;
      co_await came_back_.wait_for(left);
    }
  }

  [[nodiscard]] int limit() const {
    return settings_.most == 0 ? 2 * std::max(cpus_.load(), 2) : settings_.most;
  }
  [[nodiscard]] int total_locked() const { return static_cast<int>(ours_.size()) + making_; }

  void grow_locked() {
    if (settings_.most < 0 || closing_ || total_locked() >= limit()) return;
    ++making_;
    in_background(make_ahead());
  }

  /// Nobody has one that he could give back, and none is being made. The mutex is held.
  [[nodiscard]] bool none_will_come() const { return making_ == 0 && ours_.size() == idle_.size(); }

  std::optional<Sandbox> pop_idle() {
    if (idle_.empty()) return std::nullopt;
    Sandbox s = std::move(idle_.back());
    idle_.pop_back();
    return s;
  }

  void note(const std::string& name, bool there) {
    const std::scoped_lock lock(mutex_);
    if (there) {
      ours_.insert(name);
    } else {
      ours_.erase(name);
    }
  }

  /// Ahead of need: a failure here is nobody's, the pod that needs one will meet it itself.
  Task<void> make_ahead() {
    std::optional<Sandbox> made;
    try {
      const docker::ContainerSpec plain;
      made = co_await make(plain, false);
    } catch (const std::exception&) {
      made.reset();
    }
    {
      const std::scoped_lock lock(mutex_);
      --making_;
    }
    if (made) keep(*made);
  }

  void keep(const Sandbox& sandbox) {
    if (closing_) {
      discard(sandbox);
      return;
    }
    const std::scoped_lock lock(mutex_);
    idle_.push_back(sandbox);
    came_back_.notify();
    used_ = std::chrono::steady_clock::now();
    if (!watching_) {
      watching_ = true;
      in_background(watch_idle());
    }
  }

  Task<void> tidy(Sandbox sandbox) {
    bool as_new = network_is_quiet(sandbox.pid);
    if (as_new) {
      const std::optional<docker::PathStat> hosts = co_await stat_hosts(sandbox);
      as_new = hosts && hosts->size == sandbox.hosts.size && hosts->mtime == sandbox.hosts.mtime;
    }
    if (as_new) {
      keep(sandbox);
    } else {
      discard(sandbox);
    }
  }

  /// Warm ones that nobody wanted for a while go, all at once; the engine then holds nothing of ours.
  Task<void> watch_idle() {
    for (;;) {
      co_await sleep_for(std::chrono::milliseconds(500));
      const std::scoped_lock lock(mutex_);
      const bool old = std::chrono::steady_clock::now() - used_ > settings_.idle;
      if (!old && !closing_) continue;
      for (const Sandbox& s : idle_) in_background(remove(s));
      idle_.clear();
      watching_ = false;
      co_return;
    }
  }

  void discard(const Sandbox& sandbox) { in_background(remove(sandbox)); }

  Task<void> remove(Sandbox sandbox) {
    docker::RemoveOptions options;
    options.force = true;
    options.volumes = true;
    const auto gone = co_await engine_.remove(sandbox.id, options);
    static_cast<void>(gone);  // what stays is swept at the next start
    note(sandbox.name, false);
  }

  Task<void> look(Sandbox& sandbox) {
    auto info = co_await engine_.inspect(sandbox.id);
    const docker::ContainerInfo found = need(std::move(info));
    sandbox.ip = found.ip();
    sandbox.pid = found.state.pid;
    const std::optional<docker::PathStat> hosts = co_await stat_hosts(sandbox);
    if (hosts) sandbox.hosts = *hosts;
  }

  /// Through the sandbox's process where it is this machine's and we may: the engine takes its time.
  Task<std::optional<docker::PathStat>> stat_hosts(const Sandbox& sandbox) {
    struct stat s {};
    docker::PathStat out;
    const std::string path = "/proc/" + std::to_string(sandbox.pid) + "/root/etc/hosts";
    if (is_pause(sandbox.pid) && ::stat(path.c_str(), &s) == 0) {
      out.size = s.st_size;
      out.mtime = docker::Timestamp(std::chrono::seconds(s.st_mtim.tv_sec) +
                                    std::chrono::nanoseconds(s.st_mtim.tv_nsec));
      co_return out;
    }
    const auto told = co_await engine_.stat_path(sandbox.id, "/etc/hosts");
    if (told.ok()) co_return *told;
    co_return std::nullopt;
  }

  Task<void> ensure_image() {
    if (image_known_) co_return;
    const Gate::Pass alone = co_await importing_.enter();
    if (image_known_) co_return;
    const std::string reference = image_reference();
    const auto there = co_await engine_.inspect_image(reference);
    if (!there.ok()) {
      if (!there.is(docker::ErrorKind::not_found)) static_cast<void>(need(there));
      co_await import_image(reference);
    }
    auto info = co_await engine_.info();
    cpus_ = need(std::move(info)).cpus;
    image_known_ = true;
  }

  Task<void> import_image(std::string reference) {
    auto version = co_await engine_.version();
    const docker::EngineVersion about = need(std::move(version));
    if (!same_architecture(about.arch)) {
      throw PodError("the engine's machine is " + about.arch + ", this skiff is built for " +
                     this_architecture() +
                     ": pods of several containers need a skiff built for the engine's machine");
    }
    const std::string tar = image_tar();
    docker::StringSource source(tar);
    docker::ImportSpec image;
    image.reference = reference;
    image.message = "skiff's sandbox: holds a pod's namespaces";
    image.entrypoint = {"/pause"};
    image.labels = {{kLabelKind, "sandbox"}};
    auto imported = co_await engine_.import_image(source, image);
    static_cast<void>(need(std::move(imported)));
  }

  /// Runs on the strand; counted from now on, so that settle() waits for it.
  void in_background(Task<void> work) {
    auto held = std::make_shared<Task<void>>(std::move(work));
    ++pending_;
    asio::post(strand_, [this, held] { scope_.spawn(counted(std::move(*held))); });
  }

  Task<void> counted(Task<void> work) {
    try {
      co_await std::move(work);
    } catch (const std::exception&) {
      // Nothing waits for background work; what is left behind is swept at the next start.
    }
    --pending_;
    finished_.notify();
  }

  Task<void> settling() {
    const auto watching = [this] {
      const std::scoped_lock lock(mutex_);
      return watching_ ? 1 : 0;
    };
    while (pending_ > watching()) co_await finished_.wait();
    if (closing_) co_await scope_.join();
  }

  Executor strand_;
  docker::Engine& engine_;
  SandboxSettings settings_;
  Scope scope_;  ///< of the strand
  Notice finished_{strand_};
  Notice came_back_{strand_};
  Gate importing_{1};
  std::atomic<int> pending_ = 0;
  std::atomic<int> number_ = 0;
  std::atomic<int> cpus_ = 2;
  std::atomic<bool> image_known_ = false;
  std::atomic<bool> closing_ = false;
  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<Sandbox> idle_;
  std::set<std::string> ours_;
  int making_ = 0;
  bool watching_ = false;
  std::chrono::steady_clock::time_point used_;
};

Sandboxes::Sandboxes(Executor lane, docker::Engine& engine, SandboxSettings settings)
    : impl_(std::make_unique<Impl>(std::move(lane), engine, std::move(settings))) {}
Sandboxes::~Sandboxes() = default;

Task<std::optional<Sandbox>> Sandboxes::take_warm() { return impl_->take_warm(); }
Task<Sandbox> Sandboxes::take() { return impl_->take(); }
Task<Sandbox> Sandboxes::make_special(docker::ContainerSpec owner) {
  return impl_->make_for_pod(std::move(owner), true);
}
Task<std::optional<Sandbox>> Sandboxes::rejoin(std::string name) { return impl_->rejoin(std::move(name)); }
void Sandboxes::give_back(Sandbox sandbox, After after) { impl_->give_back(std::move(sandbox), after); }
void Sandboxes::grow() { impl_->grow(); }
void Sandboxes::forget_idle() { impl_->forget_idle(); }
bool Sandboxes::knows(const std::string& name) const { return impl_->knows(name); }
Task<docker::ExecResult> Sandboxes::run_tool(std::string id, std::vector<std::string> args) {
  return impl_->run_tool(std::move(id), std::move(args));
}
Task<void> Sandboxes::settle() { return impl_->settle(); }
Task<void> Sandboxes::close() { return impl_->close(); }

}  // namespace skiff::runner
