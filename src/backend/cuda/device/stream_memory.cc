#include "backend/cuda/device/stream_memory.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::cuda {

DeviceStream::DeviceStream(int device, std::shared_ptr<MemoryPool> pool,
                           std::function<std::size_t()> share)
    : device_(device),
      pool_(std::move(pool)),
      share_(std::move(share)),
      stream_((use(), make_stream())) {}

void DeviceStream::use() const { check_cuda(cudaSetDevice(device_), "be chosen"); }

void DeviceStream::wait() const { check_cuda(cudaStreamSynchronize(get()), "compute"); }

std::shared_ptr<void> DeviceStream::take(const std::shared_ptr<DeviceStream>& stream,
                                         std::size_t bytes) {
  const std::size_t share = stream->share_();
  if (bytes > share || stream->used_ > share - bytes) {
    throw OutOfDeviceMemory(fmt::format(
        "cuda:{}: no room for {} bytes; this context uses {} of the {} that are its share",
        stream->device_, bytes, stream->used_.load(), share));
  }
  void* taken = stream->pool_->take(bytes);
  stream->used_ += bytes;
  return {taken, [stream, bytes](void* piece) {
            // On a lost device both calls fail, and nothing uses the piece any more.
            cudaSetDevice(stream->device_);
            cudaStreamSynchronize(stream->get());
            stream->used_ -= bytes;
            stream->pool_->give_back(piece);
          }};
}

void* Scratch::get(const std::shared_ptr<DeviceStream>& stream, std::size_t bytes) {
  if (bytes_ < bytes || memory_ == nullptr) {
    memory_.reset();  // before asking for more
    bytes_ = 0;
    memory_ = DeviceStream::take(stream, bytes);
    bytes_ = bytes;
  }
  return memory_.get();
}

void Staging::copy_in(const DeviceStream& stream, const void* host, void* device,
                      std::size_t bytes) {
  constexpr std::size_t kAlignment = 64;
  const auto* from = static_cast<const std::byte*>(host);
  auto* to = static_cast<std::byte*>(device);
  while (bytes > 0) {
    if (used_ == bytes_) {
      stream.wait();
      restart();
    }
    // At most half of it, so that one part is filled while the other is copied.
    const std::size_t part = std::min({bytes, bytes_ - used_, bytes_ / 2});
    std::byte* staged = static_cast<std::byte*>(memory_.get()) + used_;
    std::memcpy(staged, from, part);
    check_cuda(cudaMemcpyAsync(to, staged, part, cudaMemcpyHostToDevice, stream.get()),
               "copy to its memory");
    used_ = std::min(bytes_, (used_ + part + kAlignment - 1) / kAlignment * kAlignment);
    from += part;
    to += part;
    bytes -= part;
  }
}

void Staging::copy_out(const DeviceStream& stream, const void* device, void* host,
                       std::size_t bytes) {
  const auto* from = static_cast<const std::byte*>(device);
  auto* to = static_cast<std::byte*>(host);
  do {
    stream.wait();  // also for copies in that still use the memory
    restart();
    const std::size_t part = std::min(bytes, bytes_);
    if (part == 0) return;
    check_cuda(cudaMemcpyAsync(memory_.get(), from, part, cudaMemcpyDeviceToHost, stream.get()),
               "copy from its memory");
    stream.wait();
    std::memcpy(to, memory_.get(), part);
    from += part;
    to += part;
    bytes -= part;
  } while (bytes > 0);
}

}  // namespace virnucpro::cuda
