// A model bundle: one folder (or embedded files) with both encoders, tokenizer and classifiers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/work_progress.h"
#include "calls/calibration.h"
#include "sequence/frames.h"
#include "tensor/precision.h"
#include "weights/classifier_weights.h"
#include "weights/dnabert_s_weights.h"
#include "weights/esm2_weights.h"
#include "weights/measured_accuracy.h"

namespace virnucpro {

/// The name of the card inside a bundle.
inline constexpr const char* kBundleCard = "bundle.json";

/// One file of a bundle. `sha256` is 64 lower-case hexadecimal digits.
struct BundlePart {
  std::string file;
  std::string sha256;
};

/// A classifier and the chunk length it was trained for.
struct BundleClassifier {
  std::int64_t expected_length = 0;
  BundlePart part;
  std::int64_t input_dim = 0;
  std::int64_t hidden_dim = 0;
  double batch_norm_eps = 1e-5;
  std::optional<Calibration> calibration;
};

/// What bundle.json says.
struct BundleInfo {
  std::string name;
  std::string version;
  std::string description;
  std::string license;
  /// Free text; JSON text where the card holds an object.
  std::string training_data;
  BundlePart tokenizer;
  BundlePart dnabert_s;
  DnabertSConfig dnabert_s_config;
  BundlePart esm2;
  Esm2Config esm2_config;
  /// By rising expected length.
  std::vector<BundleClassifier> classifiers;
  /// int8 or fp8, where the dense layers of both encoders are stored so; absent: float16.
  std::optional<Precision> stored_as;
  /// By precision and expected length, on the device where they were measured; may be empty.
  std::vector<MeasuredAccuracy> accuracy;
  /// What the classifiers were trained to read, and so what a run reads unless it is told
  /// otherwise. Of the standard genetic code.
  FrameRule frames;
  /// JSON text of the object "metrics"; "{}" when there is none.
  std::string metrics_json = "{}";
  /// JSON text of an object with the keys of the card that this version does not know.
  std::string extra_json = "{}";
};

/// An opened bundle. Parts are mapped when asked for. Those of up to 16 MiB are then compared with
/// their SHA-256; for larger ones it counts as claimed until ContentHashes completes the files of
/// their tensors. Copies share the files. Thread-safe; what it hands out is not. Every function
/// throws ModelError naming bundle, file and key or tensor.
class Bundle {
 public:
  static Bundle open(const std::string& folder);
  /// `files` maps names (bundle.json among them) to bytes that `owner` keeps alive (null: static).
  static Bundle from_memory(std::map<std::string, std::span<const std::byte>> files,
                            std::shared_ptr<const void> owner = nullptr);

  const BundleInfo& info() const { return *info_; }
  /// "bundle 'mini'" or the folder: the bundle's name in messages.
  const std::string& origin() const { return origin_; }
  std::vector<std::int64_t> expected_lengths() const;

  std::string tokenizer_json() const;
  DnabertSWeights dnabert_s() const;
  Esm2Weights esm2() const;
  /// Throws ModelError listing the lengths there are when the bundle has none for this one.
  ClassifierWeights classifier(std::int64_t expected_length) const;

  /// Writes the bytes of a part of info() to the file `path`, after comparing them with their
  /// SHA-256 whatever their size. Throws OutputError and Interrupted, too.
  void copy_part(const BundlePart& part, const std::string& path,
                 const std::stop_token& stop = {}) const;
  /// Gives the bytes of a part to `take`, piece by piece, then compares them with their SHA-256
  /// whatever their size. No more of the part than a piece is in memory. Throws Interrupted, too.
  using TakePiece = std::function<void(std::span<const std::byte> piece)>;
  void read_part(const BundlePart& part, const TakePiece& take,
                 const std::stop_token& stop = {}) const;
  /// The bytes of a part.
  std::uint64_t part_size(const BundlePart& part) const { return file(part.file).bytes.size(); }

  /// The calibration of the classifier for this length; absent where there is none of either.
  std::optional<Calibration> calibration(std::int64_t expected_length) const;

  /// Writes this bundle's parts, and a card for `info`, which must name the same parts. The folder
  /// appears whole or not at all. An existing one is replaced only with `force`, and never when it
  /// is not a bundle. ConfigError for such a folder, OutputError, Interrupted.
  void save(const BundleInfo& info, const std::string& folder, bool force,
            const std::stop_token& stop = {}) const;

  /// Recomputes every SHA-256, opens every part and looks for weights that are not finite. Returns
  /// one line per problem; empty: all is well. Throws Interrupted.
  std::vector<std::string> problems(const WorkProgress& progress = {},
                                    const std::stop_token& stop = {}) const;

