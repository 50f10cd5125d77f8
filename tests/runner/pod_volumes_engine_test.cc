// Volumes of pods on a real engine.
#include <doctest/doctest.h>

#include "pod_fixture.h"

using namespace skiff::runner;
using namespace skiff::runner::test;
using skiff::spec::Phase;

TEST_CASE("an emptyDir is shared in the pod, open to all, and gone afterwards") {
  PodBench bench;
  const StartPod order = bench.order(R"y(
name: t
initContainers:
- {name: one, image: busybox, command: [sh, -c, "stat -c %a /v; echo one > /v/log"], mirrorVolumeMounts: true, securityContext: {runAsUser: 1234}}
- {name: two, image: busybox, command: [sh, -c, "echo two >> /init/log"], volumeMounts: [{name: v, mountPath: /init}]}
container: {image: busybox, command: [sh, -c, 'cat /v/log /v/sub/f'], volumeMounts: [{name: v, mountPath: /v}]}
inputs: {artifacts: [{name: a, path: /v/sub/f, raw: {data: input}}]}
outputs: {parameters: [{name: p, valueFrom: {path: /v/log}}]}
)y",
                                     "{volumes: [{name: v, emptyDir: {}}]}");
  const PodDone done = bench.run(order);
  CHECK(done.message == "");
  CHECK(bench.log(order, "one") == "777\n");
  CHECK(bench.log(order) == "one\ntwo\ninput");
  CHECK(done.outputs.get_array("parameters").at(0).get_string("value") == "one\ntwo");
  bench.settle();
  CHECK(bench.left_behind(false).empty());
}

TEST_CASE("a read-only root: inputs, script, progress and outputs come and go through volumes") {
  PodBench bench;
  const PodDone tree = bench.run(bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'mkdir -p /t/d; echo deep > /t/d/f; "
      "chmod 640 /t/d/f']}, outputs: {artifacts: [{name: t, path: /t}]}}"));
  const std::string key = tree.outputs.get_array("artifacts").at(0).get("s3").get_string("key");
  std::string text = R"y(
name: t
script:
  image: busybox
  command: [sh]
  workingDir: /work
  securityContext: {readOnlyRootFilesystem: true}
  volumeMounts: [{name: work, mountPath: /work}]
  source: |
    cat /in/one /work/two /deep/tree/d/f
    stat -c %a /in/one /deep/tree/d/f
    echo mine > /deep/tree/new && cat /deep/tree/new
    ls -d /gone
    touch /x 2>/dev/null || echo read-only
    echo 1/2 > $ARGO_PROGRESS_FILE && echo result > out
inputs:
  artifacts:
  - {name: one, path: /in/one, mode: 0400, raw: {data: "one\n"}}
  - {name: two, path: /work/two, raw: {data: "two\n"}}
  - {name: tree, path: /deep/tree, s3: {key: KEY}}
  - {name: gone, path: /gone, optional: true, s3: {key: none}}
outputs: {parameters: [{name: p, valueFrom: {path: out}}]}
)y";
  text.replace(text.find("KEY"), 3, key);
  const StartPod order = bench.order(text, "{volumes: [{name: work, emptyDir: {}}]}");
  const PodDone done = bench.run(order);
  CHECK(done.message == "");
  CHECK(bench.log(order) == "one\ntwo\ndeep\n400\n640\nmine\n/gone\nread-only\n");
  CHECK(done.outputs.get_array("parameters").at(0).get_string("value") == "result");
  bench.settle();
  CHECK(bench.left_behind(false).empty());
}

TEST_CASE("files of a pod with an fsGroup can be read by its users") {
  PodBench bench;
  bench.secrets = yaml("{s: {stringData: {key: private}}}");
  const StartPod order = bench.order(
      "{name: t, container: {image: busybox, command: [cat, /s/key], volumeMounts: [{name: s, mountPath: "
      "/s}]}}",
      "{securityContext: {fsGroup: 2000, runAsUser: 1234}, volumes: [{name: s, secret: {secretName: s, "
      "defaultMode: 0400}}]}");
  CHECK(bench.run(order).message == "");
  CHECK(bench.log(order) == "private");
}

