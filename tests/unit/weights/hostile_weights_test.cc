// Damaged and hostile files: whatever the bytes, only errors of our own come out, and soon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "unit/weights/weights_test_data.h"
#include "weights/bundle.h"
#include "weights/model_files.h"
#include "weights/pickle.h"
#include "weights/safetensors.h"
#include "weights/torch_archive.h"

namespace virnucpro {
namespace {

/// Takes every tensor of the bytes and reads all of it. Only an Error may come out of a step.
void read_everything(const std::string& bytes) {
  const auto attempt = [](const std::function<void()>& action) {
    try {
      action();
    } catch (const ContractError&) {
      throw;  // our bug, not the file's
    } catch (const Error&) {
    }
  };
  attempt([&] {
    TensorSource tensors =
        read_state_dict(open_tensor_file(std::as_bytes(std::span(bytes)), nullptr, "x"));
    for (const std::string& name : tensors.names()) {
      attempt([&] {
        const HostTensor tensor = tensors.take_any(name);
        volatile unsigned sum = 0;  // every byte is read, which a sanitizer watches
        for (const std::byte byte : tensor.span()) sum = sum + std::to_integer<unsigned>(byte);
      });
    }
  });
}

class HostileFiles : public ScratchTest, public testing::WithParamInterface<std::string> {
 protected:
  std::string original() const { return read_all(golden(GetParam())); }
  /// The bytes with up to four of them changed at random.
  static std::string damaged(std::string bytes, std::mt19937& random) {
    const auto changes = 1 + random() % 4;
    for (unsigned i = 0; i < changes; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    return bytes;
  }
};

TEST_P(HostileFiles, AreRefusedWhenTheyEndEarly) {
  const std::string bytes = original();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto piece = std::as_bytes(std::span(bytes).first(size));
    ASSERT_NE(model_error([&] { read_state_dict(open_tensor_file(piece, nullptr, "x")); }), "")
        << size << " bytes";
  }
}

TEST_P(HostileFiles, DoNoHarmWithRandomBytes) {
  const std::string bytes = original();
  std::mt19937 random(20250611);  // any; fixed, so that a failure can be repeated
  for (int round = 0; round < 5000; ++round) {
    ASSERT_NO_THROW(read_everything(damaged(bytes, random))) << "round " << round;
  }
}

TEST_P(HostileFiles, DoNoHarmAsModels) {
  const std::string bytes = original();
  const std::string path = scratch("hostile");
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    write_all(path, damaged(bytes, random));
    model_error([&] { load_esm2(path); });
    model_error([&] { load_classifier(path); });
  }
}

INSTANTIATE_TEST_SUITE_P(Small, HostileFiles,
                         testing::Values("classifier.safetensors", "all_types.safetensors",
                                         "classifier_state.pth", "classifier_module.pth",
                                         "deflated.pt", "zip64.pt", "protocol_2.pt",
                                         "protocol_4.pt", "os_system.pt"));

class HostilePickles : public testing::TestWithParam<std::string> {
 protected:
  /// The bytes of data.pkl, which lies uncompressed in the archive.
  static std::string pickle_of(const std::string& name) {
    const std::string archive = read_all(golden(name));
    // Up to the next entry; what follows the end of a pickle is not read.
    const std::size_t begin = archive.find("\x80\x02");
    const std::size_t end = archive.find("PK\x03\x04", begin);
    return archive.substr(begin, end - begin);
  }
  static void parse(const std::string& bytes) {
    try {
      const Pickle pickle = Pickle::parse(std::as_bytes(std::span(bytes)), "x");
    } catch (const ModelError&) {
    }
  }
};

TEST_P(HostilePickles, DoNoHarm) {
  const std::string bytes = pickle_of(GetParam());
  ASSERT_GT(bytes.size(), 100u);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_NO_THROW(parse(bytes.substr(0, size)));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int value : {0x00, 0x28, 0x2e, 0x30, 0x52, 0x62, 0x65, 0x75, 0x81, 0x93, 0xff}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(value);
      ASSERT_NO_THROW(parse(damaged)) << "byte " << at << " = " << value;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, HostilePickles,
                         testing::Values("classifier_module.pth", "protocol_2.pt"));

/// An archive of one stored entry "a/data.pkl".
std::string archive_of(const std::string& pickle) {
  const auto number = [](std::uint64_t value, std::size_t bytes) {
    std::string text(reinterpret_cast<const char*>(&value), sizeof(value));
    text.resize(bytes);
    return text;
  };
  const std::string name = "a/data.pkl";
  const std::string sizes = number(0, 4) + number(pickle.size(), 4) + number(pickle.size(), 4) +
                            number(name.size(), 2) + number(0, 2);
  const std::string body =
      number(0x04034b50, 4) + number(20, 2) + number(0, 8) + sizes + name + pickle;
  const std::string directory = number(0x02014b50, 4) + number(20, 2) + number(20, 2) +
                                number(0, 8) + sizes + number(0, 14) + name;
  return body + directory + number(0x06054b50, 4) + number(0, 4) + number(1, 2) + number(1, 2) +
         number(directory.size(), 4) + number(body.size(), 4) + number(0, 2);
}

class HostileModules : public ScratchTest {
 protected:
  std::string error_of(const std::string& pickle) const {
    write_all(scratch("x.pt"), archive_of("\x80\x02" + pickle));
    return model_error([&] { read_state_dict(scratch("x.pt")); });
  }

