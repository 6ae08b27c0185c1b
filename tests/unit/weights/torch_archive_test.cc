// PyTorch archives: what torch.save writes, in every protocol and packing.
#include "weights/torch_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/weights/weights_test_data.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TensorSource open_tensors(const std::string& path) {
  const TorchArchive archive = TorchArchive::open(path);
  return archive.tensors(archive.root());
}

class TorchArchiveLayout : public testing::TestWithParam<std::string> {};

TEST_P(TorchArchiveLayout, GivesEveryTensorAsTorchHadIt) {
  TensorSource source = open_tensors(golden(GetParam()));
  const std::vector<float> base = golden_values("base", {4, 6});
  const auto at = [&](std::size_t row, std::size_t column) { return base[6 * row + column]; };
  EXPECT_EQ(to_floats(source.take("base", {4, 6})), base);

  const std::vector<float> transposed = to_floats(source.take("transposed", {6, 4}));
  const std::vector<float> every_other = to_floats(source.take("every_other_column", {4, 3}));
  const std::vector<float> middle = to_floats(source.take("middle_rows", {2, 6}));
  const std::vector<float> column = to_floats(source.take("one_column", {4, 1}));
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 6; ++j) EXPECT_EQ(transposed[4 * j + i], at(i, j));
    for (std::size_t j = 0; j < 3; ++j) EXPECT_EQ(every_other[3 * i + j], at(i, 2 * j));
    EXPECT_EQ(column[i], at(i, 4));
  }
  EXPECT_TRUE(std::ranges::equal(middle, std::span(base).subspan(6, 12)));

  const std::vector<float> row = golden_values("row", {3});
  const std::vector<float> expanded = to_floats(source.take("expanded", {5, 3}));
  for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(expanded[i], row[i % 3]);
  const std::vector<float> cube = golden_values("cube", {2, 3, 4});
  const std::vector<float> permuted = to_floats(source.take("permuted", {4, 2, 3}));
  for (std::size_t k = 0; k < 4; ++k) {
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(permuted[6 * k + i], cube[4 * i + k]);
  }

  const HostTensor half = source.take("half", {3, 5});
  EXPECT_EQ(half.type, DataType::kFloat16);
  EXPECT_EQ(to_floats(half), golden_values("half", {3, 5}));
  const HostTensor brain = source.take("brain", {3, 5});
  EXPECT_EQ(brain.type, DataType::kBFloat16);
  EXPECT_EQ(to_floats(brain), golden_values("brain", {3, 5}));
  const HostTensor numbers = source.take_any("long");
  ASSERT_EQ(numbers.type, DataType::kInt64);
  ASSERT_EQ(numbers.shape, (Shape{7}));
  std::int64_t last = 0;
  std::memcpy(&last, numbers.data + 6 * sizeof(last), sizeof(last));
  EXPECT_EQ(last, 3);
  EXPECT_EQ(source.take_any("int").type, DataType::kInt32);
  EXPECT_THAT(to_floats(source.take("scalar", {})), ElementsAre(1.5f));
  EXPECT_TRUE(to_floats(source.take("empty", {0, 3})).empty());
  EXPECT_EQ(to_floats(source.take("parameter", {2, 2})), golden_values("parameter", {2, 2}));

  EXPECT_THAT(model_error([&] { source.take_any("double"); }), HasSubstr("'float64'"));
  EXPECT_THAT(model_error([&] { source.take_any("bool"); }), HasSubstr("'bool'"));
  EXPECT_THAT(model_error([&] { source.take_any("eight_bits"); }), HasSubstr("'float8_e4m3fn'"));
  EXPECT_THAT(model_error([&] { source.take_any("sparse"); }), HasSubstr("'sparse_tensor'"));
  EXPECT_FALSE(source.has("a_number"));
}

INSTANTIATE_TEST_SUITE_P(Files, TorchArchiveLayout,
                         testing::Values("protocol_2.pt", "protocol_3.pt", "protocol_4.pt",
                                         "protocol_5.pt", "deflated.pt", "zip64.pt"));

TEST(TorchArchive, SharesOneStorageInPlace) {
  TensorSource source = open_tensors(golden("protocol_2.pt"));
  HostTensor base = source.take_any("base");
  const HostTensor middle = source.take_any("middle_rows");
  EXPECT_EQ(middle.data, base.data + 6 * sizeof(float));
  const std::vector<float> values = to_floats(middle);
  base = {};  // gives back what lies in whole pages of its own
  EXPECT_EQ(to_floats(middle), values);
}

TEST(TorchArchive, SharesOneUnpackedStorage) {
  TensorSource source = open_tensors(golden("deflated.pt"));
  const HostTensor base = source.take_any("base");
  EXPECT_EQ(source.take_any("middle_rows").data, base.data + 6 * sizeof(float));
}

TEST(TorchArchive, KeepsTensorsAliveAfterItself) {
  HostTensor tensor;
  {
    TensorSource source = open_tensors(golden("protocol_4.pt"));
    tensor = source.take_any("half");
  }
  EXPECT_EQ(to_floats(tensor), golden_values("half", {3, 5}));
}

