#include "examples/onion_proxy/crypto/signature.h"

#include <gtest/gtest.h>

#include "examples/onion_proxy/crypto/digest.h"
#include "test/onion_proxy/support/signers.h"

namespace onion_proxy {
namespace {

using test::EdSigner;
using test::RsaSigner;

TEST(RsaPublicKey, RecoversTheBareDigest) {
  const RsaSigner signer;
  const auto key = RsaPublicKey::from_pkcs1(signer.pkcs1());
  ASSERT_TRUE(key.ok()) << key.error();
  const Sha256Digest digest = sha256(as_bytes("signed"));

  EXPECT_EQ(key.value().recover(signer.sign(digest)), Bytes(digest.begin(), digest.end()));
  EXPECT_TRUE(key.value().verify(digest, signer.sign(digest)));
}

TEST(RsaPublicKey, DoesNotVerifyAnotherDigestOrAnotherKeysSignature) {
  const RsaSigner signer, stranger;
  const auto key = RsaPublicKey::from_pkcs1(signer.pkcs1());
  ASSERT_TRUE(key.ok()) << key.error();
  const Sha256Digest digest = sha256(as_bytes("signed"));

  EXPECT_FALSE(key.value().verify(sha256(as_bytes("other")), signer.sign(digest)));
  EXPECT_FALSE(key.value().verify(digest, stranger.sign(digest)));
  EXPECT_FALSE(key.value().verify(digest, Bytes(128, 0)));
  EXPECT_FALSE(key.value().verify(digest, {}));
  // A prefix of the digest is not the digest.
  EXPECT_FALSE(key.value().verify(ByteView(digest).first(20), signer.sign(digest)));
}

TEST(RsaPublicKey, NamesItselfByTheSha1OfItsPkcs1Encoding) {
  const RsaSigner signer;
  const auto key = RsaPublicKey::from_pkcs1(signer.pkcs1());
  ASSERT_TRUE(key.ok()) << key.error();
  EXPECT_EQ(key.value().identity_digest(), sha1(signer.pkcs1()));
}

TEST(RsaPublicKey, RefusesWhatIsNotExactlyOneKey) {
  Bytes trailing = RsaSigner().pkcs1();
  trailing.push_back(0);
  EXPECT_EQ(RsaPublicKey::from_pkcs1(trailing).error(), "bytes after the RSA public key");
  EXPECT_EQ(RsaPublicKey::from_pkcs1(as_bytes("nonsense")).error(), "not a PKCS#1 RSA public key");
  EXPECT_EQ(RsaPublicKey::from_pkcs1({}).error(), "not a PKCS#1 RSA public key");
}

TEST(RsaPublicKey, RefusesAKeyTooSmallToMeanAnything) {
  EXPECT_EQ(RsaPublicKey::from_pkcs1(RsaSigner(512).pkcs1()).error(),
            "RSA key of 512 bits; expected 1024 to 8192");
}

TEST(Ed25519, VerifiesItsOwnSignatureAndNoOther) {
  const EdSigner signer, stranger;
  const ByteView message = as_bytes("a message");
  Bytes signature = signer.sign(message);

  EXPECT_TRUE(verify_ed25519(signer.public_key(), message, signature));
  EXPECT_FALSE(verify_ed25519(stranger.public_key(), message, signature));
  EXPECT_FALSE(verify_ed25519(signer.public_key(), as_bytes("another"), signature));
  signature[10] ^= 1;
  EXPECT_FALSE(verify_ed25519(signer.public_key(), message, signature));
}

TEST(Ed25519, RefusesKeysAndSignaturesOfWrongLength) {
  const EdSigner signer;
  const Bytes signature = signer.sign({});
  EXPECT_TRUE(verify_ed25519(signer.public_key(), {}, signature));
  EXPECT_FALSE(verify_ed25519(ByteView(signer.public_key()).first(31), {}, signature));
  EXPECT_FALSE(verify_ed25519(signer.public_key(), {}, ByteView(signature).first(63)));
}

}  // namespace
}  // namespace onion_proxy
