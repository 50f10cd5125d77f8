// list: what there is, newest first, filtered; the columns are argo's.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "runner/commands/context.h"
#include "runner/commands/selection.h"
#include "runner/tree_view.h"
#include "spec/units.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct ListFlags {
  Selection selection;
  ListStyle style;
  std::int64_t chunk = 500;
};

spec::NanoTime now() { return spec::NanoTime(std::chrono::system_clock::now()); }

std::string since(const std::string& from, const std::string& to) {
  const auto a = spec::parse_rfc3339(from);
  const auto b = spec::parse_rfc3339(to).value_or(now());
  return a ? spec::short_duration(b - *a) : "";
}

std::string parameters_of(const Json& workflow) {
  std::string out;
  for (const Json& p : workflow.get("spec").get("arguments").get_array("parameters")) {
    if (!p.get("value").is_string()) continue;
    out += (out.empty() ? "" : ",") + p.get_string("name") + "=" + p.get_string("value");
  }
  return out;
}

/// Pods that are pending, running and completed (util/printer/workflow-printer.go).
std::string pod_counts(const Json& workflow) {
  int pending = 0, running = 0, completed = 0;
  for (const auto& [id, n] : workflow.get("status").get_object("nodes")) {
    if (n.get_string("type") != "Pod") continue;
    const std::string phase = n.get_string("phase");
    if (phase == "Pending") {
      ++pending;
    } else if (phase == "Running") {
      ++running;
    } else {
      ++completed;
    }
  }
  return fmt::format("{}/{}/{}", pending, running, completed);
}

std::vector<std::string> headers(const ListStyle& style) {
  std::vector<std::string> row;
  if (style.show_namespace) row.push_back("NAMESPACE");
  for (const char* column : {"NAME", "STATUS", "AGE", "DURATION", "PRIORITY", "MESSAGE"})
    row.push_back(column);
  if (style.output == "wide") {
    row.push_back("P/R/C");
    row.push_back("PARAMETERS");
  }
  if (style.show_uid) row.push_back("UID");
  return row;
}

std::vector<std::string> row_of(const Json& w, const ListStyle& style) {
  const Json& m = w.get("metadata");
  const Json& status = w.get("status");
  std::vector<std::string> row;
  if (style.show_namespace) row.push_back(m.get_string("namespace"));
  row.push_back(m.get_string("name"));
  row.push_back(status_word(w));
  row.push_back(since(m.get_string("creationTimestamp"), ""));
  row.push_back(since(status.get_string("startedAt"), status.get_string("finishedAt")));
  row.push_back(std::to_string(w.get("spec").get_int("priority").value_or(0)));
  row.push_back(status.get_string("message"));
  if (style.output == "wide") {
    row.push_back(pod_counts(w));
    row.push_back(parameters_of(w));
  }
  if (style.show_uid) row.push_back(m.get_string("uid"));
  return row;
}

void list(const ListFlags& f, const Context& context) {
  ListStyle style = f.style;
  style.show_namespace = f.selection.all_namespaces;
  if (style.output == "json" || style.output == "yaml") {
    return print_workflows(select_workflows(context.client(), context, f.selection), style);
  }
  each_page(context.client(), context, f.selection, style.output == "wide",
            std::max<std::int64_t>(f.chunk, 1), [&](const std::vector<Json>& page) {
              if (page.empty()) return;
              print_workflows(page, style);
              std::fflush(stdout);
              style.continued = true;
            });
  if (!style.continued) print_workflows({}, style);
}

}  // namespace

void print_workflows(const std::vector<Json>& found, const ListStyle& style) {
  if (style.output == "json" || style.output == "yaml") {
    print_object(Json(Json::Array(found.begin(), found.end())), style.output);
  } else if (style.output == "name") {
    for (const Json& w : found) fmt::print("{}\n", w.get("metadata").get_string("name"));
  } else if (found.empty()) {
    fmt::print("No workflows found\n");
  } else {
    std::vector<std::vector<std::string>> rows;
    if (!style.no_headers) rows.push_back(headers(style));
    for (const Json& w : found) rows.push_back(row_of(w, style));
    std::string table = format_table(rows, 3);
    if (style.continued && !style.no_headers)
      table.erase(0, table.find('\n') + 1);  // it made its columns as wide
    fmt::print("{}", table);
  }
}

void add_list(CLI::App& app, Context& context) {
  auto f = std::make_shared<ListFlags>();
  CLI::App* cmd = app.add_subcommand("list", "list workflows, newest first");
  add_selection(cmd, f->selection);
  cmd->add_flag("--running", f->selection.running, "only those that have not ended");
  cmd->add_option("--since", f->selection.since, "only those submitted within this time, e.g. 10m, 3h, 1d");
  cmd->add_option("-o,--output", f->style.output, "name|json|yaml|wide")
      ->check(CLI::IsMember({"name", "json", "yaml", "wide"}));
  cmd->add_flag("--no-headers", f->style.no_headers, "without the first line");
  cmd->add_option("--chunk-size", f->chunk, "so many are asked for, and printed, at a time (default 500)");
  cmd->callback([f, &context] { list(*f, context); });
}

}  // namespace skiff::runner
