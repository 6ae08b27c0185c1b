// Files of models known by their content, and the cache that must not lie about it.
#include "weights/content_hashes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>
#include <optional>
#include <thread>

#include "base/sha256.h"
#include "unit/weights/weights_test_data.h"
#include "weights/classifier_weights.h"
#include "weights/dnabert_s_weights.h"
#include "weights/esm2_weights.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000'000'000;

class ContentHashesTest : public ScratchTest {
 protected:
  /// So far in the future that no file of the test is recent.
  HashCache cache(std::int64_t later = 10 * kSecond) const {
    return HashCache(scratch("cache/virnucpro"),
                     [later] { return HashCache::system_time() + later; });
  }
  /// So far in the past that every file is from the future, and nothing is written.
  HashCache reading() const { return cache(-3600 * kSecond); }
  std::string hash(const std::string& name, HashCache with) const {
    ContentHashes hashes(std::move(with));
    std::vector<UsedFile> files = {{name, OpenFile::open(scratch(name)), {}}};
    hashes.complete(files, {});
    hashes.confirm(files, {});
    return files.front().sha256;
  }
  std::vector<std::string> entries() const {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry :
         std::filesystem::directory_iterator(scratch("cache/virnucpro"), error)) {
      paths.push_back(entry.path().string());
    }
    return paths;
  }
  /// An entry that names another hash than that of the file, with everything else right.
  void poison(const std::string& wrong) const {
    const std::string path = entries().at(0);
    std::string text = read_all(path);
    const std::size_t at = text.find("sha256 ") + 7;
    text.replace(at, 64, wrong);
    const std::size_t check = text.find("check ");
    text = text.substr(0, check) + "check " + sha256_text(text.substr(0, check)) + "\n";
    write_all(path, text);
  }
};

TEST_F(ContentHashesTest, AreRememberedByWhatTheFileIs) {
  write_all(scratch("a"), "weights");
  const std::string right = sha256_text("weights");
  EXPECT_EQ(hash("a", cache()), right);
  ASSERT_EQ(entries().size(), 1u);
  // Only a wrong entry shows that the entry is read.
  const std::string wrong(64, 'f');
  poison(wrong);
  EXPECT_EQ(hash("a", cache()), wrong);
  // Touched, it is another file, although its bytes are the same; so it is with its times put back.
  struct stat before {};
  ASSERT_EQ(::stat(scratch("a").c_str(), &before), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // a tick of the kernel's clock
  write_all(scratch("a"), "WEIGHTS");
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, scratch("a").c_str(), times, 0), 0);
  EXPECT_EQ(hash("a", cache()), sha256_text("WEIGHTS"));
  EXPECT_EQ(entries().size(), 1u);
}

TEST_F(ContentHashesTest, OfFilesThatAreNewAreNotRemembered) {
  write_all(scratch("a"), "weights");
  const std::int64_t changed = OpenFile::open(scratch("a"))->stamp().state_changed;
  const auto hash_at = [&](std::int64_t now) {
    return hash("a", HashCache(scratch("cache/virnucpro"), [now] { return now; }));
  };
  EXPECT_EQ(hash_at(changed + kSecond), sha256_text("weights"));
  EXPECT_EQ(hash_at(changed - 60 * kSecond), sha256_text("weights"));  // it is from the future
  EXPECT_TRUE(entries().empty());
  hash_at(changed + 3 * kSecond);
  EXPECT_EQ(entries().size(), 1u);
}

TEST_F(ContentHashesTest, IgnoreEntriesThatAreDamagedOrNotTheUsersOwn) {
  write_all(scratch("a"), "weights");
  const std::string right = sha256_text("weights");
  hash("a", cache());
  const std::string path = entries().at(0);
  const std::string whole = read_all(path);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      write_all(path, damaged);
      ASSERT_EQ(hash("a", reading()), right) << i << ' ' << bit;
    }
    write_all(path, whole.substr(0, i));
    ASSERT_EQ(hash("a", reading()), right) << i;
  }
  write_all(path, whole + "x");
  EXPECT_EQ(hash("a", reading()), right);
  write_all(path, std::string(1 << 20, 'x'));
  EXPECT_EQ(hash("a", reading()), right);

  const std::string wrong(64, 'f');
  write_all(path, whole);
  poison(wrong);
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);  // anybody may have written that
  EXPECT_EQ(hash("a", reading()), right);
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(hash("a", cache()), wrong);
  std::filesystem::rename(path, scratch("elsewhere"));
  std::filesystem::create_symlink(scratch("elsewhere"), path);
  EXPECT_EQ(hash("a", reading()), right);
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(hash("a", reading()), right);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_EQ(hash("a", cache()), right);
}

