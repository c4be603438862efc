#include "examples/onion_proxy/link/certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/onion_proxy/support/fake_link_certs.h"

namespace onion_proxy {
namespace {

using std::chrono::hours;
using std::chrono::sys_seconds;
using test::ed_certificate;
using test::EdCertificateParts;
using test::EdSigner;
using test::FakeLinkIdentity;
using test::RsaSigner;
using test::signed_with_extension;
using ::testing::HasSubstr;

class CertsTest : public testing::Test {
 protected:
  static sys_seconds now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }
  static sys_seconds far() { return FakeLinkIdentity::far_future(); }

  // All certificates, with the one of `type` replaced.
  static std::string error_with(uint8_t type, const Bytes& body) {
    auto certificates = identity_.all();
    for (auto& certificate : certificates) {
      if (certificate.type == type) certificate.body = body;
    }
    return error_of(FakeLinkIdentity::encode(certificates));
  }
  static std::string error_of(ByteView body) {
    const auto proven = verify_certs(body, identity_.tls_certificate(), now());
    return proven.ok() ? "(no error)" : proven.error();
  }

  static inline const FakeLinkIdentity identity_{sha256(as_bytes("TLS certificate"))};
};

TEST_F(CertsTest, AWholeChainProvesBothIdentities) {
  const auto proven =
      verify_certs(FakeLinkIdentity::encode(identity_.all()), identity_.tls_certificate(), now());
  ASSERT_TRUE(proven.ok()) << proven.error();
  EXPECT_EQ(proven.value().ed_id, identity_.master().public_key());
  EXPECT_EQ(proven.value().rsa_id, identity_.rsa().digest());
}

TEST_F(CertsTest, AManInTheMiddleHasAnotherTlsCertificate) {
  const auto proven = verify_certs(FakeLinkIdentity::encode(identity_.all()),
                                   sha256(as_bytes("another certificate")), now());
  ASSERT_FALSE(proven.ok());
  EXPECT_EQ(proven.error(), "CERTS: type 5: made for another TLS certificate");
}

TEST_F(CertsTest, EachOfTheFourIsNeeded) {
  for (const uint8_t type : std::to_array<uint8_t>({2, 4, 5, 7})) {
    auto certificates = identity_.all();
    std::erase_if(certificates, [&](const auto& each) { return each.type == type; });
    EXPECT_EQ(error_of(FakeLinkIdentity::encode(certificates)),
              "CERTS: type " + std::to_string(type) + " is missing");
  }
}

TEST_F(CertsTest, OtherTypesAreReadOver) {
  auto certificates = identity_.all();
  certificates.push_back({1, Bytes{1, 2, 3}});
  certificates.push_back({250, {}});
  EXPECT_EQ(error_of(FakeLinkIdentity::encode(certificates)), "(no error)");
}

TEST_F(CertsTest, NoTypeMayStandTwice) {
  auto certificates = identity_.all();
  certificates.push_back(certificates[1]);
  EXPECT_EQ(error_of(FakeLinkIdentity::encode(certificates)), "CERTS: two certificates of type 4");
}

TEST_F(CertsTest, EveryTruncationIsRefused) {
  const Bytes whole = FakeLinkIdentity::encode(identity_.all());
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(error_of(ByteView(whole).first(length)), "(no error)") << length;
  }
}

TEST_F(CertsTest, EveryChangedByteOfTheChainIsRefused) {
  Bytes whole = FakeLinkIdentity::encode(identity_.all());
  for (size_t at = 0; at < whole.size(); at += 3) {
    whole[at] ^= 0x40;
    EXPECT_NE(error_of(whole), "(no error)") << at;
    whole[at] ^= 0x40;
  }
}

