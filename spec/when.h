// The language of `when`: govaluate's grammar, evaluated after tags have been replaced.
//
// In goes a text such as `foo != bar && 3 > 2`, out comes true, false or an error that says what to type
// instead. In a step's or task's `when` every bare word is a string; a CronWorkflow's has no bare words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace skiff::spec {

struct WhenResult {
  bool value = false;
  std::string
      error;  ///< empty if it is a boolean; else Argo's message, then a hint where the mistake is a known one
  std::string note;        ///< what is legal but surely not meant, e.g. that '1' never equals 1
  std::size_t offset = 0;  ///< where in the text the error is, in bytes
  [[nodiscard]] bool ok() const { return error.empty(); }
};

enum class WhenWords : std::uint8_t {
  strings,    ///< `foo` means 'foo' (workflow/controller/steps.go shouldExecute); also metrics
  variables,  ///< `foo` is an unknown name and an error (workflow/cron/operator.go)
};

/// An empty text is true.
[[nodiscard]] WhenResult evaluate_when(std::string_view text, WhenWords words = WhenWords::strings);

/// The syntax alone, for a text whose tags are not replaced yet: each tag counts as an operand. Empty if it
/// is well-formed as far as one can know, else the message.
[[nodiscard]] std::string check_when(std::string_view text);

}  // namespace skiff::spec
