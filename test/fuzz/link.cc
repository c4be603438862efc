// What a relay sends before circuits: the framing of cells, and the link handshake (VERSIONS,
// CERTS, AUTH_CHALLENGE, NETINFO).
//
// Input: one byte that says how the stream is cut into reads, the time (hours since 1970, 4 bytes),
// who the relay must be (RSA identity, Ed25519 identity, digest of its TLS certificate), then the
// stream.
#include <algorithm>
#include <string>
#include <vector>

#include "examples/onion_proxy/link/certs.h"
#include "examples/onion_proxy/link/link_handshake.h"
#include "test/fuzz/support/expect.h"
#include "test/fuzz/support/input.h"

namespace conflux::fuzz {
namespace {

using onion_proxy::ByteArray;
using onion_proxy::Bytes;
using onion_proxy::ByteView;
using onion_proxy::LinkCell;
using onion_proxy::LinkCellDecoder;
using onion_proxy::LinkCommand;
using onion_proxy::LinkHandshake;
using onion_proxy::LinkPeer;

struct OwnedCell {
  std::uint32_t circuit_id;
  LinkCommand command;
  Bytes body;
  bool operator==(const OwnedCell&) const = default;
};

struct Relay {
  LinkPeer peer;
  std::chrono::sys_seconds now;
};

// How one connection went.
struct Story {
  std::vector<OwnedCell> cells;
  std::string failure;
  bool open = false;
  std::size_t left = 0;
  bool operator==(const Story&) const = default;
};

void check_step(const LinkHandshake::Step& step) {
  if (step.send.empty()) return;
  expect(step.open, "a client says nothing between VERSIONS and NETINFO");
  expect(step.send.size() % onion_proxy::kFixedCellSize == 0, "what is sent are whole cells");
}

// As a channel does: read, cut, handle, take over the width of circuit ids.
Story connect(const Relay& relay, ByteView stream, std::size_t read_size) {
  Story story;
  LinkCellDecoder decoder;
  LinkHandshake handshake(relay.peer);
  expect(handshake.start().size() == 11, "the VERSIONS cell offers three versions");
  while (!stream.empty() && story.failure.empty()) {
    const std::size_t size = std::min(read_size, stream.size());
    decoder.append(stream.first(size));
    stream = stream.subspan(size);
    LinkCell cell;
    while (story.failure.empty() && decoder.next(cell)) {
      story.cells.push_back({cell.circuit_id, cell.command, {cell.body.begin(), cell.body.end()}});
      if (story.open) continue;
      const auto step = handshake.handle_cell(cell, relay.now);
      if (step.ok()) {
        check_step(step.value());
        story.open = step.value().open;
      } else {
        story.failure = step.error();
        expect(!story.failure.empty() && story.failure.size() < 300, "a failure has its words");
      }
      decoder.set_circuit_id_width(handshake.circuit_id_width());
    }
    if (story.failure.empty()) {
      expect(decoder.buffered() < LinkCellDecoder::kMaxBuffered + read_size, "buffers are bounded");
    }
  }
  story.left = decoder.buffered();
  expect(handshake.link_protocol() == 0 || handshake.link_protocol() >= 3, "offered versions only");
  expect(!story.open || handshake.link_protocol() >= 4, "an open link speaks 4 or 5");
  return story;
}

// Cells that are cut out can be put together again.
void check_framing(const Story& story, ByteView stream) {
  Bytes again;
  bool first = true;
  for (const OwnedCell& cell : story.cells) {
    const bool narrow = first;
    first = false;
    if (onion_proxy::is_variable_length(cell.command)) {
      const auto width =
          narrow ? onion_proxy::CircuitIdWidth::kTwo : onion_proxy::CircuitIdWidth::kFour;
      onion_proxy::append_variable_cell(again, {width, cell.circuit_id, cell.command, cell.body});
    } else if (narrow) {
      return;  // a fixed cell before VERSIONS has no encoder: nobody sends one
    } else {
      onion_proxy::append_fixed_cell(again, cell.circuit_id, cell.command, cell.body);
    }
  }
  expect(again.size() <= stream.size() && std::ranges::equal(again, stream.first(again.size())),
         "framing loses nothing");
}

// The certificate chain by itself.
void check_certs(const Relay& relay, ByteView body) {
  const auto proven = onion_proxy::verify_certs(body, relay.peer.tls_certificate, relay.now);
  if (!proven.ok()) expect(!proven.error().empty(), "a refusal has its words");
  const auto certificate = onion_proxy::parse_ed_certificate(body);
  if (!certificate.ok()) return;
  const auto& parts = certificate.value();
  expect(parts.signed_part.size() + parts.signature.size() == body.size() && body[0] == 1,
         "a certificate is its signed part and its signature, version 1");
}

}  // namespace
}  // namespace conflux::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace conflux::fuzz;
  Input in(data, size);
  const std::size_t read_size = 1 + in.below(64);
  Relay relay;
  relay.now = std::chrono::sys_seconds(std::chrono::hours(in.raw<std::uint32_t>()));
  LinkPeer& peer = relay.peer;
  std::ranges::copy(in.take(peer.rsa_id.size()), peer.rsa_id.begin());
  std::ranges::copy(in.take(peer.ed_id.size()), peer.ed_id.begin());
  std::ranges::copy(in.take(peer.tls_certificate.size()), peer.tls_certificate.begin());
  const ByteView stream = in.rest();
  const Story whole = connect(relay, stream, SIZE_MAX / 2);
  const Story pieces = connect(relay, stream, read_size);
  // After a failure nobody looks at what came later in the same read.
  expect(
      whole.cells == pieces.cells && whole.failure == pieces.failure && whole.open == pieces.open,
      "how a stream is cut into reads does not matter");
  check_framing(whole, stream);
  check_certs(relay, stream);
  return 0;
}
