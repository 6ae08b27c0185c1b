#include "cli/commands/validate/validate_command.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/stop.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/commands/validate/validate_settings.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/input_meter.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/safe_text.h"
#include "sequence/chunks.h"
#include "sequence/frames.h"
#include "sequence/reader.h"

namespace virnucpro::cli {
namespace {

/// The codes of Mycoplasma and many mitochondria (TGA is an amino acid), and of phages that read
/// TAG as glutamine: what the standard code hides most of in metagenomes.
constexpr std::array kHintedCodes = {4, 15};
/// Fewer chunks prove nothing.
constexpr std::uint64_t kJudgedChunks = 50;
/// Another code is worth a hint when it opens twice the chunks, and as large a share of them as in
/// genomes dense in genes, where half of the chunks are open. Of vertebrates, which hardly code at
/// all, code 4 opens 28 % instead of 6 %.
constexpr double kHintFactor = 2.0;
constexpr double kHintShare = 0.4;

struct FileCounts {
  std::uint64_t records = 0;
  std::uint64_t bases = 0;
  std::uint64_t chunks = 0;
  std::uint64_t chunks_without_orf = 0;
  std::uint64_t orfs = 0;
  std::uint64_t empty = 0;
  std::uint64_t unnamed = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t ambiguous = 0;
  /// Chunks with an open frame by each of kHintedCodes, where the chosen code is the standard one.
  std::array<std::uint64_t, kHintedCodes.size()> opened{};
  std::string problem;
};

// Letters that all tables of the method know; all others count as unknown.
std::uint64_t count_ambiguous(std::string_view bases) {
  static const std::array<bool, 256> kIsPlain = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("ACGTacgt")) table[static_cast<unsigned char>(c)] = true;
    return table;
  }();
  return static_cast<std::uint64_t>(std::count_if(
      bases.begin(), bases.end(), [](char c) { return !kIsPlain[static_cast<unsigned char>(c)]; }));
}

class Validation {
 public:
  Validation(const ValidateSettings& settings, Context& context)
      : length_(static_cast<std::uint64_t>(settings.expected_length)),
        frames_{.code = settings.genetic_code},
        log_(log_for(context, settings.common)),
        stop_(context.stop),
        progress_(context.console, log_, !settings.common.no_progress),
        meter_(settings.inputs) {
    log_origins(log_, settings.common);
    total_.bytes_total = meter_.total();
  }

  FileCounts read(const std::string& path) {
    FileCounts counts;
    try {
      SequenceReader reader({path}, log_, stop_);
      for (Record record; reader.next(record);) {
        throw_if_stopped(stop_);
        add(record, counts);
      }
      throw_if_stopped(stop_);
    } catch (const InputError& error) {
      counts.problem = error.what();
    }
    warn(path, counts);
    return counts;
  }

 private:
  void add(const Record& record, FileCounts& counts) {
    ++counts.records;
    ++total_.records;
    counts.bases += record.bases.size();
    if (record.bases.empty()) ++counts.empty;
    if (record.id.empty()) ++counts.unnamed;
    // 8 bytes of hash instead of the name: two of 100 million names share one once in 4000 runs,
    // and the only effect is one warning too many.
    if (!names_.insert(std::hash<std::string_view>()(record.id)).second) ++counts.duplicates;
    counts.ambiguous += count_ambiguous(record.bases);
    const std::string_view bases = record.bases;
    for (const Chunk& chunk : ChunkRange(record.ordinal, bases.size(), length_)) {
      const std::string_view chunk_bases = bases.substr(chunk.start, chunk.end - chunk.start);
      find_orfs(chunk_bases, frames_, buffer_);
      ++counts.chunks;
      counts.orfs += buffer_.orfs().size();
      if (buffer_.orfs().empty()) ++counts.chunks_without_orf;
      ++total_.chunks;
      total_.frames += buffer_.orfs().size();
      // Last, since it uses the buffer, too.
      if (frames_.code == GeneticCode()) count_opened(chunk_bases, counts);
    }
    if (progress_.is_due()) {
      total_.bytes_read = meter_.read();
      progress_.update(total_);
    }
  }

