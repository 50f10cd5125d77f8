// Findings as text: for people, for scripts.
#include "spec/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace skiff::spec {

namespace {

constexpr std::size_t kWidest = 160;  // of a source line that is shown

std::string_view color_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "\x1b[1;31m";
    case Severity::warning:
      return "\x1b[1;35m";
    case Severity::note:
      return "\x1b[1;36m";
  }
  return "";
}

std::string painted(std::string_view text, std::string_view color, const RenderStyle& style) {
  return style.color ? fmt::format("{}{}\x1b[0m", color, text) : std::string(text);
}

/// The line of that number without its end.
std::string_view source_line(std::string_view source, std::uint32_t number) {
  for (std::uint32_t i = 1; i < number; ++i) {
    const auto end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  auto line = source.substr(0, source.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The byte at which the character of that number (from 1) begins.
std::size_t byte_of_column(std::string_view line, std::uint32_t column) {
  std::size_t at = 0;
  for (std::uint32_t i = 1; i < column && at < line.size(); ++i) {
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0u) == 0x80) ++at;
  }
  return at;
}

/// How many characters to underline: a word, or what stands in quotes.
std::size_t caret_width(std::string_view rest) {
  if (rest.empty()) return 1;
  std::size_t end = 0;
  if (rest.front() == '"' || rest.front() == '\'') {
    end = rest.find(rest.front(), 1);
    end = end == std::string_view::npos ? rest.size() : end + 1;
  } else {
    end = std::min(rest.find_first_of(" \t,:]}"), rest.size());
  }
  const auto word = rest.substr(0, std::max<std::size_t>(end, 1));
  const auto width =
      std::ranges::count_if(word, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80; });
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(width, 1));
}

/// Hostile files shall not speak to the terminal: control characters become `?`.
std::string harmless(std::string text, std::string_view allowed) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 || byte == 0x7F) && allowed.find(c) == std::string_view::npos) c = '?';
  }
  return text;
}

std::string place(const Diagnostic& d) {
  if (d.mark.line == 0) return d.file;
  return fmt::format("{}:{}:{}", d.file, d.mark.line, d.mark.column);
}

std::string excerpt(const Diagnostic& d, std::string_view source, const RenderStyle& style) {
  std::string_view line = source_line(source, d.mark.line);
  if (line.empty()) return {};
  std::size_t at = byte_of_column(line, d.mark.column);
  std::string_view before_mark;
  if (at > kWidest / 2 && line.size() > kWidest) {
    std::size_t cut = at - kWidest / 4;
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0u) == 0x80) --cut;
    line.remove_prefix(cut);
    at -= cut;
    before_mark = "…";
  }
  std::string_view after_mark;
  if (line.size() > kWidest) {
    std::size_t cut = kWidest;
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0u) == 0x80) --cut;
    line = line.substr(0, cut);
    after_mark = "…";
  }
  at = std::min(at, line.size());
  std::string pad;
  for (const char c : line.substr(0, at)) {
    if (c == '\t') {
      pad += '\t';  // tabs stay tabs, so that the caret stands right however wide they are
    } else if ((static_cast<unsigned char>(c) & 0xC0u) != 0x80) {
      pad += ' ';
    }
  }
  if (!before_mark.empty()) pad += ' ';
  const std::string number = std::to_string(d.mark.line);
  const std::string caret = "^" + std::string(caret_width(line.substr(at)) - 1, '~');
  return fmt::format(" {} | {}{}{}\n {} | {}{}\n", number, before_mark, harmless(std::string(line), "\t"),
                     after_mark, std::string(number.size(), ' '), pad,
                     painted(caret, color_of(d.severity), style));
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "error";
}

bool has_errors(const Diagnostics& list) {
  return std::ranges::any_of(list, [](const Diagnostic& d) { return d.severity == Severity::error; });
}

void sort_diagnostics(Diagnostics& list) {
  std::ranges::stable_sort(list, {}, [](const Diagnostic& d) {
    return std::tuple<const std::string&, Mark, Severity>(d.file, d.mark, d.severity);
  });
  Diagnostics kept;
  kept.reserve(list.size());
  for (Diagnostic& d : list) {
    bool known = false;
    for (auto k = kept.rbegin(); k != kept.rend() && k->file == d.file && k->mark == d.mark && !known; ++k) {
      known = *k == d;
    }
    if (!known) kept.push_back(std::move(d));
  }
  list = std::move(kept);
}

std::string render(const Diagnostic& d, std::string_view source, RenderStyle style) {
  std::string out =
      fmt::format("{}: {} {}\n", painted(place(d), "\x1b[1m", style),
                  painted(fmt::format("{}:", to_string(d.severity)), color_of(d.severity), style),
                  harmless(d.message, ""));
  if (d.mark.line > 0 && !source.empty()) out += excerpt(d, source, style);
  if (!d.path.empty()) out += fmt::format("   at {}\n", harmless(d.path, ""));
  if (!d.hint.empty())
    out += fmt::format("   {} {}\n", painted("hint:", "\x1b[1;32m", style), harmless(d.hint, ""));
  return out;
}

std::string render_line(const Diagnostic& d) {
  std::string out = fmt::format("{}: {}: {}", place(d), to_string(d.severity), d.message);
  if (!d.hint.empty()) out += fmt::format(" ({})", d.hint);
  return harmless(std::move(out), "");
}

std::string child_path(std::string_view path, std::string_view key) {
  const bool plain = !key.empty() && key.find_first_of(".[]\"") == std::string_view::npos;
  if (!plain) return fmt::format("{}[\"{}\"]", path, key);
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::string child_path(std::string_view path, std::size_t index) {
  return fmt::format("{}[{}]", path, index);
}

}  // namespace skiff::spec
