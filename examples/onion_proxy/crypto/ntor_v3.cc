#include "examples/onion_proxy/crypto/ntor_v3.h"

#include "examples/onion_proxy/base/wire.h"
#include "examples/onion_proxy/crypto/aes_ctr.h"
#include "examples/onion_proxy/crypto/random.h"

namespace onion_proxy {
namespace {

constexpr std::string_view kNtorV3ProtoId = "ntor3-curve25519-sha3_256-1";
constexpr size_t kEncryptionKeySize = 32;
constexpr size_t kMacKeySize = 32;

// ENCAP(s) of the specification: an 8-byte length, then the string.
Bytes encap(ByteView text) {
  Bytes out;
  append_u64(out, text.size());
  append(out, text);
  return out;
}

Bytes tweak(std::string_view name) {
  return encap(concat(kNtorV3ProtoId, std::string_view(":"), name));
}

// Both hashes of the specification take their tweak as an encapsulated prefix.
Sha256Digest tweaked_hash(std::string_view name, const Bytes& data) {
  return sha3_256(concat(tweak(name), data));
}

}  // namespace

NtorV3Client::NtorV3Client(const NtorV3Relay& relay, Options options)
    : relay_(relay), verification_(options.verification), keys_(std::move(options.keys)) {}

Result<Bytes> NtorV3Client::onionskin(ByteView message) {
  const auto shared = keys_.exchange(relay_.ntor_key);
  if (!shared) return Error{"the relay's ntor key gives an all-zero shared secret"};
  shared_with_key_ = *shared;

  const auto& own = keys_.public_key();
  Bytes phase1 = shake256(concat(tweak("kdf_phase1"), shared_with_key_, relay_.ed_id, own,
                                 relay_.ntor_key, kNtorV3ProtoId, encap(as_bytes(verification_))),
                          kEncryptionKeySize + kMacKeySize);
  const ByteView mac_key = ByteView(phase1).subspan(kEncryptionKeySize);
  Bytes encrypted(message.begin(), message.end());
  AesCtr(ByteView(phase1).first(kEncryptionKeySize)).apply(encrypted);
  mac_ = tweaked_hash("msg_mac",
                      concat(encap(mac_key), relay_.ed_id, relay_.ntor_key, own, encrypted));
  cleanse(phase1);
  return concat(relay_.ed_id, relay_.ntor_key, own, encrypted, mac_);
}

Result<NtorV3Client::Finished> NtorV3Client::finish(ByteView reply, size_t key_size) const {
  ByteReader reader(reply);
  const auto relay_public = reader.array<32>();
  const auto auth = reader.array<32>();
  const ByteView encrypted = reader.ok() ? reader.rest() : ByteView();
  if (!reader.ok()) return Error{"the ntor-v3 reply is shorter than 64 bytes"};
  const auto ephemeral = keys_.exchange(relay_public);
  if (!ephemeral) return Error{"the ntor-v3 reply gives an all-zero shared secret"};

  const auto& id = relay_.ed_id;
  const auto& key = relay_.ntor_key;
  const auto& own = keys_.public_key();
  Bytes secret = concat(*ephemeral, shared_with_key_, id, key, own, relay_public, kNtorV3ProtoId,
                        encap(as_bytes(verification_)));
  const Sha256Digest key_seed = tweaked_hash("key_seed", secret);
  const Sha256Digest verify = tweaked_hash("verify", secret);
  cleanse(secret);
  const Bytes auth_input = concat(verify, id, key, relay_public, own, mac_, encap(encrypted),
                                  kNtorV3ProtoId, std::string_view("Server"));
  if (!constant_time_equal(tweaked_hash("auth_final", auth_input), auth)) {
    return Error{"the ntor-v3 reply does not authenticate the relay (wrong AUTH)"};
  }

  // OpenSSL 3.0 squeezes SHAKE once, so message key and circuit keys come from one call.
  Bytes stream = shake256(concat(tweak("kdf_final"), key_seed), kEncryptionKeySize + key_size);
  Finished out{.server_message = Bytes(encrypted.begin(), encrypted.end()),
               .keys = Bytes(stream.begin() + kEncryptionKeySize, stream.end())};
  AesCtr(ByteView(stream).first(kEncryptionKeySize)).apply(out.server_message);
  cleanse(stream);
  return out;
}

}  // namespace onion_proxy
