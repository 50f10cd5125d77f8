#include "tests/runner/sim.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "runner/core/fields.h"
#include "spec/decode.h"

namespace skiff::runner::test {
namespace {

constexpr std::int64_t kBeginning = 1'700'000'000'000;  // 2023-11-14T22:13:20Z

Json with_metadata(Json workflow) {
  Json& m = workflow["metadata"];
  if (m.is_null()) m = Json::object();
  if (m.get("name").is_null()) m.set("name", "wf");
  if (m.get("namespace").is_null()) m.set("namespace", "default");
  if (m.get("uid").is_null()) m.set("uid", "uid");
  if (m.get("creationTimestamp").is_null()) m.set("creationTimestamp", "2023-11-14T22:13:20Z");
  return workflow;
}

}  // namespace

Outcome succeeds() { return {}; }

Outcome fails(int exit_code) {
  Outcome o;
  o.phase = Phase::failed;
  o.exit_code = exit_code;
  o.message = fmt::format("main: Error (exit code {})", exit_code);
  return o;
}

Outcome errors(std::string message) {
  Outcome o;
  o.phase = Phase::error;
  o.exit_code.reset();
  o.message = std::move(message);
  return o;
}

std::string workflow(const std::string& spec) {
  return "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec:\n  entrypoint: "
         "main\n" +
         spec;
}

Outcome prints(std::string result) {
  Outcome o;
  o.outputs.set("result", std::move(result));
  return o;
}

Outcome gives(const std::string& name, const std::string& value) {
  Outcome o;
  Json p = Json::object();
  p.set("name", name);
  p.set("value", value);
  o.outputs["parameters"].push_back(std::move(p));
  return o;
}

Json from_yaml(const std::string& text) {
  const spec::ParsedFile file = spec::read_documents(text, "test.yaml");
  if (file.documents.size() != 1) throw std::runtime_error("not one document");
  for (const auto& d : file.diagnostics) {
    if (d.severity == spec::Severity::error) throw std::runtime_error(d.message);
  }
  return file.documents.front().value();
}

Sim::Sim(Json workflow, Json stored_templates, Json config_maps)
    : input_{with_metadata(std::move(workflow)), std::move(stored_templates), std::move(config_maps)},
      now_(std::chrono::milliseconds(kBeginning)),
      begin_(now_) {
  scheduler_.emplace(input_);
}

Sim::Sim(const std::string& yaml) : Sim(from_yaml(yaml)) {}

void Sim::at(std::chrono::milliseconds when, Event event) {
  future_.emplace(std::pair(begin_ + when, next_++), std::move(event));
}

void Sim::schedule(std::chrono::milliseconds after, Event event) {
  future_.emplace(std::pair(now_ + after, next_++), std::move(event));
}

void Sim::begin() {
  if (begun_) return;
  begun_ = true;
  post(Begin{});
}

bool Sim::run() {
  begin();
  while (step()) {
  }
  return scheduler_->finished();
}

bool Sim::step() {
  begin();
  if (future_.empty()) return false;
  const auto first = future_.begin();
  now_ = std::max(now_, first->first.first);
  if (timer_ == first->first) timer_.reset();
  const Event event = std::move(first->second);
  future_.erase(first);
  post(event);
  return true;
}

void Sim::post(const Event& event) {
  if (const auto* done = std::get_if<PodDone>(&event)) {
    pods_.erase(done->node_id);
    stopping_.erase(done->node_id);
  }
  if (keep_events) events_.emplace_back(event, now_);
  for (const Action& action : scheduler_->on(event, now_)) {
    log_.push_back(to_text(action));
    perform(action);
  }
  settle_locks();
}

void Sim::perform(const Action& action) {
  if (const auto* order = std::get_if<StartPod>(&action)) return start(*order);
  if (const auto* order = std::get_if<StopPod>(&action)) return stop(*order);
  if (const auto* order = std::get_if<SetTimer>(&action)) {
    if (timer_) future_.erase(*timer_);
    timer_.reset();
    if (!order->at) return;
    timer_ = std::pair(*order->at, next_++);
    future_.emplace(*timer_, TimerFired{});
  } else if (const auto* locks = std::get_if<AcquireLocks>(&action)) {
    locks_.emplace_back(locks->holder, Held{*locks});
  } else if (const auto* release = std::get_if<ReleaseLocks>(&action)) {
    std::erase_if(locks_, [&](const auto& l) { return l.first == release->holder; });
  } else if (const auto* look = std::get_if<LookUpMemo>(&action)) {
    const auto it = memo_.find(look->cache + "/" + look->key);
    MemoAnswer answer{look->node_id, it != memo_.end(), Json()};
    if (answer.hit) answer.outputs = it->second;
    schedule(std::chrono::milliseconds(1), answer);
  } else if (const auto* keep = std::get_if<StoreMemo>(&action)) {
    memo_[keep->cache + "/" + keep->key] = keep->outputs;
  }
}

void Sim::start(const StartPod& order) {
  const SimPod pod{order, scheduler_->node(order.node_id)->display_name};
  started_.push_back(pod.display_name);
  orders_.insert_or_assign(order.node_name, order);
  const Outcome outcome = rule(pod);
  auto& mine = pods_[order.node_id];
  stopping_.erase(order.node_id);
  most_pods_ = std::max(most_pods_, static_cast<int>(pods_.size() - stopping_.size()));
  const auto coming = [&](std::chrono::milliseconds after, Event event) {
    mine.emplace_back(now_ + after, next_);
    schedule(after, std::move(event));
  };
  coming(std::chrono::milliseconds(10), PodRunning{order.node_id, "10.0.0.2", "host"});
  if (order.daemon) {
    coming(std::chrono::milliseconds(20), PodReady{order.node_id, "10.0.0.2"});
    if (outcome.phase == Phase::succeeded) return;
  }
  coming(outcome.takes, PodDone{order.node_id, outcome.phase, outcome.message, outcome.exit_code,
                                outcome.outputs, outcome.transient});
}

void Sim::stop(const StopPod& order) {
  const auto it = pods_.find(order.node_id);
  if (it == pods_.end()) return;
  stopping_.insert(order.node_id);
  for (const auto& event : it->second) future_.erase(event);
  it->second.clear();
  schedule(std::chrono::milliseconds(5),
           PodDone{order.node_id, Phase::failed, "main: Error (exit code 143)", 143, Json(), false, false});
}

/// First come, first served, all of a request or none.
void Sim::settle_locks() {
  std::map<std::string, int> used;
  for (const auto& [holder, held] : locks_) {
    for (const LockRequest& l : held.order.locks) used[l.key] += held.granted ? 1 : 0;
  }
  for (auto& [holder, held] : locks_) {
    if (held.granted) continue;
    const LockRequest* busy = nullptr;
    for (const LockRequest& l : held.order.locks) {
      const auto limit = semaphores.find(l.key);
      if (used[l.key] >= (limit == semaphores.end() ? 1 : limit->second)) busy = &l;
    }
    if (busy != nullptr) {
      if (!std::exchange(held.told, true)) {
        schedule(
            std::chrono::milliseconds(0),
            LocksWaiting{holder, fmt::format("Waiting for {} lock. Lock status: 0/1", busy->key), busy->key});
      }
      continue;
    }
    held.granted = true;
    for (const LockRequest& l : held.order.locks) ++used[l.key];
    schedule(std::chrono::milliseconds(0), LocksGranted{holder});
  }
}

std::optional<spec::NodeStatus> Sim::node(const std::string& name) const {
  std::optional<spec::NodeStatus> found;
  for (const std::string& id : scheduler_->node_ids()) {
    auto n = scheduler_->node(id);
    if (n && (n->name == name || n->display_name == name)) found = std::move(n);
  }
  return found;
}

std::string Sim::phase_of(const std::string& name) const {
  const auto n = node(name);
  return !n ? "none" : std::string(spec::to_string(n->phase));
}

std::string Sim::message_of(const std::string& name) const {
  const auto n = node(name);
  return !n ? "none" : n->message;
}

std::string Sim::input_of(const std::string& name, const std::string& parameter) const {
  const auto n = node(name);
  if (!n) return "none";
  const Json* p = find_named(n->inputs.get_array("parameters"), parameter);
  return p == nullptr ? "none" : text_or_empty(p->get("value"));
}

std::string Sim::output_of(const std::string& name, const std::string& parameter) const {
  const auto n = node(name);
  if (!n) return "none";
  const Json* p = find_named(n->outputs.get_array("parameters"), parameter);
  return p == nullptr ? "none" : text_or_empty(p->get("value"));
}

std::vector<std::string> Sim::names() const {
  std::vector<std::string> out;
  for (const std::string& id : scheduler_->node_ids()) {
    if (const auto n = scheduler_->node(id)) out.push_back(n->name);
  }
  return out;
}

std::string Sim::tree() const {
  std::string out;
  std::set<std::string> seen;
  const std::function<void(const std::string&, int)> print = [&](const std::string& id, int depth) {
    const auto n = scheduler_->node(id);
    if (!n || !seen.insert(id).second) return;
    out += fmt::format("{:{}}{} {} {}{}{}\n", "", depth * 2, n->display_name, spec::to_string(n->type),
                       spec::to_string(n->phase), n->message.empty() ? "" : ": ", n->message);
    for (const std::string& child : n->children) print(child, depth + 1);
  };
  for (const std::string& id : scheduler_->node_ids()) print(id, 0);
  return out;
}

bool happened(const Sim& sim, const std::string& begin) {
  const auto& a = sim.actions();
  return std::any_of(a.begin(), a.end(), [&](const auto& line) { return line.starts_with(begin); });
}

}  // namespace skiff::runner::test
