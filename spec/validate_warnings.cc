// What Argo does not look at and users get bitten by, as warnings: syntax of expressions, `when` and
// durations,
// `{{item}}` without a loop, templates that nobody calls.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "spec/expr/parser.h"
#include "spec/units.h"
#include "spec/validate_internal.h"
#include "spec/when.h"

namespace skiff::spec::validation {
namespace {

bool is_item(std::string_view name) {
  return name == "item" || name.starts_with("item.") || name.starts_with("item[");
}

bool loops(const Json& task) {
  return present(task, "withItems") || present(task, "withParam") || present(task, "withSequence");
}

/// Calls `f(task, path)` for each step or task of the template.
template <class F>
void for_each_task(const Json& json, const std::string& path, const F& f) {
  const Json::Array& groups = json.get_array("steps");
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Json::Array& group = groups[g].is_array() ? groups[g].as_array() : groups[g].get_array("steps");
    const std::string below = child_path(child_path(path, "steps"), g);
    for (std::size_t s = 0; s < group.size(); ++s) f(group[s], child_path(below, s));
  }
  const Json::Array& tasks = json.get("dag").get_array("tasks");
  const std::string below = child_path(child_path(path, "dag"), "tasks");
  for (std::size_t i = 0; i < tasks.size(); ++i) f(tasks[i], child_path(below, i));
}

/// The templates that a task, hook or spec names, inline ones included.
void collect_called(const Json& json, std::vector<std::string>& out) {
  const auto add = [&](const Json& holder, std::string_view key) {
    if (std::string name = text_of(holder, key); !name.empty()) out.push_back(std::move(name));
  };
  for_each_task(json, "", [&](const Json& task, const std::string&) {
    add(task, "template");
    add(task, "onExit");
    for (const auto& [name, hook] : task.get_object("hooks")) add(hook, "template");
    if (const Json& inner = task.get("inline"); inner.is_object()) collect_called(inner, out);
  });
}

}  // namespace

void Validator::warn_expression(std::string_view text, const std::string& path, const Site& site) {
  const auto parsed = expr::parse(text);
  if (parsed.ok()) {
    if (text.find("\"].outputs.result") == std::string_view::npos) return;
    return warning(
        "result-quotes", {path, site.who},
        "a cluster does not see that this result is asked for, and does not keep it, if its step or task "
        "is named in double quotes only",
        "write ['NAME'].outputs.result");
  }
  warning("expression-syntax", {path, site.who},
          fmt::format("`{}` is no expression: {}", text, parsed.error().message), parsed.error().hint);
}

/// Expressions anywhere: in `{{=…}}`, and as the whole value of the fields that hold one.
void Validator::warn_tree(const Json& tree, std::string& path, const Site& site) {
  if (tree.is_string()) {
    for_each_tag(tree.as_string(), [&](const Tag& tag) {
      if (!tag.expression) return;
      if (tag.closed) {
        warn_expression(tag.name, path, site);
      } else {
        warning("expression-syntax", {path, site.who}, "`{{=` is not closed by `}}`");
      }
    });
    return;
  }
  const std::size_t length = path.size();
  if (tree.is_array()) {
    const Json::Array& list = tree.as_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].is_string() && !has_tags(list[i].as_string())) continue;
      path = child_path(path, i);
      warn_tree(list[i], path, site);
      path.resize(length);
    }
  }
  if (!tree.is_object()) return;
  for (const auto& [key, value] : tree.as_object()) {
    const bool tags = value.is_string() && has_tags(value.as_string());
    const bool whole = value.is_string() && !tags && (key == "expression" || key == "fromExpression") &&
                       !value.as_string().empty();
    if (!whole && !tags && !value.is_array() && !value.is_object()) continue;
    path = child_path(path, key);
    if (whole) {
      warn_expression(value.as_string(), path, site);
    } else {
      warn_tree(value, path, site);
    }
    path.resize(length);
  }
}

void Validator::warn_duration(const Json& object, std::string_view key, const Site& site, bool bare_seconds) {
  const std::string text = text_of(object, key);
  if (text.empty() || has_tags(text)) return;
  if (bare_seconds ? parse_duration(text).has_value() : parse_go_duration(text).has_value()) return;
  const bool digits = is_whole_number(text);
  if (digits && key == "timeout") return;  // an error already
  warning("duration", site.at(key), fmt::format("`{}` of `{}` is no duration", text, key),
          digits ? fmt::format("write `{}s`", text) : "write it as 90s, 5m or 1h30m");
}

void Validator::warn_durations(const Json& json, const Site& site) {
  const bool timed = json.find("timeout") != nullptr;
  const auto timeout = timed ? parse_duration(text_of(json, "timeout")) : std::nullopt;
  if (timeout && *timeout <= std::chrono::seconds(2) && is_pod_type(template_type(json))) {
    warning("timeout", site.at("timeout"),
            fmt::format("a `timeout` of {} is over before a pod can begin", text_of(json, "timeout")),
            "give it 3s or more");
  }
  warn_duration(json, "timeout", site, false);
  warn_duration(json, "pendingTimeout", site, false);
  warn_duration(json.get("suspend"), "duration", site.at("suspend"), true);
  warn_duration(json.get("memoize"), "maxAge", site.at("memoize"), false);
  const Json& backoff = json.get("retryStrategy").get("backoff");
  for (const std::string_view key : {"duration", "maxDuration", "cap"}) {
    warn_duration(backoff, key, site.at("retryStrategy.backoff"), true);
  }
  warn_duration(json.get("containerSet").get("retryStrategy"), "duration",
                site.at("containerSet.retryStrategy"), false);
}

