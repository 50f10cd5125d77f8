#include "runner/core/pod_plan.h"

#include <algorithm>
#include <array>

#include "runner/core/artifact_keys.h"
#include "runner/core/pod_env.h"
#include "runner/core/pod_resources.h"
#include "runner/core/pod_volumes.h"
#include "spec/units.h"

namespace skiff::runner {
namespace {

struct Ignored {
  std::string_view field;
  std::string_view what;
};
/// Fields of a pod that only a cluster honours.
constexpr std::array<Ignored, 14> kIgnored{{
    {"nodeSelector", "nodeSelector"},
    {"affinity", "affinity"},
    {"tolerations", "tolerations"},
    {"schedulerName", "schedulerName"},
    {"priorityClassName", "priorityClassName"},
    {"serviceAccountName", "serviceAccountName"},
    {"automountServiceAccountToken", "automountServiceAccountToken"},
    {"dnsPolicy", "dnsPolicy"},
    {"topologySpreadConstraints", "topologySpreadConstraints"},
    {"resourceClaims", "resourceClaims"},
    {"readinessGates", "readinessGates"},
    {"overhead", "overhead"},
    {"preemptionPolicy", "preemptionPolicy"},
    {"schedulingGates", "schedulingGates"},
}};

std::vector<std::string> strings_of(const Json& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const Json& e : list.as_array()) {
    if (e.is_string()) out.push_back(e.as_string());
    if (e.is_number()) out.push_back(e.number_text());
    if (e.is_bool()) out.emplace_back(e.as_bool() ? "true" : "false");
  }
  return out;
}

std::vector<std::string> expanded(const Json& list, const EnvList& env) {
  std::vector<std::string> out = strings_of(list);
  for (std::string& s : out) s = expand_vars(s, env);
  return out;
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// Plans one container after the other; what they share is its state.
class Planner {
 public:
  Planner(const StartPod& order, const PodSpec& pod, const RunContext& run, const HostFacts& host,
          const ImageConfigs& images)
      : order_(order),
        pod_(pod),
        run_(run),
        host_(host),
        images_(images),
        identity_(identity_of(order, run, pod, host)) {}

  PodPlan plan() {
    plan_.pod_name = order_.pod_name;
    plan_.prefix = pod_prefix(order_, run_);
    plan_.labels = pod_labels(order_, run_, host_);
    for (const auto& [key, value] : identity_.labels) plan_.labels.emplace(key, value);
    plan_.capture_result = order_.capture_result;
    plan_.daemon = order_.daemon;
    plan_.container_set = pod_.container_set;
    if (const auto grace = pod_.spec.get_int("terminationGracePeriodSeconds")) {
      plan_.grace = std::chrono::seconds(*grace);
    }
    plan_network();
    plan_.volumes = plan_volumes(order_, pod_, run_, identity_, plan_, plan_.warnings);
    plan_containers();
    plan_inputs();
    mount_inputs(plan_);
    plan_outputs();
    plan_retries();
    for (const Json& s : pod_.spec.get_array("imagePullSecrets")) {
      plan_.pull_secrets.push_back(s.get_string("name"));
    }
    for (const Ignored& i : kIgnored) {
      if (const Json& v = pod_.spec.get(i.field); !v.is_null() && !(v.is_array() && v.empty())) {
        plan_.warnings.push_back(std::string(i.what) + " is ignored: only a cluster can honour it");
      }
    }
    return std::move(plan_);
  }

 private:
  void plan_network() {
    docker::ContainerSpec& owner = plan_.network_owner;
    for (const Json& alias : pod_.spec.get_array("hostAliases")) {
      for (const std::string& name : strings_of(alias.get("hostnames"))) {
        owner.host.extra_hosts.push_back(name + ":" + alias.get_string("ip"));
      }
    }
    const Json& dns = pod_.spec.get("dnsConfig");
    owner.host.dns = strings_of(dns.get("nameservers"));
    owner.host.dns_search = strings_of(dns.get("searches"));
    for (const Json& option : dns.get_array("options")) {
      const std::string value = option.get_string("value");
      owner.host.dns_options.push_back(option.get_string("name") + (value.empty() ? "" : ":" + value));
    }
    owner.hostname = pod_.spec.get_string("hostname");
    for (const Json& s : pod_.spec.get("securityContext").get_array("sysctls")) {
      owner.host.sysctls[s.get_string("name")] = s.get_string("value");
    }
    const bool special = !owner.host.extra_hosts.empty() || !owner.host.dns.empty() ||
                         !owner.host.dns_search.empty() || !owner.host.dns_options.empty() ||
                         !owner.hostname.empty() || !owner.host.sysctls.empty();
    if (owner.hostname.empty()) owner.hostname = host_name();
    if (special) plan_.network = PodNetwork::own;
    if (pod_.spec.get_bool("hostNetwork")) plan_.network = PodNetwork::host;
    const bool host_spaces =
        pod_.spec.get_bool("hostPID") || pod_.spec.get_bool("hostIPC") || plan_.network == PodNetwork::host;
    if (host_spaces && !run_.consent.privileged) {
      throw PodRefused{
          "the pod wants the host's own network, processes or IPC (hostNetwork, hostPID, "
          "hostIPC); if you trust the workflow, submit with `--allow privileged`"};
    }
  }

  /// The kubelet's: the pod's name, as far as a host name may be long.
  std::string host_name() const {
    constexpr std::size_t kMostLetters = 63;
    std::string name = order_.pod_name.substr(0, kMostLetters);
    while (name.ends_with('-') || name.ends_with('.')) name.pop_back();
    return name;
  }

  void plan_containers() {
    for (const Json& c : pod_.spec.get_array("initContainers")) {
      PlannedContainer planned = container(c, Stage::init);
      planned.restartable = c.get_string("restartPolicy") == "Always";
      plan_.containers.push_back(std::move(planned));
    }
    for (const Stage stage : {Stage::sidecar, Stage::main}) {
      for (const Json& c : pod_.spec.get_array("containers")) {
        const bool is_main = contains(pod_.mains, c.get_string("name"));
        if (is_main == (stage == Stage::main)) plan_.containers.push_back(container(c, stage));
      }
    }
    const auto beside = std::count_if(plan_.containers.begin(), plan_.containers.end(),
                                      [](const auto& c) { return c.stage != Stage::init || c.restartable; });
    plan_.shares_ipc = beside > 1;
  }

  PlannedContainer container(const Json& c, Stage stage) {
    PlannedContainer out;
    out.stage = stage;
    out.name = c.get_string("name");
    docker::ContainerSpec& spec = out.spec;
    spec.name = plan_.container_name(out.name);
    spec.image = c.get_string("image");
    const auto image = images_.find(spec.image);
    const docker::ImageInfo* info = image == images_.end() ? nullptr : &image->second;
    const EnvList env = environment_of(c, order_, run_, identity_);
    put_environment(env, spec);
    // command replaces ENTRYPOINT and drops CMD; args replace CMD: the engine's own rule (docker-engine P21).
    spec.entrypoint = expanded(c.get("command"), env);
    spec.cmd = expanded(c.get("args"), env);
    spec.working_dir = c.get_string("workingDir");
    spec.tty = c.get_bool("tty");
    spec.labels = plan_.labels;
    spec.labels[kLabelContainer] = out.name;
    spec.labels[kLabelKind] = "pod";
    spec.host.init = host_.docker_init && !pod_.spec.get_bool("hostPID");
    if (pod_.spec.get_bool("hostPID")) spec.host.pid_mode = "host";
    if (pod_.spec.get_bool("hostIPC")) spec.host.ipc_mode = "host";
    spec.host.runtime = runtime_of();
    plan_resources(c, pod_.spec.get("resources"), spec.host);
    plan_security(c, pod_.spec.get("securityContext"), run_.consent, info, spec);
    out.mounts = plan_mounts(c, pod_, plan_.volumes, host_, env, spec.host);
    out.as_root = runs_as_root(spec, info);
    out.dependencies = strings_of(c.get("dependencies"));
    out.gets_inputs = out.name == kMainContainer || contains(pod_.mirrors, out.name);
    out.readiness = c.get("readinessProbe");
    out.startup = c.get("startupProbe");
    out.liveness = c.get("livenessProbe");
    out.lifecycle = c.get("lifecycle");
    if (stage == Stage::main) tell_pauses(spec);
    plan_end(c, out);
    if (!c.get_array("volumeDevices").empty()) {
      plan_.warnings.emplace_back("volumeDevices is ignored: only a cluster has block volumes");
    }
    return out;
  }

  void put_environment(const EnvList& env, docker::ContainerSpec& spec) {
    bool has_host_name = plan_.network == PodNetwork::host;
    for (const auto& [name, value] : env) {
      spec.env.push_back(name + "=" + value);
      if (value.find(kPodIpMark) != std::string::npos) plan_.needs_ip = true;
      has_host_name = has_host_name || name == "HOSTNAME";
    }
    // Not in the list itself: it is the runtime's, and Kubernetes does not expand it.
    if (!has_host_name) spec.env.push_back("HOSTNAME=" + plan_.network_owner.hostname);
  }

  /// How it is asked to end, and what is read of it then.
  void plan_end(const Json& c, PlannedContainer& out) {
    const std::string path = c.get_string("terminationMessagePath");
    out.message_path = mount_path(path.empty() ? "/dev/termination-log" : path, "terminationMessagePath");
    out.message_from_logs = c.get_string("terminationMessagePolicy") == "FallbackToLogsOnError";
    out.stop_signal = out.lifecycle.get_string("stopSignal");
    const auto kill = identity_.annotations.find("workflows.argoproj.io/kill-cmd-" + out.name);
    if (kill == identity_.annotations.end()) return;
    const auto command = spec::parse_json(kill->second);
    if (command && command->is_array()) out.kill_command = strings_of(*command);
    // Where Argo puts the signal's number; ours is always SIGTERM.
    for (std::string& word : out.kill_command) {
      if (const std::size_t at = word.find("%d"); at != std::string::npos) word.replace(at, 2, "15");
    }
    if (out.kill_command.empty()) {
      plan_.warnings.push_back("annotation " + kill->first + " is ignored: it has to be a list as in " +
                               R"(["sh", "-c", "kill -%d 1"])");
    }
  }

  /// What whoever debugs a step types next (workflow/executor: ARGO_DEBUG_PAUSE_*).
  void tell_pauses(const docker::ContainerSpec& spec) {
    for (const auto& [name, when] :
         {std::pair("ARGO_DEBUG_PAUSE_BEFORE", "before"), {"ARGO_DEBUG_PAUSE_AFTER", "after"}}) {
      if (!contains(spec.env, name + std::string("=true"))) continue;
      const std::string& container = spec.labels.at(kLabelContainer);
      plan_.warnings.push_back(std::string("container `") + container + "` waits " + when + " its command (" +
                               name + "): look around with `docker exec -it " + spec.name +
                               " sh`, let it go on with `docker exec " + spec.name +
                               " touch /var/run/argo/ctr/" + container + "/" + when + "`");
    }
  }

  std::string runtime_of() const {
    const std::string wanted = pod_.spec.get_string("runtimeClassName");
    return wanted == "default" ? "" : wanted;
  }

  void plan_inputs() {
    if (order_.tmpl.get("script").is_object()) {
      const std::string source = order_.tmpl.get("script").get_string("source");
      if (!source.empty()) plan_.script = source;
    }
    for (const Json& a : order_.tmpl.get("inputs").get_array("artifacts")) {
      const std::string name = a.get_string("name");
      const auto place = place_of(a, order_.tmpl.get("archiveLocation"));
      if (!place) {
        if (a.get_bool("optional")) continue;
        throw PodRefused{"required artifact '" + name + "' not supplied"};
      }
      const std::string path = mount_path(a.get_string("path"), "inputs.artifacts." + name);
      plan_.inputs.push_back({name, path, a});
    }
    const std::string text = spec::to_json(order_.tmpl);
    plan_.progress =
        text.find("ARGO_PROGRESS_FILE") != std::string::npos || text.find(kProgressPath) != std::string::npos;
  }

  /// A relative one is where main's process sees it (emissary.go reads outputs in its working directory).
  std::string output_path(const std::string& path, const std::string& what) const {
    const auto main = std::find_if(plan_.containers.begin(), plan_.containers.end(),
                                   [](const auto& c) { return c.name == kMainContainer; });
    if (path.starts_with('/') || main == plan_.containers.end()) return clean_path(path, what);
    std::string directory = main->spec.working_dir;
    const auto image = images_.find(main->spec.image);
    if (directory.empty() && image != images_.end()) directory = image->second.working_dir;
    return clean_path((directory.empty() ? "/" : directory + "/") + path, what);
  }

  void plan_outputs() {
    const Json& outputs = order_.tmpl.get("outputs");
    for (const Json& p : outputs.get_array("parameters")) {
      const Json& from = p.get("valueFrom");
      if (from.get_string("path").empty()) continue;
      PlannedParameter out;
      out.name = p.get_string("name");
      out.path = output_path(from.get_string("path"), "outputs.parameters." + out.name);
      if (const Json* fallback = from.find("default"); fallback != nullptr && !fallback->is_null()) {
        out.fallback = fallback->is_string() ? fallback->as_string() : spec::to_json(*fallback);
      }
      out.parameter = p;
      plan_.out_parameters.push_back(std::move(out));
    }
    const Json& archive = order_.tmpl.get("archiveLocation");
    for (const Json& a : outputs.get_array("artifacts")) {
      if (a.get_string("path").empty()) continue;
      PlannedArtifact out;
      out.name = a.get_string("name");
      out.path = output_path(a.get_string("path"), "outputs.artifacts." + out.name);
      out.optional = a.get_bool("optional");
      out.file = output_file(a);
      out.location = output_location(a, archive, order_, run_, out.file);
      out.artifact = a;
      plan_.out_artifacts.push_back(std::move(out));
    }
    // Template over workflow (workflowpod.go, IsArchiveLogs).
    const Json& own = archive.get("archiveLogs");
    const bool logs = own.is_bool() ? own.as_bool() : order_.spec.get_bool("archiveLogs");
    if (logs) plan_.log_location = archive;
  }

  /// `retries: N` means N attempts (container_set_template_types.go, GetRetryStrategy).
  void plan_retries() {
    const Json& strategy = order_.tmpl.get("containerSet").get("retryStrategy");
    const Json& retries = strategy.get("retries");
    if (retries.is_null()) return;
    const auto n = retries.is_string() ? Json::number(retries.as_string()).as_int64() : retries.as_int64();
    plan_.retries.attempts = static_cast<int>(std::clamp<std::int64_t>(n.value_or(1), 1, 1000));
    if (const auto pause = spec::parse_go_duration(strategy.get_string("duration"))) {
      plan_.retries.pause = std::chrono::duration_cast<std::chrono::milliseconds>(*pause);
    }
  }

  const StartPod& order_;
  const PodSpec& pod_;
  const RunContext& run_;
  const HostFacts& host_;
  const ImageConfigs& images_;
  PodIdentity identity_;
  PodPlan plan_;
};

}  // namespace

std::string pod_prefix(const StartPod& order, const RunContext& run) {
  return docker::container_name_from("skiff-" + run.uid.substr(0, 8) + "." + order.pod_name +
                                     (order.generation == 0 ? "" : "." + std::to_string(order.generation)));
}

docker::Labels pod_labels(const StartPod& order, const RunContext& run, const HostFacts& host) {
  return {{kLabelHome, host.home_id},       {kLabelRun, run.uid},
          {kLabelWorkflow, run.name},       {kLabelNamespace, run.namespace_},
          {kLabelNode, order.node_id},      {kLabelGeneration, std::to_string(order.generation)},
          {kLabelBoot, host.controller_id}, {kLabelVersion, host.skiff_version}};
}

PodPlan plan_pod(const StartPod& order, const PodSpec& pod, const RunContext& run, const HostFacts& host,
                 const ImageConfigs& images) {
  return Planner(order, pod, run, host, images).plan();
}

}  // namespace skiff::runner
