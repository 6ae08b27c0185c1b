#include "backend/cpu/instruction_set.h"

#include <sstream>

namespace virnucpro {
namespace {

/// Best first. AVX-512 counts from Skylake-X on: all kernels for it need BW, DQ and VL too.
std::string_view vectors_of(const ProcessorFlags& flags) {
  const auto has = [&](const char* name) { return flags.contains(name); };
  if (has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl")) return "AVX-512";
  if (has("avx2") && has("fma")) return "AVX2";
  if (has("avx")) return "AVX";
  if (has("sse4_1")) return "SSE4";
  if (has("ssse3")) return "SSSE3";
  if (has("sse2")) return "SSE2";
  if (has("asimd")) return "NEON";
  return InstructionSet().vectors;
}

void add_products(std::string& text, std::string_view name, bool vectors, bool tiles) {
  if (!vectors && !tiles) return;
  text += text.empty() ? "" : ", ";
  text += name;
  text += vectors && tiles ? " (vectors, tiles)" : tiles ? " (tiles)" : " (vectors)";
}

}  // namespace

ProcessorFlags read_processor_flags(std::istream& cpuinfo) {
  for (std::string line; std::getline(cpuinfo, line);) {
    // "flags : ..." on x86, "Features : ..." on arm64; "vmx flags" is another list.
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream words(line.substr(colon + 1));
    ProcessorFlags flags;
    for (std::string word; words >> word;) flags.insert(word);
    return flags;
  }
  return {};
}

InstructionSet instruction_set_of(const ProcessorFlags& flags) {
  const auto has = [&](const char* name) { return flags.contains(name); };
  InstructionSet set;
  set.vectors = vectors_of(flags);
  const bool avx512 = set.vectors == "AVX-512";
  const bool neon = set.vectors == "NEON";
  const bool tiles = avx512 && has("amx_tile");
  set.bfloat16 = (avx512 && has("avx512_bf16")) || (neon && has("bf16"));
  set.int8 = (avx512 && has("avx512_vnni")) || has("avx_vnni") || (neon && has("asimddp"));
  set.float16 = (avx512 && has("avx512_fp16")) || (neon && has("asimdhp"));
  set.bfloat16_tiles = tiles && has("amx_bf16");
  set.int8_tiles = tiles && has("amx_int8");
  set.float16_tiles = tiles && has("amx_fp16");
  return set;
}

std::string describe(const InstructionSet& set) {
  std::string products;
  add_products(products, "BF16", set.bfloat16, set.bfloat16_tiles);
  add_products(products, "8 bits", set.int8, set.int8_tiles);
  add_products(products, "FP16", set.float16, set.float16_tiles);
  const std::string vectors(set.vectors);
  if (products.empty()) return vectors + "; no products of BF16, 8 bits or FP16";
  return vectors + "; products of " + products;
}

}  // namespace virnucpro
