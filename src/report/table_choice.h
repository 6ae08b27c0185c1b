// The choices in which the tables of a run may differ, and their text in its database.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "calls/contig_tier.h"

namespace virnucpro {

/// Whose form the two files of the published tool have: that of the Python program virnucpro-broad
/// 2.0, with the largest scores of each chunk, or that of the original.
enum class LegacyFormat : std::uint8_t { kV2, kOriginal };
inline constexpr std::array kLegacyFormats = {LegacyFormat::kV2, LegacyFormat::kOriginal};
/// "v2", "original".
std::string_view name_of(LegacyFormat format);

/// tsv: tables as TSV. jsonl: the rows as JSON lines beside them, too.
enum class RowFormat : std::uint8_t { kTsv, kJsonl };
inline constexpr std::array kRowFormats = {RowFormat::kTsv, RowFormat::kJsonl};
/// "tsv", "jsonl".
std::string_view name_of(RowFormat format);

/// Chosen on genomes with planted phages (docs/explanation/calibration.md has the figures).
inline constexpr double kRegionProbability = 0.9;

struct TableChoice {
  LegacyFormat legacy = LegacyFormat::kV2;
  TierRule tiers = {};
  double region_probability = kRegionProbability;  ///< least, of a region that is written
  bool region_fasta = false;                       ///< viral_regions.fasta, too
  RowFormat format = RowFormat::kTsv;
  bool operator==(const TableChoice&) const = default;
};

/// What differs from the defaults, such as "legacy-format=original min-chunks=3"; empty for
/// nothing.
std::string text_of(const TableChoice& choice);
/// The reverse of text_of(); absent for any other text.
std::optional<TableChoice> parse_table_choice(const std::string& text);

/// A threshold of the tiers by the name of its option; null for any other name.
double* find_threshold(TierRule& rule, std::string_view name);
/// The names of all thresholds that are numbers, in the order of the options.
inline constexpr std::array<std::string_view, 7> kTierThresholds = {
    "min-viral-prop",      "min-nonviral-prop",  "min-confident-score",  "max-opposing-score",
    "min-ambiguous-score", "min-weighted-delta", "high-confidence-delta"};

}  // namespace virnucpro
