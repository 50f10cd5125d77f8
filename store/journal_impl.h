// What journal.cc (opening, reading) and journal_write.cc (committing) share: the connections.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/journal.h"
#include "store/sqlite.h"

namespace skiff::store {

struct Journal::Impl {
  explicit Impl(fs::path file) : path(std::move(file)), writer(path, true) {}

  /// A reading connection for the length of one call; made when all are in use.
  class Lease {
   public:
    explicit Lease(Impl& impl);
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();
    [[nodiscard]] sqlite::Connection& operator*() const { return *db_; }
    [[nodiscard]] sqlite::Connection* operator->() const { return db_.get(); }

   private:
    Impl* impl_;
    std::unique_ptr<sqlite::Connection> db_;
  };

  fs::path path;
  std::mutex write_mutex;
  sqlite::Connection writer;
  std::int64_t revision = 0;  ///< guarded by write_mutex
  std::int64_t reserved =
      0;  ///< what the disk says: all up to it may have been given out; guarded by write_mutex
  std::mutex idle_mutex;
  std::vector<std::unique_ptr<sqlite::Connection>> idle;
};

/// Labels as one JSON object, for the row that list reads.
[[nodiscard]] std::string labels_to_json(const std::map<std::string, std::string>& labels);
[[nodiscard]] std::map<std::string, std::string> labels_from_json(const std::string& text);

}  // namespace skiff::store
