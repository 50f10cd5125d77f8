// submit and run: files (or a stored template) become workflows; then leave, wait, watch or show logs.

#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <set>

#include "runner/commands/context.h"
#include "runner/commands/selection.h"
#include "runner/commands/strict.h"
#include "runner/follow.h"
#include "runner/submit.h"
#include "spec/decode.h"
#include "spec/units.h"
#include "spec/validate.h"

namespace skiff::runner {
using spec::Json;

namespace {

struct SubmitFlags {
  std::vector<std::string> files;
  std::vector<std::string> parameters;
  std::string parameter_file;
  std::string labels;
  std::string annotations;
  SubmitOptions options;
  std::int64_t priority = 0;
  std::string from;
  std::string output;
  bool wait = false;
  bool watch = false;
  bool log = false;
  bool dry_run = false;
  bool server_dry_run = false;
  std::string scheduled_time;
  std::string strict = "true";
  NodeChoice nodes;
  std::vector<std::string> allow;
};

/// A YAML or JSON map of parameters, as `--parameter-file` gives it.
void add_parameter_file(SubmitFlags& flags) {
  if (flags.parameter_file.empty()) return;
  const std::vector<InputFile> file = read_inputs({flags.parameter_file});
  const spec::ParsedFile parsed = spec::parse_documents(file[0].text, file[0].name);
  if (spec::has_errors(parsed.diagnostics) || parsed.documents.empty() ||
      !parsed.documents[0].root().is_mapping()) {
    show_findings(parsed.diagnostics, file, false);
    throw Exit(kUsage, flags.parameter_file + ": not a map of parameters (write one `name: value` a line)");
  }
  const Json map = spec::to_json_value(parsed.documents[0].root());
  for (const auto& [name, value] : map.as_object()) {
    const bool given = std::any_of(flags.options.parameters.begin(), flags.options.parameters.end(),
                                   [&, &n = name](const auto& p) { return p.first == n; });
    if (!given)
      flags.options.parameters.emplace_back(
          name, value.is_array() || value.is_object() ? spec::to_json(value) : spec::any_string(value));
  }
}

void settle_options(SubmitFlags& flags) {
  for (const std::string& p : flags.parameters) {
    const auto eq = p.find('=');
    if (eq == std::string::npos || eq == 0) {
      throw Exit(kUsage, fmt::format("-p {}: expected NAME=VALUE", p));
    }
    flags.options.parameters.emplace_back(p.substr(0, eq), p.substr(eq + 1));
  }
  add_parameter_file(flags);
  flags.options.labels = parse_pairs(flags.labels);
  if (!flags.scheduled_time.empty()) {
    if (!spec::parse_rfc3339(flags.scheduled_time)) {
      throw Exit(kUsage, fmt::format("--scheduled-time {}: not a time like 2026-01-31T12:00:00Z",
                                     flags.scheduled_time));
    }
    if (!flags.annotations.empty()) flags.annotations += ',';
    flags.annotations += "workflows.argoproj.io/scheduled-time=" + flags.scheduled_time;
  }
  flags.options.annotations = parse_pairs(flags.annotations);
}

/// As argo has it: a dry run has nothing to wait for.
void check_dry_run(const SubmitFlags& f) {
  const char* dry = f.server_dry_run ? "--server-dry-run" : f.dry_run ? "--dry-run" : nullptr;
  if (dry == nullptr) return;
  if (f.dry_run && f.server_dry_run) throw Exit(kUsage, "--dry-run cannot be combined with --server-dry-run");
  for (const auto& [given, name] : {std::pair(f.wait, "--wait"), {f.watch, "--watch"}, {f.log, "--log"}}) {
    if (given) throw Exit(kUsage, fmt::format("{} cannot be combined with {}", name, dry));
  }
}

Json consent_json(const SubmitFlags& flags) {
  static const std::map<std::string, std::string> kWords{
      {"privileged", "privileged"}, {"host-path", "hostPaths"}, {"docker-socket", "dockerSocket"}};
  std::vector<std::string> allowed = flags.allow;
  if (const char* env = std::getenv("SKIFF_ALLOW")) {
    for (const std::string& word : CLI::detail::split(env, ',')) allowed.push_back(word);
  }
  Json consent = Json::object();
  for (const std::string& word : allowed) {
    const auto it = kWords.find(word);
    if (it == kWords.end()) {
      throw Exit(kUsage, fmt::format("--allow {}: use privileged, host-path or docker-socket", word));
    }
    consent.set(it->second, true);
  }
  Json skiff = Json::object();
  skiff.set("consent", std::move(consent));
  return skiff;
}

struct Given {
  std::vector<Json> workflows;
  std::vector<Json> objects;  ///< what the workflows may refer to
};

/// What the files hold; shows what is wrong with them and throws Exit if anything is.
Given read_given(const SubmitFlags& flags, const Context& context) {
  const std::vector<InputFile> files = read_inputs(flags.files);
  Given given;
  spec::Diagnostics findings;
  for (const InputFile& file : files) {
    const spec::ParsedFile parsed = spec::read_documents(file.text, file.name);
    findings.insert(findings.end(), parsed.diagnostics.begin(), parsed.diagnostics.end());
    for (const spec::Document& document : parsed.documents) {
      if (document.kind() == "Workflow") given.workflows.push_back(document.value());
      if (keepable(document.kind())) given.objects.push_back(document.value());
    }
  }
  forgive_metadata(findings);
  if (flags.strict == "false") forgive_unknown(findings);
  show_findings(findings, files, context.color);
  if (spec::has_errors(findings)) throw Exit(kUsage, "");
  if (given.workflows.empty()) {
    throw Exit(kUsage,
               "there is no Workflow in the given files; templates and other kinds are kept with: skiff "
               "apply -f FILE");
  }
  return given;
}

/// Argo passes such a parameter on, and nobody reads it: most likely a slip.
void warn_of_unknown(const SubmitFlags& flags, const Json& workflow) {
  if (workflow.get("spec").get("workflowTemplateRef").is_object()) return;  // the template has its own
  std::set<std::string> known;
  for (const Json& p : workflow.get("spec").get("arguments").get_array("parameters"))
    known.insert(p.get_string("name"));
  for (const auto& [name, value] : flags.options.parameters) {
    if (known.contains(name)) continue;
    fmt::print(stderr, "warning: -p {}: the workflow has no parameter of that name{}\n", name,
               known.empty() ? "" : fmt::format("; it has: {}", fmt::join(known, ", ")));
  }
}

std::vector<Json> submit_all(SubmitFlags& flags, const Context& context, const Client& client) {
  std::vector<Json> created;
  if (!flags.from.empty()) {
    const auto slash = flags.from.find('/');
    if (slash == std::string::npos) throw Exit(kUsage, "--from takes KIND/NAME, e.g. workflowtemplate/build");
    Json options = Json::object();
    options.set("name", flags.options.name);
    options.set("generateName", flags.options.generate_name);
    options.set("entryPoint", flags.options.entrypoint);
    options.set("labels", flags.labels);
    options.set("annotations", flags.annotations);
    options.set("serviceAccount", flags.options.service_account);
    if (flags.options.priority) options.set("priority", *flags.options.priority);
    options.set("dryRun", flags.dry_run || flags.server_dry_run);
    Json parameters = Json::array();
    for (const auto& [k, v] : flags.options.parameters) parameters.push_back(k + "=" + v);
    options.set("parameters", std::move(parameters));
    Json body = Json::object();
    body.set("resourceKind", flags.from.substr(0, slash));
    body.set("resourceName", flags.from.substr(slash + 1));
    body.set("submitOptions", std::move(options));
    body.set("skiff", consent_json(flags));
    created.push_back(client.post("/api/v1/workflows/" + Client::encode(context.ns) + "/submit", body));
    return created;
  }
  Given given = read_given(flags, context);
  for (const Json& object : given.objects) {
    if (flags.server_dry_run) break;
    keep_object(client, context, object);
    fmt::print(stderr, "{}/{} applied\n", object.get_string("kind"),
               object.get("metadata").get_string("name"));
  }
  for (Json& workflow : given.workflows) {
    warn_of_unknown(flags, workflow);
    apply_options(workflow, flags.options);
    Json body = Json::object();
    body.set("workflow", std::move(workflow));
    if (flags.server_dry_run) body["createOptions"]["dryRun"].push_back("All");
    body.set("skiff", consent_json(flags));
    created.push_back(client.post("/api/v1/workflows/" + Client::encode(context.ns), body));
  }
  return created;
}

void submit(SubmitFlags& flags, Context& context, bool interrupt_stops) {
  settle_options(flags);
  if (flags.files.empty() == flags.from.empty()) {
    throw Exit(kUsage, "give either files or --from KIND/NAME");
  }
  check_dry_run(flags);
  if (flags.dry_run && flags.from.empty()) {
    for (Json& workflow : read_given(flags, context).workflows) {
      apply_options(workflow, flags.options);
      print_created(workflow, flags.output);
    }
    return;
  }
  const Client client = context.client();
  const std::vector<Json> created = submit_all(flags, context, client);
  FollowOptions options;
  options.color = context.color;
  options.interrupt_stops = interrupt_stops;
  options.silent = prints_alone(flags.output);
  if (flags.watch) options.mode = FollowMode::watch;
  options.keeps = flags.nodes.filter();
  if (flags.log) options.mode = FollowMode::logs;
  const bool live = flags.watch && flags.output.empty() && ::isatty(STDOUT_FILENO) != 0;
  for (const Json& workflow : created) {
    if (!live) print_created(workflow, flags.output);
  }
  if (!flags.wait && !flags.watch && !flags.log) return;
  for (const Json& workflow : created) {
    const int code = follow(client, context.ns, workflow.get("metadata").get_string("name"), options);
    if (code != 0) context.exit_code = code;
  }
}

void add_flags(CLI::App* cmd, const std::shared_ptr<SubmitFlags>& f) {
  cmd->add_option("FILE", f->files, "Workflow files, directories, or - for standard input");
  cmd->add_option("-p,--parameter", f->parameters, "pass a parameter NAME=VALUE")->allow_extra_args(false);
  cmd->add_option("-f,--parameter-file", f->parameter_file, "a YAML or JSON map of parameters");
  cmd->add_option("--name", f->options.name, "override metadata.name");
  cmd->add_option("--generate-name", f->options.generate_name, "override metadata.generateName");
  cmd->add_option("--entrypoint", f->options.entrypoint, "override spec.entrypoint");
  cmd->add_option("-l,--labels", f->labels, "labels K=V,K=V");
  cmd->add_option("--annotations", f->annotations, "annotations K=V,K=V");
  cmd->add_option("--serviceaccount", f->options.service_account,
                  "accepted; identities are the cluster's business");
  cmd->add_option("--priority", f->options.priority, "workflow priority");
  cmd->add_option("--scheduled-time", f->scheduled_time,
                  "{{workflow.scheduledTime}}, e.g. 2026-01-31T12:00:00Z");
  cmd->add_option(
      "--from", f->from,
      "submit a stored object: workflowtemplate/NAME, clusterworkflowtemplate/NAME, cronwf/NAME, wf/NAME");
  cmd->add_option("-o,--output", f->output, "name|json|yaml|wide");
  cmd->add_option("--allow", f->allow, "let steps do this: privileged, host-path, docker-socket")
      ->delimiter(',')
      ->allow_extra_args(false);
}

}  // namespace

void add_submit(CLI::App& app, Context& context) {
  auto flags = std::make_shared<SubmitFlags>();
  CLI::App* cmd = app.add_subcommand("submit", "submit a workflow");
  add_flags(cmd, flags);
  cmd->add_flag("-w,--wait", flags->wait, "wait for the workflow to complete");
  cmd->add_flag("--watch", flags->watch, "watch the workflow until it completes");
  cmd->add_flag("--log", flags->log, "show the logs until the workflow completes");
  add_node_choice(cmd, flags->nodes);
  cmd->add_flag("--strict{true}", flags->strict, "unknown fields are errors (they are unless false)")
      ->take_last();
  cmd->add_flag("--dry-run", flags->dry_run, "print the workflow without submitting it");
  cmd->add_flag("--server-dry-run", flags->server_dry_run,
                "validate with what the home holds, without running");
  cmd->callback([flags, &context] { submit(*flags, context, false); });

  auto run_flags = std::make_shared<SubmitFlags>();
  CLI::App* run =
      app.add_subcommand("run", "submit, watch, and end with the workflow's status; Ctrl-C stops it");
  add_flags(run, run_flags);
  run->callback([run_flags, &context] {
    run_flags->watch = true;
    submit(*run_flags, context, true);
  });
}

}  // namespace skiff::runner
