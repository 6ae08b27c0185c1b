#include "backend/cpu/linear_onednn.h"

#include <array>
#include <span>
#include <utility>

#include "backend/cpu/single_thread_openmp.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

using dnnl::memory;

/// Runs `body` and turns what oneDNN throws into an error of ours.
template <typename Body>
decltype(auto) translating_errors(const Body& body) {
  try {
    return body();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) {
      throw OutOfDeviceMemory("cpu: out of memory in a matrix product; use fewer --batch-tokens");
    }
    throw DeviceError(fmt::format("cpu: oneDNN failed: {} (status {})", error.what(),
                                  static_cast<int>(error.status)));
  }
}

void execute(const dnnl::primitive& primitive, const dnnl::stream& stream,
             std::span<const dnnl_exec_arg_t> arguments) {
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive.get(), stream.get(), static_cast<int>(arguments.size()),
                             arguments.data()),
      "could not execute a matrix product");
}

memory wrap(const memory::desc& desc, const dnnl::engine& engine, const void* data) {
  return {desc, engine, const_cast<void*>(data)};
}

memory::desc bytes_desc(std::size_t bytes) {
  return {{static_cast<std::int64_t>(bytes)}, memory::data_type::u8, memory::format_tag::a};
}

OneDnnProducts::Type sum_type(OneDnnProducts::Type type) {
  return type == memory::data_type::s8 ? memory::data_type::s32 : memory::data_type::f32;
}

/// The scratch memory that the caller must bring, even where it is zero bytes.
void* scratch_of(Scratch& scratch, std::size_t bytes) {
  scratch.reserve((bytes + sizeof(float) - 1) / sizeof(float));
  return scratch.data();
}

}  // namespace

NativeProducts native_products() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_amx:
      return {.bfloat16 = true, .tiles = true, .int8 = true, .vnni = true};
    case dnnl::cpu_isa::avx512_core_bf16:
      return {.bfloat16 = true, .int8 = true, .vnni = true};
    case dnnl::cpu_isa::avx512_core_vnni:
      return {.int8 = true, .vnni = true};
    case dnnl::cpu_isa::avx2_vnni:
      return {.vnni = true};
    default:
      return {};
  }
}

OneDnnProducts::OneDnnProducts(std::size_t worker_count) : engine_(dnnl::engine::kind::cpu, 0) {
  for (std::size_t i = 0; i < worker_count; ++i) workers_.push_back({dnnl::stream(engine_), {}});
}

// 64 by 128 with k = 1280: a tile of either side fits the second level cache of current processors;
// oneDNN is within 2 % of its best there (bench/ops/linear_bench). Narrow weights take higher
// tiles, so that the cost of a call (1 to 2 us) stays small beside its products.
std::int64_t OneDnnProducts::tile_rows(std::int64_t inputs) {
  if (inputs <= 192) return 256;
  return inputs <= 512 ? 128 : 64;
}

const OneDnnProducts::Shape& OneDnnProducts::prepare(Type type, std::int64_t inputs,
                                                     std::int64_t width) {
  const auto key = std::tuple(type, inputs, width);
  const auto found = shapes_.find(key);
  if (found != shapes_.end()) return found->second;

  const SingleThreadOpenMp guard;  // oneDNN plans for the threads it sees here
  return translating_errors([&]() -> const Shape& {
    const memory::desc input({tile_rows(inputs), inputs}, type, memory::format_tag::ab);
    const memory::desc any({inputs, width}, type, memory::format_tag::any);
    const memory::desc plain({inputs, width}, type, memory::format_tag::ba);
    const memory::desc sums({tile_rows(inputs), width}, sum_type(type), memory::format_tag::ab);
    dnnl::primitive_attr attributes;
    // The caller brings the scratch memory: only then may several workers run one primitive.
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::matmul::primitive_desc matmul(dnnl::matmul::desc(input, any, sums), attributes,
                                              engine_);
    const dnnl::reorder::primitive_desc reorder(engine_, plain, engine_, matmul.weights_desc(),
                                                attributes);
    Shape shape{type,
                inputs,
                width,
                matmul.weights_desc(),
                dnnl::reorder(reorder),
                dnnl::matmul(matmul),
                reorder.scratchpad_desc().get_size(),
                matmul.scratchpad_desc().get_size()};
    return shapes_.emplace(key, std::move(shape)).first->second;
  });
}

const OneDnnProducts::Shape& OneDnnProducts::prepared(Type type, std::int64_t inputs,
                                                      std::int64_t width) const {
  return shapes_.at(std::tuple(type, inputs, width));
}

void OneDnnProducts::pack(const Shape& shape, const void* rows, void* packed, std::size_t worker) {
  translating_errors([&] {
    Worker& mine = workers_[worker];
    const memory::desc plain({shape.inputs, shape.width}, shape.type, memory::format_tag::ba);
    const memory from = wrap(plain, engine_, rows);
    const memory to = wrap(shape.packed, engine_, packed);
    const memory scratch = wrap(bytes_desc(shape.reorder_scratch), engine_,
                                scratch_of(mine.scratch, shape.reorder_scratch));
    const std::array<dnnl_exec_arg_t, 3> arguments = {{{DNNL_ARG_FROM, from.get()},
                                                       {DNNL_ARG_TO, to.get()},
                                                       {DNNL_ARG_SCRATCHPAD, scratch.get()}}};
    execute(shape.reorder, mine.stream, arguments);
  });
}

OneDnnProducts::Panel::Panel(OneDnnProducts& products, const Shape& shape, const void* packed,
                             void* sums, std::size_t worker)
    : shape_(shape), stream_(products.workers_[worker].stream) {
  const dnnl::engine& engine = products.engine_;
  const std::int64_t rows = tile_rows(shape.inputs);
  translating_errors([&] {
    tile_ = wrap({{rows, shape.inputs}, shape.type, memory::format_tag::ab}, engine, sums);
    packed_ = wrap(shape.packed, engine, packed);
    sums_ = wrap({{rows, shape.width}, sum_type(shape.type), memory::format_tag::ab}, engine, sums);
    scratch_ = wrap(bytes_desc(shape.matmul_scratch), engine,
                    scratch_of(products.workers_[worker].scratch, shape.matmul_scratch));
  });
}

void OneDnnProducts::Panel::multiply(const void* tile) {
  translating_errors([&] {
    tile_.set_data_handle(const_cast<void*>(tile));
    const std::array<dnnl_exec_arg_t, 4> arguments = {{{DNNL_ARG_SRC, tile_.get()},
                                                       {DNNL_ARG_WEIGHTS, packed_.get()},
                                                       {DNNL_ARG_DST, sums_.get()},
                                                       {DNNL_ARG_SCRATCHPAD, scratch_.get()}}};
    execute(shape_.matmul, stream_, arguments);
  });
}

}  // namespace virnucpro
