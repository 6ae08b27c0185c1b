#include "cli/commands/doctor/doctor_text.h"

#include <algorithm>

#include "base/counted.h"
#include "base/format.h"
#include "cli/command_line/help.h"
#include "cli/terminal/safe_text.h"

namespace virnucpro::cli {
namespace {

std::size_t count_of(const DoctorReport& report, Finding finding) {
  return static_cast<std::size_t>(
      std::ranges::count(report.findings, finding, &Diagnosis::finding));
}

double hours_per_million(const SpeedEstimate& speed) {
  return 1e6 / speed.frames_per_second / 3600.0;
}

std::string field(std::string_view key, std::string_view value) {
  return fmt::format("{}:{}", json_string(key), json_string(value));
}

/// `items` as a JSON array, each by `text`.
template <typename Item, typename Text>
std::string array_of(const std::vector<Item>& items, Text text) {
  std::string array;
  for (const Item& item : items) array += (array.empty() ? "" : ",") + text(item);
  return "[" + array + "]";
}

}  // namespace

bool DoctorReport::has_failure() const { return count_of(*this, Finding::kFailure) > 0; }

std::string doctor_page(const DoctorReport& report) {
  std::string page = version_line() + "\n";
  std::string section;
  for (const Diagnosis& each : report.findings) {
    if (each.section != section) page += fmt::format("\n{}\n", each.section);
    section = each.section;
    page += fmt::format("  {:<8} {}: {}\n", name_of(each.finding), escape_controls(each.name),
                        escape_controls(each.text));
    if (!each.mend.empty())
      page += fmt::format("           mend: {}\n", escape_controls(each.mend));
  }
  if (!report.settings.empty()) page += "\nsettings of predict\n";
  for (const SettingInForce& each : report.settings) {
    page += fmt::format("  {} = {} ({})\n", each.name, escape_controls(each.value),
                        escape_controls(each.place));
  }
  if (!report.speeds.empty()) {
    page +=
        "\nspeed of the published models here in frames (DNABERT-S and ESM-2 3B, from one layer of "
        "each)\n";
  }
  for (const SpeedEstimate& each : report.speeds) {
    page += fmt::format("  {} {}: {:.3g}/s, {:.3g} h for a million\n", each.device,
                        name_of(each.precision), each.frames_per_second, hours_per_million(each));
  }
  const std::size_t failures = count_of(report, Finding::kFailure);
  const std::size_t warnings = count_of(report, Finding::kWarning);
  page += failures > 0 ? fmt::format("\nNOT WELL: {}, {}\n", counted(failures, "failure"),
                                     counted(warnings, "warning"))
                       : fmt::format("\nWELL: a run has all that it needs ({})\n",
                                     counted(warnings, "warning"));
  return page;
}

std::string doctor_json(const DoctorReport& report) {
  const std::string findings = array_of(report.findings, [](const Diagnosis& each) {
    return "{" + field("section", each.section) + "," + field("name", each.name) + "," +
           field("finding", name_of(each.finding)) + "," + field("text", each.text) +
           (each.mend.empty() ? "" : "," + field("mend", each.mend)) + "}";
  });
  const std::string settings = array_of(report.settings, [](const SettingInForce& each) {
    return "{" + field("name", each.name) + "," + field("value", each.value) + "," +
           field("from", each.place) + "}";
  });
  const std::string speeds = array_of(report.speeds, [](const SpeedEstimate& each) {
    return fmt::format("{{{},{},\"frames_per_second\":{:.6g},\"hours_per_million_frames\":{:.6g}}}",
                       field("device", each.device), field("precision", name_of(each.precision)),
                       each.frames_per_second, hours_per_million(each));
  });
  return fmt::format("{{{},\"well\":{},\"findings\":{},\"settings\":{},\"published_speed\":{}}}\n",
                     field("version", program_version()), !report.has_failure(), findings, settings,
                     speeds);
}

}  // namespace virnucpro::cli
