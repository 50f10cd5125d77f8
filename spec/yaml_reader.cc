// YAML text to the builder's events: the only code that knows yaml-cpp.
//
// yaml-cpp's events leave out what we need to know about a scalar, so its place is looked at again: whether
// it was plain, quoted or a block, whether its quote was closed, and where its text begins in the file.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <streambuf>

#include "spec/readers.h"
#include "spec/utf8.h"

namespace skiff::spec {

namespace {

/// Lends a stretch of memory to an istream without copying it.
class MemoryBuffer : public std::streambuf {
 public:
  explicit MemoryBuffer(std::string_view bytes) {
    char* const begin = const_cast<char*>(bytes.data());  // NOLINT: streambuf's interface; never written to
    setg(begin, begin, begin + bytes.size());
  }
};

/// yaml-cpp writes the escapes \N and \_ as one byte each, which is no UTF-8; they stand for U+0085 and
/// U+00A0.
std::string with_whole_escapes(const std::string& value) {
  std::string out;
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t length = utf8_length(value, at);
    if (length == 0) out += '\xC2';
    out.append(value, at, std::max<std::size_t>(length, 1));
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

class Events : public YAML::EventHandler {
 public:
  Events(const Tree& tree, TreeBuilder& builder, std::size_t begin, std::size_t end)
      : text_(std::string_view(tree.text()).substr(0, end)), builder_(builder), begin_(begin) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    // At a stray `,` or `]` yaml-cpp makes empty documents without end and without getting on.
    if (mark.pos == last_start_) throw YAML::ParserException(mark, "unexpected token");
    // yaml-cpp takes what stands further left than the first line for a document of its own.
    if (last_start_ >= 0 && !is_marked(offset_of(mark))) {
      throw DocumentError(offset_of(mark), "indentation",
                          "this line is indented less than the document's first one",
                          "give both the same indentation, or put `---` between two documents");
    }
    last_start_ = mark.pos;
    builder_.begin_document();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    std::size_t offset = offset_of(mark);
    const bool written = is_null_word(offset) || text_.substr(offset).starts_with('&') ||
                         text_.substr(offset).starts_with('!');
    if (!written) {
      require_colon();
      offset = std::max(builder_.last_sibling(), begin_);  // the mark is the next token's
    }
    word_ = {};
    builder_.null(offset);
    remember(anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    word_ = {};
    builder_.alias(offset_of(mark), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const std::size_t offset = offset_of(mark);
    const std::size_t at = skip_properties(offset);
    const char first = at < text_.size() ? text_[at] : ' ';
    const bool quotable = tag != "?";
    auto style = Node::Style::plain;
    std::size_t from = at;
    if (quotable && (first == '\'' || first == '"')) {
      style = first == '"' ? Node::Style::double_quoted : Node::Style::single_quoted;
      from = at + 1;
      require_closed(at, value);
    } else if (quotable && (first == '|' || first == '>')) {
      style = Node::Style::block;
    }
    const bool whole = style == Node::Style::plain && text_.substr(at).starts_with(value);
    word_ = whole ? text_.substr(at, value.size()) : std::string_view();
    const bool has_tag = tag != "?" && tag != "!";
    const bool may_be_cut = value.find_first_of("\x85\xA0") != std::string::npos;
    builder_.scalar(offset, from, may_be_cut ? with_whole_escapes(value) : value, style,
                    has_tag ? std::string_view(tag) : std::string_view());
    remember(anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, false, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, true, tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

 private:
  enum class Style { block_mapping, block_sequence, flow };

  std::size_t offset_of(const YAML::Mark& mark) const {
    return std::min(begin_ + static_cast<std::size_t>(std::max(mark.pos, 0)), text_.size());
  }

  /// A document begins here: the line above, comments aside, is `---` or `...`, or this one is `---` itself.
  bool is_marked(std::size_t at) const {
    const auto marker = [](std::string_view line) {
      return line.starts_with("---") || line.starts_with("...");
    };
    std::size_t begin = text_.rfind('\n', at == 0 ? 0 : at - 1) + 1;
    if (marker(text_.substr(begin))) return true;
    while (begin > begin_) {
      const std::size_t end = begin - 1;
      begin = end == 0 ? 0 : text_.rfind('\n', end - 1) + 1;
      const std::string_view line = text_.substr(begin, end - begin);
      const std::size_t content = line.find_first_not_of(" \t\r");
      if (content == std::string_view::npos || line[content] == '#') continue;
      return marker(line);
    }
    return false;
  }

  /// `~` or `null` as a value of its own, not the beginning of a key or of a longer text. A bracket or a
  /// comma ends a word in flow style only, and `#` begins a comment only after a blank.
  bool is_null_word(std::size_t at) const {
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
      if (!text_.substr(at).starts_with(word)) continue;
      const auto end = at + word.size();
      const auto next = text_.find_first_not_of(" \t", end);
      if (next == std::string_view::npos || text_[next] == '\r' || text_[next] == '\n') return true;
      if (text_[next] == '#') return next > end;
      const bool flow = !open_styles_.empty() && open_styles_.back() == Style::flow;
      return flow && std::string_view(",]}").find(text_[next]) != std::string_view::npos;
    }
    return false;
  }

  void remember(YAML::anchor_t anchor) {
    if (anchor != 0) builder_.define_anchor(anchor);
  }

  void open(const YAML::Mark& mark, bool mapping, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    const bool has_tag = tag != "?" && tag != "!";
    builder_.begin_collection(offset_of(mark), mapping, style == YAML::EmitterStyle::Flow,
                              has_tag ? std::string_view(tag) : std::string_view());
    open_anchors_.push_back(anchor);
    open_styles_.push_back(style == YAML::EmitterStyle::Flow ? Style::flow
                           : mapping                         ? Style::block_mapping
                                                             : Style::block_sequence);
    word_ = {};
  }

  void close() {
    builder_.end_collection();
    remember(open_anchors_.back());
    open_anchors_.pop_back();
    open_styles_.pop_back();
    word_ = {};
  }

  std::size_t skip_properties(std::size_t at) const {
    while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {
      while (at < text_.size() && !is_blank(text_[at]) && text_[at] != '\n' && text_[at] != '\r') ++at;
      while (at < text_.size() && (is_blank(text_[at]) || text_[at] == '\n' || text_[at] == '\r')) ++at;
    }
    return at;
  }

  /// yaml-cpp takes a word alone on its line for a key without a value.
  void require_colon() const {
    if (word_.empty() || open_styles_.empty() || open_styles_.back() != Style::block_mapping) return;
    const auto at = static_cast<std::size_t>(word_.data() - text_.data());
    const std::size_t before = at == 0 ? std::string_view::npos : text_.find_last_not_of(" \t", at - 1);
    const std::size_t after = text_.find_first_not_of(" \t", at + word_.size());
    const bool explicit_key = before != std::string_view::npos && text_[before] == '?';
    if (explicit_key || (after != std::string_view::npos && text_[after] == ':')) return;
    throw DocumentError(at, "missing-colon", "a key stands here without a `:`",
                        "write `" + std::string(word_) + ":`");
  }

  /// yaml-cpp lets a quote that the file's end cuts off pass.
  void require_closed(std::size_t at, const std::string& value) const {
    const char quote = text_[at];
    const std::size_t simple_end = at + 1 + value.size();
    if (simple_end < text_.size() && text_[simple_end] == quote &&
        text_.compare(at + 1, value.size(), value) == 0) {
      return;
    }
    for (std::size_t i = at + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && quote == '"') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != quote) return;
        ++i;
      }
    }
    throw DocumentError(at, "unclosed-quote", "this quoted text is never closed",
                        std::string("add the closing ") + quote);
  }

  std::string_view text_;
  TreeBuilder& builder_;
  std::size_t begin_;
  int last_start_ = -1;
  std::vector<YAML::anchor_t> open_anchors_;
  std::vector<Style> open_styles_;  ///< of the open collections
  std::string_view word_;           ///< the plain scalar just read, if it is on one line
};

}  // namespace

void read_yaml(Tree& tree, TreeBuilder& builder, std::size_t begin, std::size_t end,
               std::vector<Node>& roots) {
  MemoryBuffer buffer(std::string_view(tree.text()).substr(begin, end - begin));
  std::istream stream(&buffer);
  Events events(tree, builder, begin, end);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(events)) roots.push_back(builder.root());
  } catch (const YAML::ParserException& e) {
    const std::size_t offset = begin + static_cast<std::size_t>(std::max(e.mark.pos, 0));
    throw explain_yaml_error(tree, begin, end, std::min(offset, end), e.msg);
  }
}

}  // namespace skiff::spec
