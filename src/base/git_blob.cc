#include "base/git_blob.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <vector>

#include "base/errors.h"
#include "base/stop.h"

namespace virnucpro {
namespace {

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

std::string git_blob_id(const std::string& path, const std::stop_token& stop) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) throw ModelError(fmt::format("{}: cannot read its size: {}", path, error.message()));
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ModelError(fmt::format("{}: cannot open: {}", path, std::strerror(errno)));
  const std::unique_ptr<EVP_MD_CTX, ContextDeleter> context(EVP_MD_CTX_new());
  const auto add = [&](const void* bytes, std::size_t count) {
    if (EVP_DigestUpdate(context.get(), bytes, count) != 1) {
      throw ContractError("internal error: SHA-1 update failed");
    }
  };
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) != 1) {
    throw ContractError("internal error: SHA-1 is not available in the crypto library");
  }
  const std::string head = fmt::format("blob {}", size);
  add(head.c_str(), head.size() + 1);  // with the zero at its end
  // 1 MiB: large enough that system calls cost nothing.
  std::vector<char> buffer(1 << 20);
  while (file) {
    throw_if_stopped(stop);
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    add(buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw ModelError(fmt::format("{}: read error", path));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_DigestFinal_ex(context.get(), digest.data(), &length) != 1) {
    throw ContractError("internal error: SHA-1 final failed");
  }
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

bool is_git_id(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace virnucpro
