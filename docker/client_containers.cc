// Containers and execs: everything that is one request and one reply.
#include <algorithm>
#include <filesystem>

#include "docker/client_impl.h"
#include "docker/wire.h"

namespace skiff::docker {
namespace {

constexpr ApiVersion kStopSignalApi{1, 42};

std::string container_path(const std::string& id, const char* rest) {
  return "/containers/" + url_encode(id) + rest;
}

/// A start that the engine's own network failed, not what was asked: it works the next time.
bool is_passing_network_error(const Error& e) {
  static constexpr std::string_view kSigns[] = {"could not find bridge", "failed to create endpoint",
                                                "failed to add interface",
                                                "failed to set up container networking"};
  const bool port = e.message.find("port is already allocated") != std::string::npos ||
                    e.message.find("address already in use") != std::string::npos;
  if (e.kind != ErrorKind::server || port) return false;
  return std::any_of(std::begin(kSigns), std::end(kSigns),
                     [&](std::string_view sign) { return e.message.find(sign) != std::string::npos; });
}

/// Podman's ways to say that there was nothing to kill.
bool was_not_running(const Error& e) {
  return e.message.find("can only kill running containers") != std::string::npos ||
         e.message.find("is not running") != std::string::npos;
}

}  // namespace

void Client::remember_tty(const std::string& id, bool tty) {
  constexpr std::size_t kMost = 10000;
  const std::lock_guard lock(mutex_);
  std::set<std::string>& names = tty ? with_tty_ : without_tty_;
  if (names.size() < kMost) names.insert(id);
}

/// Podman makes a missing bind source as a folder of root's, as Docker does for Binds: look before it does.
static Result<void> require_bind_sources(const ContainerSpec& spec, const std::string& asked) {
  for (const Mount& mount : spec.host.mounts) {
    std::error_code ec;
    if (mount.type != MountType::bind || std::filesystem::exists(mount.source, ec)) continue;
    Error e;
    e.kind = ErrorKind::bad_request;
    e.status = 400;
    e.message = "invalid mount config for type \"bind\": bind source path does not exist: " + mount.source;
    e.asked = asked;
    return e;
  }
  return {};
}

Async<Created> Client::create(const ContainerSpec& spec) {
  Query query;
  query.add_if(!spec.name.empty(), "name", spec.name)
      .add_if(!spec.platform.empty(), "platform", spec.platform);
  const std::string asked = "create container " + spec.name + " of " + spec.image;
  const Result<Peer> agreed = co_await peer();
  if (!agreed) co_return agreed.error();
  if (agreed->podman && local()) {
    const Result<void> sources = require_bind_sources(spec, asked);
    if (!sources) co_return sources.error();
  }
  Call call = post(asked, "/containers/create" + query.text(), wire::write_container(spec));
  call.limit = options_.slow_timeout;
  const Result<std::string> body = co_await fetch(call);
  const bool ambiguous = body.is(ErrorKind::unreachable) && !spec.name.empty();
  if (ambiguous) co_return co_await settle_create(spec, call, body.error());
  if (!body) co_return body.error();
  Result<Created> created = in_call(wire::read_created(*body), asked);
  if (created) remember_tty(created->id, spec.tty);
  co_return created;
}

/// The connection was lost before the answer: was it made? Its name tells; if not, ask once more.
boost::asio::awaitable<Result<Created>> Client::settle_create(const ContainerSpec& spec, const Call& call,
                                                              Error lost) {
  const Result<ContainerInfo> found = co_await inspect(spec.name);
  if (found.is(ErrorKind::not_found)) {
    const Result<std::string> body = co_await fetch(call);
    if (!body) co_return body.error();
    co_return in_call(wire::read_created(*body), call.asked);
  }
  if (!found) co_return lost;
  const bool ours = std::all_of(spec.labels.begin(), spec.labels.end(), [&](const auto& label) {
    const auto it = found->labels.find(label.first);
    return it != found->labels.end() && it->second == label.second;
  });
  if (!ours || found->name != spec.name) {
    Error e = lost;
    e.kind = ErrorKind::conflict;
    e.message = "the name is in use by another container (" + found->id.substr(0, 12) + ")";
    co_return e;
  }
  Created created;
  created.id = found->id;
  co_return created;
}

Async<Effect> Client::start(std::string id) {
  Call call = post("start container " + id, container_path(id, "/start"), "");
  call.limit = options_.slow_timeout;
  const std::vector<int> fine;
  Result<Effect> effect = co_await change(call, fine);
  if (effect || !is_passing_network_error(effect.error())) co_return effect;
  co_return co_await change(call, fine);
}

Async<ContainerInfo> Client::inspect(std::string id) {
  const Call call = get("inspect container " + id, container_path(id, "/json"));
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_container(*body), call.asked);
}

