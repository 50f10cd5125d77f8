// JSON values as block-style YAML, in the layout of sigs.k8s.io/yaml: lists at the indentation of their key.
//
// A string is left bare only if neither YAML 1.1 nor 1.2 could take it for anything else; texts of several
// lines become literal blocks where a block can hold them exactly, else double-quoted text.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "spec/json.h"

namespace skiff::spec {

namespace {

bool is_word_of_yaml(std::string_view s) {
  static constexpr std::array<std::string_view, 16> kWords{"y",     "n",     "yes",  "no",  "on",   "off",
                                                           "true",  "false", "null", "nan", ".nan", ".inf",
                                                           "+.inf", "-.inf", "~",    "<<"};
  std::string lower(s);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(kWords, lower) != kWords.end();
}

/// Anything that begins like a number or a date: cheaper to quote a few words too many than to mistake one.
bool is_number_like(std::string_view s) {
  const std::size_t i = s.front() == '-' || s.front() == '+' || s.front() == '.' ? 1 : 0;
  return i < s.size() && s[i] >= '0' && s[i] <= '9' &&
         s.find_first_not_of("0123456789abcdefABCDEFxXoO_.,:+-TtZz ") == std::string_view::npos;
}

bool has_special_byte(std::string_view s) {
  return std::ranges::any_of(s, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

/// Characters outside ASCII that YAML readers treat as line breaks or refuse: NEL, LS, PS, BOM, C1 controls.
bool has_odd_unicode(std::string_view s) {
  for (std::size_t i = 0; i + 1 < s.size(); ++i) {
    const auto a = static_cast<unsigned char>(s[i]);
    const auto b = static_cast<unsigned char>(s[i + 1]);
    if (a == 0xC2 && b < 0xA0) return true;
    if (i + 2 >= s.size()) continue;
    const auto c = static_cast<unsigned char>(s[i + 2]);
    if (a == 0xE2 && b == 0x80 && (c == 0xA8 || c == 0xA9)) return true;
    if (a == 0xEF && ((b == 0xBB && c == 0xBF) || (b == 0xBF && c >= 0xBE))) return true;
  }
  return false;
}

bool can_be_plain(std::string_view s) {
  if (s.empty() || s.front() == ' ' || s.back() == ' ' || s.back() == ':') return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=<").find(s.front()) != std::string_view::npos) {
    const bool dash_word = s.front() == '-' && s.size() > 1 && s[1] != ' ' && s[1] != '-' && s[1] != '.';
    if (!dash_word) return false;
  }
  if (has_special_byte(s) || has_odd_unicode(s)) return false;
  if (s.find(": ") != std::string_view::npos || s.find(" #") != std::string_view::npos) return false;
  if (s.starts_with("...") || s.starts_with("---")) return false;
  return !is_word_of_yaml(s) && !is_number_like(s);
}

/// A literal block keeps these texts letter by letter: no tabs or blanks at a line's edge, no control
/// characters.
bool can_be_block(std::string_view s) {
  if (s.find('\n') == std::string_view::npos || s.front() == '\n' || s.front() == ' ' || s.front() == '\t')
    return false;
  if (has_odd_unicode(s) || s.ends_with("\n\n")) return false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const auto c = static_cast<unsigned char>(s[i]);
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) return false;
    const bool line_ends = i + 1 == s.size() || s[i + 1] == '\n';
    if ((c == ' ' || c == '\t') && line_ends) return false;
  }
  return true;
}

class YamlWriter {
 public:
  void document(const Json& value) {
    if (is_block(value)) {
      block(value, 0, false);
      return;
    }
    out_ += flow(value);
    out_ += '\n';
  }
  std::string take() { return std::move(out_); }

 private:
  static bool is_block(const Json& value) {
    return (value.is_array() || value.is_object()) && !value.empty();
  }

  void indent(std::size_t depth) { out_.append(depth, ' '); }

