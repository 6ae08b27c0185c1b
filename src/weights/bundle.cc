#include "weights/bundle.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/as_text.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/mapped_file.h"
#include "base/output_file.h"
#include "base/path_kind.h"
#include "base/sha256.h"
#include "base/stop.h"
#include "weights/bundle_card.h"
#include "weights/display_name.h"
#include "weights/json_reader.h"
#include "weights/safetensors.h"

namespace virnucpro {
namespace {

/// Hashing this much takes at most 0.05 s; hashing 6 GB would take longer than a short run.
constexpr std::size_t kAlwaysHashed = std::size_t{16} << 20;
/// System calls cost nothing beside reading so much.
constexpr std::size_t kPiece = std::size_t{1} << 20;

}  // namespace

Bundle Bundle::open(const std::string& folder) {
  const std::string problem = no_folder(folder, "an embedded bundle or the folder of a bundle");
  if (!problem.empty()) throw ModelError(problem);
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::path(folder) / kBundleCard, error) && !error) {
    throw ModelError(
        fmt::format("{}: there is no {} in this folder; expected the folder of a bundle.", folder,
                    kBundleCard));
  }
  Bundle bundle;
  bundle.folder_ = folder;
  bundle.origin_ = folder;
  bundle.read_card();
  return bundle;
}

Bundle Bundle::from_memory(std::map<std::string, std::span<const std::byte>> files,
                           std::shared_ptr<const void> owner) {
  Bundle bundle;
  bundle.origin_ = "embedded bundle";
  bundle.files_ =
      std::make_shared<const std::map<std::string, std::span<const std::byte>>>(std::move(files));
  bundle.owner_ = std::move(owner);
  bundle.read_card();
  bundle.origin_ = fmt::format("bundle {}", display_name(bundle.info_->name));
  return bundle;
}

void Bundle::read_card() {
  const File card = file(kBundleCard);
  info_ = std::make_shared<const BundleInfo>(
      parse_bundle_card(as_text(card.bytes), origin_ + "/" + kBundleCard));
}

Bundle::File Bundle::file(const std::string& name) const {
  if (files_ == nullptr) {
    const auto mapped = MappedFile::open((std::filesystem::path(folder_) / name).string());
    return {mapped->bytes(), mapped, mapped->file()};
  }
  const auto place = files_->find(name);
  if (place == files_->end()) {
    throw ModelError(fmt::format("{}: file {} is missing", origin_, display_name(name)));
  }
  return {place->second, owner_, nullptr};
}

Bundle::File Bundle::part(const BundlePart& part) const {
  File result = file(part.file);
  if (is_checked_at_once(result)) check_hash(part, result);
  return result;
}

bool Bundle::is_checked_at_once(const File& file) {
  return file.file == nullptr || file.bytes.size() <= kAlwaysHashed;
}

void Bundle::check_hash(const BundlePart& part, const File& file,
                        const std::stop_token& stop) const {
  read(
      part, file, [](std::span<const std::byte>) {}, stop);
}

void Bundle::copy_part(const BundlePart& part, const std::string& path,
                       const std::stop_token& stop) const {
  OutputFile copy(path);
  read_part(
      part, [&](std::span<const std::byte> piece) { copy.write(piece); }, stop);
  copy.commit();
}

void Bundle::read_part(const BundlePart& part, const TakePiece& take,
                       const std::stop_token& stop) const {
  const File whole = file(part.file);
  read(part, whole, take, stop);
  if (whole.file != nullptr) require_unchanged(std::array{UsedFile{part.file, whole.file, {}}});
}

/// Files are read by their descriptor: pages that were only mapped stay out of memory.
void Bundle::read(const BundlePart& part, const File& file, const TakePiece& take,
                  const std::stop_token& stop) const {
  Sha256 hash;
  const auto take_piece = [&](std::span<const std::byte> piece) {
    hash.update(piece);
    take(piece);
  };
  if (file.file == nullptr) {
    take_piece(file.bytes);
  } else {
    std::vector<std::byte> buffer(kPiece);
    std::uint64_t done = 0;
    for (std::size_t size = 0; (size = file.file->read(buffer, done)) > 0; done += size) {
      throw_if_stopped(stop);
      take_piece(std::span(buffer).first(size));
    }
  }
  const std::string found = hash.finish();
  if (found != part.sha256) fail_other_content(origin_, part.file, found, part.sha256);
}

TensorSource Bundle::tensors(const BundlePart& part_info) const {
  const File bytes = part(part_info);
  TensorSource source = read_safetensors(bytes.bytes, bytes.owner, origin_ + "/" + part_info.file);
  source.add_file({part_info.file, bytes.file, part_info.sha256,
                   /*is_claimed=*/!is_checked_at_once(bytes)});
  return source;
}

std::vector<std::int64_t> Bundle::expected_lengths() const {
  std::vector<std::int64_t> lengths;
  for (const BundleClassifier& classifier : info_->classifiers) {
    lengths.push_back(classifier.expected_length);
  }
  return lengths;
}

std::string Bundle::tokenizer_json() const {
  const std::string text(as_text(file(info_->tokenizer.file).bytes));
  const std::string found = sha256_text(text);
  if (found != info_->tokenizer.sha256) {
    fail_other_content(origin_, info_->tokenizer.file, found, info_->tokenizer.sha256);
  }
  return text;
}

DnabertSWeights Bundle::dnabert_s() const {
  return make_dnabert_s_weights(info_->dnabert_s_config, tensors(info_->dnabert_s),
                                tokenizer_json());
}

Esm2Weights Bundle::esm2() const {
  return make_esm2_weights(info_->esm2_config, tensors(info_->esm2));
}

ClassifierWeights Bundle::classifier(std::int64_t expected_length) const {
  const auto place =
      std::ranges::find(info_->classifiers, expected_length, &BundleClassifier::expected_length);
  if (place == info_->classifiers.end()) {
    throw ModelError(fmt::format("{}: no classifier for the expected length {}, there is {}",
                                 origin_, expected_length, fmt::join(expected_lengths(), ", ")));
  }
  ClassifierWeights weights = make_classifier_weights(tensors(place->part), place->batch_norm_eps);
  const std::int64_t width = info_->dnabert_s_config.hidden_size + info_->esm2_config.embed_dim;
  if (weights.input_dim != place->input_dim || weights.hidden_dim != place->hidden_dim ||
      weights.input_dim != width) {
    throw ModelError(fmt::format(
        "{}: part {} takes {} inputs to {} hidden values; bundle.json says {} to {}, and the "
        "encoders give {}",
        origin_, display_name(place->part.file), weights.input_dim, weights.hidden_dim,
        place->input_dim, place->hidden_dim, width));
  }
  return weights;
}

std::optional<Calibration> Bundle::calibration(std::int64_t expected_length) const {
  const auto place =
      std::ranges::find(info_->classifiers, expected_length, &BundleClassifier::expected_length);
  if (place == info_->classifiers.end()) return std::nullopt;
  return place->calibration;
}

}  // namespace virnucpro
