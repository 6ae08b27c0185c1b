// The program. Errors become one line on standard error and an exit code in cli/, and nowhere else.
#include "cli/program.h"

int main(int argc, char** argv) { return virnucpro::cli::main_program(argc, argv); }
