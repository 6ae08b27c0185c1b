// Whole runs with the bundle `mini`: files, force, independence of options, embeddings.
#include "jobs/predict.h"
#include "jobs/embed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <stop_token>

#include "backend/cpu/processor.h"
#include "base/errors.h"
#include "devices/devices.h"
#include "run/run_database.h"
#include "support/run_settings.h"
#include "unit/pipeline/fake_run.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

const std::string kMini = std::string(VIRNUCPRO_SOURCE_DIR) + "/models/mini";

constexpr const char* kTables[] = {kPredictionsFile,  kContigsFile,     kTiersFile,
                                   kViralFile,        kRegionsBedFile,  kRegionsGffFile,
                                   kLegacyFramesFile, kLegacyChunksFile};

/// Records of several chunks, short ones, a repeated id, and ones without a result.
std::string some_fasta() {
  std::mt19937 random(3);
  std::string text;
  for (int i = 0; i < 12; ++i) {
    const std::string bases = mostly_open_bases(150 + 90 * static_cast<std::size_t>(i), random);
    text += ">seq" + std::to_string(i % 11) + " of a test\n" + bases + "\n";
  }
  return text + ">empty\n\n>short\nAC\n>stops\nTAATAATAATAACTAACTAACTAACTTAGTTAGTTAG\n";
}

struct Fixture {
  Fixture() {
    folder.write("in.fa", some_fasta());
    settings.inputs = {folder.file("in.fa")};
    settings.bundle = kMini;
    settings.expected_length = 500;
    settings.output = folder.file("out");
    settings.device = "cpu";
    settings.threads = 1;
    context.program_version = "0.0.test";
    context.log = Log([this](LogLevel level, std::string_view line) {
      if (level == LogLevel::kWarning) warnings.emplace_back(line);
    });
  }

  void load(bool with_classifier) {
    backend = create_backend(settings.device, settings.threads);
    context.device = settings.device;
    context.backends = {backend.get()};
    context.precision =
        choose_precision(settings, [](const std::string&) { return std::optional<std::string>(); });
    models = load_models(
        settings, context.precision.precision, with_classifier,
        [](const std::string& name) { return Bundle::open(name); }, *backend);
  }

  RunSummary predict() {
    load(true);
    return run_predict(settings, models, context);
  }

  std::string tables() const {
    std::string text;
    for (const char* name : kTables) text += folder.read(std::string("out/") + name);
    return text;
  }

  TemporaryFolder folder;
  testing_support::RunSettings settings;
  RunContext context;
  std::unique_ptr<Backend> backend;
  LoadedModels models;
  std::vector<std::string> warnings;
};

TEST(RunPredict, WritesAllFilesAndABalancedReport) {
  Fixture f;
  const RunSummary summary = f.predict();
  EXPECT_EQ(summary.files.size(), 13u);
  EXPECT_EQ(f.folder.names(), (std::set<std::string>{"in.fa", "out"}));
  const auto json = nlohmann::json::parse(f.folder.read("out/run.json"));
  EXPECT_EQ(json["counts"]["records"]["total"], 15);
  EXPECT_EQ(json["counts"]["records"]["too_short"], 2);
  EXPECT_GE(json["counts"]["records"]["no_orf"], 1);
  EXPECT_GT(json["counts"]["frames"], 10);
  EXPECT_EQ(json["inputs"][0]["records"], 15);
  EXPECT_EQ(json["inputs"][0]["bytes"], some_fasta().size());
  EXPECT_EQ(json["model"]["bundle"], "mini");
  // tokenizer, dnabert_s, esm2, classifier, config
  EXPECT_EQ(json["model"]["sha256"].size(), 5u);
  EXPECT_EQ(json["options"]["precision"], "fp16");
  EXPECT_EQ(json["options"]["threads"], 1);
  for (const auto& efficiency : json["performance"]["packing_efficiency"]) {
    EXPECT_GT(efficiency, 0.0);
    EXPECT_LE(efficiency, 1.0);
  }
  EXPECT_EQ(json["counts"]["repeated_ids"], 1);
  EXPECT_THAT(f.warnings, testing::ElementsAre(HasSubstr("1 record has an id")));
  EXPECT_THAT(f.folder.read("out/contigs.tsv"), HasSubstr("\nempty\t13\t0\t"));
  EXPECT_THAT(f.folder.read("out/prediction_results.txt"), HasSubstr("\nseq0_1_chunk_1"));
}

