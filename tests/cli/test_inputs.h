// Input files for tests of the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace virnucpro::test {

/// `codons` sense codons drawn from `seed`: one frame of every chunk is free of stops.
std::string open_frame(std::size_t codons, std::uint32_t seed);

/// Records named r0, r1 ... of open_frame().
struct TestRecord {
  std::string id;
  std::string bases;
};
std::vector<TestRecord> open_records(std::size_t count, std::size_t codons);

std::string fasta(const std::vector<TestRecord>& records);
std::string fastq(const std::vector<TestRecord>& records);
/// Unmapped reads.
std::string sam(const std::vector<TestRecord>& records);

/// Writes `text` with gzip to `path`.
void write_gzip(const std::string& path, const std::string& text);
/// Turns the SAM file into a BAM file.
void convert_to_bam(const std::string& sam_path, const std::string& bam_path);
/// Compresses the SAM file as bgzip does.
void convert_to_sam_gz(const std::string& sam_path, const std::string& gz_path);
/// Turns the SAM file into a CRAM file that holds its bases, so that it needs no reference.
void convert_to_cram(const std::string& sam_path, const std::string& cram_path);

}  // namespace virnucpro::test
