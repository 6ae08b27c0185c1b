#include "models/precision_policy.h"

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {

PrecisionChoice choose_precision(const PrecisionRequest& request, const Environment& environment) {
  const auto is_set = [&](const char* name) {
    const std::optional<std::string> value = environment(name);
    return value.has_value() && is_true(*value);
  };
  PrecisionChoice choice;
  choice.precision = request.precision.value_or(Precision::kFp16);
  choice.packed = !request.no_packing && !is_set("VIRNUCPRO_DISABLE_PACKING");
  if (is_set("VIRNUCPRO_DISABLE_FP16")) {
    choice.precision = Precision::kFp32;
    choice.warnings.push_back(
        "VIRNUCPRO_DISABLE_FP16 is set: the encoders run in FP32, a diagnostic mode that is slower "
        "and takes twice the memory of FP16; unset it for normal runs");
  } else if (choice.precision == Precision::kFp32) {
    choice.warnings.push_back(
        "precision fp32 is a diagnostic mode: slower, and twice the memory of FP16");
  }
  if (choice.precision == Precision::kBf16 && choice.packed) {
    choice.warnings.push_back(
        "precision bf16 keeps three bits less than fp16; fp16 is the default and more exact "
        "choice");
  }
  if (choice.precision == Precision::kInt8) {
    choice.warnings.push_back(
        "precision int8 rounds weights and activations to 8 bits; fp16 is the default and more "
        "exact choice ('virnucpro precision' measures the difference on your sequences)");
  }
  if (choice.packed) require_packable(choice.precision);
  return choice;
}

PrecisionDemand demand_of(Precision precision) {
  switch (precision) {
    case Precision::kFp16:
      return {.centred_cosine = 0.9999, .flips = 0.001};
    case Precision::kBf16:
      return {.centred_cosine = 0.995, .flips = 0.005};
    case Precision::kInt8:
    case Precision::kFp8:
      return {.centred_cosine = 0.98, .flips = 0.01};
    case Precision::kFp32:
      break;
  }
  return {};
}

void require_offered(Precision precision, const Backend& backend) {
  if (backend.offers(precision)) return;
  std::string offered;
  for (const Precision other : kPrecisions) {
    if (!backend.offers(other)) continue;
    offered += fmt::format("{}{}", offered.empty() ? "" : ", ", name_of(other));
  }
  throw PrecisionError(fmt::format(
      "precision {} needs a GPU of compute capability 8.9 or newer (Ada, Hopper); this device ({}: "
      "{}) has {}",
      name_of(precision), backend.name(), backend.description(), offered));
}

bool meets_demand(Precision precision, double worst_cosine, std::uint64_t flips,
                  std::uint64_t scored) {
  const PrecisionDemand demand = demand_of(precision);
  return worst_cosine >= demand.centred_cosine &&
         static_cast<double>(flips) <= demand.flips * static_cast<double>(scored);
}

void require_packable(Precision precision) {
  if (precision != Precision::kFp32) return;
  throw PrecisionError(
      "packed inference needs an FP16, BF16 or INT8 model, and this run is set to FP32. Either "
      "unset VIRNUCPRO_DISABLE_FP16 (or drop --precision fp32) to run packed in FP16 "
      "(recommended), or run unpacked with VIRNUCPRO_DISABLE_PACKING=1 or --no-packing");
}

}  // namespace virnucpro
