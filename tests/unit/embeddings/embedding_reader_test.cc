// Files of embeddings read back, and what is not one.
#include "embeddings/embedding_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <random>

#include "base/errors.h"
#include "embeddings/embedding_manifest.h"
#include "embeddings/hdf5_handle.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr FrameName kF1 = {'F', '1'};

/// A record with one row for each, and one without a row before the last.
void write_file(const std::string& path, std::size_t rows, float first = 0.0f) {
  EmbeddingFile file(path, {"1.2.3", "mini", "fp16", 300, {{"esm2", "ab12"}}}, 2, 3);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::string id = "r" + std::to_string(i);
    if (i + 1 == rows) file.add_record("none");
    file.add_record(id);
    std::vector<float> values(5, static_cast<float>(i));
    values[0] += first;
    file.append(std::vector<EmbeddingRow>{{file.records() - 1, i, kF1}},
                std::vector<std::string>{id}, values);
  }
  file.finish();
  file.publish();
}

/// All that a reader gives out, as one text.
std::string content_of(const std::string& path) {
  EmbeddingReader reader(path);
  std::string text = reader.origin().bundle + reader.origin().precision;
  text += std::to_string(reader.origin().expected_length);
  for (const ModelPart& part : reader.origin().parts) text += part.name + part.sha256;
  reader.for_each_record([&](std::string_view id) { text.append(id).append("\n"); });
  EmbeddingBlock block;
  while (reader.next(block)) {
    for (const EmbeddingRow& row : block.rows) {
      text += std::to_string(row.record) + " " + std::to_string(row.chunk);
      text.append(row.frame.data(), row.frame.size());
    }
    for (const float value : block.dnabert_s) text += std::to_string(value) + " ";
    for (const float value : block.esm2) text += std::to_string(value) + " ";
  }
  return text;
}

