// Stored objects: templates (Argo's services), and ConfigMaps, Secrets, claims and CronWorkflows as `apply`
// keeps them; and the artifacts of a workflow.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "runner/reader.h"
#include "runner/routes_impl.h"
#include "runner/stored_templates.h"
#include "runner/submit.h"
#include "spec/names.h"
#include "spec/validate.h"
#include "store/label_selector.h"

namespace skiff::runner {
using boost::asio::awaitable;
using spec::Json;

namespace {

bool cluster_wide(const std::string& kind) { return kind == "ClusterWorkflowTemplate"; }

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// The name, which everything kept needs.
void check_name(const Json& object) {
  const std::string name = object.get("metadata").get_string("name");
  if (name.empty()) throw RequestError(400, object.get_string("kind") + " has no metadata.name");
  if (const std::string wrong = spec::check_subdomain(name); !wrong.empty()) throw RequestError(400, wrong);
}

/// What Argo Server checks of a template that is created or updated through it.
void check_template(Services& s, const Json& object, const std::string& ns) {
  const StoredTemplates templates(s.journal);
  spec::ValidateOptions options;
  options.default_namespace = ns;
  for (const spec::Diagnostic& d : spec::validate_value(object, templates, options)) {
    if (d.severity == spec::Severity::error) throw RequestError(400, d.path + ": " + d.message);
  }
}

/// Keeps it as `kubectl apply` does: references are looked at when something runs, so that the objects of a
/// file may come in any order.
void put(Services& s, Json object, const std::string& given_ns) {
  const std::string kind = object.get_string("kind");
  std::string ns = object.get("metadata").get_string("namespace");
  if (ns.empty()) ns = given_ns;
  if (cluster_wide(kind)) ns.clear();
  check_name(object);
  const std::string name = object.get("metadata").get_string("name");
  if (kind == "Secret") {
    s.secrets.put(ns, name, spec::to_json(object));
    return;
  }
  Json& metadata = object["metadata"];
  if (!ns.empty()) metadata.set("namespace", ns);
  const auto old = s.journal.object(kind, ns, name);
  const std::int64_t created = old ? old->created_ms : now_ms();
  const spec::TimePoint at{std::chrono::milliseconds(created)};
  metadata.set("creationTimestamp", spec::to_rfc3339(at));
  store::ObjectRow row;
  row.kind = kind;
  row.ns = ns;
  row.name = name;
  row.json = spec::to_json(object);
  row.created_ms = created;
  store::Batch batch;
  batch.put_object(std::move(row));
  (void)s.journal.commit(batch);
  if (kind == "ConfigMap") s.controller.look_at_locks();
}

Json require_object(Services& s, const std::string& kind, const std::string& ns, const std::string& name) {
  const auto row = s.journal.object(kind, cluster_wide(kind) ? "" : ns, name);
  if (!row)
    throw RequestError(
        404, fmt::format("there is no {} named `{}`; see what is there: skiff template list", kind, name));
  return spec::parse_json(row->json).value_or(Json::object());
}

awaitable<HttpReply> apply(Services& s, const HttpRequest& request, const Captures& at) {
  Json object = body_of(request);
  put(s, std::move(object), at[0]);
  co_return json_reply(Json::object());
}

bool selected(const Json& object, const std::vector<store::LabelCondition>& selector) {
  const Json& labels = object.get("metadata").get("labels");
  return std::all_of(selector.begin(), selector.end(), [&](const store::LabelCondition& c) {
    const Json* value = labels.find(c.key);
    return store::holds(
        c, value == nullptr || !value->is_string() ? std::nullopt : std::optional(value->as_string()));
  });
}

/// Namespace "-" means all.
HttpReply list_of(Services& s, const std::string& kind, const std::string& ns,
                  const std::string& labels = "") {
  const std::vector<store::LabelCondition> selector = store::parse_label_selector(labels);
  Json items = Json::array();
  if (kind == "Secret") {
    for (const std::string& name : s.secrets.names(ns)) {
      Json item = Json::object();
      item["metadata"].set("name", name);
      items.push_back(std::move(item));
    }
  } else {
    for (const store::ObjectRow& row : s.journal.objects(kind, cluster_wide(kind) || ns == "-" ? "" : ns)) {
      Json object = spec::parse_json(row.json).value_or(Json::object());
      if (selected(object, selector)) items.push_back(std::move(object));
    }
  }
  Json out = Json::object();
  out.set("metadata", Json::object());
  out.set("items", std::move(items));
  return json_reply(out);
}

void drop(Services& s, const std::string& kind, const std::string& ns, const std::string& name) {
  if (kind == "Secret") {
    if (!s.secrets.remove(ns, name))
      throw RequestError(404, fmt::format("there is no Secret named `{}`", name));
    return;
  }
  (void)require_object(s, kind, ns, name);
  store::Batch batch;
  batch.delete_object(kind, cluster_wide(kind) ? "" : ns, name);
  (void)s.journal.commit(batch);
}

/// For replies that need no waiting.
awaitable<HttpReply> ready(HttpReply reply) { co_return reply; }

HttpReply get_one(Services& s, const std::string& kind, const std::string& ns, const std::string& name) {
  return json_reply(require_object(s, kind, ns, name));
}

HttpReply delete_one(Services& s, const std::string& kind, const std::string& ns, const std::string& name) {
  drop(s, kind, ns, name);
  return json_reply(Json::object());
}

awaitable<HttpReply> list_objects(Services& s, const HttpRequest&, const Captures& at) {
  return ready(list_of(s, at[0], at[1]));
}
awaitable<HttpReply> get_object(Services& s, const HttpRequest&, const Captures& at) {
  return ready(get_one(s, at[0], at[1], at[2]));
}
awaitable<HttpReply> delete_object(Services& s, const HttpRequest&, const Captures& at) {
  return ready(delete_one(s, at[0], at[1], at[2]));
}

/// Argo's services for one kind: {"template": {…}} in, the object out.
struct TemplateService {
  std::string kind;
  bool cluster = false;

