#include "backend/cpu/matmul_ceiling.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "backend/cpu/host_memory.h"
#include "backend/cpu/linear_onednn.h"
#include "backend/cpu/single_thread_openmp.h"
#include "base/check.h"
#include "base/stop.h"
#include "base/stopwatch.h"
#include "base/worker_group.h"
#include "tensor/float16.h"

namespace virnucpro {
namespace {

using dnnl::memory;
using Type = memory::data_type;

// Rows of one product: the rate no longer rises from some 340 rows on (oneDNN, shapes of ESM-2 3B).
constexpr std::int64_t kRows = 1024;
// A run repeats small products until starting the workers costs nothing beside them.
constexpr double kLeastFlops = 2e8;

double flops_of(const MatmulShape& shape, std::int64_t rows) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(shape.inputs) *
         static_cast<double>(shape.outputs);
}

int repeats_for(double flops) {
  return static_cast<int>(std::max(1.0, std::min(1000.0, kLeastFlops / flops)));
}

/// The shortest of the runs that fit in `seconds`, which are at least two, after one to warm up.
template <typename Run>
double shortest(double seconds, const std::stop_token& stop, const Run& run) {
  throw_if_stopped(stop);
  run();
  const Stopwatch all;
  double best = std::numeric_limits<double>::infinity();
  for (int runs = 0;; ++runs) {
    if (runs >= 2 && all.seconds() >= seconds) return best;
    throw_if_stopped(stop);
    const Stopwatch one;
    run();
    best = std::min(best, one.seconds());
  }
}

/// One way in which oneDNN multiplies.
struct LibraryWay {
  const char* name;
  Type input;
  Type weight;
  Type sum;
  memory::format_tag weight_layout;
};

constexpr auto kPacked = memory::format_tag::any;
constexpr auto kPlain = memory::format_tag::ab;
constexpr const char* kOwnWay = "the backend's dense layer";

std::vector<LibraryWay> library_ways(Precision precision) {
  std::vector<LibraryWay> ways;
  const NativeProducts native = native_products();
  if (precision == Precision::kBf16 && native.bfloat16) {
    return {{"oneDNN bfloat16, packed weights", Type::bf16, Type::bf16, Type::f32, kPacked},
            {"oneDNN bfloat16, plain weights", Type::bf16, Type::bf16, Type::f32, kPlain}};
  }
  if (precision == Precision::kInt8) {
    ways = {{"oneDNN int8, packed weights", Type::u8, Type::s8, Type::s32, kPacked},
            {"oneDNN int8, plain weights", Type::u8, Type::s8, Type::s32, kPlain}};
    if (native.int8) return ways;
  }
  // Without VNNI int8 may be no faster than float32, and bfloat16 is emulated.
  ways.push_back({"oneDNN float32, packed weights", Type::f32, Type::f32, Type::f32, kPacked});
  ways.push_back({"oneDNN float32, plain weights", Type::f32, Type::f32, Type::f32, kPlain});
  return ways;
}

/// Small numbers of either sign, valid in `type`; their values do not matter for the time.
void fill(Type type, void* data, std::size_t count) {
  std::uint32_t state = 1;
  const auto next = [&state] { return (state = state * 1664525u + 1013904223u) >> 24; };
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t byte = next();
    const float value = (static_cast<float>(byte) - 127.5f) / 128.0f;
    switch (type) {
      case Type::f32:
        static_cast<float*>(data)[i] = value;
        break;
      case Type::bf16:
        static_cast<std::uint16_t*>(data)[i] = to_bfloat16(value).bits;
        break;
      default:
        static_cast<std::uint8_t*>(data)[i] = static_cast<std::uint8_t>(byte);
    }
  }
}

/// oneDNN's product of one shape in one way: every worker has its own rows, sums and stream.
class LibraryProduct {
 public:
  /// Throws dnnl::error where oneDNN has no such product.
  LibraryProduct(const LibraryWay& way, const MatmulShape& shape, WorkerGroup& group)
      : group_(group), repeats_(repeats_for(flops_of(shape, kRows))) {
    const SingleThreadOpenMp guard;  // oneDNN plans for the threads it sees here
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    const memory::desc input({kRows, shape.inputs}, way.input, memory::format_tag::ab);
    const memory::desc weight({shape.inputs, shape.outputs}, way.weight, way.weight_layout);
    const memory::desc sums({kRows, shape.outputs}, way.sum, memory::format_tag::ab);
    dnnl::primitive_attr attributes;
    // The caller brings the scratch memory: only then may several workers run one primitive.
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::matmul::primitive_desc desc({input, weight, sums}, attributes, engine);
    matmul_ = dnnl::matmul(desc);
    weight_ = allocated(desc.weights_desc(), engine);
    // Packed weights may end in tables of sums, but any bytes are valid numbers of the type.
    fill(way.weight, weight_.get_data_handle(), elements(desc.weights_desc(), way.weight));
    for (std::size_t i = 0; i < group.size(); ++i) {
      Worker worker{dnnl::stream(engine), {}};
      const memory rows = allocated(input, engine);
      fill(way.input, rows.get_data_handle(), elements(input, way.input));
      worker.arguments = {{DNNL_ARG_SRC, rows},
                          {DNNL_ARG_WEIGHTS, weight_},
                          {DNNL_ARG_DST, allocated(sums, engine)},
                          {DNNL_ARG_SCRATCHPAD, allocated(desc.scratchpad_desc(), engine)}};
      workers_.push_back(std::move(worker));
    }
  }

  /// Products of one run.
  double count() const { return static_cast<double>(repeats_ * workers_.size()); }