TEST_F(ContentHashesTest, NeedNoCacheFolder) {
  write_all(scratch("a"), "weights");
  const std::string right = sha256_text("weights");
  EXPECT_EQ(hash("a", HashCache()), right);
  write_all(scratch("file"), "no folder");
  EXPECT_EQ(hash("a", HashCache(scratch("file") + "/virnucpro",
                                [] { return HashCache::system_time() + 10 * kSecond; })),
            right);
  const auto folder = [](std::map<std::string, std::string> variables) {
    return hash_cache_folder([variables](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    });
  };
  EXPECT_EQ(folder({}), "");
  EXPECT_EQ(folder({{"HOME", ""}}), "");
  EXPECT_EQ(folder({{"HOME", "relative"}, {"XDG_CACHE_HOME", "too"}}), "");
  EXPECT_EQ(folder({{"HOME", "/home/a"}}), "/home/a/.cache/virnucpro");
  EXPECT_EQ(folder({{"HOME", "/home/a"}, {"XDG_CACHE_HOME", "/tmp/c"}}), "/tmp/c/virnucpro");
}

TEST_F(ContentHashesTest, RefuseAFileThatChanges) {
  write_all(scratch("a"), "weights");
  ContentHashes hashes;
  std::vector<UsedFile> files = {{"a", OpenFile::open(scratch("a")), {}}};
  hashes.complete(files, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  write_all(scratch("a"), "WEIGHTS");
  EXPECT_THAT(model_error([&] { hashes.confirm(files, {}); }),
              HasSubstr(scratch("a") + ": the file was changed while it was loaded"));
  EXPECT_THAT(model_error([&] { require_unchanged(files); }),
              HasSubstr("was changed while the program worked with it"));
  // A later loading of the same run.
  std::vector<UsedFile> again = {{"a", OpenFile::open(scratch("a")), {}}};
  EXPECT_THAT(model_error([&] { hashes.complete(again, {}); }),
              HasSubstr("was changed since the run began"));
  // The hash that is claimed.
  std::vector<UsedFile> claimed = {{"a", OpenFile::open(scratch("a")), std::string(64, '0'), true}};
  ContentHashes others;
  EXPECT_THAT(model_error([&] { others.complete(claimed, {}); }),
              HasSubstr("part 'a' has the SHA-256 " + sha256_text("WEIGHTS") +
                        ", bundle.json says " + std::string(64, '0')));
}

TEST_F(ContentHashesTest, StopOnRequestAndHashOnAThread) {
  write_all(scratch("a"), std::string(3 << 20, 'w'));
  const std::vector<UsedFile> files = {{"a", OpenFile::open(scratch("a")), {}}};
  std::stop_source stop;
  HashingThread right(std::make_shared<ContentHashes>(), files, stop.get_token());
  EXPECT_EQ(right.get().front().sha256, sha256_text(std::string(3 << 20, 'w')));
  stop.request_stop();
  HashingThread stopped(std::make_shared<ContentHashes>(), files, stop.get_token());
  EXPECT_THROW(stopped.get(), Interrupted);
  const HashingThread left_alone(std::make_shared<ContentHashes>(), files, {});
}

TEST_F(ContentHashesTest, SeveralFilesHaveOneIdentityAsSha256sumGivesIt) {
  const std::vector<UsedFile> files = {used_text("model.safetensors", "m"),
                                       used_text("config.json", "c")};
  EXPECT_EQ(identity_of(files), sha256_text(sha256_text("c") + "  config.json\n" +
                                            sha256_text("m") + "  model.safetensors\n"));
  EXPECT_EQ(identity_of(std::span(files).first(1)), sha256_text("m"));
}

TEST(UsedFiles, AreAllThatAModelIsReadFrom) {
  const auto names = [](const TensorSource& source) {
    std::vector<std::string> found;
    for (const UsedFile& file : source.files()) found.push_back(file.name);
    return found;
  };
  using testing::UnorderedElementsAre;
  EXPECT_THAT(names(load_dnabert_s(golden("dnabert_s")).tensors),
              UnorderedElementsAre("config.json", "model.safetensors"));
  EXPECT_THAT(names(load_dnabert_s(golden("dnabert_s_bin")).tensors),
              UnorderedElementsAre("config.json", "pytorch_model.bin"));
  EXPECT_THAT(names(load_esm2(golden("fair_esm.pt")).tensors), UnorderedElementsAre("fair_esm.pt"));
  EXPECT_THAT(names(load_esm2(golden("hf_safetensors")).tensors),
              UnorderedElementsAre("config.json", "model.safetensors"));
  EXPECT_THAT(names(load_esm2(golden("hf_safetensors/model.safetensors")).tensors),
              UnorderedElementsAre("config.json", "model.safetensors"));
  EXPECT_THAT(names(load_classifier(golden("classifier_module.pth")).tensors),
              UnorderedElementsAre("classifier_module.pth"));
  const std::vector<std::string> sharded = names(load_esm2(golden("hf_sharded")).tensors);
  EXPECT_THAT(sharded, testing::IsSupersetOf({"config.json", "model.safetensors.index.json"}));
  EXPECT_GT(sharded.size(), 3u);
}

}  // namespace
}  // namespace virnucpro
