// The pods of a controller: who lives, what they leave, what is swept.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <set>
#include <utility>

#include "runner/engine_calls.h"
#include "runner/pod.h"
#include "runner/pod_life.h"
#include "runner/pod_services.h"

namespace skiff::runner {

namespace asio = boost::asio;
using asio::use_awaitable;

namespace {

using PodKey = std::pair<std::string, std::string>;  // run's uid, node's id

std::string label_of(const docker::Labels& labels, const char* key) {
  const auto it = labels.find(key);
  return it == labels.end() ? "" : it->second;
}

/// Templates that are no pods, or need what only a cluster has.
std::string why_no_pod(const Json& tmpl) {
  if (tmpl.get("resource").is_object()) {
    return "resource templates create objects of a Kubernetes cluster, and there is none here: run the step "
           "with kubectl in a container template, or leave it out with `when`";
  }
  if (tmpl.get("plugin").is_object()) {
    return "plugin templates need Argo's executor plugins, which run in a cluster only; a container or http "
           "template can stand for one here";
  }
  return "";
}

}  // namespace

class Pods::Impl {
 public:
  Impl(Threads& threads, docker::Engine& engine, const store::Home& home, store::ArtifactStore& artifacts,
       PodSettings settings)
      : services_(threads, engine, home, artifacts, std::move(settings)),
        strand_(asio::make_strand(threads.lane())),
        changed_(strand_) {}

  Task<PodDone> run(RunContext run, StartPod order, EventSink sink, bool adopting, bool had_started) {
    const std::string refusal = why_no_pod(order.tmpl);
    if (!refusal.empty()) {
      PodDone done;
      done.node_id = order.node_id;
      done.phase = Phase::error;
      done.message = refusal;
      co_return done;
    }
    const PodKey key(run.uid, order.node_id);
    auto life = std::make_shared<PodLife>(services_, std::move(run), std::move(order), std::move(sink),
                                          adopting, had_started);
    const Enrolled enrolled(*this, key, life);
    PodDone done;
    co_await run_on(life->strand(), to_the_end(key, life, done));
    co_return done;
  }

  void stop(const PodKey& key, std::chrono::seconds grace) {
    const std::scoped_lock lock(mutex_);
    const auto it = lives_.find(key);
    if (it == lives_.end()) return;
    asio::post(it->second->strand(), [life = it->second, grace] { life->stop(grace); });
  }

  void release(const PodKey& key) {
    std::vector<Leavings> left;
    {
      const std::scoped_lock lock(mutex_);
      const auto [first, last] = leavings_.equal_range(key);
      for (auto it = first; it != last; ++it) left.push_back(std::move(it->second));
      leavings_.erase(first, last);
    }
    for (Leavings& l : left) services_.janitor.take(std::move(l));
  }

  Task<void> sweep(IsLive is_live);
  Task<void> release_volumes(std::string run_uid);

  Task<int> network_pid() {
    if (!services_.enters_networks()) co_return 0;
    Sandbox sandbox = co_await services_.sandboxes.take();
    const int pid = sandbox.pid;
    services_.sandboxes.give_back(std::move(sandbox), After::reuse);
    co_return pid;
  }

  Task<void> settle() {
    co_await services_.janitor.settle();
    co_await services_.sandboxes.settle();
  }

  Task<void> close() {
    {
      const std::scoped_lock lock(mutex_);
      for (const auto& [key, life] : lives_) asio::post(life->strand(), [life] { life->let_go(); });
    }
    co_await run_on(strand_, until_empty());
    co_await services_.janitor.close();
    co_await services_.watch.close();
    co_await services_.sandboxes.close();
    co_await last_look();
  }

  PodServices& services() { return services_; }

 private:
  /// In the register as long as it lives.
  class Enrolled {
   public:
    Enrolled(Impl& pods, PodKey key, std::shared_ptr<PodLife> life) : pods_(pods), key_(std::move(key)) {
      const std::scoped_lock lock(pods_.mutex_);
      pods_.lives_[key_] = std::move(life);
    }
    ~Enrolled() {
      const std::scoped_lock lock(pods_.mutex_);
      pods_.lives_.erase(key_);
      asio::post(pods_.strand_, [&pods = pods_] { pods.changed_.notify(); });
    }
    Enrolled(const Enrolled&) = delete;
    Enrolled& operator=(const Enrolled&) = delete;

   private:
    Impl& pods_;
    PodKey key_;
  };

  Task<void> to_the_end(PodKey key, std::shared_ptr<PodLife> life, PodDone& done) {
    done = co_await life->live();
    Leavings left = life->leavings();
    const std::scoped_lock lock(mutex_);
    leavings_.emplace(std::move(key), std::move(left));
  }

  Task<void> until_empty() {
    while (!nobody_lives()) co_await changed_.wait();
    // The last one's notice may still be on its way to this strand.
    co_await asio::post(strand_, use_awaitable);
  }

  bool nobody_lives() {
    const std::scoped_lock lock(mutex_);
    return lives_.empty();
  }

  /// Removes what is left of finished pods of a run whose release was never asked for.
  void drop_leavings_of(const std::string& run_uid) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(leavings_, [&](const auto& entry) { return entry.first.first == run_uid; });
  }

  static bool is_sandbox(const docker::ContainerSummary& c) {
    return label_of(c.labels, kLabelKind) == "sandbox";
  }
  [[nodiscard]] bool is_mine(const docker::ContainerSummary& c) const {
    return label_of(c.labels, kLabelBoot) == services_.settings.controller_id;
  }
  Task<std::vector<docker::ContainerSummary>> list_ours();
  Task<void> sweep_containers(const IsLive& is_live);
  Task<void> last_look();
  Task<void> sweep_volumes(const IsLive& is_live);

