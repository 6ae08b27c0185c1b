#include "bundles/pull.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/descriptor.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/gigabytes.h"
#include "base/partial_file.h"
#include "base/path_kind.h"
#include "base/sha256.h"
#include "base/stop.h"
#include "bundles/model_sources.h"
#include "bundles/pull_folder.h"
#include "download/file_download.h"
#include "download/hugging_face.h"
#include "download/network_settings.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// Where files lie that are being fetched, beside the bundles; hidden from their lists.
constexpr const char* kDownloads = ".downloads";
/// Enough digits of a commit or an address to tell folders apart.
constexpr std::size_t kKeyDigits = 12;
/// The cards, and what file systems need for themselves.
constexpr std::uint64_t kSpareBytes = std::uint64_t{1} << 20;

/// One part as it will be imported.
struct ChosenPart {
  const RegistryPart* part = nullptr;
  const RegistrySource* source = nullptr;
  std::vector<std::optional<LocatedFile>> files;  ///< of the source, in its order; absent: to fetch

  bool is_whole() const {
    return std::ranges::all_of(files, [](const auto& file) { return file.has_value(); });
  }
};

class Pull {
 public:
  Pull(const PullRequest& request, const Environment& environment, const Log& log,
       const PullProgress& progress, const std::stop_token& stop)
      : request_(request),
        hub_(hugging_face(environment)),
        network_(network_settings(environment)),
        log_(log),
        progress_(progress),
        stop_(stop),
        sources_(environment, hub_, request.from, log, stop) {
    network_.user_agent = "virnucpro/" + request.program_version;
  }

  BundleInfo run() {
    const std::string bundle = pulled_folder(request_);
    require_free_bundle_folder(bundle, request_.force);
    if (!request_.from.empty()) {
      const std::string problem = no_folder(request_.from, "the folder of copied files");
      if (!problem.empty()) throw ConfigError("--from: " + problem);
    }
    make_result_folder(request_.folder);
    const Descriptor lock = lock_of(request_.folder);
    remove_left_overs(request_.folder, bundle);
    find_parts();
    require_all_where_nothing_is_fetched();
    require_room();
    for (ChosenPart& part : parts_) fetch(part);
    const BundleInfo info = make_bundle(bundle);
    if (!request_.keep_downloads) remove_downloads();
    return info;
  }

 private:
  bool fetches() const { return request_.from.empty() && !hub_.is_offline; }

  // ---- where the files are

  std::string downloads_of(const RegistryPart& part, const RegistrySource& source) const {
    const std::string key = source.revision.empty() ? sha256_text(source.url) : source.revision;
    return fmt::format("{}/{}/{}-{}", request_.folder, kDownloads, part.name,
                       key.substr(0, kKeyDigits));
  }

  /// The sources of a part by preference: who names a mirror of Hugging Face wants it used.
  std::vector<const RegistrySource*> sources_of(const RegistryPart& part) const {
    std::vector<const RegistrySource*> list;
    for (const RegistrySource& source : part.sources) list.push_back(&source);
    if (hub_.is_mirror) {
      std::ranges::stable_partition(list, [](const RegistrySource* source) {
        return source->home == ModelHome::kHuggingFace;
      });
    }
    return list;
  }

  ChosenPart look_for(const RegistryPart& part, const RegistrySource& source) {
    ChosenPart chosen{&part, &source, {}};
    for (const RegistryFile& file : source.files) {
      const std::string own = downloads_of(part, source) + "/" + file.name;
      std::string problem;
      std::optional<LocatedFile> found = checked_file(own, file, problem, stop_);
      if (!problem.empty()) {
        log_.warning("{} It is left from an earlier download, and is fetched anew.", problem);
        std::error_code error;
        fs::remove(own, error);
      }
      if (!found) found = sources_.find(part, source, file);
      chosen.files.push_back(std::move(found));
    }
    return chosen;
  }

  void find_parts() {
    log_.info("looking for files that are on this machine already");
    for (const RegistryPart& part : request_.model.parts) {
      std::optional<ChosenPart> first;
      bool is_found = false;
      for (const RegistrySource* source : sources_of(part)) {
        ChosenPart chosen = look_for(part, *source);
        if (chosen.is_whole()) {
          log_.info("{}: {} is here", part.name, source->described());
          parts_.push_back(std::move(chosen));
          is_found = true;
          break;
        }
        if (!first) first = std::move(chosen);
      }
      if (!is_found) parts_.push_back(std::move(*first));
    }
  }

