#include "runner/workflow_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "runner/tree_view.h"
#include "spec/names.h"
#include "spec/units.h"

namespace skiff::runner {
using spec::Json;
using spec::NodeStatus;
using spec::NodeType;
using spec::Phase;

namespace {

void field(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out += fmt::format("{:<20} {}\n", name, value);
}

void time_field(std::string& out, std::string_view name, const std::string& text, spec::TimePoint now) {
  const auto t = spec::parse_rfc3339(text);
  if (t) field(out, name, spec::human_timestamp(*t, spec::NanoTime(now)));
}

void parameters(std::string& out, std::string_view title, const Json& list) {
  std::string body;
  for (const Json& p : list.is_array() ? list.as_array() : Json::Array()) {
    if (p.get("value").is_string()) field(body, "  " + p.get_string("name") + ":", p.get_string("value"));
  }
  if (!body.empty()) out += fmt::format("{}\n{}", title, body);
}

std::string header(const Json& w, const std::string& metrics_file, spec::TimePoint now) {
  const Json& status = w.get("status");
  const Json& metadata = w.get("metadata");
  std::string out;
  field(out, "Name:", metadata.get_string("name"));
  field(out, "Namespace:", metadata.get_string("namespace"));
  field(out, "Status:", status.get_string("phase"));
  field(out, "Message:", status.get_string("message"));
  for (const Json& c : status.get_array("conditions")) {
    const std::string message = c.get_string("message");
    if (c.get_string("type") == "SpecWarning") {
      field(out, " Warning:", message);
    } else {
      field(out, " " + c.get_string("type") + ":",
            c.get_string("status") + (message.empty() ? "" : "  " + message));
    }
  }
  time_field(out, "Created:", metadata.get_string("creationTimestamp"), now);
  time_field(out, "Started:", status.get_string("startedAt"), now);
  time_field(out, "Finished:", status.get_string("finishedAt"), now);
  const auto from = spec::parse_rfc3339(status.get_string("startedAt"));
  const auto to = spec::parse_rfc3339(status.get_string("finishedAt")).value_or(spec::NanoTime(now));
  if (from) field(out, "Duration:", spec::long_duration(to - *from));
  field(out, "Progress:", status.get_string("progress"));
  field(out, "Metrics:", metrics_file);
  parameters(out, "Parameters:", w.get("spec").get("arguments").get("parameters"));
  parameters(out, "Output Parameters:", status.get("outputs").get("parameters"));
  return out;
}

std::string artifact_names(const NodeStatus& n) {
  std::string out;
  for (const Json& a : n.outputs.get_array("artifacts"))
    out += (out.empty() ? "" : ",") + a.get_string("name");
  return out;
}

std::string ascii_branch(std::string branch) {
  static const std::pair<std::string_view, std::string_view> kPlain[] = {
      {"├", "|"}, {"└", "`"}, {"│", "|"}, {"─", "-"}, {"┬", "+"}};
  for (const auto& [from, to] : kPlain) {
    for (auto at = branch.find(from); at != std::string::npos; at = branch.find(from, at)) {
      branch.replace(at, from.size(), to);
    }
  }
  return branch;
}

std::string step_cell(const TreeRow& row, const ViewOptions& o) {
  std::string mark(o.ascii ? spec::to_string(row.node->phase) : mark_of(*row.node));
  if (o.color) mark = fmt::format("{}{}{}", color_of(*row.node), mark, kColorOff);
  return fmt::format(" {}{} {}", o.ascii ? ascii_branch(row.branch) : row.branch, mark,
                     row.node->display_name);
}

std::string template_cell(const NodeStatus& n) {
  if (n.template_ref.is_object())
    return n.template_ref.get_string("name") + "/" + n.template_ref.get_string("template");
  return n.template_name;
}

/// The node a failure began at: a pod (or a leaf without one) that failed, the earliest; tries of a retry
/// that went on to succeed do not count.
const NodeStatus* culprit(const std::vector<NodeStatus>& nodes) {
  const NodeStatus* found = nullptr;
  const auto later = [](const NodeStatus& a, const NodeStatus& b) { return a.finished_at > b.finished_at; };
  for (const NodeStatus& n : nodes) {
    if (!spec::failed_or_error(n.phase)) continue;
    const bool leaf = n.type == NodeType::pod || n.type == NodeType::http || n.type == NodeType::suspend;
    const bool inner_error = n.phase == Phase::error && n.children.empty();
    if (!leaf && !inner_error) continue;
    if (n.node_flag && n.node_flag->retried) {  // the last try speaks for its Retry node
      const auto retry = std::find_if(nodes.begin(), nodes.end(), [&](const NodeStatus& r) {
        return r.type == NodeType::retry && !r.children.empty() && r.children.back() == n.id;
      });
      if (retry == nodes.end() || !spec::failed_or_error(retry->phase)) continue;
    }
    if (found == nullptr || (n.type == NodeType::pod && found->type != NodeType::pod) || later(*found, n))
      found = &n;
  }
  return found;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// The command with the values that went in; other tags stay as they are written.
std::string with_values(std::string text, const NodeStatus& n, const Json& workflow) {
  for (const Json& p : n.inputs.get_array("parameters")) {
    replace_all(text, "{{inputs.parameters." + p.get_string("name") + "}}", p.get_string("value"));
  }
  for (const Json& p : workflow.get("spec").get("arguments").get_array("parameters")) {
    replace_all(text, "{{workflow.parameters." + p.get_string("name") + "}}", p.get_string("value"));
  }
  replace_all(text, "{{workflow.name}}", workflow.get("metadata").get_string("name"));
  return text;
}

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-+=./:,@%") == std::string::npos;
  if (plain) return word;
  std::string out = word;
  replace_all(out, "'", "'\\''");
  return "'" + out + "'";
}

const Json* template_of(const NodeStatus& n, const Json& workflow) {
  for (const Json* spec :
       {workflow.find("spec"), workflow.get("status").find("storedWorkflowTemplateSpec")}) {
    if (spec == nullptr) continue;
    for (const Json& t : spec->get_array("templates")) {
      if (t.get_string("name") == n.template_name) return &t;
    }
  }
  for (const auto& [key, t] : workflow.get("status").get_object("storedTemplates")) {
    if (t.get_string("name") == template_name_of(n)) return &t;
  }
  return nullptr;
}

void command_and_image(std::string& out, const NodeStatus& n, const Json& workflow) {
  const Json* t = template_of(n, workflow);
  if (t == nullptr) return;
  const bool script = t->get("script").is_object();
  const Json& container = script ? t->get("script") : t->get("container");
  if (!container.is_object()) return;
  std::string line;
  for (std::string_view part : {"command", "args"}) {
    for (const Json& word : container.get_array(part)) {
      if (word.is_string())
        line += (line.empty() ? "" : " ") + quoted(with_values(word.as_string(), n, workflow));
    }
  }
  if (script) line += " <script>";
  field(out, "Command:", line);
  field(out, "Image:", with_values(container.get_string("image"), n, workflow));
}

}  // namespace

std::vector<NodeStatus> nodes_of(const Json& workflow) {
  std::vector<NodeStatus> out;
  const Json::Object& nodes = workflow.get("status").get_object("nodes");
  out.reserve(nodes.size());
  for (const auto& [id, json] : nodes) out.push_back(spec::node_status_from(json));
  return out;
}

std::string describe_tree(const Json& workflow, const ViewOptions& o, spec::TimePoint now) {
  const std::string name = workflow.get("metadata").get_string("name");
  const std::vector<NodeStatus> nodes = nodes_of(workflow);
  std::vector<std::vector<std::string>> rows{{"STEP", "TEMPLATE", "PODNAME", "DURATION"}};
  if (o.wide) rows[0].push_back("ARTIFACTS");
  rows[0].push_back("MESSAGE");
  if (o.wide || o.short_form) rows[0].push_back("NODENAME");
  for (const TreeRow& row : layout_tree(nodes)) {
    const NodeStatus& n = *row.node;
    if (o.keeps && !o.keeps(n)) continue;
    const bool pod = n.type == NodeType::pod;
    const auto end = n.finished_at.value_or(now);
    rows.push_back({step_cell(row, o), template_cell(n),
                    pod ? spec::pod_name(name, n.name, template_name_of(n)) : "",
                    pod && n.started_at ? spec::short_duration(end - *n.started_at) : ""});
    if (o.wide) rows.back().push_back(artifact_names(n));
    rows.back().push_back(n.message);
    if (o.wide || o.short_form) rows.back().push_back(n.host_node_name);
  }
  return rows.size() > 1 ? format_table(rows, 2) : "";
}

std::string template_name_of(const NodeStatus& node) {
  return node.template_ref.is_object() ? node.template_ref.get_string("template") : node.template_name;
}

std::string describe_workflow(const Json& workflow, const ViewOptions& options, spec::TimePoint now) {
  const std::string tree = describe_tree(workflow, options, now);
  if (options.short_form) return tree;
  std::string out = header(workflow, options.metrics_file, now);
  if (!tree.empty()) out += "\n" + tree;
  return out;
}

std::string describe_failure(const Json& workflow, const LastLines& last_lines, bool color) {
  const std::vector<NodeStatus> nodes = nodes_of(workflow);
  const NodeStatus* n = culprit(nodes);
  if (n == nullptr) return "";
  const std::string name = workflow.get("metadata").get_string("name");
  std::string out = color ? "\x1b[31m" : "";
  out += fmt::format("{} {}: {}", mark_of(*n), n->name,
                     n->message.empty() ? spec::to_string(n->phase) : n->message);
  out += color ? "\x1b[0m\n" : "\n";
  command_and_image(out, *n, workflow);
  field(out, "Exit code:", n->outputs.get_string("exitCode"));
  const std::vector<std::string> lines =
      n->type == NodeType::pod ? last_lines(*n) : std::vector<std::string>();
  if (!lines.empty()) {
    out += "Last lines:\n";
    for (const std::string& line : lines) out += "  | " + line + "\n";
  }
  out +=
      fmt::format("Next:                skiff logs {} --node '{}'    all that it printed\n", name, n->name);
  out += fmt::format("                     skiff retry {}    run what failed again\n", name);
  return out;
}

}  // namespace skiff::runner
