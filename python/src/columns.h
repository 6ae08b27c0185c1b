// Columns of results, filled without the GIL, and handed to NumPy without a copy.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "virnucpro/virnucpro.h"

namespace virnucpro::python {

namespace nb = nanobind;

/// A NumPy array that owns the values. `columns` 0: one dimension. Needs the GIL.
template <typename Shown, typename Stored>
nb::object array_of(std::vector<Stored>&& values, std::size_t columns = 0) {
  static_assert(sizeof(Shown) == sizeof(Stored));
  auto owned = std::make_unique<std::vector<Stored>>(std::move(values));
  Stored* const data = owned->data();
  const std::size_t size = owned->size();
  nb::capsule owner(owned.get(),
                    [](void* p) noexcept { delete static_cast<std::vector<Stored>*>(p); });
  owned.release();
  const std::size_t shape[2] = {columns == 0 ? size : size / columns, columns};
  return nb::cast(nb::ndarray<nb::numpy, Shown>(data, columns == 0 ? 1 : 2, shape, owner));
}

/// Where each frame lies and what of it was read: the columns that all rows of frames begin with.
class FramePlaces {
 public:
  struct Place {
    std::uint64_t sequence, chunk, start, end, read_start, read_end;
    const char* frame;  ///< F1 to R3
    bool is_run;
  };
  void add(const Place& place);
  std::size_t rows() const { return frame_.size(); }
  /// Adds the arrays to `frames`; leaves the columns moved from.
  void put(nb::dict& frames);

 private:
  std::vector<std::uint64_t> sequence_, chunk_, start_, end_, read_start_, read_end_;
  std::vector<std::uint8_t> frame_, is_run_;
};

/// Rows of frames with scores, and of the sequences that have ended.
class CallColumns final : public CallReceiver {
 public:
  void chunk(const ChunkCall& call) override;
  void sequence(const SequenceCall& call) override;

  std::size_t rows() const { return places_.rows() + length_.size(); }
  /// {"frames": {name: array}, "sequences": {name: array or list of str}}; empties the columns.
  nb::dict take();

 private:
  // Of frames.
  FramePlaces places_;
  std::vector<std::uint8_t> is_virus_;
  std::vector<float> p_virus_;
  std::vector<double> p_calibrated_;
  // Of sequences.
  std::vector<std::string> id_, reason_;
  std::vector<std::uint64_t> number_, length_, chunks_, scored_chunks_, frames_, viral_chunks_;
  std::vector<double> mean_p_virus_, sequence_p_calibrated_;
  std::vector<float> max_p_virus_;
  std::vector<std::uint8_t> sequence_is_virus_, status_;
};

/// Rows of frames with both embeddings, and the sequences that have begun.
class EmbeddingColumns final : public EmbeddingReceiver {
 public:
  void sequence(std::uint64_t number, const std::string& id, std::uint64_t length) override;
  void block(const EmbeddingBlock& block) override;

  std::size_t rows() const { return places_.rows(); }
  /// {"dnabert_s": array, "esm2": array, "frames": {...}, "sequences": {...}}; empties the columns.
  nb::dict take();

 private:
  FramePlaces places_;
  std::vector<float> dnabert_s_, esm2_;
  std::size_t dnabert_s_width_ = 1, esm2_width_ = 1;
  std::vector<std::string> id_;
  std::vector<std::uint64_t> number_, length_;
};

}  // namespace virnucpro::python