TEST_CASE("ConfigMaps, Secrets and projected files") {
  PodBench bench;
  bench.config_maps = yaml("{app: {data: {level: debug, app.conf: \"a = 1\\n\"}}}");
  bench.secrets = yaml("{s: {data: {password: UzAwcGVy}}}");
  const StartPod order = bench.order(R"y(
name: t
container:
  image: busybox
  command: [sh, -c, 'cat /conf/etc/app.conf; ls /conf; cat /secret/password; echo; cat /one; stat -L -c %a /secret/password; cat /all/pw /all/name; ls /none; touch /conf/x 2>/dev/null || echo read-only']
  volumeMounts:
  - {name: conf, mountPath: /conf}
  - {name: sec, mountPath: /secret}
  - {name: conf, mountPath: /one, subPath: etc/app.conf}
  - {name: all, mountPath: /all}
  - {name: none, mountPath: /none}
)y",
                                     R"y(
volumes:
- {name: conf, configMap: {name: app, items: [{key: app.conf, path: etc/app.conf}]}}
- {name: sec, secret: {secretName: s, defaultMode: 256}}
- {name: none, configMap: {name: absent, optional: true}}
- name: all
  projected:
    sources:
    - {secret: {name: s, items: [{key: password, path: pw}]}}
    - {downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}
)y");
  const PodDone done = bench.run(order);
  CHECK(done.message == "");
  CHECK(bench.log(order) == "a = 1\netc\nS00per\na = 1\n400\nS00perwf-step-1read-only\n");

  const PodDone missing = bench.run(bench.order(
      "{name: t, container: {image: busybox, command: ['true'], volumeMounts: [{name: c, mountPath: /c}]}}",
      "{volumes: [{name: c, configMap: {name: absent}}]}"));
  CHECK(missing.phase == Phase::error);
  CHECK(missing.message.find("configmap \"absent\" not found") != std::string::npos);
}

TEST_CASE("a claim of the workflow lives as long as it; subPath and readOnly") {
  PodBench bench;
  const std::string spec = "{volumeClaimTemplates: [{metadata: {name: work}}]}";
  const StartPod write = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'mkdir -p /w/a; echo deep > /w/a/f'], "
      "volumeMounts: [{name: work, mountPath: /w}]}}",
      spec);
  CHECK(bench.run(write).message == "");
  const StartPod read = bench.order(
      "{name: t, container: {image: busybox, command: [sh, -c, 'cat /r/f; touch /r/x 2>/dev/null && echo "
      "writable || echo read-only; ls /n'], volumeMounts: [{name: work, mountPath: /r, subPath: a, readOnly: "
      "true}, {name: work, mountPath: /n, subPath: new/dir}]}}",
      spec);
  CHECK(bench.run(read).message == "");
  CHECK(bench.log(read) == "deep\nread-only\n");
  bench.settle();
  CHECK(bench.left_behind(false).size() == 1);
  bench.finish_run();
  CHECK(bench.left_behind(false).empty());
}

TEST_CASE("the host's files and privileges need consent") {
  PodBench bench;
  const std::string spec = "{volumes: [{name: h, hostPath: {path: /etc}}]}";
  const std::string tmpl =
      "{name: t, container: {image: busybox, command: [ls, /h/passwd], volumeMounts: [{name: h, mountPath: "
      "/h}]}}";
  const PodDone refused = bench.run(bench.order(tmpl, spec));
  CHECK(refused.phase == Phase::error);
  CHECK(refused.message.find("--allow host-path") != std::string::npos);
  const PodDone privileged = bench.run(bench.order(
      "{name: t, container: {image: busybox, command: ['true'], securityContext: {privileged: true}}}"));
  CHECK(privileged.message.find("--allow privileged") != std::string::npos);
  bench.consent.host_paths = true;
  CHECK(bench.run(bench.order(tmpl, spec)).message == "");
}
