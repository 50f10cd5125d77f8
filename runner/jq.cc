#include "runner/jq.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "runner/object_path.h"

namespace skiff::runner {
using spec::Json;

namespace {

using Results = std::vector<Json>;
/// A filter that has been read: one value in, any number out.
using Filter = std::function<Results(const Json&)>;

constexpr int kMaxNesting = 100;

std::string kind_name(const Json& v) {
  if (v.is_null()) return "null";
  if (v.is_string()) return "string";
  if (v.is_number()) return "number";
  if (v.is_array()) return "array";
  return v.is_object() ? "object" : "boolean";
}

bool truthy(const Json& v) { return !v.is_null() && !(v.is_bool() && !v.as_bool()); }

Json sorted(const Json& v) {  // encoding/json writes keys in order
  if (v.is_array()) {
    Json out = Json::array();
    for (const Json& e : v.as_array()) out.push_back(sorted(e));
    return out;
  }
  if (!v.is_object()) return v;
  std::map<std::string, Json> members;
  for (const auto& [key, member] : v.as_object()) members[key] = sorted(member);
  Json out = Json::object();
  for (auto& [key, member] : members) out.set(key, std::move(member));
  return out;
}

std::string line_of(const Json& v) { return v.is_string() ? v.as_string() : spec::to_json(sorted(v)); }

int rank(const Json& v) {
  if (v.is_null()) return 0;
  if (v.is_bool()) return v.as_bool() ? 2 : 1;
  if (v.is_number()) return 3;
  if (v.is_string()) return 4;
  return v.is_array() ? 5 : 6;
}

int order_of(const Json& a, const Json& b) {
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  if (a.is_number()) {
    const double x = a.as_double().value_or(0), y = b.as_double().value_or(0);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return line_of(a).compare(line_of(b));
}

Json member_of(const Json& v, const std::string& name) {
  if (v.is_null()) return {};
  if (!v.is_object())
    throw PathError(fmt::format("expected an object with key \"{}\" but got: {}", name, kind_name(v)));
  const Json* found = v.find(name);
  return found == nullptr ? Json() : *found;
}

Json element_of(const Json& v, std::int64_t i) {
  if (v.is_null()) return {};
  if (!v.is_array()) throw PathError(fmt::format("expected an array but got: {}", kind_name(v)));
  const auto size = static_cast<std::int64_t>(v.as_array().size());
  if (i < 0) i += size;
  return i < 0 || i >= size ? Json() : v.as_array()[static_cast<std::size_t>(i)];
}

Results each_of(const Json& v) {
  Results out;
  if (v.is_array()) {
    out.assign(v.as_array().begin(), v.as_array().end());
  } else if (v.is_object()) {
    for (const auto& [key, member] : v.as_object()) out.push_back(member);
  } else {
    throw PathError("cannot iterate over: " + kind_name(v));
  }
  return out;
}

Json sum(const Json& a, const Json& b) {
  if (a.is_null()) return b;
  if (b.is_null()) return a;
  if (a.is_string() && b.is_string()) return a.as_string() + b.as_string();
  if (a.is_array() && b.is_array()) {
    Json out = a;
    for (const Json& e : b.as_array()) out.push_back(e);
    return out;
  }
  const auto x = a.as_int64(), y = b.as_int64();
  if (a.is_number() && b.is_number() && x && y) return *x + *y;
  if (a.is_number() && b.is_number()) return a.as_double().value_or(0) + b.as_double().value_or(0);
  throw PathError(fmt::format("cannot add: {} and {}", kind_name(a), kind_name(b)));
}

Json length_of(const Json& v) {
  if (v.is_null()) return std::int64_t{0};
  if (v.is_array()) return static_cast<std::int64_t>(v.as_array().size());
  if (v.is_object()) return static_cast<std::int64_t>(v.as_object().size());
  if (!v.is_string()) throw PathError("length cannot be applied to: " + kind_name(v));
  return static_cast<std::int64_t>(
      std::count_if(v.as_string().begin(), v.as_string().end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Json keys_of(const Json& v) {
  Json out = Json::array();
  if (v.is_object()) {
    const Json in_order = sorted(v);
    for (const auto& [key, member] : in_order.as_object()) out.push_back(key);
  } else if (v.is_array()) {
    for (std::size_t i = 0; i < v.as_array().size(); ++i) out.push_back(static_cast<std::int64_t>(i));
  } else {
    throw PathError("keys cannot be applied to: " + kind_name(v));
  }
  return out;
}

Json from_json(const Json& v) {
  auto parsed = v.is_string() ? spec::parse_json(v.as_string()) : std::nullopt;
  if (!parsed) throw PathError("fromjson cannot be applied to: " + line_of(v));
  return std::move(*parsed);
}

Json total(const Json& v) {
  Json out;
  for (const Json& e : each_of(v)) out = sum(out, e);
  return out;
}

/// Functions without an argument.
const std::map<std::string, Json (*)(const Json&), std::less<>> kPlain = {
    {"add", total},
    {"first", [](const Json& v) { return element_of(v, 0); }},
    {"fromjson", from_json},
    {"keys", keys_of},
    {"last", [](const Json& v) { return element_of(v, -1); }},
    {"length", length_of},
    {"not", [](const Json& v) { return Json(!truthy(v)); }},
    {"tojson", [](const Json& v) { return Json(spec::to_json(sorted(v))); }},
    {"tostring", [](const Json& v) { return Json(line_of(v)); }},
    {"type", [](const Json& v) { return Json(kind_name(v)); }},
};

/// Both sides for every combination, as jq does.
Filter combine(Filter a, Filter b, std::function<Json(const Json&, const Json&)> join) {
  return [a = std::move(a), b = std::move(b), join = std::move(join)](const Json& v) {
    Results out;
    for (const Json& y : b(v)) {
      for (const Json& x : a(v)) out.push_back(join(x, y));
    }
    return out;
  };
}

Filter then(Filter a, Filter b) {
  return [a = std::move(a), b = std::move(b)](const Json& v) {
    Results out;
    for (const Json& x : a(v)) {
      for (Json& y : b(x)) out.push_back(std::move(y));
    }
    return out;
  };
}

Filter always(Json value) {
  return [value = std::move(value)](const Json&) { return Results{value}; };
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Filter parse() {
    Filter f = pipe();
    skip();
    if (pos_ != text_.size()) fail("expected the end");
    return f;
  }

 private:
  Filter pipe() {
    if (++nesting_ > kMaxNesting) fail("it is nested too deeply");
    Filter f = comma();
    while (take("|")) f = then(std::move(f), comma());
    --nesting_;
    return f;
  }

  Filter comma() {
    Filter f = otherwise();
    while (take(",")) {
      f = [a = std::move(f), b = otherwise()](const Json& v) {
        Results out = a(v);
        for (Json& x : b(v)) out.push_back(std::move(x));
        return out;
      };
    }
    return f;
  }

  Filter otherwise() {
    Filter f = comparison();
    while (take("//")) {
      f = [a = std::move(f), b = comparison()](const Json& v) {
        Results out = a(v);
        std::erase_if(out, [](const Json& x) { return !truthy(x); });
        return out.empty() ? b(v) : out;
      };
    }
    return f;
  }

  Filter comparison() {
    Filter f = addition();
    using Test = bool (*)(int);
    static const std::pair<std::string_view, Test> kTests[] = {
        {"==", [](int o) { return o == 0; }}, {"!=", [](int o) { return o != 0; }},
        {"<=", [](int o) { return o <= 0; }}, {">=", [](int o) { return o >= 0; }},
        {"<", [](int o) { return o < 0; }},   {">", [](int o) { return o > 0; }}};
    for (const auto& [op, test] : kTests) {
      if (!take(op)) continue;
      return combine(std::move(f), addition(),
                     [test = test](const Json& a, const Json& b) { return Json(test(order_of(a, b))); });
    }
    return f;
  }

  Filter addition() {
    Filter f = postfix();
    while (take("+")) f = combine(std::move(f), postfix(), sum);
    return f;
  }

  Filter postfix() {
    Filter f = term();
    while (true) {
      if (pos_ < text_.size() && text_[pos_] == '[') {
        f = then(std::move(f), bracket());
      } else if (pos_ < text_.size() && text_[pos_] == '.') {
        ++pos_;
        if (peek() != '[') f = then(std::move(f), member());
      } else if (pos_ < text_.size() && text_[pos_] == '?') {
        ++pos_;
        f = [inner = std::move(f)](const Json& v) {
          try {
            return inner(v);
          } catch (const PathError&) {
            return Results();
          }
        };
      } else {
        return f;
      }
    }
  }

  Filter member() {
    std::string name = peek() == '"' ? quoted() : word();
    if (name.empty()) fail("expected a name after `.`");
    return [name = std::move(name)](const Json& v) { return Results{member_of(v, name)}; };
  }

  Filter bracket() {
    ++pos_;
    if (take("]")) return each_of;
    Filter inner = pipe();
    need("]");
    return [inner = std::move(inner)](const Json& v) {
      Results out;
      for (const Json& key : inner(v)) {
        out.push_back(key.is_string() ? member_of(v, key.as_string())
                                      : element_of(v, key.as_int64().value_or(0)));
      }
      return out;
    };
  }

  Filter term() {
    skip();
    const char c = peek();
    if (c == '.') {
      ++pos_;
      const char next = peek();
      if (next == '"' || next == '_' || std::isalpha(static_cast<unsigned char>(next)) != 0) return member();
      return [](const Json& v) { return Results{v}; };
    }
    if (c == '"') return always(quoted());
    if (c == '-' || std::isdigit(static_cast<unsigned char>(c)) != 0) return number();
    if (take("(")) {
      Filter f = pipe();
      need(")");
      return f;
    }
    if (take("[")) return array();
    if (take("{")) return object();
    return function();
  }

  Filter number() {
    const std::size_t end = std::min(text_.find_first_not_of("-0123456789.eE", pos_), text_.size());
    auto value = spec::parse_json(text_.substr(pos_, end - pos_));
    if (!value) fail("expected a number");
    pos_ = end;
    return always(std::move(*value));
  }

  Filter array() {
    if (take("]")) return always(Json::array());
    Filter inner = pipe();
    need("]");
    return [inner = std::move(inner)](const Json& v) {
      Results found = inner(v);
      Json out = Json::array();
      for (Json& x : found) out.push_back(std::move(x));
      return Results{std::move(out)};
    };
  }

  Filter object() {
    std::vector<std::pair<std::string, Filter>> members;
    while (!take("}")) {
      if (!members.empty()) need(",");
      skip();
      std::string name = peek() == '"' ? quoted() : word();
      if (name.empty()) fail("expected a name");
      Filter value = [name](const Json& v) { return Results{member_of(v, name)}; };
      if (take(":")) value = otherwise();
      members.emplace_back(std::move(name), std::move(value));
    }
    return [members = std::move(members)](const Json& v) {
      Results out{Json::object()};
      for (const auto& [name, value] : members) {
        Results wider;
        for (const Json& x : value(v)) {
          for (Json made : out) {
            made.set(name, x);
            wider.push_back(std::move(made));
          }
        }
        out = std::move(wider);
      }
      return out;
    };
  }

  Filter function() {
    const std::size_t begin = pos_;
    const std::string name = word();
    if (name == "true" || name == "false") return always(Json(name == "true"));
    if (name == "null") return always(Json());
    if (name == "empty") return [](const Json&) { return Results(); };
    if (const auto f = kPlain.find(name); f != kPlain.end()) {
      return [call = f->second](const Json& v) { return Results{call(v)}; };
    }
    if (name != "select" && name != "map" && name != "join" && name != "has") {
      pos_ = begin;
      fail(fmt::format(
          "`{}` is not known here; known are paths, [], |, ,, //, +, comparisons, select(f), map(f), "
          "has(k), join(s), add, first, fromjson, keys, last, length, not, tojson, tostring, type",
          name.empty() ? std::string(1, peek()) : name));
    }
    need("(");
    Filter f = pipe();
    need(")");
    return with_argument(name, std::move(f));
  }

  static Filter with_argument(const std::string& name, Filter f) {
    if (name == "select") {
      return [f = std::move(f)](const Json& v) {
        Results out;
        for (const Json& verdict : f(v)) {
          if (truthy(verdict)) out.push_back(v);
        }
        return out;
      };
    }
    if (name == "map") {
      return [f = then(each_of, std::move(f))](const Json& v) {
        Json out = Json::array();
        for (Json& x : f(v)) out.push_back(std::move(x));
        return Results{std::move(out)};
      };
    }
    if (name == "has") {
      return [f = std::move(f)](const Json& v) {
        const Results key = f(v);
        return Results{
            Json(!key.empty() && key[0].is_string() && v.is_object() && v.find(key[0].as_string()))};
      };
    }
    return [f = std::move(f)](const Json& v) {
      const Results separator = f(v);
      std::string out;
      bool first = true;
      for (const Json& x : each_of(v)) {
        if (!std::exchange(first, false) && !separator.empty()) out += plain_text(separator[0]);
        out += plain_text(x);
      }
      return Results{Json(out)};
    };
  }

  std::string word() {
    const std::size_t begin = pos_;
    while (std::isalnum(static_cast<unsigned char>(peek())) != 0 || peek() == '_') ++pos_;
    return std::string(text_.substr(begin, pos_ - begin));
  }

  std::string quoted() {
    std::size_t end = pos_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    auto value = end < text_.size() ? spec::parse_json(text_.substr(pos_, end + 1 - pos_)) : std::nullopt;
    if (!value) fail("a text is not closed");
    pos_ = end + 1;
    return value->as_string();
  }

  [[nodiscard]] char peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }
  void skip() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\t') ++pos_;
  }
  bool take(std::string_view token) {
    skip();
    const std::string_view rest = text_.substr(pos_);
    if (!rest.starts_with(token) || (token == "|" && rest.starts_with("||"))) return false;
    pos_ += token.size();
    return true;
  }
  void need(std::string_view token) {
    if (!take(token)) fail(fmt::format("expected `{}`", token));
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw PathError(fmt::format("jqFilter `{}`, at {}: {}", text_, pos_ + 1, what));
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  int nesting_ = 0;
};

}  // namespace

std::string jq_text(const Json& object, std::string_view filter) {
  std::string out;
  for (const Json& v : Parser(filter).parse()(object)) out += line_of(v) + "\n";
  while (!out.empty() && std::isspace(static_cast<unsigned char>(out.back())) != 0) out.pop_back();
  out.erase(0, std::min(out.find_first_not_of(" \t\r\n"), out.size()));
  return out;
}

}  // namespace skiff::runner
