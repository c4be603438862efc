// Proxies fork: to become a daemon, and to start helpers.
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/history.h"

namespace mpath::kit {
namespace {

// What `work` answers in a child; empty if the child died.
Body in_child(const std::function<Body()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    Body answer;
    try {
      answer = work();
    } catch (...) {
      ::_exit(1);
    }
    const ssize_t written = ::write(ends[1], answer.data(), answer.size());
    ::_exit(written < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  Body answer(4096);
  const ssize_t length = ::read(ends[0], answer.data(), answer.size());
  answer.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) answer.clear();
  return answer;
}

Body unseeded_nonce(Driver& driver) {
  Scene scene(driver, {.seeded = false});
  Body nonce = scene.peer().nonce();
  scene.finish();
  return nonce;
}

// Against MPATH-H-20, but it happens: the plugin was loaded, then the process became a daemon.
void works_in_a_child(Context& check) {
  Stage stage(check);
  stage.need_peer();
  (void)play_script(stage.driver, 7);  // it works here: what fails below is for the fork
  const Body answer = in_child([&] {
    (void)play_script(stage.driver, 7);
    return Body{1};
  });
  check.expect(answer == Body{1}, "MPATH-P-2",
               "loaded and negotiated before fork, the plugin does not work in the child");
}

void processes_draw_different_nonces(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  const Body before = unseeded_nonce(stage.driver);
  std::vector<Body> nonces = {before};
  for (int i = 0; i < 3; ++i)
    nonces.push_back(in_child([&] { return unseeded_nonce(stage.driver); }));
  nonces.push_back(unseeded_nonce(stage.driver));
  for (std::size_t i = 0; i < nonces.size(); ++i) {
    check.expect(!nonces[i].empty(), "MPATH-P-22",
                 "a child could not make a tunnel without a seed");
    for (std::size_t k = 0; k < i; ++k) {
      check.expect(nonces[i] != nonces[k], "MPATH-P-22",
                   "two processes that forked from one drew the same nonce");
    }
  }
}

// The child ends at once, as one that only starts a helper does.
void a_child_leaves_the_parent_alone(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  scene.send(0);
  scene.send(1);
  (void)scene.arrive(1);
  check.expect(in_child([] { return Body{1}; }) == Body{1}, "MPATH-P-29",
               "a child of a process "
               "with a tunnel cannot end");
  (void)scene.arrive(0);
  check.expect(scene.drain().size() == 1, "MPATH-P-13", "a fork lost a token");
  scene.finish();
}

}  // namespace

std::vector<Check> fork_checks() {
  return {
      {"fork.works_in_a_child",
       {"MPATH-P-2"},
       works_in_a_child,
       "Loaded before fork, it works in the child"},
      {"fork.processes_draw_different_nonces",
       {"MPATH-P-22"},
       processes_draw_different_nonces,
       "Without a seed no two processes draw one nonce"},
      {"fork.a_child_leaves_the_parent_alone",
       {"MPATH-P-29"},
       a_child_leaves_the_parent_alone,
       "A tunnel goes on when its process has had a child"},
  };
}

}  // namespace mpath::kit