  void run() {
    group_.run(workers_.size(), [this](std::size_t index, std::size_t) {
      const SingleThreadOpenMp guard;
      Worker& worker = workers_[index];
      for (int i = 0; i < repeats_; ++i) matmul_.execute(worker.stream, worker.arguments);
      worker.stream.wait();
    });
  }

 private:
  struct Worker {
    dnnl::stream stream;
    std::unordered_map<int, memory> arguments;
  };

  static std::size_t elements(const memory::desc& desc, Type type) {
    return desc.get_size() / (type == Type::f32 ? 4 : type == Type::bf16 ? 2 : 1);
  }

  memory allocated(const memory::desc& desc, const dnnl::engine& engine) {
    storage_.push_back(allocate_aligned(std::max<std::size_t>(desc.get_size(), 64)));
    return {desc, engine, storage_.back().get()};
  }

  WorkerGroup& group_;
  const int repeats_;
  dnnl::matmul matmul_;
  memory weight_;
  std::vector<std::shared_ptr<void>> storage_;
  std::vector<Worker> workers_;
};

double library_rate(const LibraryWay& way, const MatmulShape& shape, WorkerGroup& group,
                    double seconds, const std::stop_token& stop) {
  try {
    LibraryProduct product(way, shape, group);
    return product.count() * flops_of(shape, kRows) /
           shortest(seconds, stop, [&] { product.run(); });
  } catch (const dnnl::error&) {
    return 0.0;  // not on this processor: another way will do
  }
}

/// The dense layer of one backend without anything beside the product.
class OwnProduct {
 public:
  OwnProduct(Precision precision, const MatmulShape& shape, Backend& backend, std::int64_t rows)
      : backend_(backend),
        repeats_(repeats_for(flops_of(shape, rows))),
        input_(allocate_aligned(bytes_of(rows, shape.inputs))),
        output_(allocate_aligned(bytes_of(rows, shape.outputs))) {
    fill(Type::f32, input_.get(), static_cast<std::size_t>(rows * shape.inputs));
    std::vector<float> values(static_cast<std::size_t>(shape.outputs * shape.inputs));
    fill(Type::f32, values.data(), values.size());
    const HostTensor weight = make_float_tensor({shape.outputs, shape.inputs}, values);
    weight_ =
        backend.prepare_linear(convert(weight, weight_type(precision)), linear_type(precision));
    op_.input = {input_.get(), DataType::kFloat32, rows, shape.inputs, shape.inputs};
    op_.weight = weight_.get();
    op_.output = {output_.get(), DataType::kFloat32, rows, shape.outputs, shape.outputs};
  }

  int repeats() const { return repeats_; }

  void run() {
    for (int i = 0; i < repeats_; ++i) backend_.linear(op_);
  }

 private:
  static std::size_t bytes_of(std::int64_t rows, std::int64_t columns) {
    return static_cast<std::size_t>(rows * columns) * sizeof(float);
  }

  Backend& backend_;
  const int repeats_;
  std::shared_ptr<void> input_;
  std::shared_ptr<void> output_;
  std::unique_ptr<ops::LinearWeight> weight_;
  ops::Linear op_;
};

double own_rate(Precision precision, const MatmulShape& shape, std::span<Backend* const> backends,
                std::size_t threads, double seconds, const std::stop_token& stop) {
  // As many rows for each thread as oneDNN's workers have.
  const auto rows =
      kRows * static_cast<std::int64_t>(std::max<std::size_t>(1, threads / backends.size()));
  std::vector<std::unique_ptr<OwnProduct>> products;
  for (Backend* backend : backends) {
    products.push_back(std::make_unique<OwnProduct>(precision, shape, *backend, rows));
  }
  WorkerGroup callers(backends.size());
  const double time = shortest(seconds, stop, [&] {
    callers.run(products.size(), [&](std::size_t i, std::size_t) { products[i]->run(); });
  });
  return static_cast<double>(products.size()) * products.front()->repeats() *
         flops_of(shape, rows) / time;
}

}  // namespace

double MatmulCeiling::flops_per_second() const {
  double flops = 0.0;
  double time = 0.0;
  for (const Product& product : products) {
    const double once = flops_of(product.shape, 1) * static_cast<double>(product.shape.count);
    flops += once;
    time += once / product.flops_per_second;
  }
  return time > 0.0 ? flops / time : 0.0;
}

MatmulCeiling measure_matmul_ceiling(Precision precision, std::span<Backend* const> backends,
                                     std::size_t threads, std::span<const MatmulShape> shapes,
                                     double seconds, const MatmulCeiling* known,
                                     const std::stop_token& stop) {
  check(!backends.empty() && threads >= backends.size(), "{} threads for {} backends", threads,
        backends.size());
  check(known == nullptr || known->products.size() == shapes.size(),
        "a ceiling of other shapes to compare with");
  MatmulCeiling ceiling;
  WorkerGroup group(threads, [] { set_openmp_threads(1); });
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    MatmulCeiling::Product best{shapes[i], 0.0, {}};
    const auto offer = [&](const char* way, const auto& measure) {
      if (known != nullptr && known->products[i].way != way) return;
      const double rate = measure();
      if (rate > best.flops_per_second) best = {shapes[i], rate, way};
    };
    for (const LibraryWay& way : library_ways(precision)) {
      offer(way.name, [&] { return library_rate(way, shapes[i], group, seconds, stop); });
    }
    offer(kOwnWay,
          [&] { return own_rate(precision, shapes[i], backends, threads, seconds, stop); });
    ceiling.products.push_back(std::move(best));
  }
  return ceiling;
}

}  // namespace virnucpro
