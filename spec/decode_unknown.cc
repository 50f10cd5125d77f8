// Fields that the registry does not know: older spellings that are brought up to date, and guesses at what
// was meant.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "spec/decoder.h"

namespace skiff::spec {

namespace {

struct Former {
  std::string_view type;
  std::string_view field;
  std::string_view advice;
};

/// Fields of older versions of Argo that cannot be converted without knowing what was meant.
constexpr std::array kFormer{
    Former{"WorkflowSpec", "ttlSecondsAfterFinished", "it became ttlStrategy.secondsAfterCompletion"},
    Former{"Template", "resubmitPendingPods", "it is gone since Argo 3: pending pods are always resubmitted"},
    Former{"Template", "template", "template references moved to templateRef in steps and tasks"},
    Former{"Template", "templateRef", "template references moved to steps and tasks"},
    Former{"Template", "arguments", "arguments belong to the step or task that calls the template"},
    Former{"RetryStrategy", "retryOn", "it is called retryPolicy"},
};

/// Words that people use for fields that are called otherwise.
constexpr std::array kSynonyms{
    Former{"WorkflowSpec", "entryPoint", "entrypoint"},
    Former{"WorkflowSpec", "ttl", "ttlStrategy"},
    Former{"WorkflowSpec", "parameters", "arguments.parameters"},
    Former{"DAGTask", "dependsOn", "depends"},
    Former{"DAGTask", "needs", "depends"},
    Former{"Template", "retry", "retryStrategy"},
    Former{"Template", "tasks", "dag.tasks"},
    Former{"Template", "parameters", "inputs.parameters"},
    Former{"k8s.Container", "cmd", "command"},
    Former{"k8s.Container", "environment", "env"},
    Former{"k8s.Container", "volumes", "volumeMounts"},
};

std::string_view bare(std::string_view type_name) {
  return type_name.starts_with("k8s.") ? type_name.substr(4) : type_name;
}

const FieldInfo* closest(const TypeInfo& type, std::string_view key) {
  const FieldInfo* best = nullptr;
  std::size_t best_distance = key.size() <= 3 ? 1 : key.size() <= 8 ? 2 : 3;
  ++best_distance;
  for (const FieldInfo& field : type.fields) {
    const std::size_t distance = edit_distance(key, field.name, best_distance - 1);
    if (distance < best_distance) {
      best = &field;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t k = 0; k <= b.size(); ++k) last[k] = k;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const std::size_t change = a[i - 1] == b[k - 1] ? 0 : 1;
      row[k] = std::min({last[k] + 1, row[k - 1] + 1, last[k - 1] + change});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        row[k] = std::min(row[k], before_last[k - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return std::min(last[b.size()], limit + 1);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

void Decoder::unknown(const Node& node, std::size_t entry, const TypeInfo& type, Json& result) {
  const Node key = node.key(entry);
  if (older_spelling(node, entry, type, result)) return;
  if (lenient_ && type.name != "WorkflowStep") {
    const auto same = std::ranges::find_if(
        type.fields, [&](const FieldInfo& f) { return equal_ignoring_case(f.name, key.text()); });
    if (same != type.fields.end()) {
      path_.emplace_back(same->name);
      report(key, Severity::warning, "wrong-case",
             fmt::format("`{}` is spelled `{}`; Argo takes it inside a step, but nowhere else", key.text(),
                         same->name),
             fmt::format("write `{}`", same->name));
      Json value = shaped(node.value(entry), *same);
      path_.pop_back();
      if (result.find(same->name) == nullptr && !value.is_null())
        result.set(std::string(same->name), std::move(value));
      return;
    }
  }
  report_unknown(key, type, guess(node, key.text(), type));
}

void Decoder::report_unknown(const Node& key, const TypeInfo& type, std::string hint) {
  path_.emplace_back(key.text());
  const bool tolerated = lenient_ && type.name != "WorkflowStep";
  const bool metadata = type.name == "k8s.ObjectMeta";
  const std::string where = metadata ? std::string("metadata") : fmt::format("{}", bare(type.name));
  report(key, tolerated ? Severity::warning : Severity::error,
         metadata ? "unknown-metadata-field" : "unknown-field",
         tolerated ? fmt::format("unknown field `{}` in {}; Argo ignores it inside a step", key.text(), where)
                   : fmt::format("unknown field `{}` in {}", key.text(), where),
         std::move(hint));
  path_.pop_back();
}

bool Decoder::older_spelling(const Node& node, std::size_t entry, const TypeInfo& type, Json& result) {
  const Node key = node.key(entry);
  const std::string_view name = key.text();
  std::string_view plural;
  const FieldInfo* field = nullptr;
  if (type.name == "CronWorkflowSpec" && name == "schedule") plural = "schedules";
  if (type.name == "Synchronization" && name == "mutex") plural = "mutexes";
  if (type.name == "Synchronization" && name == "semaphore") plural = "semaphores";
  const bool gone = (type.name == "WorkflowSpec" && name == "podPriority") ||
                    (type.name == "Template" && (name == "priority" || name == "podPriority"));
  if (plural.empty() && !gone) return false;

  const std::string outer = path();
  path_.emplace_back(name);
  if (gone) {
    report(key, Severity::warning, "deprecated-field",
           fmt::format("`{}` is gone since Argo 4 and has no effect", name),
           "set podPriorityClassName instead");
    path_.pop_back();
    return true;
  }
  field = type.find(plural);
  report(key, Severity::warning, "deprecated-field",
         fmt::format("`{}` is the spelling of Argo 3; Argo 4 calls it `{}`", name, plural),
         fmt::format("write it as a list under `{}`, or let skiff convert do it", plural));
  Json value = one(node.value(entry), *field);
  path_.pop_back();
  if (value.is_null()) return true;
  Json& all = result[plural];
  if (!all.is_array() || name == "schedule") all = Json::array();
  document_.note_moved(child_path(child_path(outer, plural), all.size()), child_path(outer, name));
  all.push_back(std::move(value));
  return true;
}

std::string Decoder::guess(const Node& node, std::string_view key, const TypeInfo& type) const {
  const auto same =
      std::ranges::find_if(type.fields, [&](const FieldInfo& f) { return equal_ignoring_case(f.name, key); });
  if (same != type.fields.end())
    return fmt::format("did you mean `{}`? upper and lower case matter", same->name);
  for (const Former& former : kFormer) {
    if (former.type == type.name && former.field == key) return std::string(former.advice);
  }
  for (const Former& other : kSynonyms) {
    if (other.type == type.name && other.field == key) return fmt::format("did you mean `{}`?", other.advice);
  }
  if (const FieldInfo* near = closest(type, key)) return fmt::format("did you mean `{}`?", near->name);
  const FieldInfo* inner = nullptr;
  for (const FieldInfo& field : type.fields) {  // one level deeper, best where that level is already there
    if (field.type == nullptr || field.shape != Shape::one || field.type->find(key) == nullptr) continue;
    const bool present = node.find(field.name).has_value();
    if (inner == nullptr || present) inner = &field;
    if (present) break;
  }
  if (types_.size() >= 2 && types_[types_.size() - 2]->find(key) != nullptr && path_.size() >= 1) {
    std::string owner(bare(types_[types_.size() - 2]->name));
    return fmt::format("`{}` belongs one level further out, in the {}", key, owner);
  }
  if (inner != nullptr) return fmt::format("`{}` belongs under `{}`", key, inner->name);
  return {};
}

}  // namespace skiff::spec
