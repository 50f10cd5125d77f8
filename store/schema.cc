// A migration is a piece of SQL that is never changed once released; user_version counts those that have run.
#include "store/schema.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "store/error.h"

namespace skiff::store {
namespace {

// "skif": `file skiff.db` and we ourselves know a stranger's database by it.
constexpr std::int64_t kApplicationId = 0x736b6966;

// A workflow has a small number of its own, so that the rows of its events and nodes lie together and are
// short. Its object is kept apart: list never reads it. Tables WITHOUT ROWID begin with their key: where they
// do not, SQLite 3.40 calls a sound one damaged (quick_check: "NULL value in").
constexpr const char* kFirst = R"sql(
CREATE TABLE workflows(
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, ns TEXT NOT NULL, name TEXT NOT NULL,
  phase TEXT NOT NULL, created_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL,
  message TEXT NOT NULL, progress TEXT NOT NULL, labels TEXT NOT NULL, summary TEXT NOT NULL,
  last_seq INTEGER NOT NULL, revision INTEGER NOT NULL, UNIQUE(ns, name));
CREATE INDEX workflows_by_age ON workflows(created_ms);
CREATE INDEX workflows_by_ns_age ON workflows(ns, created_ms);
CREATE INDEX workflows_by_phase_age ON workflows(phase, created_ms);
CREATE INDEX workflows_by_end ON workflows(finished_ms);
CREATE TABLE workflow_objects(wid INTEGER PRIMARY KEY, object TEXT NOT NULL);
CREATE TABLE labels(wid INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(wid, key)) WITHOUT ROWID;
CREATE INDEX labels_by_value ON labels(key, value, wid);
CREATE TABLE events(
  wid INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
  PRIMARY KEY(wid, seq)) WITHOUT ROWID;
CREATE TABLE nodes(
  id INTEGER PRIMARY KEY, wid INTEGER NOT NULL, node_id TEXT NOT NULL, revision INTEGER NOT NULL, json TEXT NOT NULL,
  UNIQUE(wid, node_id));
CREATE TABLE objects(
  kind TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, created_ms INTEGER NOT NULL, revision INTEGER NOT NULL,
  json TEXT NOT NULL, PRIMARY KEY(kind, ns, name));
CREATE TABLE memo(
  ns TEXT NOT NULL, cache TEXT NOT NULL, key TEXT NOT NULL, node_id TEXT NOT NULL, outputs TEXT NOT NULL,
  created_ms INTEGER NOT NULL, last_hit_ms INTEGER NOT NULL, PRIMARY KEY(ns, cache, key));
CREATE TABLE locks(
  lock TEXT NOT NULL, holder TEXT NOT NULL, uid TEXT NOT NULL, acquired_ms INTEGER NOT NULL,
  PRIMARY KEY(lock, holder)) WITHOUT ROWID;
CREATE INDEX locks_by_uid ON locks(uid);
CREATE TABLE artifacts(
  wid INTEGER NOT NULL, node_id TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL, info TEXT NOT NULL, PRIMARY KEY(wid, node_id, name)) WITHOUT ROWID;
CREATE INDEX artifacts_by_key ON artifacts(key);
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql";

constexpr std::array<const char*, 1> kMigrations = {kFirst};

std::int64_t pragma(sqlite::Connection& db, std::string_view name) {
  auto query = db.prepare(fmt::format("PRAGMA {}", name));
  return query.step() ? query.number(0) : 0;
}

bool has_tables(sqlite::Connection& db) {
  auto query = db.prepare("SELECT count(*) FROM sqlite_master");
  return query.step() && query.number(0) > 0;
}

}  // namespace

void migrate(sqlite::Connection& db, const fs::path& path) {
  constexpr auto kNewest = static_cast<std::int64_t>(kMigrations.size());
  if (pragma(db, "user_version") == kNewest && pragma(db, "application_id") == kApplicationId) return;
  sqlite::Transaction transaction(db);
  // Asked again under the lock: another process may have migrated meanwhile.
  const std::int64_t version = pragma(db, "user_version");
  if (pragma(db, "application_id") != kApplicationId && has_tables(db)) {
    throw StoreError(
        Trouble::corrupt, path,
        fmt::format("{} is a database, but not one of skiff; set SKIFF_HOME to another directory",
                    path.string()));
  }
  if (version > kNewest) {
    throw StoreError(
        Trouble::corrupt, path,
        fmt::format("{} was written by a newer skiff (format {}, this one reads up to {}); use that one, "
                    "or set SKIFF_HOME to another directory",
                    path.string(), version, kNewest));
  }
  for (auto i = static_cast<std::size_t>(version); i < kMigrations.size(); ++i) db.exec(kMigrations[i]);
  db.exec(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, kNewest));
  transaction.commit();
}

}  // namespace skiff::store
