// The plain part of YAML, read at the speed of the memory: what nearly all workflow files consist of.
//
// yaml-cpp takes two thirds of a second for a file of 5 MB, nearly all of it in its scanner. This reader
// knows block mappings and lists, scalars of one line, literal blocks, and flow collections, and gives up at
// anything else: anchors, tags, texts folded over lines, unusual escapes, everything that is malformed. Then
// yaml-cpp reads the document from its beginning, and its word is the one that counts: what this reader
// accepts must give the same tree, node by node (the fuzz target compares them).
#include <array>
#include <optional>

#include "spec/readers.h"

namespace skiff::spec {

namespace {

struct NotPlain {};

constexpr std::size_t kLongestKey = 1000;  // beyond about this YAML wants a `?`

constexpr std::array<bool, 256> kSpecialStart = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view(",[]{}#&*!|>'\"%@`?:")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool is_null_word(std::string_view s) { return s == "~" || s == "null" || s == "Null" || s == "NULL"; }

class PlainReader {
 public:
  PlainReader(std::string_view text, std::size_t begin, TreeBuilder& builder)
      : text_(text), at_(begin), builder_(builder) {}

  void document() {
    builder_.begin_document();
    if (text_.substr(at_).starts_with("---")) {
      at_ += 3;
      end_line();
    }
    next_line();
    if (done() || column_ != 0) give_up();
    block();
    if (!done()) give_up();
  }

 private:
  [[noreturn]] static void give_up() { throw NotPlain{}; }
  bool done() const { return at_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\n'; }

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  /// Goes to the first character of the next line that has content, from the beginning of a line.
  void next_line() {
    while (!done()) {
      const std::size_t begin = at_;
      skip_spaces();
      column_ = at_ - begin;
      if (done()) return;
      if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_[at_] != '\n') {
        const bool marker = column_ == 0 && (text_[at_] == '%' || text_.substr(at_).starts_with("..."));
        if (text_[at_] == '\t' || marker) give_up();
        return;
      }
      if (!done()) ++at_;
    }
    column_ = 0;
  }

  /// After a value: nothing but blanks and a comment may follow on its line.
  void end_line() {
    const std::size_t begin = at_;
    skip_spaces();
    if (peek() == '#' && at_ > begin) at_ = std::min(text_.find('\n', at_), text_.size());
    if (peek() != '\n') give_up();
    at_ = std::min(at_ + 1, text_.size());
  }

  bool at_dash() const { return peek() == '-' && (peek(1) == ' ' || peek(1) == '\n'); }

  /// A collection in block style whose first key or dash stands here, at column_.
  void block() {
    if (at_dash()) {
      sequence(column_);
    } else {
      mapping(column_);
    }
  }

  void sequence(std::size_t column) {
    builder_.begin_collection(at_, false, false, {});
    do {
      ++at_;
      const std::size_t dash_end = at_;
      skip_spaces();
      if (peek() == '\n' || peek() == '#') {
        at_ = dash_end;
        nested(column, false);
      } else if (at_dash() || is_key_ahead()) {
        column_ = column + 1 + (at_ - dash_end);
        block();
      } else {
        inline_value(column);
      }
    } while (!done() && column_ == column && at_dash());
    if (!done() && column_ > column) give_up();
    builder_.end_collection();
  }

  void mapping(std::size_t column) {
    builder_.begin_collection(at_, true, false, {});
    do {
      key();
      const std::size_t colon_end = at_;
      skip_spaces();
      if (peek() == '\n' || peek() == '#') {
        at_ = colon_end;
        nested(column, true);
      } else {
        inline_value(column);
      }
    } while (!done() && column_ == column && !at_dash());
    if (!done() && (column_ > column)) give_up();
    builder_.end_collection();
  }

  /// What belongs to a key or dash that has nothing on its own line.
  void nested(std::size_t column, bool of_key) {
    end_line();
    next_line();
    const bool deeper = !done() && column_ > column;
    const bool list_at_key = !done() && of_key && column_ == column && at_dash();
    if (deeper && !at_dash() && !is_key_ahead()) give_up();
    if (deeper || list_at_key) {
      block();
    } else {
      builder_.null(builder_.last_sibling());
    }
  }

  /// Reads a key and its colon.
  void key() {
    const std::size_t begin = at_;
    if (peek() == '"' || peek() == '\'') {
      quoted();
      skip_spaces();
    } else {
      const auto end = plain_key_end(at_);
      if (!end || *end - begin > kLongestKey) give_up();
      builder_.scalar(begin, begin, text_.substr(begin, *end - begin), Node::Style::plain, {});
      at_ = *end;
      while (peek() == ' ') ++at_;
    }
    if (peek() != ':' || (peek(1) != ' ' && peek(1) != '\n') || at_ - begin > kLongestKey) give_up();
    ++at_;
  }

