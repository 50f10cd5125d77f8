#include "runner/tree_view.h"

#include <doctest/doctest.h>

#include "runner/live_view.h"
#include "runner/workflow_view.h"

using namespace skiff::runner;
using skiff::spec::NodeStatus;
using skiff::spec::NodeType;
using skiff::spec::parse_json;
using skiff::spec::Phase;
using skiff::spec::TimePoint;

namespace {

NodeStatus make(const char* name, NodeType type, const char* boundary, Phase phase = Phase::succeeded) {
  NodeStatus n;
  n.id = n.name = name;
  const std::string text = name;
  n.display_name = text.substr(text.find_last_of('.') + 1);
  n.type = type;
  n.boundary_id = boundary;
  n.phase = phase;
  return n;
}

std::string draw(const std::vector<NodeStatus>& nodes) {
  std::string out;
  for (const TreeRow& row : layout_tree(nodes)) out += row.branch + row.node->display_name + "\n";
  return out;
}

}  // namespace

TEST_CASE("steps: one step on a long branch, a group hangs from a fork") {
  CHECK(draw({make("w", NodeType::steps, ""), make("w[0]", NodeType::step_group, "w"),
              make("w[0].a", NodeType::pod, "w"), make("w[1]", NodeType::step_group, "w"),
              make("w[1].b", NodeType::pod, "w"), make("w[1].c", NodeType::pod, "w")}) ==
        "w\n"
        "├───a\n"
        "└─┬─b\n"
        "  └─c\n");
}

TEST_CASE(
    "a DAG's tasks stand under it although they are each other's children; tries and items under theirs") {
  std::vector<NodeStatus> nodes{make("w", NodeType::dag, ""),         make("w.A", NodeType::retry, "w"),
                                make("w.A(0)", NodeType::pod, "w"),   make("w.L", NodeType::task_group, "w"),
                                make("w.L(0:x)", NodeType::pod, "w"), make("w.L(1:y)", NodeType::pod, "w")};
  nodes[2].children = {"w.L"};
  CHECK(draw(nodes) ==
        "w\n"
        "├─A\n"
        "│ └─A(0)\n"
        "└─L\n"
        "  ├─L(0:x)\n"
        "  └─L(1:y)\n");
}

TEST_CASE("widths count characters, not bytes or colours") {
  CHECK(display_width("├─✔ é") == 5);
  CHECK(display_width("\x1b[32m✔\x1b[0m") == 1);
  CHECK(fit_width("abcdef", 4) == "abc…");
  CHECK(fit_width("abc", 3) == "abc");
  CHECK(format_table({{"A", "B"}, {"long", ""}}, 2) == "A     B\nlong\n");
}

TEST_CASE("durations are short") {
  CHECK(brief_duration(std::chrono::milliseconds(1234)) == "1.2s");
  CHECK(brief_duration(std::chrono::seconds(75)) == "1m15s");
  CHECK(brief_duration(std::chrono::hours(2)) == "2h0m");
}

TEST_CASE("the live view fits the window and keeps what runs") {
  LiveModel model;
  std::string nodes;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "w.n" + std::to_string(i);
    nodes += (i == 0 ? "" : ",") + std::string(R"({"id":")") + name + R"(","name":")" + name +
             R"(","displayName":")" + name + R"(","type":"Pod","phase":")" +
             (i == 40 ? "Running" : "Succeeded") + R"("})";
  }
  const auto change = parse_json(
      R"({"revision":1,"workflow":{"metadata":{"name":"w"},"status":{"phase":"Running"}},"nodes":[)" + nodes +
      "]}");
  REQUIRE(change);
  CHECK(model.take(*change).size() == 50);
  const auto lines = render_live(model, Window{30, 10}, false, TimePoint());
  CHECK(lines.size() <= 9);
  bool shows_running = false;
  for (const std::string& line : lines) {
    CHECK(display_width(line) <= 30);
    shows_running = shows_running || line.find("w.n40") != std::string::npos;
  }
  CHECK(shows_running);
  CHECK(lines.back() == " … and 43 more");
}

TEST_CASE("a failure gets one screen: cause, command, exit code, last lines, what next") {
  const auto w = parse_json(R"x({"metadata":{"name":"w"},
      "spec":{"templates":[{"name":"t","container":
          {"image":"busybox","command":["sh","-c"],"args":["exit {{inputs.parameters.code}}"]}}]},
      "status":{"phase":"Failed","nodes":{
      "w":{"id":"w","name":"w","displayName":"w","type":"Steps","phase":"Failed","message":"child failed",
           "children":["x"]},
      "x":{"id":"x","name":"w[0].a","displayName":"a","type":"Pod","templateName":"t","phase":"Failed",
           "message":"Error (exit code 3)","inputs":{"parameters":[{"name":"code","value":"3"}]},
           "outputs":{"exitCode":"3"}}}}})x");
  REQUIRE(w);
  const auto lines = [](const NodeStatus&) { return std::vector<std::string>{"one", "two"}; };
  CHECK(describe_failure(*w, lines, false) ==
        "✖ w[0].a: Error (exit code 3)\n"
        "Command:             sh -c 'exit 3'\n"
        "Image:               busybox\n"
        "Exit code:           3\n"
        "Last lines:\n"
        "  | one\n"
        "  | two\n"
        "Next:                skiff logs w --node 'w[0].a'    all that it printed\n"
        "                     skiff retry w    run what failed again\n");
}
