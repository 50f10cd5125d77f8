// DAG templates: what tasks depend on, and what they may therefore know (workflow/validate validateDAG,
// workflow/common/ancestry.go, util/sorting).
//
// Argo reads `depends` with a regular expression here and with its expression language only when the workflow
// runs: each word is a task, and `A.Result` is a task too. So `A and B` names a task `and`.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>

#include "spec/depends.h"
#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

struct Word {
  std::string_view task;
  std::string_view result;  ///< "" for a bare name
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// Matches of `name.Result` or `name`, leftmost first.
std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> out;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_letter(text[i]) && !is_digit(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && (is_letter(text[i]) || is_digit(text[i]) || text[i] == '-')) ++i;
    Word w{text.substr(begin, i - begin), {}};
    if (i + 2 < text.size() && text[i] == '.' && is_upper(text[i + 1]) && is_letter(text[i + 2])) {
      const std::size_t from = ++i;
      while (i < text.size() && is_letter(text[i])) ++i;
      w.result = text.substr(from, i - from);
    }
    out.push_back(w);
  }
  return out;
}

bool has_loop(const Json& task) {
  return !task.get_array("withItems").empty() || !text_of(task, "withParam").empty() ||
         present(task, "withSequence");
}

constexpr std::array<std::string_view, 8> kResults{"Succeeded", "Failed",   "Errored",      "Skipped",
                                                   "Omitted",   "Daemoned", "AnySucceeded", "AllFailed"};

}  // namespace

/// The check of one DAG; holds its graph.
class DagCheck {
 public:
  DagCheck(Validator& v, const TemplateView& t, const Json& processed, Names& names, const Site& site);
  void run();

 private:
  struct Need {
    std::string name;
    bool items = false;
    bool bare = false;
  };
  struct Task {
    const Json* json = nullptr;
    std::string name;
    Site site;
    std::vector<Need> needs;
    std::vector<std::size_t> before;  ///< indices of those that exist
    std::optional<TemplateView> called;
    std::size_t order = 0;
  };

  void read_needs(Task& task) const;
  void link();
  void order_tasks();
  void check_mixture(const Task& task);
  void check_depends(const Task& task);
  void meet(Task& task);
  void check_task(Task& task);
  void check_ancestry(const Task& task);
  void check_target();
  [[nodiscard]] bool is_ancestor(std::string_view name, const Task& of) const;
  [[nodiscard]] std::vector<std::string_view> task_names() const;

  Validator& v_;
  const TemplateView& t_;
  const Json& dag_;
  Names& names_;
  const Site& site_;
  bool uses_depends_ = false;
  std::vector<Task> tasks_;
  std::unordered_map<std::string_view, std::size_t> index_;
  std::vector<std::size_t> sorted_;
};

DagCheck::DagCheck(Validator& v, const TemplateView& t, const Json& processed, Names& names, const Site& site)
    : v_(v), t_(t), dag_(processed.get("dag")), names_(names), site_(site) {
  const Json::Array& list = dag_.get_array("tasks");
  tasks_.reserve(list.size());
  const std::string path = child_path(child_path(t.path, "dag"), "tasks");
  for (std::size_t i = 0; i < list.size(); ++i) {
    Task task;
    task.json = &list[i];
    task.name = list[i].get_string("name");
    task.site = {child_path(path, i), fmt::format("{}, task `{}`", t.who, task.name)};
    uses_depends_ = uses_depends_ || !text_of(list[i], "depends").empty();
    tasks_.push_back(std::move(task));
  }
}

void DagCheck::read_needs(Task& task) const {
  std::unordered_map<std::string_view, std::size_t> seen;
  const auto add = [&](const Word& w) {
    const bool items = w.result == "AnySucceeded" || w.result == "AllFailed";
    const auto [it, fresh] = seen.try_emplace(w.task, task.needs.size());
    if (fresh) {
      task.needs.push_back({std::string(w.task), items, w.result.empty()});
    } else {
      // A bare name that comes later overrules, as in Argo.
      Need& n = task.needs[it->second];
      n.items = w.result.empty() ? false : n.items || items;
    }
  };
  const std::string depends = text_of(*task.json, "depends");
  if (!depends.empty()) {
    for (const Word& w : words_of(depends)) add(w);
    return;
  }
  std::deque<std::string> texts;
  for (const Json& d : task.json->get_array("dependencies")) {
    texts.push_back((d.is_string() ? d.as_string() : "") + ".Succeeded");
    for (const Word& w : words_of(texts.back())) add(w);
  }
}

std::vector<std::string_view> DagCheck::task_names() const {
  std::vector<std::string_view> out;
  for (const Task& t : tasks_) out.push_back(t.name);
  return out;
}

