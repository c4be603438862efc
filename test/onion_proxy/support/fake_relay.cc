#include "test/onion_proxy/support/fake_relay.h"

#include <stdexcept>

#include "examples/onion_proxy/crypto/digest.h"

namespace onion_proxy::test {
namespace {

constexpr std::string_view kNtor = "ntor-curve25519-sha256-1";
constexpr std::string_view kNtorV3 = "ntor3-curve25519-sha3_256-1";
constexpr std::string_view kServer = "Server";

Bytes ntor_tweak(std::string_view name) { return concat(kNtor, name); }

Bytes encap(ByteView text) {
  Bytes out;
  append_u64(out, text.size());
  append(out, text);
  return out;
}

Bytes tweak(std::string_view name) { return encap(concat(kNtorV3, std::string_view(":"), name)); }

}  // namespace

// Equal numbers are one relay, wherever they are used.
FakeRelay::FakeRelay(uint8_t number)
    : ntor_keys_(X25519KeyPair::from_secret(sha256(ByteArray<1>{number}))) {
  info_.rsa_id.fill(number);
  info_.ed_id.fill(static_cast<uint8_t>(number + 100));
  info_.ntor_key = ntor_keys_.public_key();
  info_.ipv4 = {127, 0, 0, number};
  info_.or_port = static_cast<uint16_t>(5000 + number);
}

Bytes FakeRelay::answer_ntor(ByteView onionskin) {
  ByteReader reader(onionskin);
  const auto id = reader.array<20>();
  const auto key = reader.array<32>();
  const auto client = reader.array<32>();
  const auto own = X25519KeyPair::generate();
  const auto& point = own.public_key();
  const Bytes secret = concat(own.exchange(client).value(), ntor_keys_.exchange(client).value(), id,
                              key, client, point, kNtor);
  const auto verify = hmac_sha256(ntor_tweak(":verify"), secret);
  const auto auth =
      hmac_sha256(ntor_tweak(":mac"), concat(verify, id, key, point, client, kNtor, kServer));
  const Bytes salt = ntor_tweak(":key_extract");
  const Bytes info = ntor_tweak(":key_expand");
  keys_ = hkdf_sha256({.key_material = secret, .salt = salt, .info = info}, kHopKeySize);
  return concat(point, auth);
}

Bytes FakeRelay::answer_ntor_v3(ByteView onionskin, ByteView server_message) {
  ByteReader reader(onionskin);
  const auto id = reader.array<32>();
  const auto key = reader.array<32>();
  const auto client = reader.array<32>();
  client_message_.resize(reader.remaining() - 32);
  const ByteView encrypted = reader.take(client_message_.size());
  const auto mac = reader.array<32>();
  const Bytes ver = encap(as_bytes("circuit extend"));
  const auto shared = ntor_keys_.exchange(client).value();

  const Bytes phase1 =
      shake256(concat(tweak("kdf_phase1"), shared, id, client, key, kNtorV3, ver), 64);
  std::copy(encrypted.begin(), encrypted.end(), client_message_.begin());
  AesCtr(ByteView(phase1).first(32)).apply(client_message_);

  const auto own = X25519KeyPair::generate();
  const auto& point = own.public_key();
  const Bytes secret =
      concat(own.exchange(client).value(), shared, id, key, client, point, kNtorV3, ver);
  const auto key_seed = sha3_256(concat(tweak("key_seed"), secret));
  const auto verify = sha3_256(concat(tweak("verify"), secret));
  const Bytes stream = shake256(concat(tweak("kdf_final"), key_seed), 32 + kHopKeySize);
  keys_.assign(stream.begin() + 32, stream.end());
  Bytes reply(server_message.begin(), server_message.end());
  AesCtr(ByteView(stream).first(32)).apply(reply);
  const auto auth = sha3_256(concat(tweak("auth_final"), verify, id, key, point, client, mac,
                                    encap(reply), kNtorV3, kServer));
  return concat(point, auth, reply);
}

void FakePath::add_hop(ByteView keys) {
  Hop hop{{}, {}, AesCtr(keys.subspan(40, 16)), AesCtr(keys.subspan(56, 16))};
  hop.forward_digest.update(keys.subspan(0, 20));
  hop.backward_digest.update(keys.subspan(20, 20));
  hops_.push_back(std::move(hop));
}

FakePath::Opened FakePath::open(CellPayload& payload) {
  for (size_t i = 0; i < hops_.size(); ++i) {
    hops_[i].forward_cipher.apply(payload);
    if (payload[1] != 0 || payload[2] != 0) continue;
    CellPayload clear = payload;
    std::fill_n(clear.begin() + kDigestOffset, kDigestFieldSize, uint8_t{0});
    RunningSha1 candidate = hops_[i].forward_digest;
    candidate.update(clear);
    const CellTag tag = candidate.peek();
    if (!std::equal(tag.begin(), tag.begin() + 4, payload.begin() + kDigestOffset)) continue;
    hops_[i].forward_digest = candidate;
    return {i, tag, parse_relay_cell(payload).value()};
  }
  throw std::runtime_error("no hop recognized the client's cell");
}

FakePath::Sealed FakePath::seal(size_t hop, RelayHeader header, ByteView body) {
  Sealed out;
  encode_relay_cell(out.payload, header, body);
  hops_[hop].backward_digest.update(out.payload);
  out.tag = hops_[hop].backward_digest.peek();
  std::copy_n(out.tag.begin(), kDigestFieldSize, out.payload.begin() + kDigestOffset);
  for (size_t layer = hop + 1; layer-- > 0;) hops_[layer].backward_cipher.apply(out.payload);
  return out;
}

}  // namespace onion_proxy::test
