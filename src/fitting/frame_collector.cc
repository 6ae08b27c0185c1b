#include "fitting/frame_collector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/sha256.h"
#include "base/stop.h"
#include "results/run_facts.h"
#include "results/stored_results.h"
#include "results/stored_rules.h"
#include "run/fact_differences.h"
#include "run/run_database.h"

namespace virnucpro {
namespace {

bool are_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

std::vector<ModelPart> parts_of(const BundleInfo& bundle) {
  return {{"tokenizer", bundle.tokenizer.sha256},
          {"dnabert_s", bundle.dnabert_s.sha256},
          {"esm2", bundle.esm2.sha256},
          {"config", encoder_settings_sha256(bundle)}};
}

}  // namespace

FrameCollector::FrameCollector(const LabelTable& table, const BundleInfo& bundle,
                               std::optional<std::int64_t> expected_length, Log log,
                               const FrameTable* counted)
    : lookup_(table),
      bundle_(bundle),
      expected_length_(expected_length),
      log_(std::move(log)),
      counted_(counted) {
  result_.frames.width =
      static_cast<std::size_t>(bundle.dnabert_s_config.hidden_size + bundle.esm2_config.embed_dim);
}

void FrameCollector::require_length(std::int64_t found, const std::string& origin) {
  if (found == 0 && !expected_length_) {
    throw InputError(fmt::format(
        "{}: does not say how long its chunks are. Give their length with --expected-length.",
        origin));
  }
  if (found == 0) return;
  if (!expected_length_) expected_length_ = found;
  if (*expected_length_ == found) return;
  throw InputError(
      fmt::format("{}: its chunks have {} bases, expected {}. A classifier is trained for one "
                  "length; give embeddings of the same, or --expected-length {}.",
                  origin, found, *expected_length_, found));
}

void FrameCollector::require_rule(const FrameRule& found, const std::string& origin) {
  if (!read_) read_ = found;
  if (*read_ == found) return;
  const auto described = [](const FrameRule& rule) {
    return fmt::format("--frames {} (runs of {} bases) and --genetic-code {}", name_of(rule.choice),
                       rule.least_run, rule.code.number());
  };
  throw InputError(
      fmt::format("{}: was read by {}, what came before by {}. A classifier is trained for one way "
                  "to read; make all embeddings in the same one.",
                  origin, described(found), described(*read_)));
}

void FrameCollector::require_parts(const std::vector<ModelPart>& found,
                                   const std::string& origin) const {
  bool is_known = false;
  for (const ModelPart& part : parts_of(bundle_)) {
    const auto same = std::find_if(found.begin(), found.end(),
                                   [&](const ModelPart& each) { return each.name == part.name; });
    if (same == found.end() || !is_sha256(same->sha256)) continue;
    is_known = true;
    if (same->sha256 == part.sha256) continue;
    throw InputError(fmt::format(
        "{}: its embeddings are of another {} than that of the bundle '{}'. Name the bundle that "
        "they were made with by --bundle, or make them again with this one.",
        origin, part.name, bundle_.name));
  }
  if (is_known) return;
  log_.warning("{}: does not say which encoders it is of; taken for those of the bundle '{}'",
               origin, bundle_.name);
}

void FrameCollector::begin_record(std::string_view id, std::string_view place,
                                  std::uint64_t number) {
  use_ = {lookup_.find(id, place, number), FrameMask::all()};
  if (counted_ == nullptr) return;
  const auto frames = counted_->frames.find(escaped(id));
  use_.frames = frames == counted_->frames.end() ? FrameMask() : frames->second;
}

bool FrameCollector::is_wanted(Frame frame) const {
  return use_.label != nullptr && use_.frames.contains(frame);
}

void FrameCollector::add_frame(Frame frame, std::span<const float> dnabert_s,
                               std::span<const float> esm2) {
  if (!is_wanted(frame)) return;
  const RecordLabel* label = use_.label;
  std::vector<float>& features = result_.frames.features;
  features.insert(features.end(), dnabert_s.begin(), dnabert_s.end());
  features.insert(features.end(), esm2.begin(), esm2.end());
  result_.frames.truth.push_back({chunk_, label->group, label->source, label->is_virus});
}

void FrameCollector::add_file(const std::string& path, const std::stop_token& stop,
                              const WorkProgress& progress) {
  EmbeddingReader reader(path);
  require_length(reader.origin().expected_length, path);
  require_rule(reader.origin().frames, path);
  const std::int64_t dna = bundle_.dnabert_s_config.hidden_size;
  const std::int64_t protein = bundle_.esm2_config.embed_dim;
  if (reader.dnabert_width() != dna || reader.esm2_width() != protein) {
    throw InputError(fmt::format(
        "{}: embeddings of {} and {} values, but the encoders of the bundle '{}' give {} and {}. "
        "Name the bundle that they were made with by --bundle.",
        path, reader.dnabert_width(), reader.esm2_width(), bundle_.name, dna, protein));
  }
  require_parts(reader.origin().parts, path);
  // Reserved, because growing by doubling would need three times the memory.
  std::vector<float>& features = result_.frames.features;
  features.reserve(features.size() + reader.rows() * result_.frames.width);
  const std::vector<RecordUse> uses = uses_of(reader, path);
  EmbeddingBlock block;
  std::optional<EmbeddingRow> last;
  std::uint64_t row = 0;
  WorkStep step(progress, "reading embeddings", "frame", reader.rows());
  for (; reader.next(block); step.add(block.rows.size())) {
    throw_if_stopped(stop);
    for (std::size_t i = 0; i < block.rows.size(); ++i, ++row) {
      const EmbeddingRow& at = block.rows[i];
      const auto frame = frame_of(std::string_view(at.frame.data(), at.frame.size()));
      if (!frame) {
        throw InputError(fmt::format(
            "{}: dataset frame, row {}: expected one of F1 F2 F3 R1 R2 R3. Make the file again "
            "with 'virnucpro embed'.",
            path, row + 1));
      }
      if (!last || at.record != last->record || at.chunk != last->chunk) begin_chunk();
      last = at;
      use_ = uses[at.record];
      const auto dna_width = static_cast<std::size_t>(dna);
      const auto protein_width = static_cast<std::size_t>(protein);
      add_frame(*frame, std::span(block.dnabert_s).subspan(i * dna_width, dna_width),
                std::span(block.esm2).subspan(i * protein_width, protein_width));
    }
  }
}

/// The use of all records, found before any row: an id may come again after a thousand others.
std::vector<FrameCollector::RecordUse> FrameCollector::uses_of(EmbeddingReader& reader,
                                                               const std::string& path) {
  std::vector<RecordUse> uses;
  reader.for_each_record([&](std::string_view id) {
    begin_record(id, path, uses.size());
    uses.push_back(use_);
  });
  return uses;
}

/// Takes the embeddings of a stored run; a repeat has those of the ORF it equals.
class FrameCollector::RunVisitor final : public StoredRunVisitor {
 public:
  RunVisitor(FrameCollector& collector, const RunDatabase& database, const std::stop_token& stop,
             WorkStep step)
      : collector_(collector), database_(database), stop_(stop), step_(std::move(step)) {}

