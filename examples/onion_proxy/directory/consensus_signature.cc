#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "examples/onion_proxy/directory/consensus.h"

namespace onion_proxy {
namespace {

constexpr std::string_view kConsensusFirstLine = "network-status-version 3 microdesc\n";
constexpr std::string_view kSignatureLine = "\ndirectory-signature ";
constexpr std::string_view kKeyword = "directory-signature";

struct Signature {
  ByteArray<20> v3_identity{};
  ByteArray<20> signing_key_digest{};
  Bytes value;
};

std::optional<ByteArray<20>> parse_fingerprint(std::string_view hex) {
  const auto bytes = decode_hex(hex);
  return bytes ? to_array<20>(*bytes) : std::nullopt;
}

Result<std::optional<Signature>> parse_signature(DirectoryItem item) {
  if (item.keyword != kKeyword) return item_error(item, "expected only directory-signature here");
  const auto words = split_arguments(item.arguments);
  // `directory-signature IDENTITY KEY` without an algorithm would be SHA-1, which the
  // microdescriptor flavour never uses.
  if (words.size() < 3 || words[0] != "sha256") return std::optional<Signature>();
  const auto identity = parse_fingerprint(words[1]);
  const auto key = parse_fingerprint(words[2]);
  if (!identity || !key) return item_error(item, "expected `sha256 IDENTITY SIGNING-KEY-DIGEST`");
  if (!item.object || item.object->label != "SIGNATURE") {
    return item_error(item, "SIGNATURE object is missing");
  }
  return std::optional<Signature>(Signature{*identity, *key, std::move(item.object->body)});
}

Result<std::vector<Signature>> parse_signatures(std::string_view footer) {
  std::vector<Signature> out;
  ItemReader reader(footer);
  for (size_t count = 0; count < 4 * kAuthoritiesMax; ++count) {
    auto item = reader.next();
    if (!item.ok()) return Error{"signatures: " + item.error()};
    if (!item.value()) return out;
    auto signature = parse_signature(*std::move(item).value());
    if (!signature.ok()) return Error{"signatures: " + signature.error()};
    if (signature.value()) out.push_back(*std::move(signature).value());
  }
  return Error{"too many signatures"};
}

bool signed_by(const Signature& signature, const Sha256Digest& digest,
               const ConsensusCheck& check) {
  return std::any_of(check.certificates.begin(), check.certificates.end(),
                     [&](const AuthorityCertificate& certificate) {
                       return certificate.v3_identity == signature.v3_identity &&
                              certificate.signing_key_digest == signature.signing_key_digest &&
                              certificate.expires > check.now &&
                              certificate.signing_key.verify(digest, signature.value);
                     });
}

bool is_configured(const std::vector<Authority>& authorities, const ByteArray<20>& identity) {
  return std::any_of(authorities.begin(), authorities.end(),
                     [&](const Authority& a) { return a.v3_identity == identity; });
}

}  // namespace

Result<size_t> count_signatures(std::string_view text, const ConsensusCheck& check) {
  if (text.size() > kConsensusBytesMax) return Error{"the consensus is larger than 32 MiB"};
  if (!text.starts_with(kConsensusFirstLine)) {
    return Error{"not a microdescriptor consensus (network-status-version 3 microdesc)"};
  }
  const size_t footer = text.find(kSignatureLine);
  if (footer == std::string_view::npos) return Error{"the consensus is not signed"};
  // Signed is everything through the space behind the first `directory-signature`.
  const Sha256Digest digest = sha256(as_bytes(text.substr(0, footer + kSignatureLine.size())));
  const auto signatures = parse_signatures(text.substr(footer + 1));
  if (!signatures.ok()) return Error{signatures.error()};
  std::set<ByteArray<20>> signers;
  for (const Signature& signature : signatures.value()) {
    if (!is_configured(check.authorities, signature.v3_identity)) continue;
    if (signed_by(signature, digest, check)) signers.insert(signature.v3_identity);
  }
  return signers.size();
}

Result<Consensus> parse_consensus(std::string_view text, const ConsensusCheck& check) {
  const auto signatures = count_signatures(text, check);
  if (!signatures.ok()) return Error{signatures.error()};
  const size_t configured = check.authorities.size();
  if (signatures.value() * 2 <= configured) {
    return Error{
        fmt::format("{} of {} configured authorities signed the consensus; more than half "
                    "must (do the configured v3ident= values belong to this network?)",
                    signatures.value(), configured)};
  }
  auto consensus = parse_consensus_body(text);
  if (!consensus.ok()) return consensus;
  if (check.now < consensus.value().valid_after) {
    return Error{"the consensus is not valid yet; is the clock right?"};
  }
  if (check.now > consensus.value().valid_until) {
    return Error{"the consensus is out of date; is the clock right, are the authorities running?"};
  }
  return consensus;
}

}  // namespace onion_proxy
