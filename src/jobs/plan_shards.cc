#include "jobs/plan_shards.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/file_stamp.h"
#include "base/format.h"
#include "base/known_file.h"
#include "base/stop.h"
#include "sequence/reader.h"

namespace virnucpro {
namespace {

/// Records at which the inputs may be cut: enough for a thousand shards to be even within a
/// percent, and 12 MB.
constexpr std::size_t kMostCandidates = std::size_t{1} << 18;

/// A record before which the inputs may be cut.
struct Candidate {
  std::uint64_t ordinal = 0;
  std::uint64_t bases = 0;  ///< before it, of all inputs
  std::uint32_t file = 0;
  std::uint64_t line = 0;
  std::uint64_t text = 0;
};

/// What one reading tells.
struct Survey {
  std::vector<Candidate> candidates;
  std::vector<std::uint64_t> records;  ///< of each input
  std::vector<std::uint64_t> heads;    ///< of each: bytes of text that all pieces need
  std::vector<bool> can_be_cut;
  std::uint64_t bases = 0;
  std::uint64_t all_records = 0;
};

Survey survey_of(const std::vector<std::string>& inputs,
                 const std::vector<std::optional<KnownFile>>& known, const Log& log,
                 const std::stop_token& stop) {
  Survey survey;
  survey.records.assign(inputs.size(), 0);
  survey.heads.assign(inputs.size(), 0);
  survey.can_be_cut.assign(inputs.size(), true);
  SequenceReader reader(inputs, log, stop);
  reader.expect(known);
  std::uint64_t spacing = 0;  // bases between candidates
  std::uint64_t next = 0;
  for (Record record; reader.next(record);) {
    throw_if_stopped(stop);
    const std::optional<std::uint64_t> text = reader.text_offset();
    if (!text) survey.can_be_cut[record.file] = false;
    survey.heads[record.file] = reader.head_bytes();
    if (survey.bases >= next) {
      survey.candidates.push_back(
          {record.ordinal, survey.bases, record.file, record.line, text.value_or(0)});
      next = survey.bases + spacing;
      if (survey.candidates.size() == kMostCandidates) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < survey.candidates.size(); i += 2) {
          survey.candidates[kept++] = survey.candidates[i];
        }
        survey.candidates.resize(kept);
        spacing = std::max<std::uint64_t>(2 * spacing, 2 * survey.bases / kMostCandidates);
      }
    }
    survey.bases += record.bases.size();
    ++survey.records[record.file];
    ++survey.all_records;
  }
  return survey;
}

/// The first candidate of each shard but the first; null where no record is left for it.
std::vector<const Candidate*> cuts_of(const Survey& survey, std::uint64_t shards) {
  std::vector<const Candidate*> cuts;
  for (std::uint64_t i = 1; i < shards; ++i) {
    const auto wanted = static_cast<std::uint64_t>(
        static_cast<double>(survey.bases) * static_cast<double>(i) / static_cast<double>(shards));
    const auto found = std::ranges::lower_bound(
        survey.candidates, std::max<std::uint64_t>(wanted, 1), {}, &Candidate::bases);
    cuts.push_back(found == survey.candidates.end() ? nullptr : &*found);
  }
  return cuts;
}

/// The pieces of `input`, whose first record is `before` over all, and its head, which is the first
/// `head_bytes` of its text.
void add_pieces(PlannedInput& input, std::uint32_t file, std::uint64_t before,
                std::uint64_t head_bytes, const std::vector<const Candidate*>& cuts,
                const std::stop_token& stop) {
  std::vector<std::uint64_t> offsets = {0};
  if (head_bytes > 0) offsets.push_back(head_bytes);
  for (const Candidate* cut : cuts) {
    if (cut != nullptr && cut->file == file && cut->text > offsets.back()) {
      offsets.push_back(cut->text);
    }
  }
  const std::vector<TextCut> places = find_cuts(input.path, offsets, stop);
  const auto place_of = [&](std::uint64_t offset) -> const TextCut& {
    return places[static_cast<std::size_t>(std::ranges::lower_bound(offsets, offset) -
                                           offsets.begin())];
  };
  if (head_bytes > 0) {
    auto head = std::make_shared<TextPiece>();
    head->place = places.front().place;
    head->end = place_of(head_bytes).end_before;
    head->text_bytes = head_bytes;
    head->sha256 = hash_of_range(input.path, 0, head->end, stop);
    input.head = std::move(head);
  }
  const std::size_t shards = cuts.size() + 1;
  input.pieces.resize(shards);
  // Of each shard: its first record within the file.
  const auto first_of = [&](std::size_t shard) -> std::uint64_t {
    if (shard == 0) return 0;
    if (shard == shards || cuts[shard - 1] == nullptr) return input.records;
    const std::uint64_t ordinal = cuts[shard - 1]->ordinal;
    return ordinal <= before ? 0 : std::min(input.records, ordinal - before);
  };
  const auto cut_at = [&](std::size_t shard) -> const Candidate* {
    const std::uint64_t first = first_of(shard);
    return first == 0 || first == input.records ? nullptr : cuts[shard - 1];
  };
  for (std::size_t shard = 0; shard < shards; ++shard) {
    if (first_of(shard) == first_of(shard + 1)) continue;
    auto piece = std::make_shared<TextPiece>();
    piece->first_record = first_of(shard);
    piece->records = first_of(shard + 1) - piece->first_record;
    const Candidate* begin = cut_at(shard);
    const std::uint64_t text = begin == nullptr ? 0 : begin->text;
    piece->first_line = begin == nullptr || begin->line == 0 ? 0 : begin->line - 1;
    piece->place = place_of(text).place;
    piece->skip = text - piece->place.text;
    if (begin != nullptr) piece->head = input.head;
    const Candidate* end = cut_at(shard + 1);
    if (end != nullptr) {
      piece->end = place_of(end->text).end_before;
      piece->text_bytes = end->text - text;
    } else {
      piece->end = input.bytes;
      piece->text_bytes = kRestOfText;
    }
    piece->sha256 = hash_of_range(input.path, piece->place.begin, piece->end, stop);
    input.pieces[shard] = std::move(piece);
  }
}

}  // namespace

