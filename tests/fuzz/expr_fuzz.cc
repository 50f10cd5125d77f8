// Fuzzes the expression language: text through lexer, parser, checker, optimizer and evaluator, and its
// result through the JSON writer. The first line may be an environment in JSON.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "spec/expr/environment.h"
#include "spec/expr/go_json.h"
#include "spec/expr/program.h"

using namespace skiff::spec::expr;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Map env;
  const std::size_t newline = text.find('\n');
  if (newline != std::string_view::npos && text.starts_with('{')) {
    if (auto given = decode_json(text.substr(0, newline)); given && given.value().is_map()) {
      env = given.value().as_map();
      text.remove_prefix(newline + 1);
    }
  }
  for (const auto& [name, value] : argo_functions()) env.set(std::string_view(name), value);
  const Limits small{.elements = 100'000, .bytes = 16U << 20U, .steps = 300'000};
  const Value names(std::move(env));
  const auto program = Program::compile(text, {.env = names, .limits = small});
  if (!program) {
    (void)program.error().render(std::string(text));
    return 0;
  }
  const auto result = program.value().run(names);
  if (!result) {
    (void)result.error().render(std::string(text));
    return 0;
  }
  Meter meter(small);
  (void)encode_json(result.value(), {.indent = 2}, &meter);
  return 0;
}
