// Layers of names, and which known name a misspelt one is nearest to.
#include "spec/validate_scope.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "spec/diagnostic.h"

namespace skiff::spec::validation {
namespace {

/// "steps.a.outputs.result" gives "steps.a."; empty where there are no two dots.
std::string_view node_prefix(std::string_view name) {
  const auto first = name.find('.');
  if (first == std::string_view::npos) return {};
  const auto second = name.find('.', first + 1);
  return second == std::string_view::npos ? std::string_view{} : name.substr(0, second + 1);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Edit distance in which two neighbours that changed places count once; letters' case counts for nothing.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const bool same = lower(a[i - 1]) == lower(b[k - 1]);
      row[k] = std::min({last[k] + 1, row[k - 1] + 1, last[k - 1] + (same ? 0U : 1U)});
      const bool swapped =
          i > 1 && k > 1 && lower(a[i - 1]) == lower(b[k - 2]) && lower(a[i - 2]) == lower(b[k - 1]);
      if (swapped) row[k] = std::min(row[k], before[k - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

constexpr std::size_t kLongestGuess = 120;

}  // namespace

bool Names::has(std::string_view name) const {
  const std::string_view node = node_prefix(name);
  for (const Names* layer = this; layer != nullptr; layer = layer->outer_) {
    if (layer->known_.find(name) != layer->known_.end()) return true;
    if (!node.empty() && layer->pardoned_.find(node) != layer->pardoned_.end()) return true;
    if (layer->more_ && layer->more_(name)) return true;
  }
  return false;
}

bool Names::allows(Any what) const {
  for (const Names* layer = this; layer != nullptr; layer = layer->outer_) {
    if (layer->any_[static_cast<std::size_t>(what)]) return true;
  }
  return false;
}

void Names::collect(std::vector<std::string_view>& out) const {
  for (const Names* layer = this; layer != nullptr; layer = layer->outer_) {
    out.insert(out.end(), layer->known_.begin(), layer->known_.end());
  }
}

Site Site::at(std::string_view below) const {
  return {below.starts_with('[') ? path + std::string(below) : path + "." + std::string(below), who};
}

std::string closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.empty() || word.size() > kLongestGuess) return "";
  const std::size_t limit = std::clamp<std::size_t>(word.size() / 4, 1, 3);
  std::size_t best = limit + 1;
  std::string_view found;
  for (const std::string_view c : candidates) {
    if (c == word || c.empty()) continue;
    const std::size_t longer = std::max(c.size(), word.size());
    const std::size_t shorter = std::min(c.size(), word.size());
    if (longer - shorter > limit) continue;
    const std::size_t d = distance(word, c);
    if (d < best || (d == best && d <= limit && c < found)) {
      best = d;
      found = c;
    }
  }
  return std::string(found);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string guess = closest(word, candidates);
  return guess.empty() ? "" : "did you mean `" + guess + "`?";
}

}  // namespace skiff::spec::validation
