// sprig's functions on words and letters: snake, kebab and camel case, titles, wrapping, random texts.
#include <re2/re2.h>

#include <algorithm>

#include "spec/expr/sprig_impl.h"
#include "spec/expr/unicode.h"

namespace skiff::spec::expr::sprig {
namespace {

std::string_view text(const Value& v) { return v.as_string(); }

std::vector<char32_t> runes(std::string_view s) {
  std::vector<char32_t> out;
  while (!s.empty()) {
    const Rune rune = decode_rune(s);
    out.push_back(rune.value);
    s.remove_prefix(rune.size);
  }
  return out;
}

std::string from_runes(const std::vector<char32_t>& list) {
  std::string out;
  for (const char32_t r : list) append_rune(out, r);
  return out;
}

bool in_class(char32_t r, const re2::RE2& wanted) {
  std::string utf8;
  append_rune(utf8, r);
  return re2::RE2::FullMatch(utf8, wanted);
}

bool is_punct(char32_t r) {
  if (r < 0x80)
    return std::string_view("!\"#%&'()*,-./:;?@[\\]_{}").find(static_cast<char>(r)) != std::string_view::npos;
  static const re2::RE2 punct("\\p{P}");
  return in_class(r, punct);
}

bool is_number(char32_t r) {
  if (r < 0x80) return r >= '0' && r <= '9';
  static const re2::RE2 number("\\p{N}");
  return in_class(r, number);
}

bool is_connector(char32_t r) { return r == '-' || r == '_' || is_space(r); }

/// Splits a name into words as xstrings does: "HTTP20xOK" has the words HTTP, 20, x and OK.
class Words {
 public:
  enum class Kind { none, number, upper, alphabet, connector, punct, other };
  struct Word {
    Kind kind = Kind::none;
    std::vector<char32_t> runes;
  };

  explicit Words(std::string_view s) {
    for (const char32_t r : expr::sprig::runes(s)) {
      if (r != kRuneError) runes_.push_back(r);
    }
  }

  [[nodiscard]] bool done() const { return at_ == runes_.size(); }

  Word next() {
    Word word;
    if (done()) return word;
    const std::size_t begin = at_;
    const char32_t first = runes_[at_++];
    if (is_connector(first)) {
      word.kind = Kind::connector;
      skip(is_connector);
    } else if (is_punct(first)) {
      word.kind = Kind::punct;
      skip(is_punct);
    } else if (is_upper(first)) {
      word.kind = Kind::upper;
      take_upper();
    } else if (is_letter(first)) {
      word.kind = Kind::alphabet;
      skip(is_small);
    } else if (is_number(first)) {
      word.kind = Kind::number;
      skip(is_number);
    } else {
      word.kind = Kind::other;
      skip([](char32_t r) { return !is_connector(r) && !is_letter(r) && !is_number(r) && !is_punct(r); });
    }
    word.runes.assign(runes_.begin() + static_cast<std::ptrdiff_t>(begin),
                      runes_.begin() + static_cast<std::ptrdiff_t>(at_));
    return word;
  }

 private:
  static bool is_small(char32_t r) { return is_letter(r) && !is_upper(r); }

  template <typename Wanted>
  void skip(Wanted wanted) {
    while (!done() && wanted(runes_[at_])) ++at_;
  }

  /// "Server" is one word; of "HTTPStatus" the last capital belongs to the next word.
  void take_upper() {
    if (done()) return;
    if (!is_upper(runes_[at_])) return skip(is_small);
    skip(is_upper);
    if (!done() && is_letter(runes_[at_])) --at_;
  }

  std::vector<char32_t> runes_;
  std::size_t at_ = 0;
};

class LowerCase {
 public:
  LowerCase(std::string_view s, char connector) : words_(s), connector_(connector) {}

  std::string run() {
    Words::Word word = words_.next();
    while (!words_.done()) {
      if (word.kind != Kind::connector) write(word);
      const Words::Word last = word;
      word = words_.next();
      if (last.kind == Kind::number) {
        word = rest_of_number(word);
      } else if (last.kind == Kind::connector) {
        write(last);
      } else if (last.kind != Kind::punct) {
        word = after_letters(word);
      }
    }
    write(word);
    return std::move(out_);
  }

 private:
  using Kind = Words::Kind;

  static bool joins(Kind kind) { return kind == Kind::alphabet || kind == Kind::number; }
  static bool separates(Kind kind) { return kind == Kind::connector || kind == Kind::punct; }

