// Tag replacement: what is replaced, what stays, what is refused, and expressions inside tags.
#include "spec/tags.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace skiff::spec;

namespace {

Scope example() {
  Scope scope;
  scope.set("inputs.parameters.message", "hello");
  scope.set("inputs.parameters.quoted", "say \"hi\"\n\\o/ <b>");
  scope.set("inputs.parameters.n", "3");
  scope.set("workflow.name", "wf");
  scope.set("workflow.parameters", R"([{"name":"a"}])");
  scope.set("workflow.parameters.a", "A");
  scope.set("steps.one.outputs.result", "[1,2]");
  scope.set_absent("steps.skipped.outputs.parameters.p");
  scope.set("steps.skipped.status", "Skipped");
  return scope;
}

std::string text(std::string_view in, const Scope& scope, Unresolved rule = Unresolved::keep) {
  const auto out = substitute_text(in, scope, rule);
  INFO(in << ": " << (out.error ? out.error->message : ""));
  CHECK_FALSE(out.error.has_value());
  return out.value;
}
std::string text(std::string_view in) { return text(in, example()); }

TagError error_of(std::string_view in, const Scope& scope, Unresolved rule = Unresolved::keep) {
  const auto out = substitute_text(in, scope, rule);
  INFO(in << " gave " << out.value);
  REQUIRE(out.error.has_value());
  CHECK(out.value == in);
  return *out.error;
}

}  // namespace

TEST_CASE("simple tags, with and without blanks") {
  CHECK(text("{{inputs.parameters.message}}") == "hello");
  CHECK(text("a {{ inputs.parameters.message }} b {{workflow.name}}") == "a hello b wf");
  CHECK(text("no tags") == "no tags");
  CHECK(text("}} {{") == "}} {{");
  CHECK(text("{{{workflow.name}}}") == "{{{workflow.name}}}");
}

TEST_CASE("values land as they are, whatever they hold") {
  CHECK(text("'{{inputs.parameters.quoted}}'") == "'say \"hi\"\n\\o/ <b>'");
}

TEST_CASE("values with tags are not replaced again in the same pass") {
  Scope scope;
  scope.set("a", "{{b}}");
  scope.set("b", "x");
  CHECK(text("{{a}}{{b}}", scope) == "{{b}}x");
}

TEST_CASE("unknown names stay, unless they must resolve") {
  const Scope scope = example();
  CHECK(text("{{user.name}} {{item}} {{steps.x.status}}") == "{{user.name}} {{item}} {{steps.x.status}}");
  CHECK(text("{{item}} {{pod.name}}", scope, Unresolved::keep_but_steps) == "{{item}} {{pod.name}}");
  const TagError steps = error_of("{{steps.x.status}}", scope, Unresolved::keep_but_steps);
  CHECK(steps.kind == TagError::Kind::missing);
  CHECK(steps.message == "failed to resolve {{steps.x.status}}");
  CHECK(error_of("{{ tasks.x.ip }}", scope, Unresolved::keep_but_steps).message ==
        "failed to resolve {{ tasks.x.ip }}");
  CHECK(text("{{steps.x.outputs.artifacts.a}}", scope, Unresolved::keep_but_steps) ==
        "{{steps.x.outputs.artifacts.a}}");
  CHECK(error_of("{{steps.x.outputs.artifacts.a}}", scope, Unresolved::reject).kind ==
        TagError::Kind::missing);
  CHECK(error_of("{{item.colour}}", scope, Unresolved::reject).message ==
        "failed to resolve {{item.colour}}: the loop's item has no such key");
  CHECK(error_of("{{steps.x", scope, Unresolved::keep_but_steps).message ==
        "failed to resolve {{steps.x: the tag is not closed, }} is missing");
}

TEST_CASE("absent outputs are final errors, also within other tags") {
  const TagError error = error_of("{{steps.skipped.outputs.parameters.p}}", example());
  CHECK(error.kind == TagError::Kind::absent);
  CHECK(error.message ==
        "unable to substitute {{steps.skipped.outputs.parameters.p}}: output is an absent optional "
        "(skipped/omitted "
        "node with no default)");
  CHECK(error_of("{{a.{{steps.skipped.outputs.parameters.p}}}}", example()).kind == TagError::Kind::absent);
  CHECK(is_absent_reference("{{ steps.skipped.outputs.parameters.p }}", example()));
  CHECK_FALSE(is_absent_reference("x{{steps.skipped.outputs.parameters.p}}", example()));
  CHECK_FALSE(is_absent_reference("steps.skipped.outputs.parameters.p", example()));
  CHECK_FALSE(is_absent_reference("{{workflow.name}}", example()));
}

