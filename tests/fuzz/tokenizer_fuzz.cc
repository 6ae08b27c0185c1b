// Fuzz target: the DNA tokenizer's JSON, and encoding with whatever vocabulary it gives.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "fuzz/only_errors.h"
#include "tokenizer/dna_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro;
  constexpr std::string_view kBases = "ACGTACGTTTGACCAANNNNACGT acgt[CLS]\xff\tGATTACAGATTACA";
  fuzz::only_errors([&] {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    const DnaTokenizer tokenizer = DnaTokenizer::from_json(json, "tokenizer.json");
    DnaTokenizer::Scratch scratch;
    std::vector<std::int32_t> ids;
    tokenizer.encode(kBases, scratch, ids);
    for (const std::int32_t id : ids) {
      check(id >= 0 && static_cast<std::size_t>(id) < tokenizer.vocabulary_size(),
            "id {} of a vocabulary of {}", id, tokenizer.vocabulary_size());
    }
  });
  return 0;
}