ShardPlanFile make_shard_plan(const std::vector<std::string>& inputs, std::uint64_t shards,
                              const Log& log, const std::stop_token& stop) {
  const std::vector<std::optional<KnownFile>> known = read_known_files(inputs, stop);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (known[i]) continue;
    throw InputError(fmt::format(
        "{}: can be read only once, and each shard reads it again; name a file", inputs[i]));
  }
  const Survey survey = survey_of(inputs, known, log, stop);
  const std::vector<const Candidate*> cuts = cuts_of(survey, shards);
  ShardPlanFile plan;
  plan.shards = shards;
  plan.first = {0};
  for (const Candidate* cut : cuts) {
    plan.first.push_back(cut == nullptr ? survey.all_records : cut->ordinal);
  }
  plan.first.push_back(survey.all_records);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    PlannedInput& input = plan.inputs.emplace_back();
    input.path = inputs[i];
    input.bytes = known[i]->content.bytes;
    input.sha256 = known[i]->content.sha256;
    input.records = survey.records[i];
    if (survey.can_be_cut[i] && input.records > 0) {
      add_pieces(input, static_cast<std::uint32_t>(i), before, survey.heads[i], cuts, stop);
      require_unchanged(inputs[i], *known[i], stop);
    } else if (input.records > 0) {
      log.warning("{}: cannot be picked up in the middle; each shard reads all of it", inputs[i]);
    }
    before += input.records;
  }
  return plan;
}

ShardPlanFile read_shard_plan(const std::string& path, const std::vector<std::string>& inputs,
                              std::uint64_t number) {
  std::ifstream file(path, std::ios::binary);
  file.peek();
  if (!file) {
    throw InputError(fmt::format("{}: cannot be read. Check the path and its permissions.", path));
  }
  ShardPlanFile plan = read_shard_plan(file, number, path);
  if (plan.inputs.size() == inputs.size()) return plan;
  throw ConfigError(
      fmt::format("{}: is a plan for {}, and {} given. Name the same files in the same order.",
                  path, counted(plan.inputs.size(), "input"), counted(inputs.size(), "is", "are")));
}

std::vector<std::optional<KnownFile>> known_inputs_of(const ShardPlanFile& plan,
                                                      const std::vector<std::string>& inputs,
                                                      std::uint64_t number,
                                                      const std::stop_token& stop) {
  const std::vector<InputShare> shares = plan.shares_of(number);
  std::vector<std::optional<KnownFile>> known;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const PlannedInput& input = plan.inputs[i];
    const auto refuse = [&](const std::string& problem) {
      throw InputError(fmt::format(
          "{}: is not the file that the plan of shards was made for ({}): {}. Put it back, or make "
          "a new plan and compute all shards again.",
          inputs[i], input.path, problem));
    };
    const std::optional<FileStamp> stamp = stamp_of(inputs[i]);
    if (!stamp) refuse("it is no regular file");
    if (stamp->bytes != input.bytes) {
      refuse(fmt::format("it has {} bytes, expected {}", stamp->bytes, input.bytes));
    }
    const auto require_planned = [&](const TextPiece& piece) {
      if (hash_of_range(inputs[i], piece.place.begin, piece.end, stop) != piece.sha256) {
        refuse(fmt::format("its bytes from {} to {} differ", piece.place.begin, piece.end));
      }
    };
    const TextPiece* piece = shares[i].piece.get();
    if (piece != nullptr) {
      if (piece->head) require_planned(*piece->head);
      require_planned(*piece);
    } else if (!shares[i].is_left_out) {
      const std::optional<KnownFile> now = read_known_file(inputs[i], stop);
      if (!now || now->content.sha256 != input.sha256) refuse("its bytes differ");
    }
    known.push_back(KnownFile{{input.sha256, input.bytes}, *stamp});
  }
  return known;
}

}  // namespace virnucpro
