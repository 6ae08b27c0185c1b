#include "cli/labels_option.h"

#include <CLI/CLI.hpp>

#include "base/format.h"

namespace virnucpro::cli {

void add_labels_option(CLI::App& command, std::string& labels, const char* wanted) {
  command
      .add_option("--labels", labels,
                  fmt::format("Table with tabs and a head: id, label (virus or other), and, where "
                              "wanted, {}",
                              wanted))
      ->required()
      ->type_name("FILE");
}

}  // namespace virnucpro::cli
