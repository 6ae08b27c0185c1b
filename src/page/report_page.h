// report.html: the results of a run on one page that opens in any browser, without a network.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/output_file.h"
#include "calls/call_choice.h"
#include "calls/record_caller.h"
#include "page/rows.h"

namespace virnucpro {

/// What the totals of the run say beside run.json.
struct PageTotals {
  std::optional<PrevalenceEstimate> prevalence;  ///< absent without a calibration
  double expected_wrong = 0.0;                   ///< of the viral records, at that prevalence
  std::string_view precision;                    ///< what is known of its accuracy; may be empty
};

/// Writes report.html under its partial name while rows come, in input order. Up to
/// `Limits::records` records are listed all; of more, those that are viral, up to that number;
/// counts and charts have all. Memory is fixed but for the longest record. Thread-confined; throws
/// OutputError.
class ReportPage {
 public:
  // 60 bytes a row give 12 MB: a page that opens at once.
  struct Limits {
    std::uint64_t records = 200'000;
    std::uint64_t chunks = 2'000'000;  ///< of listed records; what comes later has no track
    // A block is unpacked as a whole: small beside the page, large enough to compress well.
    std::size_t block_rows = 4096;
    std::size_t block_chunks = 65536;
  };

  /// `records`: how many will come. The rules are those of the tables.
  ReportPage(const std::string& path, const CallRule& rule, const CalibratedCalls& calibrated,
             std::uint64_t records, const Limits& limits);
  ReportPage(const std::string& path, const CallRule& rule, const CalibratedCalls& calibrated,
             std::uint64_t records)
      : ReportPage(path, rule, calibrated, records, Limits()) {}
  ~ReportPage();

  /// A chunk of the record that the next call of record() ends.
  void chunk(const PageChunk& chunk, std::span<const PageFrame> frames);
  void record(const PageRecord& record);

  /// Completes the page, which goes to `group`; nothing may follow. `run_json` is the content of
  /// run.json.
  void end(std::string_view run_json, const PageTotals& totals, OutputGroup& group);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The share of G and C among A, C, G, T and U of either case; absent where there are none.
std::optional<double> gc_share(std::string_view bases);

/// Text for a script element that holds data: `json` with every "<" as an escape, so that no
/// markup can begin or end in it.
std::string json_for_script(std::string_view json);

}  // namespace virnucpro