  void require_all_where_nothing_is_fetched() {
    if (fetches()) return;
    std::string missing;
    for (const ChosenPart& each : parts_) {
      for (std::size_t i = 0; i < each.files.size(); ++i) {
        if (each.files[i]) continue;
        missing += fmt::format("{}{}/{} ({})", missing.empty() ? "" : ", ", each.part->name,
                               each.source->files[i].name,
                               each.source->address(each.source->files[i], hub_.endpoint));
      }
    }
    if (missing.empty()) return;
    const std::vector<std::string> problems = sources_.take_problems();
    const std::string others =
        problems.empty() ? ""
                         : fmt::format(" There, but other files: {}", fmt::join(problems, " "));
    const std::string where = request_.from.empty()
                                  ? "on this machine, and HF_HUB_OFFLINE forbids to fetch them"
                                  : "in " + request_.from;
    throw ModelError(fmt::format(
        "{}: these files are not {}: {}.{} Copy them into a folder, those of each part into a "
        "folder of its name as shown, and name that with --from.",
        request_.model.name, where, missing, others));
  }

  /// The bundle is at most as large as what it is made from: float16 from float16 or float32.
  void require_room() const {
    std::uint64_t fetched = 0;
    std::uint64_t bundle = 0;
    for (const ChosenPart& each : parts_) {
      for (std::size_t i = 0; i < each.files.size(); ++i) {
        const RegistryFile& file = each.source->files[i];
        const std::uint64_t size = each.files[i] ? each.files[i]->size : file.size.value_or(0);
        bundle += size;
        if (each.files[i]) continue;
        const std::string path = downloads_of(*each.part, *each.source) + "/" + file.name;
        fetched += size - std::min(size, room_of(part_path_of(path)));
      }
    }
    const std::optional<std::uint64_t> there = free_room(request_.folder);
    if (!there) return;  // the disk will tell
    const std::uint64_t needed = fetched + bundle + kSpareBytes;
    if (needed <= *there) return;
    throw OutputError(fmt::format(
        "{}: expected {} of room ({} to fetch, up to {} for the bundle), found {} free. Free some "
        "space, or choose another place with --to.",
        request_.folder, gigabytes(needed), gigabytes(fetched), gigabytes(bundle),
        gigabytes(*there)));
  }

  // ---- what is missing

