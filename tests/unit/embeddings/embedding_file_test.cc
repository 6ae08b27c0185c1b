// The HDF5 file of embeddings, read back through the C library.
#include "embeddings/embedding_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "base/errors.h"
#include "embeddings/hdf5_handle.h"
#include "unit/report/file_size_limit.h"
#include "unit/report/temporary_folder.h"

#if defined(__SANITIZE_ADDRESS__)
// HDF5 loses one chunk of its cache when a write fails, and only the library could free it.
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

/// Texts of a fixed size, without the zeros that fill them up.
std::vector<std::string> read_texts(const std::string& path, const char* name) {
  const Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  const Hdf5Dataset dataset(H5Dopen2(file.get(), name, H5P_DEFAULT));
  const Hdf5Space space(H5Dget_space(dataset.get()));
  const Hdf5Type type(H5Dget_type(dataset.get()));
  EXPECT_EQ(H5Tis_variable_str(type.get()), 0);
  EXPECT_EQ(H5Tget_cset(type.get()), H5T_CSET_UTF8);
  const std::size_t size = H5Tget_size(type.get());
  const auto count = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get()));
  std::string bytes(size * count, '?');
  H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = bytes.substr(i * size, size);
    texts.push_back(text.substr(0, text.find('\0')));
  }
  return texts;
}

std::vector<std::uint64_t> read_numbers(const std::string& path, const char* name) {
  const Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  const Hdf5Dataset dataset(H5Dopen2(file.get(), name, H5P_DEFAULT));
  const Hdf5Space space(H5Dget_space(dataset.get()));
  std::vector<std::uint64_t> numbers(
      static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get())));
  H5Dread(dataset.get(), H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data());
  return numbers;
}

/// Frames of the last record, in one chunk.
void append(EmbeddingFile& file, const std::vector<std::string>& ids,
            const std::vector<float>& features) {
  const std::vector<EmbeddingRow> rows(ids.size(), {file.records() - 1, 0, {'F', '1'}});
  file.append(rows, ids, features);
}

