// Findings of the validator: where they are told, and as what.
#include <fmt/format.h>

#include "spec/validate_internal.h"

namespace skiff::spec::validation {

/// A fault inside another object is told where this document calls it; its mere warnings belong to its own
/// file's lint.
void Validator::report(Severity severity, std::string rule, const std::string& path,
                       const std::string& message, std::string hint) {
  if (errors_are_warnings_ && severity == Severity::error) severity = Severity::warning;
  if (elsewhere_ && severity != Severity::error) return;
  const std::string& place = elsewhere_ ? elsewhere_->path : path;
  const std::string text = readable(elsewhere_ ? elsewhere_->prefix + message : message);
  if (document_ != nullptr) {
    found_.push_back(document_->diagnostic(severity, std::move(rule), place, text, std::move(hint)));
    return;
  }
  Diagnostic d;
  d.severity = severity;
  d.rule = std::move(rule);
  d.message = text;
  d.path = place;
  d.hint = std::move(hint);
  found_.push_back(std::move(d));
}

void Validator::error(std::string rule, const Site& site, const std::string& message, std::string hint) {
  report(Severity::error, std::move(rule), site.path, site.who.empty() ? message : site.who + ": " + message,
         std::move(hint));
}

void Validator::warning(std::string rule, const Site& site, const std::string& message, std::string hint) {
  report(Severity::warning, std::move(rule), site.path,
         site.who.empty() ? message : site.who + ": " + message, std::move(hint));
}

std::string Validator::guess(std::string_view word,
                             const std::function<std::vector<std::string_view>()>& names) const {
  return guesses_left_-- > 0 ? did_you_mean(word, names()) : "";
}

}  // namespace skiff::spec::validation
