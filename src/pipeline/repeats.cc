#include "pipeline/repeats.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "base/check.h"

namespace virnucpro {
namespace {

// Small beside any model except the embedded one, and enough for 95,000 ORFs with their scores:
// reads of an amplicon or of ribosomal RNA recur within that many.
constexpr std::size_t kBudget = std::size_t{64} << 20;
// An ORF of 500 bases: 499 nucleotides, 166 residues, and the length that separates them.
constexpr std::size_t kUsualKeyBytes = 672;
// The end of the key, and its number in a table that is between a quarter and half full.
constexpr std::size_t kTableBytes = 24;

}  // namespace

RepeatLimits repeat_limits(std::size_t row_floats, std::uint64_t bases) {
  const std::uint64_t most = kBudget / (kUsualKeyBytes + kTableBytes + row_floats * sizeof(float));
  // Six frames of a chunk of three bases make two ORFs a base; longer ones make eight bytes of keys
  // and the lengths beside them. All of it twice, because a generation has half of each.
  return {std::min(most, 4 * bases), std::min(most * kUsualKeyBytes, 48 * bases)};
}

RepeatFinder::Generation::Generation(RepeatLimits limits, std::uint32_t first_slot)
    : ends_(limits.orfs),
      keys_(limits.key_bytes),
      places_(2 * std::bit_ceil(limits.orfs), ResultRoute::kNone),
      first_slot_(first_slot) {}

std::string_view RepeatFinder::Generation::key(std::size_t number) const {
  const std::size_t begin = number == 0 ? 0 : ends_[number - 1];
  return {keys_.data() + begin, ends_[number] - begin};
}

bool RepeatFinder::Generation::fits(std::string_view key) const {
  return !ends_.empty() && key.size() <= keys_.size();
}

bool RepeatFinder::Generation::has_room(std::string_view key) const {
  const std::size_t used = count_ == 0 ? 0 : ends_[count_ - 1];
  return count_ < ends_.size() && key.size() <= keys_.size() - used;
}

std::uint32_t RepeatFinder::Generation::slot_of(std::string_view wanted, std::size_t hash) const {
  const std::size_t mask = places_.size() - 1;
  for (std::size_t i = hash & mask; places_[i] != ResultRoute::kNone; i = (i + 1) & mask) {
    if (key(places_[i]) == wanted) return first_slot_ + places_[i];
  }
  return ResultRoute::kNone;
}

std::uint32_t RepeatFinder::Generation::add(std::string_view key, std::size_t hash) {
  const std::size_t used = count_ == 0 ? 0 : ends_[count_ - 1];
  std::copy(key.begin(), key.end(), keys_.data() + used);
  ends_[count_] = used + key.size();
  const std::size_t mask = places_.size() - 1;
  std::size_t place = hash & mask;
  while (places_[place] != ResultRoute::kNone) place = (place + 1) & mask;
  places_[place] = static_cast<std::uint32_t>(count_);
  return first_slot_ + static_cast<std::uint32_t>(count_++);
}

void RepeatFinder::Generation::clear() {
  count_ = 0;
  std::fill(places_.begin(), places_.end(), ResultRoute::kNone);
}

RepeatFinder::RepeatFinder(RepeatLimits limits)
    : young_({limits.orfs / 2, limits.key_bytes / 2}, 0),
      old_({limits.orfs / 2, limits.key_bytes / 2}, static_cast<std::uint32_t>(limits.orfs / 2)) {
  check(limits.orfs < ResultRoute::kNone, "{} ORFs to remember", limits.orfs);
}

ResultRoute RepeatFinder::find(std::string_view nucleotides, std::string_view protein) {
  // The length comes first, because without it "AC" + "G" would equal "A" + "CG".
  const std::uint64_t length = nucleotides.size();
  key_.assign(reinterpret_cast<const char*>(&length), sizeof(length));
  key_ += nucleotides;
  key_ += protein;

  const std::size_t hash = std::hash<std::string_view>()(key_);
  ResultRoute route;
  route.from = young_.slot_of(key_, hash);
  if (route.is_repeat()) return route;
  route.from = old_.slot_of(key_, hash);
  if (!young_.fits(key_)) return route;
  if (!young_.has_room(key_)) {
    std::swap(young_, old_);
    young_.clear();
  }
  route.to = young_.add(key_, hash);
  return route;
}

void RepeatedResults::complete(std::span<const ResultRoute> routes, std::span<float> rows) {
  check(rows.size() == routes.size() * row_floats_, "{} values for {} ORFs of {}", rows.size(),
        routes.size(), row_floats_);
  for (std::size_t i = 0; i < routes.size(); ++i) {
    float* const row = rows.data() + i * row_floats_;
    const auto kept = [&](std::uint32_t slot) { return rows_.data() + slot * row_floats_; };
    if (routes[i].is_repeat()) std::copy_n(kept(routes[i].from), row_floats_, row);
    if (routes[i].to != ResultRoute::kNone) std::copy_n(row, row_floats_, kept(routes[i].to));
  }
}

void RepeatOwners::append(std::span<const ResultRoute> routes, std::uint64_t first,
                          std::uint64_t own, std::vector<std::uint64_t>& same_as) {
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const ResultRoute& route = routes[i];
    same_as.push_back(route.is_repeat() ? owners_[route.from] : own);
    if (route.to == ResultRoute::kNone) continue;
    owners_[route.to] = route.is_repeat() ? owners_[route.from] : first + i;
  }
}

}  // namespace virnucpro
