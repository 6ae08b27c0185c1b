// Runs a fuzz target without a fuzzer: every seed whole, cut short, and with a few bytes changed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kCuts = 24;
constexpr std::size_t kChangedCopies = 40;

std::vector<fs::path> seeds_of(int count, char** arguments) {
  std::vector<fs::path> seeds;
  for (int i = 1; i < count; ++i) {
    const fs::path path(arguments[i]);
    if (!fs::is_directory(path)) {
      seeds.push_back(path);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) seeds.push_back(entry.path());
    }
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

// A copy of its own size on the heap, so that AddressSanitizer sees a read beyond its end.
void run(const Bytes& bytes) {
  const Bytes copy(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

// The same inputs on every machine: std::mt19937 is specified to the bit, distributions are not.
std::size_t run_seed(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const Bytes seed{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  run(seed);
  if (seed.empty()) return 1;
  for (std::size_t i = 0; i < kCuts; ++i) {
    run(Bytes(seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(seed.size() * i / kCuts)));
  }
  std::mt19937 random(20250611);  // any; fixed, so that a failure can be repeated
  for (std::size_t i = 0; i < kChangedCopies; ++i) {
    Bytes changed = seed;
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t change = 0; change < changes; ++change) {
      changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
    }
    run(changed);
  }
  return 1 + kCuts + kChangedCopies;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<fs::path> seeds = seeds_of(count, arguments);
  if (seeds.empty()) {
    std::fprintf(stderr, "usage: %s SEED_FOLDER_OR_FILE...\n", arguments[0]);
    return 2;
  }
  std::size_t inputs = 0;
  for (const fs::path& seed : seeds) {
    std::printf("%s\n", seed.c_str());
    std::fflush(stdout);  // names the seed when the next line is a crash
    try {
      inputs += run_seed(seed);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s, or a changed copy of it: %s\n", seed.c_str(), error.what());
      return 1;
    }
  }
  std::printf("%zu inputs from %zu seeds\n", inputs, seeds.size());
  return 0;
}
