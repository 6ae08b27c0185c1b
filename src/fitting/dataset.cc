#include "fitting/dataset.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/check.h"
#include "base/counted.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/known_file.h"
#include "base/stop.h"
#include "dataset/genome_reader.h"
#include "fitting/dataset_log.h"
#include "report/dataset_files.h"
#include "sequence/input_file.h"

namespace virnucpro {
namespace {

/// Checks all files before hours of work on the first ones.
void require_files(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-" || std::filesystem::is_other(path, error)) {
      throw ConfigError(fmt::format(
          "{}: a dataset reads its genomes twice, which a stream cannot give. Name a file.", path));
    }
    check_readable(path);
  }
}

class DatasetBuilder {
 public:
  DatasetBuilder(const DatasetRequest& request, const Log& log, const std::stop_token& stop,
                 const WorkProgress& progress)
      : request_(request),
        log_(log),
        stop_(stop),
        progress_(progress),
        table_(read_label_table(request.labels, stop)) {}

  DatasetReport build() {
    describe_request();
    find_candidates();
    split();
    selection_ = select_fragments(candidates_, records_, request_.rule);
    describe_selection();
    log_splits(request_, report_, selection_, candidates_.size(), log_);
    write();
    return std::move(report_);
  }

 private:
  /// Calls `take(genome, label)` for every record with a label, `pass_over(genome)` for the others.
  template <typename Take, typename PassOver>
  void read(GenomeReader& reader, WorkStep step, const Take& take, const PassOver& pass_over) {
    for (Genome genome; reader.next(genome); step.add()) {
      throw_if_stopped(stop_);
      if (const RecordLabel* label = table_.find(genome.id)) {
        take(genome, *label);
      } else {
        pass_over(genome);
      }
    }
  }

  void describe_request() {
    report_.program_version = request_.program_version;
    report_.command_line = request_.command_line;
    report_.labels = request_.labels;
    report_.labels_content = table_.file;
    report_.expected_length = request_.expected_length;
    report_.frames = request_.frames;
    report_.fragments = request_.rule.fragments;
    report_.validation_share = request_.rule.shares.validation;
    report_.test_share = request_.rule.shares.test;
    report_.seed = request_.rule.seed;
    for (const std::string& path : request_.genomes) {
      report_.inputs.push_back({path, {}, 0, 0, 0});
    }
  }

  void find_candidates() {
    FragmentFinder finder(request_.expected_length, request_.frames);
    FragmentCounts counts;
    LabelLookup lookup(table_);
    std::uint64_t without_translation = 0;
    const auto count = [&](const Genome& genome) {
      DatasetInput& input = report_.inputs[genome.file];
      lookup.find(genome.id, request_.genomes[genome.file], input.records++);
      if (genome.is_annotated) ++input.annotated;
    };
    std::uint64_t coding_sequences = 0;
    std::uint64_t translations = 0;
    GenomeReader reader(request_.genomes, log_, stop_);
    read(
        reader, WorkStep(progress_, "finding fragments", "record"),
        [&](const Genome& genome, const RecordLabel& label) {
          count(genome);
          if (genome.problem != EntryProblem::kNone) throw InputError(genome.message);
          coding_sequences += genome.coding_sequences;
          translations += genome.translations.size();
          ++report_.inputs[genome.file].labelled;
          if (genome.is_annotated && genome.translations.empty()) ++without_translation;
          add_record(genome, label, finder.find(genome, counts));
        },
        [&](const Genome& genome) {
          count(genome);
          count_problem(genome);
        });
    for (const KnownFile& file : reader.files()) {
      report_.inputs[files_.size()].content = file.content;
      files_.emplace_back(file);
    }
    report_.chunks = counts.chunks;
    report_.with_unknown = counts.with_unknown;
    report_.without_frame = counts.without_frame;
    const LeftOut left_out = lookup.left_out();
    report_.unlabelled_records = left_out.unlabelled_records;
    report_.unused_labels = left_out.unused_labels;
    log_problems();
    if (left_out.unused_labels == table_.labels.size()) {
      throw InputError(
          fmt::format("{}: none of the {} of the input is in this table of labels; its ids must be "
                      "those of the records (of GenBank: accession.version).{}",
                      request_.labels, counted(report_.unlabelled_records, "record"),
                      near_label_hint(left_out)));
    }
    warn_of_what_is_left_out(left_out, "the input does not have", log_);
    if (translations < coding_sequences) {
      log_.info(
          "{} of {} CDS of labelled GenBank records {} no translation (pseudogenes, for "
          "example); frames within them do not count",
          coding_sequences - translations, coding_sequences,
          coding_sequences - translations == 1 ? "has" : "have");
    }
    if (without_translation > 0) {
      log_.warning(
          "{} no CDS with a translation, so none of the frames in there counts; to "
          "take all stop-free frames, give such records as FASTA",
          counted(without_translation, "GenBank record has", "GenBank records have"));
    }
  }

