#include "cli/terminal/lost_mapping.h"

#include <signal.h>
#include <unistd.h>

#include <string_view>

#include "cli/terminal/failure.h"

namespace virnucpro::cli {
namespace {

/// Calls only what POSIX allows inside a handler.
void end(int) {
  constexpr std::string_view kMessage =
      "virnucpro: error: a file of the models was cut short while it was in use, or its disk "
      "failed. What was finished before is kept: put the file back, then run the same command "
      "again\n";
  [[maybe_unused]] const ssize_t written = ::write(2, kMessage.data(), kMessage.size());
  ::_exit(kExitModel);
}

}  // namespace

void end_on_lost_mapping() {
  struct sigaction action {};
  action.sa_handler = end;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace virnucpro::cli
