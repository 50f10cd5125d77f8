// Fuzzes durations, quantities, times, cron schedules, sequence formats and the checks of names.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "spec/items.h"
#include "spec/names.h"
#include "spec/units.h"
#include "spec/validate_internal.h"

using namespace skiff::spec;

namespace {

void check_times(std::string_view text) {
  if (const auto d = parse_go_duration(text)) {
    if (parse_go_duration(format_go_duration(*d)) != d) std::abort();
    (void)short_duration(*d);
    (void)long_duration(*d);
  }
  std::string error;
  if (!parse_duration(text, &error) && error.empty()) std::abort();
  if (const auto t = parse_rfc3339(text)) {
    if (parse_rfc3339(format_rfc3339_nano(*t)) != t) std::abort();
    for (const char letter : kStrftimeLetters) {
      if (!strftime_letter(letter, *t)) std::abort();
    }
    (void)human_timestamp(*t, *t);
  }
}

void check_quantities(std::string_view text) {
  const auto q = parse_quantity(text);
  if (!q) return;
  if ((q->value() > 0) != (q->nano > 0) && q->nano >= 0) std::abort();  // rounded up, never down to nothing
  (void)q->milli();
  (void)q->nano_value();
}

void check_sequences(std::string_view text) {
  SequenceBounds bounds;
  bounds.count = "2";
  bounds.format = text;
  (void)expand_sequence(bounds);
  bounds.count = std::string(text);
  bounds.format.clear();
  (void)expand_sequence(bounds);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_times(text);
  check_quantities(text);
  check_sequences(text);
  (void)validation::check_schedule(text);
  (void)check_subdomain(text);
  (void)check_label(text);
  (void)check_field_name(text);
  (void)check_param_name(text);
  (void)check_label_key(text);
  (void)check_label_value(text);
  if (generated_name(text, 42).size() > 63) std::abort();
  return 0;
}
