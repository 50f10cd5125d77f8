// The plan of a DAG, made once when it begins: who depends on whom, which tasks are needed for the targets,
// which are referred to by others; and, at its end, what phase its tasks give it (workflow/controller/dag.go,
// workflow/common/ancestry.go).
#include <algorithm>

#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "spec/names.h"

namespace skiff::runner {
namespace {

using Lists = DagWork::Lists;

/// The tasks of a DAG by name.
class Names {
 public:
  explicit Names(const DagWork& work) : work_(work) {}
  /// The first one of the same name counts.
  void add(std::uint32_t task) {
    const auto hash = [this](std::uint32_t t) { return spec::fnv32a(work_.name(t)); };
    if (!find(work_.name(task))) index_.insert(task, hash);
  }
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const {
    const std::uint32_t found =
        index_.find(spec::fnv32a(name), [&](std::uint32_t t) { return work_.name(t) == name; });
    return found == HashIndex::kNone ? std::nullopt : std::optional(found);
  }

 private:
  const DagWork& work_;
  HashIndex index_;
};

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

/// Turns "each task's dependencies" around.
Lists reversed(const Lists& lists, std::size_t tasks) {
  Lists out;
  out.begin.assign(tasks + 1, 0);
  for (const std::uint32_t d : lists.items) ++out.begin[d + 1];
  for (std::size_t t = 0; t < tasks; ++t) out.begin[t + 1] += out.begin[t];
  out.items.resize(lists.items.size());
  std::vector<std::uint32_t> next(out.begin.begin(), out.begin.end() - 1);
  for (std::uint32_t t = 0; t < tasks; ++t) {
    for (std::uint32_t k = 0; k < lists.size(t); ++k) out.items[next[lists.at(t)[k]]++] = t;
  }
  return out;
}

/// The names of tasks that a text mentions as tasks.<name>.
class Mentions {
 public:
  Mentions(const Names& names, std::vector<DagWork::Task>& tasks) : names_(names), tasks_(tasks) {}

  void in(const Json& json) {
    if (json.is_string()) {
      in_text(json.as_string());
    } else if (json.is_array()) {
      for (const Json& e : json.as_array()) in(e);
    } else if (json.is_object()) {
      for (const auto& [key, value] : json.as_object()) {
        in_text(key);
        in(value);
      }
    }
  }
  void all() {
    for (DagWork::Task& t : tasks_) t.referred = true;
  }

 private:
  void in_text(std::string_view text) {
    constexpr std::string_view kTasks = "tasks";
    for (std::size_t at = text.find(kTasks); at != std::string_view::npos; at = text.find(kTasks, at + 1)) {
      const std::size_t dot = at + kTasks.size();
      if (dot >= text.size() || text[dot] != '.') {
        all();
        continue;
      }
      std::size_t end = dot + 1;
      while (end < text.size() && (text[end] == '-' || text[end] == '_' || is_alnum(text[end]))) {
        ++end;
        mark(text.substr(dot + 1, end - dot - 1));
      }
    }
  }
  static bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
  void mark(std::string_view name) {
    if (const auto task = names_.find(name)) tasks_[*task].referred = true;
  }

