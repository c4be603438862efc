#include "examples/onion_proxy/crypto/ntor.h"

#include "examples/onion_proxy/base/wire.h"
#include "examples/onion_proxy/crypto/digest.h"
#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {
namespace {

constexpr std::string_view kNtorProtoId = "ntor-curve25519-sha256-1";
constexpr std::string_view kMacTweak = "ntor-curve25519-sha256-1:mac";
constexpr std::string_view kVerifyTweak = "ntor-curve25519-sha256-1:verify";
constexpr std::string_view kExtractTweak = "ntor-curve25519-sha256-1:key_extract";
constexpr std::string_view kExpandTweak = "ntor-curve25519-sha256-1:key_expand";
constexpr size_t kReplySize = 64;

}  // namespace

NtorClient::NtorClient(const NtorRelay& relay, X25519KeyPair keys)
    : relay_(relay), keys_(std::move(keys)) {}

Bytes NtorClient::onionskin() const {
  return concat(relay_.rsa_id, relay_.ntor_key, keys_.public_key());
}

Result<Bytes> NtorClient::finish(ByteView reply, size_t key_size) const {
  if (reply.size() < kReplySize) return Error{"the ntor reply is shorter than 64 bytes"};
  ByteReader reader(reply);
  const auto relay_public = reader.array<32>();
  const auto auth = reader.array<32>();

  const auto ephemeral = keys_.exchange(relay_public);
  const auto fixed = keys_.exchange(relay_.ntor_key);
  if (!ephemeral || !fixed) return Error{"the ntor reply gives an all-zero shared secret"};

  // Spec: the order of X and Y differs between secret_input and auth_input.
  const auto& id = relay_.rsa_id;
  const auto& key = relay_.ntor_key;
  const auto& own = keys_.public_key();
  Bytes secret = concat(*ephemeral, *fixed, id, key, own, relay_public, kNtorProtoId);
  const Sha256Digest verify = hmac_sha256(as_bytes(kVerifyTweak), secret);
  const Bytes auth_input =
      concat(verify, id, key, relay_public, own, kNtorProtoId, std::string_view("Server"));
  const bool authentic = constant_time_equal(hmac_sha256(as_bytes(kMacTweak), auth_input), auth);
  Bytes out;
  if (authentic) {
    out = hkdf_sha256(
        {.key_material = secret, .salt = as_bytes(kExtractTweak), .info = as_bytes(kExpandTweak)},
        key_size);
  }
  cleanse(secret);
  if (!authentic) return Error{"the ntor reply does not authenticate the relay (wrong AUTH)"};
  return out;
}

}  // namespace onion_proxy
