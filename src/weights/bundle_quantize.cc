// `models convert`: a bundle whose dense layers are stored in 8 bits.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"
#include "base/stop.h"
#include "base/work_progress.h"
#include "tensor/kept_columns.h"
#include "tensor/quantize.h"
#include "weights/bundle.h"
#include "weights/bundle_card.h"
#include "weights/bundle_folder.h"
#include "weights/quantized_tensors.h"
#include "weights/safetensors.h"

namespace virnucpro {
namespace {

using Columns = std::vector<std::vector<std::int32_t>>;

/// What a weight becomes. Tensors are written by the size of their elements, so that scales,
/// columns and kept weights of all layers come before the first values: those few are remembered.
class Rounded {
 public:
  Rounded(TensorSource& source, DataType type) : source_(source), type_(type) {}

  /// Rounds the weight, keeps the small tensors, and returns the values.
  HostTensor values(const std::string& name, const Shape& shape,
                    const std::vector<std::int32_t>& columns) {
    // Kept by the source until now, since it hands each tensor out once.
    HostTensor weight = weights_.contains(name) ? weights_.at(name) : source_.take(name, shape);
    SplitColumns split{weight, {}};
    if (!columns.empty()) split = split_columns(weight, columns);
    QuantizedRows rows = quantize_rows(split.rest, type_);
    weights_.insert_or_assign(name, std::move(weight));
    scales_[name] = make_float_tensor({shape[0]}, rows.scales);
    kept_[name] = split.kept;
    return rows.values;
  }
  HostTensor scales(const std::string& name, const Shape& shape,
                    const std::vector<std::int32_t>& columns) {
    if (!scales_.contains(name)) values(name, shape, columns);
    return scales_.at(name);
  }
  HostTensor kept(const std::string& name, const Shape& shape,
                  const std::vector<std::int32_t>& columns) {
    if (!kept_.contains(name)) values(name, shape, columns);
    return kept_.at(name);
  }
  /// The weight is not needed again.
  void forget(const std::string& name) { weights_.erase(name); }

 private:
  TensorSource& source_;
  const DataType type_;
  std::map<std::string, HostTensor> weights_;  // in the mapped file
  std::map<std::string, HostTensor> scales_;
  std::map<std::string, HostTensor> kept_;
};

HostTensor column_tensor(const std::vector<std::int32_t>& columns) {
  const auto values = std::make_shared<std::vector<std::int32_t>>(columns);
  return {DataType::kInt32, Shape{static_cast<std::int64_t>(columns.size())},
          reinterpret_cast<const std::byte*>(values->data()), values};
}

void write_rounded(TensorSource& source, const DenseWeights& dense, const Columns& columns,
                   DataType type, const std::string& path, WorkStep& step,
                   const std::stop_token& stop) {
  const std::vector<std::int32_t> none;
  const std::map<std::string, std::size_t> numbers(dense.begin(), dense.end());
  Rounded rounded(source, type);
  std::vector<TensorToWrite> list;
  for (const std::string& name : source.names()) {
    const Shape shape = source.shape(name);
    const auto number = numbers.find(name);
    if (number == numbers.end()) {  // tables, norms and biases stay as they are
      list.push_back({name, DataType::kFloat16, shape, [&source, &step, &stop, name, shape] {
                        throw_if_stopped(stop);
                        step.add();
                        return convert(source.take(name, shape), DataType::kFloat16);
                      }});
      continue;
    }
    const std::vector<std::int32_t>& kept = columns.empty() ? none : columns.at(number->second);
    list.push_back({name, type, shape, [&rounded, &kept, &step, &stop, name, shape] {
                      throw_if_stopped(stop);
                      step.add();
                      HostTensor values = rounded.values(name, shape, kept);
                      rounded.forget(name);
                      return values;
                    }});
    list.push_back({name + ".scales", DataType::kFloat32, Shape{shape[0]},
                    [&rounded, &kept, &step, &stop, name, shape] {
                      throw_if_stopped(stop);
                      step.add();
                      return rounded.scales(name, shape, kept);
                    }});
    if (kept.empty()) continue;
    const auto count = static_cast<std::int64_t>(kept.size());
    list.push_back({name + ".columns", DataType::kInt32, Shape{count},
                    [&kept] { return column_tensor(kept); }});
    list.push_back({name + ".kept", DataType::kFloat16, Shape{shape[0], count},
                    [&rounded, &kept, name, shape] { return rounded.kept(name, shape, kept); }});
  }
  write_safetensors(path, list);
}

}  // namespace

BundleInfo quantize_bundle(const Bundle& base, Precision precision, const BundleColumns& columns,
                           const std::string& folder_name, bool force, const WorkProgress& progress,
                           const std::stop_token& stop) {
  check(precision == Precision::kInt8 || precision == Precision::kFp8, "a bundle stored as {}",
        name_of(precision));
  if (base.info().stored_as) {
    throw ModelError(
        fmt::format("{} is stored as {} already; convert the bundle that it was made of",
                    base.origin(), name_of(*base.info().stored_as)));
  }
  const BundleTarget target(folder_name, force, /*keeps_others=*/true);
  BundleFolder folder(target);
  BundleInfo info = base.info();
  info.stored_as = precision;
  // Figures of other precisions are those of other weights now.
  std::erase_if(info.accuracy,
                [&](const MeasuredAccuracy& accuracy) { return accuracy.precision != precision; });
  std::vector<BundlePart*> copied = {&info.tokenizer};
  for (BundleClassifier& classifier : info.classifiers) copied.push_back(&classifier.part);
  for (const BundlePart* part : copied) base.copy_part(*part, folder.file(part->file), stop);
  const DataType type = linear_type(precision);
  DnabertSWeights dnabert_s = base.dnabert_s();
  Esm2Weights esm2 = base.esm2();
  const DenseWeights dna_dense = dense_weights(dnabert_s.config);
  const DenseWeights esm_dense = dense_weights(esm2.config);
  // Dense weights count twice: for their scales and for their values.
  WorkStep step(progress, "converting", "tensor",
                dnabert_s.tensors.names().size() + dna_dense.size() + esm2.tensors.names().size() +
                    esm_dense.size());
  write_rounded(dnabert_s.tensors, dna_dense, columns.dnabert_s, type,
                folder.file(info.dnabert_s.file), step, stop);
  write_rounded(esm2.tensors, esm_dense, columns.esm2, type, folder.file(info.esm2.file), step,
                stop);
  for (BundlePart* part : {&info.dnabert_s, &info.esm2}) {
    part->sha256 = sha256_file(folder.file(part->file), stop);
  }
  folder.write(kBundleCard, format_bundle_card(info));
  require_sound(folder.file(""), base, stop);
  folder.publish();
  return info;
}

}  // namespace virnucpro