  /// Where a plain key that begins at `from` ends, without the blanks before its colon; nothing if there is
  /// none.
  std::optional<std::size_t> plain_key_end(std::size_t from) const {
    const char first = from < text_.size() ? text_[from] : '\n';
    if (kSpecialStart[static_cast<unsigned char>(first)] || first == '\n') return std::nullopt;
    for (std::size_t i = from; i < text_.size() && text_[i] != '\n'; ++i) {
      const char c = text_[i];
      if (c == '\t') give_up();
      if (c == '#' && text_[i - 1] == ' ') return std::nullopt;
      const bool ends = c == ':' && (i + 1 == text_.size() || text_[i + 1] == ' ' || text_[i + 1] == '\n');
      if (!ends) continue;
      std::size_t end = i;
      while (end > from && text_[end - 1] == ' ') --end;
      if (is_null_word(text_.substr(from, end - from))) give_up();
      return end;
    }
    return std::nullopt;
  }

  bool is_key_ahead() const {
    if (peek() == '"' || peek() == '\'') {
      const char quote = peek();
      std::size_t i = at_ + 1;
      while (i < text_.size() && text_[i] != quote && text_[i] != '\n')
        i += text_[i] == '\\' && quote == '"' ? 2 : 1;
      ++i;
      while (i < text_.size() && text_[i] == ' ') ++i;
      return i < text_.size() && text_[i] == ':';
    }
    return plain_key_end(at_).has_value();
  }

  /// A value that begins on the line of its key or dash. `parent` is the column of that key or dash.
  void inline_value(std::size_t parent) {
    const char c = peek();
    if (c == '|') {
      literal(parent);
      return;
    }
    if (c == '"' || c == '\'') {
      quoted();
      end_line();
    } else if (c == '[' || c == '{') {
      flow();
      end_line();
    } else {
      plain_line();
    }
    next_line();
    if (!done() && column_ > parent) give_up();  // goes on over several lines, or is malformed
  }

  void plain_line() {
    const char c = peek();
    if (kSpecialStart[static_cast<unsigned char>(c)] || at_dash()) give_up();
    const std::size_t begin = at_;
    std::size_t end = begin;
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      const char here = text_[at_];
      if (here == '\t') give_up();
      if (here == '#' && text_[at_ - 1] == ' ') break;
      if (here == ':' && (peek(1) == ' ' || peek(1) == '\n')) give_up();
      if (here != ' ') end = at_ + 1;
    }
    emit_plain(begin, end);
    at_ = std::min(text_.find('\n', at_), text_.size());
    if (!done()) ++at_;
  }

  void emit_plain(std::size_t begin, std::size_t end) {
    const auto word = text_.substr(begin, end - begin);
    if (is_null_word(word)) {
      builder_.null(begin);
    } else {
      builder_.scalar(begin, begin, word, Node::Style::plain, {});
    }
  }

  /// A quoted text of one line.
  void quoted() {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    std::size_t i = at_;
    bool as_written = true;
    while (i < text_.size() && text_[i] != '\n') {
      if (text_[i] == '\\' && quote == '"') {
        as_written = false;
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != quote) break;
        as_written = false;
        ++i;
      }
      ++i;
    }
    if (i >= text_.size() || text_[i] == '\n') give_up();
    const auto raw = text_.substr(at_, i - at_);
    at_ = i + 1;
    const auto style = quote == '"' ? Node::Style::double_quoted : Node::Style::single_quoted;
    if (as_written) {
      builder_.scalar(begin, begin + 1, raw, style, {});
    } else {
      builder_.scalar(begin, begin + 1, quote == '"' ? unescape(raw) : undouble(raw), style, {});
    }
  }

