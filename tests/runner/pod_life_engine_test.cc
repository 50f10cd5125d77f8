// Sidecars, daemons, containerSets, stopping, and what a crash of the controller leaves to the next one.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "pod_fixture.h"

using namespace skiff::runner;
using namespace skiff::runner::test;
using namespace std::chrono_literals;
using skiff::spec::Phase;

TEST_CASE("a sidecar shares localhost and ends after main") {
  PodBench bench;
  const StartPod order = bench.order(R"y(
name: t
container: {image: alpine:latest, command: [sh, -c, 'for i in 1 2 3 4 5 6 7 8 9 10; do wget -q -O - http://127.0.0.1:8123/index.html && exit 0; sleep 0.5; done; exit 1']}
sidecars:
- {name: web, image: busybox, command: [sh, -c, 'mkdir /www && echo from the sidecar > /www/index.html && exec httpd -f -p 8123 -h /www']}
)y");
  const auto before = std::chrono::steady_clock::now();
  const PodDone done = bench.run(order);
  CHECK(done.message == "");
  CHECK(bench.log(order) == "from the sidecar\n");
  CHECK(std::chrono::steady_clock::now() - before < 15s);
  bench.settle();
  CHECK(bench.left_behind(false).empty());
}

TEST_CASE("a sidecar that fails by itself fails the pod") {
  PodBench bench;
  const PodDone done =
      bench.run(bench.order("{name: t, container: {image: busybox, command: [sleep, '2']}, sidecars: [{name: "
                            "s, image: busybox, command: [sh, -c, 'exit 5']}]}"));
  CHECK(done.phase == Phase::failed);
  CHECK(done.message == "s: Error (exit code 5)");
  CHECK(done.exit_code == 0);
}

TEST_CASE("an init container that fails ends the pod") {
  PodBench bench;
  const StartPod order = bench.order(
      "{name: t, initContainers: [{name: prep, image: busybox, command: [sh, -c, 'exit 7']}], container: "
      "{image: busybox, command: [echo, never]}}");
  const PodDone done = bench.run(order);
  CHECK(done.phase == Phase::failed);
  CHECK(done.message == "prep: Error (exit code 7)");
  CHECK(bench.log(order) == "");
  CHECK_FALSE(done.exit_code.has_value());
}

TEST_CASE("a daemon is ready when its probe says so, is reached by its address, and ends as Succeeded") {
  PodBench bench;
  StartPod daemon = bench.order(R"y(
name: t
container:
  image: busybox
  command: [sh, -c, 'mkdir /www; echo welcome > /www/index.html; exec httpd -f -p 80 -h /www']
  readinessProbe: {httpGet: {path: /, port: 80}, initialDelaySeconds: 1, periodSeconds: 1}
)y");
  daemon.daemon = true;
  auto serving = bench.start(daemon);
  bench.await_event("PodReady");
  std::string ip;
  for (const std::string& e : bench.events()) {
    if (e.starts_with("PodReady ")) ip = e.substr(9);
  }
  const StartPod client =
      bench.order("{name: t, container: {image: busybox, command: [wget, -qO-, 'http://" + ip + ":80/']}}");
  CHECK(bench.run(client).message == "");
  CHECK(bench.log(client) == "welcome\n");
  bench.pods().stop(bench.uid(), daemon.node_id, 10s);
  const PodDone done = serving.get();
  CHECK(done.phase == Phase::succeeded);
  bench.pods().release(bench.uid(), daemon.node_id);
}

