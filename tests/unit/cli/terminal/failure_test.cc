// Which exception becomes which exit code.
#include "cli/terminal/failure.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "base/errors.h"

namespace virnucpro::cli {
namespace {

template <typename E>
Failure failure_of(E error) {
  return describe_failure(std::make_exception_ptr(error));
}

TEST(DescribeFailure, GivesEveryTypeItsCode) {
  EXPECT_EQ(failure_of(InputError("x")).exit_code, 2);
  EXPECT_EQ(failure_of(ConfigError("x")).exit_code, 2);
  EXPECT_EQ(failure_of(ModelError("x")).exit_code, 3);
  EXPECT_EQ(failure_of(DeviceError("x")).exit_code, 4);
  EXPECT_EQ(failure_of(OutOfDeviceMemory("x")).exit_code, 4);
  EXPECT_EQ(failure_of(PrecisionError("x")).exit_code, 5);
  EXPECT_EQ(failure_of(ContractError("x")).exit_code, 70);
  EXPECT_EQ(failure_of(OutputError("x")).exit_code, 74);
  EXPECT_EQ(failure_of(Interrupted("x")).exit_code, 75);
  EXPECT_EQ(failure_of(ResourceError("x")).exit_code, 4);
  EXPECT_EQ(failure_of(std::bad_alloc()).exit_code, 4);
  const auto refused = std::errc::resource_unavailable_try_again;
  EXPECT_EQ(failure_of(std::system_error(std::make_error_code(refused))).exit_code, 4);
  const auto no_memory = std::errc::not_enough_memory;
  EXPECT_EQ(failure_of(std::system_error(std::make_error_code(no_memory))).exit_code, 4);
  EXPECT_EQ(failure_of(std::system_error(EBADF, std::generic_category())).exit_code, 70);
  EXPECT_EQ(failure_of(std::runtime_error("x")).exit_code, 70);
  EXPECT_EQ(failure_of(42).exit_code, 70);
}

TEST(DescribeFailure, PassesTheMessageOnAndAsksForReportsOfFaults) {
  EXPECT_EQ(failure_of(InputError("a.fa: gone")).message, "a.fa: gone");
  EXPECT_EQ(failure_of(std::runtime_error("x")).message,
            "unexpected error: x; this is a fault of the program, please report it");
}

TEST(DescribeFailure, SaysWhatToRaiseWhereThreadsOrMemoryAreRefused) {
  EXPECT_EQ(failure_of(std::bad_alloc()).message,
            "out of memory; use fewer --threads or a smaller --batch-tokens, or raise the limit of "
            "memory ('ulimit -v', that of the job or the container)");
  const auto refused = std::errc::resource_unavailable_try_again;
  EXPECT_EQ(failure_of(std::system_error(std::make_error_code(refused))).message,
            "the system starts no more threads (Resource temporarily unavailable); use fewer "
            "--threads, or raise the limit of processes ('ulimit -u', 'pids' of a container) or of "
            "memory ('ulimit -v')");
}

TEST(ExitCodes, AreAllInTheReference) {
  std::ifstream file(VIRNUCPRO_SOURCE_DIR "/docs/reference/command_line.md");
  std::ostringstream text;
  text << file.rdbuf();
  for (const ExitCode& code : exit_codes()) {
    const std::string row =
        "| " + std::to_string(code.code) + " | " + std::string(code.meaning) + " |";
    EXPECT_NE(text.str().find(row), std::string::npos)
        << "docs/reference/command_line.md needs: " << row;
  }
}

}  // namespace
}  // namespace virnucpro::cli
