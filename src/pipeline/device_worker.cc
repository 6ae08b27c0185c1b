#include "pipeline/device_worker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "batching/batch_plan.h"
#include "pipeline/busy_time.h"

namespace virnucpro {
/// The values that all parts of one batch share.
struct DeviceWorker::Batch {
  Window& window;
  EncoderKind encoder;
  std::uint64_t number;

  const Window::Lane& lane() const { return window.prepared.lanes[encoder]; }
  std::uint32_t orf_of(std::uint32_t member) const { return lane().orfs[member]; }
  std::string id_of(std::uint32_t member) const {
    const std::uint32_t orf = orf_of(member);
    return window.read.frame_ids({&orf, 1}).front();
  }
  BatchName name(std::span<const std::uint32_t> members) const {
    return {number, [this, members] {
              std::vector<std::uint32_t> wanted;
              for (const std::uint32_t member : members) wanted.push_back(orf_of(member));
              return window.read.frame_ids(wanted);
            }};
  }
};

std::size_t DeviceWorker::in_time(const Window& window, EncoderKind encoder,
                                  std::span<const std::uint32_t> members) const {
  const TokenTable& tokens = window.prepared.lanes[encoder].tokens;
  std::int64_t left = pace_[encoder].tokens();
  std::size_t count = 0;
  while (count < members.size() && left > 0) left -= tokens.lengths()[members[count++]];
  // Without the sequence that did not fit, unless it is alone.
  return left < 0 && count > 1 ? count - 1 : count;
}

void DeviceWorker::embed(Window& window, EncoderKind encoder,
                         std::span<const std::uint32_t> members, std::uint64_t batch_number) {
  const BusyTime busy(seconds_[encoder]);
  const double start = clock_();
  compute({window, encoder, batch_number}, members, /*is_part=*/false);
  ++batches_;
  const TokenTable& tokens = window.prepared.lanes[encoder].tokens;
  std::int64_t count = 0;
  for (const std::uint32_t member : members) count += tokens.lengths()[member];
  tokens_[encoder] += static_cast<std::uint64_t>(count);
  pace_[encoder].computed(count, clock_() - start);
}

void DeviceWorker::compute(const Batch& batch, std::span<const std::uint32_t> members,
                           bool is_part) {
  const auto in_halves = [&] {
    compute(batch, members.first(members.size() / 2), true);
    compute(batch, members.subspan(members.size() / 2), true);
  };
  gather(batch.lane().tokens, members, packed_);
  const auto tokens = static_cast<std::int64_t>(packed_.tokens.size());
  try {
    engine_.embed(batch.encoder, packed_, batch.name(members), embeddings_);
  } catch (const OutOfDeviceMemory& error) {
    faults_.out_of_memory(engine_.name(), tokens, error.what());
    engine_.release_buffers();  // half a batch might not fit beside the larger ones
    if (members.size() > 1) return in_halves();
    return batch.window.computed.settle(
        {batch.orf_of(members[0]), 0.0f, 0.0f, out_of_memory_reason(batch.encoder, tokens)});
  } catch (const NonfiniteError& error) {
    if (!is_part) faults_.nonfinite(error.what());
    // A fault of one sequence must not become that of its neighbours: only a sequence that is alone
    // is at fault.
    if (members.size() > 1) return in_halves();
    return compute_alone(batch, members, error.what());
  }
  scatter(batch, members);
}

void DeviceWorker::compute_alone(const Batch& batch, std::span<const std::uint32_t> member,
                                 const std::string& first_error) {
  try {
    engine_.embed_exactly(batch.encoder, packed_, batch.name(member), embeddings_);
  } catch (const PrecisionError&) {
    faults_.never_finite(batch.encoder, first_error);
    return batch.window.computed.settle({batch.orf_of(member[0]), 0.0f, 0.0f,
                                         nonfinite_reason(batch.encoder, /*also_in_fp32=*/true)});
  } catch (const OutOfDeviceMemory&) {
    return batch.window.computed.settle({batch.orf_of(member[0]), 0.0f, 0.0f,
                                         nonfinite_reason(batch.encoder, /*also_in_fp32=*/false)});
  }
  faults_.recomputed(batch.encoder, batch.id_of(member[0]));
  scatter(batch, member);
}

void DeviceWorker::scatter(const Batch& batch, std::span<const std::uint32_t> members) {
  const std::size_t width = layout_.widths[batch.encoder];
  check(embeddings_.values.size() == members.size() * width,
        "{} embedding values for {} sequences of width {}", embeddings_.values.size(),
        members.size(), width);
  const std::span<float> features(batch.window.computed.features);
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::copy_n(embeddings_.values.data() + i * width, width,
                layout_.embedding(features, batch.orf_of(members[i]), batch.encoder).data());
  }
  faults_.worked(batch.encoder);
}

void DeviceWorker::classify(Window& window) {
  const BusyTime busy(classify_seconds_);
  window.computed.scores.assign(2 * window.read.orfs.size(), 0.0f);
  if (!window.prepared.needs_scores) return;
  // The rows of repeats are classified, too: leaving them out would cost more.
  classify_rows(window, 0, window.read.orfs.size());
}

void DeviceWorker::classify_rows(Window& window, std::size_t first, std::size_t count) {
  try {
    engine_.classify(
        std::span(window.computed.features).subspan(first * layout_.row(), count * layout_.row()),
        std::span(window.computed.scores).subspan(2 * first, 2 * count));
  } catch (const OutOfDeviceMemory&) {
    if (count <= 1) throw;
    classify_rows(window, first, count / 2);
    classify_rows(window, first + count / 2, count - count / 2);
  }
}

}  // namespace virnucpro
