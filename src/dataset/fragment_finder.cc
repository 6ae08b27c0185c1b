#include "dataset/fragment_finder.h"

#include <optional>

#include "base/mix.h"
#include "dataset/translation_index.h"

namespace virnucpro {
namespace {

char complement(char base) {
  switch (base) {
    case 'A':
      return 'T';
    case 'C':
      return 'G';
    case 'G':
      return 'C';
    default:
      return 'A';
  }
}

}  // namespace

bool plain_bases(std::string_view bases, std::string& upper) {
  upper.clear();
  for (const char c : bases) {
    const char letter = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (letter != 'A' && letter != 'C' && letter != 'G' && letter != 'T') return false;
    upper += letter;
  }
  return true;
}

std::uint64_t strand_free_hash(std::string_view upper) {
  std::uint64_t forward = kHashBegin;
  std::uint64_t reverse = kHashBegin;
  for (std::size_t i = 0; i < upper.size(); ++i) {
    forward = hash_step(forward, upper[i]);
    reverse = hash_step(reverse, complement(upper[upper.size() - 1 - i]));
  }
  return mixed(forward) + mixed(reverse);  // of the pair, whichever comes first
}

const std::vector<FoundFragment>& FragmentFinder::find(const Genome& genome,
                                                       FragmentCounts& counts) {
  found_.clear();
  std::optional<TranslationIndex> translations;
  if (genome.is_annotated) translations.emplace(genome.translations);
  const std::string_view bases = genome.bases;
  for (const Chunk& chunk : ChunkRange(0, bases.size(), length_)) {
    ++counts.chunks;
    if (!plain_bases(bases.substr(chunk.start, chunk.end - chunk.start), upper_)) {
      ++counts.with_unknown;
      continue;
    }
    find_orfs(upper_, frames_, orfs_);
    FoundFragment fragment{chunk, {}, 0};
    for (const Orf& orf : orfs_.orfs()) {
      if (!translations || translations->contains(orf.protein)) fragment.frames.insert(orf.frame);
    }
    if (fragment.frames.empty()) {
      ++counts.without_frame;
      continue;
    }
    fragment.hash = strand_free_hash(upper_);
    found_.push_back(fragment);
  }
  return found_;
}

}  // namespace virnucpro
