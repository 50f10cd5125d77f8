// The only loop that moves bytes between a Connection and the HTTP reader.
#include "docker/exchange.h"

#include <fmt/format.h>

#include <exception>
#include <span>
#include <utility>

namespace skiff::docker {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kUploadPiece = 256 * 1024;

Error error_of(ErrorKind kind, std::string message) {
  Error e;
  e.kind = kind;
  e.message = std::move(message);
  return e;
}

/// Room for a piece of a body with its chunk's head before it and its end behind it.
class Upload {
 public:
  /// The source's next piece as it goes over the wire, valid until the next call; "" at its end.
  Result<std::string_view> next(ByteSource& source, bool chunked) {
    std::size_t n = 0;
    try {
      n = source.read(std::span<char>(room_).subspan(kHead, kUploadPiece));
    } catch (const std::exception& e) {
      return error_of(ErrorKind::local, e.what());
    }
    if (!chunked || n == 0) return std::string_view(room_).substr(kHead, n);
    const std::string head = fmt::format("{:x}\r\n", n);
    room_.replace(kHead - head.size(), head.size(), head);
    room_.replace(kHead + n, kEnd.size(), kEnd);
    return std::string_view(room_).substr(kHead - head.size(), head.size() + n + kEnd.size());
  }

 private:
  static constexpr std::size_t kHead = 16;
  static constexpr std::string_view kEnd = "\r\n";
  std::string room_ = std::string(kHead + kUploadPiece + kEnd.size(), '\0');
};

}  // namespace

boost::asio::awaitable<Result<void>> Exchange::begin(const Endpoint& endpoint, const Request& request,
                                                     ByteSource* source,
                                                     std::chrono::milliseconds connect_limit,
                                                     std::chrono::milliseconds limit) {
  reader_ = ReplyReader(request.method == "HEAD");
  buffer_.resize(kPiece);
  connection_.set_deadline(connect_limit);
  const Result<void> opened = co_await connection_.open(endpoint);
  if (!opened) co_return opened;
  connection_.set_deadline(limit);
  const std::string text = to_text(request);
  sent_ = true;
  Result<void> written = co_await connection_.write(text);
  if (written && source != nullptr) written = co_await send_source(*source, !request.streamed_size);
  if (!written && !written.is(ErrorKind::unreachable)) co_return written;
  // An engine that refuses a body may close before it has all of it; its answer is still there to be read.
  while (!reader_.has_head()) {
    const Result<void> got = co_await receive(early_);
    if (!got && !written) co_return written;
    if (!got) co_return got;
  }
  co_return Result<void>();
}

boost::asio::awaitable<Result<void>> Exchange::send_source(ByteSource& source, bool chunked) {
  const std::uint64_t promised = source.size().value_or(0);
  std::uint64_t total = 0;
  Upload upload;
  for (;;) {
    co_await source.ready();
    const Result<std::string_view> piece = upload.next(source, chunked);
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    const std::string_view bytes = piece.value();
    const Result<void> written = co_await connection_.write(bytes);
    if (!written) co_return written;
    total += bytes.size();
    if (!chunked && total > promised) break;
  }
  // A file that shrank or grew meanwhile: going on would leave the engine waiting, or read it as another
  // request.
  if (!chunked && total != promised)
    co_return error_of(ErrorKind::local, "the source changed while it was sent");
  if (!chunked) co_return Result<void>();
  const std::string last = chunk_text("");
  co_return co_await connection_.write(last);
}

boost::asio::awaitable<Result<void>> Exchange::receive(std::string& body) {
  const std::span<char> room(buffer_);
  const Result<std::size_t> n = co_await connection_.read_some(room);
  if (!n) co_return n.error();
  if (*n == 0) {
    const bool whole = reader_.finish();
    if (whole) co_return Result<void>();
    co_return error_of(ErrorKind::unreachable, reader_.problem());
  }
  if (!reader_.feed(std::string_view(buffer_.data(), *n), body))
    co_return error_of(ErrorKind::protocol, reader_.problem());
  co_return Result<void>();
}

boost::asio::awaitable<Result<bool>> Exchange::read_body(std::string& into) {
  const std::size_t before = into.size();
  into += std::exchange(early_, std::string());
  while (into.size() == before && !reader_.done()) {
    const Result<void> got = co_await receive(into);
    if (!got) co_return got.error();
  }
  co_return into.size() != before;
}

boost::asio::awaitable<Result<std::string>> Exchange::read_rest(std::size_t limit) {
  std::string body;
  for (;;) {
    const Result<bool> more = co_await read_body(body);
    if (!more) co_return more.error();
    if (!*more) co_return body;
    if (body.size() > limit)
      co_return error_of(ErrorKind::protocol,
                         "the engine's answer is longer than " + std::to_string(limit) + " bytes");
  }
}

}  // namespace skiff::docker
