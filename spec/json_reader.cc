// JSON text to the builder's events, with the place of every value: what RapidJSON's events do not tell.
#include <fmt/format.h>

#include <array>

#include "spec/readers.h"

namespace skiff::spec {

namespace {

constexpr std::string_view kDigits = "0123456789";

class JsonReader {
 public:
  JsonReader(std::string_view text, std::size_t begin, TreeBuilder& builder)
      : text_(text), at_(begin), builder_(builder) {}

  void document() {
    builder_.begin_document();
    do {
      value();
      while (!open_.empty() && separator()) {
      }
    } while (!open_.empty());
    skip_blanks();
    if (at_ < text_.size()) fail("there is more text after the JSON value");
  }

 private:
  [[noreturn]] void fail(const std::string& message, std::string hint = "") const {
    throw DocumentError(at_, "json-syntax", message, std::move(hint));
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  /// After a value inside a collection: `,` and the next key, or the end. True if the collection ended here.
  bool separator() {
    skip_blanks();
    const char close = open_.back();
    if (peek() == close) {
      ++at_;
      open_.pop_back();
      builder_.end_collection();
      return true;
    }
    if (peek() != ',') fail(fmt::format("here JSON wants `,` or `{}`", close));
    ++at_;
    skip_blanks();
    if (peek() == close) fail(fmt::format("a `,` stands before `{}`", close), "delete the comma");
    if (close == '}') key();
    return false;
  }

  void key() {
    skip_blanks();
    if (peek() != '"') fail("here JSON wants a key in double quotes");
    string();
    skip_blanks();
    if (peek() != ':') fail("after a key JSON wants `:`");
    ++at_;
  }

  /// A scalar, an empty collection, or the opening of one together with its first key.
  void value() {
    skip_blanks();
    const char c = peek();
    if (c == '{' || c == '[') {
      open(c);
    } else if (c == '"') {
      string();
    } else {
      literal();
    }
  }

  void open(char c) {
    const char close = c == '{' ? '}' : ']';
    builder_.begin_collection(at_, c == '{', true, {});
    ++at_;
    skip_blanks();
    if (peek() == close) {
      ++at_;
      builder_.end_collection();
      return;
    }
    open_.push_back(close);
    if (c == '{') key();
    value();
  }

  void literal() {
    static constexpr std::array<std::string_view, 2> kBooleans{"true", "false"};
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("null")) {
      builder_.null(at_);
      at_ += 4;
      return;
    }
    for (const auto word : kBooleans) {
      if (!rest.starts_with(word)) continue;
      builder_.scalar(at_, at_, word, Node::Style::plain, {});
      at_ += word.size();
      return;
    }
    number();
  }

  void digits() {
    const std::size_t end = std::min(text_.find_first_not_of(kDigits, at_), text_.size());
    if (end == at_) fail("this is no JSON value");
    at_ = end;
  }

  void number() {
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else {
      digits();
    }
    if (peek() == '.') {
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
    builder_.scalar(begin, begin, text_.substr(begin, at_ - begin), Node::Style::plain, {});
  }

  void string() {
    const std::size_t begin = at_++;
    const std::size_t from = at_;
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != '"') {
      if (static_cast<unsigned char>(text_[end]) < 0x20) {
        at_ = end;
        fail("a control character stands in a JSON string", "write it as \\n, \\t or \\u00..");
      }
      end += text_[end] == '\\' ? 2 : 1;
    }
    if (end >= text_.size()) {
      at_ = begin;
      throw DocumentError(begin, "unclosed-quote", "this quoted text is never closed", "add the closing \"");
    }
    at_ = end + 1;
    const std::string_view raw = text_.substr(from, end - from);
    if (raw.find('\\') == std::string_view::npos) {
      builder_.scalar(begin, from, raw, Node::Style::double_quoted, {});
      return;
    }
    const auto decoded = parse_json(text_.substr(begin, at_ - begin));
    if (!decoded) {
      at_ = begin;
      fail("this JSON string has an escape that does not exist",
           "known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    }
    builder_.scalar(begin, from, decoded->as_string(), Node::Style::double_quoted, {});
  }

  std::string_view text_;
  std::size_t at_;
  TreeBuilder& builder_;
  std::string open_;  ///< the closing brackets that are awaited
};

}  // namespace

void read_json(Tree& tree, TreeBuilder& builder, std::size_t begin, std::size_t end,
               std::vector<Node>& roots) {
  builder.set_json();
  JsonReader(std::string_view(tree.text()).substr(0, end), begin, builder).document();
  roots.push_back(builder.root());
}

}  // namespace skiff::spec
