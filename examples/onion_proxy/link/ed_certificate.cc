#include <fmt/format.h>

#include "examples/onion_proxy/base/wire.h"
#include "examples/onion_proxy/link/certs.h"

namespace onion_proxy {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kSignedWithKey = 4;
constexpr uint8_t kAffectsValidation = 1;
constexpr size_t kSignatureLength = 64;

Status read_extension(ByteReader& reader, EdCertificate& out) {
  const uint16_t length = reader.u16();
  const uint8_t type = reader.u8();
  const uint8_t flags = reader.u8();
  const ByteView data = reader.take(length);
  if (!reader.ok()) return Error{"an extension is longer than the certificate"};
  if (type == kSignedWithKey) {
    if (out.signed_with) return Error{"the signing key extension stands twice"};
    out.signed_with = to_array<32>(data);
    if (!out.signed_with) return Error{"the signing key extension does not hold 32 bytes"};
    return {};
  }
  if ((flags & kAffectsValidation) != 0) {
    return Error{fmt::format("extension {} affects validation and is unknown", type)};
  }
  return {};
}

}  // namespace

Result<EdCertificate> parse_ed_certificate(ByteView bytes) {
  if (bytes.size() < kSignatureLength) return Error{"shorter than its signature"};
  EdCertificate out;
  out.signed_part = bytes.first(bytes.size() - kSignatureLength);
  out.signature = bytes.last(kSignatureLength);
  ByteReader reader(out.signed_part);
  const uint8_t version = reader.u8();
  out.type = reader.u8();
  out.expires = std::chrono::sys_seconds(std::chrono::hours(reader.u32()));
  out.key_type = reader.u8();
  out.certified_key = reader.array<32>();
  const uint8_t extensions = reader.u8();
  if (!reader.ok()) return Error{"shorter than its fields"};
  if (version != kVersion) return Error{fmt::format("version {}, expected 1", version)};
  for (int i = 0; i < extensions; ++i) {
    if (Status s = read_extension(reader, out); !s.ok()) return Error{s.error()};
  }
  if (!reader.at_end()) return Error{"bytes between the extensions and the signature"};
  return out;
}

}  // namespace onion_proxy
