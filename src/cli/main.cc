// The program: errors become one line on standard error and an exit code here, and only here.
#include <malloc.h>

#include <exception>

#include "base/format.h"
#include "cli/console.h"
#include "cli/escape.h"
#include "cli/failure.h"
#include "cli/log_output.h"
#include "cli/program.h"

namespace {

/// Large buffers get pages of their own, at the size that glibc starts with. Left alone it raises
/// it with the first buffer given back, and then puts windows and tables of all threads into heaps,
/// whose gaps make memory grow with the input by an eighth.
void keep_large_buffers_apart() {
#ifdef M_MMAP_THRESHOLD
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  using namespace virnucpro;
  keep_large_buffers_apart();
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
