// Opening the journal, and its reads by key.
#include "store/journal.h"

#include <fmt/format.h>

#include <cstdlib>

#include "spec/json.h"
#include "store/error.h"
#include "store/journal_impl.h"
#include "store/schema.h"

namespace skiff::store {

Journal::Impl::Lease::Lease(Impl& impl) : impl_(&impl) {
  {
    const std::lock_guard lock(impl.idle_mutex);
    if (!impl.idle.empty()) {
      db_ = std::move(impl.idle.back());
      impl.idle.pop_back();
    }
  }
  if (!db_) db_ = std::make_unique<sqlite::Connection>(impl.path, false);
}

Journal::Impl::Lease::~Lease() {
  const std::lock_guard lock(impl_->idle_mutex);
  impl_->idle.push_back(std::move(db_));
}

std::string labels_to_json(const std::map<std::string, std::string>& labels) {
  auto json = spec::Json::object();
  for (const auto& [key, value] : labels) json.set(key, value);
  return spec::to_json(json);
}

std::map<std::string, std::string> labels_from_json(const std::string& text) {
  std::map<std::string, std::string> labels;
  if (text == "{}") return labels;
  const auto json = spec::parse_json(text);
  if (!json || !json->is_object()) return labels;
  for (const auto& [key, value] : json->as_object()) {
    if (value.is_string()) labels.emplace(key, value.as_string());
  }
  return labels;
}

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::~Journal() = default;

std::unique_ptr<Journal> Journal::open(const Home& home) {
  auto impl = std::make_unique<Impl>(home.database());
  migrate(impl->writer, impl->path);
  auto query = impl->writer.prepare("SELECT value FROM meta WHERE key='revision'");
  if (query.step()) impl->reserved = impl->revision = std::atoll(query.text(0).c_str());
  return std::unique_ptr<Journal>(new Journal(std::move(impl)));  // NOLINT: the constructor is private
}

std::vector<EventRow> Journal::load(std::string_view uid, std::int64_t after_seq) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(
      "SELECT seq, at_ms, kind, payload FROM events WHERE wid=(SELECT id FROM workflows WHERE uid=?1) AND "
      "seq>?2 "
      "ORDER BY seq");
  query.with(uid, after_seq);
  std::vector<EventRow> events;
  while (query.step()) {
    events.push_back({std::string(uid), query.number(0), query.number(1), query.text(2), query.text(3)});
  }
  return events;
}

std::optional<std::string> Journal::object_of(std::string_view uid) const {
  const Impl::Lease db(*impl_);
  auto query =
      db->prepare("SELECT object FROM workflow_objects WHERE wid=(SELECT id FROM workflows WHERE uid=?1)");
  query.bind(uid);
  if (!query.step()) return std::nullopt;
  return query.text(0);
}

namespace {

constexpr std::string_view kNodes =
    "SELECT node_id, json, revision FROM nodes WHERE wid=(SELECT id FROM workflows WHERE uid=?1) AND "
    "revision>?2 ORDER BY id";

}  // namespace

std::vector<NodeRow> Journal::nodes(std::string_view uid, std::int64_t after_revision) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(kNodes);
  query.with(uid, after_revision);
  std::vector<NodeRow> nodes;
  while (query.step()) nodes.push_back({std::string(uid), query.text(0), query.text(1), query.number(2)});
  return nodes;
}

void Journal::each_node(std::string_view uid, std::int64_t after_revision, const NodeVisitor& visit) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(kNodes);
  query.with(uid, after_revision);
  while (query.step()) visit(query.view(0), query.view(1));
}

std::optional<NodeRow> Journal::node(std::string_view uid, std::string_view node_id) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(
      "SELECT json, revision FROM nodes WHERE wid=(SELECT id FROM workflows WHERE uid=?1) AND node_id=?2");
  query.with(uid, node_id);
  if (!query.step()) return std::nullopt;
  return NodeRow{std::string(uid), std::string(node_id), query.text(0), query.number(1)};
}

std::optional<ObjectRow> Journal::object(std::string_view kind, std::string_view ns,
                                         std::string_view name) const {
  const Impl::Lease db(*impl_);
  auto query =
      db->prepare("SELECT json, created_ms, revision FROM objects WHERE kind=?1 AND ns=?2 AND name=?3");
  query.with(kind, ns, name);
  if (!query.step()) return std::nullopt;
  return ObjectRow{std::string(kind), std::string(ns), std::string(name),
                   query.text(0),     query.number(1), query.number(2)};
}

std::vector<ObjectRow> Journal::objects(std::string_view kind, std::string_view ns) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(
      "SELECT ns, name, json, created_ms, revision FROM objects WHERE kind=?1 AND (?2='' OR ns=?2) ORDER BY "
      "ns, name");
  query.with(kind, ns);
  std::vector<ObjectRow> objects;
  while (query.step()) {
    objects.push_back(
        {std::string(kind), query.text(0), query.text(1), query.text(2), query.number(3), query.number(4)});
  }
  return objects;
}

namespace {

MemoRow memo_row(const sqlite::Statement& query) {
  return {query.text(0), query.text(1),   query.text(2),  query.text(3),
          query.text(4), query.number(5), query.number(6)};
}

}  // namespace

std::optional<MemoRow> Journal::memo(std::string_view ns, std::string_view cache,
                                     std::string_view key) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(
      "SELECT ns, cache, key, node_id, outputs, created_ms, last_hit_ms FROM memo WHERE ns=?1 AND cache=?2 "
      "AND key=?3");
  query.with(ns, cache, key);
  if (!query.step()) return std::nullopt;
  return memo_row(query);
}

std::vector<MemoRow> Journal::memos(std::string_view ns, std::string_view cache) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(
      "SELECT ns, cache, key, node_id, outputs, created_ms, last_hit_ms FROM memo WHERE ns=?1 AND cache=?2 "
      "ORDER BY key");
  query.with(ns, cache);
  std::vector<MemoRow> memos;
  while (query.step()) memos.push_back(memo_row(query));
  return memos;
}

std::vector<LockRow> Journal::locks() const {
  const Impl::Lease db(*impl_);
  auto query =
      db->prepare("SELECT lock, holder, uid, acquired_ms FROM locks ORDER BY lock, acquired_ms, holder");
  std::vector<LockRow> locks;
  while (query.step()) locks.push_back({query.text(0), query.text(1), query.text(2), query.number(3)});
  return locks;
}

std::vector<ArtifactRow> Journal::artifacts(std::string_view uid) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(
      "SELECT node_id, name, key, sha256, bytes, info FROM artifacts "
      "WHERE wid=(SELECT id FROM workflows WHERE uid=?1) ORDER BY node_id, name");
  query.bind(uid);
  std::vector<ArtifactRow> rows;
  while (query.step()) {
    rows.push_back({std::string(uid), query.text(0), query.text(1), query.text(2), query.text(3),
                    query.number(4), query.text(5)});
  }
  return rows;
}

std::optional<std::string> Journal::meta(std::string_view key) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare("SELECT value FROM meta WHERE key=?1");
  query.bind(key);
  if (!query.step()) return std::nullopt;
  return query.text(0);
}

std::int64_t Journal::revision() const {
  const std::lock_guard lock(impl_->write_mutex);
  return impl_->revision;
}

std::optional<std::string> Journal::check() const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare("PRAGMA quick_check(20)");
  std::string found;
  while (query.step()) {
    if (query.text(0) != "ok") found += query.text(0) + "\n";
  }
  if (found.empty()) return std::nullopt;
  return found;
}

}  // namespace skiff::store
