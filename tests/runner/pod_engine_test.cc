// Pods on a real engine: exit codes, logs, inputs and outputs.
#include <doctest/doctest.h>

#include "pod_fixture.h"

using namespace skiff::runner;
using namespace skiff::runner::test;
using skiff::spec::Phase;

namespace {

std::string parameter(const PodDone& done, std::string_view name) {
  for (const Json& p : done.outputs.get_array("parameters")) {
    if (p.get_string("name") == name) return p.get_string("value");
  }
  return "<none>";
}

/// The artifact of that name as an input of a next step.
Json artifact(const PodDone& done, std::string_view name) {
  for (const Json& a : done.outputs.get_array("artifacts")) {
    if (a.get_string("name") == name) return a;
  }
  return {};
}

}  // namespace

TEST_CASE("a container's exit code, output and end") {
  PodBench bench;
  const StartPod good = bench.order("{name: t, container: {image: busybox, command: [echo, hello]}}");
  const PodDone done = bench.run(good);
  CHECK(done.message == "");
  CHECK(done.phase == Phase::succeeded);
  CHECK(done.exit_code == 0);
  CHECK(bench.log(good) == "hello\n");

  const StartPod bad =
      bench.order("{name: t, container: {image: busybox, command: [sh, -c, 'echo oops >&2; exit 3']}}");
  const PodDone failed = bench.run(bad);
  CHECK(failed.phase == Phase::failed);
  CHECK(failed.message == "main: Error (exit code 3)");
  CHECK(failed.exit_code == 3);
  CHECK(bench.log(bad) == "oops\n");
  bench.settle();
  CHECK(bench.left_behind(false).empty());
}

TEST_CASE("a command that is not there") {
  PodBench bench;
  const PodDone done = bench.run(bench.order("{name: t, container: {image: busybox, command: [invalid]}}"));
  CHECK(done.phase == Phase::failed);
  CHECK(done.exit_code == 64);
  CHECK(done.message.find("executable file not found") != std::string::npos);
}

TEST_CASE("an image that is not there") {
  PodBench bench;
  const PodDone never = bench.run(
      bench.order("{name: t, container: {image: 'skiff-no-such:1', imagePullPolicy: Never, command: [a]}}"));
  CHECK(never.phase == Phase::error);
  CHECK(never.message.find("ErrImageNeverPull") != std::string::npos);
}

TEST_CASE("a script, its result, and one newline less") {
  PodBench bench;
  StartPod order = bench.order(
      "{name: t, script: {image: busybox, command: [sh], source: \"echo to stderr >&2\\nprintf ' two "
      "\\\\n\\\\n'\\nprintf ' one\\\\n\\\\n' > /tmp/p\\n\"}, "
      "outputs: {parameters: [{name: p, valueFrom: {path: /tmp/p}}]}}");
  order.capture_result = true;
  const PodDone done = bench.run(order);
  CHECK(done.message == "");
  CHECK(done.outputs.get_string("result") == " two \n");
  CHECK(parameter(done, "p") == " one\n");
}

TEST_CASE("outputs that are missing") {
  PodBench bench;
  const PodDone fallback =
      bench.run(bench.order("{name: t, container: {image: busybox, command: ['true']}, "
                            "outputs: {parameters: [{name: p, valueFrom: {path: /tmp/none, default: "
                            "Foobar}}], artifacts: [{name: a, path: /tmp/none, optional: true}]}}"));
  CHECK(fallback.phase == Phase::succeeded);
  CHECK(parameter(fallback, "p") == "Foobar");
  CHECK(artifact(fallback, "a").is_null());

  const PodDone none =
      bench.run(bench.order("{name: t, container: {image: busybox, command: ['true']}, outputs: {parameters: "
                            "[{name: p, valueFrom: {path: /tmp/none}}]}}"));
  CHECK(none.phase == Phase::error);
  CHECK(none.message.find("no such file or directory") != std::string::npos);
  CHECK(none.exit_code == 0);

  const PodDone lost =
      bench.run(bench.order("{name: t, container: {image: busybox, command: [sh, -c, 'exit 4']}, outputs: "
                            "{artifacts: [{name: a, path: /tmp/none}]}}"));
  CHECK(lost.phase == Phase::failed);
  CHECK(lost.message == "main: Error (exit code 4)");
}

