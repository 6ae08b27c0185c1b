#include "training/balance.h"

#include <array>
#include <map>

namespace virnucpro {

std::string_view name_of(Balance balance) {
  switch (balance) {
    case Balance::kNone:
      return "none";
    case Balance::kClasses:
      return "classes";
    case Balance::kGroups:
      return "groups";
  }
  return "?";
}

std::vector<float> balance_weights(std::span<const FrameTruth> truth,
                                   std::span<const std::size_t> frames, Balance balance) {
  if (balance == Balance::kNone) return std::vector<float>(frames.size(), 1.0f);
  // The weighted frames of each portion: one portion per class, by 0, or one per group.
  std::array<std::map<std::uint32_t, double>, 2> portions;
  const auto portion_of = [&](const FrameTruth& frame) {
    return balance == Balance::kGroups ? frame.group : 0;
  };
  for (const std::size_t frame : frames) {
    portions[truth[frame].is_virus ? 1 : 0][portion_of(truth[frame])] += 1.0;
  }
  const double classes = (portions[0].empty() ? 0.0 : 1.0) + (portions[1].empty() ? 0.0 : 1.0);
  std::vector<float> weights;
  weights.reserve(frames.size());
  for (const std::size_t frame : frames) {
    const auto& own = portions[truth[frame].is_virus ? 1 : 0];
    const double count = own.at(portion_of(truth[frame]));
    weights.push_back(static_cast<float>(static_cast<double>(frames.size()) /
                                         (classes * static_cast<double>(own.size()) * count)));
  }
  return weights;
}

}  // namespace virnucpro