  Words::Word rest_of_number(Words::Word word) {
    while (joins(word.kind)) {
      write(word);
      word = words_.next();
    }
    if (word.kind != Kind::none && !separates(word.kind)) out_ += connector_;
    return word;
  }

  /// A number after letters belongs to them ("bld4_floor"), unless small letters follow it ("http_2xx").
  Words::Word after_letters(Words::Word word) {
    if (word.kind != Kind::number) {
      if (!separates(word.kind)) out_ += connector_;
      return word;
    }
    if (words_.done()) return word;
    const Words::Word number = word;
    word = words_.next();
    if (word.kind != Kind::alphabet) {
      write(number);
      if (!separates(word.kind)) out_ += connector_;
      return word;
    }
    out_ += connector_;
    write(number);
    return rest_of_number(std::move(word));
  }

  void write(const Words::Word& word) {
    const bool change = word.kind == Kind::upper || word.kind == Kind::connector;
    for (const char32_t r : word.runes)
      append_rune(out_, !change ? r : is_connector(r) ? static_cast<char32_t>(connector_) : lower_rune(r));
  }

  Words words_;
  char connector_;
  std::string out_;
};

/// xstrings.ToPascalCase: connectors at the beginning stay, of several in a row all but the last; a word that
/// begins with a capital loses the capitals that follow it directly ("GOLANG" becomes "Golang").
std::string pascal_case(std::string_view s) {
  const std::vector<char32_t> in = runes(s);
  std::vector<char32_t> out;
  std::size_t i = 0;
  while (i < in.size() && is_connector(in[i])) out.push_back(in[i++]);
  if (i == in.size()) {
    if (!in.empty()) out.push_back(in.back());  // as the library does: the last one comes twice
    return from_runes(out);
  }
  bool capitals = is_upper(in[i]);
  char32_t current = upper_rune(in[i++]);
  for (; i < in.size(); ++i) {
    const char32_t before = current;
    current = in[i];
    if (is_connector(before) && !is_connector(current)) {
      capitals = is_upper(current);
      current = upper_rune(current);
      continue;
    }
    out.push_back(before);
    if (is_connector(before)) continue;
    capitals = capitals && is_upper(current);
    if (capitals) current = lower_rune(current);
  }
  out.push_back(current);
  return from_runes(out);
}

/// strings.Title.
std::string title(std::string_view s) {
  const auto separates = [](char32_t r) {
    if (r < 0x80) return !is_letter(r) && !is_digit(r) && r != '_';
    return !is_letter(r) && !is_digit(r) && is_space(r);
  };
  char32_t before = ' ';
  std::string out;
  for (const char32_t r : runes(s)) {
    append_rune(out, separates(before) ? upper_rune(r) : r);
    before = r;
  }
  return out;
}

std::string untitle(std::string_view s) {
  std::string out;
  bool next = true;
  for (const char32_t r : runes(s)) {
    if (is_space(r)) {
      next = true;
      append_rune(out, r);
    } else {
      append_rune(out, next ? lower_rune(r) : r);
      next = false;
    }
  }
  return out;
}

std::string swap_case(std::string_view s) {
  std::string out;
  for (const char32_t r : runes(s))
    append_rune(out, is_upper(r) ? lower_rune(r) : is_lower(r) ? upper_rune(r) : r);
  return out;
}

bool is_space_byte(char c) { return is_space(static_cast<unsigned char>(c)); }

/// Byte by byte, as goutils does: letters beyond ASCII come out broken there, too.
std::string initials(std::string_view s) {
  std::string out;
  bool gap = true;
  for (const char c : s) {
    const bool space = is_space_byte(c);
    if (gap && !space) append_rune(out, static_cast<unsigned char>(c));
    gap = space;
  }
  return out;
}

std::string without_space(std::string_view s) {
  if (std::none_of(s.begin(), s.end(), is_space_byte)) return std::string(s);
  std::string out;
  for (const char c : s) {
    if (!is_space_byte(c)) append_rune(out, static_cast<unsigned char>(c));
  }
  return out;
}

std::string wrap(std::string_view s, std::int64_t columns, std::string_view newline, bool long_words) {
  if (newline.empty()) newline = "\n";
  const auto width = static_cast<std::size_t>(columns < 1 ? 1 : columns);
  std::string out;
  std::size_t at = 0;
  while (s.size() - at > width) {
    if (s[at] == ' ') {
      ++at;
      continue;
    }
    std::size_t end = s.substr(at, width + 1).rfind(' ');
    std::size_t skip = 1;
    if (end == std::string_view::npos && long_words) {
      end = width;
      skip = 0;
    } else if (end == std::string_view::npos) {
      end = s.find(' ', at + width);
      if (end == std::string_view::npos) {
        out += s.substr(at);
        return out;
      }
      end -= at;
    }
    out += s.substr(at, end);
    out += newline;
    limit_bytes(out.size());
    at += end + skip;
  }
  out += s.substr(at);
  return out;
}

std::string random_text(std::int64_t count, std::string_view alphabet) {
  if (count < 0) return "";
  limit_bytes(static_cast<std::uint64_t>(count));
  std::string out;
  const std::size_t fair = 256 / alphabet.size() * alphabet.size();
  while (out.size() < static_cast<std::size_t>(count)) {
    for (const char c : random_bytes(static_cast<std::size_t>(count) - out.size())) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < fair) out += alphabet[byte % alphabet.size()];
    }
  }
  return out;
}

