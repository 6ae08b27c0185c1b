// `embed`: the embeddings of all frames, in an HDF5 file or handed on.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "jobs/run.h"
#include "pipeline/window.h"

namespace virnucpro {

/// Throws ConfigError when the file is there and `force` is not set, or cannot be HDF5 (`-`). Call
/// before loading models; the run checks again.
void require_free_embedding_file(const std::string& file, bool force);

/// Writes the HDF5 file request.output, or nothing; the models need no classifier. Memory is
/// bounded for any input. Throws the typed errors of base/errors.h; Interrupted.
RunSummary run_embed(const RunRequest& request, const LoadedModels& models,
                     const RunContext& context, std::stop_token stop = {});

/// The same without an output: hands each window with its embeddings to `take`, in input order.
RunSummary run_embed_into(const RunRequest& request, const LoadedModels& models,
                          const RunContext& context, const std::function<void(const Window&)>& take,
                          std::stop_token stop = {});

}  // namespace virnucpro
