// Steps under our init, on a real engine: how their end, their outputs and their signals come about.
#include <doctest/doctest.h>

#include "pod_fixture.h"
#include "runner/core/pod_plan.h"

using namespace skiff::runner;
using namespace skiff::runner::test;
using skiff::spec::Phase;
using namespace std::chrono_literals;
namespace docker = skiff::docker;

namespace {

std::string value_of(const PodDone& done, std::string_view name) {
  for (const Json& p : done.outputs.get_array("parameters")) {
    if (p.get_string("name") == name) return p.get_string("value");
  }
  return "<none>";
}

}  // namespace

TEST_CASE("output parameters of every kind of file") {
  PodBench bench;
  const PodDone done = bench.run(bench.order(R"y(
name: t
container:
  image: busybox
  command: [sh, -c, 'cd /tmp; printf "a\n\n" > plain; ln -s plain link; : > empty; head -c 400000 /dev/zero | tr "\0" x > large; printf "\377\0\376" > bytes']
outputs:
  parameters:
  - {name: plain, valueFrom: {path: /tmp/plain}}
  - {name: link, valueFrom: {path: /tmp/link}}
  - {name: empty, valueFrom: {path: /tmp/empty}}
  - {name: large, valueFrom: {path: /tmp/large}}
  - {name: bytes, valueFrom: {path: /tmp/bytes}}
  - {name: device, valueFrom: {path: /dev/null, default: none}}
)y"));
  CHECK(done.message == "");
  CHECK(value_of(done, "plain") == "a\n");
  CHECK(value_of(done, "link") == "a\n");
  CHECK(value_of(done, "empty") == "");
  CHECK(value_of(done, "large") == std::string(400'000, 'x'));
  // As Go's encoding/json writes what is no UTF-8.
  CHECK(value_of(done, "bytes") == std::string("\xEF\xBF\xBD\0\xEF\xBF\xBD", 7));

  const PodDone directory = bench.run(
      bench.order("{name: t, container: {image: busybox, command: ['true']}, outputs: {parameters: [{name: "
                  "p, valueFrom: {path: /tmp}}]}}"));
  CHECK(directory.phase == Phase::error);
  CHECK(directory.message.find("is a directory") != std::string::npos);
}

TEST_CASE("nothing of the init is in the log, and nothing of a step's tail is lost") {
  PodBench bench;
  const StartPod order = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'printf no-newline; printf err >&2; (sleep "
      "60; echo late) & exit 7']}}");
  const auto before = std::chrono::steady_clock::now();
  const PodDone done = bench.run(order);
  CHECK(done.exit_code == 7);
  const std::string log = bench.log(order);
  const bool whole = log == "no-newlineerr" || log == "errno-newline" || log == "no-newline\nerr\n" ||
                     log == "err\nno-newline\n";
  INFO(log);
  CHECK(whole);
  CHECK(std::chrono::steady_clock::now() - before < 50s);
}

TEST_CASE("a signal reaches all processes of the command, as from Argo's executor") {
  PodBench bench;
  const StartPod order = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'echo up; sleep 600; echo on; exit 5']}}");
  auto running = bench.start(order);
  bench.await_output(order);
  const auto before = std::chrono::steady_clock::now();
  bench.pods().stop(bench.uid(), order.node_id, 300s);
  const PodDone done = running.get();
  CHECK(done.exit_code == 143);
  CHECK(std::chrono::steady_clock::now() - before < 60s);
}

TEST_CASE("commands that cannot be run") {
  PodBench bench;
  const auto message = [&](const std::string& command) {
    const PodDone done =
        bench.run(bench.order("{name: t, container: {image: busybox, command: [" + command + "]}}"));
    CHECK(done.phase == Phase::failed);
    CHECK(done.exit_code == 64);
    return done.message;
  };
  CHECK(message("/no/such") ==
        "main: Error (exit code 64): failed to find name in PATH: exec: \"/no/such\": stat /no/such: no such "
        "file or directory (executable file not found)");
  CHECK(message("/etc/passwd").ends_with("exec: \"/etc/passwd\": permission denied"));
  CHECK(message("/etc").ends_with("exec: \"/etc\": permission denied"));
}

TEST_CASE("a step that is killed from outside, and one that uses up its memory") {
  PodBench bench;
  const StartPod order =
      bench.order("{name: t, container: {image: busybox, command: [sh, -c, 'echo up; sleep 600']}}");
  auto running = bench.start(order);
  bench.await_output(order);
  docker::ContainerFilter filter;
  filter.labels = {std::string(kLabelNode) + "=" + order.node_id};
  const auto there = bench.await(bench.engine().list(filter));
  REQUIRE(there->size() == 1);
  const auto killed = bench.await(bench.engine().kill(there->front().id, "SIGKILL"));
  REQUIRE(killed.ok());
  CHECK(running.get().message == "main: Error (exit code 137)");

  const PodDone greedy = bench.run(
      bench.order("{name: t, container: {image: busybox, resources: {limits: {memory: 16Mi}}, command: [sh, "
                  "-c, 'head -c 100000000 /dev/zero | tail']}}"));
  CHECK(greedy.phase == Phase::failed);
}
