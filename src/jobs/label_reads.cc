#include "jobs/label_reads.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <functional>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/stop.h"
#include "report/contig_labels.h"
#include "report/pandas_text.h"
#include "report/prediction_tables.h"
#include "report/read_groups.h"
#include "report/tier_table.h"
#include "sequence/aligned_reads.h"
#include "sequence/line_reader.h"
#include "sequence/text_output.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kColumns =
    "read_id\tread_length\tcontig_id\tcontig_length\tstrand\tmapping_quality\tpct_identity\t"
    "pct_query_cov\tmapped_well";
constexpr std::string_view kSeveralCalls = "\tMulti-mapped\treview\t";

/// Millionths of a percent: what is left of a share after it was written with six decimals.
constexpr std::uint64_t kPercent = 1'000'000;

/// 100 part / whole, rounded to six decimals as printf does; `part` is at most `whole`, below 2^31.
std::uint32_t percent_of(std::uint64_t part, std::uint64_t whole) {
  const std::uint64_t scaled = part * 100 * kPercent;
  const std::uint64_t quotient = scaled / whole;
  const std::uint64_t twice_rest = 2 * (scaled % whole);
  const bool rounds_up = twice_rest > whole || (twice_rest == whole && quotient % 2 == 1);
  return static_cast<std::uint32_t>(quotient + (rounds_up ? 1 : 0));
}

void append_number(std::string& row, std::uint64_t number) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof digits, number);
  row.append(digits, result.ptr);
}

/// 97333333 is 97.333333, 100000000 is 100.0.
void append_percent(std::string& row, std::uint32_t value) {
  append_number(row, value / kPercent);
  char decimals[8] = {'.', '0', '0', '0', '0', '0', '0'};
  std::uint64_t rest = value % kPercent;
  for (int i = 6; i >= 1; --i, rest /= 10) decimals[i] = static_cast<char>('0' + rest % 10);
  std::size_t size = 7;
  while (size > 2 && decimals[size - 1] == '0') --size;
  row.append(decimals, size);
}

ContigLabels read_labels(const std::string& path, const std::stop_token& stop) {
  ContigLabels labels;
  LineReader lines(path, {}, {.stop = stop});
  std::string line;
  while (lines.next(line)) {
    labels.add_line(line, fmt::format("{}: line {}", path, lines.number()));
  }
  if (!labels.has_header()) {
    throw InputError(
        fmt::format("{}: is empty; give a folder of results or its {}.", path, kTiersFile));
  }
  return labels;
}

/// The columns that all reads of a contig share.
struct ContigColumns {
  std::string before;   ///< contig_id and contig_length
  std::string label;    ///< call and tier
  std::string figures;  ///< from weighted_delta on, with the line end
  std::uint32_t call = 0;
};

class ReadLabeller {
 public:
  ReadLabeller(const LabelReadsRequest& request, const Log& log, const std::stop_token& stop,
               const WorkProgress& progress)
      : request_(request),
        log_(log),
        stop_(stop),
        progress_(progress),
        labels_(read_labels(tiers_path(request.results), stop)),
        output_(request.output, request.threads),
        least_identity_(least(request.well.min_identity)),
        least_coverage_(least(request.well.min_query_cov)) {
    const std::string_view tiers = kTierColumns;
    output_.row().append(kColumns).append(tiers.substr(tiers.find('\t'))).append("\n");
    output_.row_done();
  }

  LabelReadsSummary run() {
    const std::unique_ptr<AlignedReads> reads =
        request_.is_paf ? open_paf(request_.alignments, stop_)
                        : open_aligned_reads(request_.alignments, request_.threads, log_, stop_);
    if (reads->is_grouped()) {
      label_grouped(*reads);
    } else {
      label_ungrouped(*reads);
    }
    summary_.skipped = reads->skipped();
    output_.finish();
    throw_if_stopped(stop_);
    output_.publish();
    return summary_;
  }

 private:
  /// The smallest number of millionths that is not below `percent`.
  static std::uint64_t least(double percent) {
    return static_cast<std::uint64_t>(std::ceil(percent * kPercent - 1e-4));
  }

  void label_grouped(AlignedReads& reads) {
    std::string name;
    ReadAlignment alignment;
    AlignedRead read;
    while (reads.next(read)) {
      const ReadAlignment next = alignment_of(reads, read);
      if (next.first != 0 && read.name == name) {
        alignment.add(next);
        continue;
      }
      if (next.first != 0) write(name, alignment);
      name.assign(read.name);
      alignment = next;
    }
    if (summary_.alignments > 0) write(name, alignment);
  }

