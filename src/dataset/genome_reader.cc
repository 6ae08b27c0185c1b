#include "dataset/genome_reader.h"

#include <string_view>
#include <utility>

#include "base/check.h"
#include "sequence/input_file.h"
#include "sequence/other_formats.h"
#include "sequence/text_input.h"

namespace virnucpro {
namespace {

bool is_genbank(const std::string& path, const std::stop_token& stop) {
  InputFile file = open_input(path, {stop, std::nullopt});
  if (file.format != InputFormat::kText) return false;
  // Without a log: its warnings come when the file is read.
  const TextInput text(std::move(file), "GenBank, FASTA, FASTQ, SAM, BAM or CRAM", {});
  const std::string_view head = text.head();
  const std::size_t first = head.find_first_not_of(" \t\n\r");
  return first != std::string_view::npos && head[first] != '>' && head[first] != '@' &&
         looks_like_genbank(head);
}

}  // namespace

GenomeReader::GenomeReader(std::vector<std::string> paths, Log log, std::stop_token stop)
    : paths_(std::move(paths)), log_(std::move(log)), stop_(std::move(stop)) {}

void GenomeReader::expect(std::vector<std::optional<KnownFile>> known) {
  check(known.size() == paths_.size() && next_path_ == 0, "{} known files of {}", known.size(),
        paths_.size());
  known_ = std::move(known);
}

bool GenomeReader::next(Genome& genome) {
  for (;;) {
    if (next_in_file(genome)) {
      genome.file = static_cast<std::uint32_t>(next_path_ - 1);
      return true;
    }
    close();
    if (next_path_ == paths_.size()) return false;
    open_next();
  }
}

void GenomeReader::open_next() {
  const std::string& path = paths_[next_path_];
  std::optional<KnownFile> known;
  if (!known_.empty()) known = known_[next_path_];
  ++next_path_;
  if (is_genbank(path, stop_)) {
    genbank_ = std::make_unique<GenbankReader>(path, log_, InputTerms{stop_, std::move(known)});
  } else {
    sequences_ = std::make_unique<SequenceReader>(std::vector<std::string>{path}, log_, stop_);
    sequences_->expect({std::move(known)});
  }
}

void GenomeReader::close() {
  if (genbank_) files_.push_back(genbank_->file());
  if (sequences_) files_.push_back(sequences_->files().front());
  genbank_.reset();
  sequences_.reset();
}

bool GenomeReader::next_in_file(Genome& genome) {
  genome.is_annotated = genbank_ != nullptr;
  if (genbank_ && genbank_->next(entry_)) {
    genome.id = entry_.id;
    genome.organism = entry_.organism;
    genome.bases.swap(entry_.bases);
    genome.translations.swap(entry_.translations);
    genome.coding_sequences = entry_.coding_sequences;
    genome.problem = entry_.problem;
    genome.message = entry_.message;
    return true;
  }
  if (sequences_ && sequences_->next(record_)) {
    genome.id = record_.id;
    genome.organism.clear();
    genome.bases.swap(record_.bases);
    genome.translations.clear();
    genome.coding_sequences = 0;
    genome.problem = EntryProblem::kNone;
    genome.message.clear();
    return true;
  }
  return false;
}

}  // namespace virnucpro
