// Requests are a few lines of text; replies go through Beast's response_parser, fed by hand.
#include "docker/http.h"

#include <fmt/format.h>

#include <array>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace skiff::docker {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kScratch = 64 * 1024;
constexpr std::uint32_t kHeaderLimit = 64 * 1024;

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string encode(std::string_view text, std::string_view also_plain) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || also_plain.find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string to_text(const Request& request) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: docker\r\n", request.method, request.target);
  for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (request.upgrade) text += "Connection: Upgrade\r\nUpgrade: tcp\r\n";
  if (!request.upgrade) text += "Connection: close\r\n";
  if (request.streamed && !request.streamed_size) return text + "Transfer-Encoding: chunked\r\n\r\n";
  const std::uint64_t length = request.streamed ? *request.streamed_size : request.body.size();
  if (length > 0 || request.method == "POST" || request.method == "PUT")
    text += fmt::format("Content-Length: {}\r\n", length);
  return text + "\r\n" + request.body;
}

std::string chunk_text(std::string_view piece) {
  if (piece.empty()) return "0\r\n\r\n";
  return fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

std::string url_encode(std::string_view text) { return encode(text, ""); }
std::string url_encode_path(std::string_view text) { return encode(text, "/:@"); }

Query& Query::add(std::string_view key, std::string_view value) {
  text_ += text_.empty() ? '?' : '&';
  text_ += key;
  text_ += '=';
  text_ += url_encode(value);
  return *this;
}

Query& Query::add_if(bool wanted, std::string_view key, std::string_view value) {
  return wanted ? add(key, value) : *this;
}

struct ReplyReader::State {
  explicit State(bool is_head) : head(is_head) { restart(); }

  void restart() {
    parser.emplace();
    parser->body_limit(boost::none);
    parser->header_limit(kHeaderLimit);
    parser->eager(true);
    parser->skip(head);
  }

  /// One step of the parser over `input`; returns how much of it was used. Sets `error` and `waiting`.
  std::size_t put(std::string_view input, std::string& body) {
    auto& value = parser->get().body();
    value.data = scratch.data();
    value.size = scratch.size();
    value.more = true;
    boost::system::error_code ec;
    const std::size_t used = parser->put(boost::asio::const_buffer(input.data(), input.size()), ec);
    body.append(scratch.data(), scratch.size() - value.size);
    waiting = ec == http::error::need_more;
    if (ec && !waiting && ec != http::error::need_buffer) problem = "malformed HTTP reply: " + ec.message();
    return used;
  }

  /// An interim reply (100 Continue) is followed by the real one.
  [[nodiscard]] bool interim() const {
    return parser->is_done() && parser->get().result_int() / 100 == 1 && parser->get().result_int() != 101;
  }

  bool head;
  bool ended = false;
  bool waiting = false;
  std::string kept;  ///< what the parser wants to see again together with more
  std::string problem;
  std::optional<http::response_parser<http::buffer_body>> parser;
  std::array<char, kScratch> scratch;
};

ReplyReader::ReplyReader(bool head) : s_(std::make_unique<State>(head)) {}
ReplyReader::~ReplyReader() = default;
ReplyReader::ReplyReader(ReplyReader&&) noexcept = default;
ReplyReader& ReplyReader::operator=(ReplyReader&&) noexcept = default;

bool ReplyReader::feed(std::string_view bytes, std::string& body) {
  State& s = *s_;
  if (!s.problem.empty()) return false;
  if (upgraded()) return body.append(bytes), true;
  const bool from_kept = !s.kept.empty();
  if (from_kept) s.kept += bytes;
  std::string_view input = from_kept ? std::string_view(s.kept) : bytes;
  while (!input.empty() && !s.parser->is_done()) {
    const std::size_t used = s.put(input, body);
    input.remove_prefix(used);
    if (!s.problem.empty()) return false;
    if (s.waiting) break;
    if (s.interim()) s.restart();
  }
  if (upgraded()) {
    body.append(input);
    input = {};
  }
  if (from_kept)
    s.kept.erase(0, s.kept.size() - input.size());
  else
    s.kept = input;
  return true;
}

bool ReplyReader::finish() {
  State& s = *s_;
  if (!s.problem.empty()) return false;
  s.ended = true;
  if (upgraded() || s.parser->is_done()) return true;
  boost::system::error_code ec;
  if (s.parser->is_header_done()) s.parser->put_eof(ec);
  if (!s.parser->is_header_done() || ec) {
    s.problem = has_head() ? "the connection ended in the middle of the reply"
                           : "the connection ended before the reply";
    return false;
  }
  return true;
}

bool ReplyReader::has_head() const { return s_->parser->is_header_done(); }
bool ReplyReader::upgraded() const { return has_head() && s_->parser->get().result_int() == 101; }
bool ReplyReader::done() const { return upgraded() ? s_->ended : s_->parser->is_done(); }
int ReplyReader::status() const { return static_cast<int>(s_->parser->get().result_int()); }

std::string ReplyReader::header(std::string_view name) const {
  const auto& fields = s_->parser->get();
  const auto it = fields.find(boost::beast::string_view(name.data(), name.size()));
  return it == fields.end() ? std::string() : std::string(it->value());
}

const std::string& ReplyReader::problem() const { return s_->problem; }

}  // namespace skiff::docker