  void label_ungrouped(AlignedReads& reads) {
    const fs::path folder = fs::path(request_.output).parent_path();
    ReadGroups groups(folder.empty() ? "." : folder.string());
    AlignedRead read;
    while (reads.next(read)) groups.add(read.name, alignment_of(reads, read));
    is_all_read_ = true;
    groups.for_each(
        [&](std::string_view name, const ReadAlignment& alignment) { write(name, alignment); });
  }

  ReadAlignment alignment_of(const AlignedReads& reads, const AlignedRead& read) {
    // A look at the clock for each of millions a second would cost more than the rest.
    constexpr std::uint64_t kBetweenReports = 4096;
    if (summary_.alignments % kBetweenReports == 0) {
      progress_.report({"reading", "alignment", summary_.alignments, 0});
    }
    while (contigs_.size() < reads.contigs().size()) {
      add_contig(reads.contigs()[contigs_.size()]);
    }
    return {.first = summary_.alignments++,
            .identity = percent_of(read.matches, read.block),
            .coverage = percent_of(read.aligned, read.read_length),
            .contig = read.contig,
            .read_length = read.read_length,
            .call = contigs_[read.contig].call,
            .mapping_quality = read.mapping_quality,
            .is_reverse = read.is_reverse};
  }

  void add_contig(const AlignedContig& contig) {
    const std::string id = escaped(contig.name);
    const ContigLabel& label = labels_.of(id);
    summary_.unknown_contigs += &label == &labels_.unclassified() ? 1 : 0;
    ContigColumns& columns = contigs_.emplace_back();
    columns.before = '\t';
    append_pandas_text(columns.before, id);
    columns.before += fmt::format("\t{}\t", contig.length);
    columns.label = fmt::format("\t{}\t{}\t", labels_.call_name(label.call), label.tier);
    columns.figures = label.figures + '\n';
    columns.call = label.call;
  }

  void write(std::string_view name, const ReadAlignment& alignment) {
    constexpr std::uint64_t kReadsBetweenLooks = 65536;
    if (summary_.reads % kReadsBetweenLooks == 0) throw_if_stopped(stop_);
    if (is_all_read_ && summary_.reads % kReadsBetweenLooks == 0) {
      progress_.report({"writing", "read", summary_.reads, 0});
    }
    const bool is_well = alignment.mapping_quality >= request_.well.min_mapq &&
                         alignment.identity >= least_identity_ &&
                         alignment.coverage >= least_coverage_;
    const ContigColumns& contig = contigs_[alignment.contig];
    std::string& row = output_.row();
    id_.clear();
    append_escaped(id_, name);
    append_pandas_text(row, id_);
    row += '\t';
    append_number(row, alignment.read_length);
    row += contig.before;
    row += alignment.is_reverse ? "-\t" : "+\t";
    append_number(row, alignment.mapping_quality);
    row += '\t';
    append_percent(row, alignment.identity);
    row += '\t';
    append_percent(row, alignment.coverage);
    row += is_well ? "\ttrue" : "\tfalse";
    row += alignment.has_several_calls ? kSeveralCalls : std::string_view(contig.label);
    row += contig.figures;
    output_.row_done();
    ++summary_.reads;
    summary_.well += is_well ? 1 : 0;
    summary_.several += alignment.has_several_calls ? 1 : 0;
  }

  const LabelReadsRequest& request_;
  const Log& log_;
  const std::stop_token& stop_;
  const WorkProgress& progress_;
  bool is_all_read_ = false;  ///< where reads are not written as they are read
  ContigLabels labels_;
  TextOutput output_;
  const std::uint64_t least_identity_;
  const std::uint64_t least_coverage_;
  std::vector<ContigColumns> contigs_;
  std::string id_;  // reused
  LabelReadsSummary summary_;
};

}  // namespace

std::string tiers_path(const std::string& results) {
  std::error_code error;
  return fs::is_directory(results, error) ? (fs::path(results) / kTiersFile).string() : results;
}

LabelReadsSummary label_reads(const LabelReadsRequest& request, const Log& log,
                              const std::stop_token& stop, const WorkProgress& progress) {
  const LabelReadsSummary summary = ReadLabeller(request, log, stop, progress).run();
  log.info("{} of {}; {} secondary or supplementary passed over",
           counted(summary.alignments, "primary alignment"), counted(summary.reads, "read"),
           summary.skipped);
  log.info("{} mapped well, {} on contigs with different calls, {} without a call",
           counted(summary.well, "read"), summary.several,
           counted(summary.unknown_contigs, "contig"));
  return summary;
}

}  // namespace virnucpro
