// Does the host keep many GPUs busy? Runs a whole run over devices that only wait as long as a GPU
// was measured to compute, so that any loss of speed is the host's: first the stages alone, then
// with what is around them: the input is hashed and read, results go through the run's database,
// tables are made of it.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/format.h"
#include "base/known_file.h"
#include "base/stopwatch.h"
#include "devices/devices.h"
#include "paced_devices.h"
#include "pipeline/model_plan.h"
#include "pipeline/stages.h"
#include "report/run_report.h"
#include "results/run_facts.h"
#include "results/run_journal.h"
#include "results/stored_results.h"
#include "run/run_database.h"
#include "sequence/reader.h"
#include "sequence/text_output.h"
#include "tokenizer/dna_tokenizer.h"
#include "weights/json_reader.h"

namespace virnucpro {
namespace {

constexpr std::int64_t kChunk = 500;
constexpr std::int64_t kBatchTokens = 16384;  // the best size for a GPU
// Tokens of a frame of a 500-base chunk, roughly: they only choose how many reads last how long.
constexpr double kDnaTokens = 102.0;
constexpr double kProteinTokens = 168.0;

/// Removed at the end. In the folder of temporary files: its disk counts, too.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "scaling_bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Reads of one chunk, each open in one frame or a few.
RecordStream reads(std::uint64_t count) {
  return [count, random = std::mt19937(5), next = std::uint64_t{0}](Record& record) mutable {
    if (next == count) return false;
    record.ordinal = next++;
    record.id = fmt::format("read{}", record.ordinal);
    record.bases.resize(static_cast<std::size_t>(kChunk));
    for (std::size_t i = 0; i < record.bases.size(); ++i) {
      // Codons without a T in front are no stop codons.
      record.bases[i] = (i % 3 == 0 ? "ACG" : "ACGT")[random() % (i % 3 == 0 ? 3 : 4)];
    }
    return true;
  };
}

/// FASTQ, bgzip by its name.
void write_reads(const std::string& path, std::uint64_t count) {
  TextOutput file(path, 0);
  RecordStream stream = reads(count);
  std::mt19937 random(6);
  for (Record record; stream(record);) {
    std::string& row = file.row();
    row += fmt::format("@{}\n{}\n+\n", record.id, record.bases);
    for (std::size_t i = 0; i < record.bases.size(); ++i) row += "FFFFFFFF:,#"[random() % 11];
    row += '\n';
    file.row_done();
  }
  file.finish();
  file.publish();
}

/// What was measured. Seconds of stages are those in which their one thread was busy.
struct Run {
  std::uint64_t frames = 0;
  double seconds = 0.0;         // of all
  double stages_seconds = 0.0;  // while the devices work
  double hash_seconds = 0.0;    // before them
  double tables_seconds = 0.0;  // behind them
  double cpu_seconds = 0.0;     // of the host's cores, while the stages ran
  double tables_cpu_seconds = 0.0;
  StageReport stages;
  double share = 0.0;        // of stages_seconds, in which the devices computed
  std::uint64_t result = 0;  // of all scores in their order
};

/// Of this process, which other work on the host does not change.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

class Bench {
 public:
  explicit Bench(DnaTokenizer tokenizer) : tokenizer_(std::move(tokenizer)) {}

  /// The stages alone, with records that cost nothing to read.
  Run run_alone(std::size_t devices, std::uint64_t count, const Speed& speed) const {
    return run(devices, speed, reads(count), nullptr);
  }

  /// All that `predict` does with the file, but for the models; its results come to `folder`.
  Run run_whole(std::size_t devices, const std::string& input, const std::string& folder,
                const Speed& speed) const {
    const Stopwatch all;
    const std::vector<std::string> inputs = {input};
    std::vector<std::optional<KnownFile>> known = read_known_files(inputs);
    const double hashed = all.seconds();
    RunReport report;
    report.program_version = "scaling_bench";
    report.started_at = utc_now();
    report.inputs = describe_inputs(inputs, known);
    report.expected_length = kChunk;
    report.precision = "fp16";
    report.device = "paced";
    report.batch_tokens = kBatchTokens;
    SequenceReader reader(inputs);
    reader.expect(std::move(known));
    std::filesystem::create_directories(folder);
    RunDatabase database(folder, facts_of(report, /*keeps_embeddings=*/false),
                         RunDatabase::Existing::kStartOver);
    database.begin_session({report.started_at, report.program_version, report.device, 0.0, 0});
    database.commit();
    RunJournal journal(database, {.layout = {{{kDnabertWidth, kEsm2Width}}}});
    Run done = run(
        devices, speed, [&](Record& record) { return reader.next(record); }, &journal);
    database.set_text(kRunFile, run_json(report));
    journal.finish();
    const double before_tables = cpu_seconds();
    const Stopwatch tables;
    publish_own_results(database, folder, {}, {}, {},
                        std::max(1U, std::thread::hardware_concurrency()));
    done.hash_seconds = hashed;
    done.tables_seconds = tables.seconds();
    done.tables_cpu_seconds = cpu_seconds() - before_tables;
    done.seconds = all.seconds();
    return done;
  }

