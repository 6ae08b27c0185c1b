// The sequences a benchmark runs on.
#include "bench/sample.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/errors.h"
#include "base/peak_memory.h"
#include "bench/benchmark.h"
#include "weights/embedded_bundle.h"

namespace virnucpro {
namespace {

DnaTokenizer tokenizer() {
  return DnaTokenizer::from_json(embedded_bundle().tokenizer_json(), "tokenizer.json");
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(RandomSample, HoldsTheFramesAskedForAndIsTheSameEveryTime) {
  const TemporaryFolder folder;
  const std::string first = folder.path() + "/a.fa";
  const std::string second = folder.path() + "/b.fa";
  for (const std::uint64_t wanted : {1u, 7u, 100u}) {
    write_random_sample(first, wanted, 300);
    write_random_sample(second, wanted, 300);
    EXPECT_EQ(text_of(first), text_of(second));
    const SampleCounts counts = count_sample({first}, 300, tokenizer());
    EXPECT_GE(counts.orfs, wanted);
    EXPECT_LE(counts.orfs, wanted + 6);
    EXPECT_GE(counts.orfs, counts.chunks);  // every chunk has an open frame
  }
}

TEST(TemporaryFolder, SaysWhichVariableNamesAPlaceThatCannotBeUsed) {
  const auto message = [](const std::string& name, const std::string& value) -> std::string {
    try {
      const TemporaryFolder folder([&](const std::string& asked) {
        return asked == name ? std::optional<std::string>(value) : std::nullopt;
      });
    } catch (const OutputError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message("TMPDIR", "/no_such_folder"),
            "/no_such_folder: no temporary folder can be made there (TMPDIR): No such file or "
            "directory. Name a folder that can be written to with TMPDIR.");
  EXPECT_EQ(message("TMP", "/dev/null"),
            "/dev/null: no temporary folder can be made there (TMP): Not a directory. Name a "
            "folder that can be written to with TMPDIR.");
  EXPECT_EQ(message("TMPDIR", ""), "no error") << "as if it were not set";
  EXPECT_EQ(message("OTHER", "/no_such_folder"), "no error");
}

TEST(RandomSample, CountsTokensAsTheyAre) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/a.fa";
  std::ofstream(path) << ">a\nATGGCCATGGCC\n";  // F1, F2, F3, R1, R2, R3 of 4 or 3 residues
  const SampleCounts counts = count_sample({path}, 500, tokenizer());
  EXPECT_EQ(counts.records, 1u);
  EXPECT_EQ(counts.bases, 12u);
  EXPECT_EQ(counts.chunks, 1u);
  EXPECT_EQ(counts.orfs, 6u);
  EXPECT_EQ(counts.esm2.tokens, 2u * 4 + 4u * 3 + 6u * 2);
  EXPECT_EQ(counts.esm2.squared, 2u * 6 * 6 + 4u * 5 * 5);
}

TEST(Sample, CutsARecordBehindTheChunkThatIsEnough) {
  const TemporaryFolder folder;
  const std::string whole = folder.path() + "/whole.fa";
  const std::string part = folder.path() + "/part.fa";
  std::ofstream(whole) << ">a\n" << std::string(50000, 'C') << '\n';  // six frames a chunk
  write_sample({whole}, part, 20, 500);
  EXPECT_EQ(count_sample({part}, 500, tokenizer()).orfs, 24u);
  write_sample({whole}, part, 1000000, 500);
  EXPECT_EQ(count_sample({part}, 500, tokenizer()).orfs, 600u);
}

TEST(Sample, WithoutOpenFramesIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/none.fa";
  std::ofstream(path) << ">a\nTA\n";
  EXPECT_THROW(count_sample({path}, 500, tokenizer()), InputError);
}

TEST(TemporaryFolder, IsRemovedWithItsContent) {
  std::string path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    std::ofstream(path + "/file") << "x";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Spread, OfOddEvenAndNoValues) {
  EXPECT_EQ(spread_of({3.0, 1.0, 2.0}).median, 2.0);
  EXPECT_EQ(spread_of({4.0, 1.0, 2.0, 3.0}).median, 2.5);
  EXPECT_EQ(spread_of({3.0, 1.0}).lowest, 1.0);
  EXPECT_EQ(spread_of({3.0, 1.0}).highest, 3.0);
  EXPECT_EQ(spread_of({}).median, 0.0);
}

TEST(PeakMemory, StartsAnew) {
#ifdef VIRNUCPRO_SANITIZED
  GTEST_SKIP() << "sanitizers keep freed memory for a while";
#endif
  std::uint64_t with_block = 0;
  {
    const std::vector<char> block(std::size_t{64} << 20, 1);
    with_block = peak_memory() + (block[5] == 0 ? 1 : 0);
  }
  if (!restart_peak_memory()) GTEST_SKIP() << "this system cannot restart the peak";
  EXPECT_LT(peak_memory() + (std::uint64_t{32} << 20), with_block);
}

}  // namespace
}  // namespace virnucpro
