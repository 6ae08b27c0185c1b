#include "base/zeroed_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace virnucpro {
namespace {

TEST(ZeroedMemory, IsZeroAndCanBeWrittenToItsLastByte) {
  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{100}, (std::size_t{1} << 21) - 1, (std::size_t{5} << 20) + 7}) {
    ZeroedMemory memory(bytes);
    ASSERT_EQ(memory.size(), bytes);
    EXPECT_TRUE(std::all_of(memory.data(), memory.data() + bytes, [](char c) { return c == 0; }));
    std::fill_n(memory.data(), bytes, 'x');
    const ZeroedMemory moved = std::move(memory);
    EXPECT_EQ(moved.data()[bytes - 1], 'x');
  }
}

TEST(ZeroedMemory, OfNoBytesIsNothing) { EXPECT_EQ(ZeroedMemory(0).size(), 0u); }

}  // namespace
}  // namespace virnucpro