  void begin_record(const StoredRecord& record) override {
    throw_if_stopped(stop_);
    collector_.begin_record(record.id, database_.path(), record.ordinal);
  }

  void chunk(const StoredChunk&, std::span<const StoredOrf> orfs) override {
    if (collector_.use_.label == nullptr) return;
    collector_.begin_chunk();
    for (const StoredOrf& orf : orfs) {
      const auto frame = static_cast<Frame>(orf.frame);
      if (orf.outcome == Outcome::kScored) {
        add(frame, orf.same_as.value_or(orf.number));
      } else if (collector_.is_wanted(frame)) {
        ++collector_.result_.failed_frames;
      }
    }
  }

  void end_record(Outcome, std::string_view) override { step_.add(); }

 private:
  void add(Frame frame, std::uint64_t orf) {
    std::array<std::vector<float>, 2> values;
    database_.read_embeddings(
        orf, orf + 1, [&](std::uint64_t, StoredEncoder encoder, std::span<const float> embedding) {
          values[encoder == StoredEncoder::kDnabertS ? 0 : 1].assign(embedding.begin(),
                                                                     embedding.end());
        });
    const auto dna = static_cast<std::size_t>(collector_.bundle_.dnabert_s_config.hidden_size);
    const auto protein = static_cast<std::size_t>(collector_.bundle_.esm2_config.embed_dim);
    if (!are_finite(values[0]) || !are_finite(values[1])) {
      fail_damaged(database_.path(),
                   fmt::format("embeddings of ORF {}, which is scored, that are not finite", orf));
    }
    if (values[0].size() != dna || values[1].size() != protein) {
      fail_damaged(database_.path(),
                   fmt::format("embeddings of ORF {} of {} and {} values, expected {} and {}", orf,
                               values[0].size(), values[1].size(), dna, protein));
    }
    collector_.add_frame(frame, values[0], values[1]);
  }