  /// Both codes only open frames, so a chunk that has one stays open.
  void count_opened(std::string_view bases, FileCounts& counts) {
    const bool is_open = !buffer_.orfs().empty();
    for (std::size_t i = 0; i < kHintedCodes.size(); ++i) {
      if (!is_open) {
        const auto number = static_cast<std::uint64_t>(kHintedCodes[i]);
        find_orfs(bases, {.code = GeneticCode::of_number(number).value()}, buffer_);
      }
      if (!buffer_.orfs().empty()) ++counts.opened[i];
    }
  }

  /// Says which other code would open far more frames, the better of them.
  void hint(const std::string& path, const FileCounts& counts) const {
    const auto best = std::ranges::max_element(counts.opened);
    const std::uint64_t open = counts.chunks - counts.chunks_without_orf;
    const double share =
        static_cast<double>(*best) / static_cast<double>(std::max<std::uint64_t>(counts.chunks, 1));
    const bool is_far_more = counts.chunks >= kJudgedChunks && share >= kHintShare &&
                             static_cast<double>(*best) >= kHintFactor * static_cast<double>(open);
    if (!is_far_more) return;
    const int code = kHintedCodes[static_cast<std::size_t>(best - counts.opened.begin())];
    log_.info(
        "{}: {} of {} {} an open frame by the standard genetic code, {} by code {}: look "
        "at --genetic-code {}",
        path, open, counted(counts.chunks, "chunk"), open == 1 ? "has" : "have", *best, code, code);
  }

  void warn(const std::string& path, const FileCounts& counts) const {
    if (!counts.problem.empty()) log_.error("{}", counts.problem);
    const auto warn_of = [&](std::uint64_t count, std::string_view what) {
      if (count > 0) log_.warning("{}: {}: {}", path, what, count);
    };
    warn_of(counts.duplicates, "records with an id that came before (all are kept)");
    warn_of(counts.empty, "records without bases");
    warn_of(counts.unnamed, "records without a name");
    warn_of(counts.ambiguous, "letters other than A, C, G and T");
    if (frames_.code == GeneticCode()) hint(path, counts);
  }

  const std::uint64_t length_;
  const FrameRule frames_;
  const Log log_;
  const std::stop_token stop_;
  ProgressDisplay progress_;
  InputMeter meter_;
  ProgressCounts total_;
  std::unordered_set<std::size_t> names_;
  OrfBuffer buffer_;
};

std::string row(const std::string& path, const FileCounts& counts) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", escape_controls(path),
                     counts.records, counts.bases, counts.chunks, counts.chunks_without_orf,
                     counts.orfs, counts.empty, counts.unnamed, counts.duplicates, counts.ambiguous,
                     counts.problem.empty() ? "ok" : escape_controls(counts.problem));
}

void validate(Context& context, const ValidateSettings& settings) {
  Console& console = context.console;
  guard_of(settings.inputs, settings.common.config).require_streams_apart();
  std::size_t damaged = 0;
  {
    Validation validation(settings, context);
    console.print(
        "file\trecords\tbases\tchunks\tchunks_without_orf\torfs\tempty\tunnamed\tduplicate_ids\t"
        "ambiguous_letters\tstatus\n");
    for (const std::string& path : settings.inputs) {
      const FileCounts counts = validation.read(path);
      console.print(row(path, counts));
      if (!counts.problem.empty()) ++damaged;
    }
  }
  console.flush();
  if (damaged > 0) {
    throw InputError(
        fmt::format("{} of {} cannot be used", damaged, counted(settings.inputs.size(), "input")));
  }
}

}  // namespace

void add_validate_command(CLI::App& app, Context& context) {
  CommandOptions taken(app, context, "validate",
                       "Read all input, report what is in it and what is wrong; compute nothing",
                       {"virnucpro validate reads.fq.gz contigs.fa",
                        "samtools view -b aligned.bam chr1 | virnucpro validate -"});
  taken.arguments("INPUT", kSequenceFiles, "the path of a file", /*are_needed=*/false);
  taken.run_with(Command::kValidate, [&context](const std::vector<std::string>& arguments,
                                                const GivenOptions& options) {
    validate(context, validate_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