TEST_F(CertsTest, NothingMayHaveExpired) {
  const sys_seconds past = now() - hours(2);
  EXPECT_EQ(error_with(4, identity_.signing_certificate(past)), "CERTS: type 4: expired");
  EXPECT_EQ(error_with(5, identity_.tls_link_certificate(past)), "CERTS: type 5: expired");
  EXPECT_EQ(error_with(7, identity_.cross_certificate(past)), "CERTS: type 7: expired");
  EXPECT_EQ(error_with(2, identity_.rsa_certificate(std::chrono::seconds(-60))),
            "CERTS: type 2: outside its validity period");
}

TEST_F(CertsTest, TheSigningKeyMustBeSignedByTheIdentityItNames) {
  const EdSigner stranger;
  EdCertificateParts parts{.type = 4,
                           .expires = far(),
                           .certified_key = identity_.signing().public_key(),
                           .extensions = signed_with_extension(identity_.master().public_key())};
  EXPECT_EQ(error_with(4, ed_certificate(parts, stranger)),
            "CERTS: type 4: not signed by the identity key");
  parts.extensions = {0};
  EXPECT_EQ(error_with(4, ed_certificate(parts, identity_.master())),
            "CERTS: type 4: does not name the identity key");
  parts.extensions = signed_with_extension(identity_.master().public_key());
  parts.key_type = 3;
  EXPECT_EQ(error_with(4, ed_certificate(parts, identity_.master())),
            "CERTS: type 4: not an Ed25519 key");
}

TEST_F(CertsTest, TheTlsCertificateMustBeSignedByThatSigningKey) {
  const EdCertificateParts parts{
      .type = 5, .expires = far(), .key_type = 3, .certified_key = identity_.tls_certificate()};
  EXPECT_EQ(error_with(5, ed_certificate(parts, identity_.master())),
            "CERTS: type 5: not signed by the signing key");
}

TEST_F(CertsTest, ACertificateMayNotStandForAnotherType) {
  // A type 4 body in the place of type 5.
  EXPECT_EQ(error_with(5, identity_.signing_certificate(far())),
            "CERTS: type 5: holds another type inside");
}

TEST_F(CertsTest, TheRsaIdentityMustSignTheMasterKeyAndItself) {
  const RsaSigner stranger;
  EXPECT_EQ(error_with(7, identity_.cross_certificate(far(), &stranger)),
            "CERTS: type 7: not signed by the RSA identity");
  EXPECT_EQ(error_with(2, identity_.rsa_certificate(hours(24), &stranger)),
            "CERTS: type 2: not signed by itself");
  const FakeLinkIdentity other(identity_.tls_certificate());
  EXPECT_EQ(error_with(7, other.cross_certificate(far())),
            "CERTS: type 7: made for another Ed25519 identity");
  EXPECT_EQ(error_with(2, Bytes{1, 2, 3}), "CERTS: type 2: not one X.509 certificate");
}

std::string ed_error(const EdCertificateParts& parts) {
  static const EdSigner signer;
  const auto parsed = parse_ed_certificate(ed_certificate(parts, signer));
  return parsed.ok() ? "(no error)" : parsed.error();
}

TEST(EdCertificate, ExtensionsThatAffectValidationMustBeKnown) {
  EXPECT_EQ(ed_error({.extensions = {1, 0, 1, 9, 0, 77}}), "(no error)");
  EXPECT_EQ(ed_error({.extensions = {1, 0, 1, 9, 1, 77}}),
            "extension 9 affects validation and is unknown");
}

TEST(EdCertificate, LengthsMustAddUp) {
  EXPECT_EQ(ed_error({.extensions = {1, 0, 9, 9, 0, 77}}),
            "an extension is longer than the certificate");
  EXPECT_EQ(ed_error({.extensions = {0, 1}}), "bytes between the extensions and the signature");
  EXPECT_EQ(ed_error({.extensions = {1, 0, 1, 4, 0, 77}}),
            "the signing key extension does not hold 32 bytes");
  EXPECT_EQ(ed_error({.version = 2}), "version 2, expected 1");
  EXPECT_FALSE(parse_ed_certificate(Bytes(63)).ok());
  EXPECT_FALSE(parse_ed_certificate(Bytes(64)).ok());
}

}  // namespace
}  // namespace onion_proxy
