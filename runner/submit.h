// From what a user submits to what runs: options laid over a Workflow, its identity, and the RunInput that
// gathers all it refers to. Pure: the store is reached through the lookups that are passed in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runner/core/scheduler.h"
#include "spec/json.h"
#include "spec/status.h"

namespace skiff::runner {

inline constexpr std::string_view kDefaultNamespace = "default";

/// The flags of `submit` that change the Workflow (workflow/util/util.go, ApplySubmitOpts).
struct SubmitOptions {
  std::string name;
  std::string generate_name;
  std::string entrypoint;
  std::string service_account;
  std::optional<std::int64_t> priority;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::string, std::string>> annotations;
};

void apply_options(Json& workflow, const SubmitOptions& options);
/// Argo Server's submitOptions ({"name","entryPoint","parameters":["k=v"],"labels":"k=v,…"}); throws
/// std::invalid_argument with a sentence for the user.
[[nodiscard]] SubmitOptions submit_options_from(const Json& json);
/// Splits "k=v,k=v"; throws std::invalid_argument.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_pairs(std::string_view text);

/// What a quoted word means: "a \"b\"", `a`, 'a'; anything else is itself (cmd/argo/commands/node.go takes
/// the values of --output-parameter through strconv.Unquote).
[[nodiscard]] std::string unquoted(std::string_view text);

/// Finds a stored object: kind, name. Nothing if there is none.
using StoredLookup = std::function<std::optional<Json>(const std::string& kind, const std::string& name)>;

/// The names of all stored objects of a kind.
using StoredNames = std::function<std::vector<std::string>(const std::string& kind)>;

/// The Workflow that `submit --from kind/name` makes of a stored object: WorkflowTemplate,
/// ClusterWorkflowTemplate or CronWorkflow, which is scheduled for `now` (workflow/common/convert.go).
[[nodiscard]] Json workflow_from(const std::string& kind, const Json& object, spec::TimePoint now);
/// A new Workflow with the spec of one that has run (workflow/util/util.go, FormulateResubmitWorkflow).
[[nodiscard]] Json resubmitted(const Json& workflow);
/// "workflowtemplate", "wftmpl", "cwft", "cronwf", "wf" … to the kind; "" for an unknown word.
[[nodiscard]] std::string kind_of_word(std::string_view word);

/// A name from generateName, where there is no name; of eight that are tried the first that is not taken, as
/// the API server does (apiserver's registry/generic/registry/store.go, Create).
void give_free_name(Json& metadata, const std::function<std::uint64_t()>& chance,
                    const std::function<bool(const std::string& name)>& taken);

/// 64 bits of the system's.
[[nodiscard]] std::uint64_t chance();

/// metadata.uid, namespace and creationTimestamp.
void give_identity(Json& workflow, std::string uid, spec::TimePoint now);

/// Merges workflowTemplateRef in and gathers the templates that are referred to, directly or not. What is
/// missing is left out: validation has named it already. `config_maps` is handed through.
[[nodiscard]] RunInput gather_input(const Json& workflow, const StoredLookup& lookup,
                                    const StoredNames& names, Json config_maps);
[[nodiscard]] Json to_json(const RunInput& input);
[[nodiscard]] RunInput run_input_from(const Json& json);

}  // namespace skiff::runner
