#include "cli/commands/label_reads/label_reads_settings.h"

namespace virnucpro::cli {

LabelReadsSettings label_reads_settings(const std::vector<std::string>& arguments,
                                        const GivenOptions& options) {
  LabelReadsSettings settings;
  LabelReadsRequest& request = settings.request;
  request.alignments = arguments.at(0);
  request.results = arguments.at(1);
  options.store("output", request.output);
  options.store("paf", request.is_paf);
  options.store("min-mapq", request.well.min_mapq);
  options.store("min-identity", request.well.min_identity);
  options.store("min-query-cov", request.well.min_query_cov);
  options.store("threads", request.threads);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
