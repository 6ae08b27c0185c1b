// Safetensors: real files, round trips, and every way in which a header can lie.
#include "weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mapped_file.h"
#include "support/resident_pages.h"
#include "unit/weights/weights_test_data.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Safetensors : public ScratchTest {
 protected:
  /// A file with this header and that many bytes of data.
  static std::string bytes_of(const std::string& header, std::size_t data) {
    const std::uint64_t length = header.size();
    std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
    return bytes + header + std::string(data, '\0');
  }
  std::string error_of(const std::string& bytes) const {
    const std::string path = scratch("bad.safetensors");
    write_all(path, bytes);
    std::string text = model_error([&] { read_safetensors(path); });
    if (text.starts_with(path)) text.erase(0, path.size());
    return text;
  }
  static std::string tensor(const std::string& shape, const std::string& offsets) {
    return R"({"w":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  }
};

TEST_F(Safetensors, ReadsEveryTypeThatTheLibraryWrites) {
  TensorSource source = read_safetensors(golden("all_types.safetensors"));
  EXPECT_EQ(to_floats(source.take("base", {4, 6})), golden_values("base", {4, 6}));
  EXPECT_EQ(to_floats(source.take("half", {3, 5})), golden_values("half", {3, 5}));
  const HostTensor brain = source.take("brain", {3, 5});
  EXPECT_EQ(brain.type, DataType::kBFloat16);
  EXPECT_EQ(to_floats(brain), golden_values("brain", {3, 5}));
  EXPECT_THAT(to_floats(source.take("scalar", {})), ElementsAre(1.5f));
  EXPECT_EQ(source.take("empty", {0, 3}).bytes(), 0u);
  const HostTensor numbers = source.take_any("long");
  ASSERT_EQ(numbers.type, DataType::kInt64);
  std::int64_t first = 0;
  std::memcpy(&first, numbers.data, sizeof(first));
  EXPECT_EQ(first, -3);
  EXPECT_EQ(source.take_any("int").type, DataType::kInt32);
  EXPECT_THAT(model_error([&] { source.take("double", {2}); }), HasSubstr("is of type float64"));
  EXPECT_THAT(model_error([&] { source.take_any("bool"); }),
              HasSubstr("tensor 'bool' is of type 'bool', which cannot be used"));
}

TEST_F(Safetensors, AConvertedTensorLeavesMemoryAndOneInUseStays) {
  const std::vector<float> values(1 << 18, 1.5f);
  const HostTensor tensor = make_float_tensor({1 << 18}, values);
  write_safetensors(scratch("two"), {{"a", tensor}, {"b", tensor}});
  const auto file = MappedFile::open(scratch("two"));
  if (test::resident_pages(file->bytes()) < 0) GTEST_SKIP() << "no /proc/self/pagemap";
  TensorSource source = read_safetensors(file->bytes(), file, "here");
  const HostTensor kept = convert(source.take("a", {1 << 18}), DataType::kFloat32);
  EXPECT_EQ(to_floats(kept), values);
  const int one = test::resident_pages(kept.span());
  const HostTensor half = convert(source.take("b", {1 << 18}), DataType::kFloat16);
  EXPECT_EQ(float_at(half, 77), 1.5f);
  // Both ends of `b` share a page with something else.
  EXPECT_LE(test::resident_pages(file->bytes()), one + 2);
  EXPECT_EQ(test::resident_pages(kept.span()), one);
}

TEST_F(Safetensors, PointsIntoTheMappedFile) {
  const auto file = MappedFile::open(golden("all_types.safetensors"));
  TensorSource source = read_safetensors(file->bytes(), file, "here");
  const HostTensor tensor = source.take("half", {3, 5});
  EXPECT_GE(tensor.data, file->bytes().data());
  EXPECT_LT(tensor.data, file->bytes().data() + file->bytes().size());
}

TEST_F(Safetensors, ReadsMetadata) {
  EXPECT_THAT(read_safetensors_metadata(golden("all_types.safetensors")),
              ElementsAre(testing::Pair("made by", "safetensors"), testing::Pair("n", "1")));
  EXPECT_TRUE(read_safetensors_metadata(golden("classifier.safetensors")).empty());
}

TEST_F(Safetensors, WritesWhatItReadsBack) {
  std::map<std::string, HostTensor> tensors;
  TensorSource source = read_safetensors(golden("all_types.safetensors"));
  for (const char* name : {"base", "half", "brain", "long", "int", "scalar", "empty"}) {
    tensors[name] = source.take_any(name);
  }
  const std::string path = scratch("copy.safetensors");
  write_safetensors(path, tensors, {{"key", "value"}});
  TensorSource copy = read_safetensors(path);
  EXPECT_EQ(copy.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const HostTensor read = copy.take_any(name);
    EXPECT_EQ(read.type, tensor.type) << name;
    EXPECT_EQ(read.shape, tensor.shape) << name;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(read.data) % size_of(read.type), 0u) << name;
    EXPECT_TRUE(std::ranges::equal(read.span(), tensor.span())) << name;
  }
  EXPECT_EQ(read_safetensors_metadata(path).at("key"), "value");
  const std::string first = read_all(path);
  write_safetensors(path, tensors, {{"key", "value"}});
  EXPECT_EQ(read_all(path), first);
}

TEST_F(Safetensors, WritesAFileWithoutTensors) {
  write_safetensors(scratch("none"), std::map<std::string, HostTensor>{});
  EXPECT_EQ(read_safetensors(scratch("none")).size(), 0u);
}