  /// Counts problems of records without a label, which it does no harm to leave out.
  void count_problem(const Genome& genome) {
    DatasetProblems& problems = report_.problems;
    if (genome.problem == EntryProblem::kNone) return;
    if (genome.problem == EntryProblem::kNoBases) ++problems.without_bases;
    if (genome.problem == EntryProblem::kProtein) ++problems.proteins;
    if (genome.problem == EntryProblem::kDamaged) ++problems.damaged;
    if (first_problem_.empty()) first_problem_ = genome.message;
  }

  void log_problems() const {
    const DatasetProblems& problems = report_.problems;
    if (first_problem_.empty()) return;
    log_.warning(
        "of the records without a label {} have no bases, {} are proteins and {} are damaged; the "
        "first is {}",
        problems.without_bases, problems.proteins, problems.damaged, first_problem_);
  }

  void add_record(const Genome& genome, const RecordLabel& label,
                  const std::vector<FoundFragment>& fragments) {
    const auto number = static_cast<std::uint32_t>(records_.size());
    records_.push_back({label, Split::kTrain});
    if (!genome.organism.empty()) organisms_[genome.organism].insert(label.species);
    const auto [known, is_new] = species_of_source_.try_emplace(label.source, label.species);
    if (known->second != label.species) {
      throw InputError(fmt::format(
          "{}: the source '{}' has two species, '{}' and '{}'; a genome is of one.",
          request_.labels, shown_id(table_.source_names[label.source]),
          shown_id(table_.species[known->second]), shown_id(table_.species[label.species])));
    }
    for (const FoundFragment& fragment : fragments) {
      check(fragment.chunk.index <= std::numeric_limits<std::uint32_t>::max(),
            "a record of too many chunks");
      candidates_.push_back({fragment.hash, number,
                             static_cast<std::uint32_t>(fragment.chunk.index), fragment.frames});
    }
    if (fragments.empty()) return;
    const auto [group, is_first] = group_of_species_.try_emplace(label.species, label.group);
    if (!is_first) group->second = std::min(group->second, label.group);
  }

  /// Every record goes to the split of its species. Only species with fragments count.
  void split() {
    std::vector<SplitSpecies> species;
    std::vector<std::uint32_t> numbers;
    for (const auto& [number, group] : group_of_species_) {
      species.push_back({table_.species[number], group});
      numbers.push_back(number);
    }
    const std::vector<Split> splits =
        split_species(species, request_.rule.shares, request_.rule.seed);
    std::map<std::uint32_t, Split> split_of_species;
    for (std::size_t i = 0; i < numbers.size(); ++i) split_of_species[numbers[i]] = splits[i];
    for (LabelledRecord& record : records_) {
      const auto found = split_of_species.find(record.label.species);
      if (found != split_of_species.end()) record.split = found->second;
    }
    warn_of_shared_organisms(split_of_species);
  }

  void warn_of_shared_organisms(const std::map<std::uint32_t, Split>& split_of_species) const {
    for (const auto& [organism, species] : organisms_) {
      std::set<Split> splits;
      for (const std::uint32_t number : species) {
        const auto found = split_of_species.find(number);
        if (found != split_of_species.end()) splits.insert(found->second);
      }
      if (splits.size() < 2) continue;
      log_.warning(
          "'{}' is in more than one split: its records have different species or sources in {}; "
          "give them one species",
          shown_id(organism), request_.labels);
    }
  }