TEST_CASE("stopping: SIGTERM reaches the process, SIGKILL follows") {
  PodBench bench;
  const StartPod polite = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'trap \"echo bye; exit 9\" TERM; echo up; "
      "while :; do sleep 0.1; done']}}");
  auto first = bench.start(polite);
  bench.await_event("PodRunning");
  bench.pods().stop(bench.uid(), polite.node_id, 20s);
  const PodDone ended = first.get();
  CHECK(ended.phase == Phase::failed);
  INFO(ended.message);
  CHECK((ended.exit_code == 9 || ended.exit_code == 143));

  const StartPod deaf = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'trap \"\" TERM; echo deaf; while :; do sleep "
      "0.1; done']}}");
  auto second = bench.start(deaf);
  bench.await_output(deaf);
  const auto before = std::chrono::steady_clock::now();
  bench.pods().stop(bench.uid(), deaf.node_id, 60s);
  bench.pods().stop(bench.uid(), deaf.node_id, 1s);
  const PodDone killed = second.get();
  CHECK(killed.exit_code == 137);
  CHECK(std::chrono::steady_clock::now() - before < 20s);
}

TEST_CASE("a containerSet: graph, shared workspace, failure") {
  PodBench bench;
  const StartPod set = bench.order(R"y(
name: t
volumes: [{name: workspace, emptyDir: {}}]
containerSet:
  volumeMounts: [{mountPath: /workspace, name: workspace}]
  containers:
  - {name: a, image: busybox, command: [sh, -c, 'echo hi > /workspace/out']}
  - {name: main, image: busybox, command: [cat, /workspace/out], dependencies: [a]}
outputs: {parameters: [{name: out, valueFrom: {path: /workspace/out}}]}
)y");
  const PodDone done = bench.run(set);
  CHECK(done.message == "");
  CHECK(bench.log(set) == "hi\n");
  CHECK(done.outputs.get_array("parameters").at(0).get_string("value") == "hi");

  const PodDone failed = bench.run(
      bench.order("{name: t, containerSet: {containers: [{name: one, image: busybox, command: [sh, -c, 'exit "
                  "3']}, {name: two, image: busybox, command: ['true'], dependencies: [one]}, {name: three, "
                  "image: busybox, command: ['true'], dependencies: [two]}]}}"));
  CHECK(failed.phase == Phase::failed);
  CHECK(failed.message == "one: Error (exit code 3)");
  bench.await_event("ContainerChanged one Failed", "exit code 3");
  bench.await_event("ContainerChanged two Error", "\"one\" exited with non-zero code: 3");
  bench.await_event("ContainerChanged three Error", "\"two\" exited with non-zero code: 3");

  const auto before = std::chrono::steady_clock::now();
  const PodDone ended = bench.run(bench.order(
      "{name: t, containerSet: {containers: [{name: bad, image: busybox, command: ['false']}, {name: long, "
      "image: busybox, command: [sleep, 1d]}, {name: after, image: busybox, command: ['true'], dependencies: "
      "[long]}]}}"));
  CHECK(ended.message == "bad: Error (exit code 1)");
  bench.await_event("ContainerChanged long Failed", "exit code 143");
  bench.await_event("ContainerChanged after Failed", "exit code 143");
  CHECK(std::chrono::steady_clock::now() - before < 60s);

  const PodDone retried = bench.run(bench.order(
      "{name: t, containerSet: {containers: [{name: a, image: busybox, workingDir: /tmp, command: [sh, -c, "
      "'test -f x || { touch x; exit 1; }']}], retryStrategy: {retries: 2, duration: 100ms}}}"));
  CHECK(retried.message == "");
}

TEST_CASE("hostAliases and a host name of its own") {
  PodBench bench;
  const StartPod order = bench.order(
      "{name: t, hostAliases: [{ip: 10.1.2.3, hostnames: [foo.local, bar]}], container: {image: busybox, "
      "command: [grep, foo.local, /etc/hosts]}}");
  CHECK(bench.run(order).message == "");
  CHECK(bench.log(order).find("10.1.2.3") != std::string::npos);
}

