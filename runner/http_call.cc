#include "runner/http_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>
#include <string_view>

#include "runner/libcurl.h"

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
  libcurl().easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
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
  void operator()(CURL* curl) const { libcurl().easy_cleanup(curl); }
};
struct ListFree {
  void operator()(curl_slist* list) const { libcurl().slist_free_all(list); }
};

class Request {
 public:
  explicit Request(const Libcurl& library) : library_(library), curl_(library.easy_init()) {}

  [[nodiscard]] CURL* handle() const { return curl_.get(); }

  /// `value` as the option wants it: a pointer, a long or a curl_off_t.
  template <typename Value>
  void set(CURLoption option, Value value) {
    library_.easy_setopt(curl_.get(), option, value);
  }

  void set_blob(CURLoption option, const std::string& pem) {
    if (pem.empty()) return;
    curl_blob blob{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
    set(option, &blob);
  }

  void set_headers(const HttpCall& call) {
    for (const auto& [name, value] : call.headers)
      add_header(value.empty() ? name + ";" : name + ": " + value);
    add_header("Expect:");
    // Go's client sends none that it was not given; libcurl would say that a body is a form.
    const bool typed = std::any_of(call.headers.begin(), call.headers.end(),
                                   [](const auto& h) { return canonical(h.first) == "Content-Type"; });
    if (!typed) add_header("Content-Type:");
    set(CURLOPT_HTTPHEADER, headers_.get());
  }

 private:
  void add_header(const std::string& line) {
    curl_slist* longer = library_.slist_append(headers_.get(), line.c_str());
    (void)headers_.release();
    headers_.reset(longer);
  }

  const Libcurl& library_;
  std::unique_ptr<CURL, EasyClose> curl_;
  std::unique_ptr<curl_slist, ListFree> headers_;
};

/// What no request line may have in it, escaped as Go's net/url does.
std::string sendable(const std::string& url) {
  std::string out;
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte > 0x20 && byte < 0x7F ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

void set_what(Request& request, const HttpCall& call) {
  const std::string method = call.method.empty() ? "GET" : call.method;
  request.set(CURLOPT_URL, sendable(call.url).c_str());
  request.set(CURLOPT_USERAGENT, "Go-http-client/1.1");  // some servers refuse who has no name
  // A POST becomes a GET where it is sent elsewhere (301 to 303), as with Go's client, unless it is a custom
  // one.
  if (method != "POST") request.set(CURLOPT_CUSTOMREQUEST, method.c_str());
  request.set_headers(call);
  if (!call.body.empty() || method == "POST") {
    request.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    request.set(CURLOPT_POSTFIELDS, call.body.c_str());
  }
  if (method == "HEAD") request.set(CURLOPT_NOBODY, 1L);
  request.set(CURLOPT_PROTOCOLS_STR, "http,https");
  request.set(CURLOPT_FOLLOWLOCATION, 1L);
  request.set(CURLOPT_MAXREDIRS, 10L);
  request.set(CURLOPT_NOSIGNAL, 1L);
}

void set_security(Request& request, const HttpCall& call) {
  request.set(CURLOPT_SSL_VERIFYPEER, call.insecure_skip_verify ? 0L : 1L);
  request.set(CURLOPT_SSL_VERIFYHOST, call.insecure_skip_verify ? 0L : 2L);
  if (!call.user.empty() || !call.password.empty()) {
    request.set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    request.set(CURLOPT_USERNAME, call.user.c_str());
    request.set(CURLOPT_PASSWORD, call.password.c_str());
  }
  request.set_blob(CURLOPT_SSLCERT_BLOB, call.client_cert);
  request.set_blob(CURLOPT_SSLKEY_BLOB, call.client_key);
}

void set_times(Request& request, const HttpCall& call) {
  if (call.timeout) request.set(CURLOPT_TIMEOUT, static_cast<long>(call.timeout->count()));
  if (!call.stalled) return;
  const long seconds = static_cast<long>(call.stalled->count());
  request.set(CURLOPT_CONNECTTIMEOUT, seconds);
  request.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  request.set(CURLOPT_LOW_SPEED_TIME, seconds);
}

}  // namespace

HttpAnswer perform(const HttpCall& call, const std::atomic<bool>& cancelled) {
  HttpAnswer answer;
  const Libcurl& library = libcurl();
  answer.trouble = library.trouble;
  if (!answer.trouble.empty()) return answer;
  Request request(library);
  Exchange exchange{call, answer, request.handle(), nullptr};
  set_what(request, call);
  set_security(request, call);
  set_times(request, call);
  request.set(CURLOPT_WRITEFUNCTION, take_body);
  request.set(CURLOPT_WRITEDATA, &exchange);
  request.set(CURLOPT_HEADERFUNCTION, take_header);
  request.set(CURLOPT_HEADERDATA, &answer);
  request.set(CURLOPT_NOPROGRESS, 0L);
  request.set(CURLOPT_XFERINFOFUNCTION, look_at_cancel);
  request.set(CURLOPT_XFERINFODATA, &cancelled);
  const CURLcode code = library.easy_perform(request.handle());
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  library.easy_getinfo(request.handle(), CURLINFO_RESPONSE_CODE, &answer.status);
  if (code != CURLE_OK) answer.trouble = library.easy_strerror(code);
  answer.unreachable = code == CURLE_COULDNT_CONNECT;
  return answer;
}

}  // namespace skiff::runner
