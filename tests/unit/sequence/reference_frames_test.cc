// The stored frames: open, translated as everywhere else, the same for everyone.
#include "sequence/reference_frames.h"

#include <gtest/gtest.h>

#include <set>

#include "sequence/frames.h"

namespace virnucpro {
namespace {

TEST(ReferenceFrames, AreOpenFramesWithTheirTranslation) {
  const std::vector<ReferenceFrame> frames = reference_frames(20, 70);
  ASSERT_EQ(frames.size(), 20u);
  std::set<std::string> different;
  OrfBuffer buffer;
  for (const ReferenceFrame& frame : frames) {
    EXPECT_EQ(frame.nucleotides.size(), 210u);
    different.insert(frame.protein);
    find_orfs(frame.nucleotides, buffer);
    bool found = false;
    for (const Orf& orf : buffer.orfs()) {
      found = found || (orf.nucleotides == frame.nucleotides && orf.protein == frame.protein);
    }
    EXPECT_TRUE(found) << frame.nucleotides;
  }
  EXPECT_EQ(different.size(), 20u);
}

TEST(ReferenceFrames, OfASmallerSetBeginALargerOne) {
  const std::vector<ReferenceFrame> few = reference_frames(3, 10);
  const std::vector<ReferenceFrame> many = reference_frames(5, 10);
  for (std::size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(few[i].nucleotides, many[i].nucleotides);
  }
  // As every build must give them: int8 models depend on them.
  EXPECT_EQ(few[0].protein, reference_frames(1, 10)[0].protein);
}

}  // namespace
}  // namespace virnucpro
