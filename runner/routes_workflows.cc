// Workflow service: create, submit, list, get, delete, and the commands (suspend … set, retry, resubmit).

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "runner/core/resubmit.h"
#include "runner/reader.h"
#include "runner/rollup.h"
#include "runner/routes_impl.h"
#include "runner/stored_templates.h"
#include "runner/submit.h"
#include "spec/validate.h"
#include "store/home.h"

namespace skiff::runner {
using boost::asio::awaitable;
using spec::Json;

namespace {

std::string uuid() {
  std::string hex = store::random_id();
  hex[12] = '4';
  hex[16] = "89ab"[hex[16] % 4];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20, 12));
}

/// One line for each finding; the client has shown places of its own file already.
std::string describe(const spec::Diagnostics& findings) {
  std::string out;
  for (const spec::Diagnostic& d : findings) {
    if (d.severity != spec::Severity::error) continue;
    if (!out.empty()) out += '\n';
    out += d.path.empty() ? d.message : d.path + ": " + d.message;
    if (!d.hint.empty()) out += " (" + d.hint + ")";
  }
  return out;
}

void check(Services& s, const Json& workflow, const std::string& ns) {
  const StoredTemplates templates(s.journal);
  spec::ValidateOptions options;
  options.submission = true;
  options.default_namespace = ns;
  const spec::Diagnostics findings = spec::validate_value(workflow, templates, options);
  if (spec::has_errors(findings)) throw RequestError(400, describe(findings));
}

/// A workflow that has passed the checks, with its identity, but for a name that is to be generated.
Json identified(Services& s, const std::string& ns, Json workflow) {
  workflow["metadata"].set("namespace", ns);
  workflow.erase("status");
  apply_workflow_defaults(workflow, find_cluster_config(config_maps_in(s.journal)));
  check(s, workflow, ns);
  give_identity(workflow, uuid(),
                std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  return workflow;
}

void give_name(Services& s, const std::string& ns, Json& workflow) {
  const auto taken = [&](const std::string& name) { return s.journal.by_name(ns, name).has_value(); };
  give_free_name(workflow["metadata"], chance, taken);
}

HttpReply dry_run(Services& s, const std::string& ns, Json workflow) {
  workflow = identified(s, ns, std::move(workflow));
  give_name(s, ns, workflow);
  return json_reply(workflow);
}

/// `memoized` is the workflow whose successes are kept, or null.
awaitable<Json> begin(Services& s, std::string ns, Json workflow, Consent consent, Json memoized) {
  workflow = identified(s, ns, std::move(workflow));
  const auto alive = co_await s.engine.ping();
  if (!alive.ok()) throw RequestError(503, alive.error().text());
  if (memoized.is_object()) {
    give_name(s, ns, workflow);
    const std::string name = workflow.get("metadata").get_string("name");
    Json nodes = memoized_nodes(
        memoized.get("status").get("nodes"), memoized.get("metadata").get_string("name"), name,
        spec::TimePoint(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())));
    workflow["status"].set("nodes", std::move(nodes));
  }
  const std::string uid = workflow.get("metadata").get_string("uid");
  co_await s.controller.submit(std::move(workflow), consent);
  const auto row = s.journal.by_uid(uid);
  if (!row) throw RequestError(500, "the workflow is not in the journal");
  co_return workflow_object(s.journal, *row, true);
}

Consent consent_of(const Json& body) {
  const Json& c = body.get("skiff").get("consent");
  Consent consent;
  consent.privileged = c.get_bool("privileged");
  consent.host_paths = c.get_bool("hostPaths");
  consent.docker_socket = c.get_bool("dockerSocket");
  return consent;
}

awaitable<HttpReply> create(Services& s, const HttpRequest& request, const Captures& at) {
  const Json body = body_of(request);
  Json workflow = body.get("workflow");
  if (!workflow.is_object()) throw RequestError(400, "the body has no `workflow`");
  if (!body.get("createOptions").get_array("dryRun").empty()) {
    co_return dry_run(s, at[0], std::move(workflow));
  }
  const Consent consent = consent_of(body);
  const Json created = co_await begin(s, at[0], std::move(workflow), consent, Json());
  co_return json_reply(created);
}

awaitable<HttpReply> submit(Services& s, const HttpRequest& request, const Captures& at) {
  const Json body = body_of(request);
  const std::string word = body.get_string("resourceKind");
  const std::string name = body.get_string("resourceName");
  const std::string kind = kind_of_word(word);
  if (kind.empty()) {
    throw RequestError(400, fmt::format("`{}` is no kind that --from knows: use workflowtemplate/NAME, "
                                        "clusterworkflowtemplate/NAME, cronworkflow/NAME or workflow/NAME",
                                        word));
  }
  Json workflow;
  if (kind == "Workflow") {
    workflow = resubmitted(workflow_object(s.journal, require_workflow(s, at[0], name), false));
  } else {
    const auto row = s.journal.object(kind, kind == "ClusterWorkflowTemplate" ? "" : at[0], name);
    if (!row) {
      throw RequestError(
          404, fmt::format("there is no {} named `{}`; keep one with: skiff apply -f FILE", kind, name));
    }
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    workflow = workflow_from(kind, spec::parse_json(row->json).value_or(Json::object()), now);
  }
  const SubmitOptions options = submit_options_from(body.get("submitOptions"));
  apply_options(workflow, options);
  const Json& asked = body.get("submitOptions");
  if (asked.get_bool("dryRun") || asked.get_bool("serverDryRun")) {
    co_return dry_run(s, at[0], std::move(workflow));
  }
  const Consent consent = consent_of(body);
  const Json created = co_await begin(s, at[0], std::move(workflow), consent, Json());
  co_return json_reply(created);
}

