#include "runner/http_message.h"

#include <charconv>

namespace skiff::runner {
namespace {

bool decode(std::string_view in, std::string& out) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '+') {
      out += ' ';
    } else if (in[i] != '%') {
      out += in[i];
    } else {
      unsigned value = 0;
      if (i + 2 >= in.size()) return false;
      const auto r = std::from_chars(in.data() + i + 1, in.data() + i + 3, value, 16);
      if (r.ptr != in.data() + i + 3) return false;
      out += static_cast<char>(value);
      i += 2;
    }
  }
  return true;
}

int grpc_code(int status) {
  switch (status) {
    case 400:
      return 3;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 5;
    case 409:
      return 6;
    case 412:
      return 9;
    case 501:
      return 12;
    case 503:
      return 14;
    default:
      return 2;
  }
}

}  // namespace

HttpReply error_reply(int status, std::string message) {
  spec::Json j = spec::Json::object();
  j.set("code", grpc_code(status));
  j.set("message", std::move(message));
  HttpReply r;
  r.status = status;
  r.body = spec::to_json(j);
  return r;
}

HttpReply json_reply(const spec::Json& value) {
  HttpReply r;
  r.body = spec::to_json(value);
  return r;
}

bool parse_target(std::string_view target, HttpRequest& into) {
  const auto mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  if (path.empty() || path[0] != '/') return false;
  path.remove_prefix(1);
  while (!path.empty()) {
    const auto slash = path.find('/');
    std::string segment;
    if (!decode(path.substr(0, slash), segment)) return false;
    into.path.push_back(std::move(segment));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  if (mark == std::string_view::npos) return true;
  std::string_view query = target.substr(mark + 1);
  while (!query.empty()) {
    const auto amp = query.find('&');
    const std::string_view pair = query.substr(0, amp);
    const auto eq = pair.find('=');
    std::string key, value;
    if (!decode(pair.substr(0, eq), key)) return false;
    if (eq != std::string_view::npos && !decode(pair.substr(eq + 1), value)) return false;
    into.query[key] = value;
    if (amp == std::string_view::npos) break;
    query.remove_prefix(amp + 1);
  }
  return true;
}

}  // namespace skiff::runner
