#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "examples/onion_proxy/crypto/digest.h"
#include "examples/onion_proxy/directory/authority.h"

namespace onion_proxy {
namespace {

constexpr std::string_view kCertificateFirstLine = "dir-key-certificate-version 3";
constexpr size_t kCertificatesMax = 4 * kAuthoritiesMax;

using Items = std::map<std::string_view, DirectoryItem>;

Result<Items> read_items(std::string_view text) {
  Items items;
  ItemReader reader(text);
  while (true) {
    auto item = reader.next();
    if (!item.ok()) return Error{item.error()};
    if (!item.value()) return items;
    const std::string_view keyword = item.value()->keyword;
    const bool last = keyword == "dir-key-certification";
    if (!items.emplace(keyword, *std::move(item).value()).second) {
      return Error{fmt::format("`{}` stands twice", keyword)};
    }
    // What follows the signature is not covered by it.
    if (last) return items;
  }
}

Result<const DirectoryItem*> find_item(const Items& items, std::string_view keyword) {
  const auto found = items.find(keyword);
  if (found == items.end()) return Error{fmt::format("`{}` is missing", keyword)};
  return &found->second;
}

Result<ByteView> object_of(const Items& items, std::string_view keyword, std::string_view label) {
  const auto item = find_item(items, keyword);
  if (!item.ok()) return Error{item.error()};
  const auto& object = item.value()->object;
  if (!object) return item_error(*item.value(), "object is missing");
  // Cross certificates may be labelled "ID SIGNATURE" or "SIGNATURE".
  if (!object->label.ends_with(label)) return item_error(*item.value(), "wrong kind of object");
  return ByteView(object->body);
}

Result<RsaPublicKey> key_of(const Items& items, std::string_view keyword) {
  const auto der = object_of(items, keyword, "RSA PUBLIC KEY");
  if (!der.ok()) return Error{der.error()};
  auto key = RsaPublicKey::from_pkcs1(der.value());
  if (!key.ok()) return Error{fmt::format("`{}`: {}", keyword, key.error())};
  return key;
}

Result<UnixTime> expiry_of(const Items& items) {
  const auto item = find_item(items, "dir-key-expires");
  if (!item.ok()) return Error{item.error()};
  const auto words = split_arguments(item.value()->arguments);
  const auto time = words.size() >= 2 ? parse_time(words[0], words[1]) : std::nullopt;
  if (!time) return item_error(*item.value(), "expected a date and a time");
  return *time;
}

Status check_fingerprint(const Items& items, const RsaPublicKey& identity) {
  const auto item = find_item(items, "fingerprint");
  if (!item.ok()) return Error{item.error()};
  const auto stated = decode_hex(item.value()->arguments);
  if (!stated || !std::ranges::equal(*stated, identity.identity_digest())) {
    return item_error(*item.value(), "not the digest of dir-identity-key");
  }
  return {};
}

Status check_signatures(std::string_view text, const Items& items, const RsaPublicKey& identity,
                        const RsaPublicKey& signing) {
  const auto cross = object_of(items, "dir-key-crosscert", "SIGNATURE");
  if (!cross.ok()) return Error{cross.error()};
  // Without it, one authority could claim another's signing key as its own.
  if (!signing.verify(identity.identity_digest(), cross.value())) {
    return Error{"the signing key did not sign the identity (dir-key-crosscert)"};
  }
  const auto signature = object_of(items, "dir-key-certification", "SIGNATURE");
  if (!signature.ok()) return Error{signature.error()};
  const DirectoryItem& last = items.at("dir-key-certification");
  if (!identity.verify(sha1(as_bytes(text.substr(0, last.body))), signature.value())) {
    return Error{"the identity key did not sign the certificate (dir-key-certification)"};
  }
  return {};
}

bool is_trusted(const std::vector<Authority>& authorities, const ByteArray<20>& identity) {
  return std::any_of(authorities.begin(), authorities.end(),
                     [&](const Authority& a) { return a.v3_identity == identity; });
}

}  // namespace

Result<AuthorityCertificate> parse_authority_certificate(std::string_view text, UnixTime now) {
  if (!text.starts_with(kCertificateFirstLine))
    return Error{fmt::format("expected `{}`", kCertificateFirstLine)};
  const auto items = read_items(text);
  if (!items.ok()) return Error{items.error()};
  const auto identity = key_of(items.value(), "dir-identity-key");
  if (!identity.ok()) return Error{identity.error()};
  auto signing = key_of(items.value(), "dir-signing-key");
  if (!signing.ok()) return Error{signing.error()};
  const auto expires = expiry_of(items.value());
  if (!expires.ok()) return Error{expires.error()};
  if (expires.value() <= now) return Error{"the certificate has expired (dir-key-expires)"};
  if (Status s = check_fingerprint(items.value(), identity.value()); !s.ok()) {
    return Error{s.error()};
  }
  if (Status s = check_signatures(text, items.value(), identity.value(), signing.value());
      !s.ok()) {
    return Error{s.error()};
  }
  const ByteArray<20> signing_digest = signing.value().identity_digest();
  return AuthorityCertificate{identity.value().identity_digest(), signing_digest,
                              std::move(signing).value(), expires.value()};
}

Result<CertificateSet> parse_certificates(std::string_view text,
                                          const std::vector<Authority>& authorities, UnixTime now) {
  if (!text.starts_with(kCertificateFirstLine))
    return Error{fmt::format("expected `{}`", kCertificateFirstLine)};
  CertificateSet out;
  for (size_t count = 0; !text.empty() && count < kCertificatesMax; ++count) {
    const size_t next = text.find("\ndir-key-certificate-version ");
    const size_t length = next == std::string_view::npos ? text.size() : next + 1;
    auto certificate = parse_authority_certificate(text.substr(0, length), now);
    text.remove_prefix(length);
    if (!certificate.ok()) {
      out.refused.push_back(certificate.error());
    } else if (!is_trusted(authorities, certificate.value().v3_identity)) {
      out.refused.push_back("not of a configured authority");
    } else {
      out.trusted.push_back(std::move(certificate).value());
    }
  }
  return out;
}

}  // namespace onion_proxy
