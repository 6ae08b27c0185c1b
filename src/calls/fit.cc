#include "calls/fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "base/stop.h"
#include "calls/regression.h"

namespace virnucpro {
namespace {

/// Where the classes of short and of nearly whole chunks begin, as shares of the expected length.
/// Most of the shorter chunks are the last ones of their records.
constexpr std::array kClassShares = {0.0, 0.6, 0.9};
constexpr std::array kGammas = {0.0, 0.25, 0.5, 0.75, 1.0};
/// What a chunk that was read by a run counts beside one with an open frame.
constexpr std::array kRunWeights = {1.0, 0.75, 0.5, 0.25};
/// Keeps a coefficient finite where a feature is constant or separates all items; with a hundred
/// items or more it does not change the third digit.
constexpr double kContigRidge = 1e-2;
constexpr std::size_t kBins = 10;

template <typename Items>
std::vector<double> weights_of(const Items& items) {
  std::vector<Truth> truths;
  truths.reserve(items.size());
  for (const auto& item : items) truths.push_back(item.truth);
  return balanced_weights(truths);
}

struct Counts {
  std::uint64_t viruses = 0;
  std::uint64_t others = 0;
  void add(bool is_virus) { ++(is_virus ? viruses : others); }
  std::uint64_t fewer() const { return std::min(viruses, others); }
};

template <typename Items>
Counts count(const Items& items) {
  Counts counts;
  for (const auto& item : items) counts.add(item.truth.is_virus);
  return counts;
}

using ChunkList = std::vector<KnownChunk>;

/// Chunks of lengths [from, end).
ChunkList chunks_within(const ChunkList& chunks, std::uint64_t from, std::uint64_t end) {
  ChunkList own;
  std::copy_if(chunks.begin(), chunks.end(), std::back_inserter(own), [&](const KnownChunk& chunk) {
    return chunk.reading.length >= from && chunk.reading.length < end;
  });
  return own;
}

/// Chunks of one kind, open or read by runs, with weights that are balanced over both kinds.
/// Balanced within a kind they would hide that viruses more often have an open frame.
struct ChunksOfKind {
  ChunkList chunks;
  std::vector<double> weights;
};

ChunksOfKind of_kind(const ChunkList& both, bool is_run) {
  const std::vector<double> weights = weights_of(both);
  ChunksOfKind own;
  for (std::size_t i = 0; i < both.size(); ++i) {
    if (both[i].reading.is_run != is_run) continue;
    own.chunks.push_back(both[i]);
    own.weights.push_back(weights[i]);
  }
  return own;
}

ScoreMap fit_map(const ChunksOfKind& open, CalibrationMethod method) {
  const auto& [chunks, weights] = open;
  std::vector<WeightedTruth> items;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    items.push_back({chunks[i].score, chunks[i].truth.is_virus, weights[i]});
  }
  if (method == CalibrationMethod::kPlatt) return fit_platt(items);
  ScoreMap map;
  map.knots = thinned(fit_isotonic(items));
  // The ends would be 0 and 1, which no number of items can prove.
  const double least = 1.0 / (static_cast<double>(count(chunks).fewer()) + 2.0);
  for (Knot& knot : map.knots) {
    knot.probability = std::clamp(knot.probability, least, 1.0 - least);
  }
  return map;
}

/// Keeps the coefficients of a run finite, as kContigRidge does.
constexpr double kRunRidge = 1e-2;

RunMap fit_run_map(const ChunksOfKind& runs, CalibrationMethod method, std::uint64_t unit) {
  const auto& [chunks, weights] = runs;
  std::vector<ItemOf<4>> items;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const ChunkReading& reading = chunks[i].reading;
    const double score = log_odds_of(chunks[i].score);
    const double l = std::log(static_cast<double>(reading.read) / static_cast<double>(unit));
    items.push_back({{score, l, score * l, reading.share()}, chunks[i].truth.is_virus, weights[i]});
  }
  const CoefficientsOf<4> b = fit_logistic(std::span<const ItemOf<4>>(items), kRunRidge);
  RunMap map = {b[0], b[1], b[2], b[3], b[4], {}};
  if (method == CalibrationMethod::kPlatt) return map;
  std::vector<WeightedTruth> fitted;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    fitted.push_back({map.probability(chunks[i].score, chunks[i].reading, unit),
                      chunks[i].truth.is_virus, weights[i]});
  }
  map.knots = thinned(fit_isotonic(fitted));
  const double least = 1.0 / (static_cast<double>(count(chunks).fewer()) + 2.0);
  for (Knot& knot : map.knots) {
    knot.probability = std::clamp(knot.probability, least, 1.0 - least);
  }
  return map;
}