  void describe_selection() {
    report_.leaks = selection_.leaks;
    report_.repeats = selection_.repeats;
    std::array<std::map<std::uint32_t, std::set<std::uint32_t>>, kSplits> group_sources;
    std::array<std::map<std::uint32_t, std::set<std::uint32_t>>, kSplits> group_species;
    std::array<std::map<std::uint32_t, std::uint64_t>, kSplits> source_fragments;
    for (const std::size_t index : selection_.taken) {
      const LabelledRecord& record = records_[candidates_[index].record];
      const auto split = static_cast<std::size_t>(record.split);
      group_sources[split][record.label.group].insert(record.label.source);
      group_species[split][record.label.group].insert(record.label.species);
      ++source_fragments[split][record.label.source];
    }
    for (std::size_t i = 0; i < kSplits; ++i) {
      DatasetSplit& split = report_.splits.emplace_back();
      split.name = split_name(static_cast<Split>(i));
      split.fragments_per_class = selection_.splits[i].per_class;
      for (const GroupSelection& group : selection_.splits[i].groups) {
        split.groups.push_back(
            {table_.groups[group.group], group.is_virus, group_species[i][group.group].size(),
             group_sources[i][group.group].size(), group.available, group.taken});
      }
      for (const auto& [source, fragments] : source_fragments[i]) {
        split.sources.push_back({table_.source_names[source],
                                 table_.species[species_of_source_.at(source)], fragments});
      }
    }
  }

  void write() {
    DatasetFiles files(request_.output, request_.frames.choice != FrameChoice::kOpen);
    std::size_t next = 0;  // index into selection_.taken, in input order
    std::uint32_t number = 0;
    std::string upper;
    bool is_same = true;
    GenomeReader reader(request_.genomes, Log(), stop_);  // without a log: all was logged before
    reader.expect(files_);
    std::uint64_t records = 0;
    for (const DatasetInput& input : report_.inputs) records += input.records;
    read(
        reader, WorkStep(progress_, "writing fragments", "record", records),
        [&](const Genome& genome, const RecordLabel& label) {
          const ChunkRange chunks(0, genome.bases.size(), request_.expected_length);
          for (; is_same && next < selection_.taken.size(); ++next) {
            const Candidate& candidate = candidates_[selection_.taken[next]];
            if (candidate.record != number) break;
            is_same = candidate.chunk < chunks.size();
            if (!is_same) break;  // the reader reports this at the end of the file
            const Chunk chunk = chunks[candidate.chunk];
            const std::string_view bases = genome.bases;
            is_same = plain_bases(bases.substr(chunk.start, chunk.end - chunk.start), upper) &&
                      strand_free_hash(upper) == candidate.hash;
            if (is_same) write_fragment(files, genome, label, chunk, upper, candidate);
          }
          ++number;
        },
        [](const Genome&) {});
    check(is_same && next == selection_.taken.size(), "equal files gave {} of {} fragments", next,
          selection_.taken.size());
    files.publish(report_);
  }

  void write_fragment(DatasetFiles& files, const Genome& genome, const RecordLabel& label,
                      const Chunk& chunk, std::string_view bases, const Candidate& candidate) {
    const Split split = records_[candidate.record].split;
    find_orfs(bases, request_.frames, orfs_);
    std::vector<CountedFrame> frames;
    for (const Orf& orf : orfs_.orfs()) {
      if (!candidate.frames.contains(orf.frame)) continue;
      frames.push_back({frame_name(orf.frame), orf.start, orf.end, orf.is_run});
    }
    files.fragment({.split = static_cast<std::size_t>(split),
                    .split_name = split_name(split),
                    .record = genome.id,
                    .start = chunk.start,
                    .end = chunk.end,
                    .bases = bases,
                    .is_virus = label.is_virus,
                    .group = table_.groups[label.group],
                    .source = table_.source_names[label.source],
                    .species = table_.species[label.species],
                    .frames = frames});
  }

  const DatasetRequest& request_;
  const Log& log_;
  const std::stop_token& stop_;
  const WorkProgress& progress_;
  const LabelTable table_;
  std::vector<std::optional<KnownFile>> files_;  // as they were read first
  std::vector<LabelledRecord> records_;
  std::vector<Candidate> candidates_;
  std::unordered_map<std::uint32_t, std::uint32_t> species_of_source_;
  std::map<std::uint32_t, std::uint32_t> group_of_species_;   // species with a fragment
  std::map<std::string, std::set<std::uint32_t>> organisms_;  // their species
  std::string first_problem_;
  Selection selection_;
  OrfBuffer orfs_;
  DatasetReport report_;
};

}  // namespace

DatasetReport make_dataset(const DatasetRequest& request, const Log& log,
                           const std::stop_token& stop, const WorkProgress& progress) {
  require_files(request.genomes);
  return DatasetBuilder(request, log, stop, progress).build();
}

}  // namespace virnucpro
