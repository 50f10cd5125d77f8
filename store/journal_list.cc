// Listing workflows: a filter becomes SQL whose every part an index can serve.
#include <fmt/format.h>

#include <string>
#include <variant>
#include <vector>

#include "store/journal_impl.h"

namespace skiff::store {
namespace {

constexpr std::string_view kColumns =
    "SELECT w.uid, w.ns, w.name, w.phase, w.created_ms, w.started_ms, w.finished_ms, w.message, w.progress, "
    "w.labels, "
    "w.summary, w.last_seq, w.revision FROM workflows w";

WorkflowRow workflow_row(const sqlite::Statement& query) {
  WorkflowRow row;
  row.uid = query.text(0);
  row.ns = query.text(1);
  row.name = query.text(2);
  row.phase = query.text(3);
  row.created_ms = query.number(4);
  row.started_ms = query.number(5);
  row.finished_ms = query.number(6);
  row.message = query.text(7);
  row.progress = query.text(8);
  row.labels = labels_from_json(query.text(9));
  row.summary = query.text(10);
  row.last_seq = query.number(11);
  row.revision = query.number(12);
  return row;
}

/// A WHERE clause under construction, with the values for its question marks.
class Where {
 public:
  explicit Where(const WorkflowFilter& filter);
  [[nodiscard]] const std::string& sql() const { return sql_; }
  void bind(sqlite::Statement& query) const {
    for (const auto& value : values_) std::visit([&](const auto& v) { query.bind(v); }, value);
  }

 private:
  using Value = std::variant<std::string, std::int64_t>;
  void add(std::string_view condition) {
    sql_ += fmt::format("{} {}", sql_.empty() ? " WHERE" : " AND", condition);
  }
  void add(std::string_view condition, Value value) {
    add(condition);
    values_.push_back(std::move(value));
  }
  std::string question_marks(const std::vector<std::string>& values) {
    std::string marks;
    for (const auto& value : values) {
      marks += marks.empty() ? "?" : ",?";
      values_.emplace_back(value);
    }
    return marks;
  }
  void add_prefix(const std::string& prefix);
  void add_label(const LabelCondition& condition);

  std::string sql_;
  std::vector<Value> values_;
};

Where::Where(const WorkflowFilter& filter) {
  if (filter.ns) add("w.ns=?", *filter.ns);
  if (filter.name) add("w.name=?", *filter.name);
  if (!filter.phases.empty()) add(fmt::format("w.phase IN ({})", question_marks(filter.phases)));
  if (!filter.name_prefix.empty()) add_prefix(filter.name_prefix);
  if (filter.completed) add(*filter.completed ? "w.finished_ms>0" : "w.finished_ms=0");
  if (filter.created_from_ms) add("w.created_ms>=?", *filter.created_from_ms);
  if (filter.finished_until_ms) {
    add("w.finished_ms>0");
    add("w.finished_ms<=?", *filter.finished_until_ms);
  }
  for (const auto& condition : filter.labels) add_label(condition);
}

void Where::add_prefix(const std::string& prefix) {
  add("w.name>=?", prefix);
  // The least name that does not begin with it: no LIKE, whose wildcards and case folding nobody asked for.
  std::string end = prefix;
  while (!end.empty() && static_cast<unsigned char>(end.back()) >= 0x7f) end.pop_back();
  if (end.empty()) return;
  end.back() = static_cast<char>(end.back() + 1);
  add("w.name<?", end);
}

void Where::add_label(const LabelCondition& condition) {
  using Op = LabelCondition::Op;
  const bool negated = condition.op == Op::not_in || condition.op == Op::not_exists;
  values_.emplace_back(condition.key);
  std::string inner = "SELECT wid FROM labels WHERE key=?";
  if (condition.op == Op::in || condition.op == Op::not_in) {
    inner += fmt::format(" AND value IN ({})", question_marks(condition.values));
  }
  if (condition.op == Op::greater || condition.op == Op::less) {
    // What is no integer is neither greater nor less.
    inner += fmt::format(
        " AND CAST(value AS INTEGER){}CAST(? AS INTEGER) AND value=CAST(CAST(value AS INTEGER) AS TEXT)",
        condition.written);
    values_.emplace_back(condition.values.front());
  }
  add(fmt::format("w.id {} ({})", negated ? "NOT IN" : "IN", inner));
}

std::optional<WorkflowRow> first_row(sqlite::Statement& query) {
  if (!query.step()) return std::nullopt;
  return workflow_row(query);
}

}  // namespace

std::vector<WorkflowRow> Journal::list(const WorkflowFilter& filter) const {
  const Where where(filter);
  const Impl::Lease db(*impl_);
  auto query = db->prepare(
      fmt::format("{}{} ORDER BY w.created_ms DESC, w.id DESC LIMIT ? OFFSET ?", kColumns, where.sql()));
  where.bind(query);
  const std::int64_t limit = filter.limit > 0 ? filter.limit : -1;
  query.with(limit, filter.offset);
  std::vector<WorkflowRow> rows;
  while (query.step()) rows.push_back(workflow_row(query));
  return rows;
}

std::int64_t Journal::count(const WorkflowFilter& filter) const {
  const Where where(filter);
  const Impl::Lease db(*impl_);
  auto query = db->prepare(fmt::format("SELECT count(*) FROM workflows w{}", where.sql()));
  where.bind(query);
  return query.step() ? query.number(0) : 0;
}

std::optional<WorkflowRow> Journal::by_uid(std::string_view uid) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(fmt::format("{} WHERE w.uid=?1", kColumns));
  query.bind(uid);
  return first_row(query);
}

std::optional<WorkflowRow> Journal::by_name(std::string_view ns, std::string_view name) const {
  const Impl::Lease db(*impl_);
  auto query = db->prepare(fmt::format("{} WHERE w.ns=?1 AND w.name=?2", kColumns));
  query.with(ns, name);
  return first_row(query);
}

std::optional<WorkflowRow> Journal::latest(std::string_view ns) const {
  const Impl::Lease db(*impl_);
  auto query =
      db->prepare(fmt::format("{} WHERE w.ns=?1 ORDER BY w.created_ms DESC, w.id DESC LIMIT 1", kColumns));
  query.bind(ns);
  return first_row(query);
}

}  // namespace skiff::store
