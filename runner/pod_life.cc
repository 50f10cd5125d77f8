#include "runner/pod_life.h"

#include <algorithm>
#include <boost/asio/strand.hpp>
#include <boost/system/system_error.hpp>
#include <set>

#include "docker/preflight.h"
#include "runner/core/pod_env.h"
#include "runner/core/pod_objects.h"
#include "runner/engine_calls.h"
#include "runner/fetch.h"
#include "runner/pod_inputs.h"
#include "runner/pod_outputs.h"
#include "spec/utf8.h"
#include "store/error.h"
#include "store/home.h"

namespace skiff::runner {

namespace asio = boost::asio;

namespace {

constexpr int kMostRounds = 5;

/// What we gave the pod is to blame, a sandbox that died or a path that the engine does not see: once more,
/// with something else.
class StartOver : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

bool blames_sandbox(const std::string& text, const Sandbox& sandbox) {
  const bool network = text.find("cannot join network") != std::string::npos ||
                       text.find("can't join IPC") != std::string::npos ||
                       text.find("non-running container") != std::string::npos;
  return network || text.find(sandbox.id) != std::string::npos;
}

/// Rendered files of this pod on our side: "<home>/run/<uid>/<node>".
std::filesystem::path storage_path(const PodServices& services, const RunContext& run,
                                   const StartPod& order) {
  const std::string generation = order.generation == 0 ? "" : "." + std::to_string(order.generation);
  return services.home.run() / run.uid / (order.node_id + generation);
}

/// Sysctls belong to whoever owns the namespace: the sandbox the network's, and the IPC's where that is
/// shared.
void leave_sysctls_to_sandbox(docker::ContainerSpec& spec) {
  const bool own_ipc = spec.host.ipc_mode.empty();
  std::erase_if(spec.host.sysctls,
                [&](const auto& entry) { return !own_ipc || entry.first.starts_with("net."); });
}

void replace_mark(std::string& text, const std::string& ip) {
  for (std::size_t at = 0; (at = text.find(kPodIpMark, at)) != std::string::npos; at += ip.size()) {
    text.replace(at, kPodIpMark.size(), ip);
  }
}

}  // namespace

PodLife::PodLife(PodServices& services, RunContext run, StartPod order, EventSink sink, bool adopting,
                 bool had_started)
    : services_(services),
      run_(std::move(run)),
      order_(std::move(order)),
      sink_(std::move(sink)),
      adopting_(adopting),
      had_started_(had_started),
      strand_(asio::make_strand(services.threads.lane())),
      changed_(strand_) {}

PodLife::~PodLife() = default;

Task<PodDone> PodLife::live() {
  for (int rounds = 0; !done_; ++rounds) {
    bool away = false;
    std::string broken;
    scope_ = std::make_unique<Scope>(strand_);
    scope_->spawn_leader(attempt());
    try {
      co_await scope_->join();
    } catch (const EngineAway& e) {
      away = true;
      broken = e.what();
    } catch (const StartOver& e) {
      away = true;
      broken = e.what();
    } catch (const docker::EngineFailure& e) {
      away = blames_surroundings(e.error().message);
      broken = e.what();
    } catch (const std::exception& e) {
      broken = e.what();
    }
    if (let_go_) throw boost::system::system_error(asio::error::operation_aborted);
    if (done_) break;
    if (stopping_ && !any_main_started()) {
      conclude({Phase::failed, "stopped before it started"});
    } else if (!away || rounds >= kMostRounds) {
      conclude({Phase::error, broken});
    } else {
      co_await return_to_engine(rounds);
    }
  }
  co_return *done_;
}

/// Before everything is taken up again by name. An engine that answers pings but fails the same call each
/// time gets a pause, and not for ever.
Task<void> PodLife::return_to_engine(int& rounds) {
  lost_engine_ = lost_engine_ || any_main_started();
  adopting_ = true;
  waited_ = false;
  scope_ = std::make_unique<Scope>(strand_);
  scope_->spawn(wait_for_engine());
  co_await scope_->join();
  if (let_go_) throw boost::system::system_error(asio::error::operation_aborted);
  if (waited_) rounds = 0;
}

/// Errors that belong to the step become its end; only the engine's absence and cancellation go on.
Task<void> PodLife::attempt() {
  PodReason reason;
  bool refused = false;
  try {
    co_await work();
  } catch (const PodRefused& e) {
    reason = {Phase::error, e.what()};
    refused = true;
  } catch (const PodError& e) {
    reason = {Phase::error, e.what()};
  } catch (const docker::EngineFailure& e) {
    if (blames_surroundings(e.error().message)) throw StartOver(e.what());
    reason = {Phase::error, e.what()};
  } catch (const store::StoreError& e) {
    reason = {Phase::error, e.what()};
  }
  if (!done_) {
    conclude(reason);
    done_->refused = refused;
  }
}

Task<void> PodLife::work() {
  admitted_.leave();
  co_await make_plan();
  co_await find_existing();
  const bool all_started =
      std::all_of(containers_.begin(), containers_.end(), [](const auto& c) { return c->started(); });
  if (!adopting_ || !all_started) {
    co_await prepare();
  } else {
    storage_ =
        std::make_unique<PodStorage>(services_, *plan_, storage_path(services_, run_, order_), facts_.binds);
  }
  co_await start_all();
  if (!done_) co_await finish();
}

Task<void> PodLife::make_plan() {
  facts_ = co_await services_.facts();
  spec_ = pod_spec_of(order_, run_);
  std::vector<std::string> secrets;
  for (const Json& s : spec_.spec.get_array("imagePullSecrets")) secrets.push_back(s.get_string("name"));
  images_.clear();
  const PullNews news = [this](const std::string& text) { say_pending(text); };
  for (const WantedImage& wanted : images_of(spec_)) {
    const std::string auth = auth_from_secrets(secrets, run_.secret, wanted.reference);
    const auto info = co_await services_.images.ensure(wanted, auth, news);
    images_[wanted.reference] = info;
  }
  finished_.clear();
  containers_.clear();
  storage_.reset();
  const HostFacts host = services_.host_of(facts_);
  plan_ = plan_pod(order_, spec_, run_, host, images_);
  const std::vector<std::string> masked =
      services_.settings.mask_secrets ? secret_texts(spec_, run_) : std::vector<std::string>();
  for (PlannedContainer& c : plan_->containers) {
    for (std::string& w : docker::fit(c.spec, facts_.info)) plan_->warnings.push_back(std::move(w));
    if (auto why = docker::fit_gpus(c.spec, facts_.info, facts_.podman)) throw PodError(*why);
    const auto log = store::log_path(services_.home, run_.uid, order_.node_id, c.name, order_.generation);
    const bool result = plan_->capture_result && c.name == kMainContainer;
    containers_.push_back(
        std::make_unique<ContainerRun>(services_, strand_, c, OutputKeeper(log, result, masked), changed_));
  }
  for (const std::string& w : plan_->warnings) services_.warn(run_.uid, order_.node_id, w);
}

Task<void> PodLife::find_existing() {
  if (!adopting_) co_return;
  bool any_main = false;
  std::string sandbox;
  for (const auto& c : containers_) {
    const bool there = co_await c->adopt();
    if (!there) continue;
    any_main = any_main || c->plan().stage == Stage::main;
    if (const auto it = c->labels().find(kLabelSandbox); it != c->labels().end()) sandbox = it->second;
  }
  if (!any_main && (had_started_ || said_running_)) {
    throw PodError("the pod's container is gone: it was removed while skiff did not look", true);
  }
  if (sandbox.empty() || (sandbox_ && sandbox_->name == sandbox)) co_return;
  sandbox_ = co_await services_.sandboxes.rejoin(sandbox);
  if (sandbox_) ip_ = sandbox_->ip;
}

Task<void> PodLife::prepare() {
  co_await services_.janitor.room();
  storage_ =
      std::make_unique<PodStorage>(services_, *plan_, storage_path(services_, run_, order_), facts_.binds);
  co_await storage_->make();
  // Sandboxes go to pods whose turn it is, not to all that wait.
  admitted_ = co_await services_.starting.enter();
  co_await join_network();
  if (plan_->inputs_in_volumes) {
    co_await fill_inputs();
  } else if (facts_.binds) {
    const std::filesystem::path directory = storage_->scratch() / "argo-inputs";
    auto bound = co_await unpack_inputs(services_, *plan_, run_, order_, directory);
    storage_->bind_inputs(std::move(bound));
  }
}

/// Before there are containers whose roots nobody can write into.
Task<void> PodLife::fill_inputs() {
  if (plan_->inputs.empty()) co_return;
  const PlannedContainer* receiver = nullptr;
  for (const auto& c : containers_) {
    if (!c->id().empty()) co_return;
    if (c->plan().gets_inputs) receiver = &c->plan();
  }
  const std::string filler = co_await storage_->make_filler_for(*receiver);
  const std::exception_ptr stopped = co_await caught(put_inputs_into(filler, false));
  storage_->drop_filler(filler);
  if (stopped) std::rethrow_exception(stopped);
}

Task<void> PodLife::put_inputs_into(std::string container, bool with_script) {
  const int network = sandbox_ && services_.enters_networks() ? sandbox_->pid : 0;
  const InputArchive archive =
      co_await pack_inputs(services_, *plan_, run_, order_, storage_->bound_inputs(), with_script, network);
  if (!archive.empty) co_await put_inputs(services_, container, archive);
}

Task<Gate::Pass> PodLife::admission() {
  if (admitted_.holds()) co_return std::move(admitted_);
  Gate::Pass pass = co_await services_.starting.enter();
  co_return pass;
}

Task<void> PodLife::join_network() {
  if (plan_->network == PodNetwork::host || sandbox_) co_return;
  const bool probed = std::any_of(plan_->containers.begin(), plan_->containers.end(), [](const auto& c) {
    return c.readiness.is_object() || c.startup.is_object() || c.liveness.is_object() ||
           c.lifecycle.is_object();
  });
  // What is fetched for the pod comes through its own network.
  const bool fetches = std::any_of(plan_->inputs.begin(), plan_->inputs.end(),
                                   [](const PlannedInput& input) { return is_fetched(input.artifact); });
  const bool must = plan_->containers.size() > 1 || plan_->needs_ip || probed || plan_->daemon || fetches;
  if (plan_->network == PodNetwork::own) {
    if (must) sandbox_ = co_await services_.sandboxes.make_special(plan_->network_owner);
  } else if (must) {
    sandbox_ = co_await services_.sandboxes.take();
  } else {
    sandbox_ = co_await services_.sandboxes.take_warm();
  }
  if (sandbox_) ip_ = sandbox_->ip;
}

docker::ContainerSpec PodLife::final_spec(const ContainerRun& c) const {
  docker::ContainerSpec spec = c.plan().spec;
  spec.host.mounts = storage_->mounts_of(c.plan());
  if (plan_->network == PodNetwork::host) {
    spec.host.network_mode = "host";
  } else if (sandbox_) {
    spec.host.network_mode = "container:" + sandbox_->id;
    spec.labels[kLabelSandbox] = sandbox_->name;
    if (plan_->shares_ipc && spec.host.ipc_mode.empty()) spec.host.ipc_mode = "container:" + sandbox_->id;
  } else {
    const docker::ContainerSpec& owner = plan_->network_owner;
    spec.hostname = owner.hostname;
    spec.host.extra_hosts = owner.host.extra_hosts;
    spec.host.dns = owner.host.dns;
    spec.host.dns_search = owner.host.dns_search;
    spec.host.dns_options = owner.host.dns_options;
  }
  if (sandbox_) leave_sysctls_to_sandbox(spec);
  for (auto* list : {&spec.env, &spec.entrypoint, &spec.cmd}) {
    for (std::string& text : *list) replace_mark(text, ip_);
  }
  add_init(c, spec);
  return spec;
}

/// Members of a containerSet with retries start more than once; their streams would tell more than one end.
void PodLife::add_init(const ContainerRun& c, docker::ContainerSpec& spec) const {
  if (c.plan().stage != Stage::main || plan_->retries.attempts > 1) return;
  const std::string program = services_.bound_program(facts_);
  if (program.empty()) return;
  std::vector<WatchedOutput> outputs = {{c.plan().message_path}};
  std::string socket;
  if (c.name() == kMainContainer) {
    for (const PlannedParameter& p : plan_->out_parameters) outputs.push_back({p.path});
    std::set<std::string> artifacts;  // each path once
    for (const PlannedArtifact& a : plan_->out_artifacts) {
      if (artifacts.insert(a.path).second) outputs.push_back({a.path, true});
    }
    if (!plan_->out_artifacts.empty()) socket = services_.handed.socket();
  }
  const auto image = images_.find(spec.image);
  put_init(spec, image == images_.end() ? nullptr : &image->second, program, store::random_id(), outputs,
           socket);
}

Task<void> PodLife::create(ContainerRun& c) {
  if (c.started() || !c.id().empty()) co_return;
  const bool with_script = plan_->script && !storage_->script_is_bound();
  const bool wants = c.plan().gets_inputs && !plan_->inputs_in_volumes;
  const docker::ContainerSpec spec = final_spec(c);
  co_await c.create(spec);
  if (!wants || c.started()) co_return;
  co_await put_inputs_into(c.id(), with_script);
}

/// Create and start count against the engine's capacity, what comes after does not.
Task<void> PodLife::launch(ContainerRun& c) {
  const Gate::Pass pass = co_await admission();
  co_await create(c);
  co_await c.start(*scope_);
  if (!c.ended() || c.adopted() || !blames_surroundings(c.end().message)) co_return;
  // Else the next round would take it for a step that ended so.
  docker::RemoveOptions at_once;
  at_once.force = true;
  const auto removed = co_await services_.engine.remove(c.id(), at_once);
  static_cast<void>(removed);
  throw StartOver(c.end().message);
}

/// An engine on a socket of this machine may yet see other files, as one whose socket was lent to the
/// container that we are in; or may not execute what lies in our home.
bool PodLife::blames_surroundings(const std::string& text) const {
  const auto says = [&text](const std::string& what) { return text.find(what) != std::string::npos; };
  const bool init = says(kInitPath) && (says("permission denied") || says("no such file"));
  // Docker Desktop binds files, and no sockets.
  if (const std::string socket = services_.handed.socket(); !socket.empty() && says(socket)) {
    services_.handed.give_up();
    return true;
  }
  // A file is bound where the image has a directory, or the other way round: that is the workflow's doing.
  const bool mismatch = says("not a directory");
  if (facts_.binds && !mismatch && (init || says(services_.home.path().string()))) {
    services_.binds_do_not_work();
    return true;
  }
  return sandbox_ && blames_sandbox(text, *sandbox_);
}

Task<void> PodLife::start_all() {
  // Inputs lie in the volumes before init containers look at them, as on a cluster.
  const std::vector<ContainerRun*> inits = of_stage(Stage::init);
  const bool inputs_first = !inits.empty() && (!plan_->inputs.empty() || plan_->script);
  if (inputs_first && !any_main_started()) {
    for (ContainerRun* c : of_stage(Stage::main)) co_await create(*c);
  }
  const bool ready = co_await run_inits();
  if (!ready) co_return;
  for (ContainerRun* c : of_stage(Stage::sidecar)) {
    co_await launch(*c);
    co_await post_start(*c);
    guard_health(*c);
  }
  co_await run_members();
}

/// False: one has failed; the rest of the pod does not begin.
Task<bool> PodLife::run_inits() {
  const bool passed = any_main_started();
  for (ContainerRun* c : of_stage(Stage::init)) {
    if (passed && !c->started()) continue;
    co_await launch(*c);
    const bool beside = co_await goes_on_beside(*c);
    if (beside) continue;
    co_await c->wait();
    if (c->end().exit_code != 0) co_return false;
  }
  co_return true;
}

Task<void> PodLife::finish() {
  scope_->spawn(stop_sidecars());
  ContainerRun* main = main_container();
  const bool ran =
      main != nullptr && main->started() && main->end().exit_code.has_value() && !main->end().deleted;
  LogFiles logs;
  for (ContainerRun* c : of_stage(Stage::main)) {
    if (c->started()) logs.emplace_back(c->name(), c->output().path());
  }
  if (ran && plan_->progress) co_await read_progress(*main);
  const std::string id = ran ? main->id() : "";
  ToldOutputs told = ran ? main->told() : ToldOutputs();
  SavedOutputs saved = co_await save_outputs(services_, *plan_, run_, order_, id, std::move(told), logs);
  for (const std::string& w : saved.warnings) services_.warn(run_.uid, order_.node_id, w);
  if (!saved.executor_error.empty()) {
    main->end().exit_code = kExecutorFailed;
    main->end().message = saved.executor_error;
  }
  if (ran && plan_->capture_result) saved.outputs.set("result", spec::valid_utf8(main->output().result()));
  for (const auto& c : containers_) {
    if (saved.error.empty() && !c->output().trouble().empty()) saved.error = c->output().trouble();
  }
  const auto beside_runs = [this] {
    return std::any_of(containers_.begin(), containers_.end(), [](const auto& c) { return c->running(); });
  };
  while (beside_runs()) co_await changed_.wait();
  std::vector<ContainerEnd> ends;
  for (const auto& c : containers_) ends.push_back(c->end());
  PodReason reason = reason_of(ends, saved.error);
  if (plan_->daemon && stopping_) reason = {};
  if (plan_->daemon && !stopping_ && reason.phase == Phase::succeeded) {
    reason = {Phase::failed, "the daemon ended by itself (exit code 0)"};
  }
  const bool lost = lost_engine_ && main != nullptr && main->end().exit_code == 255;
  if (lost) reason = {Phase::error, "the engine lost the container when it restarted"};
  conclude(reason);
  done_->outputs = std::move(saved.outputs);
  done_->transient = lost;
}

void PodLife::conclude(PodReason reason) {
  admitted_.leave();
  PodDone done;
  done.node_id = order_.node_id;
  done.phase = reason.phase;
  done.message = std::move(reason.message);
  if (ContainerRun* main = main_container(); main != nullptr && !main->end().deleted) {
    done.exit_code = main->end().exit_code;
  }
  done_ = std::move(done);
}

Task<void> PodLife::wait_for_engine() {
  constexpr std::chrono::milliseconds kFirst(200);
  constexpr std::chrono::milliseconds kMost(5000);
  std::chrono::milliseconds pause = kFirst;
  bool said = false;
  for (;;) {
    const auto there = co_await services_.engine.ping();
    if (there.ok()) break;
    if (!said)
      say_pending("engine " + services_.engine.where() + " does not answer: " + there.error().message);
    said = true;
    waited_ = true;
    co_await sleep_for(pause);
    pause = std::min(2 * pause, kMost);
  }
  services_.forget_facts();
  services_.sandboxes.forget_idle();
  if (sandbox_) services_.sandboxes.give_back(*sandbox_, After::discard);
  sandbox_.reset();
}

void PodLife::stop(std::chrono::seconds grace) {
  const auto at = std::chrono::steady_clock::now() + grace;
  const bool first = !stopping_;
  if (first || at < kill_at_) kill_at_ = at;
  stopping_ = true;
  if (!scope_ || done_) return;
  if (!any_main_started() && !main_is_starting()) {
    scope_->cancel();
  } else if (first) {
    scope_->spawn(stop_running());
  }
  changed_.notify();
}

void PodLife::let_go() {
  let_go_ = true;
  if (scope_) scope_->cancel();
}

Leavings PodLife::leavings() {
  Leavings out;
  bool all_ended = true;
  bool can_change_network = false;
  for (const auto& c : containers_) {
    if (c->id().empty()) {
      // One that an earlier round may have made.
      if (adopting_) out.containers.push_back(c->plan().spec.name);
      continue;
    }
    out.containers.push_back(c->id());
    all_ended = all_ended && (c->ended() || !c->started());
    const docker::HostConfig& host = c->plan().spec.host;
    can_change_network = can_change_network || host.privileged || !host.cap_add.empty();
  }
  if (storage_) {
    out.volumes = storage_->pod_volumes();
    out.paths = {storage_->scratch()};
  }
  if (!sandbox_) return out;
  const bool as_new = all_ended && !can_change_network && !plan_->shares_ipc;
  if (all_ended) {
    services_.sandboxes.give_back(*sandbox_, as_new ? After::reuse : After::discard);
  } else {
    out.afterwards = [&sandboxes = services_.sandboxes, sandbox = *sandbox_] {
      sandboxes.give_back(sandbox, After::discard);
    };
  }
  sandbox_.reset();
  return out;
}

std::vector<ContainerRun*> PodLife::of_stage(Stage stage) const {
  std::vector<ContainerRun*> list;
  for (const auto& c : containers_) {
    if (c->plan().stage == stage) list.push_back(c.get());
  }
  return list;
}

ContainerRun* PodLife::named(const std::string& name) const {
  for (const auto& c : containers_) {
    if (c->name() == name) return c.get();
  }
  return nullptr;
}

ContainerRun* PodLife::main_container() const { return named(std::string(kMainContainer)); }

bool PodLife::any_main_started() const {
  return std::any_of(containers_.begin(), containers_.end(),
                     [](const auto& c) { return c->plan().stage == Stage::main && c->started(); });
}

/// Its process may already run though the engine has not said so yet: it gets its signal like one that runs.
bool PodLife::main_is_starting() const {
  return std::any_of(containers_.begin(), containers_.end(),
                     [](const auto& c) { return c->plan().stage == Stage::main && c->starting(); });
}

void PodLife::say_pending(const std::string& message) const {
  if (!said_running_) say(PodPending{order_.node_id, message});
}

}  // namespace skiff::runner
