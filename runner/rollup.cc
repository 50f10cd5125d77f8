#include "runner/rollup.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "runner/reader.h"
#include "spec/status.h"
#include "spec/units.h"

namespace skiff::runner {
using spec::Json;

namespace {

constexpr std::int64_t kLookBack = 20;  // successes that a baseline is looked for among

/// The walks of a workflow whose nodes lead to each other in so many ways that it is not worth the time end
/// here: what is not summed up yet is left out.
constexpr std::size_t kMostSteps = 4'000'000;

/// Calls `take(key, text of the value)` for each member of an object, whatever lies deeper skipped unread.
template <class Take>
void each_member(std::string_view json, Take take) {
  std::size_t depth = 0, start = 0, key_start = 0, key_end = 0;
  bool in_key = true;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      const std::size_t open = i;
      for (++i; i < json.size() && json[i] != '"'; ++i) i += json[i] == '\\' ? 1 : 0;
      if (depth == 1 && in_key) {
        key_start = open + 1;
        key_end = i;
      }
      continue;
    }
    const bool ends = depth == 1 && (c == ',' || c == '}');
    if (ends && !in_key) take(json.substr(key_start, key_end - key_start), json.substr(start, i - start));
    if (ends) in_key = true;
    if (depth == 1 && c == ':' && in_key) {
      in_key = false;
      start = i + 1;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
}

/// A string that needs no unescaping: ids, times, phases.
std::string_view plain(std::string_view value) {
  return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : std::string_view();
}

std::string text(std::string_view value) {
  if (value.find('\\') == std::string_view::npos) return std::string(plain(value));
  const auto json = spec::parse_json(value);
  return json && json->is_string() ? json->as_string() : "";
}

std::vector<std::string> plain_list(std::string_view value) {
  std::vector<std::string> out;
  for (std::size_t at = value.find('"'); at != std::string_view::npos; at = value.find('"', at + 1)) {
    const std::size_t end = value.find('"', at + 1);
    if (end == std::string_view::npos) break;
    out.emplace_back(value.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}

void read_progress(std::string_view value, std::int64_t& done, std::int64_t& total) {
  const std::size_t slash = value.find('/');
  if (slash == std::string_view::npos) return;
  (void)std::from_chars(value.data(), value.data() + slash, done);
  (void)std::from_chars(value.data() + slash + 1, value.data() + value.size(), total);
}

bool is_executable(std::string_view type) {
  for (std::string_view one : {"Pod", "HTTP", "Plugin", "Container", "Suspend"}) {
    if (type == one) return true;
  }
  return false;
}

std::optional<std::int64_t> seconds_between(std::string_view from, std::string_view to) {
  const auto a = spec::parse_rfc3339(from);
  const auto b = spec::parse_rfc3339(to);
  if (!a || !b) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(*b - *a).count();
}

void add_up(ResourceSeconds& to, const ResourceSeconds& more) {
  for (const auto& [name, seconds] : more) to[name] += seconds;
}

/// What the last success before it took, of the same template or schedule (estimator_factory.go).
Baseline baseline_of(const store::Journal& journal, const store::WorkflowRow& row) {
  Baseline out;
  for (std::string_view kind : {"workflow-template", "cluster-workflow-template", "cron-workflow"}) {
    const auto label = row.labels.find("workflows.argoproj.io/" + std::string(kind));
    if (label == row.labels.end()) continue;
    store::WorkflowFilter same;
    same.ns = row.ns;
    same.phases = {"Succeeded"};
    same.labels = store::parse_label_selector(label->first + "=" + label->second);
    same.limit = kLookBack;
    for (const store::WorkflowRow& old : journal.list(same)) {
      if (old.created_ms >= row.created_ms || old.uid == row.uid) continue;
      out.workflow = (old.finished_ms - old.started_ms) / 1000;
      journal.each_node(old.uid, 0,
                        [&](std::string_view, std::string_view json) { out.add(old.name, json); });
      return out;
    }
    break;
  }
  return out;
}

}  // namespace

Json to_json(const ResourceSeconds& seconds) {
  Json out = Json::object();
  for (const auto& [name, n] : seconds) out.set(name, n);
  return out;
}

Rollup::Rollup(const Json& object, const Baseline& baseline)
    : name_(object.get("metadata").get_string("name")), baseline_(baseline) {
  for (const Json* spec : {&object.get("spec"), &object.get("status").get("storedWorkflowTemplateSpec")}) {
    for (const Json& t : spec->get_array("templates")) {
      ResourceCost& cost = costs_[t.get_string("name")];
      if (cost.empty()) cost = cost_of(t);
    }
  }
}

void Baseline::add(std::string_view workflow_name, std::string_view json) {
  std::string name, started, finished;
  each_member(json, [&](std::string_view key, std::string_view value) {
    if (key == "name") name = text(value);
    if (key == "startedAt") started = plain(value);
    if (key == "finishedAt") finished = plain(value);
  });
  if (const auto seconds = seconds_between(started, finished); seconds && name.starts_with(workflow_name)) {
    nodes[name.substr(workflow_name.size())] = *seconds;
  }
}

/// A template of elsewhere counts as one container that asks for nothing.
ResourceSeconds Rollup::resources_of(const std::string& template_name, std::int64_t seconds) const {
  const auto known = costs_.find(template_name);
  return resource_seconds(known == costs_.end() ? ResourceCost() : known->second, seconds);
}

void Rollup::add(std::string_view id, std::string_view json) {
  Entry n;
  std::string phase, started, finished, template_name;
  bool daemoned = false;
  each_member(json, [&](std::string_view key, std::string_view value) {
    if (key == "name") n.name = text(value);
    if (key == "type") {
      n.executable = is_executable(plain(value));
      n.pod = plain(value) == "Pod";
    }
    if (key == "phase") phase = plain(value);
    if (key == "startedAt") started = plain(value);
    if (key == "finishedAt") finished = plain(value);
    if (key == "templateName") template_name = text(value);
    if (key == "progress") read_progress(plain(value), n.done, n.total);
    if (key == "children") n.child_ids = plain_list(value);
    if (key == "daemoned") daemoned = value == "true";
  });
  n.fulfilled = spec::completed(spec::phase_from(phase)) || (daemoned && phase != "Pending");
  if (const auto seconds = seconds_between(started, finished); seconds && n.pod) {
    n.resources = resources_of(template_name, *seconds);
    add_up(total_, n.resources);
  }
  index_.emplace(id, nodes_.size());
  nodes_.push_back(std::move(n));
}

void Rollup::link() {
  linked_ = true;
  for (Entry& n : nodes_) {
    for (const std::string& id : n.child_ids) {
      if (const auto it = index_.find(id); it != index_.end()) n.children.push_back(it->second);
    }
    n.child_ids.clear();
  }
}

/// Over all nodes that it leads to, each once.
Rollup::Sum Rollup::sum_below(std::size_t i) {
  Sum sum;
  std::vector<std::size_t> stack{i};
  ++walks_;
  while (!stack.empty()) {
    const std::size_t at = stack.back();
    stack.pop_back();
    ++steps_;
    for (const std::size_t c : nodes_[at].children) {
      Entry& child = nodes_[c];
      if (std::exchange(child.seen, walks_) == walks_) continue;
      stack.push_back(c);
      if (child.executable && child.total > 0) {
        sum.done += child.done;
        sum.total += child.total;
      }
      add_up(sum.resources, child.resources);
    }
  }
  return sum;
}

std::string Rollup::members(std::size_t i) {
  if (!linked_) link();
  const Entry& n = nodes_[i];
  std::string out;
  ResourceSeconds resources = n.resources;
  if (!n.executable && steps_ < kMostSteps) {
    Sum sum = sum_below(i);
    if (sum.total > 0 && n.total == 0) out += fmt::format(R"(,"progress":"{}/{}")", sum.done, sum.total);
    if (n.fulfilled) resources = std::move(sum.resources);
  } else if (n.executable && !n.pod && n.fulfilled && steps_ < kMostSteps) {
    resources = sum_below(i).resources;
  }
  if (!resources.empty()) out += R"(,"resourcesDuration":)" + spec::to_json(to_json(resources));
  const std::string_view rest = std::string_view(n.name).substr(std::min(name_.size(), n.name.size()));
  if (const auto it = baseline_.nodes.find(rest); it != baseline_.nodes.end() && it->second > 0) {
    out += fmt::format(R"(,"estimatedDuration":{})", it->second);
  }
  return out;
}

std::string summed_text(const store::Journal& journal, const store::WorkflowRow& row) {
  Json object = workflow_object(journal, row, false);
  const Baseline baseline = baseline_of(journal, row);
  Rollup rollup(object, baseline);
  std::vector<std::pair<std::string, std::string>> nodes;  // id, JSON
  journal.each_node(row.uid, 0, [&](std::string_view id, std::string_view json) {
    rollup.add(id, json);
    nodes.emplace_back(id, json);
  });
  Json& status = object["status"];
  if (baseline.workflow > 0) status.set("estimatedDuration", baseline.workflow);
  if (!rollup.workflow_resources().empty()) {
    status.set("resourcesDuration", to_json(rollup.workflow_resources()));
  }
  WorkflowText text(std::move(object));
  for (std::size_t i = 0; i < nodes.size(); ++i) text.add(nodes[i].first, nodes[i].second, rollup.members(i));
  return text.take();
}

}  // namespace skiff::runner
