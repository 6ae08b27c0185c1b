#include "dataset/genome_reader.h"

#include <utility>

namespace virnucpro {

GenomeReader::GenomeReader(std::vector<std::string> paths, Log log)
    : paths_(std::move(paths)), log_(std::move(log)) {}

bool GenomeReader::next(Genome& genome) {
  for (;;) {
    if (next_in_file(genome)) {
      genome.file = static_cast<std::uint32_t>(next_path_ - 1);
      return true;
    }
    if (next_path_ == paths_.size()) return false;
    const std::string& path = paths_[next_path_++];
    genbank_.reset();
    sequences_.reset();
    if (begins_with(path, "LOCUS")) {
      genbank_ = std::make_unique<GenbankReader>(path);
    } else {
      sequences_ = std::make_unique<SequenceReader>(std::vector<std::string>{path}, log_);
    }
  }
}

bool GenomeReader::next_in_file(Genome& genome) {
  genome.is_annotated = genbank_ != nullptr;
  if (genbank_ && genbank_->next(entry_)) {
    genome.id = entry_.id;
    genome.organism = entry_.organism;
    genome.bases.swap(entry_.bases);
    genome.translations.swap(entry_.translations);
    return true;
  }
  if (sequences_ && sequences_->next(record_)) {
    genome.id = record_.id;
    genome.organism.clear();
    genome.bases.swap(record_.bases);
    genome.translations.clear();
    return true;
  }
  return false;
}

}  // namespace virnucpro