  void fetch(ChosenPart& chosen) {
    if (chosen.is_whole()) return;
    const std::vector<const RegistrySource*> list = sources_of(*chosen.part);
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) chosen = look_for(*chosen.part, *list[i]);
      try {
        return fetch_missing(chosen);
      } catch (const ModelError& error) {
        if (i + 1 == list.size()) throw;
        log_.warning("{} Trying the same model at {}.", error.what(), list[i + 1]->described());
      }
    }
  }

  void fetch_missing(ChosenPart& chosen) {
    const std::string folder = downloads_of(*chosen.part, *chosen.source);
    make_result_folder(folder);
    for (std::size_t i = 0; i < chosen.files.size(); ++i) {
      if (chosen.files[i]) continue;
      const RegistryFile& file = chosen.source->files[i];
      FileRequest request;
      request.name = fmt::format("{}/{}", chosen.part->name, file.name);
      request.url = chosen.source->address(file, hub_.endpoint);
      request.path = folder + "/" + file.name;
      request.size = file.size;
      request.sha256 = file.sha256;
      request.git_id = file.git_id;
      if (chosen.source->home == ModelHome::kHuggingFace) request.token = hub_.token;
      DownloadContext context;
      context.network = network_;
      context.connections = request_.connections;
      context.log = log_;
      context.stop = stop_;
      context.progress = [this](std::uint64_t bytes, std::optional<std::uint64_t> total) {
        if (progress_) progress_(bytes_before_ + bytes, total_with(total));
      };
      log_.info("fetching {} from {}", request.name, request.url);
      const FetchedFile fetched = fetch_file(request, context);
      bytes_before_ += fetched.size;
      log_.info("{}: {} bytes, SHA-256 {}{}", request.name, fetched.size, fetched.sha256,
                fetched.was_known ? "" : " (not publicly known: recorded in the bundle's card)");
      chosen.files[i] = LocatedFile{request.path, fetched.size, fetched.sha256};
    }
  }

  /// All bytes that are fetched, with those of the file that is being fetched.
  std::optional<std::uint64_t> total_with(std::optional<std::uint64_t> current) const {
    std::uint64_t total = bytes_before_;
    bool is_current = true;
    for (const ChosenPart& each : parts_) {
      for (std::size_t i = 0; i < each.files.size(); ++i) {
        if (each.files[i]) continue;
        const std::optional<std::uint64_t> size =
            is_current && current ? current : each.source->files[i].size;
        is_current = false;
        // Those of unknown size are small beside the others.
        total += size.value_or(0);
      }
    }
    return total;
  }

  // ---- the bundle

  /// A folder with all files of a part: what was found elsewhere is linked into it.
  std::string folder_of(const ChosenPart& chosen) const {
    std::string folder = downloads_of(*chosen.part, *chosen.source);
    make_result_folder(folder);
    for (std::size_t i = 0; i < chosen.files.size(); ++i) {
      const fs::path place = fs::path(folder) / chosen.source->files[i].name;
      const LocatedFile& file = *chosen.files[i];
      if (file.path == place.string()) continue;
      std::error_code error;
      fs::remove(place, error);
      fs::create_symlink(fs::absolute(file.path), place, error);
      if (error) fail_output(place.string(), "link to " + file.path, error.value());
    }
    return folder;
  }

  BundleInfo make_bundle(const std::string& bundle) const {
    log_.info("making the bundle and checking it");
    BundleImport import;
    import.output_folder = bundle;
    import.force = request_.force;
    import.name = request_.model.name;
    import.description = request_.model.description;
    nlohmann::json sources = nlohmann::json::array();  // keys sorted, as cards are read
    for (const ChosenPart& chosen : parts_) {
      const RegistryPart& part = *chosen.part;
      import.license +=
          fmt::format("{}{} {}", import.license.empty() ? "" : ", ", part.name, part.license);
      switch (part.kind) {
        case RegistryKind::kDnabertS:
          import.dnabert_folder = folder_of(chosen);
          break;
        case RegistryKind::kEsm2:
          import.esm2_path =
              chosen.files.size() == 1 ? chosen.files.front()->path : folder_of(chosen);
          break;
        case RegistryKind::kClassifier:
          import.classifiers.push_back({part.expected_length, chosen.files.front()->path});
          break;
      }
      for (std::size_t i = 0; i < chosen.files.size(); ++i) {
        // The public address, so that bundles by way of mirrors are the same.
        sources.push_back(
            {{"part", part.name},
             {"address", chosen.source->address(chosen.source->files[i], "https://huggingface.co")},
             {"bytes", chosen.files[i]->size},
             {"sha256", chosen.files[i]->sha256}});
      }
    }
    import.extra_json = nlohmann::json({{ "sources", sources }}).dump();
    throw_if_stopped(stop_);
    try {
      return import_bundle(import, {}, stop_);
    } catch (const ModelError&) {
      remove_unproven();
      throw;
    }
  }

  /// A file that the registry has no hash of may be what is wrong: it must not be used again.
  void remove_unproven() const {
    for (const ChosenPart& chosen : parts_) {
      for (std::size_t i = 0; i < chosen.files.size(); ++i) {
        const RegistryFile& file = chosen.source->files[i];
        if (!file.sha256.empty() || !file.git_id.empty()) continue;
        std::error_code error;
        fs::remove(downloads_of(*chosen.part, *chosen.source) + "/" + file.name, error);
      }
    }
  }

  void remove_downloads() const {
    std::error_code error;
    for (const ChosenPart& chosen : parts_) {
      for (const RegistrySource& source : chosen.part->sources) {
        fs::remove_all(downloads_of(*chosen.part, source), error);
      }
    }
    fs::remove(fs::path(request_.folder) / kDownloads, error);  // only when it is empty
  }

  const PullRequest& request_;
  const HuggingFace hub_;
  NetworkSettings network_;
  const Log& log_;
  const PullProgress& progress_;
  const std::stop_token& stop_;
  ModelSources sources_;
  std::vector<ChosenPart> parts_;
  std::uint64_t bytes_before_ = 0;
};

}  // namespace

std::string pulled_folder(const PullRequest& request) {
  return (fs::path(request.folder) / request.model.name).string();
}

BundleInfo pull_model(const PullRequest& request, const Environment& environment, const Log& log,
                      const PullProgress& progress, const std::stop_token& stop) {
  return Pull(request, environment, log, progress, stop).run();
}

}  // namespace virnucpro
