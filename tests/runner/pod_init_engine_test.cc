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

std::string key_of(const PodDone& done, std::string_view name) {
  for (const Json& a : done.outputs.get_array("artifacts")) {
    if (a.get_string("name") == name) return a.get("s3").get_string("key");
  }
  return "";
}

std::string stored(PodBench& bench, const std::string& key) {
  const auto path = bench.artifacts().path_of(bench.context().namespace_ + "/" + key);
  const auto content = skiff::store::read_file(bench.artifacts().files(), path);
  REQUIRE_MESSAGE(content, path);
  return *content;
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
  CHECK(directory.phase == Phase::failed);
  CHECK(directory.exit_code == 64);
  CHECK(directory.message.starts_with("main: Error (exit code 64): failed to copy /tmp to "));
  CHECK(directory.message.ends_with("read /tmp: is a directory"));
  const PodDone on_volume = bench.run(
      bench.order("{name: t, volumes: [{name: v, emptyDir: {}}], container: {image: busybox, command: "
                  "['true'], volumeMounts: [{name: v, mountPath: /v}]}, outputs: {parameters: [{name: p, "
                  "valueFrom: {path: /v}}]}}"));
  CHECK(on_volume.phase == Phase::error);
  CHECK(on_volume.message.find("is a directory") != std::string::npos);
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

TEST_CASE("a file as an artifact is the same whether the init hands it over or the engine is asked") {
  PodBench bench;
  // With a tty there is no init.
  const auto made = [&bench](const std::string& tty) {
    return bench.run(
        bench.order("{name: t, container: {image: busybox, tty: " + tty + R"y(, command: [sh, -c, '
      cd /tmp; echo text > plain; ln -s plain link; mkdir d; echo in > d/f; seq 400000 > seq; chmod 4751 seq; touch -d "2001-02-03 04:05:06" plain d/f d seq']},
      outputs: {artifacts: [{name: plain, path: /tmp/plain}, {name: link, path: /tmp/link}, {name: d, path: /tmp/d},
        {name: seq, path: /tmp/seq}, {name: bare, path: /tmp/seq, archive: {none: {}}},
        {name: missing, path: /tmp/none, optional: true}]}})y"));
  };
  const PodDone handed = made("false");
  const PodDone asked = made("true");
  for (const PodDone* done : {&handed, &asked}) {
    CHECK(done->message == "");
    CHECK(done->outputs.get_array("artifacts").size() == 5);
  }
  for (const char* name : {"plain", "link", "d", "seq", "bare"}) {
    INFO(name);
    CHECK(stored(bench, key_of(handed, name)) == stored(bench, key_of(asked, name)));
  }
  CHECK(stored(bench, key_of(handed, "bare")).starts_with("1\n2\n"));
  CHECK(bench.warnings().size() == 1);
}

TEST_CASE("what only the container's own processes see is an artifact too, as on a cluster") {
  PodBench bench;
  const PodDone done = bench.run(bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'echo -n shared > /dev/shm/f']}, outputs: "
      "{artifacts: [{name: f, path: /dev/shm/f, archive: {none: {}}}]}}"));
  CHECK(done.message == "");
  CHECK(stored(bench, key_of(done, "f")) == "shared");
}

TEST_CASE("files that the init may not open, and a step whose controller was started anew") {
  PodBench bench;
  const PodDone closed = bench.run(bench.order(
      "{name: t, container: {image: busybox, securityContext: {runAsUser: 1000}, command: [sh, -c, 'umask 0; "
      "echo -n mine > /tmp/f; chmod 0 /tmp/f']}, outputs: {artifacts: [{name: f, path: /tmp/f, archive: "
      "{none: {}}}]}}"));
  CHECK(closed.message == "");
  CHECK(stored(bench, key_of(closed, "f")) == "mine");

  const StartPod order = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'echo up; sleep 3; echo -n late > /tmp/f']}, "
      "outputs: {artifacts: [{name: f, path: /tmp/f, archive: {none: {}}}]}}");
  auto lost = bench.start(order);
  bench.await_output(order, "up");
  bench.restart();
  CHECK_THROWS(lost.get());
  const PodDone done = bench.adopt(order, true).get();
  CHECK(done.message == "");
  CHECK(stored(bench, key_of(done, "f")) == "late");
  bench.pods().release(bench.uid(), order.node_id);
}
