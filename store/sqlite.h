// SQLite as the journal needs it: a connection with its prepared statements, errors as StoreError.
// Only journal*.cc include this.
//
// In: SQL with ?1 ?2… and values. Out: rows. One connection serves one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/files.h"

namespace skiff::store::sqlite {

struct CloseDb {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
struct FinalizeStmt {
  void operator()(sqlite3_stmt* stmt) const { sqlite3_finalize(stmt); }
};

class Connection;

/// A prepared statement in use; gives itself back to its connection's cache when it goes.
class Statement {
 public:
  Statement(Connection& db, sqlite3_stmt* stmt) : db_(&db), stmt_(stmt) {}
  Statement(Statement&& other) noexcept : db_(other.db_), stmt_(std::exchange(other.stmt_, nullptr)) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Binds the next parameter; text must live until the statement is done.
  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  /// Binds all, in order.
  template <typename... Values>
  Statement& with(const Values&... values) {
    (bind(values), ...);
    return *this;
  }
  /// True while there is a row.
  [[nodiscard]] bool step();
  /// Runs a statement that yields no rows.
  void run();

  [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
  /// Valid until the next step().
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;

 private:
  Connection* db_;
  sqlite3_stmt* stmt_;
  int bound_ = 0;
};

class Connection {
 public:
  /// Opens or creates (0600); `writer` sets WAL and synchronous=FULL, readers may only query.
  Connection(const fs::path& path, bool writer);

  /// From the cache, or prepared. `sql` must not be in use already on this connection.
  [[nodiscard]] Statement prepare(std::string_view sql);
  /// Several statements without parameters.
  void exec(const std::string& sql);
  [[nodiscard]] int changes() const { return sqlite3_changes(db_.get()); }
  [[nodiscard]] std::int64_t last_id() const { return sqlite3_last_insert_rowid(db_.get()); }
  /// Throws what SQLite's code means to the user.
  [[noreturn]] void fail(int code) const;

 private:
  fs::path path_;
  std::unique_ptr<sqlite3, CloseDb> db_;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, FinalizeStmt>> cache_;
};

/// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& db) : db_(&db) { db_->exec("BEGIN IMMEDIATE"); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Connection* db_;
  bool open_ = true;
};

}  // namespace skiff::store::sqlite