  static std::string undouble(std::string_view raw) {
    std::string text;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      text += raw[i];
      if (raw[i] == '\'') ++i;
    }
    return text;
  }

  static std::string unescape(std::string_view raw) {
    std::string text;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\') {
        text += raw[i];
        continue;
      }
      ++i;
      const char c = i < raw.size() ? raw[i] : '\n';
      if (c == 'n') {
        text += '\n';
      } else if (c == 't') {
        text += '\t';
      } else if (c == '"' || c == '\\' || c == '/') {
        text += c;
      } else {
        give_up();
      }
    }
    return text;
  }

  /// A literal block: `|` or `|-`.
  void literal(std::size_t parent) {
    const std::size_t begin = at_++;
    const bool strip = peek() == '-';
    if (strip) ++at_;
    end_line();
    std::string text;
    std::size_t indent = 0;
    std::size_t blank_lines = 0;
    while (!done()) {
      const std::size_t line = at_;
      skip_spaces();
      const std::size_t spaces = at_ - line;
      if (peek() == '\n') {
        if (spaces > parent + 1 && (indent == 0 || spaces > indent)) give_up();
        if (indent == 0) give_up();
        ++blank_lines;
        at_ = std::min(at_ + 1, text_.size());
        continue;
      }
      if (indent == 0) indent = spaces;
      if (indent <= parent) give_up();
      if (spaces < indent) {
        if (spaces > parent) give_up();
        at_ = line;
        break;
      }
      text.append(blank_lines, '\n');
      blank_lines = 0;
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      text += text_.substr(line + indent, end - line - indent);
      text += '\n';
      at_ = std::min(end + 1, text_.size());
    }
    if (text.empty() || (done() && text_.back() != '\n')) give_up();
    if (strip) text.pop_back();
    builder_.scalar(begin, begin, text, Node::Style::block, {});
    next_line();
  }

  void skip_flow_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    if (done() || text_[at_] == '#' || text_[at_] == '\t') give_up();
  }

  /// A collection in brackets.
  void flow() {
    const char open = text_[at_];
    const char close = open == '[' ? ']' : '}';
    builder_.begin_collection(at_, open == '{', true, {});
    ++at_;
    skip_flow_blanks();
    while (peek() != close || peek() == '\n') {
      if (open == '{') flow_key();
      flow_value();
      skip_flow_blanks();
      if (peek() == close) break;
      if (peek() != ',') give_up();
      ++at_;
      skip_flow_blanks();
      if (peek() == close) give_up();
    }
    ++at_;
    builder_.end_collection();
  }

  void flow_key() {
    const bool is_quoted = peek() == '"' || peek() == '\'';
    const std::size_t begin = at_;
    if (is_quoted) {
      quoted();
    } else {
      flow_plain();
    }
    const bool blank = peek() == ' ';
    skip_spaces();
    if (peek() != ':' || (!is_quoted && peek(1) != ' ') || at_ - begin > kLongestKey ||
        (blank && peek(1) != ' '))
      give_up();
    ++at_;
    if (peek() == '\n') give_up();
    skip_spaces();
    if (peek() == '\n' || peek() == ',' || peek() == ']' || peek() == '}') give_up();
  }

  void flow_value() {
    const char c = peek();
    if (c == '[' || c == '{') {
      flow();
    } else if (c == '"' || c == '\'') {
      quoted();
    } else {
      flow_plain();
    }
    const std::size_t end = at_;
    skip_spaces();
    if (peek() == ':' || peek() == '#') give_up();  // a pair inside a list, or a comment
    at_ = end;
  }

  void flow_plain() {
    const char first = peek();
    if (kSpecialStart[static_cast<unsigned char>(first)] || first == '\n') give_up();
    if (first == '-' &&
        (peek(1) == ' ' || peek(1) == ',' || peek(1) == ']' || peek(1) == '}' || peek(1) == '\n')) {
      give_up();
    }
    const std::size_t begin = at_;
    std::size_t end = begin;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == ',' || c == ']' || c == '}' || c == '\n') break;
      if (c == '[' || c == '{' || c == '\t' || c == '?') give_up();
      if (c == '#' && text_[at_ - 1] == ' ') give_up();
      if (c == ':') {
        if (peek(1) == ' ') break;
        if (peek(1) == '\n' || peek(1) == ',' || peek(1) == ']' || peek(1) == '}' || peek(1) == '[' ||
            peek(1) == '{') {
          give_up();
        }
      }
      if (c != ' ') end = at_ + 1;
    }
    emit_plain(begin, end);
    if (peek() == '\n') {
      skip_flow_blanks();
      if (peek() != ',' && peek() != ']' && peek() != '}') give_up();
    }
  }

  std::string_view text_;
  std::size_t at_;
  TreeBuilder& builder_;
  std::size_t column_ = 0;  ///< of at_, after next_line() and before block()
};

}  // namespace

bool read_plain_yaml(Tree& tree, TreeBuilder& builder, std::size_t begin, std::size_t end,
                     std::vector<Node>& roots) {
  const std::string_view part = std::string_view(tree.text()).substr(begin, end - begin);
  const bool marked =
      part.find("\xEF\xBB\xBF") != std::string_view::npos;  // yaml-cpp drops it at a beginning
  if (marked || part.find('\r') != std::string_view::npos) return false;
  const auto checkpoint = builder.checkpoint();
  try {
    PlainReader(std::string_view(tree.text()).substr(0, end), begin, builder).document();
    roots.push_back(builder.root());
    return true;
  } catch (const NotPlain&) {
    builder.roll_back(checkpoint);
  } catch (const DocumentError&) {
    builder.roll_back(checkpoint);
  }
  return false;
}

}  // namespace skiff::spec
