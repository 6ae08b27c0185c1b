#include "models/finite_check.h"

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {

void require_finite(const Encoder& encoder, std::uint64_t batch, std::span<const std::string> ids,
                    const Embeddings& embeddings) {
  if (!embeddings.nonfinite.any()) return;
  constexpr std::size_t kNamed = 5;
  std::string named;
  std::size_t affected = 0;
  for (std::size_t i = 0; i < embeddings.nonfinite_per_sequence.size(); ++i) {
    if (embeddings.nonfinite_per_sequence[i] == 0) continue;
    ++affected;
    if (affected > kNamed) continue;
    if (!named.empty()) named += ", ";
    named += fmt::format("'{}' ({} values)", i < ids.size() ? ids[i] : std::to_string(i),
                         embeddings.nonfinite_per_sequence[i]);
  }
  if (affected > kNamed) named += fmt::format(" and {} more", affected - kNamed);
  throw NonfiniteError(fmt::format(
      "{} gave {} NaN and {} infinite values in batch {}, in {} of {} sequences: {}; finite values "
      "lie in [{}, {}]. Precision was {}; run again with VIRNUCPRO_DISABLE_FP16=1 and --no-packing "
      "to see whether FP32 is finite",
      encoder.name(), embeddings.nonfinite.nan, embeddings.nonfinite.infinite, batch, affected,
      embeddings.nonfinite_per_sequence.size(), named, embeddings.nonfinite.finite_min,
      embeddings.nonfinite.finite_max, name_of(encoder.precision())));
}

}  // namespace virnucpro
