#include "runner/core/scheduler.h"

#include <algorithm>

#include "runner/core/impl.h"

namespace skiff::runner {
namespace {

/// Whether a text anywhere in it speaks of the running time, which changes with every event.
bool mentions_duration(const Json& json) {
  if (json.is_string()) return json.as_string().find("workflow.duration") != std::string::npos;
  if (json.is_array()) {
    for (const Json& e : json.as_array()) {
      if (mentions_duration(e)) return true;
    }
  } else if (json.is_object()) {
    for (const auto& [key, value] : json.as_object()) {
      if (mentions_duration(value)) return true;
    }
  }
  return false;
}

Json& spec_of(RunInput& input) { return input.workflow["spec"]; }

/// Null where the store's default place serves.
Json repository_of(const RunInput& input) {
  const Json& given = input.workflow.get("status").get("artifactRepositoryRef").get("artifactRepository");
  return given.empty() ? Json() : given;
}

}  // namespace

Scheduler::Scheduler(RunInput input) : impl_(std::make_unique<Impl>(std::move(input))) {}
Scheduler::~Scheduler() = default;
Scheduler::Scheduler(Scheduler&&) noexcept = default;
Scheduler& Scheduler::operator=(Scheduler&&) noexcept = default;

std::vector<Action> Scheduler::on(const Event& event, TimePoint now) { return impl_->on(event, now); }
std::vector<Action> Scheduler::outstanding() const { return impl_->outstanding(); }
bool Scheduler::finished() const { return impl_->finished(); }
std::optional<spec::NodeStatus> Scheduler::node(std::string_view id) const { return impl_->node(id); }
std::optional<std::string> Scheduler::next_changed() { return impl_->next_changed(); }
Json Scheduler::status() const { return impl_->status(); }
Json Scheduler::commanded() const { return impl_->commanded(); }
bool Scheduler::suspended() const { return impl_->suspended(); }
std::vector<std::string> Scheduler::node_ids() const { return impl_->node_ids(); }
const Json& Scheduler::metadata() const { return impl_->metadata(); }
std::string Scheduler::metrics_text(TimePoint now) const { return impl_->metrics_text(now); }
std::string Scheduler::refuse(const Event& command) const { return impl_->refuse(command); }

Scheduler::Impl::Impl(RunInput input)
    : metadata_(std::move(input.workflow["metadata"])),
      config_maps_(std::move(input.config_maps)),
      name_(metadata_.get_string("name")),
      namespace_(metadata_.get_string("namespace")),
      book_(spec_of(input), name_, input.stored_templates, repository_of(input)),
      graph_(name_) {
  const Json& given = input.workflow.get("status");
  repository_ = given.get("artifactRepositoryRef");
  if (given.get_string("phase") == "Error") refusal_ = given.get_string("message");
  spec_ = std::move(spec_of(input));
  uses_duration_ = mentions_duration(spec_);  // templates tell when they are resolved
  load_nodes(input.workflow.get("status").get("nodes"));
}

std::vector<Action> Scheduler::Impl::on(const Event& event, TimePoint now) {
  now_ = now;
  if (uses_duration_ && started_at_) set_duration();
  std::visit([this](const auto& e) { take(e); }, event);
  work_off();
  order_timer();
  return std::exchange(actions_, {});
}

void Scheduler::Impl::work_off() {
  while (!queue_.empty() && !finished_) {
    const auto [op, node] = queue_.front();
    // A suspended workflow lets what runs come to its end, and nothing new begins.
    if (suspended_ && !end_) return;
    queue_.pop_front();
    perform(op, node);
  }
}

void Scheduler::Impl::perform(Op op, NodeIndex node) {
  if (end_ && op != Op::conclude) return;
  switch (op) {
    case Op::fulfilled:
      fulfilled(node);
      break;
    case Op::hooks:
      if (graph_[node].hooks && !completed(graph_[node].phase)) (void)advance_hooks(node);
      break;
    case Op::entry:
      entry_changed();
      break;
    case Op::drain:
      drain(node);
      break;
    case Op::drain_all:
      drain_all();
      break;
    case Op::dag_check:
      check_dag(node);
      break;
    case Op::loop_exit:
      // What ends because of the loop's end comes first: it may be the end of the DAG too.
      if (std::any_of(queue_.begin(), queue_.end(), [](const auto& e) { return e.first != Op::loop_exit; })) {
        push(op, node);
      } else {
        start_loop_exit(node);
      }
      break;
    case Op::open_group:
      if (node == kNoNode) {
        launch_entry();
      } else {
        open_group(node);
      }
      break;
    case Op::conclude:
      conclude();
      break;
  }
}

std::vector<Action> Scheduler::Impl::outstanding() const {
  std::vector<Action> out;
  if (finished_) return out;
  if (waits_for_lock_) {
    out.emplace_back(own_locks());
  }
  for (const auto& [id, prepared] : waiting_) {
    out.emplace_back(memo_asked_.contains(id) ? Action(memo_order(id, prepared))
                                              : Action(lock_order(id, prepared)));
  }
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    const Node& n = graph_[i];
    if (n.gone || !n.pod_live) continue;
    out.emplace_back(start_pod(i, ordered_template(i)));
    if (completed(n.phase))
      out.emplace_back(StopPod{graph_.id(i), std::chrono::seconds(30), "it was stopped before"});
  }
  if (timer_set_) out.emplace_back(SetTimer{timer_set_});
  return out;
}

std::optional<spec::NodeStatus> Scheduler::Impl::node(std::string_view id) const {
  const NodeIndex i = graph_.by_id(id);
  if (i == kNoNode) return std::nullopt;
  return graph_.status(i);
}

std::vector<std::string> Scheduler::Impl::node_ids() const {
  std::vector<std::string> out;
  for (NodeIndex i = 0; i < graph_.size(); ++i) {
    if (!graph_[i].gone) out.push_back(graph_.id(i));
  }
  return out;
}

}  // namespace skiff::runner
