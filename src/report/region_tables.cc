#include "report/region_tables.h"

#include <algorithm>
#include <cmath>

#include "base/escape.h"
#include "base/format.h"
#include "report/fasta_rows.h"
#include "report/format_float.h"
#include "report/prediction_tables.h"

namespace virnucpro {
namespace {

constexpr const char* kNoCalibration =
    "# The models of this run have no calibration, so that there are no regions.\n";

bool is_gff_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(".:^*$@!+_?-|").find(c) != std::string_view::npos;
}

/// True for a row that begins with `id` and that bedtools takes for a line of a header, in BED and
/// in GFF.
bool begins_a_header(std::string_view id) {
  if (id.empty()) return false;
  if (std::string_view("#>!").find(id.front()) != std::string_view::npos) return true;
  const auto begins_with = [&](std::string_view word) {
    return id.size() >= word.size() &&
           std::equal(word.begin(), word.end(), id.begin(),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  };
  return begins_with("track") || begins_with("browser") || begins_with("visibility") ||
         (begins_with("chrom") && id.size() == 5);
}

std::string_view extent_of(const ViralRegion& region, std::size_t chunks) {
  const bool is_first = region.first == 0;
  const bool is_last = region.last + 1 == chunks;
  if (is_first && is_last) return "whole";
  return is_first ? "start" : is_last ? "end" : "inner";
}

std::string float_text(double value) { return format_float32(static_cast<float>(value)); }

}  // namespace

void append_gff_id(std::string& text, std::string_view id) {
  if (id.empty()) text += '.';
  bool is_allowed = !begins_a_header(id);
  for (const char c : id) {
    if (is_allowed && is_gff_letter(c)) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    is_allowed = true;
  }
}

void append_bed_id(std::string& text, std::string_view id) {
  if (id.empty()) text += '.';
  if (begins_a_header(id)) {
    text += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(id.front())));
    id.remove_prefix(1);
  }
  append_escaped(text, id);
}

RecordRegions::RecordRegions(const CalibratedCalls& calibrated, double least_probability)
    : least_probability_(least_probability) {
  if (calibrated.calibration != nullptr) finder_.emplace(calibrated.rule.prevalence);
}

std::optional<std::uint64_t> RecordRegions::regions() const {
  return finder_ ? std::optional(regions_) : std::nullopt;
}

std::span<const RegionRow> RecordRegions::end_record() {
  rows_.clear();
  if (!finder_) return rows_;
  for (const ViralRegion& region : finder_->find(chunks_)) {
    if (region.probability < least_probability_) continue;
    rows_.push_back(
        {++regions_, region, region.last - region.first + 1, extent_of(region, chunks_.size())});
  }
  return rows_;
}

RegionTables::RegionTables(const std::string& folder, bool is_calibrated, const TableChoice& choice,
                           bool has_earlier)
    : bed_(folder + "/" + kRegionsBedFile),
      gff_(folder + "/" + kRegionsGffFile),
      fasta_(folder + "/" + kRegionsFastaFile, choice.region_fasta, has_earlier) {
  gff_.write("##gff-version 3\n");
  if (is_calibrated) return;
  bed_.write(kNoCalibration);
  gff_.write(kNoCalibration);
}

void RegionTables::record(const RecordRow& record, std::string_view suffix, std::string_view bases,
                          std::span<const RegionRow> rows) {
  if (rows.empty()) return;
  id_.clear();
  append_gff_id(id_, record.id);
  gff_.row() += fmt::format("##sequence-region {}{} 1 {}\n", id_, suffix, record.length);
  for (const RegionRow& row : rows) {
    write(record, suffix, row);
    if (!fasta_.is_wanted()) continue;
    const ViralRegion& region = row.region;
    id_.clear();
    append_escaped(id_, record.id);
    write_fasta(fasta_.file(),
                fmt::format("{}{}:{}-{} region={} record={} probability={} extent={}", id_, suffix,
                            region.start + 1, region.end, row.number, record.ordinal + 1,
                            float_text(region.probability), row.extent),
                bases.substr(region.start, region.end - region.start));
  }
}

void RegionTables::write(const RecordRow& record, std::string_view suffix, const RegionRow& row) {
  const ViralRegion& region = row.region;
  id_.clear();
  append_bed_id(id_, record.id);
  bed_.row() += fmt::format("{}{}\t{}\t{}\tregion_{}\t{}\t.\n", id_, suffix, region.start,
                            region.end, row.number, std::lround(1000.0 * region.probability));
  bed_.row_done();
  id_.clear();
  append_gff_id(id_, record.id);
  std::string& text = gff_.row();
  text += fmt::format(
      "{}{}\tvirnucpro\tviral_sequence\t{}\t{}\t{}\t.\t.\tID=region_{};record={};extent={};"
      "chunks={};scored_chunks={}\n",
      id_, suffix, region.start + 1, region.end, float_text(region.probability), row.number,
      record.ordinal + 1, row.extent, row.chunks, region.scored_chunks);
  gff_.row_done();
}

void RegionTables::end(OutputGroup& group) {
  group.add(bed_);
  group.add(gff_);
  fasta_.end(group);
}

}  // namespace virnucpro
