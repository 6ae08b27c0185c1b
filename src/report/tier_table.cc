#include "report/tier_table.h"

#include "report/natural_key.h"
#include "report/pandas_text.h"

namespace virnucpro {

TierTable::TierTable(const std::string& path, const TierRule& rule, const std::string& folder,
                     std::size_t sort_memory)
    : tally_(rule), file_(path), sorted_(folder, sort_memory) {
  file_.write(kTierColumns);
  file_.write("\n");
}

void TierTable::end_record(std::string_view record_id, std::uint64_t ordinal) {
  if (tally_.is_empty()) return;
  const ContigTier contig = tally_.verdict();
  line_.clear();
  append_natural_key(line_, record_id, ordinal);
  line_ += '\t';
  append_pandas_text(line_, record_id);
  line_.append("\t").append(name_of(contig.call));
  line_.append("\t").append(name_of(contig.tier)).append("\t");
  append_rounded_by_numpy(line_, contig.weighted_delta);
  for (const std::uint64_t count :
       {contig.chunks, contig.confident_viral, contig.confident_nonviral, contig.ambiguous}) {
    line_.append("\t").append(std::to_string(count));
  }
  for (const double share : {contig.viral_proportion, contig.nonviral_proportion}) {
    line_ += '\t';
    append_rounded_by_python(line_, share);
  }
  sorted_.add(line_);
}

void TierTable::end(OutputGroup& group) {
  sorted_.for_each([&](std::string_view line) {
    std::string& row = file_.row();
    row += line.substr(line.find('\t') + 1);
    row += '\n';
    file_.row_done();
  });
  group.add(file_);
}

}  // namespace virnucpro
