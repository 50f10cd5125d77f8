// One HTTP(S) request as an http template or an http artifact describes it, by libcurl. Blocking.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff::runner {

struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::optional<std::chrono::seconds> timeout;
  bool insecure_skip_verify = false;
  /// For basic authentication, if one of them is not empty.
  std::string user;
  std::string password;
  /// PEM, both or none.
  std::string client_cert;
  std::string client_key;
  /// Given up if nothing came for so long, or no connection.
  std::optional<std::chrono::seconds> stalled;
  /// Takes the body of a 2xx answer as it comes, instead of HttpAnswer::body. What it throws ends the request
  /// and comes out of perform().
  std::function<void(std::string_view)> take_body;
};

struct HttpAnswer {
  std::string trouble;       ///< why there is no answer, in libcurl's words; "" if there is one
  bool unreachable = false;  ///< nobody took the connection: it may go away
  long status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in canonical form: "Content-Type"
};

/// Follows redirects as Go's client does (up to 10). Ends early, with `trouble`, once `cancelled` is set.
[[nodiscard]] HttpAnswer perform(const HttpCall& call, const std::atomic<bool>& cancelled);

}  // namespace skiff::runner
