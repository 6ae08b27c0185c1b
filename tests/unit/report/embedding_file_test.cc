// The HDF5 file of embeddings, read back through the C library.
#include "report/embedding_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "base/errors.h"
#include "report/hdf5_handle.h"
#include "unit/report/file_size_limit.h"
#include "unit/report/temporary_folder.h"

#if defined(__SANITIZE_ADDRESS__)
// HDF5 loses one chunk of its cache when a write fails; nobody outside the library can free it.
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5"; }
#endif

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const EmbeddingOrigin kOrigin = {"1.2.3", "mini", "fp16", 500};

struct Table {
  std::vector<hsize_t> shape;
  std::vector<float> values;
};

Table read_floats(const std::string& path, const char* name) {
  const Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  const Hdf5Dataset dataset(H5Dopen2(file.get(), name, H5P_DEFAULT));
  const Hdf5Space space(H5Dget_space(dataset.get()));
  Table table;
  table.shape.resize(2);
  H5Sget_simple_extent_dims(space.get(), table.shape.data(), nullptr);
  table.values.resize(table.shape[0] * table.shape[1]);
  H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, table.values.data());
  return table;
}

std::vector<std::string> read_ids(const std::string& path) {
  const Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  const Hdf5Dataset dataset(H5Dopen2(file.get(), "ids", H5P_DEFAULT));
  const Hdf5Space space(H5Dget_space(dataset.get()));
  const Hdf5Type type(H5Dget_type(dataset.get()));
  EXPECT_EQ(H5Tget_cset(type.get()), H5T_CSET_UTF8);
  std::vector<char*> pointers(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get())));
  if (pointers.empty()) return {};
  H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data());
  std::vector<std::string> ids(pointers.begin(), pointers.end());
  H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data());
  return ids;
}

TEST(EmbeddingFile, KeepsIdsAndBothEmbeddingsInOrder) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  EmbeddingFile file(path, kOrigin, 2, 3);
  file.append(std::vector<std::string>{"a_chunk_1F1", "λ"},
              std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  file.append({}, {});
  file.append(std::vector<std::string>{std::string(70'000, 'x')},
              std::vector<float>{11, 12, 13, 14, 15});
  EXPECT_EQ(file.rows(), 3u);
  file.finish();
  file.publish();
  EXPECT_THAT(folder.names(), ElementsAre("f.h5"));
  EXPECT_THAT(read_ids(path), ElementsAre("a_chunk_1F1", "λ", std::string(70'000, 'x')));
  EXPECT_THAT(read_floats(path, "dnabert_s").shape, ElementsAre(3u, 2u));
  EXPECT_THAT(read_floats(path, "dnabert_s").values, ElementsAre(1, 2, 6, 7, 11, 12));
  EXPECT_THAT(read_floats(path, "esm2").values, ElementsAre(3, 4, 5, 8, 9, 10, 13, 14, 15));
}

TEST(EmbeddingFile, IsWholeWithoutASingleRow) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  EmbeddingFile file(path, kOrigin, 4, 8);
  file.finish();
  file.publish();
  EXPECT_THAT(read_floats(path, "dnabert_s").shape, ElementsAre(0u, 4u));
  EXPECT_THAT(read_floats(path, "esm2").shape, ElementsAre(0u, 8u));
  EXPECT_TRUE(read_ids(path).empty());
}

TEST(EmbeddingFile, GrowsOverManyChunks) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  EmbeddingFile file(path, kOrigin, 300, 500);
  std::vector<float> expected;
  for (int piece = 0; piece < 5; ++piece) {
    const std::vector<std::string> ids(400, "id");
    std::vector<float> rows(400 * 800);
    std::iota(rows.begin(), rows.end(), static_cast<float>(piece));
    for (std::size_t row = 0; row < 400; ++row) {
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(row * 800);
      expected.insert(expected.end(), first, first + 300);
    }
    file.append(ids, rows);
  }
  file.finish();
  file.publish();
  EXPECT_EQ(read_floats(path, "dnabert_s").values, expected);
}

TEST(EmbeddingFile, WritesEqualBytesForEqualRuns) {
  TemporaryFolder folder;
  for (const char* name : {"a.h5", "b.h5"}) {
    EmbeddingFile file(folder.file(name), kOrigin, 2, 2);
    file.append(std::vector<std::string>{"x"}, std::vector<float>{1, 2, 3, 4});
    file.finish();
    file.publish();
  }
  EXPECT_EQ(folder.read("a.h5"), folder.read("b.h5"));
}

TEST(EmbeddingFile, SaysWhyStandardOutputCannotBeUsed) {
  try {
    EmbeddingFile file("-", kOrigin, 2, 2);
    FAIL() << "no ConfigError";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'-' (standard output) cannot be used"));
  }
}

TEST(EmbeddingFile, NamesFileAndReasonOnAFullDiskAndLeavesNothing) {
  TemporaryFolder folder;
  std::string message;
  try {
    EmbeddingFile file(folder.file("f.h5"), kOrigin, 300, 500);
    const FileSizeLimit limit(1'000'000);
    for (int i = 0; i < 10; ++i) {
      file.append(std::vector<std::string>(400, "id"), std::vector<float>(400 * 800, 1.0f));
    }
    file.finish();
  } catch (const OutputError& error) {
    message = error.what();
  }
  EXPECT_THAT(message, HasSubstr(folder.file("f.h5") + ": cannot "));
  EXPECT_THAT(message, HasSubstr("File too large"));
  EXPECT_TRUE(folder.names().empty());
}

TEST(EmbeddingFile, IsRemovedWhenTheRunDoesNotEnd) {
  TemporaryFolder folder;
  {
    EmbeddingFile file(folder.file("f.h5"), kOrigin, 2, 2);
    file.append(std::vector<std::string>{"x"}, std::vector<float>{1, 2, 3, 4});
  }
  EXPECT_TRUE(folder.names().empty());
}

TEST(EmbeddingFile, RefusesRowsThatDoNotFitTheIds) {
  TemporaryFolder folder;
  EmbeddingFile file(folder.file("f.h5"), kOrigin, 2, 2);
  EXPECT_THROW(file.append(std::vector<std::string>{"x"}, std::vector<float>{1, 2, 3}),
               ContractError);
}

}  // namespace
}  // namespace virnucpro
