// The results of a run beside its rows, for the views.
#include "run/run_database_impl.h"

namespace virnucpro {
namespace {

void bind_optional(SqliteStatement& statement, int parameter, const std::optional<double>& value) {
  if (value) statement.bind(parameter, *value);
}

}  // namespace

void RunDatabase::clear_results() {
  impl_->write([&] {
    check(impl_->state.complete, "results of a run that is not complete");
    for (const char* table : {"record_results", "chunk_results", "region_results"}) {
      impl_->connection().execute(fmt::format("DELETE FROM {}", table).c_str());
    }
    impl_->results = std::make_unique<Impl::ResultStatements>(impl_->connection());
  });
}

void RunDatabase::add_result(const RecordResult& result) {
  impl_->write([&] {
    check(impl_->results != nullptr, "a result before clear_results()");
    SqliteStatement& insert = impl_->results->record;
    insert.bind(1, result.ordinal).bind_optional(2, result.escaped_id);
    insert.bind(3, result.chunks).bind(4, result.scored_chunks).bind(5, result.frames);
    insert.bind(6, result.viral_chunks);
    bind_optional(insert, 7, result.mean_p_virus);
    bind_optional(insert, 8, result.max_p_virus);
    bind_optional(insert, 9, result.p_calibrated);
    if (result.is_viral) insert.bind(10, std::uint64_t{*result.is_viral ? 1u : 0u});
    insert.run();
  });
}

void RunDatabase::add_result(const ChunkResult& result) {
  impl_->write([&] {
    check(impl_->results != nullptr, "a result before clear_results()");
    SqliteStatement& insert = impl_->results->chunk;
    insert.bind(1, result.number).bind(3, result.viral_frames);
    bind_optional(insert, 2, result.p_calibrated);
    insert.run();
  });
}

void RunDatabase::add_result(const RegionResult& result) {
  impl_->write([&] {
    check(impl_->results != nullptr, "a result before clear_results()");
    impl_->results->region.bind(1, result.number)
        .bind(2, result.record)
        .bind(3, result.start)
        .bind(4, result.end)
        .bind(5, result.extent)
        .bind(6, result.chunks)
        .bind(7, result.scored_chunks)
        .bind(8, result.probability)
        .run();
  });
}

}  // namespace virnucpro
