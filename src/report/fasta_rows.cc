#include "report/fasta_rows.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace virnucpro {

void write_fasta(OutputFile& file, std::string_view header, std::string_view bases) {
  constexpr std::size_t kColumns = 80;
  file.row().append(">").append(header).append("\n");
  while (!bases.empty()) {
    const std::size_t count = std::min(bases.size(), kColumns);
    file.row().append(bases.substr(0, count)).append("\n");
    file.row_done();
    bases.remove_prefix(count);
  }
  file.row_done();
}

}  // namespace virnucpro
