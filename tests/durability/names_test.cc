// Names of records are data: whatever bytes they have, every table keeps its rows and columns, and
// nothing happens outside of the output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/test_inputs.h"
#include "durability/durability_test.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// None has white space, which ends an id, or control bytes, which no FASTA or FASTQ file has.
std::vector<std::string> hostile_ids() {
  using namespace std::string_literals;
  return {"plain",
          "../../evil",
          "/etc/passwd",
          "..",
          "-o",
          "--force",
          "<script>alert(1)</script>",
          "\"quoted\",'single'",
          "`touch${IFS}x`;$(id)|&",
          "';DROP/**/TABLE/**/orfs;--",
          "%s%n%d{}{0}",
          "back\\slash\\x41\\t",
          "bad\xff\xfe"s,
          "\xc3\x28\xe2\x82"s,
          "\xed\xa0\x80surrogate"s,
          "\xe2\x80\xaeright-to-left"s,
          "\xe2\x80\xa8line-separator"s,
          "\xf0\x9f\xa6\xa0virus"s,
          "NA",
          "NaN",
          "=1+1",
          ">>more",
          "@reads",
          "#comment",
          "_chunk_1F1",
          "plain",
          std::string(65'536, 'x')};
}

/// Every line must have as many fields as the first.
testing::AssertionResult is_table(const std::string& text, std::size_t rows,
                                  char separator = '\t') {
  std::istringstream lines(text);
  std::ptrdiff_t separators = -1;
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const std::ptrdiff_t found = std::count(line.begin(), line.end(), separator);
    if (separators < 0) separators = found;
    if (found != separators || found == 0) {
      return testing::AssertionFailure()
             << found << " instead of " << separators << " separators in line " << count + 1 << ": "
             << line.substr(0, 200);
    }
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && c != '\t') || byte == 0x7f) {
        return testing::AssertionFailure() << "a control byte in line " << count + 1;
      }
    }
  }
  if (count != rows + 1) {
    return testing::AssertionFailure() << count << " lines instead of a head and " << rows;
  }
  // Throws nothing and replaces nothing where it is UTF-8.
  try {
    (void)json(text).dump();
  } catch (const json::exception& error) {
    return testing::AssertionFailure() << error.what();
  }
  return testing::AssertionSuccess();
}

/// Messages show names, but a terminal must not obey them.
testing::AssertionResult is_harmless(const std::string& messages) {
  for (const char c : messages) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7f) {
      return testing::AssertionFailure() << "control byte " << int{byte} << " in\n" << messages;
    }
  }
  return testing::AssertionSuccess();
}

std::string first_field(const std::string& line) { return line.substr(0, line.find('\t')); }

/// Replaces each \xHH by the byte that it stands for: a name then equals its form in a table.
std::string with_bytes(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_byte = text.compare(i, 2, "\\x") == 0 && i + 3 < text.size() &&
                         std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0 &&
                         std::isxdigit(static_cast<unsigned char>(text[i + 3])) != 0;
    if (!is_byte) {
      bytes += text[i];
      continue;
    }
    bytes += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
    i += 3;
  }
  return bytes;
}

std::size_t length_of(const std::string& path, const char* name) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  const hid_t space = H5Dget_space(set);
  const auto length = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space));
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
  return length;
}

class Names : public DurabilityTest {
 protected:
  void SetUp() override {
    DurabilityTest::SetUp();
    for (const std::string& id : hostile_ids()) {
      const std::size_t number = records_.size();
      records_.push_back(
          {id, open_frame(40 + 3 * (number % 5), static_cast<std::uint32_t>(number))});
    }
  }

  /// Only the files of the test and the calls may be there, and nothing beside the folder.
  void expect_only(std::vector<std::string> names) const {
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names_in("."), names);
    EXPECT_FALSE(fs::exists(path("../evil")));
    EXPECT_FALSE(fs::exists(path("../../evil")));
  }

  void expect_predictions(const std::string& folder) const {
    const json report = json::parse(run_json(folder));
    const auto counts = report.at("counts");
    const auto frames = counts.at("frames").get<std::size_t>();
    const auto chunks = counts.at("chunks").at("scored").get<std::size_t>();
    EXPECT_EQ(counts.at("records").at("total"), records_.size());
    EXPECT_TRUE(is_table(read(folder + "/predictions.tsv"), frames));
    EXPECT_TRUE(is_table(read(folder + "/prediction_results.txt"), frames));
    EXPECT_TRUE(is_table(read(folder + "/prediction_results_highestscore.csv"), chunks));
    EXPECT_TRUE(is_table(read(folder + "/contigs.tsv"), records_.size()));
    std::istringstream contigs(read(folder + "/contigs.tsv"));
    std::string line;
    std::getline(contigs, line);
    for (const TestRecord& record : records_) {
      std::getline(contigs, line);
      EXPECT_EQ(with_bytes(first_field(line)), with_bytes(record.id));
    }
    const std::string viral = read(folder + "/viral.fasta");
    std::size_t heads = 0;
    std::istringstream lines(viral);
    while (std::getline(lines, line)) {
      if (line.starts_with('>')) {
        ++heads;
      } else {
        EXPECT_EQ(line.find_first_not_of("ACGTN"), std::string::npos) << line;
      }
    }
    EXPECT_EQ(heads, counts.at("viral_records"));
    if (heads == 0) return;
    const ProgramResult parsed = run({"validate", folder + "/viral.fasta"});
    ASSERT_TRUE(ends_with(parsed, 0));
    EXPECT_THAT(parsed.out, testing::HasSubstr("\t" + std::to_string(heads) + "\t"));
  }

  std::vector<TestRecord> records_;
};

