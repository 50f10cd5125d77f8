// Text to documents: a YAML or JSON file becomes immutable trees of our own that know where every value
// stood.
//
// In: the bytes of a file. Out: its documents, and findings about what is no YAML. Nothing is decoded here: a
// node keeps the text as it was written and how (plain, quoted, block); what a plain scalar means is asked
// with scalar_value(). All nodes of a file live in one arena that its documents share. This room's only user
// of yaml-cpp, and only of its events, is document.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/diagnostic.h"
#include "spec/json.h"

namespace skiff::spec {

class Tree;

/// A view of one node of a document; as cheap to copy as two pointers, valid while its Document lives.
class Node {
 public:
  enum class Kind : std::uint8_t { null, scalar, sequence, mapping };
  enum class Style : std::uint8_t { plain, single_quoted, double_quoted, block };

  Node() = default;  ///< a null at no place
  Node(const Tree* tree, std::uint32_t index) : tree_(tree), index_(index) {}

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] bool is_null() const { return kind() == Kind::null; }  ///< also `~` and `null`, as in YAML
  [[nodiscard]] bool is_scalar() const { return kind() == Kind::scalar; }
  [[nodiscard]] bool is_sequence() const { return kind() == Kind::sequence; }
  [[nodiscard]] bool is_mapping() const { return kind() == Kind::mapping; }

  /// How a scalar was written; plain for all other kinds.
  [[nodiscard]] Style style() const;
  /// A collection written as [ ] or { }.
  [[nodiscard]] bool is_flow() const;
  /// The text of a scalar after unquoting, empty for all other kinds.
  [[nodiscard]] std::string_view text() const;
  /// An explicit tag in its long form ("tag:yaml.org,2002:str", "!mine"), empty without one.
  [[nodiscard]] std::string_view tag() const;
  /// Where it begins. A block mapping begins at its first key; an empty value where it would stand.
  [[nodiscard]] Mark mark() const;

  /// Items of a sequence, entries of a mapping; 0 for all others.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] Node item(std::size_t i) const;   ///< of a sequence
  [[nodiscard]] Node key(std::size_t i) const;    ///< of a mapping, in the order of the text, merges expanded
  [[nodiscard]] Node value(std::size_t i) const;  ///< of a mapping
  /// The value of the key of that text.
  [[nodiscard]] std::optional<Node> find(std::string_view key) const;

  [[nodiscard]] bool is_json() const;  ///< a literal of a JSON text rather than of YAML
  /// Where in the file's bytes it begins.
  [[nodiscard]] std::size_t offset() const;
  /// The same node of the same tree (an alias is the same as what it points to).
  [[nodiscard]] bool same(const Node& other) const { return tree_ == other.tree_ && index_ == other.index_; }

 private:
  const Tree* tree_ = nullptr;
  std::uint32_t index_ = 0;
};

/// What a scalar (or null) is in Argo's eyes, by the rules of YAML 1.1 as sigs.k8s.io/yaml applies them:
/// `yes` is a boolean, `010` is 8, `1.0` is the number 1, a date is a string, what is quoted is a string. Not
/// for collections.
[[nodiscard]] Json scalar_value(const Node& node);

/// The text of a mapping's key, as sigs.k8s.io/yaml makes it a string: `yes` becomes "true".
[[nodiscard]] std::string key_string(const Node& key);

/// The tree as JSON without any schema; keys become strings.
[[nodiscard]] Json to_json_value(const Node& node);

/// One document of a file. A value: copies share the immutable tree.
class Document {
 public:
  Document() = default;
  Document(std::shared_ptr<const Tree> tree, Node root, std::size_t index);

  /// An item of this document (of a `List`) as a document of its own.
  [[nodiscard]] Document part(const Node& root) const { return {tree_, root, index_}; }

  [[nodiscard]] const std::string& file() const;              ///< the name given to parse_documents
  [[nodiscard]] std::size_t index() const { return index_; }  ///< counts the file's documents from 0
  [[nodiscard]] const Node& root() const { return root_; }
  [[nodiscard]] std::string_view source() const;  ///< the text of the whole file
  /// The line of that number (from 1) without its end; empty if there is none.
  [[nodiscard]] std::string_view line(std::uint32_t number) const;

  [[nodiscard]] const std::string& kind() const { return kind_; }
  [[nodiscard]] const std::string& api_version() const { return api_version_; }
  [[nodiscard]] const std::string& name() const {
    return name_;
  }  ///< metadata.name, else metadata.generateName
  [[nodiscard]] const std::string& namespace_name() const { return namespace_; }

  /// The document as Argo's own decoder would hold it (see decode.h); null until it was decoded.
  [[nodiscard]] const Json& value() const { return value_; }
  void set_value(Json value) { value_ = std::move(value); }

  /// The place of a value by its path, or of the nearest ancestor that is there. A scalar's place is its own,
  /// a collection's is its key's. "" is the document.
  [[nodiscard]] Mark where(std::string_view path) const;
  /// The place of the key that names the value (its own place in a list).
  [[nodiscard]] Mark where_key(std::string_view path) const;
  /// Tells that what is now at `path` was written at `written_at` (older spellings that decode() brought up
  /// to date).
  void note_moved(std::string path, std::string written_at);

  /// A finding at a path of this document: file and place are filled in.
  [[nodiscard]] Diagnostic diagnostic(Severity severity, std::string rule, std::string path,
                                      std::string message, std::string hint = "") const;

 private:
  struct Place {
    std::optional<Node> key;
    Node value;
  };
  [[nodiscard]] Place locate(std::string_view path) const;

  std::shared_ptr<const Tree> tree_;
  Node root_;
  std::size_t index_ = 0;
  std::string kind_, api_version_, name_, namespace_;
  Json value_;
  std::vector<std::pair<std::string, std::string>> moved_;
};

/// A stretch of the file's bytes that is no document.
struct Malformed {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct ParsedFile {
  std::vector<Document> documents;  ///< those that are well-formed; empty documents are left out
  Diagnostics diagnostics;
  std::vector<Malformed> malformed;
  std::shared_ptr<const Tree> tree;  ///< of all documents; null if the file was too large to read
  /// The text of the file, for render().
  [[nodiscard]] std::string_view source() const;
};

/// Limits against hostile input; what goes beyond them is an error with its place.
struct ParseLimits {
  std::size_t bytes = 64u << 20;
  std::size_t depth = 200;
  bool json = true;          ///< off: a text in braces is YAML like any other
  bool plain_reader = true;  ///< off: yaml-cpp reads everything (to compare the two)
  std::size_t expanded_nodes =
      1'000'000;  ///< what aliases and merges may blow a document up to, beyond its own size
};

/// Reads YAML or JSON. A document that is malformed costs itself only; the others of the file are kept.
/// `file` is the name that findings carry ("-" for standard input is the caller's choice).
[[nodiscard]] ParsedFile parse_documents(std::string text, std::string file, const ParseLimits& limits = {});

}  // namespace skiff::spec
