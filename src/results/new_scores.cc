#include "results/new_scores.h"

#include <algorithm>
#include <bit>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/stop.h"
#include "layers/workspace.h"
#include "run/damage.h"

namespace virnucpro {
namespace {

/// Rows enough for a fast product; with the largest models, 9 MB of features.
constexpr std::uint64_t kBlock = 512;

/// Stands for the scores of an ORF that failed: no two probabilities have these bits.
constexpr std::uint64_t kFailed = ~std::uint64_t{0};

std::uint64_t packed(float p_others, float p_virus) {
  return std::uint64_t{std::bit_cast<std::uint32_t>(p_others)} << 32 |
         std::bit_cast<std::uint32_t>(p_virus);
}

/// Fills a file with the scores of all ORFs, one stretch after the other.
class Scoring {
 public:
  Scoring(const RunDatabase& database, const Classifier& classifier, const std::string& name,
          Backend& backend, NumberFile& file)
      : database_(database),
        classifier_(classifier),
        name_(name),
        backend_(backend),
        workspace_(backend),
        file_(file) {}

  void compute(std::uint64_t first, std::uint64_t end);

 private:
  void read_features(std::uint64_t first, std::uint64_t end);
  void classify();
  [[noreturn]] void fail_missing(std::uint64_t orf) const;

  const RunDatabase& database_;
  const Classifier& classifier_;
  const std::string& name_;
  Backend& backend_;
  Workspace workspace_;
  NumberFile& file_;
  // Reused from stretch to stretch.
  std::vector<StoredOrf> stored_;
  std::vector<std::uint64_t> own_;  // ORFs that have embeddings
  std::vector<float> features_;     // [own, both widths]
  std::vector<float> scores_;       // [own, 2]
};

void Scoring::compute(std::uint64_t first, std::uint64_t end) {
  stored_.clear();
  own_.clear();
  database_.read_orfs(first, end, [&](const StoredOrf& orf) {
    stored_.push_back(orf);
    stored_.back().reason = {};  // valid during the call only
    if (orf.outcome == Outcome::kScored && !orf.same_as) own_.push_back(orf.number);
  });
  read_features(first, end);
  classify();
  std::size_t own = 0;
  for (const StoredOrf& orf : stored_) {
    std::uint64_t scores = kFailed;
    if (orf.outcome == Outcome::kScored && orf.same_as) {
      scores = file_.get(*orf.same_as);
      if (scores == kFailed) {
        fail_damaged(
            database_.path(),
            fmt::format("table orfs, row {}: scored, but the ORF it is equal to has failed",
                        orf.number));
      }
    } else if (orf.outcome == Outcome::kScored) {
      scores = packed(scores_[2 * own], scores_[2 * own + 1]);
      ++own;
    }
    file_.set(orf.number, scores);
  }
}

void Scoring::read_features(std::uint64_t first, std::uint64_t end) {
  const auto width = static_cast<std::size_t>(classifier_.input_width());
  features_.clear();
  std::size_t next = 0;           // the ORF whose embeddings come next
  std::size_t dnabert_width = 0;  // of the current ORF; 0: both are to come
  database_.read_embeddings(
      first, end, [&](std::uint64_t orf, StoredEncoder encoder, std::span<const float> values) {
        const bool is_dna = encoder == StoredEncoder::kDnabertS;
        if (next == own_.size() || orf < own_[next]) return;  // of an ORF that failed
        if (orf != own_[next] || is_dna != (dnabert_width == 0)) {
          fail_missing(own_[next]);
        }
        features_.insert(features_.end(), values.begin(), values.end());
        if (is_dna) {
          dnabert_width = values.size();
          return;
        }
        if (dnabert_width + values.size() != width) {
          throw ModelError(fmt::format(
              "{}: the classifier takes {} features, but DNABERT-S ({}) and ESM-2 ({}) of this "
              "run give {}. It was trained on other encoders; use one that belongs to them.",
              name_, width, dnabert_width, values.size(), dnabert_width + values.size()));
        }
        dnabert_width = 0;
        ++next;
      });
  if (next < own_.size()) fail_missing(own_[next]);
}

void Scoring::fail_missing(std::uint64_t orf) const {
  fail_damaged(database_.path(), fmt::format("no embeddings of ORF {}", orf));
}

void Scoring::classify() {
  scores_.resize(2 * own_.size());
  classifier_.predict(backend_, workspace_, features_, scores_);
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    const float score = scores_[i];
    if (score >= 0.0f && score <= 1.0f) continue;  // false for NaN
    throw PrecisionError(fmt::format(
        "{}: the classifier gives {} as a probability of ORF {}. Its weights cannot be used.",
        name_, score, own_[i / 2]));
  }
}

}  // namespace

NewScores::NewScores(const RunDatabase& database, const Classifier& classifier,
                     const std::string& name, Backend& backend, const std::string& folder,
                     const std::stop_token& stop, const WorkProgress& progress)
    : file_(folder) {
  Scoring scoring(database, classifier, name, backend, file_);
  const std::uint64_t orfs = database.extent().orfs;
  WorkStep step(progress, "scoring", "frame", orfs);
  for (std::uint64_t first = 0; first < orfs; first += kBlock) {
    throw_if_stopped(stop);
    const std::uint64_t end = std::min(first + kBlock, orfs);
    scoring.compute(first, end);
    step.add(end - first);
  }
}

ScorePair NewScores::of(std::uint64_t orf) const {
  const std::uint64_t scores = file_.get(orf);
  check(scores != kFailed, "the scores of ORF {}, which has failed", orf);
  return {std::bit_cast<float>(static_cast<std::uint32_t>(scores >> 32)),
          std::bit_cast<float>(static_cast<std::uint32_t>(scores))};
}

}  // namespace virnucpro
