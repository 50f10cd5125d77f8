// Archives written byte by byte: also those that no library would write.
//
// In: headers as one likes. Out: the bytes of a tar, or of a gzip around them.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace skiff::store::testing {

/// Bytes that no compressor makes smaller, always the same.
inline std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  unsigned x = 1;
  for (char& c : bytes) c = static_cast<char>((x = x * 1664525U + 1013904223U) >> 24U);
  return bytes;
}

struct RawEntry {
  std::string name;
  char type = '0';  ///< '0' file, '1' hard link, '2' symlink, '3' '4' devices, '5' directory, '6' FIFO
  std::string content;
  std::string link;
  std::string size_field;  ///< 12 bytes as they are; empty: from the content
  unsigned mode = 0644;
};

inline std::string raw_header(const RawEntry& entry) {
  std::string h(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { h.replace(at, text.size(), text); };
  const auto octal = [](std::uint64_t value, int width) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%0*llo", width, static_cast<unsigned long long>(value));
    return std::string(text.data());
  };
  put(0, std::string_view(entry.name).substr(0, 100));
  put(100, octal(entry.mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, entry.size_field.empty() ? octal(entry.content.size(), 11) : entry.size_field);
  put(136, octal(1'700'000'000, 11));
  put(148, "        ");
  h[156] = entry.type;
  put(157, std::string_view(entry.link).substr(0, 100));
  put(257, "ustar");
  put(263, "00");
  unsigned sum = 0;
  for (const char c : h) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + '\0');
  return h;
}

inline std::string raw_entry(const RawEntry& entry) {
  std::string bytes = raw_header(entry) + entry.content;
  bytes.resize((bytes.size() + 511) / 512 * 512);
  return bytes;
}

inline std::string tar_end() { return std::string(1024, '\0'); }

template <typename... Entries>
std::string raw_tar(const Entries&... entries) {
  return (raw_entry(entries) + ...) + tar_end();
}

inline RawEntry raw_file(std::string name, std::string content = "x") {
  return {std::move(name), '0', std::move(content), {}, {}};
}
inline RawEntry raw_dir(std::string name) { return {std::move(name), '5', {}, {}, {}, 0755}; }
inline RawEntry raw_symlink(std::string name, std::string target) {
  return {std::move(name), '2', {}, std::move(target), {}};
}
inline RawEntry raw_hardlink(std::string name, std::string target) {
  return {std::move(name), '1', {}, std::move(target), {}};
}

/// A pax extended header that gives the next entry this attribute.
inline std::string pax(const std::string& key, const std::string& value) {
  std::string record;
  std::size_t size = key.size() + value.size() + 3;
  for (std::size_t guess = size + 1;; ++guess) {
    record = std::to_string(guess) + " " + key + "=" + value + "\n";
    if (record.size() == guess) break;
  }
  return raw_entry({"PaxHeaders/x", 'x', record, {}, {}});
}

/// gzip with stored blocks: no compressor needed.
inline std::string gzip(std::string_view bytes) {
  const auto le = [](std::uint64_t value, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    return text;
  };
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  const std::size_t total = bytes.size();
  do {
    const std::string_view block = bytes.substr(0, 65535);
    bytes.remove_prefix(block.size());
    out += static_cast<char>(bytes.empty() ? 1 : 0);
    out += le(block.size(), 2) + le(~block.size() & 0xffff, 2);
    out += block;
  } while (!bytes.empty());
  return out + le(crc ^ 0xffffffffU, 4) + le(total, 4);
}

/// What a zip of stored files looks like; `attributes` are the upper 16 bits of the Unix mode.
struct RawZipEntry {
  std::string name;
  std::string content;
  unsigned mode = 0100644;
  std::uint32_t announced = 0;  ///< size in the headers if not that of the content
};

inline std::string raw_zip(std::initializer_list<RawZipEntry> entries) {
  const auto le = [](std::uint64_t value, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    return text;
  };
  const auto crc_of = [](std::string_view bytes) {
    std::uint32_t crc = 0xffffffffU;
    for (const char c : bytes) {
      crc ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
    return crc ^ 0xffffffffU;
  };
  std::string out;
  std::string directory;
  for (const auto& entry : entries) {
    const std::uint64_t size = entry.announced != 0 ? entry.announced : entry.content.size();
    const std::string common = le(0, 2) + le(0, 2) + le(0, 2) + le(0x5800, 2) + le(crc_of(entry.content), 4) +
                               le(entry.content.size(), 4) + le(size, 4) + le(entry.name.size(), 2) +
                               le(0, 2);
    directory += "PK\x01\x02" + le(0x0314, 2) + le(20, 2) + common + le(0, 2) + le(0, 2) + le(0, 2) +
                 le(std::uint64_t{entry.mode} << 16U, 4) + le(out.size(), 4) + entry.name;
    out += "PK\x03\x04" + le(20, 2) + common + entry.name + entry.content;
  }
  const std::size_t at = out.size();
  return out + directory + "PK\x05\x06" + le(0, 4) + le(entries.size(), 2) + le(entries.size(), 2) +
         le(directory.size(), 4) + le(at, 4) + le(0, 2);
}

}  // namespace skiff::store::testing
