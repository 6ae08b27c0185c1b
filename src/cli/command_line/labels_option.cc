#include "cli/command_line/labels_option.h"

#include <CLI/CLI.hpp>

#include "base/format.h"

namespace virnucpro::cli {

void add_labels_option(CommandOptions& options, std::string& labels, const char* wanted) {
  options
      .text("--labels", "FILE",
            fmt::format("Table with tabs and a head: id, label (virus or other), and, where "
                        "wanted, {}",
                        wanted),
            labels)
      .required();
}

}  // namespace virnucpro::cli
