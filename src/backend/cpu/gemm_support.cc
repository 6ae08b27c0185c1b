// Which products of our own this processor has instructions for. Highway 1.0 tells AVX2 from
// AVX-512, but not these.
#include <cstdint>

#include "backend/cpu/gemm_cpu.h"
#include "backend/cpu/processor.h"
#include "hwy/highway.h"

#if HWY_ARCH_X86
#include <cpuid.h>
#endif

namespace virnucpro {
namespace {

#if HWY_ARCH_X86
/// Registers of CPUID's leaf 7, which lists extensions; zeros where there is none.
struct Extensions {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;

  explicit Extensions(std::uint32_t subleaf) {
    if (__get_cpuid_count(7, subleaf, &eax, &ebx, &ecx, &edx) == 0) eax = ebx = ecx = edx = 0;
  }
};

constexpr std::uint32_t kAvx512Vnni = 1u << 11;  // ecx of subleaf 0
constexpr std::uint32_t kAvxVnni = 1u << 4;      // eax of subleaf 1
constexpr std::uint32_t kAvx512Bf16 = 1u << 5;   // eax of subleaf 1
#endif

}  // namespace

bool gemm_takes_quads() {
#if HWY_ARCH_X86
  static const bool has_512 = (Extensions(0).ecx & kAvx512Vnni) != 0;
  static const bool has_256 = (Extensions(1).eax & kAvxVnni) != 0;
  if (kernel_target() == HWY_AVX3) return has_512;
  if (kernel_target() == HWY_AVX2) return has_256;
#endif
  return false;
}

bool gemm_takes_bfloat16() {
#if HWY_ARCH_X86
  static const bool has_it = (Extensions(1).eax & kAvx512Bf16) != 0;
  if (kernel_target() == HWY_AVX3) return has_it;
#endif
  return false;
}

}  // namespace virnucpro
