#include "fitting/dataset_log.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/counted.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"

namespace virnucpro {
namespace {

class SplitLog {
 public:
  SplitLog(const DatasetRequest& request, const DatasetReport& report, const Selection& selection,
           std::size_t candidates, const Log& log)
      : request_(request),
        report_(report),
        selection_(selection),
        candidates_(candidates),
        log_(log) {}

  void log_report() const {
    log_.info("{} may be taken, of {}", counted(candidates_, "fragment"),
              counted(report_.chunks, "chunk"));
    for (std::size_t i = 0; i < kSplits; ++i) {
      const DatasetSplit& split = report_.splits[i];
      const std::optional<std::uint64_t> asked = selection_.splits[i].asked;
      if (split.fragments_per_class == 0) {
        log_empty(static_cast<Split>(i), split, asked);
        continue;
      }
      log_.info("{}: {} and as many others", split.name,
                counted(split.fragments_per_class, "viral fragment"));
      if (asked && split.fragments_per_class < *asked) {
        log_.warning("{}: expected {} of each class, found {} of one of them", split.name,
                     counted(*asked, "fragment"), split.fragments_per_class);
      }
      if (!asked) log_smallest(split);
    }
    if (report_.leaks > 0) {
      log_.info("{} left out, since an earlier split has the same bases",
                counted(report_.leaks, "fragment is", "fragments are"));
    }
  }

 private:
  void log_empty(Split split, const DatasetSplit& found, std::optional<std::uint64_t> asked) const {
    const bool has_virus = std::any_of(found.groups.begin(), found.groups.end(),
                                       [](const DatasetGroup& group) { return group.is_virus; });
    const char* missing = has_virus ? "others" : "viruses";
    if (split == Split::kTrain) {
      if (asked == 0) {
        throw ConfigError(fmt::format(
            "--fragments {}: leaves none to train on beside the other shares; ask for more.",
            *request_.rule.fragments));
      }
      throw InputError(fmt::format(
          "{}: found no fragments of {} to train on: of {} of labelled records {} have "
          "letters other than A, C, G and T and {} no frame that counts. Both classes are needed.",
          request_.labels, missing, counted(report_.chunks, "chunk"), report_.with_unknown,
          report_.without_frame));
    }
    const SplitShares& shares = request_.rule.shares;
    if ((split == Split::kTest ? shares.test : shares.validation) <= 0.0) return;
    if (asked == 0) {
      log_.warning("{}: is empty, since its share of {} is none", found.name,
                   counted(*request_.rule.fragments, "fragment"));
      return;
    }
    log_.warning(
        "{}: is empty, since no fragments of {} are left for it: label more species, or set its "
        "share to 0",
        found.name, missing);
  }

  /// Logs which group keeps the others from giving more, where they could.
  void log_smallest(const DatasetSplit& split) const {
    const DatasetGroup* smallest = nullptr;
    std::uint64_t possible = std::numeric_limits<std::uint64_t>::max();
    for (const bool is_virus : {true, false}) {
      std::uint64_t total = 0;
      for (const DatasetGroup& group : split.groups) {
        if (group.is_virus != is_virus) continue;
        total += group.available;
        const bool gives_all = group.fragments == group.available;
        if (gives_all && (smallest == nullptr || group.available < smallest->available)) {
          smallest = &group;
        }
      }
      possible = std::min(possible, total);
    }
    if (smallest == nullptr || possible == split.fragments_per_class) return;
    log_.info(
        "{}: groups give equally, and '{}' has only {}; --fragments N takes more of the "
        "others",
        split.name, shown_id(smallest->name), counted(smallest->available, "fragment"));
  }

  const DatasetRequest& request_;
  const DatasetReport& report_;
  const Selection& selection_;
  const std::size_t candidates_;
  const Log& log_;
};

}  // namespace

void log_splits(const DatasetRequest& request, const DatasetReport& report,
                const Selection& selection, std::size_t candidates, const Log& log) {
  SplitLog(request, report, selection, candidates, log).log_report();
}

}  // namespace virnucpro
