// SQLite's codes turned into StoreError, its statements kept for reuse.
#include "store/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "store/error.h"

namespace skiff::store::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
// Statements made for a filter differ in their number of values; beyond this the cache is not worth its
// memory.
constexpr std::size_t kMaxCached = 100;

struct Meaning {
  Trouble trouble;
  std::string_view sentence;
};

Meaning meaning_of(int code, int system_error) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {Trouble::no_space, "the disk is full; free some space and type the command again"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Trouble::corrupt,
              "the file is damaged or no database of skiff. Its workflows' history can't be read; to start "
              "afresh, "
              "keeping it aside, stop skiff and rename the file (and its -wal and -shm) away"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Trouble::busy, "another program holds it; see who with `fuser`, then type the command again"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Trouble::denied,
              "it can't be written; check who owns it, or set SKIFF_HOME to a directory of yours"};
    case SQLITE_CANTOPEN:
      if (system_error == ENOSPC) return {Trouble::no_space, "the disk is full; free some space"};
      return {Trouble::denied,
              "it can't be opened; check who owns it, or set SKIFF_HOME to a directory of yours"};
    case SQLITE_CONSTRAINT:
      return {Trouble::conflict, "a row with this key is there already"};
    case SQLITE_IOERR:
      if (system_error == ENOSPC || system_error == EDQUOT) {
        return {Trouble::no_space, "the disk is full; free some space"};
      }
      return {Trouble::io, "the disk failed; see `dmesg`"};
    default:
      return {Trouble::io, "unexpected answer from SQLite"};
  }
}

}  // namespace

Statement::~Statement() {
  if (stmt_ == nullptr) return;
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  const int rc = sqlite3_bind_text64(stmt_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (rc != SQLITE_OK) db_->fail(rc);
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  const int rc = sqlite3_bind_int64(stmt_, ++bound_, number);
  if (rc != SQLITE_OK) db_->fail(rc);
  return *this;
}

bool Statement::step() {
  const int rc = sqlite3_step(stmt_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  db_->fail(rc);
}

void Statement::run() {
  while (step()) {
  }
}

std::string_view Statement::view(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(stmt_, column));
  if (data == nullptr) return "";
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))};
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(stmt_, column); }

Connection::Connection(const fs::path& path, bool writer) : path_(path) {
  if (writer) {
    // SQLite would make it with the umask's mode; its -wal and -shm take the database's.
    const Fd made(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!made) throw_errno(errno, "open", path);
  }
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(raw);
  if (rc != SQLITE_OK) fail(rc);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  exec(writer ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
              : "PRAGMA query_only=ON; PRAGMA temp_store=MEMORY;");
}

Statement Connection::prepare(std::string_view sql) {
  std::string key(sql);
  if (const auto found = cache_.find(key); found != cache_.end()) return {*this, found->second.get()};
  if (cache_.size() >= kMaxCached) {
    std::erase_if(cache_, [](const auto& entry) { return sqlite3_stmt_busy(entry.second.get()) == 0; });
  }
  sqlite3_stmt* raw = nullptr;
  const int rc = sqlite3_prepare_v3(db_.get(), key.data(), static_cast<int>(key.size()),
                                    SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (rc != SQLITE_OK) fail(rc);
  cache_.emplace(std::move(key), raw);
  return {*this, raw};
}

void Connection::exec(const std::string& sql) {
  const int rc = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) fail(rc);
}

void Connection::fail(int code) const {
  const std::string detail = db_ ? sqlite3_errmsg(db_.get()) : sqlite3_errstr(code);
  const Meaning meaning = meaning_of(code, db_ ? sqlite3_system_errno(db_.get()) : 0);
  throw StoreError(meaning.trouble, path_,
                   fmt::format("{}: {} ({})", path_.string(), meaning.sentence, detail));
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    db_->exec("ROLLBACK");
  } catch (const StoreError&) {
    // SQLite has rolled back by itself after the error that brought us here (disk full, I/O).
  }
}

void Transaction::commit() {
  db_->exec("COMMIT");
  open_ = false;
}

}  // namespace skiff::store::sqlite
