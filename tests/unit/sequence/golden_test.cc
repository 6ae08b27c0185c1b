// The whole way from file to frames against an independent implementation
// (tests/parity/make_sequence_goldens.py).
#include <gtest/gtest.h>

#include <fstream>
#include <span>
#include <sstream>
#include <string>

#include "base/sha256.h"
#include "sequence/chunks.h"
#include "sequence/frames.h"
#include "sequence/ids.h"
#include "test_files.h"

namespace virnucpro {
namespace {

std::string digest(std::string_view text) {
  if (text.size() <= 16) return std::string(text);
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, 16);
}

std::string describe(const std::vector<Record>& records, std::uint64_t expected_length) {
  std::ostringstream out;
  out << "L\t" << expected_length << "\n";
  OrfBuffer buffer;
  for (const Record& record : records) {
    for (const Chunk chunk : ChunkRange(record.ordinal, record.bases.size(), expected_length)) {
      const std::string id = chunk_id(record.id, chunk.index);
      out << id << "\t" << chunk.start << "\t" << chunk.end << "\n";
      const std::string_view bases = record.bases;
      find_orfs(bases.substr(chunk.start, chunk.end - chunk.start), buffer);
      for (const Orf& orf : buffer.orfs()) {
        out << frame_id(id, orf.frame) << "\t" << orf.nucleotides.size() << "\t"
            << digest(orf.nucleotides) << "\t" << orf.protein.size() << "\t" << digest(orf.protein)
            << "\n";
      }
    }
  }
  return out.str();
}

TEST(Golden, RecordsChunksAndFramesAreThoseOfTheSpecification) {
  const std::string folder = std::string(VIRNUCPRO_TEST_DATA) + "/sequence/";
  const std::vector<Record> records = test::read_all({folder + "golden_records.fa.gz"});
  ASSERT_EQ(records.size(), 198U);
  std::istringstream found(describe(records, 300) + describe(records, 500));
  std::ifstream golden(folder + "golden_frames.tsv");
  ASSERT_TRUE(golden);
  std::string expected_line;
  std::string found_line;
  int number = 0;
  while (std::getline(golden, expected_line)) {
    ++number;
    ASSERT_TRUE(std::getline(found, found_line)) << "missing: " << expected_line;
    ASSERT_EQ(found_line, expected_line) << "line " << number;
  }
  EXPECT_GT(number, 2000);
  EXPECT_FALSE(std::getline(found, found_line)) << "too much: " << found_line;
}

// A section per code: what is read of every chunk of 300 without an open frame, of each fifth
// record.
TEST(Golden, RunsInEveryCodeAreThoseOfTheSpecification) {
  const std::string folder = std::string(VIRNUCPRO_TEST_DATA) + "/sequence/";
  const std::vector<Record> records = test::read_all({folder + "golden_records.fa.gz"});
  std::ifstream golden(folder + "golden_runs.tsv");
  ASSERT_TRUE(golden);
  OrfBuffer buffer;
  int lines = 0;
  const auto require = [&](const std::string& found) {
    std::string expected;
    ASSERT_TRUE(std::getline(golden, expected)) << "too much: " << found;
    ASSERT_EQ(found, expected);
    ++lines;
  };
  for (std::size_t index = 0; index < GeneticCode::count(); ++index) {
    const GeneticCode code = GeneticCode::at(index);
    ASSERT_NO_FATAL_FAILURE(require("code\t" + std::to_string(code.number())));
    for (std::size_t number = 0; number < records.size(); number += 5) {
      const Record& record = records[number];
      for (const Chunk chunk : ChunkRange(record.ordinal, record.bases.size(), 300)) {
        const std::string_view bases = record.bases;
        find_orfs(bases.substr(chunk.start, chunk.end - chunk.start),
                  {code, FrameChoice::kLongestTwo, 60}, buffer);
        for (const Orf& orf : buffer.orfs()) {
          if (!orf.is_run) continue;
          std::ostringstream line;
          line << frame_id(chunk_id(record.id, chunk.index), orf.frame) << "\t"
               << chunk.start + orf.start << "\t" << chunk.start + orf.end << "\t"
               << digest(orf.nucleotides) << "\t" << digest(orf.protein);
          ASSERT_NO_FATAL_FAILURE(require(line.str()));
        }
      }
    }
  }
  std::string rest;
  EXPECT_FALSE(std::getline(golden, rest)) << "missing: " << rest;
  EXPECT_GT(lines, 2000);
}

}  // namespace
}  // namespace virnucpro
