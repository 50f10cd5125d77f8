// fmt.Sprintf of Go with one int argument, as withSequence.format uses it: flags, width, precision, every
// verb that an int takes, and Go's %!… notes for the rest.
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spec/expr/unicode.h"
#include "spec/items.h"

namespace skiff::spec {
namespace {

constexpr std::int64_t kMaxWidth = 1'000'000;  ///< Go's own limit for width and precision

std::string utf8(std::int64_t rune) {
  const bool valid = rune >= 0 && rune <= 0x10FFFF && !(rune >= 0xD800 && rune <= 0xDFFF);
  std::string out;
  expr::append_rune(out, valid ? static_cast<char32_t>(rune) : expr::kRuneError);
  return out;
}

class Formatter {
 public:
  Formatter(std::string_view format, std::int64_t n, std::size_t most)
      : format_(format), n_(n), most_(most) {}

  std::string run() {
    while (at_ < format_.size() && out_.size() <= most_) {
      const std::size_t percent = format_.find('%', at_);
      out_ += format_.substr(at_, percent - at_);
      if (percent == std::string_view::npos) break;
      at_ = percent + 1;
      directive();
    }
    if (!indexed_ && used_ == 0) out_ += fmt::format("%!(EXTRA int={})", n_);
    return std::move(out_);
  }

 private:
  struct Spec {
    bool plus = false, minus = false, sharp = false, space = false, zero = false;
    std::optional<std::int64_t> width, precision;
    bool bad_index = false;
  };

  [[nodiscard]] char peek() const { return at_ < format_.size() ? format_[at_] : '\0'; }

  /// parsenum: of a number that is too large it gives up the rest of the format.
  std::optional<std::int64_t> number() {
    std::optional<std::int64_t> value;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      if (value.value_or(0) > kMaxWidth) {
        at_ = format_.size();
        return std::nullopt;
      }
      value = value.value_or(0) * 10 + (peek() - '0');
    }
    return value;
  }

  /// "[1]" before a verb or a *: which argument is meant.
  void index(Spec& spec) {
    if (peek() != '[') return;
    indexed_ = true;
    const std::size_t from = ++at_;
    const auto value = number();
    if (peek() != ']' || !value || *value != 1) {
      spec.bad_index = true;
      if (!value) at_ = from;
      const std::size_t close = format_.find(']', at_);
      if (close != std::string_view::npos) at_ = close + 1;
      return;
    }
    ++at_;
    used_ = 0;
  }

  std::optional<std::int64_t> star(std::string_view complaint) {
    ++at_;
    if (used_++ == 0 && n_ >= -kMaxWidth && n_ <= kMaxWidth) return n_;
    out_ += complaint;
    return std::nullopt;
  }

  void read(Spec& spec) {
    for (;; ++at_) {
      const char c = peek();
      if (c == '+') {
        spec.plus = true;
      } else if (c == '-') {
        spec.minus = true;
        spec.zero = false;
      } else if (c == '#') {
        spec.sharp = true;
      } else if (c == ' ') {
        spec.space = true;
      } else if (c == '0') {
        spec.zero = !spec.minus;
      } else {
        break;
      }
    }
    index(spec);
    if (peek() == '*') {
      spec.width = star("%!(BADWIDTH)");
      if (spec.width && *spec.width < 0) {
        spec.width = -*spec.width;
        spec.minus = true;
        spec.zero = false;
      }
    } else {
      spec.width = number();
    }
    if (peek() == '.') {
      ++at_;
      index(spec);
      if (peek() == '*') {
        spec.precision = star("%!(BADPREC)");
        if (spec.precision && *spec.precision < 0) spec.precision.reset();
      } else {
        spec.precision = number().value_or(0);
      }
    }
    index(spec);
  }

