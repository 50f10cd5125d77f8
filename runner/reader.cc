#include "runner/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace skiff::runner {
using spec::Json;

namespace {

using Path = std::vector<std::string>;

std::vector<Path> split_fields(std::string_view fields) {
  std::vector<Path> out;
  Path path;
  std::string part;
  for (const char c : std::string(fields) + ",") {
    if (c != '.' && c != ',') {
      part += c;
      continue;
    }
    if (!part.empty()) path.push_back(std::exchange(part, ""));
    if (c == ',' && !path.empty()) out.push_back(std::exchange(path, Path()));
  }
  return out;
}

Json keep(const Json& value, const std::vector<Path>& paths, std::size_t depth) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& e : value.as_array()) out.push_back(keep(e, paths, depth));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, member] : value.as_object()) {
    std::vector<Path> deeper;
    bool whole = false;
    for (const Path& p : paths) {
      if (p.size() <= depth || p[depth] != key) continue;
      whole = whole || p.size() == depth + 1;
      deeper.push_back(p);
    }
    if (whole) {
      out.set(key, member);
    } else if (!deeper.empty()) {
      out.set(key, keep(member, deeper, depth + 1));
    }
  }
  return out;
}

void drop(Json& value, const Path& path, std::size_t depth) {
  if (value.is_array()) {
    for (Json& e : value.as_array()) drop(e, path, depth);
    return;
  }
  if (depth + 1 == path.size()) {
    value.erase(path[depth]);
  } else if (Json* member = value.find(path[depth])) {
    drop(*member, path, depth + 1);
  }
}

Json status_of(const store::WorkflowRow& row, const Json& summary) {
  Json status = summary.get("status").is_object() ? summary.get("status") : Json::object();
  status.set("phase", row.phase.empty() ? "Pending" : row.phase);
  if (!row.message.empty()) status.set("message", row.message);
  return status;
}

}  // namespace

std::optional<store::WorkflowRow> find_workflow(const store::Journal& journal, std::string_view ns,
                                                std::string_view name) {
  if (name == "@latest") return journal.latest(ns);
  auto row = journal.by_name(ns, name);
  if (!row) row = journal.by_uid(name);
  return row && row->ns == ns ? row : std::nullopt;
}

bool is_suspended(const store::WorkflowRow& row) {
  if (row.phase != "Running") return false;
  const auto summary = spec::parse_json(row.summary);
  return summary && summary->get_bool("suspended");
}

Json workflow_object(const store::Journal& journal, const store::WorkflowRow& row, bool with_nodes) {
  Json object = spec::parse_json(journal.object_of(row.uid).value_or("{}")).value_or(Json::object());
  const Json summary = spec::parse_json(row.summary).value_or(Json::object());
  if (const Json& metadata = summary.get("metadata"); metadata.is_object()) {
    for (std::string_view part : {"labels", "annotations"}) {
      const Json& now = metadata.get(part);
      if (now.is_object() && !now.empty()) object["metadata"].set(std::string(part), now);
    }
  }
  if (const Json& commanded = summary.get("spec"); commanded.is_object() && object.get("spec").is_object()) {
    for (std::string_view member : {"suspend", "shutdown"}) {
      const Json& now = commanded.get(member);
      object["spec"].erase(member);
      if (!now.is_null()) object["spec"].set(std::string(member), now);
    }
  }
  Json status = status_of(row, summary);
  if (with_nodes) {
    Json nodes = Json::object();
    for (const store::NodeRow& n : journal.nodes(row.uid)) {
      if (auto json = spec::parse_json(n.json)) nodes.as_object().emplace_back(n.node_id, std::move(*json));
    }
    if (!nodes.empty()) status.set("nodes", std::move(nodes));
  }
  object.set("status", std::move(status));
  return object;
}

WorkflowText::WorkflowText(Json object) {
  Json status = object.get("status");
  object.erase("status");
  object.set("status", std::move(status));  // last, and never empty: the nodes go before its closing brace
  text_ = spec::to_json(object);
  text_.resize(text_.size() - 2);
}

void WorkflowText::add(std::string_view id, std::string_view json, std::string_view more) {
  text_ += std::exchange(any_, true) ? "," : ",\"nodes\":{";
  text_ += spec::to_json(Json(id));
  text_ += ':';
  text_ += json.substr(0, json.size() - 1);
  text_ += more;
  text_ += '}';
}

std::string WorkflowText::take() {
  text_ += any_ ? "}}}" : "}}";
  return std::move(text_);
}

std::string workflow_text(const store::Journal& journal, const store::WorkflowRow& row) {
  WorkflowText text(workflow_object(journal, row, false));
  journal.each_node(row.uid, 0, [&](std::string_view id, std::string_view json) { text.add(id, json); });
  return text.take();
}

std::string changes_text(const store::Journal& journal, const store::WorkflowRow& row, std::int64_t after) {
  const Json summary = spec::parse_json(row.summary).value_or(Json::object());
  Json workflow = Json::object();
  workflow.set("metadata", summary.get("metadata"));
  workflow.set("status", status_of(row, summary));
  std::string text =
      fmt::format(R"({{"revision":{},"workflow":{},"nodes":[)", row.revision, spec::to_json(workflow));
  if (after < row.revision) {
    const char* before = "";
    journal.each_node(row.uid, after, [&](std::string_view, std::string_view json) {
      text += std::exchange(before, ",");
      text += json;
    });
  }
  return text += "]}";
}

Json select_fields(Json value, std::string_view fields) {
  if (fields.empty()) return value;
  if (fields[0] != '-') return keep(value, split_fields(fields), 0);
  for (const Path& path : split_fields(fields.substr(1))) drop(value, path, 0);
  return value;
}

}  // namespace skiff::runner
