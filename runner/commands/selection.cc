#include "runner/commands/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <unordered_set>
#include <utility>

#include "runner/core/selector.h"
#include "spec/units.h"

namespace skiff::runner {
using spec::Json;

namespace {

constexpr std::int64_t kFirstPage = 100;

/// "10m", "3h", "1d": milliseconds since the epoch, that long ago.
std::string ago_ms(const std::string& flag, std::string text) {
  std::int64_t days = 0;
  if (!text.empty() && text.back() == 'd') {
    days = std::strtoll(text.c_str(), nullptr, 10);
    text = "0s";
    if (days <= 0) throw Exit(kUsage, fmt::format("{}: give a duration such as 10m, 3h or 1d", flag));
  }
  const auto d = spec::parse_duration(text);
  if (!d) throw Exit(kUsage, fmt::format("{} {}: give a duration such as 10m, 3h or 1d", flag, text));
  const auto at = std::chrono::system_clock::now() - std::chrono::hours(24 * days) -
                  std::chrono::duration_cast<std::chrono::milliseconds>(*d);
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count());
}

std::string label_selector(const Selection& s) {
  std::string out = s.labels;
  if (s.resubmitted) {
    out += std::string(out.empty() ? "" : ",") + "workflows.argoproj.io/resubmitted-from-workflow";
  }
  return out;
}

}  // namespace

bool Selection::empty() const {
  return statuses.empty() && prefix.empty() && older.empty() && since.empty() && labels.empty() &&
         fields.empty() && !completed && !running && !resubmitted;
}

void add_selection(CLI::App* cmd, Selection& s) {
  cmd->add_option("--status", s.statuses, "only these phases, comma separated")->delimiter(',');
  cmd->add_option("--prefix", s.prefix, "only names that begin so");
  cmd->add_option("--older", s.older, "only those that ended at least this long ago, e.g. 10m, 3h, 1d");
  cmd->add_option("-l,--selector", s.labels, "label selector: k=v, k!=v, k in (a,b), k, !k");
  cmd->add_option("--field-selector", s.fields, "metadata.name=NAME, metadata.namespace=NS; also with !=");
  cmd->add_flag("--completed", s.completed, "only those that have ended");
  cmd->add_flag("--resubmitted", s.resubmitted, "only those that were resubmitted");
  cmd->add_flag("-A,--all-namespaces", s.all_namespaces, "of all namespaces");
}

std::string status_word(const Json& w) {
  const std::string phase = w.get("status").get_string("phase", "Pending");
  const bool suspended = w.get("spec").get_bool("suspend") || w.get_bool("skiff.suspended");
  if (phase == "Running" && suspended) return "Running (Suspended)";
  return phase == "Failed" && !w.get("spec").get_string("shutdown").empty() ? "Failed (Terminated)" : phase;
}

namespace {

/// The address of the list of all that the selection takes in; more of the query may follow.
std::string address_of(const Context& context, const Selection& s, bool with_nodes) {
  if (s.completed && s.running) throw Exit(kUsage, "--completed and --running exclude each other");
  std::string query = "?skiff.nodes=";
  query += with_nodes ? "true" : "false";
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) query += fmt::format("&{}={}", key, Client::encode(value));
  };
  add("listOptions.labelSelector", label_selector(s));
  add("listOptions.fieldSelector", s.fields);
  add("skiff.prefix", s.prefix);
  if (s.completed || s.running) add("skiff.completed", s.completed ? "true" : "false");
  if (!s.since.empty()) add("skiff.sinceMs", ago_ms("--since", s.since));
  if (!s.older.empty()) add("skiff.olderMs", ago_ms("--older", s.older));
  std::string phases;
  for (const std::string& p : s.statuses) phases += (phases.empty() ? "" : ",") + p;
  add("skiff.phases", phases);
  const std::string ns = s.all_namespaces ? "-" : context.ns;
  return "/api/v1/workflows/" + Client::encode(ns) + query;
}

}  // namespace

std::vector<Json> select_workflows(const Client& client, const Context& context, const Selection& s,
                                   bool with_nodes) {
  Json reply = client.get(address_of(context, s, with_nodes));
  Json* items = reply.find("items");
  return items == nullptr ? std::vector<Json>() : std::move(items->as_array());
}

void each_page(const Client& client, const Context& context, const Selection& s, bool with_nodes,
               std::int64_t size, const std::function<void(std::vector<Json>)>& take) {
  const std::string address = address_of(context, s, with_nodes) + "&skiff.suspended=true&listOptions.limit=";
  std::unordered_set<std::string> seen;  // what is submitted meanwhile moves the others to the next page
  std::string from;
  do {
    // Few for a beginning: somebody may be waiting for the first line.
    Json reply = client.get(from.empty() ? fmt::format("{}{}", address, std::min(size, kFirstPage))
                                         : fmt::format("{}{}&listOptions.continue={}", address, size, from));
    from = reply.get("metadata").get_string("continue");
    std::vector<Json> page;
    if (Json* items = reply.find("items")) page = std::move(items->as_array());
    std::erase_if(page,
                  [&](const Json& w) { return !seen.insert(w.get("metadata").get_string("uid")).second; });
    take(std::move(page));
  } while (!from.empty());
}

std::function<bool(const spec::NodeStatus&)> NodeChoice::filter() const {
  if (status.empty() && selector.empty()) return {};
  const NodeSelector nodes(selector);
  if (!nodes.error().empty()) throw Exit(kUsage, "--node-field-selector: " + nodes.error());
  return [nodes, phase = status](const spec::NodeStatus& n) {
    return nodes.matches(n) && (phase.empty() || spec::to_string(n.phase) == phase);
  };
}

void add_node_choice(CLI::App* cmd, NodeChoice& choice) {
  cmd->add_option("--status", choice.status, "only nodes in this phase")
      ->check(CLI::IsMember({"Pending", "Running", "Succeeded", "Skipped", "Failed", "Error", "Omitted"}));
  cmd->add_option("--node-field-selector", choice.selector,
                  "only these nodes, e.g. displayName=a,phase!=Succeeded");
}

}  // namespace skiff::runner
