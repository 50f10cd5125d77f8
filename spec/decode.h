// Documents to values, strictly: what Argo's decoder would refuse is a finding here, what it would coerce is
// coerced.
//
// In: a Document's tree and the registry of fields. Out: findings (unknown, duplicate and wrongly cased
// fields, wrong types; all of them at once) and Document::value(): the same document as JSON in Argo's own
// spelling, from which `get -o yaml` loses nothing. Parameters' values have become strings by Go's rules
// (1.50 → "1.5", yes → "true"); fields of older Argo versions have become today's, with a warning.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spec/document.h"

namespace skiff::spec {

/// Fills document.value() as far as it can be decoded and says what is wrong. Kinds outside the registry keep
/// their plain JSON value and give a note ("skipping kind Deployment"). Findings come in the order of the
/// text.
[[nodiscard]] Diagnostics decode(Document& document);

/// How to take fields of `metadata` that do not exist: Argo's lint and submit refuse them, and so does
/// `lint`. What is to run (`submit`, `apply`) also comes from tools that let Kubernetes prune them: there
/// they are warnings.
enum class Strictness : std::uint8_t { lint, run };

/// parse_documents and decode in one: what every command that takes a file calls. A `List` is replaced by its
/// items. Findings are sorted; documents that have errors are in the result too (their kind and name serve
/// references).
[[nodiscard]] ParsedFile read_documents(std::string text, std::string file,
                                        Strictness strictness = Strictness::lint);

/// Checks and normalises a value that came without a text (a stored or submitted object); paths stand for
/// places.
[[nodiscard]] Diagnostics decode_value(Json& value, std::string_view kind);

/// The document with older spellings (schedule, mutex, semaphore, podPriority, a v3 `onExit` …) rewritten to
/// today's, as `argo convert` does; nothing else is changed. True if anything was.
bool convert_to_current(Json& value);

/// A parameter's value as Argo holds it: strings stay, numbers print as Go prints a float64 with 'f' (1e6 →
/// "1000000"), booleans are "true" and "false", null and collections give "" (v1alpha1/anystring.go).
[[nodiscard]] std::string any_string(const Json& value);

}  // namespace skiff::spec
