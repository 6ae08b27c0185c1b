// Rates of downloads, and the line that shows them.
#include "cli/terminal/transfer_meter.h"

#include <gtest/gtest.h>

namespace virnucpro::cli {
namespace {

using Seconds = std::chrono::duration<double>;

TEST(TransferMeter, CountsFromItsFirstCallOverTheLastSeconds) {
  TransferMeter meter;
  EXPECT_EQ(meter.rate(), std::nullopt);
  meter.add(1000, Seconds(0));  // of an earlier process
  meter.add(1100, Seconds(0.2));
  EXPECT_EQ(meter.rate(), std::nullopt);
  meter.add(2000, Seconds(1));
  EXPECT_DOUBLE_EQ(meter.rate().value(), 1000);
  for (int second = 2; second <= 30; ++second) meter.add(2000, Seconds(second));
  EXPECT_DOUBLE_EQ(meter.rate().value(), 0);
  meter.add(10, Seconds(31));  // begun anew
  EXPECT_EQ(meter.rate(), std::nullopt);
}

TEST(TransferLine, ShowsShareRateAndTimeLeft) {
  EXPECT_EQ(transfer_line(512, std::nullopt, std::nullopt), "512 B");
  EXPECT_EQ(transfer_line(1'200'000'000, 6'100'000'000, 45'300'000.0),
            "1.2 GB of 6.1 GB, 19.6% done, 45.3 MB/s, 1:48 left");
  EXPECT_EQ(transfer_line(5, 5, 10.0), "5 B of 5 B, 100.0% done, 10 B/s");
  EXPECT_EQ(transfer_line(0, 6'100'000'000, 1.0), "0 B of 6.1 GB, 0.0% done, 1 B/s");
}

}  // namespace
}  // namespace virnucpro::cli
