#include "cli/commands/shared/table_options.h"

namespace virnucpro::cli {

void store_table_options(const GivenOptions& options, TableChoice& choice) {
  options.store("legacy-format", choice.legacy, kLegacyFormats);
  options.store("format", choice.format, kRowFormats);
  options.store("min-chunks", choice.tiers.min_chunks);
  options.store("region-probability", choice.region_probability);
  options.store("region-fasta", choice.region_fasta);
  for (const std::string_view name : kTierThresholds) {
    options.store(name, *find_threshold(choice.tiers, name));
  }
}

}  // namespace virnucpro::cli