TEST(TorchArchive, ReadsACommandAsAName) {
  const std::filesystem::path trace = "hostile_pickle_was_executed";
  std::filesystem::remove(trace);
  const TorchArchive archive = TorchArchive::open(golden("os_system.pt"));
  const auto evil = archive.root().find("evil");
  ASSERT_TRUE(evil.has_value());
  EXPECT_EQ(evil->kind(), PickleKind::kRecord);
  EXPECT_EQ(evil->full_name(), "posix.system");
  ASSERT_EQ(evil->size(), 1u);
  EXPECT_EQ((*evil)[0].string(), "touch hostile_pickle_was_executed");
  EXPECT_THAT(archive.tensors(archive.root()).names(), ElementsAre("hidden_layer.weight"));
  EXPECT_FALSE(std::filesystem::exists(trace));
}

TEST(TorchArchive, SaysHowToConvertTheOldFormat) {
  const std::string path = golden("legacy.pt");
  EXPECT_EQ(
      model_error([&] { TorchArchive::open(path); }),
      path +
          ": this is the format of PyTorch before 1.6, which is not read. Convert it once "
          "with a current PyTorch: torch.save(torch.load(\"old.pt\", map_location=\"cpu\", "
          "weights_only=True), \"new.pt\"). If that refuses, the file holds more than weights: "
          "save the model's state_dict() where it was made");
}

TEST(TorchArchive, RefusesOtherKindsOfFiles) {
  EXPECT_THAT(model_error([] { TorchArchive::open(golden("torchscript.pt")); }),
              HasSubstr("this is a TorchScript program"));
  EXPECT_THAT(model_error([] { TorchArchive::open(golden("dnabert_s/config.json")); }),
              HasSubstr("not a PyTorch archive"));
  TensorSource source = open_tensors(golden("protocol_2.pt"));
  EXPECT_THAT(model_error([] { open_tensors(golden("lzma.pt")); }),
              HasSubstr("is compressed with method 14, expected stored or deflated"));
  EXPECT_THAT(model_error([] { TorchArchive::open(golden("absent.pt")); }),
              HasSubstr("cannot open: No such file"));
}

class DamagedTorchArchive : public ScratchTest {};

TEST_F(DamagedTorchArchive, RefusesATarOfTheOldFormat) {
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  write_all(scratch("x.pt"), tar);
  EXPECT_THAT(model_error([&] { TorchArchive::open(scratch("x.pt")); }),
              HasSubstr("this is a tar archive"));
}

TEST_F(DamagedTorchArchive, TellsAPickleOfOthersByTheMagicNumber) {
  for (const std::string& pickle :
       {std::string("\x80\x04\x95\x0b\0\0\0\0\0\0\0}\x94.", 14), std::string("\x80\x02}q\0.", 6)}) {
    write_all(scratch("x.pkl"), pickle);
    const std::string error = model_error([&] { TorchArchive::open(scratch("x.pkl")); });
    EXPECT_THAT(error, HasSubstr("this is a Python pickle, but not one of PyTorch"));
    EXPECT_THAT(error, Not(HasSubstr("torch.load")));
  }
}

TEST_F(DamagedTorchArchive, RefusesBigEndianData) {
  // The entry says "little" and keeps its length.
  write_all(scratch("x.pt"),
            replaced(read_all(golden("protocol_2.pt")), "little", std::string("big\0\0\0", 6)));
  EXPECT_THAT(model_error([&] { TorchArchive::open(scratch("x.pt")); }),
              HasSubstr("written on a big-endian machine"));
}

TEST_F(DamagedTorchArchive, RefusesATensorBeyondItsStorage) {
  // [3, 5] halves become [3, 9]: the size is one byte after its opcode in the pickle.
  std::string bytes = read_all(golden("protocol_2.pt"));
  const std::string sizes = "K\x03K\x05\x86";
  std::string larger = sizes;
  larger[3] = 9;
  write_all(scratch("x.pt"), replaced(bytes, sizes, larger));
  EXPECT_THAT(model_error([&] { open_tensors(scratch("x.pt")); }),
              HasSubstr("tensor 'half': tensor of shape [3, 9] at element 0 reaches beyond its "
                        "storage of 15 elements"));
}

TEST_F(DamagedTorchArchive, SaysWhichDataIsMissingOrShort) {
  std::string bytes = read_all(golden("protocol_2.pt"));
  // The entry's name occurs before its data and in the directory; both change.
  std::string renamed = bytes;
  for (std::size_t at = 0; (at = renamed.find("protocol_2/data/0", at)) != std::string::npos;) {
    renamed.replace(at, 17, "protocol_2/data/x");
  }
  write_all(scratch("x.pt"), renamed);
  EXPECT_THAT(model_error([&] { open_tensors(scratch("x.pt")); }),
              HasSubstr("tensor 'base': its data 'protocol_2/data/0' is not in the archive"));
  // 24 floats of the first storage become 25: K 24 -> K 25 before the tuple of the id ends.
  write_all(scratch("y.pt"), replaced(bytes, "K\x18tq", "K\x19tq"));
  EXPECT_THAT(model_error([&] { open_tensors(scratch("y.pt")); }),
              HasSubstr("'protocol_2/data/0' has 96 bytes, expected 100"));
}

}  // namespace
}  // namespace virnucpro