TEST(EmbeddingFile, KeepsIdsAndBothEmbeddingsInOrder) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  EmbeddingFile file(path, kOrigin, 2, 3);
  file.add_record("a");
  file.append(std::vector<EmbeddingRow>{{0, 0, {'F', '1'}}, {0, 4, {'R', '3'}}},
              std::vector<std::string>{"a_chunk_1F1", "λ"},
              std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  file.append({}, {}, {});
  file.add_record("");
  file.add_record("a");
  append(file, {std::string(70'000, 'x')}, {11, 12, 13, 14, 15});
  EXPECT_EQ(file.rows(), 3u);
  EXPECT_EQ(file.records(), 3u);
  file.finish();
  file.publish();
  EXPECT_THAT(folder.names(), ElementsAre("f.h5"));
  EXPECT_THAT(read_texts(path, "ids"), ElementsAre("a_chunk_1F1", "λ", std::string(70'000, 'x')));
  EXPECT_THAT(read_numbers(path, "record"), ElementsAre(1u, 1u, 3u));
  EXPECT_THAT(read_numbers(path, "chunk"), ElementsAre(1u, 5u, 1u));
  EXPECT_THAT(read_texts(path, "frame"), ElementsAre("F1", "R3", "F1"));
  EXPECT_THAT(read_numbers(path, "record_id_ends"), ElementsAre(1u, 1u, 2u));
  EXPECT_THAT(read_numbers(path, "record_id_bytes"), ElementsAre('a', 'a'));
  EXPECT_THAT(read_floats(path, "dnabert_s").shape, ElementsAre(3u, 2u));
  EXPECT_THAT(read_floats(path, "dnabert_s").values, ElementsAre(1, 2, 6, 7, 11, 12));
  EXPECT_THAT(read_floats(path, "esm2").values, ElementsAre(3, 4, 5, 8, 9, 10, 13, 14, 15));
}

TEST(EmbeddingFile, SaysWhatWasReadWhereThatIsNotThePublishedRule) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  EmbeddingOrigin origin = kOrigin;
  origin.frames.choice = FrameChoice::kLongest;
  origin.frames.code = GeneticCode::of_number(4).value();
  {
    EmbeddingFile file(path, origin, 1, 1);
    file.add_record("a");
    file.append(std::vector<EmbeddingRow>{{0, 0, {'F', '1'}, 0, 301, false},
                                          {0, 1, {'R', '3'}, 420, 690, true}},
                std::vector<std::string>{"x", "y"}, std::vector<float>{1, 2, 3, 4});
    file.finish();
    file.publish();
  }
  EXPECT_THAT(read_numbers(path, "start"), ElementsAre(0u, 420u));
  EXPECT_THAT(read_numbers(path, "end"), ElementsAre(301u, 690u));
  EXPECT_THAT(read_numbers(path, "run"), ElementsAre(0u, 1u));
  const Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  for (const char* name : {"frames", "least_run", "genetic_code"}) {
    EXPECT_GT(H5Aexists(file.get(), name), 0) << name;
  }
  const std::string published = folder.file("published.h5");
  EmbeddingFile plain(published, kOrigin, 1, 1);
  plain.finish();
  plain.publish();
  const Hdf5File of_plain(H5Fopen(published.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  for (const char* name : {"start", "end", "run"}) {
    EXPECT_EQ(H5Lexists(of_plain.get(), name, H5P_DEFAULT), 0) << name;
  }
  EXPECT_EQ(H5Aexists(of_plain.get(), "frames"), 0);
}

TEST(EmbeddingFile, HasNothingOfVariableSizeAndChecksumsOnEveryDataset) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  EmbeddingFile writer(path, kOrigin, 2, 2);
  writer.add_record("a");
  append(writer, {"a_chunk_1F1"}, {1, 2, 3, 4});
  writer.finish();
  writer.publish();
  const Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  std::size_t datasets = 0;
  for (const char* name : {"ids", "record", "chunk", "frame", "dnabert_s", "esm2", "record_id_ends",
                           "record_id_bytes"}) {
    const Hdf5Dataset dataset(H5Dopen2(file.get(), name, H5P_DEFAULT));
    const Hdf5Type type(H5Dget_type(dataset.get()));
    EXPECT_EQ(H5Tdetect_class(type.get(), H5T_VLEN), 0) << name;
    EXPECT_LE(H5Tis_variable_str(type.get()), 0) << name;
    const Hdf5Properties creation(H5Dget_create_plist(dataset.get()));
    unsigned flags = 0;
    std::size_t values = 0;
    EXPECT_GE(H5Pget_filter_by_id2(creation.get(), H5Z_FILTER_FLETCHER32, &flags, &values, nullptr,
                                   0, nullptr, nullptr),
              0)
        << name;
    ++datasets;
  }
  H5G_info_t group;
  ASSERT_GE(H5Gget_info(file.get(), &group), 0);
  EXPECT_EQ(group.nlinks, datasets) << "and there are no others";
  const Hdf5Attribute attribute(H5Aopen(file.get(), "precision", H5P_DEFAULT));
  const Hdf5Type type(H5Aget_type(attribute.get()));
  EXPECT_EQ(H5Tis_variable_str(type.get()), 0);
  EXPECT_EQ(H5Tget_size(type.get()), 4u);
}

TEST(EmbeddingFile, IsWholeWithoutASingleRow) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  EmbeddingFile file(path, kOrigin, 4, 8);
  file.finish();
  file.publish();
  EXPECT_THAT(read_floats(path, "dnabert_s").shape, ElementsAre(0u, 4u));
  EXPECT_THAT(read_floats(path, "esm2").shape, ElementsAre(0u, 8u));
  EXPECT_TRUE(read_texts(path, "ids").empty());
  EXPECT_TRUE(read_numbers(path, "record_id_ends").empty());
}

TEST(EmbeddingFile, GrowsOverManyChunks) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  EmbeddingFile file(path, kOrigin, 300, 500);
  std::vector<float> expected;
  std::vector<std::string> all_ids;
  for (int piece = 0; piece < 5; ++piece) {
    file.add_record("r" + std::to_string(piece));
    std::vector<std::string> ids;
    for (int i = 0; i < 400; ++i) ids.push_back(std::to_string(piece * i));
    all_ids.insert(all_ids.end(), ids.begin(), ids.end());
    std::vector<float> rows(400 * 800);
    std::iota(rows.begin(), rows.end(), static_cast<float>(piece));
    for (std::size_t row = 0; row < 400; ++row) {
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(row * 800);
      expected.insert(expected.end(), first, first + 300);
    }
    append(file, ids, rows);
  }
  file.finish();
  file.publish();
  EXPECT_EQ(read_floats(path, "dnabert_s").values, expected);
  EXPECT_EQ(read_texts(path, "ids"), all_ids);
}

TEST(EmbeddingFile, WritesEqualBytesForEqualRuns) {
  TemporaryFolder folder;
  for (const char* name : {"a.h5", "b.h5"}) {
    EmbeddingFile file(folder.file(name), kOrigin, 2, 2);
    file.add_record("x");
    append(file, {"x"}, {1, 2, 3, 4});
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
    file.add_record("id");
    for (int i = 0; i < 10; ++i) {
      append(file, std::vector<std::string>(400, "id"), std::vector<float>(400 * 800, 1.0f));
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
    file.add_record("x");
    append(file, {"x"}, {1, 2, 3, 4});
  }
  EXPECT_TRUE(folder.names().empty());
}

TEST(EmbeddingFile, RefusesRowsThatDoNotFit) {
  TemporaryFolder folder;
  EmbeddingFile file(folder.file("f.h5"), kOrigin, 2, 2);
  file.add_record("x");
  EXPECT_THROW(append(file, {"x"}, {1, 2, 3}), ContractError);
  const std::vector<EmbeddingRow> later = {{1, 0, {'F', '1'}}};
  EXPECT_THROW(file.append(later, std::vector<std::string>{"x"}, std::vector<float>{1, 2, 3, 4}),
               ContractError);
}

}  // namespace
}  // namespace virnucpro