  static std::string key(const std::string& text) {
    return "\x8c" + std::string(1, static_cast<char>(text.size())) + text;
  }
  /// A module object on the stack, with an empty dict of modules above it and stored under
  /// memo[id].
  static std::string module(char id) { return std::string("cm\nM\n)\x81q") + id; }
};

TEST_F(HostileModules, AModuleInsideItselfIsRefused) {
  const std::string self = module(1) + "}" + key("_modules") + "}" + key("me") + "h\x01ssb.";
  EXPECT_THAT(error_of(self), testing::HasSubstr("lies more than 64 modules deep"));
}

TEST_F(HostileModules, ATowerOfSharedModulesIsRefusedSoon) {
  // Module i holds module i-1 twice: 2^40 ways to the bottom.
  std::string tower = module(0) + "}b0";
  for (int i = 1; i <= 40; ++i) {
    const std::string below = std::string("h") + static_cast<char>(i - 1);
    tower += module(static_cast<char>(i)) + "}" + key("_modules") + "}(" + key("a") + below +
             key("b") + below + "usb0";
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(error_of(tower + "h\x28."),
              testing::HasSubstr("more than 1000000 modules and tensors"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(HostileModules, AParameterInsideItselfIsRefused) {
  std::string wrapped = "N";
  for (int i = 0; i < 10; ++i)
    wrapped = "ctorch._utils\n_rebuild_parameter\n(" + wrapped + "\x89NtR";
  EXPECT_THAT(error_of("}" + key("w") + wrapped + "s."), testing::HasSubstr("damaged parameter"));
}

TEST(BigModels, LoadWithoutBeingRead) {
  // ESM-2 650M in half, 1.3 GB: a file with a hole instead of weights.
  const auto path =
      std::filesystem::temp_directory_path() / ("virnucpro_650M_" + std::to_string(::getpid()));
  const std::int64_t d = 1280;
  std::string header = "{";
  std::int64_t offset = 0;
  const auto add = [&](const std::string& name, const Shape& shape) {
    header += (header.size() == 1 ? "\"" : ",\"") + name + R"(":{"dtype":"F16","shape":)" +
              to_string(shape) + ",\"data_offsets\":[" + std::to_string(offset) + ",";
    offset += 2 * shape.elements();
    header += std::to_string(offset) + "]}";
  };
  add("embed_tokens.weight", {33, d});
  for (const char* kind : {"weight", "bias"}) add(std::string("emb_layer_norm_after.") + kind, {d});
  for (int i = 0; i < 33; ++i) {
    const std::string layer = "layers." + std::to_string(i) + ".";
    for (const char* part :
         {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj"}) {
      add(layer + part + ".weight", {d, d});
      add(layer + part + ".bias", {d});
    }
    for (const char* part : {"self_attn_layer_norm", "final_layer_norm"}) {
      add(layer + part + ".weight", {d});
      add(layer + part + ".bias", {d});
    }
    add(layer + "fc1.weight", {4 * d, d});
    add(layer + "fc1.bias", {4 * d});
    add(layer + "fc2.weight", {d, 4 * d});
    add(layer + "fc2.bias", {d});
  }
  header += "}";
  const std::uint64_t length = header.size();
  write_all(path.string(), std::string(reinterpret_cast<const char*>(&length), 8) + header);
  std::filesystem::resize_file(path, 8 + length + static_cast<std::uint64_t>(offset));
  const auto start = std::chrono::steady_clock::now();
  Esm2Weights weights = make_esm2_weights({33, d, 20, true}, read_safetensors(path.string()));
  for (const std::string& name : weights.tensors.names()) {
    EXPECT_NE(weights.tensors.take_any(name).data, nullptr);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace virnucpro
