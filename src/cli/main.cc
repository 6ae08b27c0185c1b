// The program: errors become one line on standard error and an exit code here, and only here.
#include <exception>

#include "base/format.h"
#include "cli/console.h"
#include "cli/escape.h"
#include "cli/failure.h"
#include "cli/log_output.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  using namespace virnucpro;
  cli::secure_standard_streams();
  cli::Console console;
  try {
    cli::run_program({argv + (argc > 0 ? 1 : 0), argv + argc}, process_environment(), console);
    console.flush();
    return 0;
  } catch (...) {
    const cli::Failure failure = cli::describe_failure(std::current_exception());
    console.clear_status();
    if (console.is_json()) {
      console.message(cli::json_log_line("error", failure.message,
                                         fmt::format(",\"exit_code\":{}", failure.exit_code)));
    } else {
      console.message("virnucpro: error: " + cli::escape_controls(failure.message));
    }
    return failure.exit_code;
  }
}
