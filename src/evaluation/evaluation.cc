#include "evaluation/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/format.h"
#include "base/random.h"
#include "base/stop.h"

namespace virnucpro {
namespace {

/// Where length classes begin: the models' chunks, and lengths by which contigs are often judged.
constexpr std::array<std::uint64_t, 9> kLengthClasses = {0,    300,  500,   1000, 2000,
                                                         3000, 5000, 10000, 50000};

std::size_t length_class(std::uint64_t length) {
  const auto after = std::upper_bound(kLengthClasses.begin(), kLengthClasses.end(), length);
  return static_cast<std::size_t>(after - kLengthClasses.begin()) - 1;
}

std::string length_name(std::size_t length_class) {
  if (length_class + 1 == kLengthClasses.size()) {
    return fmt::format("{}-", kLengthClasses[length_class]);
  }
  return fmt::format("{}-{}", kLengthClasses[length_class], kLengthClasses[length_class + 1] - 1);
}

/// The sources of a set of items, and the group of each. Renumbers the sources in the items without
/// gaps.
class Sources {
 public:
  explicit Sources(std::vector<JudgedItem>& items) {
    constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t largest = 0;
    for (const JudgedItem& item : items) largest = std::max(largest, item.source);
    std::vector<std::uint32_t> number(std::size_t{largest} + 1, kNone);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> of_group;
    for (JudgedItem& item : items) {
      std::uint32_t& mine = number[item.source];
      if (mine == kNone) {
        mine = static_cast<std::uint32_t>(of_group.size());
        of_group.emplace_back(item.group, mine);
      }
      item.source = mine;
    }
    std::sort(of_group.begin(), of_group.end());
    for (std::size_t i = 0; i < of_group.size(); ++i) {
      if (i == 0 || of_group[i].first != of_group[i - 1].first) strata_.emplace_back();
      strata_.back().push_back(of_group[i].second);
    }
    count_ = of_group.size();
  }

  std::size_t count() const { return count_; }

  /// Draws, with replacement, as many sources of each group as it has.
  void draw(std::vector<std::uint32_t>& copies, Random& random) const {
    copies.assign(count_, 0);
    for (const std::vector<std::uint32_t>& stratum : strata_) {
      for (std::size_t i = 0; i < stratum.size(); ++i) {
        ++copies[stratum[random.below(stratum.size())]];
      }
    }
  }

 private:
  std::vector<std::vector<std::uint32_t>> strata_;
  std::size_t count_ = 0;
};

/// Interpolates between the two nearest values, as NumPy's default does; NaN for none.
double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto before = static_cast<std::size_t>(place);
  const std::size_t after = std::min(before + 1, sorted.size() - 1);
  return sorted[before] + (sorted[after] - sorted[before]) * (place - std::floor(place));
}

/// `sources` must be those of the ranked items.
PartEvaluation evaluate_part(std::string name, const Sources& sources, const Ranking& ranking,
                             const EvaluationRule& rule, const std::stop_token& stop,
                             WorkStep& draws) {
  PartEvaluation part;
  part.name = std::move(name);
  part.confusion = ranking.confusion();
  part.viruses = part.confusion.true_virus + part.confusion.false_other;
  part.others = part.confusion.true_other + part.confusion.false_virus;
  part.sources = sources.count();
  const MetricValues values = ranking.metrics();

  std::array<std::vector<double>, kMetrics> resampled;
  Random random(rule.seed);
  std::vector<std::uint32_t> copies;
  for (std::uint32_t i = 0; i < rule.resamples; ++i) {
    throw_if_stopped(stop);
    sources.draw(copies, random);
    const MetricValues again = ranking.metrics(copies);
    for (std::size_t m = 0; m < kMetrics; ++m) {
      if (!std::isnan(again[m])) resampled[m].push_back(again[m]);
    }
    draws.add();
  }
  for (std::size_t m = 0; m < kMetrics; ++m) {
    std::sort(resampled[m].begin(), resampled[m].end());
    part.metrics[m] = {values[m], percentile(resampled[m], 0.025), percentile(resampled[m], 0.975)};
  }
  return part;
}

}  // namespace

Evaluation evaluate(std::span<const JudgedItem> items, std::span<const std::string> group_names,
                    const EvaluationRule& rule, const std::stop_token& stop,
                    const WorkProgress& progress) {
  std::vector<int> class_of(group_names.size(), -1);  // -1: no items
  std::array<std::uint64_t, kLengthClasses.size()> in_length{};
  for (const JudgedItem& item : items) {
    class_of[item.group] = item.is_virus ? 1 : 0;
    ++in_length[length_class(item.length)];
  }
  const auto parts = 1 + std::ranges::count_if(class_of, [](int is) { return is >= 0; }) +
                     std::ranges::count_if(in_length, [](std::uint64_t n) { return n > 0; });
  WorkStep draws(progress, "drawing", "resample",
                 static_cast<std::uint64_t>(parts) * rule.resamples);
  const auto part_of = [&](std::string name, const auto& belongs) {
    std::vector<JudgedItem> chosen;
    std::copy_if(items.begin(), items.end(), std::back_inserter(chosen), belongs);
    const Sources sources(chosen);
    return evaluate_part(std::move(name), sources, Ranking(chosen, rule.threshold), rule, stop,
                         draws);
  };
  Evaluation evaluation;
  {
    std::vector<JudgedItem> all(items.begin(), items.end());
    const Sources sources(all);
    const Ranking ranking(all, rule.threshold);
    evaluation.all = evaluate_part("all", sources, ranking, rule, stop, draws);
    evaluation.curve = ranking.curve();
    evaluation.calibration = ranking.calibration();
  }

  std::vector<std::uint32_t> by_name(group_names.size());
  std::iota(by_name.begin(), by_name.end(), 0U);
  std::stable_sort(by_name.begin(), by_name.end(), [&](std::uint32_t a, std::uint32_t b) {
    return group_names[a] < group_names[b];
  });
  for (const std::uint32_t group : by_name) {
    if (class_of[group] < 0) continue;
    evaluation.groups.push_back(part_of(group_names[group], [&](const JudgedItem& item) {
      return item.group == group || item.is_virus != (class_of[group] == 1);
    }));
  }
  for (std::size_t i = 0; i < in_length.size(); ++i) {
    if (in_length[i] == 0) continue;
    evaluation.lengths.push_back(part_of(
        length_name(i), [i](const JudgedItem& item) { return length_class(item.length) == i; }));
  }
  return evaluation;
}

}  // namespace virnucpro
