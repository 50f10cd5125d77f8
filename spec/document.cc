// Files to documents: checks of the bytes, the split at `---`, and the places of values by their paths.
#include "spec/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "spec/readers.h"
#include "spec/tree.h"
#include "spec/utf8.h"

namespace skiff::spec {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The first byte that cannot stand in a document: broken UTF-8 or a control character.
std::optional<DocumentError> check_bytes(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c < 0x7F) {
      ++at;
      continue;
    }
    const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    if (control) {
      return DocumentError(at, "control-character",
                           fmt::format("the byte 0x{:02x} cannot stand in a document", c),
                           c == 0 ? "is this a text file? save it as UTF-8" : "delete it");
    }
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      return DocumentError(at, "not-utf8", fmt::format("the byte 0x{:02x} is no UTF-8", c),
                           "save the file as UTF-8");
    }
    at += length;
  }
  return std::nullopt;
}

bool is_separator(std::string_view line) {
  return line.starts_with("---") &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

/// Stretches of the text that hold a document each, without those that hold nothing but comments.
std::vector<Malformed> split(std::string_view text) {
  std::vector<Malformed> parts;
  std::size_t begin = 0;
  bool content = false;
  const auto finish = [&](std::size_t end) {
    if (content) parts.push_back({begin, end});
    begin = end;
    content = false;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const bool separator = is_separator(line);
    if (separator) finish(at);
    const std::size_t first = line.find_first_not_of(" \t\r", separator ? 3 : 0);
    const bool marker = !separator && (line.starts_with("...") || line.starts_with('%'));
    content = content || (first != std::string_view::npos && line[first] != '#' && !marker);
    at = end + 1;
  }
  finish(text.size());
  return parts;
}

bool is_json_text(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{' && !text.substr(first).starts_with("{{");
}

Diagnostic to_diagnostic(const Tree& tree, const DocumentError& e) {
  return {Severity::error, e.rule, e.what(), tree.file(), tree.mark_at(e.offset), "", e.hint};
}

std::string text_at(const Node& root, std::initializer_list<std::string_view> keys) {
  Node node = root;
  for (const auto key : keys) {
    const auto next = node.find(key);
    if (!next) return {};
    node = *next;
  }
  return std::string(node.text());
}

void keep_roots(ParsedFile& parsed, const std::shared_ptr<const Tree>& tree, const std::vector<Node>& roots,
                std::size_t& index) {
  for (const Node& root : roots) {
    const std::size_t number = index++;
    if (root.is_null()) continue;
    if (root.is_mapping()) {
      parsed.documents.emplace_back(tree, root, number);
      continue;
    }
    parsed.diagnostics.push_back({Severity::error, "not-a-mapping", "the document is no mapping of fields",
                                  tree->file(), root.mark(), "",
                                  "a workflow begins with `apiVersion:` and `kind:`"});
  }
}

/// One step of a path: a key or a position.
struct Step {
  std::string key;
  std::optional<std::size_t> index;
};

std::vector<Step> read_path(std::string_view path) {
  std::vector<Step> steps;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    if (path.starts_with("[\"")) {
      const auto end = std::min(path.find("\"]"), path.size());
      steps.push_back({std::string(path.substr(2, end - std::min<std::size_t>(end, 2))), std::nullopt});
      path.remove_prefix(std::min(end + 2, path.size()));
    } else if (path.starts_with('[')) {
      std::size_t number = 0;
      std::from_chars(path.data() + 1, path.data() + path.size(), number);
      steps.push_back({"", number});
      path.remove_prefix(std::min(path.find(']'), path.size() - 1) + 1);
    } else {
      const auto end = std::min(path.find_first_of(".["), path.size());
      steps.push_back({std::string(path.substr(0, end)), std::nullopt});
      path.remove_prefix(end);
    }
  }
  return steps;
}

/// `path` begins with `prefix`, and what follows is a step of its own.
bool is_below(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || path[prefix.size()] == '.' || path[prefix.size()] == '[';
}

}  // namespace

Document::Document(std::shared_ptr<const Tree> tree, Node root, std::size_t index)
    : tree_(std::move(tree)), root_(root), index_(index) {
  kind_ = text_at(root_, {"kind"});
  api_version_ = text_at(root_, {"apiVersion"});
  name_ = text_at(root_, {"metadata", "name"});
  if (name_.empty()) name_ = text_at(root_, {"metadata", "generateName"});
  namespace_ = text_at(root_, {"metadata", "namespace"});
}

