#include "weights/torch_archive.h"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/as_text.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/mapped_file.h"
#include "weights/display_name.h"
#include "weights/torch_tensors.h"
#include "weights/zip_reader.h"

namespace virnucpro {
namespace {

/// Levels of modules within modules; the deepest published model has 7.
constexpr int kDeepestModule = 64;
/// Shared modules are walked on each way to them, so a small file could ask for endless walks.
constexpr std::size_t kMostSteps = 1'000'000;
/// In bytes; names are joined on the way down, and the longest published one has 70.
constexpr std::size_t kLongestName = 1000;

bool is_tar(std::span<const std::byte> bytes) {
  constexpr std::size_t kMagicAt = 257;
  return bytes.size() >= kMagicAt + 5 && as_text(bytes.subspan(kMagicAt, 5)) == "ustar";
}

bool is_pickle(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x80} && bytes[1] <= std::byte{5};
}

/// The number that PyTorch before 1.6 pickled first, whatever the protocol: 0x1950a86a20f9469cfc6c.
bool has_legacy_magic(std::span<const std::byte> bytes) {
  constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  constexpr std::size_t kSearched = 64;  // it follows a few bytes of the protocol
  return as_text(bytes.first(std::min(bytes.size(), kSearched))).find(kMagic) !=
         std::string_view::npos;
}

}  // namespace

struct TorchArchive::State {
  std::string path;
  ZipReader zip;
  /// All entries begin with this: the archive's name and a slash.
  std::string folder;
  Pickle pickle;

  /// Unpacked storages still in use: several tensors may share one.
  struct Unpacked {
    std::span<const std::byte> bytes;
    std::weak_ptr<const void> owner;
  };
  mutable std::mutex mutex;
  mutable std::map<std::string, Unpacked> unpacked;

  State(std::string file_path, ZipReader reader, std::string archive_folder, Pickle tree)
      : path(std::move(file_path)),
        zip(std::move(reader)),
        folder(std::move(archive_folder)),
        pickle(std::move(tree)) {}

  OwnedBytes storage(const std::string& name) const {
    const ZipReader::Entry& entry = zip.entries().at(name);
    const std::lock_guard lock(mutex);
    if (const auto place = unpacked.find(name); place != unpacked.end()) {
      if (auto owner = place->second.owner.lock()) return {place->second.bytes, std::move(owner)};
    }
    OwnedBytes bytes = zip.read(name, entry);
    unpacked[name] = {bytes.bytes, bytes.owner};
    return bytes;
  }
};

TorchArchive TorchArchive::open(const std::string& path) {
  const auto file = MappedFile::open(path);
  return from_memory(file->bytes(), file, path);
}

TorchArchive TorchArchive::from_memory(std::span<const std::byte> bytes,
                                       std::shared_ptr<const void> owner, const std::string& path) {
  if (is_pickle(bytes) && has_legacy_magic(bytes)) {
    throw ModelError(fmt::format(
        "{}: this is the format of PyTorch before 1.6, which is not read. Convert it once with a "
        "current PyTorch: torch.save(torch.load(\"old.pt\", map_location=\"cpu\", "
        "weights_only=True), \"new.pt\"). If that refuses, the file holds more than weights: save "
        "the model's state_dict() where it was made",
        path));
  }
  if (is_pickle(bytes)) {
    throw ModelError(
        fmt::format("{}: this is a Python pickle, but not one of PyTorch. Weights are read from "
                    "safetensors files and from what torch.save writes: save the model's "
                    "state_dict() with it where the model was made",
                    path));
  }
  if (is_tar(bytes)) {
    throw ModelError(
        fmt::format("{}: this is a tar archive. Weights are read from safetensors files and from "
                    "what torch.save writes since PyTorch 1.6: unpack it, and name what is inside",
                    path));
  }
  if (!ZipReader::is_zip(bytes)) {
    throw ModelError(fmt::format("{}: not a PyTorch archive (a zip file with data.pkl)", path));
  }
  ZipReader zip({bytes, std::move(owner)}, path);

  constexpr std::string_view kPickleName = "data.pkl";
  std::optional<std::string> folder;
  for (const auto& [name, entry] : zip.entries()) {
    if (!name.ends_with(kPickleName)) continue;
    const std::string before = name.substr(0, name.size() - kPickleName.size());
    const bool is_top = before.empty() || before.find('/') == before.size() - 1;
    if (is_top && !folder) folder = before;
  }
  if (!folder) throw ModelError(fmt::format("{}: a zip file, but without data.pkl", path));
  if (zip.entries().contains(*folder + "constants.pkl")) {
    throw ModelError(fmt::format(
        "{}: this is a TorchScript program; save the module's state_dict() with torch.save", path));
  }
  if (const auto order = zip.entries().find(*folder + "byteorder"); order != zip.entries().end()) {
    if (as_text(zip.read(order->first, order->second).bytes).starts_with("big")) {
      throw ModelError(fmt::format(
          "{}: written on a big-endian machine; save it again on a little-endian one", path));
    }
  }
  const std::string name = *folder + std::string(kPickleName);
  const OwnedBytes pickled = zip.read(name, zip.entries().at(name));
  Pickle pickle = Pickle::parse(pickled.bytes, path);
  return TorchArchive(
      std::make_shared<const State>(path, std::move(zip), *std::move(folder), std::move(pickle)));
}