/// The classes of lengths, each with the map that `fit` gives for its chunks of a kind, where there
/// are enough of them.
template <typename Class, typename Fit>
std::vector<Class> fit_classes(const ChunkList& both, bool is_run, std::int64_t expected_length,
                               const Fit& fit) {
  std::vector<Class> classes;
  for (const double share : kClassShares) {
    const auto from =
        static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(expected_length)));
    if (classes.empty() || from > classes.back().from) classes.push_back({from, 0, 0, {}});
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::uint64_t end =
        i + 1 < classes.size() ? classes[i + 1].from : std::numeric_limits<std::uint64_t>::max();
    const ChunksOfKind own = of_kind(chunks_within(both, classes[i].from, end), is_run);
    const Counts counts = count(own.chunks);
    classes[i].viruses = counts.viruses;
    classes[i].others = counts.others;
    if (counts.fewer() >= kFewestInClass) classes[i].map = fit(own);
  }
  return classes;
}

/// The evidence of each record.
std::vector<ContigEvidence> evidence_of(const KnownRun& run, const Calibration& calibration) {
  std::vector<ContigEvidence> all;
  std::size_t chunk = 0;
  for (const KnownContig& contig : run.contigs) {
    ContigEvidence& evidence = all.emplace_back();
    for (std::uint64_t i = 0; i < contig.scored; ++i, ++chunk) {
      const KnownChunk& known = run.chunks[chunk];
      evidence.add(calibration.chunk_probability(known.score, known.reading), known.reading.is_run);
    }
  }
  return all;
}

double log_loss_of(double probability, bool is_virus) {
  const double p = std::clamp(probability, kLeastScore, 1.0 - kLeastScore);
  return is_virus ? -std::log(p) : -std::log1p(-p);
}

void fit_contigs(const KnownRun& run, Calibration& calibration) {
  const Counts counts = count(run.contigs);
  if (counts.fewer() < kFewestContigs) return;  // the rule stays the mean
  const std::vector<ContigEvidence> evidence = evidence_of(run, calibration);
  const std::vector<double> weights = weights_of(run.contigs);
  double least = std::numeric_limits<double>::infinity();
  std::vector<std::pair<double, double>> choices;  // of gamma and of the weight of runs
  for (const double run_weight : kRunWeights) {
    for (const double gamma : kGammas) choices.emplace_back(gamma, run_weight);
    if (!calibration.runs) break;  // without runs the weight changes nothing
  }
  for (const auto& [gamma, run_weight] : choices) {
    std::vector<LogisticItem> items;
    for (std::size_t i = 0; i < run.contigs.size(); ++i) {
      items.push_back({evidence[i].features(gamma, run_weight, run.contigs[i].chunks),
                       run.contigs[i].truth.is_virus, weights[i]});
    }
    const LogisticCoefficients b = fit_logistic(std::span<const LogisticItem>(items), kContigRidge);
    if (b[1] < 0.0) continue;  // more evidence must never call less
    const ContigRule rule = {gamma, b[0], b[1], b[2], run_weight};
    double loss = 0.0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      loss += weights[i] *
              log_loss_of(probability_of(evidence[i].log_odds(rule, run.contigs[i].chunks)),
                          items[i].is_virus);
    }
    if (loss >= least) continue;
    least = loss;
    calibration.contig = rule;
    calibration.contig_viruses = counts.viruses;
    calibration.contig_others = counts.others;
  }
}

/// The records of all sources outside the fold.
KnownRun part_without(const KnownRun& run, const std::map<std::uint32_t, std::uint32_t>& fold_of,
                      std::uint32_t fold) {
  KnownRun part;
  std::size_t chunk = 0;
  for (const KnownContig& contig : run.contigs) {
    const std::size_t end = chunk + contig.scored;
    if (fold_of.at(contig.truth.source) != fold) {
      part.contigs.push_back(contig);
      for (std::size_t i = chunk; i < end; ++i) part.chunks.push_back(run.chunks[i]);
    }
    chunk = end;
  }
  return part;
}

