#include "runner/http_call.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>

namespace skiff::runner {
namespace {

/// One request under way, for libcurl's callbacks.
struct Exchange {
  const HttpCall& call;
  HttpAnswer& answer;
  CURL* curl;
  std::exception_ptr thrown;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* into) {
  auto& exchange = *static_cast<Exchange*>(into);
  const std::string_view bytes(data, size * count);
  long status = 0;
  curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
  if (!exchange.call.take_body || status / 100 != 2) {
    exchange.answer.body.append(bytes);
    return bytes.size();
  }
  try {
    exchange.call.take_body(bytes);
  } catch (...) {
    exchange.thrown = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
  return bytes.size();
}

/// As Go's textproto: content-type → Content-Type.
std::string canonical(std::string_view name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    out += static_cast<char>(upper ? std::toupper(u) : std::tolower(u));
    upper = c == '-';
  }
  return out;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* into) {
  auto& answer = *static_cast<HttpAnswer*>(into);
  std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) answer.headers.clear();  // of a redirect before
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  answer.headers.emplace_back(canonical(line.substr(0, colon)), std::string(value));
  return size * count;
}

int look_at_cancel(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(cancelled)->load() ? 1 : 0;
}

struct EasyClose {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void set_blob(CURL* curl, CURLoption option, const std::string& pem) {
  if (pem.empty()) return;
  curl_blob blob{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
  curl_easy_setopt(curl, option, &blob);
}

void set_security(CURL* curl, const HttpCall& call) {
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, call.insecure_skip_verify ? 0L : 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, call.insecure_skip_verify ? 0L : 2L);
  if (!call.user.empty() || !call.password.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    curl_easy_setopt(curl, CURLOPT_USERNAME, call.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, call.password.c_str());
  }
  set_blob(curl, CURLOPT_SSLCERT_BLOB, call.client_cert);
  set_blob(curl, CURLOPT_SSLKEY_BLOB, call.client_key);
}

void set_times(CURL* curl, const HttpCall& call) {
  if (call.timeout) curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(call.timeout->count()));
  if (!call.stalled) return;
  const long seconds = static_cast<long>(call.stalled->count());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, seconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, seconds);
}

}  // namespace

HttpAnswer perform(const HttpCall& call, const std::atomic<bool>& cancelled) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  HttpAnswer answer;
  const std::unique_ptr<CURL, EasyClose> curl(curl_easy_init());
  Exchange exchange{call, answer, curl.get(), nullptr};
  std::unique_ptr<curl_slist, ListFree> headers;
  const auto add_header = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    (void)headers.release();
    headers.reset(longer);
  };
  for (const auto& [name, value] : call.headers) add_header(value.empty() ? name + ";" : name + ": " + value);
  add_header("Expect:");
  // Go's client sends none that it was not given; libcurl would say that a body is a form.
  const bool typed = std::any_of(call.headers.begin(), call.headers.end(),
                                 [](const auto& h) { return canonical(h.first) == "Content-Type"; });
  if (!typed) add_header("Content-Type:");
  const std::string method = call.method.empty() ? "GET" : call.method;
  curl_easy_setopt(curl.get(), CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  if (!call.body.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, call.body.c_str());
  }
  if (method == "HEAD") curl_easy_setopt(curl.get(), CURLOPT_NOBODY, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  set_security(curl.get(), call);
  set_times(curl.get(), call);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &answer);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, look_at_cancel);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &cancelled);
  const CURLcode code = curl_easy_perform(curl.get());
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  if (code != CURLE_OK) answer.trouble = curl_easy_strerror(code);
  return answer;
}

}  // namespace skiff::runner
