// References of steps and tasks: arguments and `when` get the values of what has run before, artifacts their
// locations, loops their items (steps.go resolveReferences, dag.go resolveDependencyReferences).
#include <fmt/format.h>

#include "runner/core/fields.h"
#include "runner/core/impl.h"
#include "spec/when.h"

namespace skiff::runner {
namespace {

bool loops(const Json& task) {
  return !task.get("withItems").empty() || !text_or_empty(task.get("withParam")).empty() ||
         task.get("withSequence").is_object();
}

/// Whether a tag speaks of an item's key, which other items may lack.
bool speaks_of_items(const Json& task) {
  bool found = false;
  spec::for_each_tag_in(task, [&](const spec::Tag& tag) {
    found = found || tag.expression || tag.raw.find("item.") != std::string_view::npos;
  });
  return found;
}

spec::LoopItems items_of(const Json& task) {
  if (const Json& items = task.get("withItems"); !items.empty()) return spec::expand_items(items.as_array());
  if (const Json& param = task.get("withParam"); !param.is_null()) {
    return spec::expand_param(text_or_empty(param));
  }
  return spec::expand_sequence(spec::SequenceBounds::from_json(task.get("withSequence")));
}

/// The artifact that `from` or `fromExpression` names, or an error.
std::string find_artifact(const Json& artifact, const spec::Scope& scope, Json& out) {
  if (const std::string expression = artifact.get_string("fromExpression"); !expression.empty()) {
    spec::Evaluated result = spec::evaluate_expression(expression, scope);
    if (!result.error.empty()) return result.error;
    if (!result.value.is_object()) {
      return fmt::format("Variable {{{{{}}}}} is not an artifact", artifact.get_string("name"));
    }
    out = std::move(result.value);
    return "";
  }
  spec::Reference ref = spec::resolve_reference(artifact.get_string("from"), scope);
  if (!ref.error.empty()) return ref.error;
  if (ref.value && ref.value->is_object()) {
    out = std::move(*ref.value);
  } else if (ref.entry != nullptr && ref.entry->known == spec::Known::artifact) {
    out = ref.entry->artifact;
  } else {
    return fmt::format("Variable {{{{{}}}}} is not an artifact", ref.name);
  }
  return "";
}

}  // namespace

Loop::Loop(const ResolvedTask& task, const spec::Scope& scope)
    : task_(task.json), name_(task.json.get_string("name")), scope_(scope) {
  items_ = items_of(task_);
  const spec::WhenResult when = spec::evaluate_when(task_.get_string("when"));
  if (!items_.error.empty() && (!when.ok() || when.value)) error_ = items_.error;
  lenient_ = when.ok() && !when.value;
  for (const char* with : {"withItems", "withParam", "withSequence"}) task_.erase(with);
  tagged_ = spec::tree_has_tags(task_);
  if (!error_.empty() || !tagged_ || !speaks_of_items(task_)) return;
  for (std::size_t i = 0; i < size() && error_.empty(); ++i) error_ = this->task(i).error;
}

ResolvedTask Loop::task(std::size_t i) const {
  const spec::LoopItem& item = items_.items[i];
  ResolvedTask out{task_, false, ""};
  if (tagged_) {
    spec::Scope scope(&scope_);
    item.add_to(scope);
    const spec::Unresolved rule = lenient_ ? spec::Unresolved::keep : spec::Unresolved::reject;
    auto error = spec::substitute_in_place(out.json, scope, rule);
    if (error && !lenient_) out.error = std::move(error->message);
  }
  out.json.set("name", fmt::format("{}({})", name_, item.suffix));
  return out;
}

Json Loop::with_hooks(Json task, std::size_t i) const {
  Json* hooks = task.find("hooks");
  if (hooks == nullptr || !spec::tree_has_tags(*hooks)) return task;
  spec::Scope scope;
  items_.items[i].add_to(scope);
  (void)spec::substitute_in_place(*hooks, scope, spec::Unresolved::keep);
  return task;
}

/// The step or task with everything replaced that can be known before its items are.
ResolvedTask Scheduler::Impl::resolve_task(const Json& task, const spec::Scope& scope, bool dag) const {
  ResolvedTask out{task, false, ""};
  out.json.erase("hooks");
  if (const std::string when = task.get_string("when"); !when.empty()) {
    auto resolved = spec::substitute_text(when, scope, spec::Unresolved::keep_but_steps);
    if (resolved.error) {
      out.error = std::move(resolved.error->message);
      return out;
    }
    const spec::WhenResult result = spec::evaluate_when(resolved.value);
    if (!result.ok() && !loops(task)) {
      out.error = result.error;
      return out;
    }
    if (result.ok() && !result.value) {
      out.json.set("when", std::move(resolved.value));
      out.when_false = true;
      return out;
    }
  }
  if (Json* args = out.json.find("arguments")) mark_absent(*args, scope);
  if (auto error = spec::substitute_in_place(out.json, scope, spec::Unresolved::keep_but_steps)) {
    out.error = std::move(error->message);
    return out;
  }
  if (Json* args = out.json.find("arguments")) {
    out.error = resolve_artifacts(*args, scope, !dag);
  }
  return out;
}

/// Replaces `from` by locations. An error for one that is not optional; with `any_error` an optional one may
/// be dropped whatever is wrong, else only where it is not there.
std::string Scheduler::Impl::resolve_artifacts(Json& arguments, const spec::Scope& scope,
                                               bool any_error) const {
  Json* list = arguments.find("artifacts");
  if (list == nullptr || !list->is_array()) return "";
  Json kept = Json::array();
  for (Json& artifact : list->as_array()) {
    if (artifact.get_string("from").empty() && artifact.get_string("fromExpression").empty()) {
      kept.push_back(std::move(artifact));
      continue;
    }
    Json found;
    std::string error = resolve_artifact(artifact, scope, found);
    if (error.empty()) {
      found.set("name", artifact.get_string("name"));
      kept.push_back(std::move(found));
      continue;
    }
    const bool missing = any_error || error.find("Unable to resolve") != std::string::npos;
    if (artifact.get_bool("optional") && missing) continue;
    return any_error ? "unable to resolve references: " + error : error;
  }
  *list = std::move(kept);
  return "";
}

std::string Scheduler::Impl::resolve_artifact(const Json& artifact, const spec::Scope& scope,
                                              Json& out) const {
  const bool global = mentions_workflow(artifact.get_string("fromExpression")) ||
                      mentions_workflow(artifact.get_string("from"));
  std::string error =
      global ? find_artifact(artifact, without_globals(scope), out) : find_artifact(artifact, scope, out);
  if (!error.empty()) return error;
  std::string sub = artifact.get_string("subPath");
  if (sub.empty()) return "";
  auto resolved = spec::substitute_text(sub, scope, spec::Unresolved::keep);
  if (resolved.error) return resolved.error->message;
  if (auto below = with_sub_path(out, resolved.value)) {
    out = std::move(*below);
    return "";
  }
  if (out.get_bool("optional")) return "";
  return fmt::format("key unsupported: artifact `{}` has no key that subPath could be appended to",
                     artifact.get_string("name"));
}

/// The hooks as the template has them; nullptr if there are none. `onExit` and an exit hook without arguments
/// get the workflow's arguments (GetExitHook).
std::shared_ptr<const HookSpec> Scheduler::Impl::hook_spec(const Json& task, bool dag) const {
  const Json& hooks = task.get("hooks");
  const std::string on_exit = task.get_string("onExit");
  if (hooks.empty() && on_exit.empty()) return nullptr;
  auto out = std::make_shared<HookSpec>();
  out->prefix = dag ? "tasks." : "steps.";
  if (!on_exit.empty()) {
    out->exit = Json::object();
    out->exit.set("template", on_exit);
    out->exit.set("arguments", spec_.get("arguments"));
  }
  if (hooks.is_object()) {
    for (const auto& [name, hook] : hooks.as_object()) {
      if (name != "exit") {
        out->hooks.set(name, hook);
      } else if (on_exit.empty()) {
        out->exit = hook;
        if (!has_arguments(hook.get("arguments"))) out->exit.set("arguments", spec_.get("arguments"));
      }
    }
  }
  return out;
}

}  // namespace skiff::runner
