// The weights files of a model: found in a folder, told apart by content, joined from shards.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "weights/tensor_source.h"
#include "weights/torch_archive.h"

namespace virnucpro {

/// The file itself, one mapped tensor file: a torch archive, or else its tensors (safetensors).
struct TensorFile {
  std::optional<TorchArchive> archive;
  TensorSource tensors;
  std::optional<UsedFile> file;  ///< absent for memory
};

/// Opens a safetensors file or a PyTorch archive, told apart by content. ModelError naming the file
/// when it is neither or damaged.
TensorFile open_tensor_file(const std::string& path);
/// The same from memory that `owner` keeps alive (null: static); messages begin with `origin`.
TensorFile open_tensor_file(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                            const std::string& origin);

/// All tensors of a file that holds only a dict of tensors: safetensors, or an archive whose dict
/// may be wrapped as unwrap_state_dict() says. Names are unwrapped, too.
TensorSource read_state_dict(const std::string& path);
TensorSource read_state_dict(TensorFile file);

/// The weights of a Hugging Face folder: model.safetensors, its shards by index,
/// pytorch_model.bin or its shards by index, the first that is there. ModelError naming the folder
/// and what was looked for.
TensorSource read_model_folder(const std::string& folder);

/// The tensors that an index (`*.index.json`) maps to files beside it. ModelError naming index,
/// file and tensor.
TensorSource read_sharded(const std::string& index_path);

/// True for a name that stays in its folder: not empty, no '/', not '.' or '..'.
bool is_plain_file_name(const std::string& name);

/// The archive's dict of tensors or module, without the keys that training scripts put it under:
/// 'state_dict', 'model_state_dict', 'model', or any other key if only one holds such a thing.
/// ModelError, beginning with `path`, that lists the keys where there are several.
PickleValue unwrap_state_dict(const PickleValue& root, const std::string& path);

/// The names under which modules wrap another one: DataParallel and torch.compile.
inline constexpr std::string_view kWrappers[] = {"module", "_orig_mod"};
/// Removes these parts from the names, wherever they stand.
void unwrap_names(TensorSource& tensors);

}  // namespace virnucpro
