// Planning a pod: what an order means to an engine, without one.
#include <doctest/doctest.h>

#include <algorithm>

#include "runner/core/artifact_keys.h"
#include "runner/core/pod_env.h"
#include "runner/core/pod_objects.h"
#include "runner/core/pod_plan.h"
#include "runner/core/pod_reason.h"
#include "runner/core/pod_volumes.h"
#include "spec/document.h"
#include "spec/names.h"

using namespace skiff::runner;
using skiff::spec::Phase;

namespace {

Json yaml(const std::string& text) {
  const skiff::spec::ParsedFile file = skiff::spec::parse_documents("---\n" + text, "test");
  REQUIRE(file.documents.size() == 1);
  return skiff::spec::to_json_value(file.documents[0].root());
}

struct Case {
  StartPod order;
  RunContext run;
  HostFacts host;
  ImageConfigs images;

  explicit Case(const std::string& tmpl, const std::string& spec = "{}") {
    order.node_id = "wf-123";
    order.node_name = "wf.a";
    order.pod_name = "wf-t-123";
    order.tmpl = yaml(tmpl);
    order.spec = yaml(spec);
    run.name = "wf";
    run.namespace_ = "ns";
    run.uid = "0123456789abcdef";
    host.name = "node";
    host.cpus = 4;
    host.memory = std::int64_t{8} << 30;
    host.home_id = "homehome-1";
    host.controller_id = "boot";
  }
  [[nodiscard]] PodPlan plan() const {
    const PodSpec pod = pod_spec_of(order, run);
    return plan_pod(order, pod, run, host, images);
  }
  [[nodiscard]] std::string refusal() const {
    try {
      static_cast<void>(plan());
    } catch (const PodRefused& e) {
      return e.what();
    }
    return "";
  }
};

using Words = std::vector<std::string>;

bool has(const Words& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

ObjectLookup objects(const std::string& text) {
  const Json all = yaml(text);
  return [all](const std::string& name) -> std::optional<Json> {
    const Json* found = all.find(name);
    return found != nullptr ? std::optional<Json>(*found) : std::nullopt;
  };
}

}  // namespace

TEST_CASE("command replaces the entrypoint, args the image's CMD") {
  const PodPlan plan =
      Case("{name: t, container: {image: a, command: [x, '$(ARGO_POD_NAME)'], args: [1, true]}}").plan();
  REQUIRE(plan.containers.size() == 1);
  const auto& spec = plan.containers[0].spec;
  CHECK(spec.entrypoint == Words{"x", "wf-t-123"});
  CHECK(spec.cmd == Words{"1", "true"});
  CHECK(spec.name == "skiff-01234567.wf-t-123.main");
  CHECK(spec.host.init);
  CHECK(plan.network == PodNetwork::sandbox);
  CHECK_FALSE(plan.shares_ipc);
}

TEST_CASE("names and labels are a function of run, node, generation and container") {
  Case c("{name: t, container: {image: a}, metadata: {labels: {team: blue, skiff.run: forged}}}");
  c.order.generation = 2;
  const PodPlan plan = c.plan();
  const auto& labels = plan.containers[0].spec.labels;
  CHECK(plan.containers[0].spec.name == "skiff-01234567.wf-t-123.2.main");
  CHECK(labels.at("skiff.run") == "0123456789abcdef");
  CHECK(labels.at("skiff.node") == "wf-123");
  CHECK(labels.at("skiff.generation") == "2");
  CHECK(labels.at("skiff.home") == "homehome-1");
  CHECK(labels.at("team") == "blue");
}

TEST_CASE("a script is the last argument") {
  const PodPlan plan =
      Case("{name: t, script: {image: a, command: [python], args: [-u], source: 'print(1)'}}").plan();
  CHECK(plan.containers[0].spec.cmd == Words{"-u", "/argo/staging/script"});
  CHECK(plan.script == "print(1)");
  CHECK_FALSE(Case("{name: t, script: {image: a, command: [x], source: ''}}").plan().script.has_value());
}

TEST_CASE("$(NAME) is expanded as Kubernetes does") {
  const EnvList env = {{"A", "1"}, {"B", "$(A)"}};
  CHECK(expand_vars("$(A)-$(B)-$(C)-$$(A)-$A-$", env) == "1-$(A)-$(C)-$(A)-$A-$");
  CHECK(expand_vars("$(A", env) == "$(A");
  CHECK(expand_vars("$$$(A)", env) == "$1");
}

TEST_CASE("environment: envFrom, then env, then Argo's") {
  Case c(R"y(
name: t
container:
  image: a
  envFrom: [{configMapRef: {name: app}}, {secretRef: {name: keys}, prefix: S_}]
  env:
  - {name: LEVEL, value: "over-$(LEVEL)"}
  - {name: NONE, valueFrom: {configMapKeyRef: {name: app, key: none, optional: true}}}
  - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}
  - {name: MEM, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
  - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
  resources: {limits: {cpu: 500m}}
)y");
  c.run.config_map = objects("{app: {data: {LEVEL: debug}}}");
  c.run.secret = objects("{keys: {data: {token: czNjcjN0}}}");
  const PodPlan plan = c.plan();
  const Words& env = plan.containers[0].spec.env;
  CHECK(has(env, "LEVEL=over-debug"));
  CHECK(has(env, "S_token=s3cr3t"));
  CHECK(has(env, "CPU=500"));
  CHECK(has(env, "MEM=8192"));
  CHECK(has(env, "NODE=node"));
  CHECK(has(env, "ARGO_NODE_ID=wf-123"));
  CHECK(has(env, "ARGO_CONTAINER_NAME=main"));
  CHECK(std::none_of(env.begin(), env.end(), [](const auto& e) { return e.starts_with("NONE="); }));
}

TEST_CASE("an environment has the text of a ConfigMap, and no NUL") {
  Case c(R"y(
name: t
container:
  image: a
  args: [$(HOSTNAME)]
  envFrom: [{configMapRef: {name: app}}]
  env: [{name: B, valueFrom: {configMapKeyRef: {name: app, key: BYTES, optional: true}}}]
)y");
  c.run.config_map = objects("{app: {data: {TEXT: t}, binaryData: {BYTES: czNjcjN0}}}");
  const PodPlan plan = c.plan();
  const Words& env = plan.containers[0].spec.env;
  CHECK(has(env, "TEXT=t"));
  for (const char* name : {"BYTES=", "B="}) {
    CHECK(std::none_of(env.begin(), env.end(), [&](const auto& e) { return e.starts_with(name); }));
  }
  CHECK(has(env, "HOSTNAME=wf-t-123"));
  CHECK(plan.containers[0].spec.cmd == Words{"$(HOSTNAME)"});

  Case own("{name: t, container: {image: a, env: [{name: HOSTNAME, value: mine}]}}");
  const PodPlan named = own.plan();
  CHECK(has(named.containers[0].spec.env, "HOSTNAME=mine"));
  CHECK_FALSE(has(named.containers[0].spec.env, "HOSTNAME=wf-t-123"));

  Case nul("{name: t, container: {image: a, envFrom: [{secretRef: {name: s}}]}}");
  nul.run.secret = objects("{s: {data: {key: YQBi}}}");
  CHECK(nul.refusal().starts_with("env key of container \"main\" has a NUL byte in its value"));
}

TEST_CASE("masked are the Secrets' values without their last newline, but no short ones") {
  Case c("{name: t, container: {image: a, envFrom: [{secretRef: {name: s}}]}}");
  c.run.secret = objects("{s: {stringData: {short: abc, line: \"word\\n\", long: more words}}}");
  CHECK(secret_texts(pod_spec_of(c.order, c.run), c.run) == Words{"more words", "word"});
}

TEST_CASE("what is missing is said in Kubernetes' words") {
  Case c("{name: t, container: {image: a, env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: k}}}]}}");
  CHECK(c.refusal().find("secret \"s\" not found") != std::string::npos);
  c.run.secret = objects("{s: {data: {}}}");
  CHECK(c.refusal() == "couldn't find key k in Secret ns/s");
  CHECK(Case("{name: t, container: {image: a, volumeMounts: [{name: v, mountPath: /v}]}}").refusal() ==
        "volume 'v' not found in workflow spec");
  CHECK(Case("{name: t, container: {command: [x]}}").refusal().empty());
  CHECK_THROWS_AS(static_cast<void>(images_of(
                      pod_spec_of(Case("{name: t, container: {command: [x]}}").order, RunContext()))),
                  PodRefused);
  CHECK(Case("{name: t, inputs: {artifacts: [{name: a, path: /a}]}, container: {image: a}}").refusal() ==
        "required artifact 'a' not supplied");
  CHECK(Case("{name: t, outputs: {artifacts: [{name: a, path: /a/../../b}]}, container: {image: a}}")
            .refusal()
            .find("must not contain '..'") != std::string::npos);
}

TEST_CASE("what goes into a read-only root is mounted") {
  const std::string script =
      "name: t\n"
      "inputs: {artifacts: [{name: a, path: /in/a, raw: {data: x}}, {name: b, path: work/b, raw: {data: "
      "y}}]}\n"
      "script: {image: i, source: ls, volumeMounts: [{name: w, mountPath: work}], env: [{name: "
      "ARGO_DEBUG_PAUSE_AFTER, value: 'true'}], securityContext: {readOnlyRootFilesystem: ";
  const std::string volumes = "{volumes: [{name: w, emptyDir: {}}]}";
  const PodPlan plan = Case(script + "true}}", volumes).plan();
  CHECK(plan.inputs_in_volumes);
  CHECK_FALSE(plan.script);
  Words targets;
  for (const PlannedMount& m : plan.containers[0].mounts) targets.push_back(m.target);
  CHECK(targets == Words{"/work", "/in/a", "/argo/staging", "/var/run/argo"});
  CHECK(plan.containers[0].mounts[1].sub_path == "a");
  CHECK(plan.inputs[0].destination() == "/argo/inputs/artifacts/a");
  CHECK(plan.inputs[1].destination() == "/work/b");

  const PodPlan plain = Case(script + "false}}", volumes).plan();
  CHECK_FALSE(plain.inputs_in_volumes);
  CHECK(plain.containers[0].mounts.size() == 1);
  CHECK(plain.inputs[0].destination() == "/in/a");
}

TEST_CASE("relative paths of outputs begin in the working directory") {
  const std::string outputs =
      "{name: t, outputs: {parameters: [{name: p, valueFrom: {path: ./p}}], artifacts: [{name: a, path: "
      "d/a}]}, "
      "container: {image: i";
  Case of_image(outputs + "}}");
  of_image.images["i"].working_dir = "/app";
  CHECK(of_image.plan().out_parameters[0].path == "/app/p");
  CHECK(of_image.plan().out_artifacts[0].path == "/app/d/a");
  CHECK(Case(outputs + ", workingDir: /w/}}").plan().out_artifacts[0].path == "/w/d/a");
  CHECK(Case(outputs + "}}").plan().out_parameters[0].path == "/p");
}

TEST_CASE("containers: init, sidecars, main; mirrored mounts") {
  const PodPlan plan = Case(R"y(
name: t
container: {image: a, volumeMounts: [{name: v, mountPath: /v}]}
initContainers: [{name: i, image: b, mirrorVolumeMounts: true}]
sidecars: [{name: s, image: c, volumeMounts: [{name: v, mountPath: /other}], mirrorVolumeMounts: true}]
)y",
                            "{volumes: [{name: v, emptyDir: {}}, {name: unused, csi: {driver: x}}]}")
                           .plan();
  REQUIRE(plan.containers.size() == 3);
  CHECK(plan.containers[0].stage == Stage::init);
  CHECK(plan.containers[0].mounts.size() == 1);
  CHECK(plan.containers[0].gets_inputs);
  CHECK(plan.containers[1].stage == Stage::sidecar);
  CHECK(plan.containers[1].mounts.size() == 2);
  CHECK(plan.containers[2].name == "main");
  CHECK(plan.shares_ipc);
  REQUIRE(plan.volumes.size() == 1);
  CHECK(plan.volumes[0].kind == VolumeKind::scratch);
  CHECK(plan.volumes[0].volume.name == "skiff-01234567.wf-t-123.v");
  CHECK(plan.volumes[0].volume.labels.at("skiff.life") == "pod");
}