TEST(RunPredict, GivesTheSameBytesWhateverBatchWindowThreadsAndPacking) {
  Fixture reference;
  reference.predict();
  const std::string expected = reference.tables();
  for (const std::size_t batch_tokens : {100u, 1000u, 16000u}) {
    for (const std::size_t threads : {1u, 2u}) {
      Fixture f;
      f.settings.batch_tokens = batch_tokens;
      f.settings.threads = threads;
      f.context.limits = WindowLimits{.orfs = batch_tokens / 20};
      f.predict();
      EXPECT_EQ(f.tables(), expected) << batch_tokens << ' ' << threads;
    }
  }
}

/// Thousands of repeats, whose rows fill many batches of those that write tables.
std::string many_repeats() {
  const std::string fasta = some_fasta();
  std::string text = fasta;
  for (int i = 0; i < 150; ++i) text += fasta;
  return text;
}

TEST(RunPredict, WritesTheSameTablesByOneThreadAndByFour) {
  std::string expected;
  for (const std::size_t threads : {1u, 2u, 3u, 4u}) {
    Fixture f;
    f.folder.write("in.fa", many_repeats());
    f.context.threads = threads;
    f.predict();
    if (threads == 1) expected = f.tables();
    EXPECT_EQ(f.tables(), expected) << threads;
  }
}

TEST(RunPredict, IsStoppedWhileThreadsWriteTables) {
  for (const std::size_t threads : {1u, 4u}) {
    Fixture f;
    f.folder.write("in.fa", many_repeats());
    f.context.threads = threads;
    std::stop_source stop;
    f.context.work = WorkProgress([&](const WorkState& state) {
      if (state.doing == "writing tables" && state.done == 1500) stop.request_stop();
    });
    f.load(true);
    EXPECT_THROW(run_predict(f.settings, f.models, f.context, stop.get_token()), Interrupted);
    EXPECT_FALSE(std::filesystem::exists(f.folder.file("out/contigs.tsv")));
    f.context.work = {};
    const RunSummary summary = run_predict(f.settings, f.models, f.context);
    EXPECT_EQ(summary.report.ledger.records.total(), 151u * 15u);
    EXPECT_NE(f.folder.read("out/contigs.tsv"), "");
  }
}

TEST(RunPredict, RunsUnpackedAndInFp32) {
  Fixture f;
  f.settings.no_packing = true;
  f.settings.precision = Precision::kFp32;
  const RunSummary summary = f.predict();
  EXPECT_FALSE(summary.report.packed);
  EXPECT_EQ(summary.report.precision, "fp32");
  EXPECT_GT(summary.report.ledger.frames, 10u);
}

TEST(RunPredict, RunsOnTwoBackendsAsOnOne) {
  Fixture one;
  one.predict();
  Fixture two;
  two.load(true);
  const auto second = create_backend("cpu", 1);
  two.context.backends.push_back(second.get());
  two.settings.batch_tokens = 300;
  run_predict(two.settings, two.models, two.context);
  EXPECT_EQ(two.tables(), one.tables());
}

