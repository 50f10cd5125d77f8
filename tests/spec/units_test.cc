// Durations, quantities, times and the ways listings print them.
#include "spec/units.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace skiff::spec;
using namespace std::chrono_literals;

TEST_CASE("Go durations, and bare seconds where users write them") {
  CHECK(parse_go_duration("1h30m") == 90min);
  CHECK(parse_go_duration("-1.5s") == -1500ms);
  CHECK(parse_go_duration("300us") == 300us);
  CHECK_FALSE(parse_go_duration("90"));
  CHECK_FALSE(parse_go_duration("1d"));
  CHECK(parse_duration("90") == 90s);
  CHECK(parse_duration("-5") == -5s);
  CHECK(parse_duration("2m") == 2min);
  std::string error;
  CHECK_FALSE(parse_duration("2 minutes", &error));
  CHECK(error.starts_with("unable to parse 2 minutes as a duration: "));
  CHECK_FALSE(parse_duration("99999999999999999999", &error));
  CHECK(format_go_duration(90min) == "1h30m0s");
  CHECK(format_go_duration(1500ms) == "1.5s");
  CHECK(format_go_duration(0s) == "0s");
}

TEST_CASE("quantities, exactly") {
  CHECK(parse_quantity("500m")->nano_value() == 500'000'000);
  CHECK(parse_quantity("0.1")->nano_value() == 100'000'000);
  CHECK(parse_quantity("1Gi")->value() == 1073741824);
  CHECK(parse_quantity("1.5Gi")->value() == 1610612736);
  CHECK(parse_quantity("1e3")->value() == 1000);
  CHECK(parse_quantity("1E3")->value() == 1000);
  CHECK(parse_quantity("1E")->value() == 1'000'000'000'000'000'000);
  CHECK(parse_quantity("128M")->value() == 128'000'000);
  CHECK(parse_quantity("+2k")->value() == 2000);
  CHECK(parse_quantity("-1")->value() == -1);
  CHECK(parse_quantity(".5")->milli() == 500);
  CHECK(parse_quantity("5.")->value() == 5);
  CHECK(parse_quantity("100m")->value() == 1);
  CHECK(parse_quantity("1n")->nano_value() == 1);
  CHECK(parse_quantity("0.1n")->nano_value() == 1);
  CHECK(parse_quantity("1000000")->milli() == 1'000'000'000);
  CHECK(parse_quantity("12345678901234567890")->value() == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_quantity("1e400")->value() == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_quantity("0e400")->value() == 0);
  CHECK(parse_quantity("1e-400")->nano_value() == 1);
  CHECK(parse_quantity("1Ki") == parse_quantity("1024"));
  for (const char* bad : {"", "Gi", "1 Gi", "1gi", "1e", "1e3Gi", "--1", "1.2.3", "0x10", "1KB"}) {
    INFO(bad);
    CHECK_FALSE(parse_quantity(bad));
  }
}

TEST_CASE("RFC 3339 in and out") {
  const auto time = parse_rfc3339("2024-05-01T10:20:30.5+02:00");
  REQUIRE(time);
  CHECK(format_rfc3339(*time) == "2024-05-01T08:20:30Z");
  CHECK(format_rfc3339_nano(*time) == "2024-05-01T08:20:30.5Z");
  CHECK(parse_rfc3339("1969-12-31T23:59:59Z")->time_since_epoch() == -1s);
  CHECK(format_rfc3339(*parse_rfc3339("1969-12-31T23:59:59.25Z")) == "1969-12-31T23:59:59Z");
  for (const char* bad :
       {"", "2024-05-01", "2024-02-30T00:00:00Z", "2024-05-01T24:00:00Z", "2024-05-01T10:20:30",
        "2024-05-01T10:20:30.Z", "2024-05-01 10:20:30Z", "0001-01-01T00:00:00Z"}) {
    INFO(bad);
    CHECK_FALSE(parse_rfc3339(bad));
  }
}

TEST_CASE("the letters of workflow.creationTimestamp") {
  const auto time = *parse_rfc3339("2024-03-05T00:07:09Z");
  std::string out;
  for (const char letter : kStrftimeLetters) out += *strftime_letter(letter, time) + "|";
  CHECK(out == "March|Mar|03|Tuesday|Tue|05|00|12|07|09|2024|24|AM|UTC|+0000|.000|");
  CHECK(strftime_letter('p', *parse_rfc3339("2024-03-05T12:00:00Z")) == "PM");
  CHECK_FALSE(strftime_letter('Q', time));
}

TEST_CASE("durations as argo prints them") {
  CHECK(short_duration(0s) == "0s");
  CHECK(short_duration(1900ms) == "1s");
  CHECK(short_duration(59s) == "59s");
  CHECK(short_duration(90s) == "1m");
  CHECK(short_duration(90min) == "1h");
  CHECK(short_duration(47h) == "1d");
  CHECK(short_duration(24h * 40) == "40d");
  CHECK(long_duration(1s) == "1 second");
  CHECK(long_duration(59s) == "59 seconds");
  CHECK(long_duration(90s) == "1 minute 30 seconds");
  CHECK(long_duration(1h) == "1 hour 0 minutes");
  CHECK(long_duration(10h + 5min) == "10 hours 5 minutes");
  CHECK(long_duration(24h) == "1 day 0 hours");
  const auto now = *parse_rfc3339("2024-05-01T10:00:00Z");
  CHECK(human_timestamp(now, now).ends_with("(now)"));
  CHECK(human_timestamp(now - 90s, now).ends_with("(1 minute ago)"));
  CHECK(human_timestamp(now + 3h, now).ends_with("(3 hours from now)"));
}
