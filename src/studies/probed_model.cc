#include "studies/probed_model.h"

#include <algorithm>

#include "base/format.h"
#include "tokenizer/protein_alphabet.h"

namespace virnucpro {

std::string layer_text(const ProbedOperation& operation) {
  const LayerMark& layer = operation.layer;
  if (layer.part != "layer") return std::string(layer.part);
  return fmt::format("layer {}", layer.number);
}

std::string operation_text(const ProbedOperation& operation) {
  return fmt::format("{} {}", operation.name, operation.occurrence);
}

void append_tokens(TokenTable& table, EncoderKind kind, std::string_view text,
                   const DnaTokenizer& tokenizer, DnaTokenizer::Scratch& scratch) {
  table.append([&](std::vector<std::int32_t>& ids) {
    if (kind == EncoderKind::kEsm2) {
      encode_protein(text, ids);
    } else {
      tokenizer.encode(text, scratch, ids);
    }
  });
}

void ProbedModel::begin_window(std::size_t frames) {
  for (Found& found : found_) {
    found.finite.assign(frames, true);
    found.first_nonfinite.assign(frames, {});
  }
  features_.assign(frames * width(), 0.0f);
}

void ProbedModel::embed(EncoderKind kind, const TokenTable& tokens, std::int64_t batch_tokens,
                        Workspace& workspace, const AfterBatch& after) {
  (packed_ ? plan_packed : plan_padded)(tokens.lengths(), batch_tokens, plan_);
  for (std::size_t b = 0; b < plan_.batches(); ++b) {
    const std::span<const std::uint32_t> members = plan_.batch(b);
    gather(tokens, members, batch_);
    run_batch(kind, probe_, workspace);
    store(kind, members);
    after(probe_.operations(), members);
  }
}

std::size_t ProbedModel::embed_first_batch(EncoderKind kind, const TokenTable& tokens,
                                           std::int64_t batch_tokens, Workspace& workspace) {
  (packed_ ? plan_packed : plan_padded)(tokens.lengths(), batch_tokens, plan_);
  gather(tokens, plan_.batch(0), batch_);
  run_batch(kind, backend_, workspace);
  return plan_.batch(0).size();
}

void ProbedModel::run_batch(EncoderKind kind, Backend& backend, Workspace& workspace) {
  if (packed_) {
    const std::vector<std::int32_t>& offsets = batch_.cu_seqlens;
    probe_.begin(
        ops::Sequences::packed({offsets.data(), static_cast<std::int64_t>(offsets.size())}));
    encoder(kind).forward_packed(backend, workspace, batch_, embeddings_);
    return;
  }
  const PaddedBatch padded = pad(batch_, models_.padding[kind]);
  probe_.begin(ops::Sequences::padded({padded.lengths.data(), padded.sequences()}, padded.length));
  encoder(kind).forward(backend, workspace, padded, embeddings_);
}

void ProbedModel::store(EncoderKind kind, std::span<const std::uint32_t> members) {
  Found& found = found_[kind];
  const auto columns = static_cast<std::size_t>(embeddings_.width);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::size_t frame = members[i];
    std::copy_n(embeddings_.values.data() + i * columns, columns,
                layout_.embedding(std::span(features_), frame, kind).data());
    found.finite[frame] = embeddings_.nonfinite_per_sequence[i] == 0;
    const std::int32_t first = probe_.first_nonfinite()[i];
    if (first < 0) continue;
    const ProbedOperation& operation = probe_.operations()[static_cast<std::size_t>(first)];
    found.first_nonfinite[frame] =
        fmt::format("{}, {}", layer_text(operation), operation_text(operation));
  }
}

}  // namespace virnucpro
