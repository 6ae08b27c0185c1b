#include "cli/commands/report/report_settings.h"

#include "cli/commands/shared/call_options.h"
#include "cli/commands/shared/table_options.h"
#include "cli/commands/shared/write_options.h"

namespace virnucpro::cli {

ReportSettings report_settings(const std::vector<std::string>& arguments,
                               const GivenOptions& options) {
  ReportSettings settings;
  settings.folder = arguments.front();
  options.store("output-dir", settings.output);
  options.store("threshold", settings.threshold);
  settings.calls = call_request(options);
  settings.change_tables = [options](TableChoice& own) { store_table_options(options, own); };
  settings.write = write_request(options);
  options.store("classifier", settings.classifier);
  options.store("html", settings.html);
  options.store("force", settings.force);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
