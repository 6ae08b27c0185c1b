// Fuzz target: bundle.json beside fixed parts, with every part opened as the card says.
#include "weights/bundle.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/mapped_file.h"
#include "fuzz/only_errors.h"
#include "fuzz/take_tensors.h"
#include "weights/bundle_card.h"

namespace virnucpro::fuzz {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::span<const std::byte>>;

/// The parts of tests/fuzz/bundle_parts, mapped for the rest of the process.
Files load_parts() {
  static std::vector<std::shared_ptr<const MappedFile>> mappings;
  Files files;
  for (const auto& entry : fs::directory_iterator(VIRNUCPRO_FUZZ_FOLDER "/bundle_parts")) {
    mappings.push_back(MappedFile::open(entry.path().string()));
    files.emplace(entry.path().filename().string(), mappings.back()->bytes());
  }
  // The first seed must fit them, or nothing behind the checksums would ever be reached.
  mappings.push_back(MappedFile::open(VIRNUCPRO_FUZZ_FOLDER "/seeds/bundle/bundle.json"));
  Files whole = files;
  whole[kBundleCard] = mappings.back()->bytes();
  const auto problems = Bundle::from_memory(whole).problems();
  check(problems.empty(), "the parts do not fit the first seed: {}",
        problems.empty() ? "" : problems.front());
  return files;
}

void open_bundle(std::span<const std::byte> card) {
  static const Files parts = load_parts();
  Files files = parts;
  files[kBundleCard] = card;
  const Bundle bundle = Bundle::from_memory(files);
  only_errors([&] { bundle.problems(); });
  only_errors([&] { bundle.tokenizer_json(); });
  only_errors([&] { take_tensors(bundle.dnabert_s().tensors); });
  only_errors([&] { take_tensors(bundle.esm2().tensors); });
  for (const std::int64_t length : bundle.expected_lengths()) {
    only_errors([&] { take_tensors(bundle.classifier(length).tensors); });
  }
  const std::string text = format_bundle_card(bundle.info());
  const std::string again = format_bundle_card(parse_bundle_card(text, "the card written again"));
  check(again == text, "a card read and written again differs:\n{}\n{}", text, again);
}

}  // namespace
}  // namespace virnucpro::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro::fuzz;
  only_errors([&] { open_bundle(std::as_bytes(std::span(data, size))); });
  return 0;
}
