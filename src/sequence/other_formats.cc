#include "sequence/other_formats.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <span>

namespace virnucpro {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSaveAsText = "Save it as plain text.";
constexpr std::string_view kBasecalled =
    "It holds signals of a sequencer; give the FASTQ or BAM that its base caller writes.";

struct Magic {
  std::string_view bytes;
  OtherFormat format;
};

constexpr std::array kMagics = {
    Magic{"PK\x03\x04"sv, {"a zip archive", "Unpack it first: unzip FILE"}},
    Magic{"PK\x05\x06"sv, {"an empty zip archive", ""}},
    Magic{"7z\xbc\xaf\x27\x1c"sv, {"a 7-Zip archive", "Unpack it first: 7z x FILE"}},
    Magic{"Rar!\x1a\x07"sv, {"a RAR archive", "Unpack it first: unrar x FILE"}},
    Magic{"\x1f\x8b"sv, {"compressed twice", "Decompress it once: gzip -dc FILE > NEW"}},
    Magic{"\x1f\x9d"sv, {"compressed with compress", "Decompress it first: gzip -dc FILE > NEW"}},
    Magic{"BZh"sv, {"compressed with bzip2", "Decompress it first: bzip2 -dc FILE > NEW"}},
    Magic{"\xfd\x37zXZ\0"sv, {"compressed with xz", "Decompress it first: xz -dc FILE > NEW"}},
    Magic{"\x28\xb5\x2f\xfd"sv,
          {"compressed with zstd", "Decompress it first: zstd -dc FILE > NEW"}},
    Magic{"\x04\x22\x4d\x18"sv, {"compressed with lz4", "Decompress it first: lz4 -dc FILE > NEW"}},
    Magic{"%PDF-"sv, {"a PDF document", ""}},
    Magic{"{\\rtf"sv, {"a document in RTF", kSaveAsText}},
    Magic{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, {"a document of Microsoft Office", kSaveAsText}},
    Magic{"\x89HDF\r\n\x1a\n"sv,
          {"an HDF5 file",
           "Only 'virnucpro train' reads such files, those of 'virnucpro embed'; of signals of a "
           "sequencer (FAST5) give the FASTQ or BAM that its base caller writes."}},
    Magic{"\x8bPOD\r\n\x1a\n"sv, {"a POD5 file", kBasecalled}},
    Magic{"BLOW5\1"sv, {"a BLOW5 file", kBasecalled}},
    Magic{"ABIF"sv,
          {"an ABI trace", "Convert it to FASTQ: seqret -sequence abi::FILE -outseq fastq::NEW"}},
    Magic{".scf"sv, {"an SCF trace", "Convert it to FASTQ first."}},
    Magic{".sff"sv, {"an SFF file of 454 reads", "Convert it to FASTQ: sff2fastq -o NEW FILE"}},
    Magic{"NCBI.sra"sv, {"an SRA archive", "Convert it to FASTQ: fasterq-dump FILE"}},
    Magic{"\x43\x27\x41\x1a"sv, {"a 2bit file", "Convert it to FASTA: twoBitToFa FILE NEW"}},
    Magic{"\x1a\x41\x27\x43"sv, {"a 2bit file", "Convert it to FASTA: twoBitToFa FILE NEW"}},
    Magic{"BAM\1"sv, {"a BAM file", ""}},
    Magic{"CRAM"sv, {"a CRAM file", ""}},
    Magic{"SQLite format 3\0"sv,
          {"an SQLite database",
           "For a finished run name its folder (report, evaluate, calibrate, train)."}},
    Magic{"\x93NUMPY"sv, {"a NumPy array", ""}},
    Magic{"PAR1"sv, {"a Parquet file", "Write it as text with tabs."}},
    Magic{"\x89PNG\r\n"sv, {"a picture", ""}},
    Magic{"\xff\xd8\xff"sv, {"a picture", ""}},
    Magic{"GIF8"sv, {"a picture", ""}},
    Magic{"\x7f"
          "ELF"sv,
          {"a program (binary data)", ""}},
};

/// Known by the checksum of its first header, because old archives have no mark.
bool is_tar(std::string_view head) {
  constexpr std::size_t kHeader = 512;
  constexpr std::size_t kSumAt = 148;
  constexpr std::size_t kSumBytes = 8;
  if (head.size() < kHeader || head[0] == '\0') return false;
  const std::string_view header = head.substr(0, kHeader);
  std::string_view digits = header.substr(kSumAt, kSumBytes);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  unsigned stored = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), stored, 8).ec != std::errc()) {
    return false;
  }
  const auto sum = [](std::string_view bytes) {
    return std::accumulate(bytes.begin(), bytes.end(), 0U, [](unsigned total, char c) {
      return total + static_cast<unsigned char>(c);
    });
  };
  // The checksum counts itself as spaces.
  return stored == sum(header.substr(0, kSumAt)) + kSumBytes * unsigned{' '} +
                       sum(header.substr(kSumAt + kSumBytes));
}