const std::string& TorchArchive::path() const { return state_->path; }

PickleValue TorchArchive::root() const { return state_->pickle.root(); }

namespace {

/// The names under `_non_persistent_buffers_set`: a set, pickled as a list or as set([...]).
std::set<std::string_view> names_in_set(const std::optional<PickleValue>& value) {
  std::set<std::string_view> names;
  if (!value) return names;
  PickleValue list = *value;
  if (list.kind() == PickleKind::kRecord && list.size() == 1) list = list[0];
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (const auto name = list[i].string()) names.insert(*name);
  }
  return names;
}

/// Finds the tensors of a dict or module and gives them their state-dict names.
class TensorWalker {
 public:
  using Add = std::function<void(const std::string& name, const PickleValue& value)>;

  TensorWalker(const std::string& path, Add add) : path_(path), add_(std::move(add)) {}

  void walk(const PickleValue& value, const std::string& prefix, int depth) {
    if (depth > kDeepestModule) {
      throw ModelError(fmt::format("{}: module {} lies more than {} modules deep", path_,
                                   display_name(prefix), kDeepestModule));
    }
    if (value.kind() == PickleKind::kDict) return each(value, prefix, {});
    if (const auto parameters = value.attribute("_parameters")) each(*parameters, prefix, {});
    if (const auto buffers = value.attribute("_buffers")) {
      each(*buffers, prefix, names_in_set(value.attribute("_non_persistent_buffers_set")));
    }
    if (const auto modules = value.attribute("_modules")) {
      for (const auto& [key, module] : modules->items()) {
        step();
        const auto name = key.string();
        if (!name || module.is_none()) continue;
        walk(module, joined(prefix, *name) + ".", depth + 1);
      }
    }
  }

 private:
  void each(const PickleValue& dict, const std::string& prefix,
            const std::set<std::string_view>& skipped) {
    for (const auto& [key, value] : dict.items()) {
      step();
      const auto name = key.string();
      if (!name || skipped.contains(*name)) continue;
      add_(joined(prefix, *name), value);
    }
  }

  std::string joined(const std::string& prefix, std::string_view name) const {
    if (prefix.size() + name.size() > kLongestName) {
      throw ModelError(fmt::format("{}: a tensor's name is longer than {} bytes: {}", path_,
                                   kLongestName, display_name(name)));
    }
    return prefix + std::string(name);
  }

  void step() {
    if (++steps_ > kMostSteps) {
      throw ModelError(fmt::format("{}: more than {} modules and tensors", path_, kMostSteps));
    }
  }

  const std::string& path_;
  Add add_;
  std::size_t steps_ = 0;
};

}  // namespace

TensorSource TorchArchive::tensors(const PickleValue& value) const {
  TensorSource source(path());
  const auto add = [&](const std::string& name, const PickleValue& tensor_value) {
    const std::string place = fmt::format("{}: tensor {}", path(), display_name(name));
    const std::optional<StoredTensor> tensor = read_stored_tensor(tensor_value, place);
    if (!tensor) return;
    TensorSource::Entry entry;
    entry.shape = Shape(tensor->sizes);
    entry.type = tensor->type;
    if (!tensor->usable) {
      entry.load = [place, type = tensor->type]() -> HostTensor {
        throw ModelError(fmt::format("{} is of type {}, which cannot be used{}", place,
                                     display_name(type), advice_on_type(type)));
      };
      return source.add(name, std::move(entry));
    }
    const std::string storage = state_->folder + "data/" + tensor->storage;
    const auto stored = state_->zip.entries().find(storage);
    if (stored == state_->zip.entries().end()) {
      throw ModelError(
          fmt::format("{}: its data {} is not in the archive", place, display_name(storage)));
    }
    const auto bytes =
        static_cast<std::uint64_t>(tensor->storage_elements) * size_of(*tensor->usable);
    if (stored->second.size < bytes) {
      throw ModelError(fmt::format("{}: its data {} has {} bytes, expected {}", place,
                                   display_name(storage), stored->second.size, bytes));
    }
    entry.load = [state = state_, tensor = *tensor, storage] {
      return make_host_tensor(tensor, state->storage(storage));
    };
    source.add(name, std::move(entry));
  };
  TensorWalker(path(), add).walk(value, "", 0);
  return source;
}

}  // namespace virnucpro
