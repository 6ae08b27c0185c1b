// Writes result folders with made-up scores, whose report.html the browser test opens.
//
//   sample_pages FOLDER     FOLDER/few, thousand, many, genome, none, scores, hostile, empty, crowd
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include "report/prediction_tables.h"
#include "report/run_report.h"
#include "sequence/chunks.h"
#include "sequence/frames.h"

namespace virnucpro {
namespace {

constexpr std::uint64_t kExpectedLength = 500;

/// A record in the making.
struct Made {
  std::string id;
  std::uint64_t length = 0;
  bool is_virus = false;
  std::uint64_t provirus_start = 0;  ///< of a stretch that is viral; start == end: none
  std::uint64_t provirus_end = 0;
};

class SampleRun {
 public:
  SampleRun(const std::string& folder, std::uint64_t records, bool with_probabilities)
      : tables_(folder, {}, calls(with_probabilities), SortedLines::kDefaultMemory, {}, true,
                records),
        with_probabilities_(with_probabilities) {}

  void write(const Made& made) {
    std::string bases(made.length, 'A');
    const double gc =
        std::clamp(0.5 + (made.is_virus ? -0.1 : 0.03) + 0.05 * normal_(random_), 0.1, 0.9);
    for (char& base : bases) {
      const auto word = static_cast<double>(random_() >> 40) / static_cast<double>(1 << 24);
      base = word < gc ? (word < gc / 2 ? 'G' : 'C') : (word < (1 + gc) / 2 ? 'A' : 'T');
    }
    const std::uint64_t ordinal = ordinal_++;
    tables_.begin_record({ordinal, made.id, made.length});
    const double level = (made.is_virus ? 2.0 : -2.5) + 1.2 * normal_(random_) + shift_;
    for (const Chunk& chunk : ChunkRange(ordinal, made.length, kExpectedLength)) {
      const bool in_provirus = chunk.start < made.provirus_end && chunk.end > made.provirus_start;
      write(chunk, in_provirus ? 3.0 : level);
    }
    tables_.end_record(bases);
    bases_ += made.length;
  }

  void publish() {
    tables_.finish();
    RunReport report;
    report.program_version = "0.1.0";
    report.command_line = {"virnucpro", "predict", "contigs.fa", "-o", "results"};
    report.started_at = "2026-11-28T09:30:00Z";
    report.inputs = {{"/data/contigs.fa", bases_, ordinal_, std::string(64, 'a')}};
    report.bundle = "mini";
    report.bundle_version = "0.3.0";
    report.parts = {{"dnabert_s", std::string(64, '1')},
                    {"esm2", std::string(64, '2')},
                    {"classifier", std::string(64, '3')}};
    if (with_probabilities_) report.calibration_sha256 = std::string(64, '4');
    report.expected_length = kExpectedLength;
    report.frames.choice = FrameChoice::kLongest;
    report.precision = "bf16";
    report.device = "cpu";
    report.device_description = "a processor";
    report.threads = 2;
    report.seconds = 12.5;
    report.peak_memory_bytes = std::uint64_t{300} << 20;
    report.ledger = tables_.ledger();
    report.calls = tables_.calls();
    report.intake.bases = bases_;
    report.sessions = {{}};
    tables_.publish(run_json(report), "precision bf16, packed batches");
  }

  std::mt19937_64& random() { return random_; }
  /// Adds to the log odds of all records.
  void shift(double log_odds) { shift_ = log_odds; }

 private:
  static CalibratedCalls calls(bool with_probabilities) {
    static const Calibration calibration = [] {
      Calibration made;
      made.classes.push_back({0, 0, 0, {}});
      return made;
    }();
    CalibratedCalls calls;
    if (!with_probabilities) return calls;
    calls.calibration = &calibration;
    calls.rule.threshold = 2.2;
    return calls;
  }

