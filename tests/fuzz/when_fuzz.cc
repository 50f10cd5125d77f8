// Fuzzes the conditions: a text as `when` of a step and of a CronWorkflow, before and after its tags are
// replaced, and as `depends`.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "spec/depends.h"
#include "spec/when.h"

using namespace skiff::spec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const WhenResult result = evaluate_when(text);
  if (result.offset > size) std::abort();
  (void)evaluate_when(text, WhenWords::variables);
  const bool plain = text.find("{{") == std::string_view::npos;
  if (plain && result.ok() && !check_when(text).empty()) std::abort();  // what evaluates has no syntax error
  (void)check_when(text);

  DependsError error;
  const auto depends = Depends::parse(text, &error);
  if (!depends) {
    if (error.offset > size || error.message.empty()) std::abort();
    return 0;
  }
  (void)depends->evaluate([](std::size_t) { return TaskResults{TaskResult::succeeded}; },
                          [](std::size_t) { return Tolerance{}; });
  if (!Depends::parse(depends->expanded({}))) std::abort();  // Argo evaluates the expanded text
  return 0;
}