 private:
  struct File {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
    std::shared_ptr<const OpenFile> file;  // null: in memory
  };
  Bundle() = default;
  File file(const std::string& name) const;
  File part(const BundlePart& part) const;
  static bool is_checked_at_once(const File& file);
  void check_hash(const BundlePart& part, const File& file, const std::stop_token& stop = {}) const;
  void read(const BundlePart& part, const File& file, const TakePiece& take,
            const std::stop_token& stop) const;
  TensorSource tensors(const BundlePart& part) const;
  void read_card();

  std::string origin_;
  std::string folder_;
  std::shared_ptr<const std::map<std::string, std::span<const std::byte>>> files_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const BundleInfo> info_;
};

/// What `models import` was asked for.
struct BundleImport {
  struct Classifier {
    std::int64_t expected_length = 0;
    std::string path;
  };
  std::string dnabert_folder;
  std::string esm2_path;
  std::vector<Classifier> classifiers;
  std::string output_folder;
  std::string name;
  std::string version = "1";
  std::string description;
  std::string license;
  std::string training_data;
  /// JSON text of an object.
  std::string metrics_json = "{}";
  /// JSON text of an object with more keys of the card.
  std::string extra_json = "{}";
  /// Replaces an existing bundle. A folder that is not a bundle is never replaced.
  bool force = false;
};

/// Makes a bundle: encoders as float16, classifiers as float32. The folder appears whole, and
/// checked as by problems(), or not at all. ModelError for parts that do not fit together and for
/// values beyond float16; ConfigError for unusable options; OutputError when it cannot be written
/// or is another one when it is read back; Interrupted.
BundleInfo import_bundle(const BundleImport& options, const WorkProgress& progress = {},
                         const std::stop_token& stop = {});

/// A classifier fitted to the embeddings of another bundle, and what the new card says.
struct BundleDerivation {
  std::string output_folder;
  bool force = false;  ///< as in BundleImport
  std::string name;
  std::string version = "1";
  std::string description;
  /// Free text, or JSON text of an object.
  std::string training_data;
  /// JSON text of an object.
  std::string metrics_json = "{}";
  std::int64_t expected_length = 0;
  std::int64_t input_dim = 0;
  std::int64_t hidden_dim = 0;
  double batch_norm_eps = 1e-5;
  /// What the classifier was trained to read.
  FrameRule frames;
  /// The tensors that ClassifierWeights lists, as float32.
  std::map<std::string, HostTensor> tensors;
  /// Texts of further files in the bundle's folder, by file name.
  std::map<std::string, std::string> more_files;
};

/// Throws ConfigError when derive_bundle() could not write to this folder.
void require_free_bundle_folder(const std::string& folder, bool force);

/// Makes a bundle of the base's tokenizer, encoders and licence, its classifiers of other lengths,
/// and the new one. Equal inputs give equal bytes. The folder appears whole or not at all. Throws
/// ModelError for a damaged base, ConfigError as above, OutputError, Interrupted.
BundleInfo derive_bundle(const Bundle& base, const BundleDerivation& options,
                         const std::stop_token& stop = {});

/// For each dense layer of the two encoders the columns that int8 keeps in float16, in the order of
/// the forward pass; empty for fp8.
struct BundleColumns {
  std::vector<std::vector<std::int32_t>> dnabert_s;
  std::vector<std::vector<std::int32_t>> esm2;
};

/// Writes the bundle with its dense layers in 8 bits, int8 or fp8, as they are made when it is
/// loaded in that precision. One tensor at a time is in memory. ModelError for a bundle that is
/// stored in 8 bits already; ConfigError, OutputError and Interrupted as above.
BundleInfo quantize_bundle(const Bundle& base, Precision precision, const BundleColumns& columns,
                           const std::string& folder, bool force, const WorkProgress& progress = {},
                           const std::stop_token& stop = {});

/// SHA-256 of the encoders' settings on the card: results depend on them as they do on the weights.
std::string encoder_settings_sha256(const BundleInfo& info);
/// The same for the settings of a classifier; empty where all of them are the usual ones.
std::string classifier_settings_sha256(const BundleClassifier& classifier);

/// Bundle::problems() of a folder; an unreadable card is one of them. Never throws a ModelError.
std::vector<std::string> verify_bundle(const std::string& folder, const WorkProgress& progress = {},
                                       const std::stop_token& stop = {});
/// Throws ModelError, naming `base`, of which the new bundle in `folder` was made, unless
/// verify_bundle() finds nothing.
void require_sound(const std::string& folder, const Bundle& base, const std::stop_token& stop);

}  // namespace virnucpro
