#include "runner/pod_outputs.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <optional>

#include "runner/core/artifact_keys.h"
#include "runner/core/pod_volumes.h"
#include "runner/engine_calls.h"
#include "runner/flow.h"
#include "runner/pod_inputs.h"
#include "spec/utf8.h"
#include "store/archive.h"
#include "store/error.h"
#include "store/logs.h"

namespace skiff::runner {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxParameter = 16 << 20;
constexpr std::uint64_t kMaxLog = std::uint64_t{1} << 30;
constexpr int kMaxLinks = 16;

std::string link_target(const std::string& path, const std::string& target) {
  const fs::path to(target);
  return (to.is_absolute() ? to : fs::path(path).parent_path() / to).lexically_normal().string();
}

std::string missing(const std::string& path) { return "open " + path + ": no such file or directory"; }

std::string cannot_copy(const std::string& path, const std::string& why) {
  return "failed to copy " + path + " to /var/run/argo/outputs/parameters/" + path + ": " + why;
}

/// Reads the outputs of one container, one after the other: an archive call locks it.
class Reader {
 public:
  Reader(PodServices& services, const PodPlan& plan, const RunContext& run, const StartPod& order,
         std::string main, ToldOutputs told)
      : services_(services),
        plan_(plan),
        run_(run),
        order_(order),
        main_(std::move(main)),
        told_(std::move(told)) {}

  Task<SavedOutputs> read(const LogFiles& logs) {
    if (!main_.empty()) {
      for (const PlannedParameter& p : plan_.out_parameters) {
        co_await read_parameter(p);
        if (!saved_.error.empty()) break;  // executor.go, SaveParameters
      }
      for (const PlannedArtifact& a : plan_.out_artifacts) co_await read_artifact(a);
    }
    if (plan_.log_location) {
      for (const auto& log : logs) co_await keep_log(log.first, log.second);
    }
    if (!parameters_.empty()) saved_.outputs.set("parameters", std::move(parameters_));
    if (!artifacts_.empty()) saved_.outputs.set("artifacts", std::move(artifacts_));
    co_return std::move(saved_);
  }

 private:
  void fail(const std::string& what) {
    if (saved_.error.empty()) saved_.error = what;
  }

  Task<void> read_parameter(const PlannedParameter& wanted) {
    std::string path = wanted.path;
    std::string problem = missing(wanted.path);
    std::optional<std::string> value;
    const auto told = told_.files.find(wanted.path);
    if (told != told_.files.end()) value = told->second;
    for (int links = 0; told == told_.files.end() && links < kMaxLinks; ++links) {
      docker::StringSink sink(kMaxParameter + (1 << 20));
      const auto got = co_await services_.engine.get_archive(main_, path, sink);
      if (!got.ok()) {
        if (means_away(got.error())) throw EngineAway(got.error());
        if (!got.is(docker::ErrorKind::not_found))
          problem = "read " + wanted.path + ": " + got.error().message;
        break;
      }
      if (got->is_symlink()) {
        path = link_target(path, got->link_target);
        continue;
      }
      if (got->is_dir()) {
        problem = "read " + wanted.path + ": is a directory";
        if (in_own_files(wanted.path)) saved_.executor_error = cannot_copy(wanted.path, problem);
      } else {
        value = content_of(sink.bytes());
      }
      break;
    }
    if (!value) value = wanted.fallback;
    if (!value) {
      fail("output parameter '" + wanted.name + "': " + problem);
      co_return;
    }
    if (value->ends_with('\n')) value->pop_back();
    Json parameter = wanted.parameter;
    parameter.set("value", spec::valid_utf8(std::move(*value)));
    parameters_.push_back(std::move(parameter));
  }

  /// Not on a volume: those the executor reads from beside the container (emissary.go, saveParameter).
  [[nodiscard]] bool in_own_files(const std::string& path) const {
    return std::all_of(plan_.containers.begin(), plan_.containers.end(), [&](const PlannedContainer& c) {
      return c.name != kMainContainer || mount_over(c.mounts, path) == nullptr;
    });
  }

  static std::string content_of(const std::string& tar) {
    const auto files =
        store::read_tar(store::source_from_memory(std::as_bytes(std::span(tar))), kMaxParameter);
    return files.empty() ? "" : files.front().content;
  }

  Task<void> read_artifact(const PlannedArtifact& wanted) {
    const Gate::Pass pass = co_await services_.saving.enter();
    std::string problem;
    const bool there = co_await save(wanted, problem);
    if (!problem.empty()) {
      fail("output artifact '" + wanted.name + "': " + problem);
    } else if (there) {
      artifacts_.push_back(located(wanted.artifact, wanted.location));
    } else if (wanted.optional) {
      saved_.warnings.push_back("optional artifact '" + wanted.name + "': " + wanted.path +
                                " does not exist");
    } else {
      fail("output artifact '" + wanted.name + "': " + missing(wanted.path));
    }
  }