Async<std::vector<ContainerSummary>> Client::list(const ContainerFilter& filter) {
  const std::string filters =
      wire::write_filters({{"label", filter.labels}, {"name", filter.names}, {"id", filter.ids}});
  Query query;
  query.add_if(filter.all, "all", "1").add_if(filters != "{}", "filters", filters);
  const Call call = get("list containers", "/containers/json" + query.text());
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_containers(*body), call.asked);
}

Async<Effect> Client::stop(std::string id, std::chrono::seconds grace, std::string signal) {
  const Result<Peer> agreed = co_await peer();
  if (!agreed) co_return agreed.error();
  Query query;
  query.add("t", std::to_string(grace.count()));
  const bool can_signal = agreed->used >= kStopSignalApi;
  query.add_if(can_signal && !signal.empty(), "signal", signal);
  Call call = post("stop container " + id, container_path(id, "/stop") + query.text(), "");
  call.limit = options_.slow_timeout + grace;
  const std::vector<int> fine;
  co_return co_await change(call, fine);
}

Async<Effect> Client::kill(std::string id, std::string signal) {
  Query query;
  query.add_if(!signal.empty(), "signal", signal);
  const Call call =
      post("send " + signal + " to container " + id, container_path(id, "/kill") + query.text(), "");
  const std::vector<int> fine;
  const Result<Effect> effect = co_await change(call, fine);
  if (effect) co_return effect;
  const bool nothing_to_kill = effect.is(ErrorKind::conflict) || was_not_running(effect.error());
  if (nothing_to_kill) co_return Effect::already;
  co_return effect;
}

Async<Effect> Client::remove(std::string id, const RemoveOptions& options) {
  {
    const std::lock_guard lock(mutex_);
    with_tty_.erase(id);
    without_tty_.erase(id);
  }
  Query query;
  query.add_if(options.force, "force", "1").add_if(options.volumes, "v", "1");
  const Call call = erase("remove container " + id, "/containers/" + url_encode(id) + query.text());
  const std::vector<int> fine;
  const Result<Effect> effect = co_await change(call, fine);
  if (effect) co_return effect;
  const bool gone = effect.is(ErrorKind::not_found) ||
                    (effect.is(ErrorKind::conflict) &&
                     effect.error().message.find("already in progress") != std::string::npos);
  if (gone) co_return Effect::already;
  // Podman says 500 for a running container that was not to be forced.
  if (effect.error().message.find("as it is running") != std::string::npos) {
    Error e = effect.error();
    e.kind = ErrorKind::conflict;
    co_return e;
  }
  co_return effect;
}

Async<std::string> Client::create_exec(std::string id, const ExecSpec& spec) {
  const Call call =
      post("run a process in container " + id, container_path(id, "/exec"), wire::write_exec(spec));
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  Result<std::string> exec = in_call(wire::read_id(*body, "Id"), call.asked);
  if (exec) remember_tty(*exec, spec.tty);
  co_return exec;
}

Async<ExecState> Client::inspect_exec(std::string exec_id) {
  const Call call = get("inspect process " + exec_id, "/exec/" + url_encode(exec_id) + "/json");
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_exec(*body), call.asked);
}

}  // namespace skiff::docker
