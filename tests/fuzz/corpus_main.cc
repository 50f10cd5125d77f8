// Runs a fuzz target without a fuzzer: every seed as it is, then mutations of it that are the same on every
// machine.
//
//     TARGET [--mutations N] [--seed S] FILE-OR-DIRECTORY...
//
// For compilers without libFuzzer, and for CI, where the sanitizers watch. An input that takes more than a
// second of the processor counts as a failure; the input that was running when a check fails is left in
// `crash-input` of the working directory.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kLargest = 1u << 16;

/// Pieces that bring a mutation into corners which single bytes do not reach.
constexpr std::string_view kPieces[] = {
    "\n",         "\n---\n", "- ",  ": ",   "  ",   "\t",           "'",    "\"",       "[",
    "]",          "{",       "}",   "{{",   "}}",   "&a ",          "*a",   "<<: *a\n", "|\n",
    ">-\n",       "!!str ",  "#",   "? ",   "...",  "\\",           "0x",   "1e999",    ".inf",
    "null",       "~",       "yes", "010",  "\r\n", "\xEF\xBB\xBF", "\xff", "é",        "\xE2\x80\xA8",
    "%TAG ! x\n", "@",       "`",   "(",    ")",    "&&",           "||",   "??",       "?.",
    "..",         "==",      "in ", "let ", "true", "-1",           "1d2h", "* * *",    "@every ",
    "=~",         "!~",      "\0",
};

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string mutate(std::string text, const std::string& other) {
    for (std::size_t n = 1 + pick(4); n > 0; --n) change(text, other);
    if (text.size() > kLargest) text.resize(kLargest);
    return text;
  }

 private:
  std::size_t pick(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_() % n); }

  void change(std::string& text, const std::string& other) {
    const std::size_t at = pick(text.size() + 1);
    const std::size_t length = std::min(pick(32), text.size() - at);
    switch (pick(7)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(pick(256));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, kPieces[pick(std::size(kPieces))]);
        break;
      case 3:
        text.insert(pick(text.size() + 1), text.substr(at, length));
        break;
      case 4: {
        const std::size_t from = pick(other.size() + 1);
        text.insert(at, other.substr(from, pick(64)));
        break;
      }
      case 5: {
        std::string repeated;
        const std::string_view piece = kPieces[pick(std::size(kPieces))];
        for (std::size_t n = pick(300); n > 0; --n) repeated += piece;
        text.insert(at, repeated);
        break;
      }
      default:
        text.resize(at);
        break;
    }
  }

  std::mt19937_64 random_;
};

std::vector<std::string> read_seeds(std::span<char*> paths) {
  std::vector<std::filesystem::path> files;
  for (const char* path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);  // the same order, and so the same mutations, everywhere
  std::vector<std::string> seeds;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return seeds;
}

/// Keeps the input at hand for whoever finds the process dead.
void leave_trace(const std::string& input) {
  static std::FILE* const file = std::fopen("crash-input", "w+b");
  if (file == nullptr) return;
  std::rewind(file);
  std::fwrite(input.data(), 1, input.size(), file);
  std::fflush(file);
  if (ftruncate(fileno(file), static_cast<off_t>(input.size())) != 0) std::perror("crash-input");
}

bool run(const std::string& input) {
  leave_trace(input);
  const std::clock_t begin = std::clock();  // a busy machine is no failure
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  if (seconds < 1.0) return true;
  std::fprintf(stderr, "an input of %zu bytes took %.1f s; it is in crash-input\n", input.size(), seconds);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t mutations = 200;
  std::uint64_t seed = 1;
  int first = 1;
  while (first + 1 < argc && std::string_view(argv[first]).starts_with("--")) {
    const std::string_view flag = argv[first];
    const auto value = std::strtoull(argv[first + 1], nullptr, 10);
    if (flag == "--mutations") mutations = static_cast<std::size_t>(value);
    if (flag == "--seed") seed = value;
    first += 2;
  }
  const auto seeds =
      read_seeds(std::span(argv, static_cast<std::size_t>(argc)).subspan(static_cast<std::size_t>(first)));
  if (seeds.empty()) {
    std::fprintf(stderr, "usage: %s [--mutations N] [--seed S] FILE-OR-DIRECTORY...\n", argv[0]);
    return 2;
  }
  Mutator mutator(seed);
  std::size_t count = 0;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (!run(seeds[i])) return 1;
    for (std::size_t n = 0; n < mutations; ++n, ++count) {
      if (!run(mutator.mutate(seeds[i], seeds[(i + n) % seeds.size()]))) return 1;
    }
  }
  std::filesystem::remove("crash-input");
  std::printf("%zu seeds, %zu mutations: no failure\n", seeds.size(), count);
  return 0;
}
