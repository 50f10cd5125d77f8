// apply: keeps what a cluster would keep: templates, ConfigMaps, Secrets, claims.

#include <fmt/format.h>

#include "runner/cluster_config.h"
#include "runner/commands/context.h"
#include "spec/decode.h"

namespace skiff::runner {
using spec::Json;

bool keepable(const std::string& kind) {
  for (std::string_view k : {"WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "ConfigMap",
                             "Secret", "PersistentVolumeClaim"}) {
    if (k == kind) return true;
  }
  return false;
}

void keep_object(const Client& client, const Context& context, const Json& object) {
  (void)client.put("/api/v1/skiff/objects/" + Client::encode(context.ns), object);
}

namespace {

/// What of the controller's configuration cannot be read, or means nothing here.
void check_configuration(const Json& object) {
  if (object.get_string("kind") != "ConfigMap") return;
  if (object.get("metadata").get_string("name") != kControllerConfig) return;
  const ClusterConfig config = parse_cluster_config(object);
  if (!config.error.empty()) throw Exit(kUsage, fmt::format("{}: {}", kControllerConfig, config.error));
  for (const std::string& warning : config.warnings) {
    fmt::print(stderr, "{}: warning: {}\n", kControllerConfig, warning);
  }
}

void apply_files(const std::vector<std::string>& names, const Context& context) {
  const std::vector<InputFile> files = read_inputs(names);
  spec::Diagnostics findings;
  std::vector<Json> objects;
  for (const InputFile& file : files) {
    const spec::ParsedFile parsed = spec::read_documents(file.text, file.name);
    findings.insert(findings.end(), parsed.diagnostics.begin(), parsed.diagnostics.end());
    for (const spec::Document& document : parsed.documents) {
      if (keepable(document.kind())) {
        objects.push_back(document.value());
      } else {
        fmt::print(stderr, "{}: skipping {} {}: apply keeps templates, ConfigMaps, Secrets and claims{}\n",
                   file.name, document.kind(), document.name(),
                   document.kind() == "Workflow" ? "; run it with: skiff submit " + file.name : "");
      }
    }
  }
  forgive_metadata(findings);
  show_findings(findings, files, context.color);
  if (spec::has_errors(findings)) throw Exit(kUsage, "");
  for (const Json& object : objects) check_configuration(object);
  if (objects.empty()) throw Exit(kUsage, "there is nothing to keep in the given files");
  const Client client = context.client();
  for (const Json& object : objects) {
    keep_object(client, context, object);
    fmt::print("{}/{} applied\n", object.get_string("kind"), object.get("metadata").get_string("name"));
  }
}

}  // namespace

void add_objects(CLI::App& app, Context& context) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* cmd =
      app.add_subcommand("apply", "keep templates, ConfigMaps, Secrets and claims for workflows to use");
  cmd->add_option("-f,--filename", *files, "files, directories, or -")->required();
  cmd->callback([files, &context] { apply_files(*files, context); });
}

}  // namespace skiff::runner
