// One HTTP(S) request as an http template describes it, by libcurl. Blocking.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
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
};

struct HttpAnswer {
  std::string trouble;  ///< why there is no answer, in libcurl's words; "" if there is one
  long status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in canonical form: "Content-Type"
};

/// Follows redirects as Go's client does (up to 10). Ends early, with `trouble`, once `cancelled` is set.
[[nodiscard]] HttpAnswer perform(const HttpCall& call, const std::atomic<bool>& cancelled);

}  // namespace skiff::runner