std::int64_t number(const std::string& text) {
  return text.empty() ? 0 : std::strtoll(text.c_str(), nullptr, 10);
}

/// What a field selector keeps beyond what the journal filters: workflows of another name or namespace.
struct FieldSelector {
  std::vector<std::string> not_names, not_namespaces;

  [[nodiscard]] bool keeps(const store::WorkflowRow& row) const {
    const auto among = [](const std::vector<std::string>& list, const std::string& word) {
      return std::find(list.begin(), list.end(), word) != list.end();
    };
    return !among(not_names, row.name) && !among(not_namespaces, row.ns);
  }
};

/// "metadata.name=a,metadata.namespace!=b": the two fields that Kubernetes itself can select by.
FieldSelector select_by_field(const std::string& text, store::WorkflowFilter& filter) {
  FieldSelector out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    const std::string part = text.substr(from, comma - from);
    from = comma + 1;
    const std::size_t eq = part.find('=');
    if (eq == std::string::npos || eq == 0) {
      throw RequestError(400, fmt::format("field selector `{}`: expected FIELD=VALUE or FIELD!=VALUE", part));
    }
    const bool negated = part[eq - 1] == '!';
    const std::string field = part.substr(0, negated ? eq - 1 : eq);
    const std::string value = part.substr(part.compare(eq, 2, "==") == 0 ? eq + 2 : eq + 1);
    if (field == "metadata.name" && negated) {
      out.not_names.push_back(value);
    } else if (field == "metadata.name") {
      filter.name = value;
    } else if (field == "metadata.namespace" && negated) {
      out.not_namespaces.push_back(value);
    } else if (field == "metadata.namespace") {
      filter.ns = value;
    } else {
      throw RequestError(400, fmt::format("field label not supported: {}; there are metadata.name and "
                                          "metadata.namespace",
                                          field));
    }
  }
  return out;
}

awaitable<HttpReply> list(Services& s, const HttpRequest& request, const Captures& at) {
  store::WorkflowFilter filter;
  if (!at.empty() && at[0] != "-") filter.ns = at[0];
  filter.labels = store::parse_label_selector(request.param("listOptions.labelSelector"));
  const FieldSelector fields = select_by_field(request.param("listOptions.fieldSelector"), filter);
  filter.name_prefix = request.param("skiff.prefix");
  if (const std::string completed = request.param("skiff.completed"); !completed.empty()) {
    filter.completed = completed == "true";
  }
  if (const auto since = number(request.param("skiff.sinceMs")); since != 0) filter.created_from_ms = since;
  if (const auto older = number(request.param("skiff.olderMs")); older != 0) filter.finished_until_ms = older;
  const std::string phases = request.param("skiff.phases");
  for (std::size_t from = 0; from < phases.size();) {
    const std::size_t comma = std::min(phases.find(',', from), phases.size());
    filter.phases.push_back(phases.substr(from, comma - from));
    from = comma + 1;
  }
  filter.limit = number(request.param("listOptions.limit"));
  filter.offset = number(request.param("listOptions.continue"));
  Json items = Json::array();
  const bool with_nodes = request.param("skiff.nodes") == "true";
  const bool tells_suspended = request.param("skiff.suspended") == "true";
  const std::vector<store::WorkflowRow> rows = s.journal.list(filter);
  for (const store::WorkflowRow& row : rows) {
    if (!fields.keeps(row)) continue;
    items.push_back(workflow_object(s.journal, row, with_nodes));
    if (tells_suspended && is_suspended(row)) items.as_array().back().set("skiff.suspended", true);
  }
  Json metadata = Json::object();
  if (filter.limit > 0 && static_cast<std::int64_t>(rows.size()) == filter.limit) {
    metadata.set("continue", std::to_string(filter.offset + filter.limit));
  }
  Json out = Json::object();
  out.set("metadata", std::move(metadata));
  out.set("items", std::move(items));
  co_return json_reply(select_fields(std::move(out), request.param("fields")));
}

awaitable<HttpReply> get(Services& s, const HttpRequest& request, const Captures& at) {
  const store::WorkflowRow row = require_workflow(s, at[0], at[1]);
  const std::string fields = request.param("fields");
  if (fields.empty()) {
    HttpReply whole;
    whole.body =
        request.param("skiff.plain") == "true" ? workflow_text(s.journal, row) : summed_text(s.journal, row);
    co_return whole;
  }
  co_return json_reply(select_fields(workflow_object(s.journal, row, true), fields));
}

