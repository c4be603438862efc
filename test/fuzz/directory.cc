// Directory documents: what comes over plain HTTP from authorities and mirrors, and the files of a
// user. Input: one byte that names the document, then the document.
//
// The trust root is the one of the captured documents in test/onion_proxy/vectors/directory.
// Whatever the fuzzer does, nothing may be believed that those authorities did not sign.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "examples/onion_proxy/base/file.h"
#include "examples/onion_proxy/directory/network_view.h"
#include "examples/onion_proxy/net/http_reply.h"
#include "test/fuzz/support/expect.h"
#include "test/fuzz/support/input.h"

namespace conflux::fuzz {
namespace {

using onion_proxy::Authority;
using onion_proxy::AuthorityCertificate;
using onion_proxy::Consensus;
using onion_proxy::Sha256Digest;
using onion_proxy::UnixTime;

std::string document(const std::string& name) {
  const std::string path = CONFLUX_SOURCE_DIR "/test/onion_proxy/vectors/directory/" + name;
  const auto text = onion_proxy::read_file(path, 1U << 20U);
  if (!text.ok()) broken(text.error().c_str());
  return text.value();
}

std::string_view signed_part(std::string_view text) {
  constexpr std::string_view kSignature = "\ndirectory-signature ";
  return text.substr(0, text.find(kSignature) + kSignature.size());
}

// What is trusted, and what was signed by it.
struct Trust {
  UnixTime now = *onion_proxy::parse_time("2026-11-22", "18:52:09");
  std::string consensus = document("consensus-microdesc");
  std::vector<Authority> authorities =
      onion_proxy::parse_authorities(document("authorities")).value();
  std::vector<AuthorityCertificate> certificates = std::move(
      onion_proxy::parse_certificates(document("certificates"), authorities, now).value().trusted);
};

const Trust& trust() {
  static const Trust it;
  return it;
}

void check_words(const std::string& error) {
  expect(!error.empty() && error.size() < 1000, "a refusal has its words, and not too many");
}

void check_items(std::string_view text) {
  onion_proxy::ItemReader reader(text);
  std::size_t end = 0;
  while (true) {
    const auto item = reader.next();
    if (!item.ok()) return check_words(item.error());
    if (!item.value()) break;
    const onion_proxy::DirectoryItem& it = *item.value();
    expect(it.begin == end && it.begin < it.body && it.body <= it.end && it.end <= text.size(),
           "items follow each other");
    expect(text.substr(it.begin).starts_with(it.keyword) && !it.keyword.empty(), "a keyword first");
    check_words(item_error(it, "what").message);
    for (const auto word : onion_proxy::split_arguments(it.arguments)) {
      expect(!word.empty() && word.find_first_of(" \t") == std::string_view::npos,
             "words are words");
    }
    end = it.end;
  }
  expect(end == text.size(), "all of a document is read");
}

void check_consensus_body(std::string_view text) {
  const auto consensus = onion_proxy::parse_consensus_body(text);
  if (!consensus.ok()) return check_words(consensus.error());
  const Consensus& it = consensus.value();
  expect(it.valid_after < it.valid_until && !it.routers.empty(), "a consensus has time and relays");
  expect(std::ranges::is_sorted(it.routers, {}, &onion_proxy::Router::rsa_id), "relays are sorted");
  for (const auto& router : it.routers) {
    expect(router.nickname.size() <= 19 && router.bandwidth <= UINT32_MAX, "fields are bounded");
  }
  for (const auto& [name, value] : it.params) {
    const auto clamped = it.param(name, 0, -5, 5);
    expect(clamped >= -5 && clamped <= 5, "parameters are clamped");
  }
  const auto view = onion_proxy::make_network_view(it, {});
  expect(view->relays.empty(), "no relay without its microdescriptor");
}

void check_signed_consensus(std::string_view text) {
  const auto consensus =
      onion_proxy::parse_consensus(text, {trust().authorities, trust().certificates, trust().now});
  if (!consensus.ok()) return check_words(consensus.error());
  expect(signed_part(text) == signed_part(trust().consensus), "only what was signed is believed");
}

void check_microdescriptors(std::string_view text) {
  const auto one = onion_proxy::parse_microdescriptor(text);
  if (!one.ok()) check_words(one.error());
  std::vector<Sha256Digest> wanted;
  if (one.ok()) {
    wanted.push_back(one.value().digest);
    const auto& ports = one.value().exit_ports;
    bool any = false;
    for (const std::uint16_t port : std::to_array<std::uint16_t>({1, 80, 443, 65535}))
      any = any || ports.allows(port);
    expect(!any || ports.allows_any(), "an exit for one port is an exit");
    expect(one.value().family_ids.size() <= 64, "families are bounded");
  }
  const auto set = onion_proxy::parse_microdescriptors(text, wanted);
  expect(set.by_digest.size() <= wanted.size(), "nothing comes that was not wanted");
  expect(set.refused.size() <= 2 * wanted.size() + 2, "refusals are bounded");
}

void check_certificates(std::string_view text) {
  const auto one = onion_proxy::parse_authority_certificate(text, trust().now);
  if (!one.ok()) check_words(one.error());
  const auto set = onion_proxy::parse_certificates(text, trust().authorities, trust().now);
  if (!set.ok()) return check_words(set.error());
  for (const AuthorityCertificate& certificate : set.value().trusted) {
    const auto is_known = [&](const AuthorityCertificate& known) {
      return known.v3_identity == certificate.v3_identity &&
             known.signing_key_digest == certificate.signing_key_digest;
    };
    expect(std::ranges::any_of(trust().certificates, is_known), "no signing key is made up");
  }
}

void check_authorities(std::string_view text) {
  const auto authorities = onion_proxy::parse_authorities(text);
  if (!authorities.ok()) return check_words(authorities.error());
  expect(!authorities.value().empty() && authorities.value().size() <= onion_proxy::kAuthoritiesMax,
         "there is at least one authority, and not too many");
  for (const Authority& authority : authorities.value()) {
    expect(authority.dir_address.port() != 0 && !authority.nickname.empty(),
           "an authority is whole");
  }
}

void check_reply(std::string_view text) {
  const auto body = onion_proxy::parse_http_reply(text);
  if (!body.ok()) return check_words(body.error());
  expect(text.starts_with("HTTP/1.") && text.ends_with(body.value()), "a body ends its reply");
}

// Small texts inside of documents.
void check_words_and_numbers(std::string_view text) {
  const auto protocols = onion_proxy::ProtocolSet::parse(text);
  if (!protocols.ok()) check_words(protocols.error());
  if (protocols.ok()) {
    expect(!protocols.value().supports("Conflux", 64), "versions end at 63");
  }
  if (const auto number = onion_proxy::parse_number(text, 65535)) {
    expect(*number <= 65535, "numbers have a largest value");
  }
  if (text.size() >= 18) {
    const auto time = onion_proxy::parse_time(text.substr(0, 10), text.substr(10, 8));
    expect(!time || time->time_since_epoch().count() > -70'000'000'000,
           "times are in the calendar");
  }
  if (const auto bytes = onion_proxy::decode_hex(text)) {
    expect(onion_proxy::decode_hex(onion_proxy::encode_hex(*bytes)) == bytes, "hex: and back");
  }
  if (const auto bytes = onion_proxy::decode_base64(text)) {
    expect(onion_proxy::decode_base64(onion_proxy::encode_base64(*bytes)) == bytes,
           "base64: and back");
  }
}

}  // namespace
}  // namespace conflux::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace conflux::fuzz;
  constexpr void (*kDocuments[])(std::string_view) = {check_items,
                                                      check_consensus_body,
                                                      check_signed_consensus,
                                                      check_microdescriptors,
                                                      check_certificates,
                                                      check_authorities,
                                                      check_reply,
                                                      check_words_and_numbers};
  Input in(data, size);
  const std::size_t which = in.below(std::size(kDocuments));
  kDocuments[which](in.rest_text());
  return 0;
}
