#include "weights/content_hashes.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>

#include "base/errors.h"
#include "base/format.h"
#include "base/sha256.h"
#include "base/stop.h"
#include "base/thread_task.h"

namespace virnucpro {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;  // system calls cost nothing

/// Reads the descriptor, not the mapping, so that pages given back stay so.
std::string compute(const OpenFile& file, const std::stop_token& stop) {
  Sha256 hash;
  std::vector<std::byte> buffer(kPiece);
  for (std::uint64_t done = 0;;) {
    throw_if_stopped(stop);
    const std::size_t size = file.read(buffer, done);
    if (size == 0) break;
    hash.update(std::span(buffer).first(size));
    done += size;
  }
  return hash.finish();
}

}  // namespace

std::string ContentHashes::of(const OpenFile& file, const std::stop_token& stop) {
  const auto known = known_.find(file.path());
  if (known != known_.end() && known->second.first == file.stamp()) return known->second.second;
  std::optional<std::string> sha256 = cache_.find(file);
  if (!sha256) {
    const bool is_recent = cache_.is_recent(file.stamp());
    sha256 = compute(file, stop);
    if (!is_recent && file.stamp_now() == file.stamp()) cache_.remember(file, *sha256);
  }
  if (known != known_.end() && known->second.second != *sha256) {
    throw ModelError(fmt::format(
        "{}: was changed since the run began: its SHA-256 was {} and is {}. Put the first file "
        "back, or start over with --force.",
        file.path(), known->second.second, *sha256));
  }
  known_[file.path()] = {file.stamp(), *sha256};
  return *sha256;
}

void ContentHashes::complete(std::vector<UsedFile>& files, const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  for (UsedFile& used : files) {
    if (used.file == nullptr || (!used.is_claimed && !used.sha256.empty())) continue;
    const std::string found = of(*used.file, stop);
    if (used.is_claimed && found != used.sha256) {
      const std::filesystem::path path = used.file->path();
      fail_other_content(path.parent_path().string(), used.name, found, used.sha256);
    }
    used.sha256 = found;
    used.is_claimed = false;
  }
}

void ContentHashes::confirm(const std::vector<UsedFile>& files, const std::stop_token& stop) {
  for (const UsedFile& used : files) {
    if (used.file == nullptr || !cache_.is_recent(used.file->stamp())) continue;
    if (compute(*used.file, stop) == used.sha256) continue;
    throw ModelError(
        fmt::format("{}: the file was changed while it was loaded. Wait until it is "
                    "written to its end, then run the same command again.",
                    used.file->path()));
  }
  require_unchanged(files);
}

struct HashingThread::State {
  std::shared_ptr<ContentHashes> hashes;
  std::vector<UsedFile> files;
  std::stop_source source;
  std::stop_callback<std::function<void()>> forward;
  std::optional<ThreadTask<void>> hashing;  // last: it uses all of them

  State(std::shared_ptr<ContentHashes> of, std::vector<UsedFile> used, std::stop_token stop)
      : hashes(std::move(of)),
        files(std::move(used)),
        forward(std::move(stop), [this] { source.request_stop(); }) {}
  ~State() { source.request_stop(); }
};

HashingThread::HashingThread(std::shared_ptr<ContentHashes> hashes, std::vector<UsedFile> files,
                             std::stop_token stop)
    : state_(std::make_unique<State>(std::move(hashes), std::move(files), std::move(stop))) {
  state_->hashing.emplace(
      [state = state_.get()] { state->hashes->complete(state->files, state->source.get_token()); });
}

HashingThread::~HashingThread() = default;

std::vector<UsedFile> HashingThread::get() {
  state_->hashing->get();
  state_->hashes->confirm(state_->files, state_->source.get_token());
  return std::move(state_->files);
}

}  // namespace virnucpro
