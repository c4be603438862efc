// Random histories: --seed and --steps replay one.
#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/history.h"

namespace mpath::kit {
namespace {

constexpr std::uint64_t kHistories = 20;

void play(Context& check, bool misuse) {
  Stage stage(check);
  stage.need_peer();
  for (std::uint64_t i = 0; i < kHistories; ++i) {
    const std::uint64_t seed = check.settings().seed + i;
    stage.driver.stretch = 0;
    const Random random{.seed = seed, .steps = check.settings().steps, .misuse = misuse};
    try {
      check.expect(!play_random(stage.driver, random).empty(), "MPATH-P-29", "nothing happened");
    } catch (const Failure& failure) {
      throw Failure(failure.requirement, fmt::format("{} (with --seed {} it is the first history)",
                                                     failure.what(), seed));
    }
  }
}

void honest_histories(Context& check) { play(check, false); }
void rude_histories(Context& check) {
  {
    // What honest hosts meet too is no matter of misuse.
    Stage stage(check);
    stage.need_peer();
    (void)play_random(stage.driver, {.seed = check.settings().seed, .misuse = false});
  }
  play(check, true);
}

// Signalling with any bytes: a status, never a crash, and a tunnel that can be ended.
void any_bytes_from_the_peer(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  std::mt19937_64 random(check.settings().seed);
  const Blame blame("MPATH-P-29");
  for (std::uint32_t i = 0; i < check.settings().steps * 2; ++i) {
    Scene scene(stage.driver, {.linked = random() % 2 == 0});
    if (random() % 2 == 0) scene.link();
    Body body(random() % 80);
    for (std::uint8_t& byte : body) byte = static_cast<std::uint8_t>(random());
    if (!body.empty() && random() % 2 == 0) body[0] = 1;
    const auto command =
        static_cast<std::uint8_t>(random() % 4 == 0 ? random() : kLink + random() % 4);
    const mpath_status status = scene.receive(random() % 2, command, body, 1);
    if (status == MPATH_HELD) scene.expect_close();
    check.expect(status >= 0 || status == MPATH_E_PROTOCOL || status == MPATH_E_CLOSED,
                 "MPATH-P-37", "command {} with {} random bytes was answered with {}", command,
                 body.size(), status);
    check.expect(status >= 0 || scene.info().state == MPATH_TUNNEL_CLOSED, "MPATH-P-37",
                 "a violation was answered with {}, but the tunnel is open", status);
    scene.finish();
  }
}

}  // namespace

std::vector<Check> fuzz_checks() {
  const std::vector<std::string_view> proves = {"MPATH-P-13", "MPATH-P-15", "MPATH-P-18",
                                                "MPATH-P-28", "MPATH-P-29"};
  return {
      {"fuzz.honest_histories", proves, honest_histories,
       "20 random histories with an honest host and peer"},
      {"fuzz.rude_histories",
       {"MPATH-P-11", "MPATH-P-17", "MPATH-P-29"},
       rude_histories,
       "20 random histories with a host that also misuses the API"},
      {"fuzz.any_bytes_from_the_peer",
       {"MPATH-P-29", "MPATH-P-37"},
       any_bytes_from_the_peer,
       "Signalling cells with random bodies"},
  };
}

}  // namespace mpath::kit
