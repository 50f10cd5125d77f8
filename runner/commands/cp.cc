// cp: output artifacts of a workflow out of the store, as they are or unpacked.

#include <fmt/format.h>

#include <filesystem>

#include "runner/commands/context.h"
#include "runner/pod_inputs.h"
#include "runner/workflow_view.h"
#include "store/archive.h"
#include "store/artifacts.h"
#include "store/error.h"

namespace skiff::runner {
namespace fs = std::filesystem;
using spec::Json;

namespace {

struct CopyFlags {
  std::string workflow;
  std::string directory;
  std::string artifact;
  std::string node;
  std::string template_name;
  std::string path = "{namespace}/{workflowName}/{nodeId}/outputs/{artifactName}";
  bool extract = false;
};

void replace(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

bool wanted(const CopyFlags& f, const spec::NodeStatus& n, const std::string& artifact) {
  const bool node = f.node.empty() || f.node == n.id || f.node == n.display_name || f.node == n.name;
  return node && (f.template_name.empty() || f.template_name == template_name_of(n)) &&
         (f.artifact.empty() || f.artifact == artifact);
}

/// The place in the local store, by the artifact's location: {"s3": {"bucket","key"}}.
std::string key_of(const Json& artifact, const RunContext& run) {
  for (std::string_view kind : {"s3", "gcs", "oss", "azure", "hdfs"}) {
    const Json& location = artifact.get(kind);
    if (!location.is_object()) continue;
    const std::string bucket = location.get_string(kind == "azure" ? "container" : "bucket");
    return store_key(run, std::string(kind), bucket,
                     location.get_string(kind == "azure"  ? "blob"
                                         : kind == "hdfs" ? "path"
                                                          : "key"));
  }
  return "";
}

void copy_one(const store::ArtifactStore& artifacts, const std::string& key, const fs::path& to,
              bool extract) {
  if (extract) {
    fs::create_directories(to.parent_path());
    (void)store::extract(artifacts, key, store::UnpackOptions(), to);
    fmt::print("{}\n", to.string());
    return;
  }
  fs::create_directories(to);
  const fs::path from = artifacts.path_of(key);
  const fs::path file = to / from.filename();
  fs::copy(from, file, fs::copy_options::overwrite_existing | fs::copy_options::recursive);
  fmt::print("{}\n", file.string());
}

void copy(const CopyFlags& f, Context& context) {
  const store::Home home = context.home();
  const store::ArtifactStore artifacts(home);
  const Json workflow = context.client().get(context.workflow_path(f.workflow));
  RunContext run;
  run.name = workflow.get("metadata").get_string("name");
  run.namespace_ = workflow.get("metadata").get_string("namespace");
  run.uid = workflow.get("metadata").get_string("uid");
  std::size_t copied = 0;
  for (const spec::NodeStatus& n : nodes_of(workflow)) {
    if (n.type != spec::NodeType::pod) continue;
    for (const Json& artifact : n.outputs.get_array("artifacts")) {
      const std::string name = artifact.get_string("name");
      const std::string key = key_of(artifact, run);
      if (!wanted(f, n, name) || key.empty()) continue;
      std::string path = f.path;
      replace(path, "{namespace}", run.namespace_);
      replace(path, "{workflowName}", run.name);
      replace(path, "{nodeId}", n.id);
      replace(path, "{templateName}", template_name_of(n));
      replace(path, "{artifactName}", name);
      copy_one(artifacts, key, fs::path(f.directory) / path, f.extract);
      ++copied;
    }
  }
  if (copied == 0)
    throw Exit(kFailed, fmt::format("no output artifact of {} fits; see them: skiff get {} -o wide", run.name,
                                    run.name));
}

}  // namespace

void add_cp(CLI::App& app, Context& context) {
  auto f = std::make_shared<CopyFlags>();
  CLI::App* cmd = app.add_subcommand("cp", "copy output artifacts of a workflow to a directory");
  cmd->add_option("WORKFLOW", f->workflow, "name, or @latest")->required();
  cmd->add_option("DIRECTORY", f->directory, "where to put them")->required();
  cmd->add_option("--artifact-name", f->artifact, "only artifacts of this name");
  cmd->add_option("--node-id", f->node, "only of this node (id or name)");
  cmd->add_option("--template-name", f->template_name, "only of nodes of this template");
  cmd->add_option(
      "--path", f->path,
      "path below DIRECTORY, with {namespace} {workflowName} {nodeId} {templateName} {artifactName}");
  cmd->add_flag("-x,--extract", f->extract, "unpack instead of copying the stored file");
  cmd->callback([f, &context] { copy(*f, context); });
}

}  // namespace skiff::runner
