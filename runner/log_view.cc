#include "runner/log_view.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "runner/controller.h"
#include "spec/names.h"
#include "spec/status.h"

namespace skiff::runner {
using spec::Json;

struct LogView::State {
  struct Source {
    store::LogFile file;
    store::LogReader reader;
    std::string pod_name;
    std::string node_name;
  };
  const store::Home& home;
  const store::Journal& journal;
  std::string uid;
  std::string workflow;
  LogQuery query;
  std::unique_ptr<RE2> grep;
  std::map<std::string, spec::NodeStatus> nodes;           ///< by id
  std::map<std::string, std::unique_ptr<Source>> sources;  ///< by path
  bool first = true;

  void refresh();
  [[nodiscard]] std::set<std::string> wanted() const;
  void read(Source& source, bool last, std::vector<LogEntry>& out) const;
};

namespace {

bool named(const spec::NodeStatus& n, const std::string& workflow, const std::string& name) {
  return n.display_name == name || n.name == name || n.id == name ||
         spec::pod_name(workflow, n.name, n.template_name) == name;
}

}  // namespace

/// The node's own id and those of everything below it (a Retry's attempts, a Steps' pods).
std::set<std::string> LogView::State::wanted() const {
  std::set<std::string> out;
  std::vector<const spec::NodeStatus*> todo;
  for (const auto& [id, n] : nodes) {
    if (query.node.empty() || named(n, workflow, query.node)) todo.push_back(&n);
  }
  const bool below =
      std::none_of(todo.begin(), todo.end(), [](auto* n) { return n->type == spec::NodeType::pod; });
  while (!todo.empty()) {
    const spec::NodeStatus* n = todo.back();
    todo.pop_back();
    if (!out.insert(n->id).second || !below) continue;
    for (const std::string& child : n->children) {
      const auto it = nodes.find(child);
      if (it != nodes.end()) todo.push_back(&it->second);
    }
  }
  return out;
}

void LogView::State::refresh() {
  for (const store::NodeRow& row : journal.nodes(uid)) {
    if (const auto json = spec::parse_json(row.json)) nodes[row.node_id] = spec::node_status_from(*json);
  }
  const std::set<std::string> ids = wanted();
  store::LogRange range;
  range.since_ns = query.since_ns;
  if (first) range.tail = query.tail;
  for (store::LogFile& file : store::list_logs(home, uid)) {
    const auto node = nodes.find(file.node);
    if (node == nodes.end() || !ids.contains(file.node)) continue;
    if (!query.container.empty() && file.container != query.container) continue;
    auto& slot = sources[file.path.string()];
    if (slot) continue;
    const spec::NodeStatus& n = node->second;
    store::LogReader reader(file.path, range);
    slot =
        std::make_unique<Source>(Source{std::move(file), std::move(reader),
                                        spec::pod_name(workflow, n.name, n.template_name), n.display_name});
  }
  first = false;
}

void LogView::State::read(Source& source, bool last, std::vector<LogEntry>& out) const {
  const auto take = [&](store::LogLine line) {
    if (grep && !RE2::PartialMatch(line.text, *grep)) return;
    out.push_back(LogEntry{source.pod_name, source.node_name, source.file.container, line.stream,
                           line.time_ns, std::move(line.text)});
  };
  while (auto line = source.reader.next()) take(std::move(*line));
  while (last) {
    auto line = source.reader.rest();
    if (!line) break;
    take(std::move(*line));
  }
}

LogView::LogView(const store::Home& home, const store::Journal& journal, std::string uid, LogQuery query)
    : state_(new State{home, journal, std::move(uid), "", std::move(query), nullptr, {}, {}, true}) {
  if (const auto row = journal.by_uid(state_->uid)) state_->workflow = row->name;
  if (!state_->query.grep.empty()) {
    state_->grep = std::make_unique<RE2>(state_->query.grep, RE2::Quiet);
    if (!state_->grep->ok()) throw RequestError(400, "--grep: " + state_->grep->error());
  }
  state_->refresh();
  if (state_->query.node.empty() || !state_->wanted().empty()) return;
  std::string names;
  for (const auto& [id, n] : state_->nodes) {
    if (n.type == spec::NodeType::pod && names.size() < 400)
      names += (names.empty() ? "" : ", ") + n.display_name;
  }
  throw RequestError(404, fmt::format("workflow {} has no node `{}`; its pods are: {}", state_->workflow,
                                      state_->query.node, names));
}

LogView::~LogView() = default;

std::vector<LogEntry> LogView::next(bool last) {
  state_->refresh();
  std::vector<LogEntry> out;
  for (auto& [path, source] : state_->sources) state_->read(*source, last, out);
  std::stable_sort(out.begin(), out.end(),
                   [](const LogEntry& a, const LogEntry& b) { return a.time_ns < b.time_ns; });
  return out;
}

}  // namespace skiff::runner