  PodServices services_;
  Executor strand_;
  Notice changed_;
  std::mutex mutex_;  ///< guards what follows
  std::map<PodKey, std::shared_ptr<PodLife>> lives_;
  std::multimap<PodKey, Leavings> leavings_;
};

Task<void> Pods::Impl::sweep(IsLive is_live) {
  co_await sweep_containers(is_live);
  co_await sweep_volumes(is_live);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(services_.home.run(), ignored)) {
    if (!is_live(entry.path().filename().string())) std::filesystem::remove_all(entry.path(), ignored);
  }
}

/// Every container of this home, whoever made it.
Task<std::vector<docker::ContainerSummary>> Pods::Impl::list_ours() {
  docker::ContainerFilter filter;
  filter.labels = {std::string(kLabelHome) + "=" + services_.settings.home_id};
  auto listed = co_await services_.engine.list(filter);
  co_return need(std::move(listed));
}

Task<void> Pods::Impl::sweep_containers(const IsLive& is_live) {
  const std::vector<docker::ContainerSummary> all = co_await list_ours();
  std::set<std::string> joined;
  Leavings left;
  for (const docker::ContainerSummary& c : all) {
    if (is_sandbox(c)) continue;
    const bool live = is_live(label_of(c.labels, kLabelRun));
    const bool filler = label_of(c.labels, kLabelKind) == "filler";
    if (!live || (filler && !is_mine(c))) {
      left.containers.push_back(c.id);
    } else {
      joined.insert(label_of(c.labels, kLabelSandbox));
    }
  }
  for (const docker::ContainerSummary& c : all) {
    const bool spare = is_sandbox(c) && !is_mine(c) && !joined.contains(c.name);
    if (spare && !services_.sandboxes.knows(c.name)) left.containers.push_back(c.id);
  }
  services_.janitor.take(std::move(left));
  co_await services_.janitor.settle();
}

/// The pool is closed: what nobody's container is in goes, whoever made it and however late.
Task<void> Pods::Impl::last_look() {
  std::vector<std::string> spare;
  try {
    const std::vector<docker::ContainerSummary> all = co_await list_ours();
    std::set<std::string> joined;
    for (const docker::ContainerSummary& c : all) joined.insert(label_of(c.labels, kLabelSandbox));
    for (const docker::ContainerSummary& c : all) {
      if (is_sandbox(c) && !joined.contains(c.name)) spare.push_back(c.id);
    }
  } catch (const std::exception&) {
    co_return;  // the engine is away; the next start sweeps
  }
  docker::RemoveOptions options;
  options.force = true;
  options.volumes = true;
  for (const std::string& id : spare) {
    const auto gone = co_await services_.engine.remove(id, options);
    static_cast<void>(gone);
  }
}

Task<void> Pods::Impl::sweep_volumes(const IsLive& is_live) {
  const std::vector<std::string> labels = {std::string(kLabelHome) + "=" + services_.settings.home_id};
  auto listed = co_await services_.engine.list_volumes(labels);
  Leavings left;
  for (const docker::VolumeInfo& v : need(std::move(listed))) {
    const std::string life = label_of(v.labels, kLabelLife);
    if ((life == "pod" || life == "run") && !is_live(label_of(v.labels, kLabelRun)))
      left.volumes.push_back(v.name);
  }
  services_.janitor.take(std::move(left));
  co_await services_.janitor.settle();
}

Task<void> Pods::Impl::release_volumes(std::string run_uid) {
  drop_leavings_of(run_uid);
  docker::ContainerFilter filter;
  filter.labels = {std::string(kLabelRun) + "=" + run_uid};
  auto containers = co_await services_.engine.list(filter);
  Leavings left;
  for (const docker::ContainerSummary& c : need(std::move(containers))) left.containers.push_back(c.id);
  const std::vector<std::string> labels = {std::string(kLabelRun) + "=" + run_uid};
  auto volumes = co_await services_.engine.list_volumes(labels);
  for (const docker::VolumeInfo& v : need(std::move(volumes))) left.volumes.push_back(v.name);
  left.paths.push_back(services_.home.run() / run_uid);
  services_.janitor.take(std::move(left));
  co_await services_.janitor.settle();
}

Pods::Pods(Threads& threads, docker::Engine& engine, const store::Home& home, store::ArtifactStore& artifacts,
           PodSettings settings)
    : impl_(std::make_unique<Impl>(threads, engine, home, artifacts, std::move(settings))) {}
Pods::~Pods() = default;

Task<PodDone> Pods::run(RunContext run, StartPod order, EventSink sink) {
  return impl_->run(std::move(run), std::move(order), std::move(sink), false, false);
}
Task<PodDone> Pods::adopt(RunContext run, StartPod order, EventSink sink, bool had_started) {
  return impl_->run(std::move(run), std::move(order), std::move(sink), true, had_started);
}
void Pods::stop(const std::string& run_uid, const std::string& node_id, std::chrono::seconds grace) {
  impl_->stop({run_uid, node_id}, grace);
}
void Pods::release(const std::string& run_uid, const std::string& node_id) {
  impl_->release({run_uid, node_id});
}
Task<void> Pods::sweep(IsLive is_live) { return impl_->sweep(std::move(is_live)); }
Task<void> Pods::release_volumes(std::string run_uid) { return impl_->release_volumes(std::move(run_uid)); }
Task<int> Pods::network_pid() { return impl_->network_pid(); }
Task<void> Pods::settle() { return impl_->settle(); }
void Pods::on_stray(std::function<void()> handler) { impl_->services().watch.on_stray(std::move(handler)); }
void Pods::on_warning(WarningSink sink) { impl_->services().on_warning(std::move(sink)); }
Task<void> Pods::close() { return impl_->close(); }

}  // namespace skiff::runner