  void directive() {
    Spec spec;
    read(spec);
    if (at_ == format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    std::size_t length = 1;
    while (at_ + length < format_.size() &&
           (static_cast<unsigned char>(format_[at_ + length]) & 0xC0U) == 0x80U) {
      ++length;
    }
    const std::string_view verb = format_.substr(at_, length);
    at_ += length;
    if (verb == "%") {
      out_ += '%';
    } else if (spec.bad_index) {
      out_ += fmt::format("%!{}(BADINDEX)", verb);
    } else if (used_++ > 0) {
      out_ += fmt::format("%!{}(MISSING)", verb);
    } else {
      print(verb, spec);
    }
  }

  void print(std::string_view verb, const Spec& spec) {
    switch (verb.size() == 1 ? verb[0] : '\0') {
      case 'd':
      case 'v':
        return integer(10, "", false, spec);
      case 'b':
        return integer(2, spec.sharp ? "0b" : "", false, spec);
      case 'o':
        return integer(8, spec.sharp ? "0" : "", false, spec);
      case 'O':
        return integer(8, "0o", false, spec);
      case 'x':
        return integer(16, spec.sharp ? "0x" : "", false, spec);
      case 'X':
        return integer(16, spec.sharp ? "0X" : "", true, spec);
      case 'c':
        return pad(utf8(n_), 1, spec);
      case 'q':
        return quoted(spec);
      case 'U':
        return unicode(spec);
      case 'T':
        return pad("int", 3, spec);
      default:
        out_ += fmt::format("%!{}(int={})", verb, n_);
    }
  }

  void pad(const std::string& text, std::size_t columns, const Spec& spec) {
    const auto width = static_cast<std::size_t>(spec.width.value_or(0));
    const std::string blanks(width > columns ? width - columns : 0, spec.zero ? '0' : ' ');
    out_ += spec.minus ? text + blanks : blanks + text;
  }

  void integer(int base, std::string_view prefix, bool upper, const Spec& spec) {
    const bool negative = n_ < 0;
    const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(n_) : static_cast<std::uint64_t>(n_);
    const char* const table = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string digits;
    for (std::uint64_t rest = size; rest > 0 || digits.empty(); rest /= static_cast<unsigned>(base)) {
      digits.insert(digits.begin(), table[rest % static_cast<unsigned>(base)]);
    }
    std::size_t wanted = static_cast<std::size_t>(spec.precision.value_or(0));
    if (spec.precision == 0 && n_ == 0) digits.clear();
    const bool sign = negative || spec.plus || spec.space;
    if (!spec.precision && spec.zero && spec.width) {
      wanted = static_cast<std::size_t>(*spec.width);
      if (sign && wanted > 0) --wanted;
    }
    if (digits.size() < wanted) digits.insert(0, wanted - digits.size(), '0');
    if (prefix == "0" && digits.starts_with('0')) prefix = "";
    std::string text = negative ? "-" : spec.plus ? "+" : spec.space ? " " : "";
    text += prefix;
    text += digits;
    Spec blanks = spec;
    blanks.zero = false;
    pad(text, text.size(), blanks);
  }

  void quoted(const Spec& spec) {
    std::string body = utf8(n_);
    if (n_ == '\'' || n_ == '\\') body.insert(0, 1, '\\');
    if (n_ == '\n') body = "\\n";
    if (n_ == '\t') body = "\\t";
    if (n_ == '\r') body = "\\r";
    if (n_ >= 0 && n_ < 0x20 && body.size() == 1) body = fmt::format("\\x{:02x}", n_);
    if (n_ == 0x7F) body = "\\x7f";
    pad("'" + body + "'", body.size() + 2, spec);
  }

  void unicode(const Spec& spec) {
    const int digits = static_cast<int>(spec.precision && *spec.precision > 4 ? *spec.precision : 4);
    std::string text = fmt::format("U+{:0{}X}", static_cast<std::uint64_t>(n_), digits);
    if (spec.sharp) text += " '" + utf8(n_) + "'";
    Spec blanks = spec;
    blanks.zero = false;
    pad(text, text.size(), blanks);
  }

  std::string_view format_;
  std::int64_t n_;
  std::size_t most_;
  std::size_t at_ = 0;
  int used_ = 0;          ///< arguments consumed so far
  bool indexed_ = false;  ///< Go counts no extra arguments once an index was used
  std::string out_;
};

}  // namespace

std::string go_format_int(std::string_view format, std::int64_t n, std::size_t most) {
  return Formatter(format, n, most).run();
}

}  // namespace skiff::spec
