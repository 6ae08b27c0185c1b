// The multiplications that a processor offers beside those of float32.
#pragma once

#include <functional>
#include <istream>
#include <set>
#include <string>
#include <string_view>

namespace virnucpro {

/// Names of features as Linux lists them: avx512_bf16, amx_tile, asimdhp.
using ProcessorFlags = std::set<std::string, std::less<>>;

/// The flags of the first processor in the text of /proc/cpuinfo; empty where it lists none.
ProcessorFlags read_processor_flags(std::istream& cpuinfo);

/// "Tiles" are those of AMX: several times the rate of vectors. cpu_product() of linear_cpu.h says
/// which of them a dense layer uses: oneDNN does not use all that a processor has.
struct InstructionSet {
  std::string_view vectors = "none that are known";
  bool bfloat16 = false;
  bool bfloat16_tiles = false;
  bool int8 = false;
  bool int8_tiles = false;
  bool float16 = false;
  bool float16_tiles = false;
};

/// The instruction set of a machine with these flags. Pure.
InstructionSet instruction_set_of(const ProcessorFlags& flags);

/// "AVX-512; products of BF16 (vectors, tiles), 8 bits (vectors)".
std::string describe(const InstructionSet& set);

}  // namespace virnucpro