  void write(const Chunk& chunk, double level) {
    ChunkRow row{chunk.index, chunk.start, chunk.end, Outcome::kScored, {}};
    const double kind = uniform_(random_);
    if (chunk.end - chunk.start < 3) {
      row.outcome = Outcome::kTooShort;
    } else if (kind < 0.12 || chunk.end - chunk.start < 90) {
      row.outcome = Outcome::kNoOrf;
    } else if (kind < 0.121) {
      row.outcome = Outcome::kFailed;
      row.reason = "a value that is not finite";
    }
    frames_.clear();
    const bool is_run = kind > 0.7;
    const auto first = random_() % 3;
    for (std::uint64_t frame = first;
         frame < (is_run ? first + 1 : 6) && row.outcome == Outcome::kScored; frame += 2) {
      const double log_odds = level + normal_(random_);
      const auto p = static_cast<float>(1.0 / (1.0 + std::exp(-log_odds)));
      FrameRow made{
          frame_name(static_cast<Frame>(frame)), {1.0f - p, p}, chunk.start, chunk.end, is_run};
      if (is_run) {
        made.start += random_() % 20;
        made.end = made.start + 66;
      }
      frames_.push_back(made);
    }
    tables_.chunk(row, frames_);
  }

  PredictionTables tables_;
  bool with_probabilities_;
  double shift_ = 0.0;
  std::mt19937_64 random_{7};
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> uniform_;
  std::vector<FrameRow> frames_;
  std::uint64_t ordinal_ = 0;
  std::uint64_t bases_ = 0;
};

/// `viral`: the share of viruses.
void write_contigs(const std::string& folder, std::uint64_t records, double viral,
                   bool with_probabilities, double longest, double shift = 0.0) {
  SampleRun run(folder, records, with_probabilities);
  run.shift(shift);
  std::uniform_real_distribution<double> uniform;
  for (std::uint64_t i = 0; i < records; ++i) {
    Made made;
    made.length =
        static_cast<std::uint64_t>(200.0 * std::pow(longest / 200.0, uniform(run.random())));
    made.is_virus = uniform(run.random()) < viral;
    made.id =
        "NODE_" + std::to_string(i + 1) + "_length_" + std::to_string(made.length) + "_cov_12.5";
    run.write(made);
  }
  run.publish();
}

void write_hostile(const std::string& folder) {
  SampleRun run(folder, 9, true);
  const std::string ids[] = {"</script><script>document.title='broken'</script>",
                             "<img src=x onerror=document.title='broken'>",
                             "\"quoted\" 'twice' & &amp; &lt;b&gt;",
                             "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae right to left",
                             std::string(5000, 'x') + "_end",
                             "a\tb\nc\r\x1b[31m",
                             "\xff\xfe bytes that are no text",
                             "<!-- ${alert(1)} {{7*7}} javascript:alert(1)",
                             "\xf0\x9f\xa6\xa0 \xe7\x97\x85\xe6\xaf\x92"};
  for (const std::string& id : ids) run.write({id, 2400, true, 0, 0});
  run.publish();
}

void write_samples(const std::string& folder) {
  write_contigs(folder + "/few", 10, 0.3, true, 20'000.0);
  write_contigs(folder + "/thousand", 1'000, 0.1, true, 20'000.0);
  write_contigs(folder + "/many", 100'000, 0.05, true, 2'000.0);
  write_contigs(folder + "/none", 200, 0.0, false, 300.0, -5.0);
  write_contigs(folder + "/scores", 500, 0.2, false, 20'000.0);
  write_contigs(folder + "/crowd", 210'000, 0.05, true, 400.0);
  write_hostile(folder + "/hostile");
  SampleRun genome(folder + "/genome", 1, true);
  genome.write({"NZ_CP023050.1 complete genome", 2'000'000, false, 800'000, 842'000});
  genome.publish();
  SampleRun(folder + "/empty", 0, true).publish();
}

}  // namespace
}  // namespace virnucpro

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: sample_pages FOLDER\n", stderr);
    return 2;
  }
  try {
    virnucpro::write_samples(arguments[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sample_pages: %s\n", error.what());
    return 1;
  }
  return 0;
}
