// Volumes and networks.
#include "docker/client_impl.h"
#include "docker/wire.h"

namespace skiff::docker {

Async<VolumeInfo> Client::create_volume(const VolumeSpec& spec) {
  const Call call = post("create volume " + spec.name, "/volumes/create", wire::write_volume(spec));
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_volume(*body), call.asked);
}

Async<VolumeInfo> Client::inspect_volume(std::string name) {
  const Call call = get("inspect volume " + name, "/volumes/" + url_encode(name));
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_volume(*body), call.asked);
}

Async<std::vector<VolumeInfo>> Client::list_volumes(const std::vector<std::string>& labels) {
  Query query;
  query.add_if(!labels.empty(), "filters", wire::write_filters({{"label", labels}}));
  const Call call = get("list volumes", "/volumes" + query.text());
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_volumes(*body), call.asked);
}

Async<Effect> Client::remove_volume(std::string name, bool force) {
  Query query;
  query.add_if(force, "force", "1");
  const Call call = erase("remove volume " + name, "/volumes/" + url_encode(name) + query.text());
  const std::vector<int> gone(1, 404);
  co_return co_await change(call, gone);
}

Async<std::string> Client::create_network(const NetworkSpec& spec) {
  const Call call = post("create network " + spec.name, "/networks/create", wire::write_network(spec));
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_id(*body, "Id"), call.asked);
}

Async<NetworkInfo> Client::inspect_network(std::string name) {
  const Call call = get("inspect network " + name, "/networks/" + url_encode(name));
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_network(*body), call.asked);
}

Async<std::vector<NetworkInfo>> Client::list_networks(const std::vector<std::string>& labels) {
  Query query;
  query.add_if(!labels.empty(), "filters", wire::write_filters({{"label", labels}}));
  const Call call = get("list networks", "/networks" + query.text());
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return in_call(wire::read_networks(*body), call.asked);
}

Async<void> Client::connect_network(std::string network, std::string id,
                                    const std::vector<std::string>& aliases) {
  const Call call = post("connect container " + id + " to network " + network,
                         "/networks/" + url_encode(network) + "/connect", wire::write_connect(id, aliases));
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return Result<void>();
}

Async<void> Client::disconnect_network(std::string network, std::string id, bool force) {
  const Call call =
      post("disconnect container " + id + " from network " + network,
           "/networks/" + url_encode(network) + "/disconnect", wire::write_disconnect(id, force));
  const Result<std::string> body = co_await fetch(call);
  if (!body) co_return body.error();
  co_return Result<void>();
}

Async<Effect> Client::remove_network(std::string name) {
  const Call call = erase("remove network " + name, "/networks/" + url_encode(name));
  const std::vector<int> gone(1, 404);
  co_return co_await change(call, gone);
}

}  // namespace skiff::docker