TEST_CASE("a warm sandbox is used again, and not after a pod changed it") {
  PodBench bench;
  const StartPod cold = bench.order("{name: t, container: {image: busybox, command: ['true']}}");
  CHECK(bench.run(cold).message == "");
  bench.settle();
  CHECK(bench.left_behind(true).size() == 1);
  const StartPod first = bench.order("{name: t, container: {image: busybox, command: [hostname, -i]}}");
  CHECK(bench.run(first).message == "");
  bench.settle();
  const StartPod dirty = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'echo 1.2.3.4 evil >> /etc/hosts; nc -l -p "
      "7777 & sleep 0.2; hostname -i']}}");
  CHECK(bench.run(dirty).message == "");
  bench.settle();
  for (int i = 0; i < 3; ++i) {
    const StartPod next = bench.order(
        "{name: t, container: {image: busybox, command: [sh, -c, 'grep evil /etc/hosts || echo clean']}}");
    CHECK(bench.run(next).message == "");
    CHECK(bench.log(next) == "clean\n");
    bench.settle();
  }
}

TEST_CASE("after a crash: a running pod is taken up, with its whole log") {
  PodBench bench;
  StartPod order = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'echo one; echo err >&2; sleep 4; echo two; "
      "echo -n end > /tmp/p']}, outputs: {parameters: [{name: p, valueFrom: {path: /tmp/p}}]}}");
  order.capture_result = true;
  auto lost = bench.start(order);
  bench.await_output(order, "err");
  bench.restart();
  CHECK_THROWS(lost.get());
  auto taken_up = bench.adopt(order, true);
  const PodDone done = taken_up.get();
  CHECK(done.message == "");
  CHECK(done.outputs.get_string("result") == "one\ntwo");
  CHECK(done.outputs.get_array("parameters").at(0).get_string("value") == "end");
  const std::string log = bench.log(order);
  CHECK(log.size() == std::string("one\nerr\ntwo\n").size());
  CHECK(log.ends_with("two\n"));
  bench.pods().release(bench.uid(), order.node_id);
  bench.settle();
  CHECK(bench.left_behind(false).empty());
}

TEST_CASE("after a crash: ended meanwhile, never begun, gone") {
  PodBench bench;
  const StartPod order =
      bench.order("{name: t, container: {image: busybox, command: [sh, -c, 'echo once; sleep 1; exit 6']}}");
  auto lost = bench.start(order);
  bench.await_event("PodRunning");
  bench.restart();
  CHECK_THROWS(lost.get());
  const PodDone ended = bench.adopt(order, true).get();
  CHECK(ended.exit_code == 6);
  CHECK(bench.log(order) == "once\n");
  // Not released: the end may be asked for again, and is the same.
  bench.restart();
  const PodDone again = bench.adopt(order, true).get();
  CHECK(again.exit_code == 6);
  CHECK(bench.log(order) == "once\n");
  bench.pods().release(bench.uid(), order.node_id);
  bench.settle();

  const PodDone gone = bench.adopt(order, true).get();
  CHECK(gone.phase == Phase::error);
  CHECK(gone.message.find("gone") != std::string::npos);

  const StartPod fresh = bench.order("{name: t, container: {image: busybox, command: [echo, new]}}");
  const PodDone begun = bench.adopt(fresh, false).get();
  CHECK(begun.message == "");
  CHECK(bench.log(fresh) == "new\n");
}

TEST_CASE("sweeping removes what no live run needs") {
  PodBench bench;
  const StartPod order = bench.order(
      "{name: t, container: {image: busybox, command: [sleep, 1d], volumeMounts: [{name: v, mountPath: "
      "/v}]}, sidecars: [{name: s, image: busybox, command: [sleep, 1d]}]}",
      "{volumes: [{name: v, emptyDir: {}}]}");
  auto lost = bench.start(order);
  bench.await_event("PodRunning");
  bench.restart();
  CHECK_THROWS(lost.get());
  bench.await(bench.pods().sweep([&](std::string_view uid) { return uid == bench.uid(); }));
  CHECK(bench.left_behind(true).size() >= 4);
  bench.await(bench.pods().sweep([](std::string_view) { return false; }));
  CHECK(bench.left_behind(true).empty());
}
