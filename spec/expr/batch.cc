// Requests to answers; the languages are evaluated elsewhere.
#include "spec/expr/batch.h"

#include <array>
#include <exception>
#include <istream>
#include <map>
#include <optional>
#include <ostream>
#include <utility>

#include "spec/expr/environment.h"
#include "spec/expr/go_json.h"
#include "spec/expr/program.h"
#include "spec/when.h"

namespace skiff::spec::expr {
namespace {

Value environment(const Json::Object& variables) {
  std::map<std::string_view, Value> sorted;
  for (const auto& [name, value] : variables) sorted.insert_or_assign(name, Value::from_json(value));
  return make_environment({sorted.begin(), sorted.end()}, true);
}

std::string error_answer(const Json& id, const std::string& message) {
  return "{\"id\":" + to_json(id) + ",\"error\":" + quote_json(message.empty() ? "unknown error" : message) +
         "}";
}

std::string value_answer(const Json& id, const std::string& value, std::string_view kind) {
  return "{\"id\":" + to_json(id) + ",\"value\":" + value + ",\"kind\":\"" + std::string(kind) + "\"}";
}

/// Escapes the characters that some readers take for the end of a line, so that an answer stays on its own.
std::string on_one_line(std::string answer) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kEnds = {
      {{"\xC2\x85", "\\u0085"}, {"\xE2\x80\xA8", "\\u2028"}, {"\xE2\x80\xA9", "\\u2029"}}};
  for (const auto& [end, escape] : kEnds) {
    for (std::size_t at = answer.find(end); at != std::string::npos; at = answer.find(end, at)) {
      answer.replace(at, end.size(), escape);
    }
  }
  return answer;
}

std::string_view kind_name(const Value& v) {
  switch (v.kind()) {
    case Kind::nil:
      return "nil";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::floating:
      return "float";
    case Kind::string:
      return "string";
    case Kind::bytes:
      return "bytes";
    case Kind::array:
      return "list";
    case Kind::map:
      return "map";
    case Kind::time:
      return "time";
    case Kind::duration:
      return "duration";
    default:
      return "other";
  }
}

std::string answer_when(const Json& id, const std::string& text) {
  const WhenResult result = evaluate_when(text);
  if (!result.ok()) return error_answer(id, result.error);
  return value_answer(id, result.value ? "true" : "false", "bool");
}

std::string answer_expr(const Json& id, const std::string& text, const Json& env) {
  static const Json::Object none;
  auto result = evaluate(text, environment(env.is_object() ? env.as_object() : none));
  if (!result) return error_answer(id, result.error().render(text));
  auto json = encode_json(result.value(), {.escape_html = false});
  if (!json) return error_answer(id, json.error().message);
  return value_answer(id, json.value(), kind_name(result.value()));
}

}  // namespace

std::string answer_batch_line(std::string_view line) {
  JsonError why;
  const auto request = parse_json(line, &why);
  if (!request) return error_answer(Json(), "the line is no JSON: " + why.message);
  const Json& id = request->get("id");
  const Json& text = request->get("expr");
  if (!text.is_string()) return error_answer(id, "the line has no text \"expr\"");
  const std::string lang = request->get_string("lang", "expr");
  if (lang == "when") return answer_when(id, text.as_string());
  if (lang == "expr" || lang == "sprig") return answer_expr(id, text.as_string(), request->get("env"));
  return error_answer(id, "unknown lang \"" + lang + "\": it is expr, sprig or when");
}

void evaluate_batch(std::istream& in, std::ostream& out) {
  std::string line;
  while (std::getline(in, line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::string answer;
    try {
      answer = answer_batch_line(line);
    } catch (const std::exception& e) {  // out of memory: the other lines still get their answers
      const auto request = parse_json(line);
      answer = error_answer(request ? request->get("id") : Json(), e.what());
    }
    out << on_one_line(std::move(answer)) << '\n' << std::flush;
  }
}

Result<Json> evaluate_once(EvalLanguage language, std::string_view text,
                           const std::vector<std::pair<std::string, Json>>& variables) {
  if (language == EvalLanguage::when) {
    const WhenResult result = evaluate_when(text);
    if (!result.ok()) {
      return Error{
          .message = result.error, .hint = "", .offset = result.offset, .length = 1, .has_place = true};
    }
    return Json(result.value);
  }
  auto result = evaluate(text, environment({variables.begin(), variables.end()}));
  if (!result) return std::move(result).error();
  return result.value().to_json();
}

}  // namespace skiff::spec::expr