void Validator::warn_item_without_loop(const Json& task, const Site& site) {
  if (loops(task)) return;
  for (const auto& [key, value] : task.as_object()) {
    if (key == "inline") continue;
    bool found = false;
    for_each_tag_in(value, [&](const Tag& tag) { found = found || (!tag.expression && is_item(tag.name)); });
    if (!found) continue;
    warning("item-without-loop", site.at(key), "`{{item}}` is used without a loop",
            "add withItems, withParam or withSequence");
    return;
  }
}

void Validator::warn_task(const Json& task, const Site& site) {
  if (!task.is_object()) return;
  const std::string when = text_of(task, "when");
  if (const std::string wrong = when.empty() ? "" : check_when(when); !wrong.empty()) {
    warning("when-syntax", site.at("when"), wrong);
  }
  warn_item_without_loop(task, site);
  warn_hooks(task.get("hooks"), site.at("hooks"));
  if (const std::string handler = text_of(task, "onExit"); !handler.empty()) {
    Json hook = Json::object();
    hook.set("template", handler);
    warn_hook(hook, "onExit", {child_path(site.path, "onExit"), site.who});
  }
  const Json& inner = task.get("inline");
  if (!inner.is_object()) return;
  TemplateView v;
  v.json = &inner;
  v.path = child_path(site.path, "inline");
  v.base = &base_;
  v.is_inline = true;
  v.who = site.who + ", inline template";
  warn_template(v);
}

/// Steps and dags resolve their outputs without the names of the workflow (workflow/controller/scope.go).
void Validator::warn_outputs(const Json& json, const Site& site) {
  if (!present(json, "steps") && !present(json, "dag")) return;
  const auto look = [&](const Json& holder, std::string_view key, const Site& where) {
    const std::string text = text_of(holder, key);
    const std::size_t at = text.find("workflow.");
    if (at == std::string::npos || text.compare(at, 17, "workflow.outputs.") == 0) return;
    warning("unknown-variable", where.at(key),
            "`workflow.` is not known in the outputs of a steps or dag template, but for `workflow.outputs.`",
            "give the template an input parameter, and use inputs.parameters.NAME");
  };
  const Json& outputs = json.get("outputs");
  const Json::Array& parameters = outputs.get_array("parameters");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    look(parameters[i].get("valueFrom"), "expression",
         site.at(child_path("outputs.parameters", i)).at("valueFrom"));
  }
  const Json::Array& artifacts = outputs.get_array("artifacts");
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    look(artifacts[i], "fromExpression", site.at(child_path("outputs.artifacts", i)));
  }
}

void Validator::warn_template(const TemplateView& t) {
  const Site site{t.path, t.who};
  warn_durations(*t.json, site);
  warn_volumes(t);
  for_each_task(*t.json, t.path, [&](const Json& task, const std::string& path) {
    const std::string_view word = present(*t.json, "dag") ? "task" : "step";
    warn_task(task, {path, fmt::format("{}, {} `{}`", t.who, word, task.get_string("name"))});
  });
  warn_metrics(*t.json, site, false);
  warn_outputs(*t.json, site);
  if (t.is_inline || !is_leaf_type(template_type(*t.json))) return;
  bool item = false;
  for_each_tag_in(*t.json, [&](const Tag& tag) { item = item || (!tag.expression && tag.name == "item"); });
  if (item) {
    warning("item-without-loop", site, "`{{item}}` is not known inside a template",
            "pass it as an argument: value: \"{{item}}\"");
  }
}

/// Templates that no walk from the entrypoint and the handlers reaches.
void Validator::warn_unused_templates() {
  if (of_template_ || referred_ != nullptr) return;
  std::vector<std::string> open;
  for (const std::string_view key : {"entrypoint", "onExit"}) {
    if (std::string name = text_of(*base_.spec, key); !name.empty()) open.push_back(std::move(name));
  }
  for (const auto& [name, hook] : base_.spec->get_object("hooks")) open.push_back(text_of(hook, "template"));
  const Json::Array& templates = base_.spec->get_array("templates");
  std::vector<bool> used(templates.size(), false);
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (has_tags(name)) return;  // it may be any of them
    const auto it = base_.by_name.find(name);
    if (it == base_.by_name.end() || used[it->second]) continue;
    used[it->second] = true;
    collect_called(templates[it->second], open);
  }
  for (std::size_t i = 0; i < templates.size(); ++i) {
    const std::string name = templates[i].get_string("name");
    const auto it = base_.by_name.find(name);
    if (it == base_.by_name.end() || it->second != i || used[i]) continue;
    warning("unused-template", {child_path(view_of(base_, i).path, "name"), ""},
            fmt::format("nobody calls the template `{}`", name));
  }
}

void Validator::warn_all() {
  std::string path = "spec";
  warn_tree(value_.get("spec"), path, {});
  const Json::Array& templates = base_.spec->get_array("templates");
  for (std::size_t i = 0; i < templates.size(); ++i) warn_template(view_of(base_, i));
  warn_hooks(base_.spec->get("hooks"), {child_path(base_.path, "hooks"), ""});
  const Site spec{base_.path, ""};
  warn_durations(*base_.spec, spec);
  warn_workflow_metrics(spec);
  warn_duration(base_.spec->get("podGC"), "deleteDelayDuration", spec.at("podGC"), true);
  const std::string when = kind_ == "CronWorkflow" ? text_of(value_.get("spec"), "when") : "";
  if (const std::string wrong = when.empty() ? "" : check_when(when); !wrong.empty()) {
    warning("when-syntax", {"spec.when", ""}, wrong);
  }
  warn_unused_templates();
}

}  // namespace skiff::spec::validation