awaitable<HttpReply> remove(Services& s, const HttpRequest&, const Captures& at) {
  const store::WorkflowRow row = require_workflow(s, at[0], at[1]);
  co_await s.controller.remove(row.uid);
  co_return json_reply(Json::object());
}

std::vector<std::pair<std::string, std::string>> pairs_of(const Json::Array& list) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Json& p : list) {
    const std::string text = p.is_string() ? p.as_string() : "";
    const auto eq = text.find('=');
    if (eq == std::string::npos)
      throw RequestError(400, fmt::format("`{}` is not of the form NAME=VALUE", text));
    out.emplace_back(text.substr(0, eq), text.substr(eq + 1));
  }
  return out;
}

/// `outputParameters` comes as JSON text (Argo's WorkflowSetRequest) or as an object.
Json output_parameters(const Json& body) {
  const Json& p = body.get("outputParameters");
  if (!p.is_string()) return p;
  if (p.as_string().empty()) return {};
  auto parsed = spec::parse_json(p.as_string());
  if (!parsed) throw RequestError(400, "outputParameters is no JSON object");
  return std::move(*parsed);
}

using MakeEvent = Event (*)(const Json& body);

awaitable<HttpReply> run_command(Services& s, const HttpRequest& request, const Captures& at,
                                 MakeEvent make) {
  const Json body = body_of(request);
  const store::WorkflowRow row = require_workflow(s, at[0], at[1]);
  Event event = make(body);
  co_await s.controller.command(row.uid, std::move(event));
  const auto now = s.journal.by_uid(row.uid);
  co_return json_reply(now ? workflow_object(s.journal, *now, true) : Json::object());
}

Route command(MakeEvent make) {
  return [make](Services& s, const HttpRequest& request, const Captures& at) {
    return run_command(s, request, at, make);
  };
}

Event resume_event(const Json& body) {
  return Resume{body.get_string("nodeFieldSelector"), output_parameters(body), body.get_string("message")};
}
Event stop_event(const Json& body) {
  return Stop{body.get_string("nodeFieldSelector"), body.get_string("message")};
}
Event set_event(const Json& body) {
  return SetNodes{body.get_string("nodeFieldSelector"), body.get_string("phase"), body.get_string("message"),
                  output_parameters(body)};
}
Event retry_event(const Json& body) {
  return RetryWorkflow{body.get_bool("restartSuccessful"), body.get_string("nodeFieldSelector"),
                       pairs_of(body.get_array("parameters"))};
}

awaitable<HttpReply> resubmit(Services& s, const HttpRequest& request, const Captures& at) {
  const Json body = body_of(request);
  const store::WorkflowRow row = require_workflow(s, at[0], at[1]);
  Json memoized;
  if (body.get_bool("memoized")) {
    if (row.phase != "Failed" && row.phase != "Error") {
      throw RequestError(400, "workflow must be Failed/Error to resubmit in memoized mode");
    }
    memoized = workflow_object(s.journal, row, true);
  }
  Json workflow = resubmitted(workflow_object(s.journal, row, false));
  SubmitOptions options;
  options.priority = body.get_int("priority");
  options.parameters = pairs_of(body.get_array("parameters"));
  apply_options(workflow, options);
  const Consent consent = consent_of(body);
  const Json created = co_await begin(s, at[0], std::move(workflow), consent, std::move(memoized));
  co_return json_reply(created);
}

awaitable<HttpReply> lint(Services& s, const HttpRequest& request, const Captures& at) {
  const Json body = body_of(request);
  check(s, body.get("workflow"), at[0]);
  co_return json_reply(body.get("workflow"));
}

}  // namespace

void add_workflow_routes(std::vector<RouteEntry>& table) {
  const std::string_view all = "/api/v1/workflows/{}";
  table.push_back({"GET", "/api/v1/workflows", list});
  table.push_back({"GET", all, list});
  table.push_back({"POST", all, create});
  table.push_back({"POST", "/api/v1/workflows/{}/submit", submit});
  table.push_back({"POST", "/api/v1/workflows/{}/lint", lint});
  table.push_back({"GET", "/api/v1/workflows/{}/{}", get});
  table.push_back({"DELETE", "/api/v1/workflows/{}/{}", remove});
  table.push_back(
      {"PUT", "/api/v1/workflows/{}/{}/suspend", command([](const Json&) -> Event { return Suspend{}; })});
  table.push_back({"PUT", "/api/v1/workflows/{}/{}/terminate",
                   command([](const Json&) -> Event { return Terminate{}; })});
  table.push_back({"PUT", "/api/v1/workflows/{}/{}/resume", command(resume_event)});
  table.push_back({"PUT", "/api/v1/workflows/{}/{}/stop", command(stop_event)});
  table.push_back({"PUT", "/api/v1/workflows/{}/{}/set", command(set_event)});
  table.push_back({"PUT", "/api/v1/workflows/{}/{}/retry", command(retry_event)});
  table.push_back({"PUT", "/api/v1/workflows/{}/{}/resubmit", resubmit});
}

}  // namespace skiff::runner
