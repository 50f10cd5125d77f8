// The variables a node sees: one sorted table a level, looked up from the inside out.
#include <utility>

#include "spec/tags.h"

namespace skiff::spec {

void Scope::set(std::string name, std::string value) {
  entries_.insert_or_assign(std::move(name), Entry{Known::text, std::move(value), {}});
}

void Scope::set_absent(std::string name) {
  entries_.insert_or_assign(std::move(name), Entry{Known::absent, {}, {}});
}

void Scope::set_artifact(std::string name, Json artifact) {
  entries_.insert_or_assign(std::move(name), Entry{Known::artifact, {}, std::move(artifact)});
}

void Scope::erase(std::string_view name) {
  if (const auto found = entries_.find(name); found != entries_.end()) entries_.erase(found);
}

const Scope::Entry* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    if (const auto found = scope->entries_.find(name); found != scope->entries_.end()) return &found->second;
  }
  return nullptr;
}

Known Scope::known(std::string_view name) const {
  const Entry* entry = find(name);
  return entry == nullptr ? Known::unknown : entry->known;
}

std::optional<std::string_view> Scope::text(std::string_view name) const {
  const Entry* entry = find(name);
  if (entry == nullptr || entry->known != Known::text) return std::nullopt;
  return entry->text;
}

std::map<std::string_view, const Scope::Entry*> Scope::visible(std::string_view prefix) const {
  std::map<std::string_view, const Entry*> out;
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    for (auto it = scope->entries_.lower_bound(prefix); it != scope->entries_.end(); ++it) {
      if (!it->first.starts_with(prefix)) break;
      out.emplace(it->first, &it->second);
    }
  }
  return out;
}

bool Scope::has_prefix(std::string_view prefix) const { return first(prefix, true).has_value(); }

std::optional<std::pair<std::string_view, const Scope::Entry*>> Scope::first(std::string_view prefix,
                                                                             bool artifacts) const {
  std::optional<std::pair<std::string_view, const Entry*>> best;
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer_) {
    for (auto it = scope->entries_.lower_bound(prefix); it != scope->entries_.end(); ++it) {
      if (!it->first.starts_with(prefix)) break;
      if (!artifacts && it->second.known == Known::artifact) continue;
      if (!best || it->first < best->first) best.emplace(it->first, &it->second);
      break;
    }
  }
  return best;
}

}  // namespace skiff::spec
