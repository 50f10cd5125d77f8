// sprig's semver: version values with their methods, and checks against constraints.
#include "spec/expr/semver.h"

#include <array>
#include <memory>

#include "spec/expr/sprig_impl.h"

namespace skiff::spec::expr::sprig {
namespace {

const Type* pointer_type() {
  static const Type* const kType = Type::opaque("*semver.Version");
  return kType;
}
const Type* struct_type() {
  static const Type* const kType = Type::opaque("semver.Version");
  return kType;
}

/// *semver.Version, or semver.Version, which lacks the methods that need a pointer.
class VersionValue final : public Opaque {
 public:
  VersionValue(Version version, bool pointer) : version_(std::move(version)), pointer_(pointer) {}

  [[nodiscard]] const Type* type() const override { return pointer_ ? pointer_type() : struct_type(); }
  [[nodiscard]] std::string to_text() const override { return version_.text(); }
  [[nodiscard]] Result<Json> to_json() const override { return Json(version_.text()); }
  [[nodiscard]] Value member(std::string_view name) const override;
  [[nodiscard]] const Version& version() const { return version_; }

 private:
  [[nodiscard]] Value property(std::string_view name) const;
  [[nodiscard]] Value comparison(std::string_view name) const;
  [[nodiscard]] Value successor(std::string_view name) const;

  Version version_;
  bool pointer_;
};

Value wrap(Version version, bool pointer) {
  return Value::opaque(std::make_shared<const VersionValue>(std::move(version), pointer));
}

Value method(std::string_view name, std::vector<const Type*> in, const Type* out,
             std::function<Result<Value>(Args)> call) {
  return Value::function({std::string(name), Type::function(std::move(in), out), std::move(call)});
}

Value VersionValue::property(std::string_view name) const {
  const Type* number = Type::integer(IntType::uint64);
  const auto number_method = [&](std::uint64_t n) {
    return method(name, {}, number, [n](Args) -> Result<Value> {
      return Value::integer(static_cast<std::int64_t>(n), IntType::uint64);
    });
  };
  const auto text_method = [&](std::string text) {
    return method(name, {}, Type::string(),
                  [text = std::move(text)](Args) -> Result<Value> { return Value(text); });
  };
  if (name == "Major") return number_method(version_.major);
  if (name == "Minor") return number_method(version_.minor);
  if (name == "Patch") return number_method(version_.patch);
  if (name == "Prerelease") return text_method(version_.pre);
  if (name == "Metadata") return text_method(version_.metadata);
  if (name == "String") return text_method(version_.text());
  if (name == "Original" && pointer_) return text_method(version_.original);
  return {};
}

Value VersionValue::comparison(std::string_view name) const {
  using Decide = bool (*)(int);
  struct Named {
    std::string_view name;
    Decide decide;
  };
  static constexpr std::array<Named, 5> kNamed{{
      {"LessThan", [](int d) { return d < 0; }},
      {"LessThanEqual", [](int d) { return d <= 0; }},
      {"GreaterThan", [](int d) { return d > 0; }},
      {"GreaterThanEqual", [](int d) { return d >= 0; }},
      {"Equal", [](int d) { return d == 0; }},
  }};
  const auto order = [mine = version_](const Value& v) -> std::optional<int> {
    if (!v.is_opaque() || v.type() != pointer_type()) return std::nullopt;
    return mine.compare(static_cast<const VersionValue&>(v.as_opaque()).version());
  };
  const auto no_version = [] {
    return fail("invalid memory address or nil pointer dereference", "the version is nil");
  };
  if (name == "Compare") {
    return method(name, {pointer_type()}, Type::integer(), [order, no_version](Args a) -> Result<Value> {
      const auto d = order(a[0]);
      if (!d) return no_version();
      return Value(*d);
    });
  }
  for (const Named& named : kNamed) {
    if (named.name != name) continue;
    return method(
        name, {pointer_type()}, Type::boolean(),
        [order, no_version, decide = named.decide, equal = name == "Equal"](Args a) -> Result<Value> {
          const auto d = order(a[0]);
          if (!d && !equal) return no_version();
          return Value(d.has_value() && decide(*d));
        });
  }
  return {};
}

Value VersionValue::successor(std::string_view name) const {
  Version next = version_;
  if (name == "IncMajor") {
    next.major += 1;
    next.minor = next.patch = 0;
  } else if (name == "IncMinor") {
    next.minor += 1;
    next.patch = 0;
  } else if (name == "IncPatch") {
    next.patch += next.pre.empty() ? 1 : 0;
  } else {
    return {};
  }
  next.pre.clear();
  next.metadata.clear();
  next.original = (version_.original.starts_with('v') ? "v" : "") + next.text();
  return method(name, {}, struct_type(), [next](Args) -> Result<Value> { return wrap(next, false); });
}

Value VersionValue::member(std::string_view name) const {
  if (Value found = property(name); !found.is_nil()) return found;
  if (Value found = successor(name); !found.is_nil()) return found;
  return pointer_ ? comparison(name) : Value();
}

Version need_version(const Value& text) {
  std::string error;
  auto version = Version::parse(text.as_string(), &error);
  if (!version) throw Panic(error, "a version looks like 1.2.3 or v1.2.3-rc.1");
  return std::move(*version);
}

}  // namespace

void add_semver(Table& t) {
  const Type* s = Type::string();
  t.add("semver", {s}, pointer_type(), [](Args a) -> Value { return wrap(need_version(a[0]), true); });
  t.add("semverCompare", {s, s}, Type::boolean(), [](Args a) -> Value {
    std::string error;
    const auto constraints = Constraints::parse(a[0].as_string(), &error);
    if (!constraints) throw Panic(error, "the constraint comes first: semverCompare('>=1.2', version)");
    return {constraints->check(need_version(a[1]))};
  });
}

}  // namespace skiff::spec::expr::sprig
