// Argo's sync service: the limits of semaphores. Those of a cluster's database are objects of the journal
// (SyncLimit), those of a ConfigMap are keys of the ConfigMap that `apply` keeps.

#include <fmt/format.h>

#include <chrono>

#include "runner/routes_impl.h"

namespace skiff::runner {
using boost::asio::awaitable;
using spec::Json;

namespace {

/// Where a limit is written: one key of one object.
struct Place {
  std::string kind, ns, object, key, shown_key;
  [[nodiscard]] bool database() const { return kind == "SyncLimit"; }
};

Place place_of(const std::string& type, const std::string& config_map, const std::string& ns,
               const std::string& key) {
  if (key.empty()) throw RequestError(400, "a sync limit needs a key");
  if (type == "DATABASE") return {"SyncLimit", ns, key, "limit", key};
  if (type != "CONFIGMAP" && !type.empty()) throw RequestError(400, "type must be DATABASE or CONFIGMAP");
  if (config_map.empty()) throw RequestError(400, "cmName is required when type is CONFIGMAP");
  return {"ConfigMap", ns, config_map, key, key};
}

std::string missing(const Place& p) {
  const std::string where =
      p.database() ? "--type database" : fmt::format("--type configmap --cm-name {}", p.object);
  return fmt::format(
      "there is no sync limit `{}` in namespace {}; create it: skiff sync create {} {} --limit 1",
      p.shown_key, p.ns, p.shown_key, where);
}

std::optional<Json> object_at(Services& s, const Place& p) {
  const auto row = s.journal.object(p.kind, p.ns, p.object);
  return row ? spec::parse_json(row->json) : std::nullopt;
}

bool has_limit(const std::optional<Json>& object, const Place& p) {
  return object && object->get("data").find(p.key) != nullptr;
}

Json shown(const Place& p, const Json& object) {
  Json out = Json::object();
  out.set("cmName", p.database() ? "" : p.object);
  out.set("key", p.shown_key);
  out.set("namespace", p.ns);
  out.set("limit",
          static_cast<std::int64_t>(std::strtoll(object.get("data").get_string(p.key).c_str(), nullptr, 10)));
  out.set("type", p.database() ? "DATABASE" : "CONFIGMAP");
  return out;
}

void keep(Services& s, const Place& p, const Json& object) {
  store::ObjectRow row;
  row.kind = p.kind;
  row.ns = p.ns;
  row.name = p.object;
  row.json = spec::to_json(object);
  row.created_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  store::Batch batch;
  batch.put_object(std::move(row));
  (void)s.journal.commit(batch);
  s.controller.look_at_locks();
}

HttpReply write(Services& s, const HttpRequest& request, const Captures& at, bool fresh) {
  const Json body = body_of(request);
  const Place p = place_of(body.get_string("type"), body.get_string("cmName"), at[0],
                           fresh ? body.get_string("key") : at[1]);
  auto object = object_at(s, p);
  if (fresh && has_limit(object, p)) {
    throw RequestError(409,
                       fmt::format("sync limit `{}` already exists in namespace {}; change it: skiff sync "
                                   "update {}",
                                   p.shown_key, p.ns, p.shown_key));
  }
  if (!fresh && !has_limit(object, p)) throw RequestError(404, missing(p));
  const auto limit = body.get_int("limit");
  if (!limit || *limit < 0) throw RequestError(400, "limit: give a whole number, 0 or more");
  if (!object) {
    object = Json::object();
    object->set("kind", p.kind);
    (*object)["metadata"].set("name", p.object);
    (*object)["metadata"].set("namespace", p.ns);
  }
  (*object)["data"].set(p.key, std::to_string(*limit));
  keep(s, p, *object);
  return json_reply(shown(p, *object));
}

HttpReply read(Services& s, const HttpRequest& request, const Captures& at) {
  const Place p = place_of(request.param("type"), request.param("cmName"), at[0], at[1]);
  const auto object = object_at(s, p);
  if (!has_limit(object, p)) throw RequestError(404, missing(p));
  return json_reply(shown(p, *object));
}

HttpReply remove(Services& s, const HttpRequest& request, const Captures& at) {
  const Place p = place_of(request.param("type"), request.param("cmName"), at[0], at[1]);
  auto object = object_at(s, p);
  if (!has_limit(object, p)) throw RequestError(404, missing(p));
  if (!p.database()) {
    (*object)["data"].erase(p.key);
    keep(s, p, *object);
  } else {
    store::Batch batch;
    batch.delete_object(p.kind, p.ns, p.object);
    (void)s.journal.commit(batch);
    s.controller.look_at_locks();
  }
  return json_reply(Json::object());
}

awaitable<HttpReply> ready(HttpReply reply) { co_return reply; }

}  // namespace

void add_sync_routes(std::vector<RouteEntry>& table) {
  const std::string_view one = "/api/v1/sync/{}/{}";
  table.push_back({"POST", "/api/v1/sync/{}", [](Services& s, const HttpRequest& r, const Captures& at) {
                     return ready(write(s, r, at, true));
                   }});
  table.push_back({"PUT", one, [](Services& s, const HttpRequest& r, const Captures& at) {
                     return ready(write(s, r, at, false));
                   }});
  table.push_back({"GET", one, [](Services& s, const HttpRequest& r, const Captures& at) {
                     return ready(read(s, r, at));
                   }});
  table.push_back({"DELETE", one, [](Services& s, const HttpRequest& r, const Captures& at) {
                     return ready(remove(s, r, at));
                   }});
}

}  // namespace skiff::runner
