#include "runner/host_steps.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>

#include "runner/core/artifact_keys.h"
#include "runner/core/pod_objects.h"
#include "runner/core/pod_reason.h"
#include "runner/http_call.h"
#include "runner/network_visit.h"
#include "runner/pod_inputs.h"
#include "spec/expr/program.h"
#include "spec/expr/value.h"
#include "store/error.h"

namespace skiff::runner {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::awaitable;
using spec::expr::Value;

namespace {

constexpr int kThreads = 8;  // requests at once; they wait for others most of their time

/// As the agent has it (workflow/executor/agent.go, processTask): whatever went wrong, the node has failed.
PodDone failed(const StartPod& order, std::string message) {
  PodDone done;
  done.node_id = order.node_id;
  done.phase = Phase::failed;
  done.message = std::move(message);
  return done;
}

PodDone succeeded(const StartPod& order, const std::string& result) {
  PodDone done;
  done.node_id = order.node_id;
  done.outputs = Json::object();
  done.outputs.set("result", result);
  return done;
}

HttpCall call_of(const Json& http, const RunContext& run) {
  HttpCall call;
  call.method = http.get_string("method", "GET");
  call.url = http.get_string("url");
  call.body = http.get_string("body");
  if (const Json& from = http.get("bodyFrom"); from.is_object())
    call.body = decode_base64(from.get_string("bytes")).value_or("");
  for (const Json& h : http.get_array("headers")) {
    const Json& ref = h.get("valueFrom").get("secretKeyRef");
    call.headers.emplace_back(h.get_string("name"),
                              ref.is_object() ? secret_value(run, ref) : h.get_string("value"));
  }
  if (const auto s = http.get_int("timeoutSeconds")) call.timeout = std::chrono::seconds(*s);
  call.insecure_skip_verify = http.get_bool("insecureSkipVerify");
  return call;
}

Json header_map(const std::vector<std::pair<std::string, std::string>>& headers) {
  Json out = Json::object();
  for (const auto& [name, value] : headers) out[name].push_back(value);
  return out;
}

/// What successCondition may look at.
Value condition_env(const HttpCall& call, const HttpAnswer& answer) {
  Json request = Json::object();
  request.set("method", call.method);
  request.set("url", call.url);
  request.set("body", call.body);
  request.set("headers", header_map(call.headers));
  Json response = Json::object();
  response.set("statusCode", static_cast<std::int64_t>(answer.status));
  response.set("body", answer.body);
  response.set("headers", header_map(answer.headers));
  Json env = Json::object();
  env.set("request", std::move(request));
  env.set("response", std::move(response));
  return Value::from_json(env);
}

PodDone run_http(const RunContext& run, const StartPod& order, int network_pid,
                 const std::atomic<bool>& cancelled) {
  const Json& http = order.tmpl.get("http");
  const HttpCall call = call_of(http, run);
  const NetworkVisit visit(network_pid);
  const HttpAnswer answer = perform(call, cancelled);
  if (!answer.trouble.empty()) {
    PodDone done = failed(order, fmt::format("{} \"{}\": {}", call.method, call.url, answer.trouble));
    done.transient = answer.unreachable;
    return done;
  }
  PodDone done = succeeded(order, answer.body);
  const std::string condition = http.get_string("successCondition");
  if (condition.empty()) {
    if (answer.status >= 200 && answer.status < 300) return done;
    done.message = fmt::format("received non-2xx response code: {}", answer.status);
  } else {
    const auto verdict = spec::expr::evaluate(condition, condition_env(call, answer));
    if (!verdict.ok()) return failed(order, verdict.error().render(condition));
    const auto json = verdict.value().to_json();
    if (!json.ok() || !json.value().is_bool()) {
      return failed(order, fmt::format("successCondition '{}' is no boolean", condition));
    }
    if (json.value().as_bool()) return done;
    done.message = fmt::format("successCondition '{}' evaluated false", condition);
  }
  done.phase = Phase::failed;
  return done;
}

/// The keys below the artifact's key (without one, all of the bucket), as a bucket's listing gives them.
/// Throws StoreError where there is nothing of that key (s3.go, listObjects).
Json list_keys(const store::ArtifactStore& artifacts, const RunContext& run, const Json& tmpl) {
  const auto place =
      folder_of(tmpl.get("data").get("source").get("artifactPaths"), tmpl.get("archiveLocation"));
  Json keys = Json::array();
  if (!place) return keys;
  const fs::path root = artifacts.path_of(store_key(run, place->kind, place->bucket, place->key));
  std::vector<std::string> found;
  if (fs::is_regular_file(root)) {
    found.push_back(place->key);
  } else if (fs::is_directory(root)) {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      const std::string below = entry.path().lexically_relative(root).string();
      found.push_back(place->key.empty() ? below
                                         : place->key + (place->key.back() == '/' ? "" : "/") + below);
    }
  }
  if (found.empty() && !place->key.empty() && !fs::exists(root)) {
    throw store::StoreError(store::Trouble::not_found, "",
                            "unable to process data source: unable to source artifact paths: no key found of "
                            "name " +
                                place->key);
  }
  std::sort(found.begin(), found.end());
  for (const std::string& key : found) keys.push_back(key);
  return keys;
}

/// What `argoexec data` makes of an error (cmd/argoexec/commands/data.go): its container fails.
PodDone failed_data(const StartPod& order, const std::string& message) {
  PodDone done = failed(order, executor_message("unable to process data template: " + message));
  done.exit_code = kExecutorFailed;
  return done;
}

PodDone run_data(const store::ArtifactStore& artifacts, const RunContext& run, const StartPod& order) {
  const Json& data = order.tmpl.get("data");
  Value value = Value::from_json(list_keys(artifacts, run, order.tmpl));
  std::size_t i = 0;
  for (const Json& step : data.get_array("transformation")) {
    spec::expr::Map env;
    env.set(Value("data"), value);
    const std::string expression = step.get_string("expression");
    auto result = spec::expr::evaluate(expression, Value(std::move(env)));
    if (!result.ok()) {
      return failed_data(
          order, fmt::format("unable to process data transformation: error processing data step {}: {}", i,
                             result.error().render(expression)));
    }
    value = std::move(result).value();
    ++i;
  }
  const auto json = value.to_json();
  if (!json.ok()) return failed_data(order, json.error().message);
  return succeeded(order, spec::to_json(json.value(), spec::JsonStyle{0, true, true}));
}

}  // namespace