TEST_F(Safetensors, LeavesNothingBehindWhenATensorCannotBeMade) {
  const std::string path = scratch("broken.safetensors");
  const TensorToWrite tensors[] = {
      {"w", DataType::kFloat32, {1}, []() -> HostTensor { throw ModelError("no"); }}};
  EXPECT_THROW(write_safetensors(path, tensors), ModelError);
  EXPECT_TRUE(std::filesystem::is_empty(std::filesystem::path(path).parent_path()));
}

TEST_F(Safetensors, SaysWhenItCannotWrite) {
  EXPECT_THROW(write_safetensors(scratch("no/such/folder"), std::map<std::string, HostTensor>{}),
               OutputError);
}

TEST_F(Safetensors, ReadsMisalignedData) {
  // Seven bytes of padding less: the data begins at an odd address.
  const float value = 2.5f;
  std::string bytes = bytes_of(tensor("[1]", "[0,4]") + " ", 0);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  write_all(scratch("odd"), bytes);
  TensorSource source = read_safetensors(scratch("odd"));
  EXPECT_THAT(to_floats(convert(source.take("w", {1}), DataType::kFloat32)), ElementsAre(2.5f));
}

TEST_F(Safetensors, RefusesHeadersThatDoNotFit) {
  const std::string hint = "; the file may be damaged or truncated, copy it again";
  EXPECT_EQ(error_of(""), ": 0 bytes are too few for a safetensors file" + hint);
  EXPECT_EQ(error_of("1234567"), ": 7 bytes are too few for a safetensors file" + hint);
  EXPECT_EQ(error_of(bytes_of("{}", 0).substr(0, 9)), ": header of 2 bytes in a file of 9" + hint);
  EXPECT_EQ(error_of(std::string(8, '\xff') + "{}"),
            ": header of 18446744073709551615 bytes, the limit is 100000000" + hint);
  EXPECT_THAT(error_of(bytes_of("{", 0)), HasSubstr(": header: not valid JSON"));
  EXPECT_EQ(error_of(bytes_of("[]", 0)),
            ": header: expected a JSON object, found a value of type array");
  EXPECT_THAT(error_of(bytes_of("{\"\xff\":1}", 0)), HasSubstr("not valid JSON"));
}

TEST_F(Safetensors, RefusesTensorsThatDoNotFit) {
  EXPECT_EQ(error_of(bytes_of(R"({"w":3})", 0)), ": 'w': expected an object, found number");
  EXPECT_EQ(error_of(bytes_of(R"({"w":{}})", 0)), ": 'w.dtype': missing, expected a string");
  EXPECT_EQ(error_of(bytes_of(tensor("[-1]", "[0,4]"), 4)),
            ": 'w.shape': expected whole numbers that are not negative");
  EXPECT_EQ(error_of(bytes_of(tensor("[1.5]", "[0,4]"), 4)),
            ": 'w.shape': expected whole numbers that are not negative");
  EXPECT_EQ(error_of(bytes_of(tensor("[18446744073709551615]", "[0,4]"), 4)),
            ": 'w.shape': expected whole numbers that are not negative");
  EXPECT_THAT(error_of(bytes_of(tensor("[1]", "[0]"), 4)), HasSubstr("data_offsets [0] in 4"));
  EXPECT_THAT(error_of(bytes_of(tensor("[1]", "[4,0]"), 4)), HasSubstr("data_offsets [4, 0] in 4"));
  EXPECT_THAT(error_of(bytes_of(tensor("[1]", "[0,8]"), 4)), HasSubstr("data_offsets [0, 8] in 4"));
  EXPECT_THAT(error_of(bytes_of(tensor("[3]", "[0,4]"), 4)),
              HasSubstr("tensor 'w': shape [3] does not fit its 4 bytes of data"));
  // The product is 4 when it wraps around 64 bits.
  EXPECT_THAT(error_of(bytes_of(tensor("[4611686018427387905,4]", "[0,4]"), 4)),
              HasSubstr("does not fit its 4 bytes"));
  EXPECT_THAT(error_of(bytes_of(tensor("[4611686018427387904,4,0]", "[0,0]"), 0)),
              HasSubstr("does not fit its 0 bytes"));
}

TEST_F(Safetensors, RefusesHolesAndOverlaps) {
  const auto two = [](const std::string& second) {
    return R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)" +
           (R"("b":{"dtype":"F32","shape":[1],"data_offsets":)" + second + "}}");
  };
  EXPECT_EQ(error_of(bytes_of(two("[4,8]"), 8)), "");
  EXPECT_THAT(error_of(bytes_of(two("[8,12]"), 12)),
              HasSubstr("tensor 'b' begins at byte 8 of the data, expected 4"));
  EXPECT_THAT(error_of(bytes_of(two("[2,6]"), 6)),
              HasSubstr("tensor 'b' begins at byte 2 of the data, expected 4"));
  EXPECT_THAT(error_of(bytes_of(two("[4,8]"), 9)),
              HasSubstr("9 bytes of data, but the tensors end at 8"));
}

TEST_F(Safetensors, ListsTypesItDoesNotKnow) {
  write_all(scratch("x"), bytes_of(R"({"w":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}})", 1));
  TensorSource source = read_safetensors(scratch("x"));
  EXPECT_EQ(source.type("w"), "F4");
  EXPECT_THAT(model_error([&] { source.take_any("w"); }), HasSubstr("is of type 'F4'"));
}

TEST_F(Safetensors, SurvivesDeepJson) {
  EXPECT_THAT(error_of(bytes_of(R"({"w":)" + std::string(1 << 20, '['), 0)),
              HasSubstr("not valid JSON"));
  const std::string deep = std::string(1 << 20, '[') + std::string(1 << 20, ']');
  EXPECT_THAT(error_of(bytes_of(R"({"w":)" + deep + "}", 0)), HasSubstr("expected an object"));
}

}  // namespace
}  // namespace virnucpro
