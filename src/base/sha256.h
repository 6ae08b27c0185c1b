// SHA-256 of bytes and files, as lower-case hexadecimal.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace virnucpro {

/// The hash of bytes that come in pieces. One thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  /// 64 hexadecimal digits. No call may follow.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 hexadecimal digits. Thread-safe.
std::string sha256_hex(std::span<const std::byte> bytes);

std::string sha256_text(std::string_view text);

/// True for 64 hexadecimal digits in lower case.
bool is_sha256(std::string_view text);

/// The hash of a file's content, read in pieces. Throws ModelError naming the file when it cannot
/// be read; Interrupted.
std::string sha256_file(const std::string& path, const std::stop_token& stop = {});

}  // namespace virnucpro