  /// Stores what is at the path, links followed. False: it is not there, or `problem` says more.
  Task<bool> save(const PlannedArtifact& wanted, std::string& problem) {
    const auto told = told_.files.find(wanted.path);
    if (told != told_.files.end() && !told->second) co_return false;
    if (const auto open = told_.open.find(wanted.path); open != told_.open.end()) {
      co_await save_open(wanted, open->second.get(), problem);
      co_return problem.empty();
    }
    std::string path = wanted.path;
    for (int links = 0; links < kMaxLinks; ++links) {
      const std::optional<docker::PathStat> stat = co_await stream(wanted, path, problem);
      if (!stat || !problem.empty()) co_return false;
      if (!stat->is_symlink()) co_return true;
      path = link_target(path, stat->link_target);
    }
    problem = "too many levels of symbolic links";
    co_return false;
  }

  /// The file of this descriptor into the store.
  Task<void> save_open(const PlannedArtifact& wanted, int fd, std::string& problem) {
    const std::function<void(const std::atomic<bool>&)> work = [&](const std::atomic<bool>& interrupted) {
      const store::Source tar = store::tar_of_file(fd, wanted.path);
      const store::Source source = [&] {
        if (interrupted) throw store::StoreError(store::Trouble::io, "", "interrupted");
        return tar();
      };
      static_cast<void>(pack(wanted, source));
    };
    try {
      co_await on_a_thread(work);
    } catch (const store::StoreError& e) {
      problem = e.what();
    }
  }

  /// The engine's tar of `path` into the store, packed while it comes. Nothing if there is no such path.
  Task<std::optional<docker::PathStat>> stream(const PlannedArtifact& wanted, std::string path,
                                               std::string& problem) {
    const Executor strand = co_await boost::asio::this_coro::executor;
    store::Packed packed;
    Outflow flow(strand, [&](const store::Source& tar) { packed = pack(wanted, tar); });
    std::optional<docker::Result<docker::PathStat>> answer;
    const std::exception_ptr stopped = co_await caught(receive(path, flow, answer));
    const bool whole = answer && answer->ok();
    try {
      co_await flow.finish(whole);
    } catch (const store::StoreError& e) {
      problem = e.what();
    }
    if (stopped) std::rethrow_exception(stopped);
    if (!problem.empty() || answer->is(docker::ErrorKind::not_found)) co_return std::nullopt;
    if (!answer->ok()) {
      if (means_away(answer->error())) throw EngineAway(answer->error());
      problem = answer->error().message;
      co_return std::nullopt;
    }
    for (const std::string& left : packed.left_out) {
      saved_.warnings.push_back("artifact '" + wanted.name + "': " + left +
                                " is a socket or pipe and is left out");
    }
    co_return answer->value();
  }

  Task<void> receive(std::string path, docker::ByteSink& into,
                     std::optional<docker::Result<docker::PathStat>>& answer) {
    auto got = co_await services_.engine.get_archive(main_, path, into);
    answer.emplace(std::move(got));
  }

  [[nodiscard]] store::Packed pack(const PlannedArtifact& wanted, const store::Source& tar) const {
    store::PackOptions options;
    options.archiving = archiving_of(wanted.artifact);
    if (const auto level = wanted.artifact.get("archive").get("tar").get_int("compressionLevel")) {
      options.compression_level = static_cast<int>(*level);
    }
    options.root_name = fs::path(wanted.path).filename().string();
    options.limits = store::ArchiveLimits::from_environment();
    return store::pack(services_.artifacts, key_of(wanted.location), tar, options);
  }

  [[nodiscard]] std::string key_of(const Json& location) const {
    const auto place = place_of(location, order_.tmpl.get("archiveLocation"));
    if (!place) throw PodError("an output artifact has no key");
    return store_key(run_, place->kind, place->bucket, place->key);
  }

  static Json located(Json artifact, const Json& location) {
    for (const auto& [kind, value] : location.as_object()) artifact.set(kind, value);
    return artifact;
  }

  Task<void> keep_log(std::string container, fs::path file) {
    const Json location =
        output_location(Json::object(), *plan_.log_location, order_, run_, container + ".log");
    std::string problem;
    const std::function<void()> work = [&] {
      try {
        const std::string text = store::read_stream(file, std::nullopt, kMaxLog, services_.artifacts.files());
        static_cast<void>(services_.artifacts.put(key_of(location), text));
      } catch (const std::exception& e) {
        problem = e.what();
      }
    };
    co_await offload(services_.threads.pool(), work);
    if (!problem.empty()) {
      fail("the log of container '" + container + "': " + problem);
      co_return;
    }
    Json artifact = Json::object();
    artifact.set("name", container + "-logs");
    artifacts_.push_back(located(std::move(artifact), location));
  }

  PodServices& services_;
  const PodPlan& plan_;
  const RunContext& run_;
  const StartPod& order_;
  std::string main_;
  ToldOutputs told_;
  SavedOutputs saved_;
  Json parameters_ = Json::array();
  Json artifacts_ = Json::array();
};

}  // namespace

Task<SavedOutputs> save_outputs(PodServices& services, const PodPlan& plan, const RunContext& run,
                                const StartPod& order, std::string main, ToldOutputs told,
                                const LogFiles& logs) {
  Reader reader(services, plan, run, order, std::move(main), std::move(told));
  auto saved = co_await reader.read(logs);
  co_return saved;
}

}  // namespace skiff::runner