TEST(RunPredict, RunsWithAWorkerPerNodeAsWithOne) {
  Fixture one;
  one.predict();
  // Both nodes have a core that this process may use, whatever this machine looks like.
  const int core = allowed_cores().front();
  const std::vector<NumaNode> nodes = {{0, {core}}, {1, {core}}};
  const Workers workers = create_workers(plan_cpu_workers(nodes, 2.0, 0));
  ASSERT_EQ(workers.backends.size(), 2u);
  Fixture two;
  two.load(true);  // the weights are prepared for another backend of the kind
  two.context.backends = {workers.backends[0].get(), workers.backends[1].get()};
  two.context.threads = workers.threads;
  two.context.numa_nodes = workers.numa_nodes;
  two.settings.batch_tokens = 300;
  run_predict(two.settings, two.models, two.context);
  EXPECT_EQ(two.tables(), one.tables());
  const auto json = nlohmann::json::parse(two.folder.read("out/run.json"));
  EXPECT_EQ(json["options"]["threads"], 2);
  EXPECT_EQ(json["options"]["workers"], 2);
  EXPECT_EQ(json["options"]["numa_nodes"], 2);
}

TEST(RunPredict, WritesHeadersForAnInputWithoutRecords) {
  Fixture f;
  f.folder.write("in.fa", "");
  const RunSummary summary = f.predict();
  EXPECT_EQ(summary.report.ledger.records.total(), 0u);
  EXPECT_EQ(f.folder.read("out/prediction_results_highestscore.csv"),
            "Modified_ID\tIs_Virus\tmax_score_0\tmax_score_1\n");
}

TEST(RunPredict, LeavesNoResultBehindWhenTheInputIsDamaged) {
  Fixture f;
  f.folder.write("in.fa", "@read\nACGT\n+\nII\n");
  EXPECT_THROW(f.predict(), InputError);
  EXPECT_FALSE(std::filesystem::exists(f.folder.file("out")));
}

TEST(RunPredict, LeavesNoFolderWhenTheInputIsMissing) {
  Fixture f;
  f.settings.inputs = {f.folder.file("missing.fa")};
  EXPECT_THROW(f.predict(), InputError);
  EXPECT_FALSE(std::filesystem::exists(f.folder.file("out")));
}

TEST(RunPredict, RefusesResultsThatNoDatabaseVouchesForUnlessForced) {
  Fixture f;
  f.predict();
  const std::string before = f.tables();
  std::filesystem::remove(f.folder.file("out/run.db"));
  try {
    require_free_prediction_folder(f.settings.output, f.settings.force);
    FAIL() << "no ConfigError";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("holds the results of an earlier run"));
    EXPECT_THAT(error.what(), HasSubstr("--force"));
  }
  f.settings.force = true;
  f.predict();
  EXPECT_EQ(f.tables(), before);
}

TEST(RunPredict, WritesTheResultsOfAFinishedRunAgainWithoutComputing) {
  Fixture f;
  f.predict();
  const std::string before = f.tables();
  for (const char* name : kTables) std::filesystem::remove(f.folder.file("out") + "/" + name);
  f.models.classifier.reset();
  f.load(true);
  f.context.limits = WindowLimits{.orfs = 0};  // whoever computes gets nowhere
  const RunSummary summary = run_predict(f.settings, f.models, f.context);
  EXPECT_EQ(f.tables(), before);
  EXPECT_EQ(summary.report.sessions.size(), 1u);
}

// Embeddings ahead of the rows are known by number alone. A killed process that read another file
// of the same name may have left them: once the file has been written to, they are forgotten.
TEST(RunPredict, ForgetsEmbeddingsAheadOfTheRowsOnceAnInputWasWrittenTo) {
  Fixture f;
  f.predict();
  const std::string expected = f.tables();
  const std::string output = f.settings.output;
  std::vector<RunFact> work;
  std::string stamps;
  {
    const RunDatabase database(output);
    work = database.work();
    stamps = database.text("input stamps").value();
  }
  const auto width = [](const Encoder& encoder) {
    return std::vector<float>(static_cast<std::size_t>(encoder.width()), 9.0f);
  };
  for (const bool is_written : {false, true}) {
    std::filesystem::remove_all(output);
    std::filesystem::create_directory(output);
    {
      RunDatabase database(output, work, RunDatabase::Existing::kContinue);
      database.begin_session({"now", "test", "cpu", 0.0, 0});
      database.set_text("input stamps", stamps);
      database.put_embedding(0, StoredEncoder::kDnabertS, width(*f.models.dnabert_s));
      database.put_embedding(0, StoredEncoder::kEsm2, width(*f.models.esm2));
      database.commit();
    }
    if (is_written) f.folder.write("in.fa", some_fasta());
    f.models.classifier.reset();
    f.predict();
    EXPECT_EQ(f.tables() == expected, is_written);
  }
}

