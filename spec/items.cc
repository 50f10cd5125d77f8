// Expands loops. Argo keeps an item as raw JSON text and cuts its quotes off for names and for the values of
// a map's keys, so escapes stay visible there; therefore items are handled here as raw text, too.
#include "spec/items.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace skiff::spec {
namespace {

/// An item is part of a node's name: a cluster keeps no such object anyway.
constexpr std::size_t kMaxItemBytes = std::size_t{256} << 10U;
constexpr std::size_t kMaxSequenceBytes = std::size_t{16} << 20U;

/// Valid JSON text without the white space between its tokens; < > & and the line separators are escaped, as
/// Go's encoding/json does.
std::string compact(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    if (c == '"') quoted = !quoted;
    if (c == '<' || c == '>' || c == '&') {
      out += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026";
      continue;
    }
    const std::string_view three = json.substr(i, 3);
    if (three == "\xE2\x80\xA8" || three == "\xE2\x80\xA9") {
      out += three.back() == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
      continue;
    }
    out += c;
    if (quoted && c == '\\') out += json[++i];
  }
  return out;
}

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// Item.String(): the JSON text, a string's without its quotes, and without Go's escapes of < > &.
std::string go_string(std::string_view raw) {
  if (raw.starts_with('"')) raw = raw.substr(1, raw.size() - 2);
  std::string out(raw);
  if (out.find("\\u00") == std::string::npos) return out;
  out = replace_all(std::move(out), "\\u003c", "<");
  out = replace_all(std::move(out), "\\u003e", ">");
  return replace_all(std::move(out), "\\u0026", "&");
}