TEST_F(Names, OfFastaRecordsAreData) {
  write("in.fa", fasta(records_));
  const ProgramResult predicted = run(predict("out"));
  ASSERT_TRUE(ends_with(predicted, 0));
  EXPECT_TRUE(is_harmless(predicted.err));
  expect_predictions("out");
  expect_only({"in.fa", "out"});
}

TEST_F(Names, OfFastqRecordsAreData) {
  write("in.fa", fastq(records_));
  const ProgramResult predicted = run(predict("out"));
  ASSERT_TRUE(ends_with(predicted, 0));
  EXPECT_TRUE(is_harmless(predicted.err));
  expect_predictions("out");
  expect_only({"in.fa", "out"});
}

TEST_F(Names, OfAlignmentsAreDataControlBytesAndAll) {
  using namespace std::string_literals;
  std::erase_if(records_, [](const TestRecord& record) {
    return record.id.size() > 254 || record.id.starts_with('@');  // more than SAM has, a header
  });
  for (const std::string& id : {"esc\x1b[2J\x1b]0;title\x07"s, "\x01\x02\x7f"s, "blank blank"s}) {
    records_.push_back({id, open_frame(40, static_cast<std::uint32_t>(records_.size()))});
  }
  write("in.sam", sam(records_));
  for (const bool bam : {false, true}) {
    if (bam) {
      convert_to_bam(path("in.sam"), path("in.fa"));
    } else {
      write("in.fa", sam(records_));
    }
    const ProgramResult predicted = run(predict("out"));
    ASSERT_TRUE(ends_with(predicted, 0));
    EXPECT_TRUE(is_harmless(predicted.err));
    expect_predictions("out");
    const ProgramResult valid = run({"validate", "in.fa"});
    ASSERT_TRUE(ends_with(valid, 0));
    EXPECT_TRUE(is_harmless(valid.err));
    expect_only({"in.fa", "in.sam", "out"});
    fs::remove_all(path("out"));
  }
}

TEST_F(Names, WithControlBytesAreRefusedAndShownEscaped) {
  using namespace std::string_literals;
  for (const std::string& id : {"esc\x1b[2J\x1b]0;title\x07"s, "bell\x07\x01"s, "nul\0inside"s}) {
    write("in.fa", ">a\n" + open_frame(40, 1) + "\n>" + id + "\n" + open_frame(40, 2) + "\n");
    for (const std::string command : {"predict", "validate"}) {
      const ProgramResult result = run({command, "in.fa"});
      ASSERT_TRUE(ends_with(result, 2));
      EXPECT_TRUE(is_harmless(result.err + result.out.substr(0, result.out.find('\t'))));
      EXPECT_THAT(result.err + result.out, testing::HasSubstr("its name holds the control byte"));
    }
    EXPECT_TRUE(results_in(path("virnucpro_out")).empty());
    fs::remove_all(path("virnucpro_out"));
  }
}

TEST_F(Names, AreDataToTheOtherCommands) {
  write("in.fa", fasta(records_));
  const ProgramResult valid = run({"validate", "in.fa"});
  ASSERT_TRUE(ends_with(valid, 0));
  EXPECT_TRUE(is_table(valid.out, 1));
  EXPECT_TRUE(is_harmless(valid.err));

  ASSERT_TRUE(ends_with(run(predict("out")), 0));
  const auto frames = json::parse(run_json("out")).at("counts").at("frames").get<std::size_t>();
  const ProgramResult embedded = run({"embed", "in.fa", "-o", "features.h5"});
  ASSERT_TRUE(ends_with(embedded, 0));
  EXPECT_TRUE(is_harmless(embedded.err));
  for (const char* name : {"ids", "dnabert_s", "esm2"}) {
    const std::size_t width = length_of(path("features.h5"), name) / frames;
    EXPECT_EQ(width * frames, length_of(path("features.h5"), name)) << name;
  }
  EXPECT_EQ(length_of(path("features.h5"), "ids"), frames);

  const ProgramResult studied =
      run({"precision", "in.fa", "--limit", "0", "-o", "study", "--batch-tokens", "1024"});
  ASSERT_TRUE(ends_with(studied, 0));
  EXPECT_TRUE(is_harmless(studied.err));
  EXPECT_TRUE(is_table(read("study/sequences.tsv"), frames));
  EXPECT_FALSE(json::parse(read("study/precision.json"), nullptr, false).is_discarded());
  expect_only({"features.h5", "in.fa", "out", "study"});
}

TEST_F(Names, SurviveAStopAndAFailure) {
  write("in.fa", fasta(records_));
  ASSERT_TRUE(ends_with(run(predict("stopped", "workers=2;lost=0@14;lost=1@14")), 4));
  // 40 residues with begin and end: every fifth record fails, and messages name it.
  const ProgramResult failed = run(predict("failed", "workers=2;poison=42"));
  ASSERT_TRUE(ends_with(failed, 0));
  EXPECT_TRUE(is_harmless(failed.err));
  const json counts = json::parse(run_json("failed")).at("counts");
  EXPECT_GT(counts.at("failed_frames"), 0);
  EXPECT_GT(counts.at("frames"), 0);
  EXPECT_TRUE(is_table(read("failed/contigs.tsv"), records_.size()));
  ASSERT_TRUE(ends_with(run(predict("stopped")), 0));
  expect_predictions("stopped");
}

}  // namespace
}  // namespace virnucpro::test
