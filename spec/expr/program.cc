// Compiling (parse, check, optimise) and running.
#include "spec/expr/program.h"

#include <re2/re2.h>

#include <algorithm>

#include "spec/expr/checker.h"
#include "spec/expr/eval.h"
#include "spec/expr/optimizer.h"
#include "spec/expr/parser.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr {

struct Program::Code {
  Tree tree;
  Limits limits;
};

namespace {

const Map& names_of(const Value& env) {
  static const Map none;
  return env.is_map() ? env.as_map() : none;
}

void compile_patterns(Tree& tree) {
  for (Node& n : tree.nodes) {
    if (n.op != Op::matches || n.kind != NodeKind::binary || !n.kids[1]->is_literal(Kind::string)) continue;
    n.pattern = std::make_shared<const re2::RE2>(n.kids[1]->value.as_string(), re2::RE2::Quiet);
    if (!n.pattern->ok()) n.pattern = nullptr;
  }
}

}  // namespace

Result<Program> Program::compile(std::string_view text, const Options& options) {
  const Map& env = names_of(options.env);
  auto parsed = parse(text, {.overrides = [&env](std::string_view name) { return env.contains(name); }});
  if (!parsed) return std::move(parsed).error();
  auto code = std::make_shared<Code>();
  code->tree = std::move(parsed).value();
  code->limits = options.limits;
  if (auto error = check(code->tree, env, options.allow_unknown_names)) return std::move(*error);
  if (auto error = optimize(code->tree)) return std::move(*error);
  compile_patterns(code->tree);
  return Program(std::move(code));
}

Result<Value> Program::run(const Value& env) const {
  static const Value nothing{Map()};
  Evaluator evaluator(code_->tree, env.is_map() ? env : nothing, code_->limits);
  try {
    return evaluator.eval(code_->tree.root);
  } catch (const Panic& p) {
    const Place place = evaluator.place();
    return Error{p.what(), p.hint, place.offset, place.length, true};
  }
}

const std::string& Program::text() const { return code_->tree.text; }

Result<Value> evaluate(std::string_view text, const Value& env) {
  auto program = Program::compile(text, {.env = env});
  if (!program) return std::move(program).error();
  return program.value().run(env);
}

std::string Error::render(const std::string& text) const {
  std::string out = message;
  if (has_place && offset <= text.size()) {
    const std::size_t before = offset == 0 ? std::string::npos : text.rfind('\n', offset - 1);
    const std::size_t start = before == std::string::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find('\n', offset), text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(start), '\n');
    const std::size_t column = rune_count(std::string_view(text).substr(start, offset - start));
    const std::size_t width =
        rune_count(std::string_view(text).substr(offset, std::min(length, end - offset)));
    out += " (" + std::to_string(line) + ":" + std::to_string(column + 1) + ")";
    out += "\n  | " + text.substr(start, end - start);
    out += "\n  | " + std::string(column, ' ') + std::string(std::max<std::size_t>(1, width), '^');
  }
  if (!hint.empty()) out += "\n" + hint;
  return out;
}

}  // namespace skiff::spec::expr
