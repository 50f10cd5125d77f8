// sprig's urlParse and urlJoin, by the rules of Go's net/url: what is escaped where, and what is refused.
#include <algorithm>
#include <optional>

#include "spec/expr/sprig_impl.h"

namespace skiff::spec::expr::sprig {
namespace {

enum class Part { path, user, host, fragment };

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool must_escape(char c, Part part) {
  if (is_alnum(c) || one_of(c, "-_.~")) return false;
  switch (part) {
    case Part::path:
      return !one_of(c, "$&+,/:;=@");
    case Part::user:
      return !one_of(c, "$&+,;=");
    case Part::host:
      return !one_of(c, "!$&'()*+,;=:[]<>\"");
    case Part::fragment:
      return !one_of(c, "$&+,/:;=?@!()*");
  }
  return true;
}

std::string escape(std::string_view s, Part part) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : s) {
    if (!must_escape(c, part)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

[[noreturn]] void refuse(std::string_view url, const std::string& why) {
  throw Panic("unable to parse url: parse " + go_quote(url) + ": " + why);
}

std::string unescape(std::string_view s, Part part, std::string_view url) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      const bool odd =
          part == Part::host && static_cast<unsigned char>(s[i]) < 0x80 && must_escape(s[i], part);
      if (odd) refuse(url, "invalid character " + go_quote(s.substr(i, 1)) + " in host name");
      out += s[i];
      continue;
    }
    const int high = i + 2 < s.size() ? hex_value(s[i + 1]) : -1;
    const int low = i + 2 < s.size() ? hex_value(s[i + 2]) : -1;
    if (high < 0 || low < 0) refuse(url, "invalid URL escape " + go_quote(s.substr(i, 3)));
    if (part == Part::host && high < 8) refuse(url, "invalid URL escape " + go_quote(s.substr(i, 3)));
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

struct User {
  std::string name, password;
  bool has_password = false;
  [[nodiscard]] std::string text() const {
    return escape(name, Part::user) + (has_password ? ":" + escape(password, Part::user) : "");
  }
};

struct Url {
  std::string scheme, opaque, host, path, query, fragment;
  std::optional<User> user;
  bool force_query = false;
};

/// The scheme, cut off `rest`; empty if there is none.
std::string take_scheme(std::string_view& rest, std::string_view url) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (i > 0 && (is_alnum(c) || one_of(c, "+-.")))) continue;
    if (c != ':') return "";
    if (i == 0) refuse(url, "missing protocol scheme");
    std::string scheme(rest.substr(0, i));
    std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                   [](char l) { return l >= 'A' && l <= 'Z' ? static_cast<char>(l + 32) : l; });
    rest.remove_prefix(i + 1);
    return scheme;
  }
  return "";
}

bool valid_port(std::string_view port) {
  return port.empty() ||
         (port[0] == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

std::string parse_host(std::string_view host, std::string_view url) {
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t close = host.rfind(']');
    if (close == std::string_view::npos) refuse(url, "missing ']' in host");
    port = host.substr(close + 1);
  } else if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
  }
  if (!valid_port(port)) refuse(url, "invalid port " + go_quote(port) + " after host");
  return unescape(host, Part::host, url);
}

void parse_authority(Url& out, std::string_view authority, std::string_view url) {
  const std::size_t at = authority.rfind('@');
  out.host = parse_host(at == std::string_view::npos ? authority : authority.substr(at + 1), url);
  if (at == std::string_view::npos) return;
  const std::string_view user = authority.substr(0, at);
  for (const char c : user) {
    if (!is_alnum(c) && !one_of(c, "-._:~!$&'()*+,;=%@")) refuse(url, "net/url: invalid userinfo");
  }
  const std::size_t colon = user.find(':');
  User parsed;
  parsed.name = unescape(user.substr(0, colon), Part::user, url);
  parsed.has_password = colon != std::string_view::npos;
  if (parsed.has_password) parsed.password = unescape(user.substr(colon + 1), Part::user, url);
  out.user = std::move(parsed);
}

Url parse(std::string_view url) {
  Url out;
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      refuse(url, "net/url: invalid control character in URL");
  }
  std::string_view rest = url;
  const std::size_t hash = rest.find('#');
  if (hash != std::string_view::npos) {
    out.fragment = unescape(rest.substr(hash + 1), Part::fragment, url);
    rest = rest.substr(0, hash);
  }
  if (rest == "*") {
    out.path = "*";
    return out;
  }
  out.scheme = take_scheme(rest, url);
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    out.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  if (!rest.starts_with('/')) {
    if (!out.scheme.empty()) {
      out.opaque = rest;
      return out;
    }
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
      refuse(url, "first path segment in URL cannot contain colon");
    }
  }
  if (rest.starts_with("//") && (!out.scheme.empty() || !rest.starts_with("///"))) {
    const std::size_t slash = std::min(rest.find('/', 2), rest.size());
    parse_authority(out, rest.substr(2, slash - 2), url);
    rest.remove_prefix(slash);
  }
  out.path = unescape(rest, Part::path, url);
  return out;
}

std::string host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close != std::string_view::npos) return std::string(host.substr(1, close - 1));
  }
  return std::string(host.substr(0, host.find(':')));
}

std::string to_text(const Url& url) {
  std::string out = url.scheme.empty() ? "" : url.scheme + ":";
  if (!url.opaque.empty()) {
    out += url.opaque;
  } else {
    if (!url.scheme.empty() || !url.host.empty() || url.user) {
      if (!url.host.empty() || !url.path.empty() || url.user) out += "//";
      if (url.user) out += url.user->text() + "@";
      out += escape(url.host, Part::host);
    }
    const std::string path = url.path == "*" ? "*" : escape(url.path, Part::path);
    if (!path.empty() && path[0] != '/' && !url.host.empty()) out += '/';
    if (out.empty() && path.substr(0, path.find('/')).find(':') != std::string::npos) out += "./";
    out += path;
  }
  if (!url.query.empty()) out += "?" + url.query;
  if (!url.fragment.empty()) out += "#" + escape(url.fragment, Part::fragment);
  return out;
}

Value parsed(std::string_view text) {
  const Url url = parse(text);
  Map out;
  const auto put = [&out](std::string_view key, std::string value) { out.set(key, Value(std::move(value))); };
  put("scheme", url.scheme);
  put("host", url.host);
  put("hostname", host_name(url.host));
  put("path", url.path);
  put("query", url.query);
  put("opaque", url.opaque);
  put("fragment", url.fragment);
  put("userinfo", url.user ? url.user->text() : "");
  return {std::move(out)};
}

std::string joined(const Map& dict) {
  const auto get = [&dict](std::string_view key) -> std::string {
    const Value* value = dict.find(key);
    if (value == nullptr) return "";
    if (value->is_string()) return value->as_string();
    throw Panic("unable to parse " + std::string(key) + " key, must be of type string, but " +
                kind_name(*value) + " found");
  };
  Url url;
  url.scheme = get("scheme");
  url.host = get("host");
  url.path = get("path");
  url.query = get("query");
  url.opaque = get("opaque");
  url.fragment = get("fragment");
  if (const std::string user = get("userinfo"); !user.empty())
    url.user = parse("proto://" + user + "@host").user;
  return to_text(url);
}

}  // namespace

void add_urls(Table& t) {
  t.add("urlParse", {Type::string()}, dict_type(), [](Args a) -> Value { return parsed(a[0].as_string()); });
  t.add("urlJoin", {dict_type()}, Type::string(), [](Args a) -> Value { return joined(a[0].as_map()); });
}

}  // namespace skiff::spec::expr::sprig
