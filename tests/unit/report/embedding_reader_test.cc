// Files of embeddings read back, and what is not one.
#include "report/embedding_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <limits>

#include "base/errors.h"
#include "report/hdf5_handle.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void write_file(const std::string& path, std::size_t rows, float first = 0.0f) {
  EmbeddingFile file(path, {"1.2.3", "mini", "fp16", 300, {{"esm2", "ab12"}}}, 2, 3);
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<float> values(5, static_cast<float>(i));
    values[0] += first;
    file.append(std::vector<std::string>{"r" + std::to_string(i)}, values);
  }
  file.finish();
  file.publish();
}

std::string error_of(const std::string& path) {
  try {
    EmbeddingReader reader(path);
    EmbeddingBlock block;
    while (reader.next(block)) {
    }
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

/// Replaces a dataset of a sound file, by what `make` writes into it.
void replace(const std::string& path, const char* name, hid_t type, std::vector<hsize_t> size) {
  const Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
  ASSERT_GE(H5Ldelete(file.get(), name, H5P_DEFAULT), 0);
  if (size.empty()) return;
  const Hdf5Space space(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr));
  const Hdf5Dataset dataset(
      H5Dcreate2(file.get(), name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  ASSERT_TRUE(dataset.valid());
}

TEST(EmbeddingReader, GivesBackWhatWasWritten) {
  TemporaryFolder folder;
  const std::string path = folder.file("named.txt");
  write_file(path, 3, 0.5f);
  EXPECT_TRUE(is_hdf5_file(path));
  EmbeddingReader reader(path);
  EXPECT_EQ(reader.rows(), 3u);
  EXPECT_EQ(reader.dnabert_width(), 2);
  EXPECT_EQ(reader.esm2_width(), 3);
  EXPECT_EQ(reader.origin().bundle, "mini");
  EXPECT_EQ(reader.origin().expected_length, 300);
  ASSERT_EQ(reader.origin().parts.size(), 1u);
  EXPECT_EQ(reader.origin().parts[0].sha256, "ab12");
  EmbeddingBlock block;
  ASSERT_TRUE(reader.next(block));
  EXPECT_THAT(block.ids, ElementsAre("r0", "r1", "r2"));
  EXPECT_THAT(block.dnabert_s, ElementsAre(0.5f, 0, 1.5f, 1, 2.5f, 2));
  EXPECT_THAT(block.esm2, ElementsAre(0, 0, 0, 1, 1, 1, 2, 2, 2));
  EXPECT_FALSE(reader.next(block));
}

TEST(EmbeddingReader, ReadsBlockByBlockAndNothingOfAnEmptyFile) {
  TemporaryFolder folder;
  const std::string path = folder.file("wide.h5");
  constexpr std::size_t kRows = 30;
  EmbeddingFile file(path, {"1", "mini", "fp16", 500, {}}, 100'000, 1);
  for (std::size_t i = 0; i < kRows; ++i) {
    file.append(std::vector<std::string>{std::to_string(i)},
                std::vector<float>(100'001, static_cast<float>(i)));
  }
  file.finish();
  file.publish();
  EmbeddingReader reader(path);
  EmbeddingBlock block;
  std::size_t blocks = 0;
  std::size_t row = 0;
  for (; reader.next(block); ++blocks) {
    for (std::size_t i = 0; i < block.ids.size(); ++i, ++row) {
      EXPECT_EQ(block.ids[i], std::to_string(row));
      EXPECT_EQ(block.dnabert_s[i * 100'000 + 99'999], static_cast<float>(row));
      EXPECT_EQ(block.esm2[i], static_cast<float>(row));
    }
  }
  EXPECT_EQ(row, kRows);
  EXPECT_EQ(blocks, 3u) << "of 10 rows each, 4 MB";
  write_file(folder.file("empty.h5"), 0);
  EmbeddingReader empty(folder.file("empty.h5"));
  EXPECT_FALSE(empty.next(block));
}

TEST(EmbeddingReader, RefusesOtherFiles) {
  TemporaryFolder folder;
  folder.write("a.h5", ">r1\nACGT\n");
  EXPECT_FALSE(is_hdf5_file(folder.file("a.h5")));
  EXPECT_FALSE(is_hdf5_file(folder.file("none")));
  EXPECT_FALSE(is_hdf5_file(folder.path()));
  EXPECT_THAT(error_of(folder.file("a.h5")), HasSubstr("a.h5: cannot be opened as HDF5"));
  write_file(folder.file("cut.h5"), 4000);
  const auto size = std::filesystem::file_size(folder.file("cut.h5"));
  std::filesystem::resize_file(folder.file("cut.h5"), size / 2);
  EXPECT_TRUE(is_hdf5_file(folder.file("cut.h5")));
  EXPECT_THAT(error_of(folder.file("cut.h5")), HasSubstr("make it with 'virnucpro embed'"));
}

TEST(EmbeddingReader, RefusesDatasetsThatDoNotFit) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  const auto damaged = [&](const char* name, hid_t type, std::vector<hsize_t> size) {
    write_file(path, 3);
    replace(path, name, type, std::move(size));
    return error_of(path);
  };
  EXPECT_THAT(damaged("esm2", 0, {}), HasSubstr("found no esm2"));
  EXPECT_THAT(damaged("esm2", H5T_NATIVE_FLOAT, {2, 3}),
              HasSubstr("dataset esm2: expected 3 rows, as there are ids, of 1 to 1048576 values, "
                        "found 2 of 3"));
  EXPECT_THAT(damaged("esm2", H5T_NATIVE_FLOAT, {3, 1u << 21}), HasSubstr("found 3 of 2097152"));
  EXPECT_THAT(damaged("dnabert_s", H5T_NATIVE_FLOAT, {3}),
              HasSubstr("dataset dnabert_s: expected 2 dimensions, found 1"));
  EXPECT_THAT(damaged("dnabert_s", H5T_NATIVE_INT, {3, 2}),
              HasSubstr("dataset dnabert_s: expected floating point numbers"));
  EXPECT_THAT(damaged("ids", H5T_NATIVE_INT, {3}),
              HasSubstr("dataset ids: expected strings of variable length"));
  const Hdf5Type text(H5Tcopy(H5T_C_S1));
  H5Tset_size(text.get(), H5T_VARIABLE);
  EXPECT_THAT(damaged("ids", text.get(), {3}), HasSubstr("row 1 has no id"));
}

TEST(EmbeddingReader, NamesTheRowOfAValueThatIsNotFinite) {
  TemporaryFolder folder;
  write_file(folder.file("f.h5"), 1, std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(error_of(folder.file("f.h5")),
              HasSubstr("dataset dnabert_s, row 1 ('r0'): a value is not finite"));
}

}  // namespace
}  // namespace virnucpro