const std::string& Document::file() const {
  static const std::string kNone;
  return tree_ ? tree_->file() : kNone;
}

std::string_view Document::source() const {
  return tree_ ? std::string_view(tree_->text()) : std::string_view();
}

std::string_view Document::line(std::uint32_t number) const {
  return tree_ ? tree_->line(number) : std::string_view();
}

void Document::note_moved(std::string path, std::string written_at) {
  moved_.emplace_back(std::move(path), std::move(written_at));
}

Document::Place Document::locate(std::string_view path) const {
  std::string rewritten;
  for (const auto& [now, before] : moved_) {
    if (!is_below(path, now)) continue;
    rewritten = before + std::string(path.substr(now.size()));
    path = rewritten;
    break;
  }
  Place place{std::nullopt, root_};
  for (const Step& step : read_path(path)) {
    if (step.index) {
      if (!place.value.is_sequence() || *step.index >= place.value.size()) break;
      place = {std::nullopt, place.value.item(*step.index)};
      continue;
    }
    std::size_t i = 0;
    while (i < place.value.size() && place.value.is_mapping() && place.value.key(i).text() != step.key) ++i;
    if (!place.value.is_mapping() || i == place.value.size()) break;
    place = {place.value.key(i), place.value.value(i)};
  }
  return place;
}

Mark Document::where(std::string_view path) const {
  const Place place = locate(path);
  const bool own_place = place.value.is_scalar() || place.value.is_flow();
  return place.key && !own_place ? place.key->mark() : place.value.mark();
}

Mark Document::where_key(std::string_view path) const {
  const Place place = locate(path);
  return place.key ? place.key->mark() : place.value.mark();
}

Diagnostic Document::diagnostic(Severity severity, std::string rule, std::string path, std::string message,
                                std::string hint) const {
  const Mark mark = where(path);
  return {severity, std::move(rule), std::move(message), file(), mark, std::move(path), std::move(hint)};
}

std::string_view ParsedFile::source() const {
  return tree ? std::string_view(tree->text()) : std::string_view();
}

ParsedFile parse_documents(std::string text, std::string file, const ParseLimits& limits) {
  ParsedFile parsed;
  if (text.size() > limits.bytes) {
    parsed.diagnostics.push_back(
        {Severity::error,
         "too-large",
         fmt::format("the file has {} bytes; the limit is {}", text.size(), limits.bytes),
         std::move(file),
         {},
         "",
         "split it into several files"});
    return parsed;
  }
  if (std::string_view(text).starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  const auto tree = std::make_shared<Tree>(std::move(text), std::move(file));
  parsed.tree = tree;
  if (const auto error = check_bytes(tree->text())) {
    parsed.diagnostics.push_back(to_diagnostic(*tree, *error));
    parsed.malformed.push_back({0, tree->text().size()});
    return parsed;
  }
  const bool json = limits.json && is_json_text(tree->text());
  const auto parts = json ? std::vector<Malformed>{{0, tree->text().size()}} : split(tree->text());
  TreeBuilder builder(*tree, limits, parsed.diagnostics);
  std::size_t index = 0;
  for (const auto& part : parts) {
    std::vector<Node> roots;
    try {
      if (json) {
        read_json(*tree, builder, part.begin, part.end, roots);
      } else if (!limits.plain_reader || !read_plain_yaml(*tree, builder, part.begin, part.end, roots)) {
        read_yaml(*tree, builder, part.begin, part.end, roots);
      }
    } catch (const DocumentError& e) {
      parsed.diagnostics.push_back(to_diagnostic(*tree, e));
      parsed.malformed.push_back(part);
      std::erase_if(roots, [](const Node& root) { return !root.find("kind"); });  // debris of the broken one
    }
    keep_roots(parsed, tree, roots, index);
  }
  if (json && !parsed.malformed.empty()) {  // several documents, a comment, a last comma: YAML knows them
    ParseLimits yaml = limits;
    yaml.json = false;
    ParsedFile again = parse_documents(tree->text(), tree->file(), yaml);
    if (again.malformed.empty() && !again.documents.empty()) return again;
  }
  return parsed;
}

}  // namespace skiff::spec