TEST_CASE("one pass replaces the inner of two nested tags, the next one the outer") {
  Scope scope = example();
  scope.set("item", "message");
  const std::string once = text("{{inputs.parameters.{{item}}}}", scope);
  CHECK(once == "{{inputs.parameters.message}}");
  CHECK(text(once, scope) == "hello");
}

TEST_CASE("inner scopes hide outer ones") {
  const Scope outer = example();
  Scope inner(&outer);
  inner.set("workflow.name", "inner");
  inner.set_absent("inputs.parameters.n");
  CHECK(text("{{workflow.name}} {{inputs.parameters.message}}", inner) == "inner hello");
  CHECK(inner.known("inputs.parameters.n") == Known::absent);
  CHECK(inner.visible().size() == outer.visible().size());
  CHECK(inner.visible("workflow.parameters").size() == 2);
  inner.erase("workflow.name");
  CHECK(text("{{workflow.name}}", inner) == "wf");
}

TEST_CASE("control characters cannot be put into a template, as in Argo") {
  Scope scope;
  scope.set("x", "\x1b[31mred");
  const TagError error = error_of("{{x}}", scope);
  CHECK(error.kind == TagError::Kind::value);
  CHECK(error.message.find("invalid JSON") != std::string::npos);
  scope.set("x", "\xff");
  CHECK(error_of("{{x}}", scope).kind == TagError::Kind::value);
  scope.set("x", "tab\tline\r\nümläut \xF0\x9F\x98\x80");
  CHECK(text("{{x}}", scope) == "tab\tline\r\nümläut \xF0\x9F\x98\x80");
}

TEST_CASE("trees: strings and keys everywhere, other values untouched") {
  Json tree =
      parse_json(R"({"args":["{{workflow.name}}",1,true,null],"env":{"{{workflow.parameters.a}}":"x","A":"y"},
                             "deep":[{"k":"-{{inputs.parameters.n}}-"}]})")
          .value();
  CHECK(tree_has_tags(tree));
  const auto out = substitute(tree, example(), Unresolved::keep);
  REQUIRE_FALSE(out.error);
  CHECK(to_json(out.value) == R"({"args":["wf",1,true,null],"env":{"A":"y"},"deep":[{"k":"-3-"}]})");
  const Json before = tree;
  CHECK(substitute_in_place(tree, example(), Unresolved::reject) == std::nullopt);
  tree = parse_json(R"(["{{workflow.name}}","{{nobody}}"])").value();
  CHECK(substitute_in_place(tree, example(), Unresolved::reject)->tag == "nobody");
  CHECK(to_json(tree) == R"(["{{workflow.name}}","{{nobody}}"])");
}

TEST_CASE("tags are found in the order of the engine") {
  std::vector<std::string> seen;
  const auto note = [&](const Tag& tag) {
    seen.push_back(std::string(tag.expression ? "=" : "") + std::string(tag.name) + (tag.closed ? "" : "?") +
                   "@" + std::to_string(tag.offset));
  };
  for_each_tag("a {{ b }}{{=c + 1}} {{d.{{e}}}} {{f", note);
  CHECK(seen == std::vector<std::string>{"b@2", "=c + 1@9", "d.{{e@20", "f?@32"});
  CHECK(nested_name("d.{{e") == "e");
  CHECK(nested_name("d.e") == std::nullopt);
  seen.clear();
  for_each_tag_in(parse_json(R"({"{{k}}":["{{v}}"]})").value(), note);
  CHECK(seen.size() == 2);
}

