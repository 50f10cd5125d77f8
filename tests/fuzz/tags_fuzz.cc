// Fuzzes tag replacement and loops: a text, and the same as a JSON tree or list, under all three rules.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "spec/items.h"
#include "spec/tags.h"

using namespace skiff::spec;

namespace {

const Scope& example() {
  static const Scope kScope = [] {
    Scope scope;
    scope.set("item", "{\"a\":\"b\"}");
    scope.set("item.a", "b");
    scope.set("inputs.parameters.message", "hello {{item}}");
    scope.set("inputs.parameters.quoted", "\"\\\n");
    scope.set("steps.one.outputs.result", "[1, 2]");
    scope.set_absent("steps.two.outputs.parameters.p");
    scope.set("workflow.name", "wf");
    return scope;
  }();
  return kScope;
}

void check_text(std::string_view text) {
  const Scope nothing;
  const bool expressions = text.find("{{=") != std::string_view::npos;
  const auto same = substitute_text(text, nothing, Unresolved::keep);
  if (!expressions && (same.error || same.value != text))
    std::abort();  // nobody is known, so nothing changes
  for (const Unresolved rule : {Unresolved::keep, Unresolved::keep_but_steps, Unresolved::reject}) {
    const auto out = substitute_text(text, example(), rule);
    if (out.error && (out.value != text || out.error->message.empty())) std::abort();
  }
  std::size_t last = 0;
  for_each_tag(text, [&](const Tag& tag) {
    if (tag.offset < last) std::abort();
    last = tag.offset;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_text(text);
  (void)resolve_reference(text, example());
  if (is_absent_reference(text, example()) && !tree_has_tags(Json(text))) std::abort();
  if (const auto tree = parse_json(text)) {
    const auto out = substitute(*tree, example(), Unresolved::keep);
    if (!out.error && !parse_json(to_json(out.value))) std::abort();
  }
  const LoopItems loop = expand_param(text);
  for (std::size_t i = 0; i < loop.items.size(); ++i) {
    if (!loop.items[i].suffix.starts_with(std::to_string(i) + ":")) std::abort();
  }
  return 0;
}
