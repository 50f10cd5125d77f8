// Semantic versions and constraints on them, as Masterminds/semver v3 reads and compares them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::spec::expr {

struct Version {
  std::uint64_t major = 0, minor = 0, patch = 0;
  std::string pre, metadata;
  std::string original;  ///< as it was given

  /// Loose: "v1.2" is 1.2.0. Nothing and `error` where it is no version.
  [[nodiscard]] static std::optional<Version> parse(const std::string& text, std::string* error);
  [[nodiscard]] std::string text() const;
  /// -1, 0 or 1; metadata does not count.
  [[nodiscard]] int compare(const Version& o) const;
};

/// Alternatives (||) of conditions that must all hold.
class Constraints {
 public:
  [[nodiscard]] static std::optional<Constraints> parse(const std::string& text, std::string* error);
  [[nodiscard]] bool check(const Version& v) const;

 private:
  struct Condition {
    std::string op;
    Version version;
    bool dirty = false;        ///< a part is missing or an x
    bool minor_dirty = false;  ///< that part is the minor version
    bool patch_dirty = false;
  };
  struct Group {
    std::vector<Condition> conditions;
    bool pre = false;  ///< one of them names a pre-release, so pre-releases may pass
  };
  [[nodiscard]] static std::optional<Condition> parse_condition(const std::string& text, std::string* error);
  [[nodiscard]] static bool holds(const Condition& c, const Version& v);
  [[nodiscard]] static bool tilde(const Condition& c, const Version& v);
  [[nodiscard]] static bool caret(const Condition& c, const Version& v);
  [[nodiscard]] static bool not_equal(const Condition& c, const Version& v);
  std::vector<Group> groups_;
};

}  // namespace skiff::spec::expr
