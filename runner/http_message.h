// Requests and replies of the controller's HTTP interface as values: routes turn one into the other, the
// server moves the bytes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spec/json.h"

namespace skiff::runner {

struct HttpRequest {
  std::string method;
  std::vector<std::string> path;               ///< decoded segments: {"api","v1","workflows","default"}
  std::map<std::string, std::string> query;    ///< decoded
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  [[nodiscard]] std::string param(const std::string& name, std::string fallback = "") const {
    const auto it = query.find(name);
    return it == query.end() ? std::move(fallback) : it->second;
  }
};

/// Where a streamed reply goes. write() throws system_error once the client has gone.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  virtual boost::asio::awaitable<void> write(std::string bytes) = 0;
};

struct HttpReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// If set, the body is what it writes, for as long as it runs; it is cancelled when the client leaves.
  std::function<boost::asio::awaitable<void>(StreamWriter&)> stream;
};

/// gRPC-gateway's form: {"code": <gRPC code>, "message": …} with the HTTP status (404→5, 400→3, 409→6, 503→14
/// …).
[[nodiscard]] HttpReply error_reply(int status, std::string message);
[[nodiscard]] HttpReply json_reply(const spec::Json& value);

/// Splits and decodes a request target ("/api/v1/x?a=b"). False: not a valid target.
bool parse_target(std::string_view target, HttpRequest& into);

}  // namespace skiff::runner
