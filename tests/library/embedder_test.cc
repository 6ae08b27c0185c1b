// The library's embeddings are those that the program writes.
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"
#include "virnucpro/virnucpro.h"

namespace virnucpro::test {
namespace {

template <typename Number>
std::vector<Number> column(hid_t file, const char* name, hid_t type) {
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  const hid_t space = H5Dget_space(set);
  std::vector<Number> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  EXPECT_GE(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0) << name;
  H5Sclose(space);
  H5Dclose(set);
  return values;
}

class KeptEmbeddings final : public EmbeddingReceiver {
 public:
  void sequence(std::uint64_t number, const std::string& id, std::uint64_t) override {
    EXPECT_EQ(number, ids.size());
    ids.push_back(id);
  }
  void block(const EmbeddingBlock& block) override {
    ++blocks;
    for (std::size_t i = 0; i < block.frames.size(); ++i) {
      const float* const row = block.values.data() + i * (block.dnabert_s_width + block.esm2_width);
      dnabert_s.insert(dnabert_s.end(), row, row + block.dnabert_s_width);
      esm2.insert(esm2.end(), row + block.dnabert_s_width,
                  row + block.dnabert_s_width + block.esm2_width);
      records.push_back(block.frames[i].sequence + 1);  // the file counts from 1
      chunks.push_back(block.frames[i].chunk + 1);
    }
  }

  std::vector<std::string> ids;
  std::size_t blocks = 0;
  std::vector<float> dnabert_s;
  std::vector<float> esm2;
  std::vector<std::uint64_t> records;
  std::vector<std::uint64_t> chunks;
};

using Embeddings = CliTest;

TEST_F(Embeddings, AreThoseOfTheProgram) {
  const std::string input = VIRNUCPRO_SOURCE_DIR "/examples/genomes.fa";
  ASSERT_TRUE(ends_with(run({"embed", input, "-o", "f.h5"}), 0));
  Embedder embedder({.device = "cpu"});
  KeptEmbeddings kept;
  const RunTotals totals = embedder.run_files({input}, kept);
  EXPECT_EQ(totals.frames, kept.records.size());
  EXPECT_EQ(totals.sequences, kept.ids.size());
  const hid_t file = H5Fopen(path("f.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  EXPECT_EQ(kept.dnabert_s, column<float>(file, "dnabert_s", H5T_NATIVE_FLOAT));
  EXPECT_EQ(kept.esm2, column<float>(file, "esm2", H5T_NATIVE_FLOAT));
  EXPECT_EQ(kept.records, column<std::uint64_t>(file, "record", H5T_NATIVE_UINT64));
  EXPECT_EQ(kept.chunks, column<std::uint64_t>(file, "chunk", H5T_NATIVE_UINT64));
  H5Fclose(file);
}

TEST_F(Embeddings, ComeInBlocksWhileTheInputIsRead) {
  Embedder embedder({.device = "cpu", .threads = 1});
  KeptEmbeddings kept;
  constexpr std::uint32_t kSequences = 2500;
  std::uint32_t given = 0;
  std::size_t blocks_at_the_end = 0;
  embedder.run(
      [&](Sequence& to) {
        if (given == kSequences) {
          blocks_at_the_end = kept.blocks;
          return false;
        }
        to = {std::to_string(given), open_frame(30, given)};
        ++given;
        return true;
      },
      kept);
  EXPECT_GT(blocks_at_the_end, 0u);
  EXPECT_GT(kept.blocks, 2u);
  EXPECT_EQ(kept.ids.size(), kSequences);
  EXPECT_EQ(kept.dnabert_s.size(), kept.records.size() * embedder.dnabert_s_width());
}

}  // namespace
}  // namespace virnucpro::test
