#include "plugin/sidecar/ctl/top/app.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "plugin/sidecar/client/follower.h"
#include "plugin/sidecar/ctl/top/render.h"
#include "plugin/sidecar/ctl/top/terminal.h"

namespace conflux::top {
namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&set, signal);
  return set;
}

double seconds(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

long utc_offset_now() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return local.tm_gmtoff;
}

// Written by the follower's threads, read by the view's.
class Mailbox {
 public:
  Mailbox(std::string target, double interval)
      : tracker_(std::move(target), interval), bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (bell_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~Mailbox() { close(bell_); }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Readable when there is news.
  [[nodiscard]] int bell() const noexcept { return bell_; }
  [[nodiscard]] Model take() {
    eventfd_t count = 0;
    eventfd_read(bell_, &count);
    const std::lock_guard lock(mutex_);
    return tracker_.model();
  }
  [[nodiscard]] sidecar::FollowerCallbacks callbacks() {
    return {.on_snapshot = [this](const auto& it) { put(&Tracker::handle_snapshot, it); },
            .on_tunnels = [this](const auto& it) { put(&Tracker::handle_tunnels, it); },
            .on_lost = [this](const std::string& why) { put(&Tracker::handle_lost, why); },
            .on_no_detail = [this] { put(&Tracker::handle_no_detail); },
            .on_refused = [this](const std::string& why) { put(&Tracker::handle_refused, why); }};
  }

 private:
  template <class Method, class... News>
  void put(Method method, const News&... news) {
    {
      const std::lock_guard lock(mutex_);
      (tracker_.*method)(news...);
    }
    eventfd_write(bell_, 1);
  }

  std::mutex mutex_;
  Tracker tracker_;
  int bell_;
};

// The loop of the view.
class App {
 public:
  App(Terminal& terminal, Mailbox& mailbox, const SignalFile& signals, const AppOptions& options)
      : terminal_(terminal),
        mailbox_(mailbox),
        signals_(signals),
        options_(options),
        view_(options.view),
        model_(mailbox.take()) {}

  int run() {
    for (;;) {
      draw();
      std::array<pollfd, 3> files = {
          {{STDIN_FILENO, POLLIN, 0}, {signals_.file(), POLLIN, 0}, {mailbox_.bell(), POLLIN, 0}}};
      if (poll(files.data(), files.size(), -1) < 0 && errno != EINTR) return 1;
      if (const int signal = signals_.take(); signal == SIGWINCH) {
        terminal_.resize();
      } else if (signal != 0) {
        return signal == SIGINT ? 0 : 128 + signal;
      }
      if (files[2].revents != 0) take_news();
      if (files[0].revents != 0 && !handle_keys()) return 0;
      if ((files[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return 128 + SIGHUP;
    }
  }

 private:
  void take_news() {
    Model news = mailbox_.take();
    if (view_.paused) return;
    model_ = std::move(news);
    keep_selection(view_, model_);
  }

  bool handle_keys() {
    const int page = terminal_.size().height / 2;
    while (const std::optional<Key> key = terminal_.read_key()) {
      if (handle_key(view_, model_, *key, page) == Action::kQuit) return false;
    }
    return true;
  }

  void draw() {
    const TerminalSize size = terminal_.size();
    terminal_.draw(render(model_, view_,
                          {.width = size.width,
                           .height = size.height,
                           .ascii = options_.ascii,
                           .interval = seconds(options_.interval),
                           .utc_offset = utc_offset_now()}));
  }

  Terminal& terminal_;
  Mailbox& mailbox_;
  const SignalFile& signals_;
  const AppOptions& options_;
  View view_;
  Model model_;
};

}  // namespace

SignalFile::SignalFile() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  file_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
}

SignalFile::~SignalFile() { close(file_); }

int SignalFile::take() const {
  signalfd_siginfo info{};
  const ssize_t got = read(file_, &info, sizeof(info));
  return got == static_cast<ssize_t>(sizeof(info)) ? static_cast<int>(info.ssi_signo) : 0;
}

AppResult run_app(const sidecar::Client& client, const SignalFile& signals,
                  const AppOptions& options) {
  AppResult result;
  Mailbox mailbox(options.target, seconds(options.interval));
  const std::unique_ptr<Terminal> terminal = Terminal::open(options.colour, result.problem);
  if (terminal == nullptr) return result;
  const sidecar::Follower follower(
      client, {.instance = options.instance, .interval = options.interval, .limit = options.limit},
      mailbox.callbacks());
  result.exit_code = App(*terminal, mailbox, signals, options).run();
  return result;
}

OneShot take_picture(const sidecar::Client& client, const AppOptions& options) {
  Tracker tracker(options.target, seconds(options.interval));
  sidecar::Cancellation never;
  for (int look = 0; look < 2; ++look) {
    // A rate needs two looks.
    if (look > 0) std::this_thread::sleep_for(options.interval);
    const auto snapshot = client.snapshot(options.instance, never);
    if (!snapshot.ok()) return {.text = {}, .status = snapshot.status};
    tracker.handle_snapshot(snapshot.value);
    const auto tunnels = client.tunnels(options.instance);
    if (tunnels.ok()) {
      tracker.handle_tunnels(tunnels.value);
    } else if (tunnels.status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
      tracker.handle_no_detail();
    } else {
      tracker.handle_refused(sidecar::reason_of(tunnels.status));
    }
  }
  const Model& model = tracker.model();
  // Room for everything; what is left over is cut.
  constexpr int kBesideTunnels = 60;
  const int height = static_cast<int>(model.tunnels.size()) + kBesideTunnels;
  std::string text = render(model, options.view,
                            {.width = options.width,
                             .height = height,
                             .ascii = options.ascii,
                             .interval = seconds(options.interval),
                             .utc_offset = utc_offset_now(),
                             .one_shot = true})
                         .text();
  text.erase(text.find_last_not_of('\n') + 1);
  return {.text = text + "\n", .status = {}};
}

}  // namespace conflux::top
