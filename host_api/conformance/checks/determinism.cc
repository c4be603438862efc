// Equal calls, equal answers; and all that differs comes from the seed.
#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/history.h"

namespace mpath::kit {
namespace {

Body nonce_of(Driver& driver, const SceneOptions& options) {
  Scene scene(driver, options);
  Body nonce = scene.peer().nonce();
  scene.finish();
  return nonce;
}

void equal_histories_are_equal(Context& check) {
  Stage stage(check);
  stage.need_peer();
  (void)play_script_twice(stage.driver, 7);
  const Random random{.seed = check.settings().seed, .steps = 1'500};
  const std::string third = play_random(stage.driver, random);
  const std::string fourth = play_random(stage.driver, random);
  check.expect(third == fourth, "MPATH-P-22", "one random history, two courses: {}",
               Trace::first_difference(third, fourth));
}

void the_seed_alone_decides(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  const Body one = nonce_of(stage.driver, {.seed = 1});
  const Body same = nonce_of(stage.driver, {.seed = 1});
  const Body other = nonce_of(stage.driver, {.seed = 2});
  check.expect(one == same, "MPATH-P-22", "equal seeds gave different nonces");
  check.expect(one != other, "MPATH-P-22", "different seeds gave equal nonces");
}

void without_a_seed_all_differ(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  std::vector<Body> seen;
  for (int i = 0; i < 20; ++i) {
    const Body nonce = nonce_of(stage.driver, {.seeded = false});
    check.expect(nonce != Body(nonce.size(), nonce.at(0)), "MPATH-P-22",
                 "without a seed the nonce is one byte over and over");
    for (const Body& before : seen) {
      check.expect(nonce != before, "MPATH-P-22", "without a seed two tunnels have one nonce");
    }
    seen.push_back(nonce);
  }
}

}  // namespace

std::vector<Check> determinism_checks() {
  return {
      {"determinism.equal_histories_are_equal",
       {"MPATH-P-22"},
       equal_histories_are_equal,
       "Equal calls with equal seeds give equal bytes, a script's and a random history's"},
      {"determinism.the_seed_alone_decides",
       {"MPATH-P-22"},
       the_seed_alone_decides,
       "Equal seeds give equal nonces, different seeds different ones"},
      {"determinism.without_a_seed_all_differ",
       {"MPATH-P-22"},
       without_a_seed_all_differ,
       "Without a seed no two nonces are alike"},
  };
}

}  // namespace mpath::kit