class Reliabilities {
 public:
  void add(double probability, bool is_virus, double weight) {
    weight_ += weight;
    sum_.log_loss += weight * log_loss_of(probability, is_virus);
    const double error = probability - (is_virus ? 1.0 : 0.0);
    sum_.brier += weight * error * error;
    const auto bin = static_cast<std::size_t>(probability * static_cast<double>(kBins));
    excess_[std::min(bin, kBins - 1)] += weight * error;
  }
  Reliability mean() const {
    Reliability mean = {sum_.log_loss / weight_, sum_.brier / weight_, 0.0};
    for (const double each : excess_) mean.calibration_error += std::abs(each) / weight_;
    return mean;
  }

 private:
  double weight_ = 0.0;
  Reliability sum_;
  std::array<double, kBins> excess_{};
};

/// Assigns sources to folds, in turn within each label and group. Throws for a single source.
std::map<std::uint32_t, std::uint32_t> deal_folds(const KnownRun& run, std::uint32_t& folds) {
  std::set<std::tuple<bool, std::uint32_t, std::uint32_t>> sources;
  for (const KnownContig& contig : run.contigs) {
    sources.emplace(contig.truth.is_virus, contig.truth.group, contig.truth.source);
  }
  std::array<std::set<std::uint32_t>, 2> of_label;
  for (const auto& [is_virus, group, source] : sources) of_label[is_virus ? 1 : 0].insert(source);
  const std::size_t fewest = std::min(of_label[0].size(), of_label[1].size());
  if (fewest < 2) {
    throw InputError(fmt::format(
        "a calibration needs two sources of each label at least, found {} of viruses and {} of "
        "others. Label more records, or name their genomes in the column source.",
        of_label[1].size(), of_label[0].size()));
  }
  folds = static_cast<std::uint32_t>(std::min<std::size_t>(fewest, kFolds));
  std::map<std::uint32_t, std::uint32_t> fold_of;
  std::array<std::uint32_t, 2> next{};
  for (const auto& [is_virus, group, source] : sources) {
    std::uint32_t& mine = next[is_virus ? 1 : 0];
    if (fold_of.emplace(source, mine % folds).second) ++mine;
  }
  return fold_of;
}

}  // namespace

std::vector<double> balanced_weights(std::span<const Truth> items) {
  using Group = std::pair<bool, std::uint32_t>;
  using Source = std::pair<Group, std::uint32_t>;
  std::array<std::set<Group>, 2> groups;
  std::map<Group, std::set<std::uint32_t>> sources;
  std::map<Source, std::uint64_t> sizes;
  for (const Truth& item : items) {
    const Group group = {item.is_virus, item.group};
    groups[item.is_virus ? 1 : 0].insert(group);
    sources[group].insert(item.source);
    ++sizes[{group, item.source}];
  }
  std::vector<double> weights;
  weights.reserve(items.size());
  const auto half = static_cast<double>(items.size()) / 2.0;
  for (const Truth& item : items) {
    const Group group = {item.is_virus, item.group};
    weights.push_back(half / static_cast<double>(groups[item.is_virus ? 1 : 0].size()) /
                      static_cast<double>(sources[group].size()) /
                      static_cast<double>(sizes[{group, item.source}]));
  }
  return weights;
}

Calibration fit_calibration(const KnownRun& run, CalibrationMethod method,
                            std::int64_t expected_length) {
  const ChunksOfKind open = of_kind(run.chunks, false);
  const ChunksOfKind runs = of_kind(run.chunks, true);
  const Counts counts = count(open.chunks);
  if (counts.fewer() < kFewestChunks) {
    throw InputError(fmt::format(
        "a calibration needs {} scored chunks of each label at least, found {} of viruses and {} "
        "of others. Label more records.",
        kFewestChunks, counts.viruses, counts.others));
  }
  Calibration calibration;
  calibration.method = method;
  const auto fit_open = [&](const ChunksOfKind& chunks) { return fit_map(chunks, method); };
  calibration.all = fit_open(open);
  calibration.classes = fit_classes<LengthClass>(run.chunks, false, expected_length, fit_open);
  if (count(runs.chunks).fewer() >= kFewestRuns) {
    const auto unit = static_cast<std::uint64_t>(expected_length);
    const auto fit_runs = [&](const ChunksOfKind& chunks) {
      return fit_run_map(chunks, method, unit);
    };
    calibration.runs = RunCalibration{
        unit, fit_runs(runs), fit_classes<RunClass>(run.chunks, true, expected_length, fit_runs)};
  }
  fit_contigs(run, calibration);
  return calibration;
}

