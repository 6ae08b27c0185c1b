// A forwarding backend changes nothing, and its subclasses learn what the encoders do.
#include "backend/forwarding_backend.h"

#include <gtest/gtest.h>

#include <stop_token>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "base/errors.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "support/synthetic_weights.h"

namespace virnucpro {
namespace {

/// Notes the marks that the encoders leave.
class MarkReader final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;

  void enter_layer(LayerMark mark) override {
    marks.push_back(mark);
    ForwardingBackend::enter_layer(mark);
  }

  std::vector<LayerMark> marks;
};

const PackedBatch kForwardedBatch{{0, 5, 6, 2, 0, 7, 2}, {0, 4, 7}};

std::vector<float> embed(const Encoder& encoder, Backend& backend, bool packed) {
  Workspace workspace(backend);
  Embeddings embeddings;
  if (packed) {
    encoder.forward_packed(backend, workspace, kForwardedBatch, embeddings);
  } else {
    encoder.forward(backend, workspace, pad(kForwardedBatch, 1), embeddings);
  }
  return embeddings.values;
}

TEST(ForwardingBackend, ComputesTheSameAndPassesEveryMarkOn) {
  CpuBackend cpu(1);
  MarkReader inner(&cpu);
  ForwardingBackend forwarding(&inner);
  const Esm2 plain_esm2(testing_support::synthetic_esm2("esm2", 2, 32, 4), Precision::kFp16, cpu);
  const Esm2 esm2(testing_support::synthetic_esm2("esm2", 2, 32, 4), Precision::kFp16, forwarding);
  const DnabertS plain_dna(testing_support::synthetic_dnabert_s("dna", 1, 32, 4, 64, 16),
                           Precision::kFp16, cpu);
  const DnabertS dna(testing_support::synthetic_dnabert_s("dna", 1, 32, 4, 64, 16),
                     Precision::kFp16, forwarding);
  EXPECT_EQ(forwarding.name(), cpu.name());
  EXPECT_EQ(forwarding.description(), cpu.description());
  for (const bool packed : {true, false}) {
    inner.marks.clear();
    EXPECT_EQ(embed(esm2, forwarding, packed), embed(plain_esm2, cpu, packed));
    EXPECT_EQ(inner.marks,
              (std::vector<LayerMark>{
                  {"embedding"}, {"layer", 0}, {"layer", 1}, {"final norm"}, {"pooling"}}));
    inner.marks.clear();
    EXPECT_EQ(embed(dna, forwarding, packed), embed(plain_dna, cpu, packed));
    EXPECT_EQ(inner.marks, (std::vector<LayerMark>{{"embedding"}, {"layer", 0}, {"pooling"}}));
  }
}

/// Requests a stop in the middle of a batch.
class Stopper final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;

  std::stop_source source;
  int linears = 0;

 private:
  void do_linear(const ops::Linear& op) override {
    ++linears;
    ForwardingBackend::do_linear(op);
  }
  void do_gated_gelu(const ops::GatedGelu& op) override {
    source.request_stop();
    ForwardingBackend::do_gated_gelu(op);
  }
};

TEST(StopOfABackend, EndsABatchAtItsNextProductAndLeavesModelsAndBackendUsable) {
  CpuBackend one(1);
  CpuBackend three(3);
  ReferenceBackend reference;
  for (Backend* backend : {static_cast<Backend*>(&one), static_cast<Backend*>(&three),
                           static_cast<Backend*>(&reference)}) {
    const DnabertS dna(testing_support::synthetic_dnabert_s("dna", 2, 32, 4, 64, 16),
                       Precision::kFp16, *backend);
    const std::vector<float> expected = embed(dna, *backend, true);
    Stopper stopper(backend);
    embed(dna, stopper, true);  // the stop is nobody's yet
    const int all = stopper.linears;
    for (const bool packed : {true, false}) {
      stopper.source = {};
      stopper.linears = 0;
      stopper.set_stop(stopper.source.get_token());
      EXPECT_THROW(embed(dna, stopper, packed), Interrupted);
      EXPECT_LT(stopper.linears, all);
      // Neither this one nor the one it forwards to prepares weights, either.
      const auto weights = [] {
        return testing_support::synthetic_dnabert_s("dna", 1, 32, 4, 64, 16);
      };
      EXPECT_THROW(DnabertS(weights(), Precision::kFp16, stopper), Interrupted);
      EXPECT_THROW(DnabertS(weights(), Precision::kFp16, *backend), Interrupted);
      stopper.set_stop({});
      EXPECT_EQ(embed(dna, *backend, true), expected);
    }
  }
}

}  // namespace
}  // namespace virnucpro
