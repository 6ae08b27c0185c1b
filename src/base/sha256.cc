#include "base/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "base/errors.h"

namespace virnucpro {
namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

Context start() {
  Context context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
    throw ContractError("internal error: SHA-256 is not available in the crypto library");
  }
  return context;
}

void update(const Context& context, const void* data, std::size_t size) {
  if (EVP_DigestUpdate(context.get(), data, size) != 1) {
    throw ContractError("internal error: SHA-256 update failed");
  }
}

std::string finish(const Context& context) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1) {
    throw ContractError("internal error: SHA-256 final failed");
  }
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace

std::string sha256_hex(std::span<const std::byte> bytes) {
  const Context context = start();
  update(context, bytes.data(), bytes.size());
  return finish(context);
}

std::string sha256_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ModelError(fmt::format("{}: cannot open: {}", path, std::strerror(errno)));
  const Context context = start();
  // 1 MiB: large enough that the system calls do not show.
  std::vector<char> buffer(1 << 20);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    update(context, buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw ModelError(fmt::format("{}: read error", path));
  return finish(context);
}

}  // namespace virnucpro
