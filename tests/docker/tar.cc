// ustar: a 512-byte header and the contents rounded up to 512.
#include "tests/docker/tar.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace skiff::docker::test {
namespace {

void put(std::string& header, std::size_t at, const std::string& text) {
  std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(std::size_t value, int width) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*zo", width, value);
  return text;
}

}  // namespace

std::string tar(const std::map<std::string, std::string>& files) {
  std::string out;
  for (const auto& [name, content] : files) {
    const bool dir = name.back() == '/';
    std::string header(512, '\0');
    put(header, 0, name);
    put(header, 100, dir ? "0000755" : "0000644");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    put(header, 124, octal(content.size(), 11));
    put(header, 136, octal(1700000000, 11));
    put(header, 148, "        ");
    header[156] = dir ? '5' : '0';
    put(header, 257, "ustar");
    put(header, 263, "00");
    std::size_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(header, 148, octal(sum, 6) + std::string(1, '\0') + " ");
    out += header + content + std::string((512 - content.size() % 512) % 512, '\0');
  }
  return out + std::string(1024, '\0');
}

std::map<std::string, std::string> untar(const std::string& archive) {
  std::map<std::string, std::string> files;
  for (std::size_t at = 0; at + 512 <= archive.size() && archive[at] != '\0';) {
    const std::string name = archive.c_str() + at;
    const std::size_t size = std::strtoul(archive.substr(at + 124, 11).c_str(), nullptr, 8);
    const char type = archive[at + 156];
    at += 512;
    if (type == '0' || type == '\0' || type == '5') files[name] = archive.substr(at, size);
    at += (size + 511) / 512 * 512;
  }
  return files;
}

}  // namespace skiff::docker::test