TEST_CASE("claims: of a template, of the namespace, unknown") {
  Case c(
      "{name: t, container: {image: a, volumeMounts: [{name: work, mountPath: /w}, {name: data, mountPath: "
      "/d}]}}",
      "{volumeClaimTemplates: [{metadata: {name: work}}], volumes: [{name: data, persistentVolumeClaim: "
      "{claimName: big}}]}");
  c.run.claim = objects("{}");
  const PodPlan plan = c.plan();
  REQUIRE(plan.volumes.size() == 2);
  CHECK(plan.volumes[0].volume.name == "skiff-wf-work-01234567");
  CHECK(plan.volumes[0].volume.labels.at("skiff.life") == "run");
  CHECK(plan.volumes[0].volume.labels.at("skiff.run") == "0123456789abcdef");
  CHECK(plan.volumes[1].volume.name == "skiff-ns-big-" + std::to_string(skiff::spec::fnv32a("homehome-1")));
  CHECK(plan.volumes[1].volume.labels.at("skiff.life") == "claim");
  CHECK_FALSE(plan.volumes[1].volume.labels.contains("skiff.run"));
  REQUIRE(plan.warnings.size() == 1);
  CHECK(plan.warnings[0].find("\"big\" is not known") != std::string::npos);
}

TEST_CASE("files: items, modes, what climbs out") {
  Case c("{name: t, container: {image: a, volumeMounts: [{name: c, mountPath: /c}]}}",
         "{volumes: [{name: c, configMap: {name: app, defaultMode: 256, items: [{key: k, path: d/f}, {key: "
         "l, path: l, mode: 493}]}}]}");
  c.run.config_map = objects("{app: {data: {k: v, l: w, m: x}}}");
  const PodPlan plan = c.plan();
  CHECK(plan.volumes[0].files == std::vector<PodFile>{{"d/f", "v", 0400}, {"l", "w", 0755}});
  CHECK(plan.containers[0].mounts[0].read_only);
  Case bad("{name: t, container: {image: a, volumeMounts: [{name: c, mountPath: /c}]}}",
           "{volumes: [{name: c, configMap: {name: app, items: [{key: k, path: ../f}]}}]}");
  bad.run.config_map = objects("{app: {data: {k: v}}}");
  CHECK(bad.refusal().find("'..'") != std::string::npos);
}

