#include "results/run_results.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/bounded_queue.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/start_thread.h"
#include "sequence/frames.h"

namespace virnucpro {
namespace {

constexpr const char* kResultsText = "results";  // its name in the database

/// As precise as the tables, so that both say the same: a mean of two floats may lie between two.
std::optional<double> rounded(const std::optional<double>& value) {
  return value ? std::optional(double{static_cast<float>(*value)}) : std::nullopt;
}

/// True where the bytes of the name are its text for every program: DuckDB runs the views by
/// itself, and writes \xHH for all but these when it makes a text of bytes.
bool is_plain(std::string_view id) {
  return std::ranges::all_of(
      id, [](char c) { return c >= ' ' && c <= '~' && c != '\\' && c != '"' && c != '\''; });
}

}  // namespace

/// Results in the order in which they came.
class RunResults::Rows {
 public:
  void add(const ChunkResult& row) { rows_.emplace_back(row); }
  void add(const RegionResult& row) { rows_.emplace_back(row); }
  /// `escaped_id` is kept, too.
  void add(RecordResult row) {
    ids_.push_back(row.escaped_id.empty() ? std::string() : std::string(row.escaped_id));
    row.escaped_id = {};
    rows_.emplace_back(row);
  }
  bool is_full() const { return rows_.size() >= kMostRows; }

  void store_in(RunDatabase& database) {
    auto id = ids_.begin();
    for (Row& row : rows_) {
      if (auto* const record = std::get_if<RecordResult>(&row)) record->escaped_id = *id++;
      std::visit([&](const auto& result) { database.add_result(result); }, row);
    }
  }

 private:
  using Row = std::variant<ChunkResult, RecordResult, RegionResult>;
  /// Of one turn at the database: a millisecond or so.
  static constexpr std::size_t kMostRows = 512;

  std::vector<Row> rows_;
  std::vector<std::string> ids_;  ///< of the records; mostly empty
};

/// Stores rows here, or on a thread of its own.
class RunResults::Store {
 public:
  Store(RunDatabase& database, bool has_thread) : database_(database) {
    if (!has_thread) return;
    try {
      thread_ = start_thread([this] { work(); });
    } catch (const ResourceError&) {
      // Then here.
    }
  }
  ~Store() {
    queue_.cancel();
    if (thread_.joinable()) thread_.join();
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  void take(std::unique_ptr<Rows> rows) {
    if (!thread_.joinable()) return store(*rows);
    if (!queue_.push(std::move(rows))) finish();
  }

  void finish() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void store(Rows& rows) {
    database_.in_one_turn([&] { rows.store_in(database_); });
  }

  void work() {
    try {
      while (std::optional<std::unique_ptr<Rows>> rows = queue_.pop()) store(**rows);
    } catch (...) {
      error_ = std::current_exception();
      queue_.cancel();
    }
  }

  RunDatabase& database_;
  BoundedQueue<std::unique_ptr<Rows>> queue_{8};  ///< memory: a few hundred KB
  std::exception_ptr error_;                      ///< read once the thread has ended
  std::thread thread_;
};

RunResults::RunResults(RunDatabase& database, std::size_t threads) {
  database.clear_results();
  store_ = std::make_unique<Store>(database, threads > 3);
}

RunResults::~RunResults() = default;

RunResults::Rows& RunResults::next() {
  if (rows_ == nullptr) rows_ = std::make_unique<Rows>();
  return *rows_;
}

void RunResults::pass_if_full() {
  if (rows_ != nullptr && rows_->is_full()) store_->take(std::move(rows_));
}

void RunResults::finish() {
  if (rows_ != nullptr) store_->take(std::move(rows_));
  store_->finish();
}

void RunResults::chunk(std::span<const CalledFrame> frames,
                       const std::optional<double>& p_calibrated) {
  const std::uint64_t number = chunks_++;
  if (frames.empty()) return;
  ChunkResult result{number, rounded(p_calibrated), 0};
  for (const CalledFrame& frame : frames) {
    if (!frame.is_virus) continue;
    // Frames are numbered as in the table `orfs`.
    const auto bit = static_cast<unsigned>(frame_of(frame.row.name).value());
    result.viral_frames |= std::uint64_t{1} << bit;
  }
  next().add(result);
  pass_if_full();
}

void RunResults::record(const RecordRow& record, const RecordSummary& summary) {
  const std::string id = escaped(record.id);
  RecordResult result;
  result.ordinal = record.ordinal;
  if (!is_plain(record.id)) result.escaped_id = id;
  result.chunks = summary.chunks;
  result.scored_chunks = summary.scored_chunks;
  result.frames = summary.frames;
  result.viral_chunks = summary.viral_chunks;
  if (summary.frames > 0) {
    result.mean_p_virus = rounded(summary.mean_p_virus());
    result.max_p_virus = double{summary.max_p_virus};
    result.p_calibrated = rounded(summary.p_calibrated);
    result.is_viral = summary.viral;
  }
  next().add(result);
  pass_if_full();
}

void RunResults::regions(const RecordRow& record, std::span<const RegionRow> rows) {
  for (const RegionRow& row : rows) {
    next().add(RegionResult{row.number, record.ordinal, row.region.start, row.region.end,
                            row.extent, row.chunks, row.region.scored_chunks,
                            *rounded(row.region.probability)});
  }
}

bool needs_results(const RunDatabase& database, const std::string& choices) {
  return database.text(kResultsText) != choices;
}

void note_results(RunDatabase& database, const std::string& choices) {
  database.set_text(kResultsText, choices);
}

}  // namespace virnucpro
