// Tags that nobody will replace: `{{…}}` whose name is not known where it stands.
//
// Rules: workflow/validate resolveAllVariables. Only names under a few roots must be known; the rest, and
// every expression, Argo leaves to the run.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {
namespace {

constexpr std::array<std::string_view, 7> kRoots{"item.", "steps.",    "inputs.", "outputs.",
                                                 "pod.",  "workflow.", "tasks."};
/// Known when the workflow runs, whatever follows.
constexpr std::array<std::string_view, 7> kAlways{"outputs.",
                                                  "workflow.creationTimestamp",
                                                  "workflow.scheduledTime",
                                                  "workflow.duration",
                                                  "tasks.name",
                                                  "steps.name",
                                                  "node.name"};

template <class List>
bool begins_with_any(std::string_view text, const List& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view p) { return text.starts_with(p); });
}

/// Walks a tree with the path to where it is, written only when somebody asks.
class PathWalk {
 public:
  using Visit = std::function<void(std::string_view text, const std::string& path)>;
  PathWalk(std::string root, const Visit& visit) : path_(std::move(root)), visit_(visit) {}

  void walk(const Json& tree) {
    if (tree.is_string()) {
      if (tree.as_string().find("{{") != std::string::npos) visit_(tree.as_string(), path_);
    } else if (tree.is_array()) {
      const Json::Array& list = tree.as_array();
      for (std::size_t i = 0; i < list.size(); ++i) {
        below([&] { path_ = child_path(path_, i); }, list[i]);
      }
    } else if (tree.is_object()) {
      for (const auto& [key, value] : tree.as_object()) {
        if (key.find("{{") != std::string::npos) visit_(key, path_);
        below([&, &k = key] { path_ = child_path(path_, k); }, value);
      }
    }
  }

 private:
  template <class Extend>
  void below(const Extend& extend, const Json& value) {
    // Most values are words without tags: no path is made for them.
    if (value.is_string() ? value.as_string().find("{{") == std::string::npos
                          : !value.is_array() && !value.is_object()) {
      return;
    }
    const std::size_t length = path_.size();
    extend();
    walk(value);
    path_.resize(length);
  }

  std::string path_;
  const Visit& visit_;
};

std::string_view segment(std::string_view name, int number) {
  for (; number > 0; --number) {
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) return {};
    name.remove_prefix(dot + 1);
  }
  return name.substr(0, name.find('.'));
}

}  // namespace

bool Validator::is_known(std::string_view name, const Names& names) const {
  if (!begins_with_any(name, kRoots) || begins_with_any(name, kAlways)) return true;
  if (names.has(name) || globals_.find(name) != nullptr) return true;
  if (name.starts_with("item.")) return names.allows(Names::Any::item);
  if (name.starts_with("workflow.outputs.parameters.")) return names.allows(Names::Any::global_parameter);
  if (name.starts_with("workflow.outputs.artifacts.")) return names.allows(Names::Any::global_artifact);
  return of_template_ && name.starts_with("workflow.parameters");
}

/// What to do about it: what is special about the name, else what it is nearest to.
std::string Validator::unresolved_hint(std::string_view name, const Names& names) const {
  if (name == "workflow.failures") return "it is known in the exit handler (`onExit` of the spec) only";
  if (name == "workflow.priority") return "it is known only where the spec has a `priority`";
  if (name == "pod.name") return "it is known only inside templates that run a pod";
  if (name == "workflow.parameters") return "the workflow has no parameters";
  if (guesses_left_-- <= 0) return "";
  std::vector<std::string_view> candidates;
  names.collect(candidates);
  const std::string_view root = segment(name, 0);
  const bool node = root == "steps" || root == "tasks";
  const std::string prefix = fmt::format("{}.{}.", root, segment(name, 1));
  const bool any_node = std::any_of(candidates.begin(), candidates.end(), [&](std::string_view c) {
    return c.starts_with(std::string(root) + ".");
  });
  const bool known_node = std::any_of(candidates.begin(), candidates.end(),
                                      [&](std::string_view c) { return c.starts_with(prefix); });
  if (node && !any_node) {
    return fmt::format("{}.* is known only in the template that calls them; pass the value as an argument",
                       root);
  }
  if (node && known_node && name.ends_with(".status")) {
    return root == "tasks" ? "only the status of tasks that this one depends on is known"
                           : "only the status of earlier steps is known";
  }
  if (node && known_node && name.ends_with(".outputs.parameters")) {
    return "without a name it is known only for steps and tasks with withItems or withParam";
  }
  if (node && known_node && name.ends_with(".ip")) return "only a daemon has an ip";
  const auto visible = globals_.visible();
  for (const auto& [global, entry] : visible) candidates.push_back(global);
  if (const std::string guess = closest(name, candidates); !guess.empty()) {
    return "did you mean `{{" + guess + "}}`?";
  }
  if (node && !known_node) return fmt::format("no earlier step or task is named `{}`", segment(name, 1));
  if (name.starts_with("inputs.parameters.")) return "declare it under `inputs.parameters` of the template";
  if (name.starts_with("inputs.artifacts.")) return "declare it under `inputs.artifacts` of the template";
  if (name.starts_with("workflow.parameters.")) return "declare it under `spec.arguments.parameters`";
  if (name.starts_with("workflow.labels.")) return "the workflow has no such label";
  if (name.starts_with("workflow.annotations.")) return "the workflow has no such annotation";
  if (name.starts_with("workflow.outputs."))
    return "no template that ran before gives an output that `globalName`";
  return "";
}

void Validator::check_text_tags(std::string_view text, const std::string& path, const Names& names,
                                const Site& site) {
  for_each_tag(text, [&](const Tag& tag) {
    if (tag.expression) return;
    if (!tag.closed) {
      const std::string_view word = tag.name.substr(0, tag.name.find_first_of("}\"' \n"));
      if (begins_with_any(tag.name, kRoots) && !begins_with_any(tag.name, kAlways)) {
        error("template-syntax", {path, site.who}, fmt::format("`{{{{{}` is not closed by `}}}}`", word));
      }
      return;
    }
    if (is_known(tag.name, names)) return;
    const std::string key = fmt::format("{}\n{}", path, tag.name);
    if (told_tags_.count(key) != 0) return;
    // What was only a warning may yet be an error: of the step that holds the template in place.
    if (!told_tags_.insert(errors_are_warnings_ ? key + "\n" : key).second) return;
    error("unresolved-variable", {path, site.who},
          fmt::format("nothing gives `{{{{{}}}}}` a value here", tag.name), unresolved_hint(tag.name, names));
  });
}

void Validator::check_tags(const Json& tree, const std::string& path, const Names& names, const Site& site) {
  const PathWalk::Visit visit = [&](std::string_view text, const std::string& where) {
    check_text_tags(text, where, names, site);
  };
  PathWalk(path, visit).walk(tree);
}

}  // namespace skiff::spec::validation