TEST_CASE("expressions see strings, and their results become text") {
  CHECK(text("{{=asInt(inputs.parameters.n) + 1}}") == "4");
  CHECK(text("{{=inputs.parameters.message + '!'}}") == "hello!");
  CHECK(text("{{=workflow.parameters.a}}") == "A");
  CHECK(text("{{=toJson({'a': [1, true, '<']})}}") == R"({"a":[1,true,"\u003c"]})");
  CHECK(text("{{={'a': '<'} }}") == R"({"a":"\u003c"})");
  CHECK(text("{{=sprig.upper('x')}}{{=1 == 1}}") == "Xtrue");
  CHECK(text("{{=jsonpath(steps.one.outputs.result, '$[1]')}}") == "2");
  CHECK(text("{{=inputs.parameters.quoted}}") == "say \"hi\"\n\\o/ <b>");
}

TEST_CASE("an expression waits for names that come later, and fails where they must be there") {
  const Scope scope = example();
  CHECK(text("{{=item == 'x' ? 1 : 2}}", scope) == "{{=item == 'x' ? 1 : 2}}");
  CHECK(text("{{=asInt(retries) + 1}}", scope, Unresolved::keep_but_steps) == "{{=asInt(retries) + 1}}");
  CHECK(text("{{=workflow.status}}", scope) == "{{=workflow.status}}");
  const TagError missing = error_of("{{=steps.other.outputs.result}}", scope, Unresolved::keep_but_steps);
  CHECK(missing.kind == TagError::Kind::missing);
  CHECK(missing.message == "failed to evaluate expression: steps.other is missing");
  CHECK(error_of("{{=item}}", scope, Unresolved::reject).message ==
        "failed to evaluate expression: item is missing");
}

TEST_CASE("absent outputs are nil in expressions, and ?? gives a default") {
  const Scope scope = example();
  CHECK(text("{{=steps.skipped.outputs.parameters.p ?? 'none'}}", scope, Unresolved::keep_but_steps) ==
        "none");
  CHECK(text("{{=steps.skipped.outputs.parameters.q ?? 'none'}}", scope, Unresolved::keep_but_steps) ==
        "none");
  const TagError error =
      error_of("{{=steps.skipped.outputs.parameters.p}}", scope, Unresolved::keep_but_steps);
  CHECK(error.kind == TagError::Kind::expression);
}

TEST_CASE("syntax errors are errors in every pass, with a caret") {
  const TagError error = error_of("{{=1 +}}", example());
  CHECK(error.kind == TagError::Kind::expression);
  CHECK(error.message.starts_with("failed to evaluate expression: "));
  CHECK(text("{{=1 + 'a'}}") == "{{=1 + 'a'}}");
  CHECK(error_of("{{=1 + 'a'}}", example(), Unresolved::reject).kind == TagError::Kind::expression);
}

TEST_CASE("expressions over the whole scope, in part, and with artifacts") {
  Scope scope = example();
  scope.set_artifact("steps.one.outputs.artifacts.file",
                     parse_json(R"({"name":"file","path":"/f"})").value());
  CHECK(evaluate_expression("len(keys(steps))", scope).value == Json(2));
  CHECK(evaluate_expression("steps.one.outputs.artifacts.file.path", scope).value == Json("/f"));
  CHECK(evaluate_expression("steps['one'].outputs.result", scope).value == Json("[1,2]"));
  CHECK(evaluate_expression("steps[workflow.parameters.a == 'A' ? 'one' : 'two'].outputs.result", scope)
            .value == Json("[1,2]"));
  CHECK(evaluate_expression("$env.workflow.name", scope).value == Json("wf"));
  CHECK(evaluate_expression("workflow.parameters.nobody ?? 'd'", scope).value == Json("d"));
  CHECK(evaluate_expression("workflow.nobody?.x ?? 'd'", scope).value == Json("d"));
  CHECK(evaluate_expression("nobody", scope).error != "");
  CHECK(evaluate_expression("steps.skipped.status == 'Skipped'", scope).is_true());
}

TEST_CASE("references of valueFrom.parameter and from") {
  const Scope scope = example();
  CHECK(resolve_reference("{{ workflow.name }}", scope).entry->text == "wf");
  CHECK(resolve_reference("workflow.name", scope).name == "workflow.name");
  CHECK(resolve_reference("{{steps.no.outputs.artifacts.a}}", scope).error ==
        "Unable to resolve: \"steps.no.outputs.artifacts.a\"");
  CHECK(resolve_reference("{{=1 + 1}}", scope).value == Json(2));
  CHECK(resolve_reference("{{=nil}}", scope).error == "Unable to resolve: \"=nil\"");
}