TEST_CASE("artifacts out and in again, in every packing") {
  PodBench bench;
  const PodDone made = bench.run(bench.order(R"y(
name: t
container: {image: busybox, command: [sh, -c, 'mkdir -p /out/a/b; echo 1 > /out/one; echo 2 > /out/a/b/two; ln -s /out/one /tmp/link; exit 0']}
outputs:
  artifacts:
  - {name: tgz, path: /out}
  - {name: plain, path: /out, archive: {none: {}}}
  - {name: zip, path: /out, archive: {zip: {}}}
  - {name: file, path: /out/one}
  - {name: link, path: /tmp/link}
  - {name: keyed, path: /out/one, s3: {key: my/key}}
)y"));
  CHECK(made.message == "");
  REQUIRE(made.outputs.get_array("artifacts").size() == 6);
  CHECK(artifact(made, "tgz").get("s3").get_string("key") == "wf/wf-step-1/tgz.tgz");
  CHECK(artifact(made, "plain").get("s3").get_string("key") == "wf/wf-step-1/out");
  CHECK(artifact(made, "keyed").get("s3").get_string("key") == "my/key");

  StartPod use = bench.order(
      "{name: t, inputs: {artifacts: []}, container: {image: busybox, command: [sh, -c, "
      "'for d in tgz plain zip; do (cd /in/$d && find . -type f | sort && cat one a/b/two); done; cat "
      "/in/file /in/link /in/keyed; stat -c %a /in/file /tmp']}}");
  Json inputs = Json::array();
  for (const char* name : {"tgz", "plain", "zip", "file", "link", "keyed"}) {
    Json input = artifact(made, name);
    input.set("path", std::string("/in/") + name);
    if (std::string(name) == "file") input.set("mode", 0755);
    inputs.push_back(std::move(input));
  }
  Json tmpl = use.tmpl;
  tmpl["inputs"].set("artifacts", std::move(inputs));
  use.tmpl = std::move(tmpl);
  const PodDone used = bench.run(use);
  CHECK(used.message == "");
  const std::string tree = "./a/b/two\n./one\n1\n2\n";
  CHECK(bench.log(use) == tree + tree + tree + "1\n1\n1\n755\n1777\n");
}

TEST_CASE("an input that is a file is a mount: it can be changed, and neither removed nor replaced") {
  PodBench bench;
  const PodDone made = bench.run(bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'umask 0; echo -n stored > /f']}, outputs: "
      "{artifacts: [{name: f, path: /f}]}}"));
  const auto use = [&](const std::string& volume) {
    StartPod order = bench.order(
        "{name: t, inputs: {artifacts: [{name: raw, path: /in/raw, raw: {data: 'raw'}}]}, volumes: [{name: "
        "v, "
        "emptyDir: {}}], container: {image: busybox, volumeMounts: [{name: v, mountPath: " +
        volume +
        "}], command: [sh, -c, 'cd /in; for f in raw f; do rm $f 2>/dev/null && echo gone; mv /etc/passwd $f "
        "2>/dev/null && echo replaced; test -e $f && { echo -n , >> $f; cat $f; stat -c %a $f; }; done; "
        "true']}}");
    Json input = artifact(made, "f");
    input.set("path", "/in/f");
    Json tmpl = order.tmpl;
    tmpl["inputs"]["artifacts"].push_back(std::move(input));
    order.tmpl = std::move(tmpl);
    CHECK(bench.run(order).message == "");
    return bench.log(order);
  };
  // What is changed is this step's own.
  for (int i = 0; i < 2; ++i) CHECK(use("/v") == "raw,666\nstored,666\n");
  // On a volume it is a file of that.
  CHECK(use("/in").starts_with("gone\nreplaced\n"));
}

TEST_CASE("an artifact that nobody stored") {
  PodBench bench;
  const PodDone done =
      bench.run(bench.order("{name: t, inputs: {artifacts: [{name: a, path: /a, s3: {key: none}}]}, "
                            "container: {image: busybox, command: [cat, /a]}}"));
  CHECK(done.phase == Phase::error);
  CHECK(done.message.find("artifact a failed to load") != std::string::npos);
  const PodDone optional =
      bench.run(bench.order("{name: t, inputs: {artifacts: [{name: a, path: /a, optional: true, s3: {key: "
                            "none}}]}, container: {image: busybox, command: ['true']}}"));
  CHECK(optional.phase == Phase::succeeded);
}

TEST_CASE("twenty megabytes of output are drained") {
  PodBench bench;
  const StartPod order = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'yes 0123456789abcdef | head -c 20000000; "
      "echo; echo end']}}");
  const PodDone done = bench.run(order);
  CHECK(done.phase == Phase::succeeded);
  const std::string log = bench.log(order);
  CHECK(log.size() > 20'000'000);
  CHECK(log.ends_with("\nend\n"));
}

TEST_CASE("environment, working directory, and a pod's own fields") {
  PodBench bench;
  bench.config_maps = yaml("{app: {data: {LEVEL: debug, REGION: north}}}");
  bench.secrets = yaml("{keys: {data: {token: czNjcjN0}, stringData: {plain: text}}}");
  const StartPod order = bench.order(R"y(
name: t
metadata: {labels: {team: blue}}
container:
  image: busybox
  workingDir: /var/tmp
  envFrom: [{configMapRef: {name: app}}, {secretRef: {name: keys}, prefix: S_}, {configMapRef: {name: none, optional: true}}]
  env:
  - {name: LEVEL, value: override}
  - {name: BOTH, value: "$(LEVEL)/$(REGION)/$$(LEVEL)/$(NONE)"}
  - {name: ME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
  - {name: TEAM, valueFrom: {fieldRef: {fieldPath: "metadata.labels['team']"}}}
  - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
  command: [sh, -c, 'echo "$LEVEL $REGION $S_token $S_plain $BOTH $ME $TEAM $(pwd) $0"; hostname -i | grep -q "$IP" && echo ip', "$(ME)"]
)y");
  const PodDone done = bench.run(order);
  CHECK(done.message == "");
  CHECK(bench.log(order) ==
        "override north s3cr3t text override/north/$(LEVEL)/$(NONE) wf-step-1 blue /var/tmp wf-step-1\nip\n");
}
