#include "runner/pod_inputs.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <optional>

#include "runner/core/artifact_keys.h"
#include "runner/core/pod_spec.h"
#include "runner/core/pod_volumes.h"
#include "runner/engine_calls.h"
#include "runner/fetch.h"
#include "runner/pod_storage.h"
#include "store/error.h"

namespace skiff::runner {

namespace fs = std::filesystem;

namespace {

unsigned mode_of(const Json& artifact, unsigned fallback) {
  const auto mode = artifact.get_int("mode");
  return mode ? static_cast<unsigned>(*mode) & 07777U : fallback;
}

store::UnpackOptions options_for(const PlannedInput& input) {
  store::UnpackOptions options;
  options.archiving = archiving_of(input.artifact);
  options.path = input.destination();
  options.sub_path = input.artifact.get_string("subPath");
  if (input.artifact.get_int("mode")) options.mode = static_cast<mode_t>(mode_of(input.artifact, 0));
  options.recurse_mode = input.artifact.get_bool("recurseMode");
  options.limits = store::ArchiveLimits::from_environment();
  return options;
}

void add_one(PodServices& services, const RunContext& run, const PlannedInput& input,
             const ArtifactPlace& place, int network_pid, store::TarWriter& writer) {
  const store::UnpackOptions options = options_for(input);
  const std::string failure = "artifact " + input.name + " failed to load: ";
  try {
    if (is_fetched(input.artifact)) {
      const TemporaryPath fetched(services.artifacts.temp_name());
      fetch_artifact(run, input.artifact, fetched.path(), network_pid);
      store::unpack_path(services.artifacts.files(), fetched.path(), options, writer);
    } else {
      store::unpack(services.artifacts, store_key(run, place.kind, place.bucket, place.key), options, writer);
    }
  } catch (const store::StoreError& e) {
    if (e.trouble() == store::Trouble::not_found && input.artifact.get_bool("optional")) {
      // A part that is missing is made before it is mounted, by the kubelet too.
      if (input.mounted) writer.add_directory(input.destination(), 0755);
      return;
    }
    throw PodError(failure + e.what());
  } catch (const PodError& e) {
    throw PodError(failure + e.what());
  } catch (const PodRefused& e) {  // a Secret that its location names: the pod is there already
    throw PodError(failure + e.what());
  }
}

/// Below none of the mounts that the workflow itself has given the containers which get it.
bool is_own_mount(const PodPlan& plan, const PlannedInput& input) {
  return std::all_of(plan.containers.begin(), plan.containers.end(), [&](const PlannedContainer& c) {
    return !c.gets_inputs || mount_over(c.mounts, input.path) == nullptr;
  });
}

/// False where it is none of those that are bound.
bool unpack_one(PodServices& services, const RunContext& run, const PlannedInput& input,
                const ArtifactPlace& place, const fs::path& to) {
  store::Files& files = services.artifacts.files();
  if (files.stat(to)) return true;
  try {
    if (place.kind == "raw") {
      const fs::path unfinished = to.string() + ".tmp";
      write_file(unfinished, place.raw, mode_of(input.artifact, 0666));
      files.rename(unfinished, to);
      return true;
    }
    return store::extract_file(services.artifacts, store_key(run, place.kind, place.bucket, place.key),
                               options_for(input), to);
  } catch (const store::StoreError&) {
    return false;
  }
}

void write_archive(PodServices& services, const PodPlan& plan, const RunContext& run, const StartPod& order,
                   const BoundInputs& bound, bool with_script, int network_pid, const store::Sink& sink) {
  store::TarWriter writer(sink);
  if (with_script && plan.script) writer.add_file(kScriptPath, 0755, *plan.script);
  if (plan.progress) writer.add_directory("/var/run/argo", 0777);
  for (const PlannedInput& input : plan.inputs) {
    const auto place = place_of(input.artifact, order.tmpl.get("archiveLocation"));
    if (!place || bound.contains(input.path)) continue;
    if (place->kind == "raw") {
      writer.add_file(input.destination(), mode_of(input.artifact, 0666), place->raw);
    } else {
      add_one(services, run, input, *place, network_pid, writer);
    }
  }
  writer.finish();
}

Task<void> send(PodServices& services, std::string container, Inflow& flow,
                std::optional<docker::Error>& trouble) {
  const auto put = co_await services.engine.put_archive(container, "/", flow);
  if (!put.ok()) trouble = put.error();
}

}  // namespace

std::string store_key(const RunContext& run, const std::string& kind, const std::string& bucket,
                      const std::string& key) {
  if (bucket.empty() && kind != "hdfs") return run.namespace_ + "/" + key;
  return store::ArtifactStore::bucket_key(kind, bucket.empty() ? "default" : bucket, key);
}

store::Archiving archiving_of(const Json& artifact) {
  const Json& archive = artifact.get("archive");
  if (archive.get("none").is_object()) return store::Archiving::none;
  if (archive.get("zip").is_object()) return store::Archiving::zip;
  return archive.get("tar").is_object() ? store::Archiving::tar : store::Archiving::unset;
}

Task<BoundInputs> unpack_inputs(PodServices& services, const PodPlan& plan, const RunContext& run,
                                const StartPod& order, fs::path directory) {
  BoundInputs bound;
  const std::function<void(const std::atomic<bool>&)> work = [&](const std::atomic<bool>& interrupted) {
    store::real_files().mkdirs(directory, 0755);
    for (std::size_t i = 0; i < plan.inputs.size() && !interrupted; ++i) {
      const PlannedInput& input = plan.inputs[i];
      const auto place = place_of(input.artifact, order.tmpl.get("archiveLocation"));
      if (!place || is_fetched(input.artifact) || !is_own_mount(plan, input)) continue;
      const fs::path to = directory / std::to_string(i);
      if (unpack_one(services, run, input, *place, to)) bound.emplace(input.path, to);
    }
  };
  if (!plan.inputs.empty()) co_await on_a_thread(work);
  co_return bound;
}

Task<InputArchive> pack_inputs(PodServices& services, const PodPlan& plan, const RunContext& run,
                               const StartPod& order, const BoundInputs& bound, bool with_script,
                               int network_pid) {
  InputArchive archive;
  const bool all_bound = bound.size() == plan.inputs.size();
  archive.empty = all_bound && !plan.progress && !(with_script && plan.script);
  if (archive.empty) co_return archive;
  const Executor strand = co_await boost::asio::this_coro::executor;
  const auto work = [&services, &plan, &run, &order, &bound, with_script,
                     network_pid](const store::Sink& sink) {
    write_archive(services, plan, run, order, bound, with_script, network_pid, sink);
  };
  archive.flow = std::make_unique<Inflow>(strand, work);
  const std::exception_ptr stopped = co_await caught(archive.flow->ready());
  if (stopped || archive.flow->failed()) co_await archive.flow->finish();
  if (stopped) std::rethrow_exception(stopped);
  co_return archive;
}

Task<void> put_inputs(PodServices& services, std::string container, const InputArchive& archive) {
  std::optional<docker::Error> trouble;
  const std::exception_ptr stopped = co_await caught(send(services, container, *archive.flow, trouble));
  // What the archive's own making failed of says more than the engine, to which it broke off.
  co_await archive.flow->finish();
  if (stopped) std::rethrow_exception(stopped);
  if (!trouble) co_return;
  if (means_away(*trouble)) throw EngineAway(*trouble);
  throw PodError("the inputs cannot be put into the container: " + trouble->message);
}

}  // namespace skiff::runner