constexpr std::string_view kAlignment =
    "It is an alignment; convert it to FASTA first (for example with seqmagick or Biopython).";

constexpr std::string_view kSamBehindMark =
    "Remove what stands before its header: a byte order mark or blank lines.";

constexpr std::array kTextBegins = {
    Magic{"@HD\t"sv, {"SAM that begins too late", kSamBehindMark}},
    Magic{"@SQ\t"sv, {"SAM that begins too late", kSamBehindMark}},
    Magic{"@RG\t"sv, {"SAM that begins too late", kSamBehindMark}},
    Magic{"@PG\t"sv, {"SAM that begins too late", kSamBehindMark}},
    Magic{"@CO\t"sv, {"SAM that begins too late", kSamBehindMark}},
    Magic{"ID   "sv,
          {"a flat file of EMBL (or UniProt)",
           "Convert its nucleotides to FASTA: seqret -sequence embl::FILE -outseq fasta::NEW; for "
           "'virnucpro dataset' to GenBank, which keeps the annotation."}},
    Magic{"# STOCKHOLM"sv, {"a Stockholm file", kAlignment}},
    Magic{"CLUSTAL"sv, {"a Clustal file", kAlignment}},
    Magic{"#NEXUS"sv, {"a NEXUS file", kAlignment}},
    Magic{"##maf"sv, {"a MAF file", kAlignment}},
    Magic{"##gff-version"sv,
          {"a GFF file", "It describes places in sequences; give the FASTA file they are in."}},
    Magic{"Seq-entry ::="sv, {"ASN.1 of NCBI", "Get the record as FASTA or GenBank."}},
    Magic{"Bioseq-set ::="sv, {"ASN.1 of NCBI", "Get the record as FASTA or GenBank."}},
    Magic{"<"sv, {"a web page or XML", "It looks like a web page: the download may have failed."}},
    Magic{"{"sv, {"JSON", ""}},
    Magic{"version https://git-lfs"sv,
          {"a pointer of Git LFS, not the file itself", "Get the file: git lfs pull"}},
};

/// The entry of a table that fits; null: none.
const OtherFormat* find_format(std::span<const Magic> table, std::string_view head) {
  for (const Magic& magic : table) {
    if (head.starts_with(magic.bytes)) return &magic.format;
  }
  return nullptr;
}

/// Removes the first line from `text` and returns it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

OtherFormat other_binary_format(std::string_view head) {
  if (const OtherFormat* format = find_format(kMagics, head)) return *format;
  if (is_tar(head)) return {"a tar archive", "Unpack it first: tar -xf FILE"};
  return {};
}

bool looks_like_genbank(std::string_view head) {
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    if (line == "LOCUS" || line.starts_with("LOCUS ") || line.starts_with("LOCUS\t")) return true;
  }
  return false;
}

OtherFormat other_text_format(std::string_view head) {
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (const OtherFormat* format = find_format(kTextBegins, head)) return *format;
  if (!head.starts_with('>') && !head.starts_with('@') && looks_like_genbank(head)) {
    return {"a flat file of GenBank",
            "Only 'virnucpro dataset' reads it; elsewhere give FASTA: get the record from NCBI as "
            "FASTA, or convert it: seqret -sequence genbank::FILE -outseq fasta::NEW"};
  }
  return {};
}

}  // namespace virnucpro