CrossValidation cross_validate(const KnownRun& run, CalibrationMethod method,
                               std::int64_t expected_length, const std::stop_token& stop,
                               const WorkProgress& progress) {
  CrossValidation result;
  const std::map<std::uint32_t, std::uint32_t> fold_of = deal_folds(run, result.folds);
  Reliabilities chunks_before;
  Reliabilities chunks_after;
  Reliabilities contigs_before;
  Reliabilities contigs_after;
  const std::vector<double> chunk_weights = weights_of(run.chunks);
  const std::vector<double> contig_weights = weights_of(run.contigs);
  WorkStep step(progress, "checking the fit", "fold", result.folds);
  for (std::uint32_t fold = 0; fold < result.folds; ++fold, step.add()) {
    throw_if_stopped(stop);
    const Calibration calibration =
        fit_calibration(part_without(run, fold_of, fold), method, expected_length);
    const std::vector<ContigEvidence> evidence = evidence_of(run, calibration);
    std::size_t chunk = 0;
    for (std::size_t i = 0; i < run.contigs.size(); ++i) {
      const KnownContig& contig = run.contigs[i];
      const bool is_held_out = fold_of.at(contig.truth.source) == fold;
      for (std::uint64_t k = 0; k < contig.scored; ++k, ++chunk) {
        if (!is_held_out) continue;
        const KnownChunk& known = run.chunks[chunk];
        const bool is_virus = known.truth.is_virus;
        chunks_before.add(known.score, is_virus, chunk_weights[chunk]);
        chunks_after.add(calibration.chunk_probability(known.score, known.reading), is_virus,
                         chunk_weights[chunk]);
      }
      if (!is_held_out) continue;
      contigs_before.add(contig.score, contig.truth.is_virus, contig_weights[i]);
      contigs_after.add(probability_of(evidence[i].log_odds(calibration.contig, contig.chunks)),
                        contig.truth.is_virus, contig_weights[i]);
    }
  }
  const Counts chunks = count(run.chunks);
  const Counts contigs = count(run.contigs);
  result.chunks = {chunks.viruses, chunks.others, chunks_before.mean(), chunks_after.mean()};
  result.contigs = {contigs.viruses, contigs.others, contigs_before.mean(), contigs_after.mean()};
  return result;
}

BundleCalls fit_calls(std::span<const OtherRecord> items, std::span<const std::string> group_names,
                      double false_positives, std::vector<std::string> excepted) {
  std::map<std::uint32_t, std::vector<double>> groups;
  for (const OtherRecord& item : items) groups[item.group].push_back(item.log_odds);
  for (const std::string& name : excepted) {
    const auto is_named = [&](const auto& group) { return group_names[group.first] == name; };
    if (std::erase_if(groups, is_named) > 0) continue;
    throw InputError(fmt::format(
        "--except: '{}' is no group of others in the labels, or is named twice.", name));
  }
  if (groups.empty()) {
    throw InputError("--false-positives needs records of others, in a group that is not excepted.");
  }
  double highest = -kMostLogOdds;
  for (auto& [group, log_odds] : groups) {
    std::ranges::sort(log_odds, std::greater<>());
    const auto allowed = static_cast<std::size_t>(
        std::floor(false_positives * static_cast<double>(log_odds.size())));
    if (allowed < log_odds.size()) highest = std::max(highest, log_odds[allowed]);
  }
  // The next double above the highest score that must not be called.
  return {std::nextafter(highest, std::numeric_limits<double>::infinity()), false_positives,
          std::move(excepted)};
}

}  // namespace virnucpro
