// HTTP/1.1 without a socket: a request as text, and a reader that turns a reply's bytes, cut anywhere, into
// status, headers and body.
//
// The reader is Beast's parser behind a pimpl; nothing here moves a byte over a wire, so every answer can be
// tested split at every byte. Bodies are handed on as they come: fixed length, chunked or up to the end of
// the connection, and after a 101 the raw bytes of the hijacked stream.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff::docker {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string target;  ///< path and query, already encoded
  Headers headers;
  std::string body;
  bool upgrade = false;  ///< ask for the connection itself (attach, exec)
  /// The body follows separately: its length if known, else it goes in chunks.
  bool streamed = false;
  std::optional<std::uint64_t> streamed_size;
};

/// Request line, headers and (unless streamed) body.
[[nodiscard]] std::string to_text(const Request& request);
/// One piece of a chunked body; an empty piece is its end.
[[nodiscard]] std::string chunk_text(std::string_view piece);
/// Percent-encoding for one part of a path or query: only letters, digits and -._~ stay.
[[nodiscard]] std::string url_encode(std::string_view text);
/// As url_encode, but '/' and ':' stay: for names inside a path.
[[nodiscard]] std::string url_encode_path(std::string_view text);

/// Builds "?a=b&c=d"; empty without parameters.
class Query {
 public:
  Query& add(std::string_view key, std::string_view value);
  Query& add_if(bool wanted, std::string_view key, std::string_view value);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class ReplyReader {
 public:
  /// `head`: the request's method was HEAD, so no body follows whatever the headers say.
  explicit ReplyReader(bool head = false);
  ~ReplyReader();
  ReplyReader(ReplyReader&&) noexcept;
  ReplyReader& operator=(ReplyReader&&) noexcept;

  /// Takes bytes as they came and appends what they hold of the body to `body`. False: this is no HTTP
  /// reply, see problem(); nothing may be fed after that.
  bool feed(std::string_view bytes, std::string& body);
  /// The connection ended. False: in the middle of the reply.
  bool finish();

  [[nodiscard]] bool has_head() const;  ///< status and headers are there
  [[nodiscard]] bool done() const;  ///< the body is complete (never after a 101: only the connection's end)
  [[nodiscard]] bool upgraded() const;  ///< 101: what follows is the raw stream
  [[nodiscard]] int status() const;
  /// The header's value, "" if absent; names are case-insensitive.
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] const std::string& problem() const;

 private:
  struct State;
  std::unique_ptr<State> s_;
};

}  // namespace skiff::docker
