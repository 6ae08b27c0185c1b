#include "report/table_choice.h"

#include <sstream>

#include "base/format.h"
#include "base/number_text.h"

namespace virnucpro {
namespace {

constexpr std::string_view kLegacyName = "legacy-format";
constexpr std::string_view kChunksName = "min-chunks";
constexpr std::string_view kRegionName = "region-probability";
constexpr std::string_view kFastaName = "region-fasta";
constexpr std::string_view kFormatName = "format";

bool assign(TableChoice& choice, std::string_view name, std::string_view value) {
  if (name == kLegacyName) {
    for (const LegacyFormat format : kLegacyFormats) {
      if (name_of(format) != value) continue;
      choice.legacy = format;
      return true;
    }
    return false;
  }
  if (name == kChunksName) {
    const std::optional<std::uint64_t> chunks = parse_whole(value);
    choice.tiers.min_chunks = chunks.value_or(0);
    return chunks.has_value();
  }
  if (name == kFormatName) {
    choice.format = RowFormat::kJsonl;
    return value == name_of(RowFormat::kJsonl);
  }
  if (name == kFastaName) {
    choice.region_fasta = value == "true";
    return choice.region_fasta;
  }
  double* threshold =
      name == kRegionName ? &choice.region_probability : find_threshold(choice.tiers, name);
  const std::optional<double> number = parse_number(value, {});
  if (threshold == nullptr || !number) return false;
  *threshold = *number;
  return true;
}

}  // namespace

std::string_view name_of(LegacyFormat format) {
  return format == LegacyFormat::kOriginal ? "original" : "v2";
}

std::string_view name_of(RowFormat format) { return format == RowFormat::kJsonl ? "jsonl" : "tsv"; }

double* find_threshold(TierRule& rule, std::string_view name) {
  double* const thresholds[] = {&rule.min_viral_prop,       &rule.min_nonviral_prop,
                                &rule.min_confident_score,  &rule.max_opposing_score,
                                &rule.min_ambiguous_score,  &rule.min_weighted_delta,
                                &rule.high_confidence_delta};
  static_assert(std::size(thresholds) == kTierThresholds.size());
  for (std::size_t i = 0; i < kTierThresholds.size(); ++i) {
    if (kTierThresholds[i] == name) return thresholds[i];
  }
  return nullptr;
}

std::string text_of(const TableChoice& choice) {
  TableChoice given = choice;
  TableChoice usual;
  std::string text;
  if (given.legacy != usual.legacy)
    text += fmt::format(" {}={}", kLegacyName, name_of(given.legacy));
  for (const std::string_view name : kTierThresholds) {
    const double value = *find_threshold(given.tiers, name);
    if (value != *find_threshold(usual.tiers, name)) text += fmt::format(" {}={}", name, value);
  }
  if (given.tiers.min_chunks != usual.tiers.min_chunks) {
    text += fmt::format(" {}={}", kChunksName, given.tiers.min_chunks);
  }
  if (given.region_probability != usual.region_probability) {
    text += fmt::format(" {}={}", kRegionName, given.region_probability);
  }
  if (given.format != usual.format)
    text += fmt::format(" {}={}", kFormatName, name_of(given.format));
  if (given.region_fasta) text += fmt::format(" {}=true", kFastaName);
  return text.empty() ? text : text.substr(1);
}

std::optional<TableChoice> parse_table_choice(const std::string& text) {
  TableChoice choice;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t sign = word.find('=');
    if (sign == std::string::npos) return std::nullopt;
    const std::string_view all = word;
    if (!assign(choice, all.substr(0, sign), all.substr(sign + 1))) return std::nullopt;
  }
  return choice;
}

}  // namespace virnucpro
