#include "pod_fixture.h"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>
#include <thread>

#include "runner/core/pod_plan.h"
#include "spec/document.h"
#include "store/logs.h"

namespace skiff::runner::test {

namespace asio = boost::asio;

namespace {

std::unique_ptr<docker::Engine> test_engine() {
  const char* named = std::getenv("SKIFF_TEST_ENGINE");
  REQUIRE_MESSAGE(named != nullptr,
                  "SKIFF_TEST_ENGINE is not set: it names the engine to test against, unix://…");
  auto endpoint = docker::parse_endpoint(named);
  REQUIRE(endpoint.ok());
  return docker::make_client(*endpoint, docker::ClientOptions());
}

std::string summary(const Event& event) {
  if (const auto* e = std::get_if<PodPending>(&event)) return "PodPending " + e->message;
  if (const auto* e = std::get_if<PodRunning>(&event)) return "PodRunning " + e->pod_ip;
  if (const auto* e = std::get_if<PodReady>(&event)) return "PodReady " + e->pod_ip;
  if (const auto* e = std::get_if<PodProgress>(&event)) return "PodProgress " + e->progress;
  if (const auto* e = std::get_if<ContainerChanged>(&event)) {
    return "ContainerChanged " + e->container + " " + std::string(spec::to_string(e->phase)) + " " +
           e->message;
  }
  return "other";
}

}  // namespace

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "skiff-pod-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Json yaml(const std::string& text) {
  const spec::ParsedFile file = spec::parse_documents("---\n" + text, "test");
  REQUIRE(file.documents.size() == 1);
  return spec::to_json_value(file.documents[0].root());
}

PodBench::PodBench(PodSettings settings)
    : home_(store::Home::open(dir_.path() / "home")),
      artifacts_(home_),
      engine_(test_engine()),
      settings_(std::move(settings)),
      uid_(store::random_id()) {
  settings_.home_id = "test-" + uid_.substr(0, 12);
  settings_.version = "test";
  make_pods();
}

PodBench::~PodBench() {
  await(pods_->close());
  settings_.max_sandboxes = -1;
  make_pods();
  await(pods_->sweep([](std::string_view) { return false; }));
  await(pods_->close());
  pods_.reset();
  threads_.join();
}

void PodBench::make_pods() {
  settings_.controller_id = store::random_id();
  pods_ = std::make_unique<Pods>(threads_, *engine_, home_, artifacts_, settings_);
  pods_->on_warning([this](const std::string&, const std::string& message) {
    const std::scoped_lock lock(mutex_);
    warnings_.push_back(message);
  });
}

void PodBench::restart() {
  await(pods_->close());
  make_pods();
}

template <class T>
T PodBench::await(asio::awaitable<T> work) {
  const auto strand = asio::make_strand(threads_.pool());
  return asio::co_spawn(strand, std::move(work), asio::use_future).get();
}
template void PodBench::await<void>(asio::awaitable<void>);
template docker::Result<std::vector<docker::ContainerSummary>> PodBench::await(
    docker::Async<std::vector<docker::ContainerSummary>>);
template docker::Result<docker::Effect> PodBench::await(docker::Async<docker::Effect>);

StartPod PodBench::order(const std::string& tmpl, const std::string& spec) {
  StartPod order;
  const std::string n = std::to_string(++orders_);
  order.node_id = "wf-" + n;
  order.node_name = "wf.step" + n;
  order.pod_name = "wf-step-" + n;
  order.tmpl = yaml(tmpl);
  order.spec = yaml(spec);
  return order;
}

RunContext PodBench::context() {
  const auto lookup = [](const Json& objects) {
    return [&objects](const std::string& name) -> std::optional<Json> {
      const Json* found = objects.find(name);
      return found != nullptr ? std::optional<Json>(*found) : std::nullopt;
    };
  };
  RunContext run;
  run.name = "wf";
  run.namespace_ = "default";
  run.uid = uid_;
  run.consent = consent;
  run.config_map = lookup(config_maps);
  run.secret = lookup(secrets);
  run.claim = lookup(claims);
  return run;
}

EventSink PodBench::sink() {
  return [this](const Event& event) {
    const std::scoped_lock lock(mutex_);
    events_.push_back(summary(event));
    came_.notify_all();
  };
}

std::future<PodDone> PodBench::start(const StartPod& order) {
  const auto strand = asio::make_strand(threads_.pool());
  return asio::co_spawn(strand, pods_->run(context(), order, sink()), asio::use_future);
}

std::future<PodDone> PodBench::adopt(const StartPod& order, bool had_started) {
  const auto strand = asio::make_strand(threads_.pool());
  return asio::co_spawn(strand, pods_->adopt(context(), order, sink(), had_started), asio::use_future);
}

PodDone PodBench::run(const StartPod& order) {
  PodDone done = start(order).get();
  pods_->release(uid_, order.node_id);
  return done;
}

void PodBench::await_event(const std::string& kind, const std::string& what) {
  std::unique_lock lock(mutex_);
  const auto there = [&] {
    for (const std::string& e : events_) {
      if (e.starts_with(kind) && e.find(what) != std::string::npos) return true;
    }
    return false;
  };
  REQUIRE_MESSAGE(came_.wait_for(lock, std::chrono::seconds(60), there), "no event " << kind << " " << what);
}

std::vector<std::string> PodBench::events() {
  const std::scoped_lock lock(mutex_);
  return events_;
}

std::vector<std::string> PodBench::warnings() {
  const std::scoped_lock lock(mutex_);
  return warnings_;
}

std::string PodBench::log(const StartPod& order, const std::string& container) {
  const auto path = store::log_path(home_, uid_, order.node_id, container, order.generation);
  if (!std::filesystem::exists(path)) return "";
  return store::read_stream(path, std::nullopt, std::uint64_t{1} << 30);
}

void PodBench::settle() { await(pods_->settle()); }

void PodBench::finish_run() { await(pods_->release_volumes(uid_)); }

void PodBench::await_output(const StartPod& order, const std::string& what) {
  std::string text;
  do {
    std::this_thread::yield();
    text = log(order);
  } while (text.empty() || text.find(what) == std::string::npos);
}

std::vector<std::string> PodBench::left_behind(bool sandboxes) {
  std::vector<std::string> left;
  const std::string mine = std::string(kLabelHome) + "=" + settings_.home_id;
  const auto look = [](docker::Engine* engine, std::string label, bool all,
                       std::vector<std::string>* out) -> asio::awaitable<void> {
    docker::ContainerFilter filter;
    filter.labels.push_back(label);
    const auto containers = co_await engine->list(filter);
    for (const auto& c : *containers) {
      const bool sandbox = c.labels.at(kLabelKind) == "sandbox";
      if (all || !sandbox) out->push_back("container " + c.name);
    }
    const std::vector<std::string> labels(1, label);
    const auto volumes = co_await engine->list_volumes(labels);
    for (const auto& v : *volumes) out->push_back("volume " + v.name);
  };
  await(look(engine_.get(), mine, sandboxes, &left));
  return left;
}

}  // namespace skiff::runner::test