  /// `inline_first`: the first line is already indented, after a dash.
  void block(const Json& value, std::size_t depth, bool inline_first) {
    bool first = true;
    if (value.is_array()) {
      for (const Json& item : value.as_array()) {
        if (!(first && inline_first)) indent(depth);
        first = false;
        out_ += '-';
        child(item, depth, depth + 2, true);
      }
      return;
    }
    for (const auto& [key, member] : value.as_object()) {
      if (!(first && inline_first)) indent(depth);
      first = false;
      write_key(key, depth);
      child(member, depth, member.is_array() ? depth : depth + 2, false);
    }
  }

  void child(const Json& value, std::size_t depth, std::size_t inner, bool after_dash) {
    if (is_block(value)) {
      out_ += after_dash ? ' ' : '\n';
      block(value, inner, after_dash);
      return;
    }
    out_ += ' ';
    if (value.is_string() && can_be_block(value.as_string())) {
      literal(value.as_string(), depth + 2);
      return;
    }
    out_ += flow(value);
    out_ += '\n';
  }

  void literal(std::string_view text, std::size_t depth) {
    const bool ends_line = text.ends_with('\n');
    out_ += ends_line ? "|\n" : "|-\n";
    if (ends_line) text.remove_suffix(1);
    while (true) {
      const auto end = text.find('\n');
      const auto line = text.substr(0, end);
      if (!line.empty()) indent(depth);
      out_ += line;
      out_ += '\n';
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }

  static std::string quoted(std::string_view s) {
    std::string text = quote_json(s);  // JSON's escapes are YAML's too …
    for (std::size_t at = text.find('\x7F'); at != std::string::npos; at = text.find('\x7F', at)) {
      text.replace(at, 1, "\\x7F");  // … but YAML forbids this one to stand bare
    }
    if (!has_odd_unicode(text)) return text;
    std::string escaped;
    for (std::size_t i = 0; i < text.size();) {
      const auto rest = std::string_view(text).substr(i);
      const std::size_t length = odd_length(rest);
      if (length == 0) {
        escaped += text[i++];
        continue;
      }
      escaped += escape(rest.substr(0, length));
      i += length;
    }
    return escaped;
  }

  static std::size_t odd_length(std::string_view s) {
    if (has_odd_unicode(s.substr(0, 2))) return 2;
    return has_odd_unicode(s.substr(0, 3)) && !has_odd_unicode(s.substr(1, 2)) ? 3 : 0;
  }

  static std::string escape(std::string_view sequence) {
    unsigned code = static_cast<unsigned char>(sequence[0]) & (sequence.size() == 2 ? 0x1Fu : 0x0Fu);
    for (const char c : sequence.substr(1)) code = (code << 6u) | (static_cast<unsigned char>(c) & 0x3Fu);
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string text = "\\u";
    for (unsigned shift = 16; shift > 0; shift -= 4) text += kHex[(code >> (shift - 4)) & 0xFu];
    return text;
  }

  static std::string single_line(std::string_view s) {
    if (can_be_plain(s)) return std::string(s);
    const bool simple = !has_special_byte(s) && !has_odd_unicode(s);
    if (!simple || s.find('\'') != std::string_view::npos || s.find('"') == std::string_view::npos)
      return quoted(s);
    return "'" + std::string(s) + "'";
  }

  /// A key of more than 1,024 characters has to be announced.
  void write_key(std::string_view key, std::size_t depth) {
    constexpr std::size_t kLongest = 900;
    const std::string text = single_line(key);
    if (text.size() > kLongest) {
      out_ += "? " + text + '\n';
      indent(depth);
    } else {
      out_ += text;
    }
    out_ += ':';
  }

  static std::string flow(const Json& value) {
    if (value.is_string()) return single_line(value.as_string());
    return to_json(value);  // null, booleans, numbers, [] and {} read the same in YAML
  }

  std::string out_;
};

}  // namespace

std::string to_yaml(const Json& value) {
  YamlWriter writer;
  writer.document(value);
  return writer.take();
}

}  // namespace skiff::spec
