// Queue, mapped files, SHA-256 and environment values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/check.h"
#include "base/edit_distance.h"
#include "base/environment.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "support/resident_pages.h"

namespace virnucpro {
namespace {

std::string temporary_file(const std::string& name, const std::string& content) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(BoundedQueue, HandsOutEverythingOnceAndInOrder) {
  BoundedQueue<int> queue(3);
  std::thread producer([&] {
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(queue.push(i));
    queue.close();
  });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(queue.pop(), i);
  EXPECT_EQ(queue.pop(), std::nullopt);
  producer.join();
}

TEST(BoundedQueue, AFullQueueBlocksUntilThereIsRoom) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.push(1));
  std::atomic<bool> pushed = false;
  std::thread producer([&] {
    queue.push(2);
    pushed = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(pushed);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  producer.join();
}

TEST(BoundedQueue, CancelReleasesBothSidesAndDropsTheRest) {
  BoundedQueue<int> full(1);
  ASSERT_TRUE(full.push(1));
  std::thread producer([&] { EXPECT_FALSE(full.push(2)); });
  BoundedQueue<int> empty(1);
  std::thread consumer([&] { EXPECT_EQ(empty.pop(), std::nullopt); });
  full.cancel();
  empty.cancel();
  producer.join();
  consumer.join();
  EXPECT_EQ(full.pop(), std::nullopt);
  EXPECT_FALSE(full.push(3));
}

TEST(MappedFile, ShowsTheBytesAndNamesAMissingFile) {
  const std::string path = temporary_file("mapped", "abc");
  const auto file = MappedFile::open(path);
  EXPECT_EQ(file->bytes().size(), 3u);
  EXPECT_EQ(static_cast<char>(file->bytes()[2]), 'c');
  EXPECT_TRUE(MappedFile::open(temporary_file("empty", ""))->bytes().empty());
  try {
    MappedFile::open("/nowhere/weights.pt");
    FAIL();
  } catch (const ModelError& error) {
    EXPECT_STREQ(error.what(), "/nowhere/weights.pt: cannot open: No such file or directory");
  }
  EXPECT_THROW(MappedFile::open(testing::TempDir()), ModelError);
}

TEST(MappedFile, LeavesMemoryWhereNoLongerNeededAndCanStillBeRead) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto file = MappedFile::open(temporary_file("pages", std::string(64 * page, 'x')));
  const std::span<const std::byte> bytes = file->bytes();
  const auto sum = [&] {
    return std::accumulate(bytes.begin(), bytes.end(), std::size_t{0},
                           [](std::size_t s, std::byte b) { return s + static_cast<char>(b); });
  };
  EXPECT_EQ(sum(), 64 * page * 'x');
  if (test::resident_pages(bytes) < 0) GTEST_SKIP() << "no /proc/self/pagemap";
  ASSERT_EQ(test::resident_pages(bytes), 64);
  // Pages 1 to 47 lie wholly inside; the ends of 0 and 48 do not.
  auto part = release_pages_after(file, bytes.subspan(1, 48 * page));
  auto copy = part;
  part.reset();
  EXPECT_EQ(test::resident_pages(bytes), 64);
  copy.reset();
  EXPECT_EQ(test::resident_pages(bytes), 64 - 47);
  EXPECT_EQ(sum(), 64 * page * 'x');
}

TEST(MappedFile, IsTheOnlyMemoryWhosePagesAreDropped) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto memory = std::make_shared<std::vector<std::byte>>(8 * page, std::byte{7});
  release_pages_after(memory, *memory).reset();
  EXPECT_EQ(std::ranges::count(*memory, std::byte{7}), static_cast<std::ptrdiff_t>(8 * page));
  EXPECT_EQ(release_pages_after(nullptr, *memory), nullptr);
}

// The two short examples of FIPS 180-4.
TEST(Sha256, AgreesWithTheStandard) {
  EXPECT_EQ(sha256_hex(bytes_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_file(temporary_file("abc", "abc")), sha256_hex(bytes_of("abc")));
  const std::string large(3 << 20, 'x');
  EXPECT_EQ(sha256_file(temporary_file("large", large)), sha256_hex(bytes_of(large)));
  EXPECT_THROW(sha256_file("/nowhere/file"), ModelError);
}

TEST(EditDistance, CountsLettersToChangeAddOrRemove) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("abc", "abc"), 0u);
}

TEST(Environment, OneTrueAndYesInAnyCaseAreTrue) {
  for (const char* value : {"1", "true", "TRUE", "Yes", " yes\n", "\tTrue "}) {
    EXPECT_TRUE(is_true(value)) << value;
  }
  for (const char* value : {"", " ", "0", "false", "no", "on", "2", "yes please"}) {
    EXPECT_FALSE(is_true(value)) << value;
  }
}

TEST(Check, ThrowsContractErrorWithTheText) {
  EXPECT_NO_THROW(check(true, "never {}", 1));
  try {
    check(false, "{} of {}", 3, 7);
    FAIL();
  } catch (const ContractError& error) {
    EXPECT_STREQ(error.what(), "internal error: 3 of 7");
  }
}

TEST(Log, PassesLinesToItsSinkAndDropsThemWithoutOne) {
  std::vector<std::string> lines;
  const Log log([&](LogLevel level, std::string_view text) {
    lines.push_back(std::to_string(static_cast<int>(level)) + std::string(text));
  });
  log.debug("a{}", 1);
  log.info("b");
  log.warning("c");
  log.error("d");
  EXPECT_THAT(lines, testing::ElementsAre("0a1", "1b", "2c", "3d"));
  Log().error("nobody hears this");
}

}  // namespace
}  // namespace virnucpro
