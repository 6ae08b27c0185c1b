// minimap2's PAF: twelve columns and tags, a line an alignment.
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/errors.h"
#include "base/format.h"
#include "base/number_text.h"
#include "sequence/aligned_reads.h"
#include "sequence/line_reader.h"

namespace virnucpro {
namespace {

constexpr std::size_t kColumns = 12;

class PafReads final : public AlignedReads {
 public:
  PafReads(const std::string& path, std::stop_token stop)
      : lines_(path, {}, {.stop = std::move(stop)}) {}

  bool next(AlignedRead& read) override {
    while (lines_.next(line_)) {
      if (line_.empty()) continue;
      split();
      take_tags();
      if (is_secondary_) {
        ++skipped_;
        continue;
      }
      if (columns_[5] == "*") continue;  // unmapped: --paf-no-hit
      take(read);
      return true;
    }
    return false;
  }

  const std::vector<AlignedContig>& contigs() const override { return contigs_; }
  bool is_grouped() const override { return false; }
  std::uint64_t skipped() const override { return skipped_; }

 private:
  void split() {
    std::string_view rest = line_;
    for (std::string_view& column : columns_) {
      if (rest.data() == nullptr) fail("has fewer than 12 columns; is this PAF?");
      const std::size_t tab = rest.find('\t');
      column = rest.substr(0, tab);
      rest = tab == std::string_view::npos ? std::string_view() : rest.substr(tab + 1);
    }
    tags_ = rest;
  }

  void take_tags() {
    is_secondary_ = false;
    cigar_ = {};
    differences_.reset();
    divergence_.reset();
    for (std::string_view rest = tags_; !rest.empty();) {
      const std::size_t tab = rest.find('\t');
      const std::string_view tag = rest.substr(0, tab);
      rest = tab == std::string_view::npos ? std::string_view() : rest.substr(tab + 1);
      if (tag == "tp:A:S" || tag == "tp:A:i") {
        is_secondary_ = true;
      } else if (tag.starts_with("cg:Z:")) {
        cigar_ = tag.substr(5);
      } else if (tag.starts_with("NM:i:")) {
        differences_ = parse_whole(tag.substr(5), kLengths);
        if (!differences_) fail("has a tag NM that is no number");
      } else if (tag.starts_with("de:f:")) {
        divergence_ = parse_number(tag.substr(5), {});
        if (!divergence_) fail("has a tag de that is no number from 0 to 1");
      }
    }
  }

  void take(AlignedRead& read) {
    read.name = columns_[0];
    read.read_length = length(1);
    const std::uint32_t begin = length(2);
    const std::uint32_t end = length(3);
    if (read.read_length == 0 || begin > end || end > read.read_length) {
      fail("has an impossible range of the read");
    }
    read.aligned = end - begin;
    if (columns_[4] != "+" && columns_[4] != "-") fail("has a strand other than + and -");
    read.is_reverse = columns_[4] == "-";
    read.contig = contig();
    const std::optional<std::uint64_t> quality = parse_whole(columns_[11], {.high = 255});
    if (!quality) fail("has a mapping quality that is no number from 0 to 255");
    read.mapping_quality = static_cast<std::uint8_t>(*quality);
    read.block = cigar_.empty() ? length(10) : cigar_block();
    if (read.block == 0) fail("aligns nothing");
    read.matches = matches(read.block);
  }

  std::uint32_t matches(std::uint32_t block) const {
    if (differences_) {
      if (*differences_ > block) fail("has a tag NM beyond the length of its alignment");
      return block - static_cast<std::uint32_t>(*differences_);
    }
    if (divergence_) return static_cast<std::uint32_t>(std::lround((1.0 - *divergence_) * block));
    const std::uint32_t matching = length(9);
    if (matching > block) fail("has more matches than columns of its alignment");
    return matching;
  }

  std::uint32_t cigar_block() const {
    std::uint64_t block = 0;
    std::uint64_t count = 0;
    for (const char c : cigar_) {
      if (c >= '0' && c <= '9') {
        count = count * 10 + static_cast<std::uint64_t>(c - '0');
        if (count > kLengths.high) fail("has an impossible tag cg");
        continue;
      }
      if (std::string_view("MIDNSHP=X").find(c) == std::string_view::npos) {
        fail("has a tag cg that is no CIGAR");
      }
      if (std::string_view("MID=X").find(c) != std::string_view::npos) block += count;
      count = 0;
    }
    if (block > kLengths.high) fail("has an impossible tag cg");
    return static_cast<std::uint32_t>(block);
  }

  std::uint32_t contig() {
    const std::string name(columns_[5]);
    const auto [found, is_new] =
        numbers_.try_emplace(name, static_cast<std::uint32_t>(contigs_.size()));
    if (is_new) contigs_.push_back({name, length(6)});
    return found->second;
  }

  std::uint32_t length(std::size_t column) const {
    const std::optional<std::uint64_t> value = parse_whole(columns_[column], kLengths);
    if (!value) {
      fail(fmt::format("has no length in column {}; is this PAF?", column + 1));
    }
    return static_cast<std::uint32_t>(*value);
  }

  [[noreturn]] void fail(const std::string& problem) const {
    lines_.fail(lines_.number(), problem);
  }

  static constexpr WholeRange kLengths = {.high = (std::uint64_t{1} << 31) - 1};

  LineReader lines_;
  std::string line_;
  std::array<std::string_view, kColumns> columns_;
  std::string_view tags_;
  // Of the tags of the current line.
  bool is_secondary_ = false;
  std::string_view cigar_;
  std::optional<std::uint64_t> differences_;
  std::optional<double> divergence_;
  std::vector<AlignedContig> contigs_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::uint64_t skipped_ = 0;
};

}  // namespace

std::unique_ptr<AlignedReads> open_paf(const std::string& path, std::stop_token stop) {
  return std::make_unique<PafReads>(path, std::move(stop));
}

}  // namespace virnucpro
