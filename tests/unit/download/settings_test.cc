// What the variables of the system and of Hugging Face mean.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/errors.h"
#include "download/hugging_face.h"
#include "download/network_settings.h"
#include "unit/config/environment_of.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_((fs::temp_directory_path() / ("virnucpro_file_" + std::to_string(::getpid())))
                  .string()) {
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { fs::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(NetworkSettings, TakeTheFirstVariableThatIsSet) {
  const TemporaryFile authorities("x");
  const NetworkSettings settings =
      network_settings(environment_of({{"SSL_CERT_FILE", authorities.path()},
                                       {"REQUESTS_CA_BUNDLE", "/no/such"},
                                       {"HTTPS_PROXY", ""},
                                       {"https_proxy", "http://proxy:1"},
                                       {"ALL_PROXY", "http://other:1"},
                                       {"no_proxy", "a,b"},
                                       {"HF_HUB_DOWNLOAD_TIMEOUT", "7"}}));
  EXPECT_EQ(settings.ca_file, authorities.path());
  EXPECT_EQ(settings.proxy, "http://proxy:1");
  EXPECT_EQ(settings.no_proxy, "a,b");
  EXPECT_EQ(settings.patience, std::chrono::seconds(7));
}

TEST(NetworkSettings, RefuseWhatCannotBeUsed) {
  EXPECT_THROW(network_settings(environment_of({{"SSL_CERT_FILE", "/no/such"}})), ConfigError);
  for (const char* time : {"0", "-1", "soon", "1e3"}) {
    EXPECT_THROW(network_settings(environment_of({{"HF_HUB_DOWNLOAD_TIMEOUT", time}})), ConfigError)
        << time;
  }
}

TEST(HuggingFaceSettings, AreThoseOfTheEcosystem) {
  const HuggingFace usual = hugging_face(environment_of({{"HOME", "/home/a"}}));
  EXPECT_EQ(usual.endpoint, "https://huggingface.co");
  EXPECT_FALSE(usual.is_mirror);
  EXPECT_FALSE(usual.is_offline);
  EXPECT_EQ(usual.token, "");
  EXPECT_THAT(usual.caches, ElementsAre("/home/a/.cache/huggingface/hub"));
  const HuggingFace own = hugging_face(environment_of({{"HF_ENDPOINT", "https://mirror.org/"},
                                                       {"HF_TOKEN", "secret"},
                                                       {"HF_HUB_OFFLINE", "1"},
                                                       {"HF_HUB_CACHE", "/c"},
                                                       {"HF_HOME", "/h"}}));
  EXPECT_EQ(own.endpoint, "https://mirror.org");
  EXPECT_TRUE(own.is_mirror);
  EXPECT_TRUE(own.is_offline);
  EXPECT_EQ(own.token, "secret");
  EXPECT_THAT(own.caches, ElementsAre("/c", "/h/hub"));
  EXPECT_THROW(hugging_face(environment_of({{"HF_ENDPOINT", "http://mirror.org"}})), ConfigError);
}

TEST(HuggingFaceSettings, ReadTheTokenFromAFile) {
  const TemporaryFile file("  hf_abc\n");
  EXPECT_EQ(hugging_face(environment_of({{"HF_TOKEN_PATH", file.path()}})).token, "hf_abc");
  EXPECT_EQ(hugging_face(environment_of({{"HF_TOKEN_PATH", file.path()},
                                         {"HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"}}))
                .token,
            "");
}

TEST(CachedPaths, NameTheSnapshotAndTheContent) {
  EXPECT_THAT(
      cached_paths({"/c"}, "org/name", "rev", "a.json", {"", "hash"}),
      ElementsAre("/c/models--org--name/snapshots/rev/a.json", "/c/models--org--name/blobs/hash"));
}

TEST(TorchCheckpoints, LieWhereTorchHubPutsThem) {
  EXPECT_EQ(torch_checkpoints(environment_of({{"TORCH_HOME", "/t"}})), "/t/hub/checkpoints");
  EXPECT_EQ(torch_checkpoints(environment_of({{"HOME", "/h"}})), "/h/.cache/torch/hub/checkpoints");
  EXPECT_EQ(torch_checkpoints(environment_of({})), "");
}

}  // namespace
}  // namespace virnucpro
