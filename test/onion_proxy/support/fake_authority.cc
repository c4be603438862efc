#include "test/onion_proxy/support/fake_authority.h"

#include <fmt/format.h>

#include "examples/onion_proxy/crypto/digest.h"

namespace onion_proxy::test {

UnixTime noon() {
  using namespace std::chrono;
  return sys_days(year(2026) / 11 / 22) + hours(12);
}

std::string time_text(UnixTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Authority FakeAuthority::configured() const {
  Authority out;
  out.nickname = nickname_;
  out.v3_identity = identity_.digest();
  return out;
}

std::string FakeAuthority::certificate(const Certificate& how) const {
  std::string text = "dir-key-certificate-version 3\ndir-address 127.0.0.1:7000\n";
  text += "fingerprint " +
          (how.fingerprint.empty() ? encode_hex(identity_.digest()) : how.fingerprint) + "\n";
  text += "dir-key-published " + time_text(noon() - std::chrono::hours(1)) + "\n";
  text += "dir-key-expires " + time_text(how.expires) + "\n";
  text += "dir-identity-key\n" + armour("RSA PUBLIC KEY", identity_.pkcs1());
  text += "dir-signing-key\n" + armour("RSA PUBLIC KEY", signing_.pkcs1());
  const RsaSigner& cross = how.cross_signer == nullptr ? signing_ : *how.cross_signer;
  text += "dir-key-crosscert\n" + armour("ID SIGNATURE", cross.sign(identity_.digest()));
  text += "dir-key-certification\n";
  const RsaSigner& certifier = how.certifier == nullptr ? identity_ : *how.certifier;
  return text + armour("SIGNATURE", certifier.sign(sha1(as_bytes(text))));
}

std::string FakeAuthority::signature(std::string_view signed_text) const {
  return fmt::format("directory-signature sha256 {} {}\n", encode_hex(identity_.digest()),
                     encode_hex(signing_.digest())) +
         armour("SIGNATURE", signing_.sign(sha256(as_bytes(signed_text))));
}

std::string microdescriptor(const FakeRouter& router) {
  const ByteArray<32> ntor =
      router.relay ? router.relay->ntor_key : sha256(ByteArray<2>{router.number, 1});
  const ByteArray<32> ed =
      router.relay ? router.relay->ed_id : sha256(ByteArray<2>{router.number, 2});
  std::string text = "onion-key\nntor-onion-key " + encode_base64(ntor) + "\n";
  if (!router.exit_ports.empty()) text += "p " + router.exit_ports + "\n";
  if (!router.family_ids.empty()) text += "family-ids " + router.family_ids + "\n";
  return text + "id ed25519 " + encode_base64(ed) + "\n";
}

std::string FakeConsensus::body() const {
  std::string text = "network-status-version 3 microdesc\nvote-status consensus\n";
  text += "valid-after " + time_text(valid_after) + "\n";
  text += "fresh-until " + time_text(fresh_until) + "\n";
  text += "valid-until " + time_text(valid_until) + "\n";
  text += "params " + params + "\n";
  for (const FakeRouter& router : routers) {
    ByteArray<20> identity{};
    identity[0] = router.number;
    if (router.relay) identity = router.relay->rsa_id;
    text +=
        fmt::format("r {} {} 2038-01-01 00:00:00 127.0.0.1 {} 0\n", router.nickname,
                    encode_base64(identity), router.relay ? router.relay->or_port : router.or_port);
    text += "m " + encode_base64(sha256(as_bytes(microdescriptor(router)))) + "\n";
    text += fmt::format("s {}\nv Tor 0.4.9.11\npr {}\nw Bandwidth={}\n", router.flags,
                        router.protocols, router.bandwidth);
  }
  return text + "directory-footer\n";
}

std::string FakeConsensus::signed_by(const std::vector<const FakeAuthority*>& authorities) const {
  const std::string signed_text = body() + "directory-signature ";
  std::string out = body();
  for (const FakeAuthority* authority : authorities) out += authority->signature(signed_text);
  return out;
}

}  // namespace onion_proxy::test