/// The end of the value that begins at `at` in compact JSON.
std::size_t value_end(std::string_view json, std::size_t at) {
  int depth = 0;
  bool quoted = false;
  for (; at < json.size(); ++at) {
    const char c = json[at];
    if (quoted) {
      if (c == '\\') ++at;
      quoted = c != '"';
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if ((c == ',' || c == ':' || c == ']' || c == '}') && depth == 0) return at;
    if (c == ']' || c == '}') --depth;
  }
  return at;
}

/// The elements of a compact array, or the keys and values of an object in turns.
std::vector<std::string_view> parts(std::string_view json) {
  std::vector<std::string_view> out;
  for (std::size_t at = 1; at + 1 < json.size();) {
    const std::size_t end = value_end(json, at);
    out.push_back(json.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

/// Letters, digits and the like, that mean the same in JSON, in a name and as a value: most items, and not
/// worth a parser's time.
bool stands_for_itself(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::string decoded(std::string_view raw_string) {
  const std::string_view inner =
      raw_string.size() < 2 ? std::string_view() : raw_string.substr(1, raw_string.size() - 2);
  if (raw_string.starts_with('"') && stands_for_itself(inner)) return std::string(inner);
  const auto json = parse_json(raw_string);
  return json && json->is_string() ? json->as_string() : std::string(raw_string);
}

std::string node_suffix(std::size_t index, std::string description) {
  std::erase_if(description, [](char c) { return c == '(' || c == ')'; });
  return std::to_string(index) + ":" + description;
}

LoopItem map_item(std::size_t index, std::string_view raw) {
  const std::vector<std::string_view> members = parts(raw);
  std::vector<std::pair<std::string, std::string_view>> sorted;
  for (std::size_t i = 0; i + 1 < members.size(); i += 2) {
    std::string key = decoded(members[i]);
    const auto same =
        std::find_if(sorted.begin(), sorted.end(), [&](const auto& m) { return m.first == key; });
    if (same != sorted.end()) {
      same->second = members[i + 1];
    } else {
      sorted.emplace_back(std::move(key), members[i + 1]);
    }
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  LoopItem out;
  std::vector<std::string> words;
  out.item = "{";
  for (const auto& [key, value] : sorted) {
    if (out.item.size() > 1) out.item += ',';
    out.item += quote_json(key, true) + ":";
    out.item += value;
    out.keys.emplace_back(key, go_string(value));
    words.push_back(key + ":" + out.keys.back().second);
  }
  out.item += '}';
  std::sort(words.begin(), words.end());
  out.suffix = node_suffix(index, fmt::format("{}", fmt::join(words, ",")));
  return out;
}

LoopItem list_item(std::size_t index, std::string_view raw) {
  LoopItem out;
  out.item = raw;
  std::vector<std::string> words;
  if (raw != "null") {
    for (const std::string_view part : parts(raw)) words.push_back(go_string(part));
  }
  out.suffix = node_suffix(index, fmt::format("[{}]", fmt::join(words, " ")));
  return out;
}

LoopItem make_item(std::size_t index, std::string_view raw) {
  if (raw.starts_with('{')) return map_item(index, raw);
  if (raw.starts_with('[') || raw == "null") return list_item(index, raw);
  LoopItem out;
  out.item = raw.starts_with('"') ? decoded(raw) : std::string(raw);
  out.suffix = node_suffix(index, go_string(raw));
  return out;
}

std::string too_many(std::string_view what, std::size_t count) {
  return fmt::format("{} gives {} items, more than the {} that one loop may have", what, count,
                     kMaxLoopItems);
}

/// strconv.Atoi.
std::optional<std::int64_t> parse_int(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Where the sequence starts and ends; false with an error, or without one where it has no items.
bool read_bounds(const SequenceBounds& sequence, std::int64_t& start, std::int64_t& end, std::string& error) {
  const auto read = [&error](std::string_view field, const std::optional<std::string>& text) -> std::int64_t {
    if (!text) return 0;
    const auto value = parse_int(*text);
    if (!value && error.empty()) {
      error = fmt::format(
          "strconv.Atoi: parsing {}: invalid syntax (hint: withSequence.{} must be a whole number)",
          quote_json(*text), field);
    }
    return value.value_or(0);
  };
  start = read("start", sequence.start);
  if (sequence.end) {
    end = read("end", sequence.end);
  } else if (sequence.count) {
    const std::int64_t count = read("count", sequence.count);
    if (error.empty() && count == 0) return false;
    std::int64_t last = 0;
    if (__builtin_sub_overflow(count, 1, &last) || __builtin_add_overflow(start, last, &end)) {
      error = "withSequence.count is beyond what 64 bits can hold";
    }
  } else {
    error = "neither end nor count was specified in withSequence";
  }
  return error.empty();
}

/// The item of a number's text, or an error. Numbers and most other texts are items as they stand.
LoopItem sequence_item(std::size_t index, std::string text, const std::string& format, std::string& error) {
  LoopItem out;
  if (stands_for_itself(text)) {
    out.suffix = fmt::format("{}:{}", index, text);
    out.item = std::move(text);
    return out;
  }
  const std::string raw = "\"" + text + "\"";
  const auto valid = parse_json(raw);
  if (!valid || !valid->is_string()) {
    error = fmt::format("withSequence.format {} makes the item {}, which is no JSON string", format, raw);
    return out;
  }
  return make_item(index, compact(raw));
}

}  // namespace

void LoopItem::add_to(Scope& scope) const {
  scope.set("item", item);
  for (const auto& [key, value] : keys) scope.set("item." + key, value);
}

LoopItems expand_items(const Json::Array& items) {
  LoopItems out;
  if (items.size() > kMaxLoopItems) {
    out.error = too_many("withItems", items.size());
    return out;
  }
  out.items.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    out.items.push_back(
        make_item(i, to_json(items[i], {.indent = 0, .escape_html = true, .sort_keys = true})));
  }
  return out;
}

LoopItems expand_param(std::string_view text) {
  LoopItems out;
  JsonError problem;
  const auto json = parse_json(text, &problem);
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  std::string_view trimmed = begin == std::string_view::npos ? std::string_view() : text.substr(begin);
  trimmed = trimmed.substr(0, trimmed.find_last_not_of(" \t\r\n") + 1);
  if (json && json->is_null()) return out;
  if (!json || !json->is_array()) {
    const std::string why = json ? "it is JSON, but no list" : problem.message;
    out.error = fmt::format(
        "withParam value could not be parsed as a JSON list: {}: {} (hint: print a JSON list, as [\"a\", "
        "\"b\"])",
        trimmed.size() > 1000 ? trimmed.substr(0, 1000) : trimmed, why);
    return out;
  }
  if (json->size() > kMaxLoopItems) {
    out.error = too_many("withParam", json->size());
    return out;
  }
  const std::string raw = compact(trimmed);
  const std::vector<std::string_view> elements = parts(raw);
  out.items.reserve(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) out.items.push_back(make_item(i, elements[i]));
  return out;
}

SequenceBounds SequenceBounds::from_json(const Json& with_sequence) {
  const auto bound = [&](std::string_view key) -> std::optional<std::string> {
    const Json& value = with_sequence.get(key);
    if (value.is_string()) return value.as_string();
    if (value.is_number()) return value.number_text();
    return std::nullopt;
  };
  SequenceBounds out;
  out.start = bound("start");
  out.end = bound("end");
  out.count = bound("count");
  out.format = with_sequence.get_string("format");
  return out;
}

LoopItems expand_sequence(const SequenceBounds& sequence) {
  LoopItems out;
  std::int64_t start = 0;
  std::int64_t end = 0;
  if (!read_bounds(sequence, start, end, out.error)) return out;
  const std::uint64_t steps = start <= end
                                  ? static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start)
                                  : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(end);
  if (steps >= kMaxLoopItems) {
    out.error = too_many("withSequence", steps == UINT64_MAX ? steps : steps + 1);
    return out;
  }
  const std::string format = sequence.format.empty() ? "%d" : sequence.format;
  out.items.reserve(steps + 1);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i <= steps; ++i) {
    const auto offset = static_cast<std::int64_t>(i);
    std::string text = go_format_int(format, start <= end ? start + offset : start - offset, kMaxItemBytes);
    bytes += text.size();
    if (text.size() > kMaxItemBytes || bytes > kMaxSequenceBytes) {
      out.error = fmt::format(
          "withSequence.format {} makes items that are too long: one may have {} KB, all of them {} MB",
          format, kMaxItemBytes >> 10U, kMaxSequenceBytes >> 20U);
    } else {
      out.items.push_back(sequence_item(i, std::move(text), format, out.error));
    }
    if (!out.error.empty()) {
      out.items.clear();
      return out;
    }
  }
  return out;
}

}  // namespace skiff::spec
