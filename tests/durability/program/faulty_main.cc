// The program with devices that break as VIRNUCPRO_TEST_FAULTS says (support/faulty_backend.h).
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cli/program.h"
#include "support/faulty_backend.h"

int main(int argc, char** argv) {
  using namespace virnucpro;
  const char* text = std::getenv("VIRNUCPRO_TEST_FAULTS");
  test::FaultPlan plan;
  try {
    plan = test::parse_faults(text == nullptr ? "" : text);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 99;
  }
  return cli::main_program(argc, argv, [&](Workers& workers) { test::add_faults(workers, plan); });
}
