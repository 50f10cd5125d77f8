// What the tests of pods against a real engine share: an engine, a home of their own, orders written as YAML,
// and the events that came of them. SKIFF_TEST_ENGINE names the engine (unix://…); it has the images of the
// conformance corpus.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "docker/client.h"
#include "runner/pod.h"
#include "runner/threads.h"
#include "store/artifacts.h"
#include "store/home.h"

namespace skiff::runner::test {

/// A directory that goes when the test goes.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A template's YAML as JSON.
[[nodiscard]] Json yaml(const std::string& text);

/// Pods of one "controller" on the engine; several may follow one another on the same home.
class PodBench {
 public:
  explicit PodBench(PodSettings settings = {});
  ~PodBench();

  /// An order for a template, with its own node id; `spec` is the workflow's pod fields.
  [[nodiscard]] StartPod order(const std::string& tmpl, const std::string& spec = "{}");
  [[nodiscard]] RunContext context();
  /// Runs to the end and releases it.
  [[nodiscard]] PodDone run(const StartPod& order);
  [[nodiscard]] std::future<PodDone> start(const StartPod& order);
  [[nodiscard]] std::future<PodDone> adopt(const StartPod& order, bool had_started);
  /// Waits for an event of the type whose text contains `what`.
  void await_event(const std::string& kind, const std::string& what = "");
  [[nodiscard]] std::vector<std::string> events();
  [[nodiscard]] std::vector<std::string> warnings();
  /// The log of one container of the order, without times.
  [[nodiscard]] std::string log(const StartPod& order, const std::string& container = "main");
  /// Waits until the order's main container has printed something that contains `what`.
  void await_output(const StartPod& order, const std::string& what = "");
  /// As if the controller had died and another one came: lets go of everything, new Pods on the same home.
  void restart();
  /// Everything of this bench's home on the engine, "container x", "volume y"; empty = nothing left behind.
  [[nodiscard]] std::vector<std::string> left_behind(bool sandboxes);
  void settle();
  void finish_run();

  template <class T>
  T await(boost::asio::awaitable<T> work);

  Json config_maps = Json::object();
  Json secrets = Json::object();
  Json claims = Json::object();
  Consent consent;
  [[nodiscard]] docker::Engine& engine() { return *engine_; }
  [[nodiscard]] Pods& pods() { return *pods_; }
  [[nodiscard]] const std::string& uid() const { return uid_; }
  [[nodiscard]] store::ArtifactStore& artifacts() { return artifacts_; }

 private:
  [[nodiscard]] EventSink sink();
  void make_pods();
  TempDir dir_;
  store::Home home_;
  store::ArtifactStore artifacts_;
  std::unique_ptr<docker::Engine> engine_;
  Threads threads_;
  PodSettings settings_;
  std::string uid_;
  int orders_ = 0;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::string> events_;
  std::vector<std::string> warnings_;
  std::unique_ptr<Pods> pods_;
};

}  // namespace skiff::runner::test