TEST_CASE("memory at /dev/shm is the container's own") {
  const PodPlan plan =
      Case("{name: t, container: {image: a, volumeMounts: [{name: m, mountPath: /dev/shm}]}}",
           "{volumes: [{name: m, emptyDir: {medium: Memory, sizeLimit: 1Gi}}]}")
          .plan();
  CHECK(plan.containers[0].mounts.empty());
  CHECK(plan.containers[0].spec.host.shm_size == 1 << 30);
}

TEST_CASE("consent") {
  const std::string priv = "{name: t, container: {image: a, securityContext: {privileged: true}}}";
  const std::string host = "{name: t, container: {image: a, volumeMounts: [{name: h, mountPath: /h}]}}";
  const std::string etc = "{volumes: [{name: h, hostPath: {path: /etc}}]}";
  const std::string socket = "{volumes: [{name: h, hostPath: {path: /var/run/docker.sock}}]}";
  CHECK(Case(priv).refusal().find("--allow privileged") != std::string::npos);
  CHECK(Case(host, etc).refusal().find("--allow host-path") != std::string::npos);
  CHECK(
      Case("{name: t, container: {image: a}}", "{hostNetwork: true}").refusal().find("--allow privileged") !=
      std::string::npos);
  Case paths(host, socket);
  paths.run.consent.host_paths = true;
  CHECK(paths.refusal().find("--allow docker-socket") != std::string::npos);
  paths.run.consent.docker_socket = true;
  CHECK(paths.refusal().empty());
}

