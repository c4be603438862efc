/* event_loop_host.c - a host of a multipath plugin around epoll and timerfd, in C11 for Linux.
 *
 * Real descriptors, real time, real signals; only the far end is a toy (far_end.c, a process of its
 * own) and cells are not encrypted. It sends numbers over two legs, gets them back, and checks that
 * they come in order. SIGHUP reloads the configuration, SIGTERM and SIGINT end it in good order.
 *
 * One round of the loop: handle input; then turn(): poll and drain until nothing is left, arm the
 * timer.
 */
#include "event_loop_host.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "far_end.h"

enum { TIMER = LEGS, SIGNALS, SOURCES };

static struct host host;
static int sources[SOURCES]; /* sockets of the legs, timer, signals */
static int poller;
static bool running = true;

uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void fail(const char *what, const char *why) {
  fprintf(stderr, "event_loop_host: %s: %s\n", what, why);
  exit(1);
}

static void watch(int source, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.u32 = (uint32_t)source};
  if (epoll_ctl(poller, operation, sources[source], &event) != 0) fail("epoll", strerror(errno));
}

/* What the socket does not take waits in front of it; the plugin sees that in the leg's view. */
static void flush(int leg) {
  struct leg *it = &host.legs[leg];
  while (it->queued > 0) {
    const struct frame *frame = &it->queue[it->first];
    if (send(sources[leg], frame, sizeof *frame, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) break;
    it->first = (it->first + 1) % QUEUE_MAX;
    it->queued--;
  }
  const bool wants = it->queued > 0;
  if (wants != it->wants_output) watch(leg, EPOLLIN | (wants ? EPOLLOUT : 0), EPOLL_CTL_MOD);
  it->wants_output = wants;
}

void send_frame(int leg, const struct frame *frame) {
  struct leg *it = &host.legs[leg];
  if (it->queued == QUEUE_MAX) fail("leg", "its queue is full although the window is small");
  it->queue[(it->first + it->queued++) % QUEUE_MAX] = *frame;
  flush(leg);
}

/* The timer holds the earliest deadline of all. Late by much is a stall, early is harmless. */
static void arm_timer(uint64_t deadline_us) {
  static uint64_t armed_for = MPATH_NEVER;
  if (deadline_us == armed_for) return;
  armed_for = deadline_us;
  struct itimerspec when = {0}; /* disarmed */
  if (deadline_us != MPATH_NEVER) {
    when.it_value.tv_sec = (time_t)(deadline_us / 1000000u);
    when.it_value.tv_nsec = (long)(deadline_us % 1000000u) * 1000 + 1; /* 0 would disarm it */
  }
  timerfd_settime(sources[TIMER], TFD_TIMER_ABSTIME, &when, NULL);
}

static void turn(void) {
  const uint64_t tunnel_us = take_turn(&host);
  const uint64_t tick_us = serve_instance(&host);
  arm_timer(tunnel_us < tick_us ? tunnel_us : tick_us);
}

static void handle_leg(int leg, uint32_t events) {
  if (events & EPOLLOUT) flush(leg);
  struct frame frame;
  for (;;) {
    const ssize_t got = recv(sources[leg], &frame, sizeof frame, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got != sizeof frame) break;
    receive_frame(&host, leg, &frame);
  }
  epoll_ctl(poller, EPOLL_CTL_DEL, sources[leg], NULL);
  lose_leg(&host, leg, MPATH_REASON_CHANNEL_CLOSED);
}

static void handle_signal(void) {
  struct signalfd_siginfo info;
  if (read(sources[SIGNALS], &info, sizeof info) != sizeof info) return;
  if (info.ssi_signo == SIGHUP) {
    reload_plugin(&host);
  } else {
    running = false;
  }
}

static void handle(uint32_t source, uint32_t events) {
  uint64_t expirations;
  switch (source) {
    case TIMER:
      if (read(sources[TIMER], &expirations, sizeof expirations) < 0) return;
      break; /* what is due happens in turn() */
    case SIGNALS: handle_signal(); break;
    default: handle_leg((int)source, events); break;
  }
}

static void loop(void) {
  struct epoll_event ready[SOURCES];
  turn();
  while (running && host.state == HOST_OPEN && !is_done(&host)) {
    const int count = epoll_wait(poller, ready, SOURCES, -1);
    for (int i = 0; i < count; i++) handle(ready[i].data.u32, ready[i].events);
    turn();
  }
}

/* The far end is forked off first: a plugin is loaded after fork() (MPATH-H-20). */
static void start_far_end(uint32_t lose_after) {
  int far[LEGS];
  for (int leg = 0; leg < LEGS; leg++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
      fail("socketpair", strerror(errno));
    sources[leg] = pair[0];
    far[leg] = pair[1];
  }
  const pid_t child = fork();
  if (child < 0) fail("fork", strerror(errno));
  for (int leg = 0; leg < LEGS; leg++) close(child == 0 ? sources[leg] : far[leg]);
  if (child == 0) run_far_end(far, lose_after);
}

static void open_loop(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGHUP);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  sources[SIGNALS] = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  sources[TIMER] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (sources[SIGNALS] < 0 || sources[TIMER] < 0 || poller < 0) fail("epoll", strerror(errno));
  for (int source = 0; source < SOURCES; source++) watch(source, EPOLLIN, EPOLL_CTL_ADD);
}

static const char usage[] =
    "usage: event_loop_host [--cells N] [--lose-leg-after N] /absolute/path/to/conflux.so\n"
    "Sends N cells (default 1000; 0: until SIGTERM) over two legs to a far end that sends them\n"
    "back, and checks that they come in order. --lose-leg-after: the far end drops a leg.\n"
    "Exit status: 0 all came back, or SIGTERM; 1 the tunnel was lost; 2 wrong usage.\n";

static const char *parse(int argc, char **argv, uint32_t *lose_after) {
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] == '/' && i == argc - 1) return argv[i];
    if (strcmp(argv[i], "--help") == 0) {
      fputs(usage, stdout);
      exit(0);
    }
    const bool cells = strcmp(argv[i], "--cells") == 0;
    char *end = "?";
    if ((!cells && strcmp(argv[i], "--lose-leg-after") != 0) || ++i >= argc) break;
    *(cells ? &host.wanted : lose_after) = (uint32_t)strtoul(argv[i], &end, 10);
    if (*end != '\0') break;
  }
  fputs(usage, stderr);
  exit(2);
}

int main(int argc, char **argv) {
  uint32_t lose_after = 0;
  host.wanted = 1000;
  const char *path = parse(argc, argv, &lose_after);
  start_far_end(lose_after);
  load_plugin(&host, path);
  open_loop();
  open_tunnel(&host);
  loop();
  close_tunnel(&host);
  return host.state == HOST_LOST ? 1 : 0;
}
