// embedding_lookup on every backend, against the reference.
#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE_WITH_DEVICES(EmbeddingLookupTest);

// One addition and one product: two roundings.
constexpr Tolerance kComputed{1e-7, 2.4e-7};

TEST_P(EmbeddingLookupTest, GathersEveryTableTypeWithAndWithoutAddend) {
  for (const DataType table_type : kFloatingTypes) {
    for (const DataType type : activation_types()) {
      for (const std::int64_t width : {1, 2, 5, 8, 15, 16, 17, 33, 64, 67, 320}) {
        for (const bool with_addend : {false, true}) {
          const Grid table = Grid::random(33, width, 1, table_type);
          const std::vector<float> addend = random_values(width, 2);
          const std::vector<std::int32_t> ids = {0, 32, 5, 5, 1, 31, 0};
          Grid actual(7, width, type);
          Grid expected(7, width, type);
          ops::EmbeddingLookup op{ints(ids), table.view(),
                                  with_addend ? floats(addend) : ConstFloats{}, 0.88f,
                                  actual.view()};
          backend->embedding_lookup(op);
          op.output = expected.view();
          judge.embedding_lookup(op);
          expect_close(
              actual, expected, stored_as(type, kComputed),
              fmt::format("table {} width {} addend {}", name_of(table_type), width, with_addend));
        }
      }
    }
  }
}

TEST_P(EmbeddingLookupTest, SplitsManyIdsOverThreadsWithTheSameResult) {
  const Grid table = Grid::random(33, 200, 1, DataType::kFloat16);
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 1000; ++i) ids.push_back(i * 7 % 33);
  Grid actual(1000, 200);
  Grid expected(1000, 200);
  ops::EmbeddingLookup op{ints(ids), table.view(), {}, 1.0f, actual.view()};
  backend->embedding_lookup(op);
  op.output = expected.view();
  judge.embedding_lookup(op);
  expect_close(actual, expected, {0, 0}, "scale 1 copies the values");
}

TEST_P(EmbeddingLookupTest, TakesNoIds) {
  const Grid table = Grid::random(3, 8, 1);
  Grid output(0, 8);
  backend->embedding_lookup({{}, table.view(), {}, 1.0f, output.view()});
  output.expect_guards_intact();
}

TEST_P(EmbeddingLookupTest, RefusesIdsOutsideTheTableAndWrongShapes) {
  const Grid table = Grid::random(3, 8, 1);
  Grid output(2, 8);
  Grid narrow(2, 7);
  const std::vector<float> addend(7);
  for (const std::vector<std::int32_t>& ids :
       {std::vector<std::int32_t>{0, 3}, {-1, 0}, {0}, {0, 1, 2}}) {
    EXPECT_THROW(backend->embedding_lookup({ints(ids), table.view(), {}, 1.0f, output.view()}),
                 ContractError)
        << testing::PrintToString(ids);
  }
  const std::vector<std::int32_t> ids = {0, 1};
  EXPECT_THROW(backend->embedding_lookup({ints(ids), table.view(), {}, 1.0f, narrow.view()}),
               ContractError);
  EXPECT_THROW(
      backend->embedding_lookup({ints(ids), table.view(), floats(addend), 1.0f, output.view()}),
      ContractError);
}

}  // namespace
}  // namespace virnucpro