TEST(RunPredict, GoesOnOnlyWithTheSameWork) {
  Fixture f;
  f.predict();
  const std::vector<std::pair<std::string, std::function<void()>>> changes = {
      {"input 1: sha256", [&] { f.folder.write("in.fa", some_fasta() + ">more\nACGT\n"); }},
      {"expected length: 500 there, 300 now", [&] { f.settings.expected_length = 300; }},
      {"precision: fp16 there, bf16 now", [&] { f.settings.precision = Precision::kBf16; }},
      {"packed batches: yes there, no now", [&] { f.settings.no_packing = true; }},
      {"shard: 1/1 there, 2/3 now",
       [&] {
         f.settings.shard = {2, 3};
       }},
      {"embeddings kept: no there, yes now", [&] { f.settings.keep_embeddings = true; }},
      {"program version: 0.0.test there, 9 now", [&] { f.context.program_version = "9"; }},
  };
  const testing_support::RunSettings settings = f.settings;
  for (const auto& [difference, change] : changes) {
    change();
    try {
      f.predict();
      FAIL() << difference;
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr(difference));
      EXPECT_THAT(error.what(), HasSubstr("--force"));
    }
    f.settings = settings;
    f.folder.write("in.fa", some_fasta());
    f.context.program_version = "0.0.test";
  }
  f.predict();
}

TEST(RunPredict, ComputesItsShareOfTheRecords) {
  Fixture whole;
  whole.predict();
  std::string rows;
  for (std::uint64_t shard = 1; shard <= 3; ++shard) {
    Fixture f;
    f.settings.shard = {shard, 3};
    f.predict();
    const std::string contigs = f.folder.read("out/contigs.tsv");
    rows += contigs.substr(contigs.find('\n') + 1);
    const auto json = nlohmann::json::parse(f.folder.read("out/run.json"));
    EXPECT_EQ(json["shard"], std::to_string(shard) + "/3");
    EXPECT_EQ(json["inputs"][0]["records"], 5);
  }
  const auto sorted = [](const std::string& text) {
    std::multiset<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
  };
  const std::string contigs = whole.folder.read("out/contigs.tsv");
  EXPECT_EQ(sorted(rows), sorted(contigs.substr(contigs.find('\n') + 1)));
}

TEST(RunPredict, LeavesTheOlderResultsWhenItIsStopped) {
  Fixture f;
  f.predict();
  const std::string before = f.tables();
  f.settings.force = true;
  f.load(true);
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(run_predict(f.settings, f.models, f.context, source.get_token()), Interrupted);
  EXPECT_EQ(f.tables(), before);
}

TEST(RunEmbed, WritesOneRowAFrame) {
  Fixture f;
  f.settings.output = f.folder.file("features.h5");
  f.load(false);
  const RunSummary summary = run_embed(f.settings, f.models, f.context);
  EXPECT_EQ(summary.files, std::vector<std::string>{f.settings.output});
  EXPECT_GT(summary.report.ledger.frames, 10u);
  EXPECT_EQ(summary.report.ledger.records[Outcome::kTooShort], 2u);
  EXPECT_EQ(summary.report.calls.repeated_ids, 1u);
  EXPECT_GT(std::filesystem::file_size(f.settings.output), 1000u);
  EXPECT_THROW(run_embed(f.settings, f.models, f.context), ConfigError);  // it exists now
  f.settings.output = "-";
  EXPECT_THROW(run_embed(f.settings, f.models, f.context), ConfigError);
}

TEST(LoadModels, NamesTheLengthsThereAre) {
  Fixture f;
  f.settings.expected_length = 400;
  EXPECT_THROW(f.load(true), ModelError);
}

}  // namespace
}  // namespace virnucpro