TEST_CASE("limits, security, users") {
  Case c(R"y(
name: t
container:
  image: a
  resources: {limits: {cpu: 1500m, memory: 64Mi, nvidia.com/gpu: 1}, requests: {cpu: 4}}
  securityContext: {runAsUser: 8737, runAsGroup: 3, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {add: [NET_ADMIN], drop: [ALL]}}
)y",
         "{securityContext: {runAsNonRoot: true, fsGroup: 42, supplementalGroups: [7]}}");
  const PodPlan plan = c.plan();
  const auto& spec = plan.containers[0].spec;
  CHECK(spec.host.nano_cpus == 1'500'000'000);
  CHECK(spec.host.memory == 64 << 20);
  CHECK(spec.host.memory_swap == 64 << 20);
  REQUIRE(spec.host.device_requests.size() == 1);
  CHECK(spec.host.device_requests[0].count == 1);
  CHECK(spec.user == "8737:3");
  CHECK(spec.host.readonly_rootfs);
  CHECK(has(spec.host.security_opt, "no-new-privileges"));
  CHECK(spec.host.cap_add == Words{"NET_ADMIN"});
  CHECK(spec.host.group_add == Words{"7", "42"});
  CHECK_FALSE(plan.containers[0].as_root);

  Case root("{name: t, container: {image: a, securityContext: {runAsNonRoot: true}}}");
  root.images["a"] = {};
  CHECK(root.refusal() == "container \"main\" has runAsNonRoot and image will run as root");
  root.images["a"].user = "nobody";
  CHECK(root.refusal().empty());
}

