// Reads a run back; each row is proven, or lies within one that is.
#include <algorithm>
#include <bit>
#include <cstring>

#include "base/as_text.h"
#include "run/run_database_impl.h"
#include "run/stored_row_reader.h"
#include "run/stored_run_walk.h"

namespace virnucpro {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings are stored as they lie");

/// Records or chunks of one turn: some 0.2 ms, so that other threads do not wait long, and a lock
/// costs nothing beside them.
constexpr std::size_t kPartRows = 64;

/// Walks through the run by `step`, each in a turn of its own at the database.
template <typename Impl, typename Step>
std::function<bool(StoredRunVisitor&)> walk_by(Impl& impl, Step step) {
  const std::lock_guard lock(impl.mutex);
  impl.finish_chunk();
  auto walk = std::make_shared<StoredRunWalk>(impl.connection(), digest_of(impl.work), impl.state);
  return [walk, step, &impl](StoredRunVisitor& visitor) {
    const std::lock_guard turn(impl.mutex);
    return step(*walk, visitor);
  };
}

}  // namespace

void RunDatabase::read_record(std::uint64_t ordinal,
                              const std::function<void(const StoredRecord&)>& take) const {
  const std::lock_guard lock(impl_->mutex);
  SqliteStatement& select = impl_->select_record;
  check(!select.is_busy(), "a record is read while one is being read");
  const StatementReset reset_at_end(select);
  select.bind(1, std::min(ordinal, kMostNumber));
  if (!select.step()) return;
  const StoredRowReader reader(select, "records");
  take({reader.number(), as_text(reader.blob(1, "id")), reader.count(2, "length"),
        reader.blob(3, "packed bases")});
}

void RunDatabase::read_orfs(std::uint64_t first, std::uint64_t end,
                            const std::function<void(const StoredOrf&)>& take) const {
  const std::lock_guard lock(impl_->mutex);
  SqliteStatement& select = impl_->select_orfs;
  check(!select.is_busy(), "ORFs are read while others are being read");
  const StatementReset reset_at_end(select);
  end = std::min(end, impl_->state.extent.orfs);
  select.bind(1, std::min(first, kMostNumber)).bind(2, end);
  while (select.step()) {
    const StoredOrf orf = read_orf(select);
    if (orf.number != first) break;
    take(orf);
    ++first;
  }
  if (first >= end) return;
  fail_damaged(impl_->file.path(), fmt::format("table orfs without row {}", first));
}

void RunDatabase::read_embeddings(
    std::uint64_t first, std::uint64_t end,
    const std::function<void(std::uint64_t, StoredEncoder, std::span<const float>)>& take) const {
  const std::lock_guard lock(impl_->mutex);
  SqliteStatement select(
      impl_->connection(),
      "SELECT key, vector, digest FROM embeddings WHERE key >= ?1 AND key < ?2 ORDER BY key");
  select.bind(1, 2 * std::min(first, kMostOrf)).bind(2, 2 * std::min(end, kMostOrf));
  std::vector<float> values;  // SQLite's bytes are not aligned
  while (select.step()) {
    const StoredRowReader reader(select, "embeddings");
    const std::span<const std::byte> bytes = reader.blob(1, "vector");
    if (bytes.empty() || bytes.size() % sizeof(float) != 0) {
      reader.fail(fmt::format("a vector of {} bytes", bytes.size()));
    }
    reader.expect_digest(2, impl_->embedding_digests.embedding(reader.number(), bytes));
    values.resize(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    take(reader.number() / 2, static_cast<StoredEncoder>(reader.number() % 2), values);
  }
}

void RunDatabase::visit(StoredRunVisitor& visitor) const {
  const std::lock_guard lock(impl_->mutex);
  impl_->finish_chunk();
  StoredRunWalk walk(impl_->connection(), digest_of(impl_->work), impl_->state);
  while (walk.next(visitor)) {
  }
}

void RunDatabase::visit_so_far(StoredRunVisitor& visitor) const {
  const std::lock_guard lock(impl_->mutex);
  impl_->finish_chunk();
  StoredRunWalk walk(impl_->connection(), digest_of(impl_->work), impl_->state,
                     StoredRunWalk::Ends::kMayBeOpen);
  while (walk.next(visitor)) {
  }
}

std::function<bool(StoredRunVisitor&)> RunDatabase::visit_in_steps() const {
  return walk_by(*impl_, [](StoredRunWalk& walk, StoredRunVisitor& to) { return walk.next(to); });
}

std::function<bool(StoredRunVisitor&)> RunDatabase::visit_in_parts() const {
  return walk_by(*impl_, [](StoredRunWalk& walk, StoredRunVisitor& to) {
    return walk.next_part(to, kPartRows);
  });
}

void RunDatabase::in_one_turn(const std::function<void()>& action) const {
  const std::lock_guard turn(impl_->mutex);
  action();
}

}  // namespace virnucpro
