#include "host_api/src/sha256.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

namespace mpath {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Sha256> parse_sha256(std::string_view hex) noexcept {
  Sha256 digest{};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return digest;
}

std::string to_hex(const Sha256& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

namespace detail {

Refusal hash_file(int fd, std::string_view name, Sha256* out) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  if (!context) throw std::bad_alloc();
  bool ok = EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  std::array<std::uint8_t, 1 << 16> block;
  for (off_t offset = 0; ok;) {
    const ssize_t got = ::pread(fd, block.data(), block.size(), offset);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return {LoadError::kUnreadable, "cannot read " + quoted(name) + ": " + std::strerror(errno) +
                                          ". Check the disk, then reinstall the plugin"};
    }
    ok = EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(got)) == 1;
    offset += got;
  }
  ok = ok && EVP_DigestFinal_ex(context.get(), out->data(), nullptr) == 1;
  if (ok) return {};
  return {LoadError::kUnreadable, "cannot compute the SHA-256 of " + quoted(name) +
                                      ": OpenSSL refuses it. Check OpenSSL's configuration"};
}

Refusal judge_digest(const Sha256& digest, const std::vector<Sha256>& pins, std::string_view name) {
  if (pins.empty() || std::find(pins.begin(), pins.end(), digest) != pins.end()) return {};
  const std::string pinned = pins.size() == 1
                                 ? "not the pinned one"
                                 : "none of the " + std::to_string(pins.size()) + " pinned ones";
  return {LoadError::kPinMismatch,
          "the SHA-256 of " + quoted(name) + " is " + to_hex(digest) + ", " + pinned +
              ". If it was upgraded on purpose, add this value to the pins (plugin.sha256); "
              "otherwise reinstall the plugin"};
}

}  // namespace detail
}  // namespace mpath