std::size_t random_below(std::size_t limit) {
  const std::string bytes = random_bytes(8);
  std::uint64_t n = 0;
  for (const char c : bytes) n = n << 8U | static_cast<unsigned char>(c);
  return static_cast<std::size_t>(n % limit);
}

std::string shuffle(std::string_view s) {
  std::vector<char32_t> list = runes(s);
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random_below(i)]);
  return from_runes(list);
}

void add_random(Table& t) {
  const Type* s = Type::string();
  const Type* i = Type::integer();
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static constexpr std::string_view kAlnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  t.add("randAlpha", {i}, s, [](Args a) -> Value { return random_text(a[0].as_int(), kLetters); });
  t.add("randAlphaNum", {i}, s, [](Args a) -> Value { return random_text(a[0].as_int(), kAlnum); });
  t.add("randNumeric", {i}, s, [](Args a) -> Value { return random_text(a[0].as_int(), "0123456789"); });
  t.add("randAscii", {i}, s, [](Args a) -> Value {
    std::string ascii;
    for (char c = ' '; c < 0x7F; ++c) ascii += c;
    return random_text(a[0].as_int(), ascii);
  });
  t.add("randInt", {i, i}, i, [](Args a) -> Value {
    const std::int64_t low = a[0].as_int();
    const std::int64_t high = a[1].as_int();
    if (high <= low) throw Panic("invalid argument to Intn", "randInt(min, max) needs min < max");
    return {low + static_cast<std::int64_t>(random_below(static_cast<std::size_t>(high - low)))};
  });
  t.add("shuffle", {s}, s, [](Args a) -> Value { return shuffle(text(a[0])); });
}

}  // namespace

void add_cases(Table& t) {
  const Type* s = Type::string();
  const Type* i = Type::integer();
  t.add("upper", {s}, s, [](Args a) -> Value { return upper(text(a[0])); });
  t.add("lower", {s}, s, [](Args a) -> Value { return lower(text(a[0])); });
  t.add("title", {s}, s, [](Args a) -> Value { return title(text(a[0])); });
  t.add("untitle", {s}, s, [](Args a) -> Value { return untitle(text(a[0])); });
  t.add("swapcase", {s}, s, [](Args a) -> Value { return swap_case(text(a[0])); });
  t.add("snakecase", {s}, s, [](Args a) -> Value { return LowerCase(text(a[0]), '_').run(); });
  t.add("kebabcase", {s}, s, [](Args a) -> Value { return LowerCase(text(a[0]), '-').run(); });
  t.add("camelcase", {s}, s, [](Args a) -> Value { return pascal_case(text(a[0])); });
  t.add("initials", {s}, s, [](Args a) -> Value { return initials(text(a[0])); });
  t.add("nospace", {s}, s, [](Args a) -> Value { return without_space(text(a[0])); });
  t.add("wrap", {i, s}, s, [](Args a) -> Value { return wrap(text(a[1]), a[0].as_int(), "", false); });
  t.add("wrapWith", {i, s, s}, s,
        [](Args a) -> Value { return wrap(text(a[2]), a[0].as_int(), text(a[1]), true); });
  add_random(t);
}

}  // namespace skiff::spec::expr::sprig
