#include "runner/log_view.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "runner/controller.h"
#include "runner/workflow_view.h"
#include "spec/names.h"
#include "spec/status.h"
#include "spec/units.h"

namespace skiff::runner {
using spec::Json;

namespace {

constexpr std::size_t kMostEntries = 4096;  // of one call: what a long log takes of memory

}  // namespace

/// One log file. `head` is the line that comes next of it, read but not given out yet.
struct LogView::State {
  struct Source {
    store::LogFile file;
    std::optional<store::LogReader> reader;  ///< gone once the file is read and will not grow
    std::string pod_name;
    std::string node_name;
    std::optional<LogEntry> head;
  };
  const store::Home& home;
  const store::Journal& journal;
  std::string uid;
  std::string workflow;
  LogQuery query;
  std::unique_ptr<RE2> grep;
  std::map<std::string, spec::NodeStatus> nodes;           ///< by id
  std::map<std::string, std::unique_ptr<Source>> sources;  ///< by path
  std::int64_t seen = 0;                                   ///< newest revision of `nodes`
  bool first = true;
  std::vector<Source*> heap;  ///< those with a head, the earliest in front

  void refresh();
  void take_files(std::vector<store::LogFile> files);
  [[nodiscard]] std::set<std::string> wanted() const;
  void advance(Source& source, bool last) const;
  [[nodiscard]] std::optional<LogEntry> entry(const Source& source, store::LogLine line) const;
  void fill(bool last);
};

namespace {

bool named(const spec::NodeStatus& n, const std::string& workflow, const std::string& name) {
  return n.display_name == name || n.name == name || n.id == name ||
         spec::pod_name(workflow, n.name, template_name_of(n)) == name;
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
  for (const store::NodeRow& row : journal.nodes(uid, seen)) {
    seen = std::max(seen, row.revision);
    if (const auto json = spec::parse_json(row.json)) nodes[row.node_id] = spec::node_status_from(*json);
  }
  std::vector<store::LogFile> files = store::list_logs(home, uid);
  if (query.previous) {  // sorted by attempt within a container
    std::vector<store::LogFile> kept;
    const auto same = [](const store::LogFile& a, const store::LogFile& b) {
      return a.node == b.node && a.container == b.container;
    };
    for (std::size_t i = 0; i + 1 < files.size(); ++i) {
      const bool again = same(files[i], files[i + 1]);
      const bool last = i + 2 >= files.size() || !same(files[i + 1], files[i + 2]);
      if (again && last) kept.push_back(files[i]);
    }
    files = std::move(kept);
  }
  take_files(std::move(files));
  first = false;
}

void LogView::State::take_files(std::vector<store::LogFile> files) {
  const std::set<std::string> ids = wanted();
  store::LogRange range;
  range.since_ns = query.since_ns;
  if (first) range.tail = query.tail;
  for (store::LogFile& file : files) {
    const auto node = nodes.find(file.node);
    if (node == nodes.end() || !ids.contains(file.node)) continue;
    if (!query.container.empty() && file.container != query.container) continue;
    auto& slot = sources[file.path.string()];
    if (slot) continue;
    const spec::NodeStatus& n = node->second;
    slot = std::make_unique<Source>();
    slot->reader.emplace(file.path, range);
    slot->file = std::move(file);
    slot->pod_name = spec::pod_name(workflow, n.name, template_name_of(n));
    slot->node_name = n.display_name;
  }
}

/// What is given of a line; nothing where it does not match.
std::optional<LogEntry> LogView::State::entry(const Source& source, store::LogLine line) const {
  std::string content = std::move(line.text);
  if (query.timestamps) {
    const spec::NanoTime at{std::chrono::nanoseconds(line.time_ns)};
    content = spec::format_rfc3339_nano(at) + " " + content;
  }
  if (grep && !RE2::PartialMatch(content, *grep)) return std::nullopt;
  return LogEntry{source.pod_name, source.node_name, source.file.container,
                  line.stream,     line.time_ns,     std::move(content)};
}

void LogView::State::advance(Source& source, bool last) const {
  while (source.reader && !source.head) {
    auto line = source.reader->next();
    if (!line && last) line = source.reader->rest();
    if (!line) return;
    source.head = entry(source, std::move(*line));
  }
}

namespace {

/// The order of a heap: the earliest line is its front.
constexpr auto kLater = [](const auto* a, const auto* b) {
  return std::pair(a->head->time_ns, a->file.path.native()) >
         std::pair(b->head->time_ns, b->file.path.native());
};

}  // namespace

void LogView::State::fill(bool last) {
  refresh();
  for (auto& [path, source] : sources) {
    advance(*source, last);
    if (source->head) {
      heap.push_back(source.get());
    } else if (last) {
      source->reader.reset();
    }
  }
  std::make_heap(heap.begin(), heap.end(), kLater);
}

LogView::LogView(const store::Home& home, const store::Journal& journal, std::string uid, LogQuery query)
    : state_(new State{home, journal, std::move(uid), "", std::move(query), nullptr, {}, {}, 0, true, {}}) {
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
  std::vector<State::Source*>& heap = state_->heap;
  if (heap.empty()) state_->fill(last);
  std::vector<LogEntry> out;
  while (!heap.empty() && out.size() < kMostEntries) {
    std::pop_heap(heap.begin(), heap.end(), kLater);
    State::Source& source = *heap.back();
    out.push_back(std::move(*source.head));
    source.head.reset();
    state_->advance(source, last);
    if (source.head) {
      std::push_heap(heap.begin(), heap.end(), kLater);
    } else {
      heap.pop_back();
      if (last) source.reader.reset();
    }
  }
  return out;
}

}  // namespace skiff::runner
