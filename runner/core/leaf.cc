// Leaves: what runs as a pod or as one request. The scheduler orders it, keeps its deadlines, and takes in
// what is reported of it.
#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "spec/document.h"
#include "spec/names.h"
#include "spec/units.h"

namespace skiff::runner {
namespace {

/// The step's or task's name in a node's name: without tries and items (operator.go getStepOrDAGTaskName).
std::string task_of(std::string_view name) {
  while (!name.empty() && (name.back() == ')' || name.back() == ']')) {
    const std::size_t open = name.rfind(name.back() == ')' ? '(' : '[');
    if (open == std::string_view::npos) break;
    name = name.substr(0, open);
  }
  const std::size_t dot = name.rfind('.');
  return std::string(dot == std::string_view::npos ? name : name.substr(dot + 1));
}

/// Whether the manifest of a resource template is an Argo Workflow; one that is an artifact is read later.
bool names_workflow(const Json& resource) {
  if (resource.get("manifestFrom").is_object()) return true;
  const auto parsed = spec::parse_documents(resource.get_string("manifest"), "manifest");
  return parsed.documents.size() == 1 && parsed.documents.front().kind() == "Workflow";
}

/// A duration field of a template; nothing where it is not set.
std::optional<std::chrono::milliseconds> duration_at(const Json& tmpl, std::string_view field) {
  const Json& value = tmpl.get(field);
  if (value.is_null()) return std::nullopt;
  const auto parsed = spec::parse_duration(text_or_empty(value));
  if (!parsed) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::milliseconds>(*parsed);
}

}  // namespace

/// Why the template cannot run here; empty if it can.
std::string Scheduler::Impl::unsupported(const Prepared& p) const {
  if (p.resolved->type == spec::TemplateType::plugin) {
    return fmt::format(
        "template `{}` is a plugin template: it needs an executor plugin in the cluster; run the same work "
        "in a "
        "container template",
        p.resolved->name);
  }
  if (p.resolved->type != spec::TemplateType::resource) return "";
  const Json& resource = p.tmpl->get("resource");
  const std::string action = resource.get_string("action");
  if (!names_workflow(resource)) {
    return fmt::format(
        "template `{}` is a resource template: it acts on Kubernetes, which is not here; only a manifest "
        "that creates an Argo Workflow runs, as a child. Call kubectl in a container template instead",
        p.resolved->name);
  }
  if (action == "create") return "";
  return fmt::format(
      "template `{}` is a resource template with action `{}` on a Workflow: it acts on Kubernetes, which is "
      "not here; only action `create` runs, as a child",
      p.resolved->name, action);
}

void Scheduler::Impl::start_leaf(Prepared p) {
  const bool http = p.resolved->type == spec::TemplateType::http;
  const bool plugin = p.resolved->type == spec::TemplateType::plugin;
  const NodeType type = http ? NodeType::http : plugin ? NodeType::plugin : NodeType::pod;
  const NodeIndex i = make_or_adopt(p.call, type, Phase::pending);
  init_inputs(i, p);
  if (std::string why = unsupported(p); !why.empty()) return set_phase(i, Phase::error, std::move(why));
  if (!may_run(p.call.on_exit)) {
    const char* strategy = shutdown_ == Shutdown::stop ? "Stop" : "Terminate";
    return set_phase(i, Phase::failed, fmt::format("workflow shutdown with strategy: {}", strategy));
  }
  if (past_deadline_ && !p.call.on_exit) return set_phase(i, Phase::failed, "Step exceeded its deadline");
  order_pod(i, p);
}

void Scheduler::Impl::order_pod(NodeIndex i, const Prepared& p) {
  const Json& tmpl = *p.tmpl;
  Node& n = graph_[i];
  Leaf& leaf = n.leaf = {};
  if (p.tmpl == p.resolved->json) {
    leaf.tmpl = p.tmpl;
  } else {
    leaf.say().tmpl = spec::to_json(tmpl);
  }
  leaf.daemon = tmpl.get_bool("daemon");
  leaf.capture_result = p.resolved->type == spec::TemplateType::data;
  if (const Composite* boundary = composite(p.call.boundary)) {
    const auto& results = boundary->prepared.resolved->results;
    leaf.capture_result = leaf.capture_result || (!results.empty() && results.contains(task_of(p.call.name)));
  }
  if (tagged_volumes_) leaf.say().spec = pod_fields_for(p.call.boundary);
  const Json& outputs = tmpl.get("outputs");
  for (const char* kind : {"parameters", "artifacts"}) {
    for (const Json& o : outputs.get_array(kind)) {
      if (!o.get_string("globalName").empty() || !o.get("value").is_null()) leaf.say().outputs = outputs;
    }
  }
  if (!n.started_at) n.started_at = now_;
  n.pod_live = true;
  ++live_pods_;
  if (n.type == NodeType::pod) pod_counted(i, true);
  set_deadlines(i, tmpl);
  n.container_set = p.resolved->type == spec::TemplateType::container_set;
  if (n.container_set) make_containers(i, tmpl);
  emit(start_pod(i, p.tmpl));
}

SharedJson Scheduler::Impl::ordered_template(NodeIndex i) const {
  const Leaf& leaf = graph_[i].leaf;
  if (leaf.tmpl) return leaf.tmpl;
  auto parsed = spec::parse_json(leaf.said().tmpl);
  return parsed ? std::move(*parsed) : Json();
}

Cause Scheduler::Impl::cause_of(const Node& n) const {
  const Owner owner = n.owner;
  switch (owner.kind) {
    case OwnerKind::entry:
      return {Cause::Why::workflow, 0};
    case OwnerKind::step: {
      const auto* steps = graph_[n.boundary].as<StepsWork>();
      return {Cause::Why::group, steps == nullptr ? 0 : static_cast<std::uint32_t>(steps->group)};
    }
    case OwnerKind::task: {
      const auto* dag = graph_[owner.node].as<DagWork>();
      const bool first = dag == nullptr || dag->dependencies.size(dag->item_task[owner.slot]) == 0;
      return {first ? Cause::Why::dag : Cause::Why::dependencies, 0};
    }
    case OwnerKind::attempt:
      if (owner.slot == 0) return cause_of(graph_[owner.node]);
      return {Cause::Why::attempt, owner.slot + 1};
    case OwnerKind::hook:
    case OwnerKind::workflow_hook:
      return {Cause::Why::hook, 0};
    case OwnerKind::exit:
    case OwnerKind::workflow_exit:
      return {Cause::Why::exit_handler, 0};
    default:
      return {};
  }
}

/// The order as it was and, after a restart, is again.
StartPod Scheduler::Impl::start_pod(NodeIndex i, SharedJson tmpl) const {
  const Node& n = graph_[i];
  StartPod order;
  order.node_id = graph_.id(i);
  order.node_name = n.name;
  order.pod_name = spec::pod_name(name_, n.name, tmpl.get_string("name"));
  order.tmpl = std::move(tmpl);
  order.generation = n.generation;
  if (n.leaf.said().spec.empty()) {
    order.spec = pod_fields_;
  } else if (auto own = spec::parse_json(n.leaf.said().spec)) {
    order.spec = std::move(*own);
  }
  order.capture_result = n.leaf.capture_result;
  order.daemon = n.leaf.daemon;
  order.cause = cause_of(n);
  return order;
}

/// timeout, pendingTimeout and activeDeadlineSeconds of a template, from the making of its node. A timeout
/// takes the place of activeDeadlineSeconds (workflowpod.go); the tries of a retried template have no time to
/// be pending (operator.go, checkTemplateTimeout, looks at their Retry node).
void Scheduler::Impl::set_deadlines(NodeIndex i, const Json& tmpl) {
  Node& n = graph_[i];
  const TimePoint started = n.started_at.value_or(now_);
  std::optional<TimePoint> end;
  const auto earliest = [&](TimePoint at) { end = end ? std::min(*end, at) : at; };
  const auto timeout = duration_at(tmpl, "timeout");
  if (timeout) earliest(started + *timeout);
  const bool attempt = n.owner.kind == OwnerKind::attempt;
  if (attempt) {
    if (const auto* retry = graph_[n.owner.node].as<RetryWork>(); retry != nullptr && retry->max_duration) {
      earliest(*retry->max_duration);
    }
  }
  std::optional<TimePoint> pending;
  const auto limit = duration_at(tmpl, "pendingTimeout");
  if (limit && !attempt) pending = started + *limit;
  if (!n.leaf.ordered()) {  // it waits for a lock
    if (end && (!pending || *end < *pending)) pending = end;
    if (pending) set_timer(*pending, TimerKind::pending, i);
    return;
  }
  if (const auto seconds = duration_at(tmpl, "activeDeadlineSeconds"); seconds && !timeout) {
    earliest(now_ + *seconds);
  }
  if (end) n.leaf.say().deadline = end;
  if (pending) n.leaf.say().pending_deadline = pending;
  if (end) set_timer(*end, TimerKind::pod, i);
  if (pending) set_timer(*pending, TimerKind::pending, i);
}

/// The pod is ended by us: its node is final at once, the pod itself when it reports done.
void Scheduler::Impl::pod_over(NodeIndex i, Phase phase, std::string message, std::string cause) {
  Node& n = graph_[i];
  if (completed(n.phase)) return;
  if (n.pod_live) emit(StopPod{graph_.id(i), std::chrono::seconds(30), std::move(cause)});
  end_containers(i, message);
  set_phase(i, phase, std::move(message));
}

void Scheduler::Impl::take(const PodPending& e) {
  const NodeIndex i = graph_.by_id(e.node_id);
  if (i != kNoNode && graph_[i].pod_live && graph_[i].phase == Phase::pending) set_message(i, e.message);
}

void Scheduler::Impl::take(const PodRunning& e) {
  const NodeIndex i = graph_.by_id(e.node_id);
  if (i == kNoNode || !graph_[i].pod_live || graph_[i].phase != Phase::pending) return;
  graph_[i].host_node_name = graph_.shared(e.host_node_name);
  graph_.touch(i);
  if (graph_[i].leaf.daemon) return;  // it runs when it is ready
  set_phase(i, Phase::running, "");
}

void Scheduler::Impl::take(const PodReady& e) {
  const NodeIndex i = graph_.by_id(e.node_id);
  if (i == kNoNode || !graph_[i].pod_live || completed(graph_[i].phase)) return;
  if (!graph_[i].leaf.daemon) return;
  graph_[i].say().pod_ip = e.pod_ip;
  set_message(i, "");
  mark_daemoned(i);
}

void Scheduler::Impl::take(const PodProgress& e) {
  const NodeIndex i = graph_.by_id(e.node_id);
  if (i != kNoNode && graph_[i].pod_live && !completed(graph_[i].phase)) count_progress(i, e.progress);
}

void Scheduler::Impl::take(const PodDone& e) {
  const NodeIndex i = graph_.by_id(e.node_id);
  if (i == kNoNode || !graph_[i].pod_live) return;
  Node& n = graph_[i];
  n.pod_live = false;
  --live_pods_;
  if (live_pods_ == 0) push(Op::conclude);
  if (completed(n.phase)) {  // it was stopped, or a daemon whose template is over
    let_go(i);
    return;
  }
  take_outputs(i, e);
  n.transient = e.transient;
  Phase phase = e.phase;
  if (n.leaf.daemon && phase == Phase::succeeded) phase = Phase::failed;
  end_containers(i, phase == Phase::succeeded ? "" : "Pod Failed whilst container running");
  if (e.refused) return fail_call(i, e.message);
  if (phase == Phase::succeeded) save_memo(i);
  add_global_outputs(n.outputs);
  set_phase(i, phase, e.message);
}

/// The outputs of most nodes: one value for all of them.
SharedJson Scheduler::Impl::exit_code_alone(int code) {
  SharedJson& outputs = exit_codes_[code];
  if (outputs.is_null()) {
    Json made = Json::object();
    made.set("exitCode", std::to_string(code));
    outputs = std::move(made);
  }
  return outputs;
}

/// outputs as reported, with the exit code and the names under which the template exports them.
void Scheduler::Impl::take_outputs(NodeIndex i, const PodDone& e) {
  Node& n = graph_[i];
  const Json& defined = n.leaf.said().outputs;
  if (e.outputs.is_null() && defined.is_null()) {
    if (e.exit_code) n.outputs = exit_code_alone(*e.exit_code);
    return;
  }
  Json outputs = e.outputs;
  if (e.exit_code) outputs.set("exitCode", std::to_string(*e.exit_code));
  for (const char* kind : {"parameters", "artifacts"}) {
    if (defined.is_null() || outputs.find(kind) == nullptr) continue;
    for (Json& o : outputs.find(kind)->as_array()) {
      const Json* def = find_named(defined.get_array(kind), o.get_string("name"));
      const std::string global = def == nullptr ? "" : def->get_string("globalName");
      if (!global.empty()) o.set("globalName", global);
    }
  }
  for (const Json& p : defined.get_array("parameters")) {  // given by the template itself
    const auto value = text_of(p.get("value"));
    if (!value || find_named(outputs.get_array("parameters"), p.get_string("name")) != nullptr) continue;
    if (!outputs["parameters"].is_array()) outputs["parameters"] = Json::array();
    outputs["parameters"].push_back(p);
  }
  n.outputs = std::move(outputs);
}

// ------------------------------------------------------------------------------------ container sets

/// A node for each container, connected as its dependencies say (container_set_template.go).
void Scheduler::Impl::make_containers(NodeIndex i, const Json& tmpl) {
  const Json::Array& containers = tmpl.get("containerSet").get_array("containers");
  const std::string name(graph_[i].name);
  for (const Json& c : containers) {
    std::string child = name + "." + c.get_string("name");
    if (adopting_ && graph_.by_name(child) != kNoNode) continue;
    const NodeIndex n = make_named(std::move(child), NodeType::container, i, Phase::pending);
    graph_[n].origin = graph_[i].origin;
    graph_[n].flag = graph_[i].flag;
  }
  for (const Json& c : containers) {
    const NodeIndex child = graph_.by_name(name + "." + c.get_string("name"));
    const Json::Array& dependencies = c.get_array("dependencies");
    if (dependencies.empty()) add_child(i, child);
    for (const Json& d : dependencies) {
      const NodeIndex parent = graph_.by_name(name + "." + text_or_empty(d));
      if (parent != kNoNode) add_child(parent, child);
    }
  }
}

void Scheduler::Impl::take(const ContainerChanged& e) {
  const NodeIndex pod = graph_.by_id(e.node_id);
  if (pod == kNoNode || !graph_[pod].pod_live) return;
  const NodeIndex i = graph_.by_name(fmt::format("{}.{}", graph_[pod].name, e.container));
  if (i == kNoNode || completed(graph_[i].phase)) return;
  if (e.exit_code) {
    Json outputs = graph_[i].outputs;
    outputs.set("exitCode", std::to_string(*e.exit_code));
    graph_[i].outputs = std::move(outputs);
  }
  set_phase(i, e.phase, e.message);
}

/// No container outlives its pod.
void Scheduler::Impl::end_containers(NodeIndex i, const std::string& message) {
  if (!graph_[i].leaf.ordered() || !graph_[i].container_set) return;
  const SharedJson tmpl = ordered_template(i);
  for (const Json& c : tmpl.get("containerSet").get_array("containers")) {
    const NodeIndex child = graph_.by_name(fmt::format("{}.{}", graph_[i].name, c.get_string("name")));
    if (child == kNoNode || completed(graph_[child].phase)) continue;
    if (message.empty()) {
      set_phase(child, Phase::succeeded);
    } else {
      set_phase(child, Phase::failed, message);
    }
  }
}

}  // namespace skiff::runner