class HostSteps::Impl {
 public:
  explicit Impl(store::ArtifactStore& artifacts) : artifacts_(artifacts), threads_(kThreads) {}
  ~Impl() { threads_.join(); }

  awaitable<PodDone> run(RunContext run, StartPod order, int network_pid) {
    const auto cancelled = std::make_shared<std::atomic<bool>>(closed_.load());
    const Key key(run.uid, order.node_id);
    {
      const std::scoped_lock lock(mutex_);
      under_way_[key] = cancelled;
    }
    auto work = blocking(std::move(run), std::move(order), network_pid, cancelled);
    auto done = co_await asio::co_spawn(threads_, std::move(work), asio::use_awaitable);
    const std::scoped_lock lock(mutex_);
    under_way_.erase(key);
    co_return done;
  }

  void stop(const std::string& run_uid, const std::string& node_id) {
    const std::scoped_lock lock(mutex_);
    const auto it = under_way_.find(Key(run_uid, node_id));
    if (it != under_way_.end()) *it->second = true;
  }

  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    for (auto& [key, cancelled] : under_way_) *cancelled = true;
  }

 private:
  using Key = std::pair<std::string, std::string>;

  awaitable<PodDone> blocking(RunContext run, StartPod order, int network_pid,
                              std::shared_ptr<std::atomic<bool>> cancelled) {
    PodDone done;
    std::string trouble;
    try {
      done = order.tmpl.get("http").is_object() ? run_http(run, order, network_pid, *cancelled)
                                                : run_data(artifacts_, run, order);
    } catch (const std::exception& e) {
      trouble = e.what();
    }
    const bool http = order.tmpl.get("http").is_object();
    if (!trouble.empty()) done = http ? failed(order, trouble) : failed_data(order, trouble);
    co_return done;
  }

  store::ArtifactStore& artifacts_;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<std::atomic<bool>>> under_way_;  // guarded by mutex_
  std::atomic<bool> closed_{false};
  asio::thread_pool threads_;
};

HostSteps::HostSteps(store::ArtifactStore& artifacts) : impl_(std::make_unique<Impl>(artifacts)) {}
HostSteps::~HostSteps() = default;

bool HostSteps::needs_network(const Json& tmpl) { return tmpl.get("http").is_object(); }

bool HostSteps::takes(const Json& tmpl) {
  return tmpl.get("http").is_object() || tmpl.get("data").is_object();
}

awaitable<PodDone> HostSteps::run(RunContext run, StartPod order, int network_pid) {
  return impl_->run(std::move(run), std::move(order), network_pid);
}

void HostSteps::stop(const std::string& run_uid, const std::string& node_id) {
  impl_->stop(run_uid, node_id);
}
void HostSteps::close() { impl_->close(); }

}  // namespace skiff::runner
