#include "weights/model_files.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/as_text.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/mapped_file.h"
#include "weights/display_name.h"
#include "weights/json_reader.h"
#include "weights/safetensors.h"
#include "weights/torch_tensors.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingleFiles[] = {"model.safetensors", "pytorch_model.bin"};
constexpr const char* kIndexFiles[] = {"model.safetensors.index.json",
                                       "pytorch_model.bin.index.json"};

/// True for a file that begins with the length of its header, which begins with a brace.
bool is_safetensors(std::span<const std::byte> bytes) {
  constexpr std::size_t kBraceAt = 8;
  return bytes.size() > kBraceAt && bytes[kBraceAt] == std::byte{'{'};
}

/// Levels of checkpoints within checkpoints; no published file nests deeper.
constexpr int kDeepestWrapping = 4;

bool is_module(const PickleValue& value) { return value.attribute("_modules").has_value(); }

bool holds_tensors(const PickleValue& value) {
  if (is_module(value)) return true;
  if (value.kind() != PickleKind::kDict) return false;
  const auto items = value.items();
  return std::ranges::any_of(items, [](const auto& item) { return is_stored_tensor(item.second); });
}

/// The value inside `value`; absent when it is a dict of tensors or a module itself, or holds none.
std::optional<PickleValue> unwrapped_once(const PickleValue& value, const std::string& path) {
  for (const char* key : {"state_dict", "model_state_dict", "model"}) {
    const auto inner = value.find(key);
    if (inner && (inner->kind() == PickleKind::kDict || is_module(*inner))) return inner;
  }
  if (value.kind() != PickleKind::kDict || holds_tensors(value)) return std::nullopt;
  std::optional<PickleValue> found;
  std::string names;
  for (const auto& [key, inner] : value.items()) {
    const auto name = key.string();
    // A checkpoint in a checkpoint has its tensors one level further down.
    if (!name || !holds_tensors(inner)) continue;
    names += (found ? ", " : "") + display_name(*name);
    if (found && found->identity() == inner.identity()) continue;
    if (found) {
      throw ModelError(
          fmt::format("{}: holds several models, under {}: which one is meant? Save that alone, "
                      "such as with torch.save(checkpoint[\"name\"], \"new.pt\")",
                      path, names));
    }
    found = inner;
  }
  return found;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

TensorFile open_tensor_file(const std::string& path) {
  const auto file = MappedFile::open(path);
  TensorFile result = open_tensor_file(file->bytes(), file, path);
  result.file = UsedFile{fs::path(path).filename().string(), file->file(), {}, false};
  return result;
}

TensorFile open_tensor_file(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                            const std::string& origin) {
  TensorFile result;
  if (is_safetensors(bytes)) {
    result.tensors = read_safetensors(bytes, std::move(owner), origin);
    return result;
  }
  if (bytes.empty()) throw ModelError(fmt::format("{}: the file is empty", origin));
  if (as_text(bytes).starts_with("version https://git-lfs")) {
    throw ModelError(fmt::format(
        "{}: this is a Git LFS pointer, not the weights; fetch the file with git lfs pull",
        origin));
  }
  result.archive = TorchArchive::from_memory(bytes, std::move(owner), origin);
  return result;
}

PickleValue unwrap_state_dict(const PickleValue& root, const std::string& path) {
  PickleValue value = root;
  for (int depth = 0; depth < kDeepestWrapping; ++depth) {
    const std::optional<PickleValue> inner = unwrapped_once(value, path);
    if (!inner) break;
    value = *inner;
  }
  return value;
}

void unwrap_names(TensorSource& tensors) {
  tensors.rename([](const std::string& name) {
    std::string kept;
    for (std::size_t begin = 0; begin <= name.size();) {
      const std::size_t dot = std::min(name.find('.', begin), name.size());
      const std::string_view part = std::string_view(name).substr(begin, dot - begin);
      const bool is_last = dot == name.size();
      if (is_last || std::ranges::find(kWrappers, part) == std::end(kWrappers)) {
        kept.append(part);
        if (!is_last) kept += '.';
      }
      begin = dot + 1;
    }
    return kept;
  });
}

TensorSource read_state_dict(const std::string& path) {
  return read_state_dict(open_tensor_file(path));
}

TensorSource read_state_dict(TensorFile file) {
  TensorSource tensors =
      file.archive
          ? file.archive->tensors(unwrap_state_dict(file.archive->root(), file.archive->path()))
          : std::move(file.tensors);
  if (file.file) tensors.add_file(*file.file);
  unwrap_names(tensors);
  return tensors;
}

TensorSource read_model_folder(const std::string& folder) {
  for (std::size_t i = 0; i < std::size(kSingleFiles); ++i) {
    const fs::path single = fs::path(folder) / kSingleFiles[i];
    const fs::path index = fs::path(folder) / kIndexFiles[i];
    if (is_there(single)) return read_state_dict(single.string());
    if (is_there(index)) return read_sharded(index.string());
  }
  throw ModelError(fmt::format("{}: no weights found; looked for {}, {}, {} and {}", folder,
                               kSingleFiles[0], kIndexFiles[0], kSingleFiles[1], kIndexFiles[1]));
}

TensorSource read_sharded(const std::string& index_path) {
  const std::string text = read_text_file(index_path);
  const nlohmann::json document = parse_json_object(text, index_path);
  const JsonObject map = JsonObject(document, index_path).object("weight_map");
  std::map<std::string, std::set<std::string>> names_by_file;
  for (const auto& [name, value] : map.value().items()) {
    const std::string file = map.string(name);
    if (!is_plain_file_name(file)) {
      map.fail(name,
               fmt::format("{} is not the name of a file in this folder", display_name(file)));
    }
    names_by_file[file].insert(name);
  }
  TensorSource result(index_path);
  result.add_file(used_text(fs::path(index_path).filename().string(), text));
  for (const auto& [file, names] : names_by_file) {
    const std::string path = (fs::path(index_path).parent_path() / file).string();
    TensorSource shard = read_state_dict(path);
    for (const std::string& name : names) {
      if (!shard.has(name)) {
        throw ModelError(fmt::format("{}: tensor {} is missing, {} says it is here", path,
                                     display_name(name), index_path));
      }
    }
    // Tied weights may lie in several shards; the index says which one counts.
    shard.drop([&kept = names](const std::string& name) { return !kept.contains(name); });
    result.absorb(std::move(shard));
  }
  return result;
}

bool is_plain_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

}  // namespace virnucpro
