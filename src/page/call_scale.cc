#include "page/call_scale.h"

#include <algorithm>
#include <cmath>

namespace virnucpro {

std::int64_t CallScale::bin_of(double value) const {
  return static_cast<std::int64_t>(std::floor((value - anchor_) * per_one_));
}

void CallScale::count(std::int64_t bin, std::uint64_t bases) {
  Bin& counted = bins_[bin];
  ++counted.records;
  counted.bases += bases;
}

void CallScale::add(double value, std::uint64_t bases) { count(bin_of(value), bases); }

void CallScale::add_called(double value, std::uint64_t bases, bool is_viral) {
  const std::int64_t bin = bin_of(value);
  count(is_viral ? std::max<std::int64_t>(bin, 0) : std::min<std::int64_t>(bin, -1), bases);
}

}  // namespace virnucpro