  const Names& names_;
  std::vector<DagWork::Task>& tasks_;
};

/// Whether nothing of the task has to be replaced, evaluated or repeated.
bool is_plain(const Json& task) {
  if (task.get_string("template").empty()) return false;
  return std::ranges::all_of(task.as_object(), [](const Json::Member& member) {
    const std::string& key = member.first;
    return key == "name" || key == "template" || key == "dependencies" || key == "depends";
  });
}

/// The names of all tasks, and what the plain ones call: what an event needs of them, close together. An
/// error's message, or empty.
std::string read_tasks(DagWork& work) {
  const Prepared& p = work.prepared;
  const bool tagged = p.tmpl != p.resolved->json || p.resolved->tagged;
  std::map<std::string, std::uint32_t> templates;
  work.tasks.resize(work.described->size());
  for (std::uint32_t t = 0; t < work.tasks.size(); ++t) {
    const Json& task = work.json(t);
    if (!task.get("name").is_string()) return "a task has no name";
    DagWork::Task& made = work.tasks[t];
    made.name = static_cast<std::uint32_t>(work.names.size());
    work.names += task.get("name").as_string();
    made.plain = !tagged && is_plain(task);
    if (!made.plain) continue;
    const auto next = static_cast<std::uint32_t>(work.templates.size());
    const auto [known, fresh] = templates.emplace(task.get_string("template"), next);
    if (fresh) work.templates.push_back(known->first);
    made.called = known->second & 0x3ffffff;
  }
  return "";
}

/// Reads what one task depends on; an error's message, or empty.
std::string read_dependencies(DagWork& work, std::uint32_t t, const Names& names) {
  const Json& task = work.json(t);
  std::vector<std::string> wanted;
  if (const std::string text = task.get_string("depends"); !text.empty()) {
    spec::DependsError error;
    auto parsed = spec::Depends::parse(text, &error);
    if (!parsed) {
      return fmt::format("task '{}' has an invalid depends `{}`: {}", task.get_string("name"), text,
                         error.message);
    }
    for (const auto& named : parsed->tasks()) wanted.push_back(named.task);
    work.depends.emplace(t, std::move(*parsed));
  } else {
    wanted.reserve(task.get_array("dependencies").size());
    for (const Json& d : task.get_array("dependencies")) wanted.push_back(text_or_empty(d));
  }
  for (const std::string& name : wanted) {
    const auto found = names.find(name);
    if (!found) {
      return fmt::format("task '{}' depends on '{}', which is no task of this DAG", task.get_string("name"),
                         name);
    }
    work.dependencies.items.push_back(*found);
  }
  return "";
}

std::string find_targets(DagWork& work, const Names& names) {
  const std::string target = work.tmpl().get("dag").get_string("target");
  for (const std::string& name : words(target)) {
    const auto found = names.find(name);
    if (!found) return fmt::format("target {} does not exist", name);
    work.targets.push_back(*found);
  }
  if (!target.empty()) return "";
  std::vector<std::pair<std::string_view, std::uint32_t>> last;
  for (std::uint32_t t = 0; t < work.tasks.size(); ++t) {
    if (work.dependents.size(t) == 0) last.emplace_back(work.name(t), t);
  }
  std::sort(last.begin(), last.end());
  for (const auto& [name, t] : last) work.targets.push_back(t);
  return "";
}

/// Targets and all that they depend on.
void mark_needed(DagWork& work) {
  std::vector<std::uint32_t> todo = work.targets;
  while (!todo.empty()) {
    const std::uint32_t t = todo.back();
    todo.pop_back();
    if (work.tasks[t].state != DagWork::State::unneeded) continue;
    work.tasks[t].state = DagWork::State::waiting;
    work.tasks[t].waits = work.dependencies.size(t);
    for (std::uint32_t k = 0; k < work.dependencies.size(t); ++k) todo.push_back(work.dependencies.at(t)[k]);
  }
}

bool continues(const Json& task, Phase phase) {
  const Json& on = task.get("continueOn");
  return (phase == Phase::error && on.get_bool("error")) || (phase == Phase::failed && on.get_bool("failed"));
}

}  // namespace

/// An error's message, or empty.
std::string Scheduler::Impl::plan_dag(DagWork& work) const {
  work.described = &work.tmpl().get("dag").get_array("tasks");
  if (std::string error = read_tasks(work); !error.empty()) return error;
  const auto count = static_cast<std::uint32_t>(work.tasks.size());
  Names names(work);
  for (std::uint32_t t = 0; t < count; ++t) names.add(t);
  work.dependencies.begin.push_back(0);
  for (std::uint32_t t = 0; t < count; ++t) {
    if (std::string error = read_dependencies(work, t, names); !error.empty()) return error;
    work.dependencies.begin.push_back(static_cast<std::uint32_t>(work.dependencies.items.size()));
  }
  work.dependents = reversed(work.dependencies, count);
  if (std::string error = find_targets(work, names); !error.empty()) return error;
  mark_needed(work);
  Mentions mentions(names, work.tasks);
  if (tagged_volumes_) mentions.all();
  const Prepared& p = work.prepared;
  if (p.tmpl == p.resolved->json && !p.resolved->tasks) return "";
  for (const Json& task : *work.described) mentions.in(task);
  mentions.in(work.tmpl().get("outputs"));
  return "";
}

/// What the task's dependencies say: nothing with an error, else whether it runs.
std::optional<bool> Scheduler::Impl::depends_hold(const DagWork& work, std::uint32_t t) const {
  const std::uint32_t* dependencies = work.dependencies.at(t);
  const auto results = [&](std::size_t k) {
    using enum spec::TaskResult;
    spec::TaskResults out;
    const NodeIndex i = work.tasks[dependencies[k]].node;
    if (i == kNoNode) return out;
    const Node& n = graph_[i];
    if (n.phase == Phase::succeeded) out.add(succeeded);
    if (n.phase == Phase::failed) out.add(failed);
    if (n.phase == Phase::error) out.add(errored);
    if (n.phase == Phase::skipped) out.add(skipped);
    if (n.phase == Phase::omitted) out.add(omitted);
    if (n.daemoned && n.phase != Phase::pending) out.add(daemoned);
    if (n.type != NodeType::task_group) return out;
    bool any = false;
    bool all = !n.children.empty();
    for (const NodeIndex c : graph_.children(n)) {
      const Phase phase = graph_[c].phase;
      any = any || phase == Phase::succeeded;
      all = all && phase == Phase::failed;
    }
    if (any) out.add(any_succeeded);
    if (all) out.add(all_failed);
    return out;
  };
  const auto tolerance = [&](std::size_t k) {
    const Json& on = work.json(dependencies[k]).get("continueOn");
    return spec::Tolerance{on.get_bool("error"), on.get_bool("failed")};
  };
  if (const auto it = work.depends.find(t); it != work.depends.end()) {
    return it->second.evaluate(results, tolerance);
  }
  for (std::uint32_t k = 0; k < work.dependencies.size(t); ++k) {
    using enum spec::TaskResult;
    const spec::TaskResults r = results(k);
    if (r.has(succeeded) || r.has(skipped) || r.has(daemoned)) continue;
    const spec::Tolerance on = tolerance(k);
    if (!(on.error && r.has(errored)) && !(on.failed && r.has(failed))) return false;
  }
  return true;
}

/// What a task that did not run passes on: a failure of those it comes after, else success.
Phase Scheduler::Impl::inherited_phase(const DagWork& work, std::uint32_t t) const {
  for (std::uint32_t k = 0; k < work.dependencies.size(t); ++k) {
    const NodeIndex dependency = work.tasks[work.dependencies.at(t)[k]].node;
    if (dependency == kNoNode) continue;
    std::vector<NodeIndex> parents;
    outbound(dependency, parents);
    for (const NodeIndex p : parents) {
      const Phase phase = graph_[p].phase;
      const bool own = phase == Phase::succeeded || failed_or_error(phase);
      if (const Phase branch = own ? phase : graph_[p].branch; failed_or_error(branch)) return branch;
    }
  }
  return Phase::succeeded;
}

/// The phase that the targets give the DAG (assessDAGPhase).
Phase Scheduler::Impl::judge_dag(const DagWork& work) const {
  const bool fail_fast = work.tmpl().get("dag").get_bool("failFast", true);
  Phase result = Phase::succeeded;
  for (const std::uint32_t t : work.targets) {
    const NodeIndex i = work.tasks[t].node;
    if (i == kNoNode) continue;
    const Phase phase = graph_[i].phase;
    const bool own = phase == Phase::succeeded || failed_or_error(phase);
    const Phase branch = own ? phase : graph_[i].branch;
    if (!failed_or_error(branch) || continues(work.json(t), branch)) continue;
    result = branch;
    if (fail_fast) break;
  }
  return result;
}

}  // namespace skiff::runner
