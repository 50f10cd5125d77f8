// How containers end on a real engine: by probes, by removal, by commands of the template, and the messages
// that they leave.
#include <doctest/doctest.h>

#include <thread>

#include "pod_fixture.h"
#include "runner/core/pod_plan.h"

using namespace skiff::runner;
using namespace skiff::runner::test;
using namespace std::chrono_literals;
using skiff::spec::Phase;
namespace docker = skiff::docker;

namespace {

std::vector<docker::ContainerSummary> containers_of(PodBench& bench, const StartPod& order) {
  docker::ContainerFilter filter;
  filter.labels = {std::string(kLabelNode) + "=" + order.node_id};
  return *bench.await(bench.engine().list(filter));
}

}  // namespace

TEST_CASE("a container that does not come up is killed, one that does is left alone") {
  PodBench bench;
  const PodDone never = bench.run(bench.order(R"y(
name: t
container:
  image: busybox
  command: [sleep, '600']
  startupProbe: {exec: {command: ['false']}, periodSeconds: 1, failureThreshold: 2}
)y"));
  CHECK(never.phase == Phase::failed);
  CHECK(never.message == "main: Error (exit code 143): startup probe failed");
  const PodDone late = bench.run(bench.order(R"y(
name: t
container:
  image: busybox
  command: [sh, -c, 'sleep 1; touch /up; sleep 3']
  startupProbe: {exec: {command: [test, -e, /up]}, periodSeconds: 1, failureThreshold: 60}
)y"));
  CHECK(late.message == "");
}

TEST_CASE("a termination message, from its file or from the log") {
  PodBench bench;
  const auto message = [&](const std::string& command, const std::string& fields) {
    const PodDone done = bench.run(bench.order("{name: t, container: {image: busybox, command: [sh, -c, '" +
                                               command + "']" + fields + "}}"));
    CHECK(done.phase == Phase::failed);
    return done.message;
  };
  CHECK(message("echo log; printf why >/dev/termination-log; exit 4", "") ==
        "main: Error (exit code 4): why");
  CHECK(message("printf why >/tmp/end; exit 4", ", terminationMessagePath: /tmp/end") ==
        "main: Error (exit code 4): why");
  CHECK(message("echo log; exit 4", ", terminationMessagePolicy: FallbackToLogsOnError") ==
        "main: Error (exit code 4): log\n");
  CHECK(message("echo log; exit 4", "") == "main: Error (exit code 4)");
  // Whoever it runs as, and wherever it has to be.
  CHECK(message("printf why >/none/there/yet; exit 4",
                ", terminationMessagePath: /none/there/yet, securityContext: {runAsUser: 1234}") ==
        "main: Error (exit code 4): why");
  CHECK(message("printf why >/dev/termination-log; exit 4", ", securityContext: {runAsUser: 1234}") ==
        "main: Error (exit code 4): why");

  const PodDone init = bench.run(
      bench.order("{name: t, initContainers: [{name: prep, image: busybox, command: [sh, -c, 'printf why "
                  ">/dev/termination-log; exit 7']}], container: {image: busybox, command: ['true']}}"));
  CHECK(init.message == "prep: Error (exit code 7): why");
}

TEST_CASE("init containers that stay: the next waits until they are up") {
  PodBench bench;
  const StartPod order = bench.order(R"y(
name: t
initContainers:
- name: web
  image: busybox
  restartPolicy: Always
  mirrorVolumeMounts: true
  command: [sh, -c, 'sleep 2; touch /v/up; sleep 600']
  startupProbe: {exec: {command: [test, -e, /v/up]}, periodSeconds: 1, failureThreshold: 60}
- {name: next, image: busybox, mirrorVolumeMounts: true, command: [test, -e, /v/up]}
container: {image: busybox, command: ['true'], volumeMounts: [{name: v, mountPath: /v}]}
)y",
                                     "{volumes: [{name: v, emptyDir: {}}]}");
  CHECK(bench.run(order).message == "");
}

TEST_CASE("a container that somebody removes is a pod deleted") {
  PodBench bench;
  const StartPod order = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'echo up; sleep 600']}, outputs: {parameters: "
      "[{name: p, valueFrom: {path: /tmp/p}}]}}");
  auto running = bench.start(order);
  bench.await_output(order);
  const auto there = containers_of(bench, order);
  REQUIRE(there.size() == 1);
  docker::RemoveOptions by_force;
  by_force.force = true;
  REQUIRE(bench.await(bench.engine().remove(there.front().id, by_force)).ok());
  const PodDone done = running.get();
  CHECK(done.phase == Phase::error);
  CHECK(done.message == "pod deleted");
  CHECK_FALSE(done.exit_code.has_value());
}

TEST_CASE("a sidecar ends by the command of its annotation, or by its own signal") {
  PodBench bench;
  const StartPod order = bench.order(R"y(
name: t
metadata: {annotations: {workflows.argoproj.io/kill-cmd-told: '["touch", "/signal-%d"]'}}
container: {image: busybox, command: [sleep, '2']}
sidecars:
- {name: told, image: busybox, command: [sh, -c, 'trap "" TERM; until test -e /signal-15; do sleep 0.1; done; echo told']}
- {name: own, image: busybox, lifecycle: {stopSignal: SIGUSR1}, command: [sh, -c, 'trap "echo usr1; exit" USR1; while true; do sleep 0.1; done']}
)y");
  const auto before = std::chrono::steady_clock::now();
  const PodDone done = bench.run(order);
  CHECK(done.message == "");
  CHECK(bench.log(order, "told") == "told\n");
  CHECK(bench.log(order, "own") == "usr1\n");
  CHECK(std::chrono::steady_clock::now() - before < 30s);  // the grace period
}

TEST_CASE("the pod's name is its host name, and sysctls and groups are its own") {
  PodBench bench;
  const StartPod order = bench.order(
      R"y(
name: t
container: {image: busybox, command: [sh, -c, 'echo $HOSTNAME; hostname; cat /proc/sys/net/core/somaxconn; stat -c "%a %g" /v'], volumeMounts: [{name: v, mountPath: /v}]}
sidecars: [{name: s, image: busybox, command: [sleep, 1d]}]
)y",
      "{securityContext: {fsGroup: 2000, sysctls: [{name: net.core.somaxconn, value: '77'}]}, volumes: "
      "[{name: "
      "v, emptyDir: {}}]}");
  const PodDone done = bench.run(order);
  CHECK(done.message == "");
  CHECK(bench.log(order) == order.pod_name + "\n" + order.pod_name + "\n77\n2777 2000\n");
}

TEST_CASE("a masked log shows no Secret, and neither does a message made of it") {
  PodSettings settings;
  settings.mask_secrets = true;
  PodBench bench(settings);
  bench.secrets = yaml("{s: {stringData: {word: sesame}}}");
  const StartPod order = bench.order(
      "{name: t, container: {image: busybox, envFrom: [{secretRef: {name: s}}], command: [sh, -c, 'echo say "
      "$word; exit 3'], terminationMessagePolicy: FallbackToLogsOnError}}");
  CHECK(bench.run(order).message == "main: Error (exit code 3): say ***\n");
  CHECK(bench.log(order) == "say ***\n");
}