 private:
  Run run(std::size_t device_count, const Speed& speed, RecordStream records,
          Journal* journal) const {
    std::vector<PacedDevice> devices(device_count);
    std::vector<std::unique_ptr<PacedEngine>> engines;
    StagePlan plan;
    for (std::size_t i = 0; i < device_count; ++i) {
      for (std::size_t lane = 0; lane < kCudaLanes; ++lane) {
        engines.push_back(
            std::make_unique<PacedEngine>(devices[i], fmt::format("paced:{}", i), speed));
        plan.engines.push_back(engines.back().get());
      }
    }
    tokenize_by(tokenizer_, plan);
    plan.records = std::move(records);
    plan.expected_length = kChunk;
    plan.lanes[EncoderKind::kDnabertS].width = kDnabertWidth;
    plan.lanes[EncoderKind::kEsm2].width = kEsm2Width;
    plan.batch_tokens = kBatchTokens;
    plan.limits = limits_for(kBatchTokens);
    plan.journal = journal;
    Run result;
    plan.take = [&](const Window& window) {
      for (const float score : window.computed.scores) {
        result.result = result.result * 1'000'003 + std::hash<float>()(score);
      }
    };
    const double before = cpu_seconds();
    const Stopwatch watch;
    result.stages = run_stages(plan, {});
    result.cpu_seconds = cpu_seconds() - before;
    result.seconds = result.stages_seconds = watch.seconds();
    result.frames = result.stages.intake.orfs;
    double busy = 0.0;
    for (const PacedDevice& device : devices) busy += device.busy();
    result.share = busy / (static_cast<double>(device_count) * result.seconds);
    return result;
  }

  const DnaTokenizer tokenizer_;
};

DnaTokenizer embedded_tokenizer() {
  const std::string path = VIRNUCPRO_SOURCE_DIR "/models/mini/tokenizer.json";
  return DnaTokenizer::from_json(read_text_file(path), path);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void require(bool holds, const char* problem) {
  if (!holds) throw std::runtime_error(problem);
}

/// Eight devices give what one gives, and reading and database change nothing of it.
void prove(const Bench& bench, const Folder& folder) {
  constexpr std::uint64_t kReads = 3000;
  const Speed fast{1e9, 1e9};
  const std::string input = folder / "proof.fq.gz";
  write_reads(input, kReads);
  const Run one = bench.run_alone(1, kReads, fast);
  require(bench.run_alone(8, kReads, fast).result == one.result,
          "8 devices give other results than one");
  const Run whole = bench.run_whole(1, input, folder / "one", fast);
  require(whole.result == one.result, "reads of a file give other results than the same reads");
  require(bench.run_whole(8, input, folder / "eight", fast).result == one.result,
          "8 devices give other results with a database");
  for (const char* name : {kPredictionsFile, kContigsFile}) {
    require(text_of(folder / "one/" + name) == text_of(folder / "eight/" + name),
            "8 devices give other tables than one");
  }
  const std::string table = text_of(folder / "one/" + kPredictionsFile);
  require(static_cast<std::uint64_t>(std::ranges::count(table, '\n')) == one.frames + 1,
          "the table has not one line for each frame");
}

void print(const char* part, std::size_t devices, const Run& run, double one) {
  const double rate = static_cast<double>(run.frames) / run.seconds;
  std::printf("%s\t%zu\t%llu\t%.2f\t%.0f\t%.2f\t%.3f", part, devices,
              static_cast<unsigned long long>(run.frames), run.seconds, rate, rate / one,
              run.share);
  for (const double seconds :
       {run.hash_seconds, run.stages.read_seconds, run.stages.tokenize_seconds,
        run.stages.classify_seconds, run.stages.write_seconds, run.tables_seconds, run.cpu_seconds,
        run.tables_cpu_seconds}) {
    std::printf("\t%.2f", seconds);
  }
  std::printf("\n");
  std::fflush(stdout);
}

void measure(double seconds, const Speed& speed) {
  const Bench bench(embedded_tokenizer());
  const Folder folder;
  prove(bench, folder);
  // A few more frames than reads: some are open in a second frame.
  const double frame = speed.seconds_of(EncoderKind::kDnabertS, kDnaTokens) +
                       speed.seconds_of(EncoderKind::kEsm2, kProteinTokens);
  std::printf(
      "part\tdevices\tframes\tseconds\tframes_per_s\ttimes_one\tdevices_busy\thash_s\tread_s\t"
      "tokenize_s\tclassify_s\twrite_s\ttables_s\tstages_cpu_s\ttables_cpu_s\n");
  double alone = 0.0;
  double whole = 0.0;
  for (const std::size_t devices : {1u, 2u, 4u, 8u}) {
    const std::uint64_t count = std::max<std::uint64_t>(
        static_cast<std::uint64_t>(seconds / frame * static_cast<double>(devices)), 1);
    const Run stages = bench.run_alone(devices, count, speed);
    if (devices == 1) alone = static_cast<double>(stages.frames) / stages.seconds;
    print("stages", devices, stages, alone);
    const std::string input = folder / "reads.fq.gz";
    write_reads(input, count);
    const Run all = bench.run_whole(devices, input, folder / "run", speed);
    require(all.result == stages.result, "reads of a file give other results than the same reads");
    if (devices == 1) whole = static_cast<double>(all.frames) / all.seconds;
    print("whole", devices, all, whole);
  }
}

}  // namespace
}  // namespace virnucpro

int main(int argc, char** argv) {
  CLI::App app("The pipeline over devices that take their time and compute nothing");
  double seconds = 5.0;
  // The rates of one H100 in FP16 (docs/explanation/cuda.md).
  virnucpro::Speed speed{2'298'805.0, 108'133.0};
  app.add_option("--seconds", seconds, "Of one device's work for each device [5]");
  app.add_option("--dnabert-s", speed.dnabert_s, "Tokens a second of DNABERT-S on one device");
  app.add_option("--esm2", speed.esm2, "Tokens a second of ESM-2 on one device");
  CLI11_PARSE(app, argc, argv);
  try {
    virnucpro::measure(seconds, speed);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scaling_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