  [[nodiscard]] std::string ns(const Captures& at) const { return cluster ? "" : at[0]; }
  [[nodiscard]] const std::string& name(const Captures& at) const { return at[cluster ? 0 : 1]; }
};

HttpReply write_template(Services& s, const HttpRequest& request, const TemplateService& t,
                         const Captures& at, bool fresh) {
  Json object = body_of(request).get("template");
  object.set("kind", t.kind);
  const std::string name = object.get("metadata").get_string("name");
  if (fresh && s.journal.object(t.kind, t.ns(at), name)) {
    throw RequestError(
        409,
        fmt::format("{} `{}` is already there; change it with: skiff template update FILE", t.kind, name));
  }
  if (!fresh) (void)require_object(s, t.kind, t.ns(at), name);
  check_template(s, object, t.ns(at));
  put(s, std::move(object), t.ns(at));
  return json_reply(require_object(s, t.kind, t.ns(at), name));
}

void add_service(std::vector<RouteEntry>& table, std::string_view all, std::string_view one,
                 const TemplateService& t) {
  table.push_back({"GET", all, [t](Services& s, const HttpRequest& r, const Captures& at) {
                     return ready(list_of(s, t.kind, t.ns(at), r.param("listOptions.labelSelector")));
                   }});
  table.push_back({"POST", all, [t](Services& s, const HttpRequest& r, const Captures& at) {
                     return ready(write_template(s, r, t, at, true));
                   }});
  table.push_back({"PUT", one, [t](Services& s, const HttpRequest& r, const Captures& at) {
                     return ready(write_template(s, r, t, at, false));
                   }});
  table.push_back({"GET", one, [t](Services& s, const HttpRequest&, const Captures& at) {
                     return ready(get_one(s, t.kind, t.ns(at), t.name(at)));
                   }});
  table.push_back({"DELETE", one, [t](Services& s, const HttpRequest&, const Captures& at) {
                     return ready(delete_one(s, t.kind, t.ns(at), t.name(at)));
                   }});
}

}  // namespace

void add_object_routes(std::vector<RouteEntry>& table) {
  table.push_back({"PUT", "/api/v1/skiff/objects/{}", apply});
  table.push_back({"GET", "/api/v1/skiff/objects/{}/{}", list_objects});
  table.push_back({"GET", "/api/v1/skiff/objects/{}/{}/{}", get_object});
  table.push_back({"DELETE", "/api/v1/skiff/objects/{}/{}/{}", delete_object});
  add_service(table, "/api/v1/workflow-templates/{}", "/api/v1/workflow-templates/{}/{}",
              {"WorkflowTemplate", false});
  add_service(table, "/api/v1/cluster-workflow-templates", "/api/v1/cluster-workflow-templates/{}",
              {"ClusterWorkflowTemplate", true});
  add_service(table, "/api/v1/cron-workflows/{}", "/api/v1/cron-workflows/{}/{}", {"CronWorkflow", false});
}

}  // namespace skiff::runner
