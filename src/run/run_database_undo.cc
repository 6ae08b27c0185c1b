// Takes a session back, and removes a database that never held anything.
#include "run/run_database_impl.h"

namespace virnucpro {

void RunDatabase::Impl::undo_session() {
  if (connection().in_transaction()) connection().execute("ROLLBACK");
  restore(committed);
  connection().execute("BEGIN IMMEDIATE");
  const std::uint64_t first_record = opened.last_record ? *opened.last_record + 1 : 0;
  if (first_record <= kMostNumber) {
    delete_from("records", "ordinal", first_record);
    delete_from("bases", "record", first_record);
  }
  delete_from("chunks", "number", opened.extent.chunks);
  delete_from("orfs", "number", opened.extent.orfs);
  delete_from("embeddings", "key", embedding_key(opened.extent.orfs, StoredEncoder::kDnabertS));
  delete_from("sessions", "number", sessions_at_opening + 1);
  if (opened.open_head) update_record.bind(1, *opened.last_record).run();  // the rest is NULL again
  for (const auto& [name, text] : old_texts) put_text(name, text);
  restore(opened);
  commit_state();
  old_texts.clear();
}

void RunDatabase::undo_session() {
  const std::lock_guard lock(impl_->mutex);
  try {
    impl_->undo_session();
    impl_->file.require_in_place();
  } catch (...) {
    impl_->give_up(std::current_exception());
    throw;
  }
}

bool RunDatabase::holds_nothing() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->file.holds_nothing();
}

void RunDatabase::discard_if_empty() noexcept {
  try {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->connection().in_transaction()) impl_->connection().try_execute("ROLLBACK");
    if (impl_->file.holds_nothing()) impl_->file.remove_files();
  } catch (const std::exception&) {
    // It stays, and gives way to the next work.
  }
}

}  // namespace virnucpro
