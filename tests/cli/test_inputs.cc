#include "cli/test_inputs.h"

#include <gtest/gtest.h>
#include <htslib/sam.h>
#include <zlib.h>

#include <memory>
#include <random>
#include <string_view>

namespace virnucpro::test {

std::string open_frame(std::size_t codons, std::uint32_t seed) {
  // No stop on either strand: neither a codon nor its reverse complement is one.
  static constexpr std::string_view kCodons[] = {"GCT", "GAC", "AAA", "CGT", "ACC", "GTG", "CAG"};
  std::mt19937 random(seed);
  std::string bases;
  for (std::size_t i = 0; i < codons; ++i) bases += kCodons[random() % std::size(kCodons)];
  return bases;
}

std::vector<TestRecord> open_records(std::size_t count, std::size_t codons) {
  std::vector<TestRecord> records;
  for (std::size_t i = 0; i < count; ++i) {
    records.push_back({"r" + std::to_string(i), open_frame(codons, static_cast<std::uint32_t>(i))});
  }
  return records;
}

std::string fasta(const std::vector<TestRecord>& records) {
  std::string text;
  for (const TestRecord& record : records) text += ">" + record.id + "\n" + record.bases + "\n";
  return text;
}

std::string fastq(const std::vector<TestRecord>& records) {
  std::string text;
  for (const TestRecord& record : records) {
    text += "@" + record.id + "\n" + record.bases + "\n+\n";
    text += std::string(record.bases.size(), 'I') + "\n";
  }
  return text;
}

std::string sam(const std::vector<TestRecord>& records) {
  std::string text = "@HD\tVN:1.6\n";
  for (const TestRecord& record : records) {
    text += record.id + "\t4\t*\t0\t0\t*\t*\t0\t0\t" + record.bases + "\t*\n";
  }
  return text;
}

void write_gzip(const std::string& path, const std::string& text) {
  gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr) << path;
  EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
            static_cast<int>(text.size()));
  EXPECT_EQ(gzclose(file), Z_OK);
}

namespace {
void convert(const std::string& sam_path, const std::string& out_path, const char* mode) {
  htsFile* in = hts_open(sam_path.c_str(), "r");
  htsFile* out = hts_open(out_path.c_str(), mode);
  ASSERT_TRUE(in != nullptr && out != nullptr);
  if (mode[1] == 'c') {
    EXPECT_EQ(hts_set_opt(out, CRAM_OPT_NO_REF, 1), 0);
  }
  sam_hdr_t* header = sam_hdr_read(in);
  EXPECT_EQ(sam_hdr_write(out, header), 0);
  bam1_t* record = bam_init1();
  while (sam_read1(in, header, record) >= 0) EXPECT_GE(sam_write1(out, header, record), 0);
  bam_destroy1(record);
  sam_hdr_destroy(header);
  EXPECT_EQ(hts_close(in), 0);
  EXPECT_EQ(hts_close(out), 0);
}
}  // namespace

void convert_to_bam(const std::string& sam_path, const std::string& bam_path) {
  convert(sam_path, bam_path, "wb");
}

void convert_to_sam_gz(const std::string& sam_path, const std::string& gz_path) {
  convert(sam_path, gz_path, "wz");
}

void convert_to_cram(const std::string& sam_path, const std::string& cram_path) {
  convert(sam_path, cram_path, "wc");
}

}  // namespace virnucpro::test
