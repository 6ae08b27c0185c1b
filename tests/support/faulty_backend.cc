#include "support/faulty_backend.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <latch>
#include <limits>
#include <thread>
#include <utility>

#include "backend/cpu/cpu_backend.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::test {
namespace {

/// What the workers of a run share.
struct SharedFaults {
  explicit SharedFaults(FaultPlan faults)
      : plan(std::move(faults)), losses(static_cast<std::ptrdiff_t>(plan.losses.size())) {}

  FaultPlan plan;
  std::atomic<std::uint64_t> operations{0};
  std::latch losses;  ///< losses that have not happened yet
};

void fill_with_nan(const Matrix& matrix, std::int64_t row) {
  std::fill_n(static_cast<float*>(matrix.data) + row * matrix.stride, matrix.columns,
              std::numeric_limits<float>::quiet_NaN());
}

class FaultyBackend final : public ForwardingBackend {
 public:
  FaultyBackend(std::unique_ptr<Backend> inner, std::shared_ptr<SharedFaults> faults,
                std::size_t number)
      : ForwardingBackend(inner.get()),
        owned_(std::move(inner)),
        faults_(std::move(faults)),
        name_(fmt::format("{}:{}", owned_->name(), number)) {
    for (const FaultPlan::Loss& loss : faults_->plan.losses) {
      if (loss.worker == number) lost_at_ = loss.operation;
    }
    slowness_ = faults_->plan.slowness;
    for (const FaultPlan::Slowness& slow : faults_->plan.slow_workers) {
      if (slow.worker == number) slowness_ = slow.time;
    }
  }

  std::string_view name() const override { return name_; }

 private:
  void do_linear(const ops::Linear& op) override {
    const FaultPlan& plan = faults_->plan;
    if (lost_at_ != 0 && ++operations_ >= lost_at_) {
      if (operations_ == lost_at_) faults_->losses.count_down();
      throw DeviceError("fell off the bus, as the test wants");
    }
    if (plan.room > 0 && op.input.rows > plan.room) {
      throw OutOfDeviceMemory(fmt::format("{} rows and room for {}", op.input.rows, plan.room));
    }
    ForwardingBackend::do_linear(op);
    if (++faults_->operations != plan.nan_at) return;
    for (std::int64_t row = 0; row < op.output.rows; ++row) fill_with_nan(op.output, row);
  }

  // The last operation of every batch of an encoder.
  void do_mean_pool(const ops::MeanPool& op) override {
    const FaultPlan& plan = faults_->plan;
    if (plan.holds && lost_at_ == 0) faults_->losses.wait();
    std::this_thread::sleep_for(slowness_);
    ForwardingBackend::do_mean_pool(op);
    for (std::int64_t i = 0; i < op.sequences.count(); ++i) {
      if (op.sequences.length(i) == plan.poisoned_length) fill_with_nan(op.output, i);
    }
    if (!plan.count_path.empty()) count(op.sequences.count());
  }

  /// Writes in one call, so that lines of several workers, and of killed processes, stay whole.
  void count(std::int64_t sequences) const {
    const int file = ::open(faults_->plan.count_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    const std::string line = fmt::format("{}\n", sequences);
    if (file < 0 || ::write(file, line.data(), line.size()) < 0) {
      throw OutputError(faults_->plan.count_path + ": cannot count");
    }
    ::close(file);
  }

  std::unique_ptr<Backend> owned_;
  std::shared_ptr<SharedFaults> faults_;
  std::string name_;
  std::uint64_t lost_at_ = 0;
  std::chrono::milliseconds slowness_{0};
  std::uint64_t operations_ = 0;
};

template <typename Number>
Number number_of(std::string_view text, std::string_view part) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw ConfigError(fmt::format("faults: '{}': '{}' is no number", part, text));
  }
  return number;
}

void parse_part(std::string_view part, FaultPlan& plan) {
  const std::size_t equals = std::min(part.find('='), part.size());
  const std::string_view key = part.substr(0, equals);
  const std::string_view value = part.substr(std::min(equals + 1, part.size()));
  if (key == "workers") {
    plan.workers = number_of<std::size_t>(value, part);
  } else if (key == "lost") {
    const std::size_t at = std::min(value.find('@'), value.size());
    plan.losses.push_back(
        {number_of<std::size_t>(value.substr(0, at), part),
         number_of<std::uint64_t>(value.substr(std::min(at + 1, value.size())), part)});
  } else if (part == "hold") {
    plan.holds = true;
  } else if (key == "room") {
    plan.room = number_of<std::int64_t>(value, part);
  } else if (key == "nan") {
    plan.nan_at = number_of<std::uint64_t>(value, part);
  } else if (key == "poison") {
    plan.poisoned_length = number_of<std::int64_t>(value, part);
  } else if (key == "slow") {
    const std::size_t at = std::min(value.find('@'), value.size());
    const std::chrono::milliseconds time(number_of<int>(value.substr(0, at), part));
    if (at == value.size()) {
      plan.slowness = time;
    } else {
      plan.slow_workers.push_back({number_of<std::size_t>(value.substr(at + 1), part), time});
    }
  } else if (key == "count") {
    plan.count_path = value;
  } else {
    throw ConfigError(fmt::format("faults: '{}' is unknown", part));
  }
}

}  // namespace

FaultPlan parse_faults(std::string_view text) {
  FaultPlan plan;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    parse_part(text.substr(0, end), plan);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return plan;
}

void add_faults(Workers& workers, const FaultPlan& plan) {
  if (plan.workers > 0) {
    workers.backends.clear();
    for (std::size_t i = 0; i < plan.workers; ++i) {
      workers.backends.push_back(std::make_unique<CpuBackend>(1));
    }
    workers.lanes = {plan.workers};  // host memory serves all of them
    workers.threads = plan.workers;
  }
  const auto faults = std::make_shared<SharedFaults>(plan);
  for (std::size_t i = 0; i < workers.backends.size(); ++i) {
    workers.backends[i] =
        std::make_unique<FaultyBackend>(std::move(workers.backends[i]), faults, i);
  }
}

}  // namespace virnucpro::test
