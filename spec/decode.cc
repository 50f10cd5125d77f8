// From a document's tree to its value: the entry points of the strict decoder.
#include "spec/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "spec/decoder.h"
#include "spec/misindent.h"

namespace skiff::spec {

namespace {

constexpr std::string_view kApiVersion = "argoproj.io/v1alpha1";

void check_api_version(const Document& document, Diagnostics& out) {
  if (!is_workflow_kind(document.kind()) || document.api_version() == kApiVersion) return;
  out.push_back(document.diagnostic(
      Severity::warning, "api-version", document.api_version().empty() ? "kind" : "apiVersion",
      document.api_version().empty() ? "the document has no `apiVersion`"
                                     : fmt::format("`{}` is no apiVersion of Argo", document.api_version()),
      fmt::format("write apiVersion: {}", kApiVersion)));
}

Diagnostic skipped(const Document& document) {
  static constexpr std::array<std::string_view, 5> kKinds{
      "Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "WorkflowEventBinding"};
  const std::string& kind = document.kind();
  const bool ours = document.api_version().starts_with("argoproj.io/");
  if (kind.empty()) {
    return document.diagnostic(ours ? Severity::error : Severity::warning, "no-kind", "",
                               "the document has no `kind`; it is skipped", "a workflow has kind: Workflow");
  }
  for (const auto known : kKinds) {
    if (!equal_ignoring_case(kind, known) && edit_distance(kind, known, 2) > 2) continue;
    return document.diagnostic(Severity::warning, "unknown-kind", "kind",
                               fmt::format("skipping kind `{}`", kind),
                               fmt::format("did you mean `{}`?", known));
  }
  const bool events = kind == "Sensor" || kind == "EventSource" || kind == "EventBus";
  return document.diagnostic(
      Severity::note, "unknown-kind", "kind", fmt::format("skipping kind `{}`", kind),
      events ? "argo-events is not part of skiff; a WorkflowEventBinding takes events by POST" : "");
}

/// Go's strconv.FormatFloat(x, 'f', -1, 64).
std::string format_plain(double x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "+Inf" : "-Inf";
  std::string shortest = fmt::format("{}", x);
  const auto exponent = shortest.find('e');
  if (exponent == std::string::npos)
    return shortest.ends_with(".0") ? shortest.substr(0, shortest.size() - 2) : shortest;
  const int power = std::stoi(shortest.substr(exponent + 1));
  std::string digits = shortest.substr(0, exponent);
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  const auto dot = digits.find('.');
  int point = static_cast<int>(dot == std::string::npos ? digits.size() : dot) + power;
  if (dot != std::string::npos) digits.erase(dot, 1);
  if (point <= 0) {
    digits = "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else if (point >= static_cast<int>(digits.size())) {
    digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
  } else {
    digits.insert(static_cast<std::size_t>(point), ".");
  }
  return (negative ? "-" : "") + digits;
}

/// The items of a `List`, each as a document of its own.
void expand_lists(std::vector<Document>& documents) {
  std::vector<Document> expanded;
  for (Document& document : documents) {
    const auto items = document.root().find("items");
    const bool is_list = document.kind().ends_with("List") && items && items->is_sequence();
    if (!is_list) {
      expanded.push_back(std::move(document));
      continue;
    }
    for (std::size_t i = 0; i < items->size(); ++i) {
      if (items->item(i).is_mapping()) expanded.push_back(document.part(items->item(i)));
    }
  }
  documents = std::move(expanded);
}

}  // namespace

std::string any_string(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::string:
      return value.as_string();
    case Json::Kind::boolean:
      return value.as_bool() ? "true" : "false";
    case Json::Kind::number:
      return format_plain(value.as_double().value_or(0));
    default:
      return {};
  }
}

Diagnostics decode(Document& document) {
  Diagnostics out;
  const TypeInfo* type = type_of_kind(document.kind());
  if (type == nullptr || document.kind() == "List") {
    document.set_value(to_json_value(document.root()));
    out.push_back(skipped(document));
    return out;
  }
  check_api_version(document, out);
  Decoder decoder(document, out);
  Json value = decoder.decode_root(*type);
  document.set_value(std::move(value));
  return out;
}

ParsedFile read_documents(std::string text, std::string file, Strictness strictness) {
  ParsedFile parsed = parse_documents(std::move(text), std::move(file));
  expand_lists(parsed.documents);
  for (Document& document : parsed.documents) {
    Diagnostics found = decode(document);
    parsed.diagnostics.insert(parsed.diagnostics.end(), std::make_move_iterator(found.begin()),
                              std::make_move_iterator(found.end()));
  }
  if (parsed.tree) explain_misindentation(parsed, *parsed.tree);
  for (Diagnostic& d : parsed.diagnostics) {
    if (strictness == Strictness::run && d.rule == "unknown-metadata-field") d.severity = Severity::warning;
  }
  sort_diagnostics(parsed.diagnostics);
  return parsed;
}

Diagnostics decode_value(Json& value, std::string_view kind) {
  ParsedFile parsed = parse_documents(to_json(value), std::string(kind));
  Diagnostics out = std::move(parsed.diagnostics);
  if (!parsed.documents.empty()) {
    Document& document = parsed.documents.front();
    const TypeInfo* type = type_of_kind(kind);
    if (type == nullptr) return out;
    value = Decoder(document, out).decode_root(*type);
  }
  for (Diagnostic& d : out) d.mark = {};
  return out;
}

}  // namespace skiff::spec