  FrameCollector& collector_;
  const RunDatabase& database_;
  const std::stop_token& stop_;
  WorkStep step_;  ///< a record each
};

void FrameCollector::add_run(const std::string& folder, const std::stop_token& stop,
                             const WorkProgress& progress) {
  const RunDatabase database(folder);
  require_complete_run(database, "train");
  const std::vector<RunFact> facts = database.work();
  if (!keeps_embeddings(facts, database.path())) {
    throw InputError(
        fmt::format("{}: the run kept no embeddings to train on. Run 'virnucpro predict' with "
                    "--keep-embeddings.",
                    database.path()));
  }
  require_length(expected_length_of(facts, database.path()), database.path());
  require_rule(frame_rule_of(facts, database.path()), database.path());
  std::vector<ModelPart> parts;
  for (const ModelPart& part : parts_of(bundle_)) {
    const std::string* sha256 = find_fact(facts, model_fact(part.name));
    if (sha256 != nullptr) parts.push_back({part.name, *sha256});
  }
  require_parts(parts, database.path());
  RunVisitor visitor(*this, database, stop,
                     WorkStep(progress, "reading embeddings", "record", database.extent().records));
  visit_run(database, visitor);
}

void FrameCollector::begin_windows(std::int64_t expected_length, FrameRule read,
                                   std::vector<std::string> paths) {
  require_length(expected_length, "the sequences");
  require_rule(read, "the sequences");
  paths_ = std::move(paths);
}

void FrameCollector::add_window(const Window& window) {
  const std::size_t width = result_.frames.width;
  const auto dna = static_cast<std::size_t>(bundle_.dnabert_s_config.hidden_size);
  window.read.for_each_chunk(
      [&](const Record& record) {
        begin_record(record.id, paths_.at(record.file), record.ordinal);
      },
      [&](const Window::ChunkPlace& place) {
        begin_chunk();
        for (std::uint32_t orf = place.first_orf; orf < place.end_orf; ++orf) {
          const Frame frame = window.read.orfs[orf].frame;
          if (window.finished.has_failed(orf)) {
            result_.failed_frames += is_wanted(frame) ? 1 : 0;
            continue;
          }
          const auto row = std::span(window.computed.features).subspan(orf * width, width);
          add_frame(frame, row.first(dna), row.subspan(dna));
        }
      },
      [](const Record&) {});
}

LabelledFrames FrameCollector::take() {
  result_.left_out = lookup_.left_out();
  const std::string& first = result_.left_out.first_unlabelled;
  if (result_.frames.size() == 0 && result_.failed_frames > 0) {
    throw PrecisionError(fmt::format(
        "none of {} has a finite embedding: the models that made the embeddings "
        "give NaN or infinity ('virnucpro models verify' looks at the weights of a bundle).",
        counted(result_.failed_frames, "labelled frame")));
  }
  if (result_.frames.size() == 0) {
    throw InputError(fmt::format(
        "no frame of the inputs has a label{}. The column id of the table must have the names that "
        "the sequence files give to records.{}",
        first.empty() ? "" : fmt::format(", such as those of '{}'", shown_id(first)),
        near_label_hint(result_.left_out)));
  }
  result_.expected_length = *expected_length_;
  result_.read = *read_;
  return std::move(result_);
}

}  // namespace virnucpro