std::string error_of(const std::string& path) {
  try {
    content_of(path);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(EmbeddingReader, GivesBackWhatWasRead) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  FrameRule rule;
  rule.choice = FrameChoice::kLongestTwo;
  rule.least_run = 90;
  rule.code = GeneticCode::of_number(15).value();
  {
    EmbeddingFile file(path, {"1.2.3", "mini", "fp16", 300, {}, rule}, 1, 1);
    file.add_record("a");
    for (std::uint64_t i = 0; i < 1000; ++i) {
      file.append(std::vector<EmbeddingRow>{{0, i, kF1, 300 * i + 7, 300 * i + 97, i % 3 == 0}},
                  std::vector<std::string>{"x"}, std::vector<float>{1, 2});
    }
    file.finish();
    file.publish();
  }
  EXPECT_TRUE(is_embedding_file(path));
  EmbeddingReader reader(path);
  EXPECT_EQ(reader.origin().frames, rule);
  std::uint64_t rows = 0;
  for (EmbeddingBlock block; reader.next(block);) {
    for (const EmbeddingRow& row : block.rows) {
      EXPECT_EQ(row.start, 300 * rows + 7);
      EXPECT_EQ(row.end, 300 * rows + 97);
      EXPECT_EQ(row.is_run, rows % 3 == 0);
      ++rows;
    }
  }
  EXPECT_EQ(rows, 1000U);
  // The mark of the other form makes its columns others, which are then no such list.
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(-1, std::ios::end);
  file.put('1');
  file.close();
  EXPECT_THAT(error_of(path), HasSubstr("its list of contents is damaged"));
}

TEST(EmbeddingReader, GivesBackWhatWasWritten) {
  TemporaryFolder folder;
  const std::string path = folder.file("named.txt");
  write_file(path, 3, 0.5f);
  EXPECT_TRUE(is_embedding_file(path));
  EmbeddingReader reader(path);
  EXPECT_EQ(reader.rows(), 3u);
  EXPECT_EQ(reader.records(), 4u);
  EXPECT_EQ(reader.dnabert_width(), 2);
  EXPECT_EQ(reader.esm2_width(), 3);
  EXPECT_EQ(reader.origin().program_version, "1.2.3");
  EXPECT_EQ(reader.origin().bundle, "mini");
  EXPECT_EQ(reader.origin().precision, "fp16");
  EXPECT_EQ(reader.origin().expected_length, 300);
  ASSERT_EQ(reader.origin().parts.size(), 1u);
  EXPECT_EQ(reader.origin().parts[0].name, "esm2");
  EXPECT_EQ(reader.origin().parts[0].sha256, "ab12");
  std::vector<std::string> ids;
  reader.for_each_record([&](std::string_view id) { ids.emplace_back(id); });
  EXPECT_THAT(ids, ElementsAre("r0", "r1", "none", "r2"));
  EmbeddingBlock block;
  ASSERT_TRUE(reader.next(block));
  ASSERT_EQ(block.rows.size(), 3u);
  EXPECT_EQ(block.rows[2].record, 3u);
  EXPECT_EQ(block.rows[2].chunk, 2u);
  EXPECT_EQ(block.rows[2].frame, kF1);
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
    file.add_record(std::to_string(i));
    file.append(std::vector<EmbeddingRow>{{i, 0, kF1}}, std::vector<std::string>{"x"},
                std::vector<float>(100'001, static_cast<float>(i)));
  }
  file.finish();
  file.publish();
  EmbeddingReader reader(path);
  EmbeddingBlock block;
  std::size_t blocks = 0;
  std::size_t row = 0;
  for (; reader.next(block); ++blocks) {
    for (std::size_t i = 0; i < block.rows.size(); ++i, ++row) {
      EXPECT_EQ(block.rows[i].record, row);
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

// A chunk is found by its bytes; zeros could belong to anything.
TEST(EmbeddingReader, ReadsBackManyChunksOfZeros) {
  TemporaryFolder folder;
  constexpr std::size_t kRecords = 200'000;
  constexpr std::size_t kWidth = 1000;
  constexpr std::size_t kRows = 700;
  EmbeddingFile file(folder.file("f.h5"), {"1", "mini", "fp16", 500, {}}, kWidth, kWidth);
  for (std::size_t i = 0; i < kRecords; ++i) file.add_record("");
  for (std::size_t i = 0; i < kRows; ++i) {
    file.append(std::vector<EmbeddingRow>{{i, 0, kF1}}, std::vector<std::string>{""},
                std::vector<float>(2 * kWidth, 0.0f));
  }
  file.finish();
  file.publish();
  EmbeddingReader reader(folder.file("f.h5"));
  std::size_t records = 0;
  reader.for_each_record([&](std::string_view id) { records += id.empty() ? 1 : 0; });
  EXPECT_EQ(records, kRecords);
  EmbeddingBlock block;
  std::size_t rows = 0;
  while (reader.next(block)) rows += block.rows.size();
  EXPECT_EQ(rows, kRows);
}

TEST(EmbeddingReader, RefusesOtherFiles) {
  TemporaryFolder folder;
  folder.write("a.h5", ">r1\nACGT\n");
  EXPECT_FALSE(is_embedding_file(folder.file("a.h5")));
  EXPECT_FALSE(is_embedding_file(folder.file("none")));
  EXPECT_FALSE(is_embedding_file(folder.path()));
  const std::string advice =
      ": does not end as a file of 'virnucpro embed' does: it was cut short or changed, or made by "
      "an earlier version or another program. Make it again with 'virnucpro embed'.";
  EXPECT_EQ(error_of(folder.file("a.h5")), folder.file("a.h5") + advice);
  folder.write("short", "x");
  EXPECT_EQ(error_of(folder.file("short")), folder.file("short") + advice);
  EXPECT_THAT(error_of(folder.file("none")), HasSubstr("none: cannot be read: No such file"));
  write_file(folder.file("cut.h5"), 4000);
  const auto size = std::filesystem::file_size(folder.file("cut.h5"));
  for (const auto left : {size - 1, size / 2}) {
    std::filesystem::resize_file(folder.file("cut.h5"), left);
    EXPECT_TRUE(is_embedding_file(folder.file("cut.h5")));
    EXPECT_EQ(error_of(folder.file("cut.h5")), folder.file("cut.h5") + advice);
  }
}

TEST(EmbeddingReader, RefusesAFileThatAnotherProgramHasWrittenTo) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  write_file(path, 3);
  {
    const Hdf5File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    const Hdf5Dataset dataset(H5Dopen2(file.get(), "esm2", H5P_DEFAULT));
    const std::vector<float> values(9, 7.0f);
    ASSERT_GE(
        H5Dwrite(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  }
  EXPECT_TRUE(is_embedding_file(path));
  EXPECT_THAT(error_of(path), HasSubstr("Make it again with 'virnucpro embed'."));
}

TEST(EmbeddingReader, TellsWhichRowsAreDamaged) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  EmbeddingFile file(path, {"1", "mini", "fp16", 500, {}}, 1000, 1);
  for (std::uint64_t i = 0; i < 400; ++i) {
    file.add_record("r");
    std::vector<float> values(1001, 0.0f);
    values[5] = i == 300 ? 1234.5f : 1.0f;
    file.append(std::vector<EmbeddingRow>{{i, 0, kF1}}, std::vector<std::string>{"r"}, values);
  }
  file.finish();
  file.publish();
  std::string bytes = folder.read("f.h5");
  const float mark = 1234.5f;
  const std::size_t at = bytes.find(std::string(reinterpret_cast<const char*>(&mark), sizeof mark));
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  folder.write("f.h5", bytes);
  EXPECT_EQ(error_of(path), path +
                                ": dataset dnabert_s, rows 263 to 393: the file is damaged, since "
                                "these are not the values that were written. Make it again with "
                                "'virnucpro embed'.");
}

// The aim of the format: no crash, and never other values.
TEST(EmbeddingReader, GivesTheSameOrAnErrorWhateverBitsAreTurned) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  write_file(path, 40);
  const std::string expected = content_of(path);
  const std::string whole = folder.read("f.h5");
  std::mt19937 random(3);  // any; fixed, so that a failure can be repeated
  const auto check_with = [&](const std::function<void(std::string&)>& disturb) {
    std::string bytes = whole;
    disturb(bytes);
    folder.write("f.h5", bytes);
    try {
      EXPECT_EQ(content_of(path), expected);
      return true;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("Make it again with 'virnucpro embed'."));
      return false;
    }
  };
  std::size_t same = 0;
  for (int i = 0; i < 1000; ++i) {
    same += check_with([&](std::string& bytes) {
      for (std::size_t flips = 1 + random() % 64; flips > 0; --flips) {
        bytes[random() % bytes.size()] ^= static_cast<char>(1u << random() % 8);
      }
    });
  }
  for (std::size_t i = 0; i < whole.size(); i += 19) {
    same += check_with([&](std::string& bytes) { bytes[i] ^= static_cast<char>(1u << i % 8); });
  }
  EXPECT_GT(same, 0u) << "what only HDF5 needs may be damaged";
  for (std::size_t i = 0; i < 64; ++i) {
    check_with([&](std::string& bytes) { bytes.resize(bytes.size() * i / 64); });
  }
}

// A manifest may have been given the right hash.
TEST(EmbeddingReader, TakesNothingOnTrustFromAManifestThatIsSealed) {
  TemporaryFolder folder;
  const std::string path = folder.file("f.h5");
  write_file(path, 3);
  const std::string whole = folder.read("f.h5");
  const ReadBytes read = [&](std::uint64_t offset, std::uint64_t size) {
    return whole.substr(offset, size);
  };
  const EmbeddingManifest sound = read_embedding_trailer(path, whole.size(), read);
  std::uint64_t data_end = 0;
  std::memcpy(&data_end, whole.data() + whole.size() - 88, sizeof data_end);
  const auto error_with = [&](const std::function<void(EmbeddingManifest&)>& disturb) {
    EmbeddingManifest manifest = sound;
    disturb(manifest);
    folder.write("f.h5", whole.substr(0, data_end) + embedding_trailer(manifest, data_end));
    return error_of(path);
  };
  EXPECT_EQ(error_with([](EmbeddingManifest&) {}), "no error");
  const std::string damaged = "its list of contents is damaged";
  constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max();
  using Column = EmbeddingColumn;
  for (const std::uint64_t number : {kHuge, kHuge / 2, kHuge / 4 + 1, std::uint64_t{1} << 33}) {
    EXPECT_THAT(error_with([&](auto& manifest) { manifest.rows = number; }), HasSubstr(damaged));
    EXPECT_THAT(error_with([&](auto& manifest) { manifest.records = number; }), HasSubstr(damaged));
    EXPECT_THAT(error_with([&](auto& manifest) { manifest.id_bytes = number; }),
                HasSubstr(damaged));
    EXPECT_THAT(error_with([&](auto& manifest) { manifest.esm2_width = number; }),
                HasSubstr(damaged));
    EXPECT_THAT(error_with([&](auto& manifest) { manifest.of(Column::kEsm2).chunk_rows = number; }),
                HasSubstr(damaged));
    EXPECT_THAT(
        error_with([&](auto& manifest) { manifest.of(Column::kEsm2).chunks[0].offset = number; }),
        HasSubstr(damaged));
  }
  EXPECT_THAT(error_with([](auto& manifest) { manifest.dnabert_width = 0; }), HasSubstr(damaged));
  EXPECT_THAT(error_with([](auto& manifest) { manifest.of(Column::kFrame).chunk_rows = 0; }),
              HasSubstr(damaged));
  EXPECT_THAT(error_with([&](auto& manifest) {
                manifest.of(Column::kEsm2).chunks[0].offset = data_end - 8;
              }),
              HasSubstr(damaged));
  // Many rows at one place: no larger than the file, but together.
  EXPECT_THAT(error_with([](auto& manifest) {
                manifest.rows = 3000;
                for (const Column column : {Column::kRecord, Column::kChunk, Column::kFrame,
                                            Column::kDnabertS, Column::kEsm2}) {
                  auto& chunks = manifest.of(column).chunks;
                  chunks.resize(1000, chunks[0]);
                }
              }),
              HasSubstr(damaged));
  // Datasets that fit the manifest but not each other.
  EXPECT_THAT(error_with([](auto& manifest) {
                manifest.of(Column::kRecord) = manifest.of(Column::kIdEnds);
                manifest.of(Column::kRecord).chunk_rows = 3;
              }),
              HasSubstr("the file is damaged"));
  EXPECT_THAT(error_with([](auto& manifest) { manifest.records = 2; }), HasSubstr("damaged"));
}

TEST(EmbeddingReader, NamesTheRowOfAValueThatIsNotFinite) {
  TemporaryFolder folder;
  write_file(folder.file("f.h5"), 1, std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(error_of(folder.file("f.h5")),
              HasSubstr("dataset dnabert_s, row 1 (record 2, chunk 1, frame F1): a value is not "
                        "finite"));
}

}  // namespace
}  // namespace virnucpro