void DagCheck::link() {
  for (std::size_t i = 0; i < tasks_.size(); ++i) index_[tasks_[i].name] = i;  // the last one counts
  for (Task& task : tasks_) {
    read_needs(task);
    const bool depends = !text_of(*task.json, "depends").empty();
    const Site here = task.site.at(depends ? "depends" : "dependencies");
    for (const Need& need : task.needs) {
      const auto it = index_.find(need.name);
      if (it == index_.end()) {
        v_.error("dag-dependency", here, fmt::format("it depends on `{}`, which is no task", need.name),
                 v_.guess(need.name, [&] { return task_names(); }));
        continue;
      }
      task.before.push_back(it->second);
      if (need.items && !has_loop(*tasks_[it->second].json)) {
        v_.error("dag-items-result", here,
                 fmt::format("AnySucceeded and AllFailed of `{}` need a loop, which it is not", need.name),
                 "give that task withItems, withParam or withSequence, or ask for .Succeeded or .Failed");
      }
    }
  }
}

/// Tasks after what they depend on; those on a cycle come last, in the order of the text.
void DagCheck::order_tasks() {
  std::vector<std::vector<std::size_t>> edges;
  std::vector<std::vector<std::size_t>> after(tasks_.size());
  std::vector<std::size_t> waits(tasks_.size());
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    edges.push_back(tasks_[i].before);
    waits[i] = tasks_[i].before.size();
    for (const std::size_t b : tasks_[i].before) after[b].push_back(i);
    if (waits[i] == 0) sorted_.push_back(i);
  }
  for (std::size_t head = 0; head < sorted_.size(); ++head) {
    for (const std::size_t next : after[sorted_[head]]) {
      if (--waits[next] == 0) sorted_.push_back(next);
    }
  }
  if (sorted_.size() < tasks_.size()) {
    const std::vector<std::size_t> cycle = find_cycle(edges);
    std::string path;
    for (const std::size_t i : cycle) path += fmt::format("`{}` -> ", tasks_[i].name);
    path += fmt::format("`{}`", tasks_[cycle.front()].name);
    v_.error("dag-cycle", {tasks_[cycle.front()].site.path, site_.who},
             fmt::format("tasks depend on each other: {}", path));
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (waits[i] != 0) sorted_.push_back(i);
    }
  }
  for (std::size_t n = 0; n < sorted_.size(); ++n) tasks_[sorted_[n]].order = n;
}

void DagCheck::check_mixture(const Task& task) {
  const bool dependencies = !task.json->get_array("dependencies").empty();
  if ((uses_depends_ || dependencies) && !task.name.empty() && is_digit(task.name[0])) {
    v_.error(
        "dag-digit", task.site.at("name"),
        fmt::format("a task's name (`{}`) cannot begin with a digit where depends or dependencies are used",
                    task.name));
  }
  if (!uses_depends_) return;
  if (dependencies) {
    v_.error("dag-depends-mix", task.site.at("dependencies"),
             "`depends` and `dependencies` cannot be used in one DAG", "write `depends: a && b` everywhere");
  }
  if (present(*task.json, "continueOn")) {
    v_.error("dag-depends-mix", task.site.at("continueOn"),
             "`continueOn` cannot be used in a DAG that uses `depends`",
             "tasks that go on depend on `name.Failed` or `name.Errored`");
  }
}

void DagCheck::check_depends(const Task& task) {
  const std::string text = text_of(*task.json, "depends");
  if (text.empty()) return;
  bool good = true;
  for (const Word& w : words_of(text)) {
    if (w.result.empty() || std::find(kResults.begin(), kResults.end(), w.result) != kResults.end()) continue;
    good = false;
    const std::vector<std::string_view> results(kResults.begin(), kResults.end());
    v_.error("dag-result", task.site.at("depends"),
             fmt::format("`{}` of task `{}` is no result of a task", w.result, w.task),
             did_you_mean(w.result, results));
  }
  DependsError wrong;
  if (good && !Depends::parse(text, &wrong)) {
    v_.warning("depends-syntax", task.site.at("depends"),
               fmt::format("`{}` cannot be evaluated: {}", text, wrong.message),
               "write task names, task.Result, && || ! and parentheses");
  }
}

/// The first walk: templates are resolved and looked into, and every task's outputs become known.
void DagCheck::meet(Task& task) {
  check_mixture(task);
  bool failed = false;
  task.called = v_.resolve(*task.json, *t_.base, task.site, &failed);
  if (failed) names_.pardon("tasks." + task.name + ".");
  if (task.called) v_.visit(*task.called, {}, task.site);
  const bool aggregate =
      !task.json->get_array("withItems").empty() || !text_of(*task.json, "withParam").empty();
  v_.add_outputs(task.called, "tasks." + task.name, aggregate, names_);
  check_depends(task);
}

