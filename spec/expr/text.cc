// strconv's float formats and fmt's %v.
#include "spec/expr/text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "spec/expr/time.h"

namespace skiff::spec::expr {
namespace {

template <class F>
std::string shortest(F d, char format) {
  std::array<char, 512> buf{};
  const auto style = format == 'f' ? std::chars_format::fixed : std::chars_format::scientific;
  const auto r = std::to_chars(buf.data(), buf.data() + buf.size(), d, style);
  std::string s(buf.data(), r.ptr);
  if (format != 'g') return s;
  const int exponent = std::atoi(s.c_str() + s.find('e') + 1);
  return exponent < -4 || exponent >= 6 ? s : shortest(d, 'f');
}

class Printer {
 public:
  explicit Printer(Meter& meter) : meter_(meter) {}
  std::string take() { return std::move(out_); }

  void value(const Value& v) {
    meter_.bytes(8);
    switch (v.kind()) {
      case Kind::boolean:
        out_ += v.as_bool() ? "true" : "false";
        return;
      case Kind::integer:
        integer(v);
        return;
      case Kind::floating:
        out_ += format_float(v.as_float(), 'g', -1, v.is_float32());
        return;
      case Kind::string:
        put(v.as_string());
        return;
      case Kind::bytes:
        bytes(v.as_bytes());
        return;
      case Kind::array:
        array(v.as_array());
        return;
      case Kind::map:
        map(v.as_map());
        return;
      case Kind::time:
        out_ += time_text(v.as_time());
        return;
      case Kind::duration:
        out_ += duration_text(v.as_duration());
        return;
      case Kind::function:
        out_ += v.as_function().name + "()";
        return;
      case Kind::opaque:
        out_ += v.as_opaque().to_text();
        return;
      default:
        out_ += "<nil>";
        return;
    }
  }

 private:
  void put(const std::string& s) {
    meter_.bytes(s.size());
    out_ += s;
  }

  void integer(const Value& v) {
    switch (v.int_type()) {
      case IntType::month:
        out_ += month_name(v.as_int());
        return;
      case IntType::weekday:
        out_ += weekday_name(v.as_int());
        return;
      case IntType::uint:
      case IntType::uint64:
        out_ += std::to_string(static_cast<std::uint64_t>(v.as_int()));
        return;
      default:
        out_ += std::to_string(v.as_int());
        return;
    }
  }

  void bytes(const std::string& data) {
    meter_.bytes(data.size() * 4);
    out_ += '[';
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (i > 0) out_ += ' ';
      out_ += std::to_string(static_cast<unsigned char>(data[i]));
    }
    out_ += ']';
  }

  void array(const std::vector<Value>& items) {
    out_ += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += ' ';
      value(items[i]);
    }
    out_ += ']';
  }

  void map(const Map& m) {
    out_ += "map[";
    bool first = true;
    for (const auto& [key, item] : m) {
      if (!first) out_ += ' ';
      first = false;
      value(key);
      out_ += ':';
      value(item);
    }
    out_ += ']';
  }

  Meter& meter_;
  std::string out_;
};

}  // namespace

std::string format_float(double d, char format, int precision, bool single) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d > 0 ? "+Inf" : "-Inf";
  if (precision < 0) return single ? shortest(static_cast<float>(d), format) : shortest(d, format);
  switch (format) {
    case 'e':
      return fmt::format("{:.{}e}", d, precision);
    case 'f':
      return fmt::format("{:.{}f}", d, precision);
    default:
      return fmt::format("{:.{}g}", d, precision == 0 ? 1 : precision);
  }
}

std::string text_of(const Value& value, Meter& meter) {
  Printer printer(meter);
  printer.value(value);
  return printer.take();
}

std::string Value::to_text() const {
  Meter meter;
  try {
    return text_of(*this, meter);
  } catch (const Panic& p) {
    return std::string("(") + p.what() + ")";
  }
}

std::string month_name(std::int64_t month) {
  constexpr std::array kNames = {"January", "February", "March",     "April",   "May",      "June",
                                 "July",    "August",   "September", "October", "November", "December"};
  if (month < 1 || month > 12) return fmt::format("%!Month({})", month);
  return kNames[static_cast<std::size_t>(month - 1)];
}

std::string weekday_name(std::int64_t weekday) {
  constexpr std::array kNames = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                 "Thursday", "Friday", "Saturday"};
  if (weekday < 0 || weekday > 6) return fmt::format("%!Weekday({})", weekday);
  return kNames[static_cast<std::size_t>(weekday)];
}

}  // namespace skiff::spec::expr