TEST_CASE("podSpecPatch: the workflow's, then the template's") {
  const PodPlan plan = Case(
                           "{name: t, container: {image: a, env: [{name: X, value: '1'}]}, podSpecPatch: "
                           "'{\"containers\":[{\"name\":\"main\",\"resources\":{\"limits\":{\"cpu\":\"2\"}}"
                           "},{\"name\":\"wait\",\"resources\":{}}]}'}",
                           "{podSpecPatch: \"terminationGracePeriodSeconds: 7\\ncontainers:\\n- name: "
                           "main\\n  image: b\\n  resources:\\n    limits: {cpu: 1, memory: 1Gi}\\n\"}")
                           .plan();
  REQUIRE(plan.containers.size() == 1);
  CHECK(plan.containers[0].spec.image == "b");
  CHECK(plan.containers[0].spec.host.nano_cpus == 2'000'000'000);
  CHECK(plan.containers[0].spec.host.memory == 1 << 30);
  CHECK(has(plan.containers[0].spec.env, "X=1"));
  CHECK(plan.grace == std::chrono::seconds(7));
  CHECK(Case("{name: t, container: {image: a}, podSpecPatch: 'just words'}")
            .refusal()
            .find("invalid podSpecPatch") != std::string::npos);
}

TEST_CASE("hosts, resolver and host name need a network of one's own") {
  const PodPlan plan =
      Case("{name: t, container: {image: a}, hostAliases: [{ip: 1.2.3.4, hostnames: [k, l]}]}",
           "{hostAliases: [{ip: 5.6.7.8, hostnames: [z]}], dnsConfig: {nameservers: [9.9.9.9], options: "
           "[{name: ndots, value: '2'}]}}")
          .plan();
  CHECK(plan.network == PodNetwork::own);
  CHECK(plan.network_owner.host.extra_hosts == Words{"z:5.6.7.8", "k:1.2.3.4", "l:1.2.3.4"});
  CHECK(plan.network_owner.host.dns == Words{"9.9.9.9"});
  CHECK(plan.network_owner.host.dns_options == Words{"ndots:2"});
}

TEST_CASE("sysctls are the network owner's") {
  const PodPlan plan = Case("{name: t, container: {image: a}, sidecars: [{name: s, image: a}]}",
                            "{securityContext: {sysctls: [{name: net.core.somaxconn, value: '77'}]}}")
                           .plan();
  CHECK(plan.network == PodNetwork::own);
  CHECK(plan.network_owner.host.sysctls.at("net.core.somaxconn") == "77");
}

TEST_CASE("the pod's resources bound containers without limits of their own") {
  Case c("{name: t, container: {image: a, resources: {limits: {cpu: 1}}}, sidecars: [{name: s, image: a}]}",
         "{podResources: {limits: {cpu: 2, memory: 64Mi}}}");
  const PodPlan general = c.plan();
  CHECK(general.containers[1].spec.host.nano_cpus == 1'000'000'000);
  CHECK(general.containers[1].spec.host.memory == 64 << 20);
  CHECK(general.containers[0].spec.host.nano_cpus == 2'000'000'000);
  c.order.tmpl = yaml("{name: t, container: {image: a}, podResources: {limits: {memory: 32Mi}}}");
  const PodPlan own = c.plan();
  CHECK(own.containers[0].spec.host.memory == 32 << 20);
  CHECK(own.containers[0].spec.host.nano_cpus == 0);
}

TEST_CASE("how a container is asked to end, and what it leaves") {
  Case c(R"y(
name: t
metadata:
  annotations:
    workflows.argoproj.io/kill-cmd-s: '["sh", "-c", "kill -%d 7"]'
    workflows.argoproj.io/kill-cmd-main: kill -%d 1
container:
  {image: a, terminationMessagePath: /tmp/why, terminationMessagePolicy: FallbackToLogsOnError, lifecycle: {stopSignal: SIGUSR1}}
sidecars: [{name: s, image: a}]
)y");
  const PodPlan plan = c.plan();
  const PlannedContainer& side = plan.containers[0];
  const PlannedContainer& main = plan.containers[1];
  CHECK(side.kill_command == Words{"sh", "-c", "kill -15 7"});
  CHECK(side.message_path == "/dev/termination-log");
  CHECK_FALSE(side.message_from_logs);
  CHECK(main.kill_command.empty());
  CHECK(main.message_path == "/tmp/why");
  CHECK(main.message_from_logs);
  CHECK(main.stop_signal == "SIGUSR1");
  REQUIRE(plan.warnings.size() == 1);
  CHECK(plan.warnings[0].find("kill-cmd-main is ignored") != std::string::npos);
}

TEST_CASE("emptyDirs: the pod's group, and a size that nobody enforces") {
  const PodPlan plan =
      Case(
          "{name: t, container: {image: a, volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: "
          "/w}]}}",
          "{securityContext: {fsGroup: 2000}, volumes: [{name: v, emptyDir: {sizeLimit: 1Mi}}, {name: w, "
          "emptyDir: {sizeLimit: 1Gi}}]}")
          .plan();
  CHECK(plan.volumes[0].group == 2000);
  REQUIRE(plan.warnings.size() == 1);
  CHECK(plan.warnings[0].starts_with("emptyDir.sizeLimit is not enforced"));
}

TEST_CASE("what only a cluster honours is a warning of its kind") {
  const PodPlan plan = Case("{name: t, container: {image: a}, nodeSelector: {a: b}, priorityClassName: high}",
                            "{tolerations: [{key: gpu}], serviceAccountName: x, nodeSelector: {c: d}}")
                           .plan();
  CHECK(plan.warnings.size() == 4);
  CHECK(Case("{name: t, container: {image: a, volumeMounts: [{name: v, mountPath: /v}]}}",
             "{volumes: [{name: v, csi: {driver: x}}]}")
            .refusal()
            .find("of kind csi, which only a cluster has") != std::string::npos);
}

TEST_CASE("a containerSet: members, mounts for all, attempts") {
  const PodPlan plan = Case(R"y(
name: t
volumes: [{name: w, emptyDir: {}}]
containerSet:
  volumeMounts: [{name: w, mountPath: /w}]
  retryStrategy: {retries: "3", duration: 2s}
  containers: [{name: a, image: x}, {name: main, image: x, dependencies: [a]}]
)y")
                           .plan();
  REQUIRE(plan.containers.size() == 2);
  CHECK(plan.containers[0].stage == Stage::main);
  CHECK(plan.containers[0].mounts.size() == 1);
  CHECK_FALSE(plan.containers[0].gets_inputs);
  CHECK(plan.containers[1].dependencies == Words{"a"});
  CHECK(plan.container_set);
  CHECK(plan.retries.attempts == 3);
  CHECK(plan.retries.pause == std::chrono::seconds(2));
}

TEST_CASE("artifacts: where they lie and where they go") {
  Case c("{name: t, container: {image: a}}");
  const auto location = [&](const std::string& artifact, const std::string& archive) {
    const Json a = yaml(artifact);
    return skiff::spec::to_json(output_location(a, yaml(archive), c.order, c.run, output_file(a)));
  };
  CHECK(location("{name: x, path: /tmp/x.txt}", "{}") == R"({"s3":{"key":"wf/wf-t-123/x.tgz"}})");
  CHECK(location("{name: x, path: /tmp/x.txt, archive: {none: {}}}", "{}") ==
        R"({"s3":{"key":"wf/wf-t-123/x.txt"}})");
  CHECK(location("{name: x, path: /tmp/d/, archive: {zip: {}}}", "{}") ==
        R"({"s3":{"key":"wf/wf-t-123/x.zip"}})");
  CHECK(location("{name: x, path: /x, s3: {key: mine}}", "{}") == R"({"s3":{"key":"mine"}})");
  CHECK(location("{name: x, path: /x}", "{s3: {bucket: b, key: 'p/{{pod.name}}'}}") ==
        R"({"s3":{"bucket":"b","key":"p/wf-t-123/x.tgz"}})");
  CHECK_FALSE(place_of(yaml("{name: x, s3: {bucket: b}}"), Json()).has_value());
  CHECK(folder_of(yaml("{name: x, s3: {bucket: b}}"), Json())->bucket == "b");
  CHECK(place_of(yaml("{name: x, s3: {key: k}}"), yaml("{s3: {bucket: b}}"))->bucket == "b");
  CHECK(place_of(yaml("{name: x, azure: {container: c, blob: k}}"), Json())->key == "k");
  CHECK(place_of(yaml("{name: x, raw: {data: text}}"), Json())->raw == "text");
}

TEST_CASE("the deepest mount is over a path") {
  std::vector<PlannedMount> mounts(2);
  mounts[0].target = "/mnt";
  mounts[1].target = "/mnt/deep";
  CHECK(mount_over(mounts, "/mnt/deep/x") == &mounts[1]);
  CHECK(mount_over(mounts, "/mnt/deeper") == &mounts[0]);
  CHECK(mount_over(mounts, "/other") == nullptr);
}

TEST_CASE("what an end means, in Argo's order") {
  const auto end = [](Stage stage, std::optional<int> code, const std::string& name = "main") {
    ContainerEnd e;
    e.name = name;
    e.stage = stage;
    e.exit_code = code;
    return e;
  };
  CHECK(reason_of({end(Stage::main, 0)}, "").phase == Phase::succeeded);
  CHECK(reason_of({end(Stage::main, 1)}, "no such file").message == "main: Error (exit code 1)");
  CHECK(reason_of({end(Stage::main, 1)}, "no such file").phase == Phase::failed);
  CHECK(reason_of({end(Stage::main, 0)}, "no such file").phase == Phase::error);
  CHECK(reason_of({end(Stage::init, 2, "prep"), end(Stage::main, {})}, "").message ==
        "prep: Error (exit code 2)");
  CHECK(reason_of({end(Stage::init, 137, "prep"), end(Stage::main, {})}, "").phase == Phase::error);
  CHECK(reason_of({end(Stage::sidecar, 137, "s"), end(Stage::main, 0)}, "").phase == Phase::succeeded);
  ContainerEnd asked = end(Stage::sidecar, 3, "s");
  asked.ended_by_us = true;
  CHECK(reason_of({asked, end(Stage::main, 0)}, "").message == "s: Error (exit code 3)");
  asked.exit_code = 143;
  CHECK(reason_of({asked, end(Stage::main, 0)}, "").phase == Phase::succeeded);
  CHECK(reason_of({end(Stage::sidecar, 1, "s"), end(Stage::main, 0)}, "").message ==
        "s: Error (exit code 1)");
  ContainerEnd oom = end(Stage::main, 137);
  oom.oom_killed = true;
  CHECK(reason_of({oom}, "").message == "main: OOMKilled (exit code 137)");
}

TEST_CASE("a pod whose container was removed is an error, whatever else went wrong") {
  ContainerEnd gone;
  gone.name = "main";
  gone.exit_code = 137;
  gone.deleted = true;
  const PodReason reason = reason_of({gone}, "no such container");
  CHECK(reason.phase == Phase::error);
  CHECK(reason.message == "pod deleted");
}

TEST_CASE("a termination message is the file's end, else the output's") {
  CHECK(termination_message("why", true, "out") == "why");
  CHECK(termination_message("", false, "out") == "");
  CHECK(termination_message("", true, "out\n") == "out\n");
  CHECK(termination_message("x" + std::string(4096, 'y'), false, "") == std::string(4096, 'y'));
  CHECK(termination_message("", true, "x" + std::string(2048, 'y')) == std::string(2048, 'y'));
  std::string lines;
  for (int i = 1; i <= 81; ++i) lines += std::to_string(i) + "\n";
  CHECK(termination_message("", true, lines) == lines.substr(2));
  CHECK(termination_message("", true, lines + "82") == lines.substr(4) + "82");
}

TEST_CASE("an init that cannot run the command says so in known words") {
  CHECK(exec_failure(127, "out\n[FATAL tini (7)] exec invalid failed: No such file or directory\n") ==
        "failed to find name in PATH: exec: \"invalid\": executable file not found in $PATH");
  CHECK(exec_failure(126, "[FATAL tini (7)] exec /x failed: Permission denied\n") ==
        "failed to find name in PATH: exec: \"/x\": permission denied");
  CHECK(exec_failure(126, "[FATAL tini (7)] exec /x failed: Exec format error\n") ==
        "failed to start command: fork/exec /x: Exec format error");
  CHECK(exec_failure(127, "sh: foo: not found\n") == "");
  CHECK(exec_failure(1, "[FATAL tini (7)] exec a failed: b\n") == "");
}

TEST_CASE("base64") {
  CHECK(decode_base64("czNjcjN0") == "s3cr3t");
  CHECK(decode_base64("YQ==\n") == "a");
  CHECK(decode_base64("") == "");
  CHECK_FALSE(decode_base64("YQ=").has_value());
  CHECK_FALSE(decode_base64("Y$==").has_value());
}