/// Whether `name` ends before `of` begins. Only tasks sorted between the two are looked at.
bool DagCheck::is_ancestor(std::string_view name, const Task& of) const {
  const auto it = index_.find(name);
  if (it == index_.end()) return false;
  const std::size_t wanted = it->second;
  std::vector<std::size_t> open = of.before;
  std::vector<std::size_t> all;
  std::unordered_map<std::size_t, bool> seen;
  while (!open.empty()) {
    const std::size_t i = open.back();
    open.pop_back();
    if (i == wanted) return true;
    if (tasks_[i].order < tasks_[wanted].order || !seen.emplace(i, true).second) continue;
    const auto& before = tasks_[i].before;
    if (std::find(before.begin(), before.end(), wanted) != before.end()) return true;
    open.insert(open.end(), before.begin(), before.end());
  }
  return false;
}

/// Arguments that are an output of a task need that task as an ancestor (validateDAGTaskArgumentDependency).
void DagCheck::check_ancestry(const Task& task) {
  const Json& arguments = task.json->get("arguments");
  const auto look = [&](const Json& argument, std::string_view field, std::string_view what,
                        const Site& site) {
    const std::string text = text_of(argument, field);
    if (!text.starts_with("{{tasks.")) return;
    const std::string_view rest = std::string_view(text).substr(8);
    const std::string_view name = rest.substr(0, rest.find('.'));
    if (is_ancestor(name, task)) return;
    if (v_.told_tags_.count(fmt::format("{}\n{}", site.at(field).path,
                                        std::string_view(text).substr(2, text.find('}') - 2))) != 0) {
      return;  // there is no such task or output
    }
    v_.error("dag-ancestry", site.at(field),
             fmt::format("the {} `{}` comes from task `{}`, which need not have run before", what,
                         argument.get_string("name"), name),
             fmt::format("add `{}` to its {}", name, uses_depends_ ? "depends" : "dependencies"));
  };
  const Json::Array& parameters = arguments.get_array("parameters");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    look(parameters[i], "value", "parameter", task.site.at(child_path("arguments.parameters", i)));
  }
  const Json::Array& artifacts = arguments.get_array("artifacts");
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    look(artifacts[i], "from", "artifact", task.site.at(child_path("arguments.artifacts", i)));
  }
}

/// The second walk: what a task says, now that all that can be known is known.
void DagCheck::check_task(Task& task) {
  const Json& json = *task.json;
  if (!json.get_object("hooks").empty()) names_.add("tasks." + task.name + ".status");
  v_.add_outputs(task.called, "tasks." + task.name, false, names_);

  Names own(&names_);
  own.ask([&](std::string_view name) {
    if (!name.starts_with("tasks.") || !name.ends_with(".status")) return false;
    return is_ancestor(name.substr(6, name.size() - 6 - 7), task);
  });
  for (const Json& p : json.get("inline").get("inputs").get_array("parameters")) {
    own.add("inputs.parameters." + p.get_string("name"));
  }
  v_.check_loop(json, own, task.site);
  v_.check_tags(json, task.site.path, own, task.site);
  v_.check_arguments(json.get("arguments"), task.site.at("arguments"), false, false);
  check_ancestry(task);
  v_.check_hook_expressions(json.get("hooks"), task.site.at("hooks"), false);
  if (task.called) v_.check_call(*task.called, {&json.get("arguments")}, task.site);
}

void DagCheck::check_target() {
  const std::string target = text_of(dag_, "target");
  if (target.empty()) return;
  const Site here{child_path(child_path(t_.path, "dag"), "target"), site_.who};
  v_.check_text_tags(target, here.path, names_, here);
  std::string_view rest = target;
  for (bool more = true; more;) {
    const auto space = rest.find(' ');
    const std::string_view name = rest.substr(0, space);
    more = space != std::string_view::npos;
    rest.remove_prefix(more ? space + 1 : rest.size());
    if (holds_parameter(name) || index_.find(name) != index_.end()) continue;
    v_.error("dag-target", here, fmt::format("the target `{}` is no task", name),
             v_.guess(name, [&] { return task_names(); }));
  }
}

void DagCheck::run() {
  if (tasks_.empty()) {
    v_.error("dag-empty", {child_path(t_.path, "dag"), site_.who}, "its dag has no tasks");
    return;
  }
  v_.check_names(dag_.get_array("tasks"), {child_path(child_path(t_.path, "dag"), "tasks"), site_.who},
                 "a task", NameRule::field);
  link();
  order_tasks();
  for (const std::size_t i : sorted_) meet(tasks_[i]);
  check_target();
  for (const std::size_t i : sorted_) check_task(tasks_[i]);
}

void Validator::check_dag(const TemplateView& t, const Json& processed, Names& names, const Site& site) {
  if (present(processed, "activeDeadlineSeconds")) {
    error("active-deadline", site.at("activeDeadlineSeconds"),
          "`activeDeadlineSeconds` is for templates that run something themselves",
          "put it on the templates that it calls, or on the spec");
  }
  DagCheck(*this, t, processed, names, site).run();
}

}  // namespace skiff::spec::validation
