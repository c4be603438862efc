#include "examples/onion_proxy/directory/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/onion_proxy/support/fake_authority.h"

namespace onion_proxy {
namespace {

using test::FakeAuthority;
using test::noon;
using test::RsaSigner;
using ::testing::HasSubstr;

constexpr const char* kIdentity = "A60192DF18E1DD6AAA50798287223AC8C49EB3F2";

TEST(AuthorityConfig, ReadsTheShortForm) {
  const auto parsed = parse_authorities(
      std::string("# trust root\n\nauth0 v3ident=") + kIdentity +
      " dirport=127.0.0.1:7000 fingerprint=41FEAC7BF1F1C1ADB78C645A2D817D3B524F6368\n");
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  ASSERT_EQ(parsed.value().size(), 1U);
  EXPECT_EQ(parsed.value()[0].nickname, "auth0");
  EXPECT_EQ(encode_hex(parsed.value()[0].v3_identity), kIdentity);
  EXPECT_EQ(parsed.value()[0].dir_address.port(), 7000);
}

TEST(AuthorityConfig, ReadsTorrcLines) {
  const auto parsed =
      parse_authorities(std::string("DirAuthority auth0 orport=5000 no-v2 v3ident=") + kIdentity +
                        " 127.0.0.1:7000 41FE AC7B F1F1 C1AD B78C 645A 2D81 7D3B 524F 6368\r\n");
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  EXPECT_EQ(parsed.value()[0].nickname, "auth0");
  EXPECT_EQ(parsed.value()[0].dir_address.port(), 7000);
  EXPECT_EQ(parsed.value()[0].dir_address.address().to_string(), "127.0.0.1");
}

std::string config_error(const std::string& text) {
  const auto parsed = parse_authorities(text);
  return parsed.ok() ? "(no error)" : parsed.error();
}

TEST(AuthorityConfig, SaysWhatIsMissingAndWhere) {
  const std::string identity = std::string("v3ident=") + kIdentity;
  EXPECT_THAT(config_error("\nauth0 dirport=127.0.0.1:1 x\n"), HasSubstr("line 2: v3ident="));
  EXPECT_THAT(config_error("auth0 " + identity + " orport=9\n"),
              HasSubstr("line 1: the directory address is missing"));
  EXPECT_THAT(config_error(identity + " dirport=127.0.0.1:1 x\n"),
              HasSubstr("the nickname is missing"));
  EXPECT_THAT(config_error("auth0 v3ident=12 dirport=127.0.0.1:1\n"),
              HasSubstr("40 hexadecimal digits"));
  EXPECT_THAT(config_error("auth0 " + identity + " dirport=localhost:1\n"),
              HasSubstr("ADDRESS:PORT"));
  EXPECT_THAT(config_error("auth0 " + identity + " dirport=127.0.0.1:0\n"),
              HasSubstr("ADDRESS:PORT"));
  EXPECT_THAT(config_error("# nothing\n"), HasSubstr("no authority in it"));
}

TEST(AuthorityConfig, RefusesToCountOneAuthorityTwice) {
  const std::string line = std::string("a v3ident=") + kIdentity + " dirport=127.0.0.1:1\n";
  EXPECT_EQ(config_error(line + line), "line 2: this v3ident is already listed above");
}

std::string certificate_error(const std::string& text, UnixTime now = noon()) {
  const auto parsed = parse_authority_certificate(text, now);
  return parsed.ok() ? "(no error)" : parsed.error();
}

TEST(AuthorityCertificate, VouchesForTheSigningKey) {
  const FakeAuthority authority("auth0");
  const auto parsed = parse_authority_certificate(authority.certificate(), noon());
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  EXPECT_EQ(parsed.value().v3_identity, authority.identity().digest());
  EXPECT_EQ(parsed.value().signing_key_digest, authority.signing().digest());
}

TEST(AuthorityCertificate, RefusesAForgedCertification) {
  const FakeAuthority authority("auth0");
  const RsaSigner stranger;
  EXPECT_THAT(certificate_error(authority.certificate({.certifier = &stranger})),
              HasSubstr("the identity key did not sign"));
}

TEST(AuthorityCertificate, RefusesASigningKeyThatDidNotCrossSign) {
  const FakeAuthority authority("auth0");
  const RsaSigner stranger;
  EXPECT_THAT(certificate_error(authority.certificate({.cross_signer = &stranger})),
              HasSubstr("dir-key-crosscert"));
}

TEST(AuthorityCertificate, RefusesAChangedText) {
  std::string text = FakeAuthority("auth0").certificate();
  text.replace(text.find("dir-address 127"), 15, "dir-address 128");
  EXPECT_THAT(certificate_error(text), HasSubstr("the identity key did not sign"));
}

TEST(AuthorityCertificate, ExpiresAtItsTime) {
  const std::string text = FakeAuthority("auth0").certificate({.expires = noon()});
  EXPECT_EQ(certificate_error(text, noon() - std::chrono::seconds(1)), "(no error)");
  EXPECT_THAT(certificate_error(text, noon()), HasSubstr("expired"));
}

TEST(AuthorityCertificate, RefusesAFingerprintThatIsNotItsKeys) {
  const std::string other(40, 'A');
  EXPECT_THAT(certificate_error(FakeAuthority("auth0").certificate({.fingerprint = other})),
              HasSubstr("`fingerprint`: not the digest of dir-identity-key"));
}

TEST(AuthorityCertificate, NamesAMissingPart) {
  std::string text = FakeAuthority("auth0").certificate();
  const size_t at = text.find("dir-key-expires");
  text.erase(at, text.find('\n', at) + 1 - at);
  EXPECT_EQ(certificate_error(text), "`dir-key-expires` is missing");
  EXPECT_THAT(certificate_error("<html>"), HasSubstr("dir-key-certificate-version 3"));
}

TEST(CertificateSet, KeepsTheTrustedAndSaysWhyOthersAreLeftOut) {
  const FakeAuthority ours("auth0"), foreign("mallory"), expired("auth1");
  const std::string text = foreign.certificate() + ours.certificate() +
                           expired.certificate({.expires = noon() - std::chrono::hours(1)});

  const auto set = parse_certificates(text, {ours.configured(), expired.configured()}, noon());

  ASSERT_TRUE(set.ok()) << set.error();
  ASSERT_EQ(set.value().trusted.size(), 1U);
  EXPECT_EQ(set.value().trusted[0].v3_identity, ours.identity().digest());
  EXPECT_THAT(set.value().refused,
              testing::ElementsAre("not of a configured authority",
                                   "the certificate has expired (dir-key-expires)"));
}

TEST(CertificateSet, StopsAtItsBound) {
  std::string text;
  for (size_t i = 0; i < 10 * kAuthoritiesMax; ++i) text += "dir-key-certificate-version 3\n";
  const auto set = parse_certificates(text, {}, noon());
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set.value().refused.size(), 4 * kAuthoritiesMax);
}

}  // namespace
}  // namespace onion_proxy
