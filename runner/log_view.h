// Which log lines a user asked for: the nodes, containers and times, time-ordered over all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/json.h"
#include "store/home.h"
#include "store/journal.h"
#include "store/logs.h"

namespace skiff::runner {

struct LogQuery {
  std::string node;  ///< display name, full name, id or pod name of a node; empty: all. Its descendants count
  std::string container;              ///< empty: all
  std::string grep;                   ///< RE2; empty: all lines
  std::optional<std::uint64_t> tail;  ///< of each container's log
  std::int64_t since_ns = 0;
  bool timestamps = false;  ///< content begins with the line's time, and `grep` sees it (as kubectl's does)
  bool previous = false;    ///< of a container that ran again: only the run before the last
};

struct LogEntry {
  std::string pod_name;
  std::string node_name;  ///< display name
  std::string container;
  store::LogStream stream = store::LogStream::out;
  std::int64_t time_ns = 0;
  std::string content;
};

/// Follows a workflow's logs: the calls of next() give what has been printed since they were last empty.
class LogView {
 public:
  /// Throws RequestError: 404 for a node that is not there (with the names there are), 400 for a bad
  /// expression.
  LogView(const store::Home& home, const store::Journal& journal, std::string uid, LogQuery query);
  ~LogView();
  LogView(const LogView&) = delete;
  LogView& operator=(const LogView&) = delete;

  /// Whole new lines, ordered by time over all containers, a bounded number a call: go on until there are
  /// none. `last`: the workflow is over, unterminated rests are given too.
  [[nodiscard]] std::vector<LogEntry> next(bool last);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace skiff::runner
