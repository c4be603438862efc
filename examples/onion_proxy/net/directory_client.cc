#include "examples/onion_proxy/net/directory_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "examples/onion_proxy/base/clock.h"
#include "examples/onion_proxy/directory/path_choice.h"

namespace onion_proxy {
namespace {

using std::chrono::milliseconds;

constexpr size_t kCertificatesBytesMax = 4 * 1024 * 1024;
// tor answers at most about this many per request; the request line must fit its header limit.
constexpr size_t kMicrodescriptorsPerRequest = 90;
// The longest `p` line and the RSA key together stay far below.
constexpr size_t kMicrodescriptorBytesMax = 16 * 1024;

}  // namespace

/// One attempt to get a view, over as many authorities as it takes.
struct DirectoryClient::Fetch {
  std::vector<size_t> order;  ///< authorities still to be asked, last first
  size_t authority = 0;       ///< the one being asked
  std::vector<std::string> failures;
  std::vector<AuthorityCertificate> certificates;
  std::optional<Consensus> consensus;
  std::map<Sha256Digest, Microdescriptor> microdescriptors;
  std::vector<Sha256Digest> missing;  ///< still to be asked for
  std::vector<Sha256Digest> asked;    ///< by the request in flight
};

DirectoryClient::DirectoryClient(boost::asio::io_context& io, const Logger& log,
                                 std::vector<Authority> authorities, Options options)
    : io_(io),
      log_(log),
      authorities_(std::move(authorities)),
      options_(options),
      refresh_timer_(io),
      retry_delay_(options.retry_delay) {}

DirectoryClient::~DirectoryClient() = default;

DirectoryClient::View DirectoryClient::view() const {
  return view_ && view_->is_live(wall_clock()) ? view_ : nullptr;
}

void DirectoryClient::fetch(FetchCallback done) {
  waiting_.push_back(std::move(done));
  if (fetch_) return;
  fetch_ = std::make_unique<Fetch>();
  // A random order spreads the load, and no single authority decides what we see first.
  const RandomBelow random_below = make_random_below();
  for (size_t i = 0; i < authorities_.size(); ++i) {
    const auto at = static_cast<ptrdiff_t>(random_below(i + 1));
    fetch_->order.insert(fetch_->order.begin() + at, i);
  }
  boost::asio::post(io_, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) start_next_authority();
  });
}

void DirectoryClient::start_next_authority() {
  if (fetch_->order.empty()) {
    return finish(Error{fmt::format("no authority gave a usable directory ({})",
                                    fmt::join(fetch_->failures, "; "))});
  }
  fetch_->authority = fetch_->order.back();
  fetch_->order.pop_back();
  request_certificates();
}

void DirectoryClient::get(std::string target, size_t bytes_max, Handler handler) {
  HttpRequest request;
  request.server = authorities_[fetch_->authority].dir_address;
  request.target = std::move(target);
  request.timeout = options_.request_timeout;
  request.body_bytes_max = bytes_max;
  http_get(io_, std::move(request),
           [this, handler, alive = std::weak_ptr<bool>(alive_)](Result<std::string> body) {
             if (alive.expired()) return;
             if (!body.ok()) return authority_failed(body.error());
             (this->*handler)(body.value());
           });
}

void DirectoryClient::authority_failed(const std::string& reason) {
  const std::string& name = authorities_[fetch_->authority].nickname;
  log_.info("directory: authority {}: {}", name, reason);
  fetch_->failures.push_back(fmt::format("{}: {}", name, reason));
  start_next_authority();
}

void DirectoryClient::request_certificates() {
  get("/tor/keys/all", kCertificatesBytesMax, &DirectoryClient::handle_certificates);
}

void DirectoryClient::handle_certificates(const std::string& body) {
  auto certificates = parse_certificates(body, authorities_, wall_clock());
  if (!certificates.ok()) return authority_failed("certificates: " + certificates.error());
  for (const std::string& reason : certificates.value().refused) {
    log_.info("directory: left out an authority certificate: {}", reason);
  }
  fetch_->certificates = std::move(certificates).value().trusted;
  request_consensus();
}

void DirectoryClient::request_consensus() {
  get("/tor/status-vote/current/consensus-microdesc", kConsensusBytesMax,
      &DirectoryClient::handle_consensus);
}

void DirectoryClient::handle_consensus(const std::string& body) {
  auto consensus = parse_consensus(body, {authorities_, fetch_->certificates, wall_clock()});
  if (!consensus.ok()) return authority_failed(consensus.error());
  // An authority may replay an older document that is still valid; never step back.
  if (view_ && consensus.value().valid_after < view_->consensus.valid_after) {
    return authority_failed("its consensus is older than the one we have");
  }
  fetch_->consensus = std::move(consensus).value();
  fetch_->microdescriptors.clear();
  fetch_->missing.clear();
  for (const Router& router : fetch_->consensus->routers) {
    const auto known = known_.find(router.microdescriptor);
    if (known == known_.end()) {
      fetch_->missing.push_back(router.microdescriptor);
    } else {
      fetch_->microdescriptors.insert(*known);
    }
  }
  request_microdescriptors();
}

void DirectoryClient::request_microdescriptors() {
  if (fetch_->missing.empty()) return complete();
  const size_t count = std::min(fetch_->missing.size(), kMicrodescriptorsPerRequest);
  const auto begin = fetch_->missing.end() - static_cast<ptrdiff_t>(count);
  fetch_->asked.assign(begin, fetch_->missing.end());
  fetch_->missing.erase(begin, fetch_->missing.end());
  std::string target = "/tor/micro/d/";
  for (const Sha256Digest& digest : fetch_->asked) {
    if (!target.ends_with('/')) target += '-';
    target += encode_base64(digest);
  }
  get(std::move(target), count * kMicrodescriptorBytesMax,
      &DirectoryClient::handle_microdescriptors);
}

void DirectoryClient::handle_microdescriptors(const std::string& body) {
  auto parsed = parse_microdescriptors(body, fetch_->asked);
  for (const std::string& reason : parsed.refused) log_.info("directory: {}", reason);
  fetch_->microdescriptors.merge(parsed.by_digest);
  request_microdescriptors();
}

void DirectoryClient::complete() {
  auto view = make_network_view(*std::move(fetch_->consensus), fetch_->microdescriptors);
  if (view->relays.empty()) return authority_failed("no relay has a usable microdescriptor");
  if (view->without_microdescriptor > 0) {
    log_.info("directory: {} relays are left out, their microdescriptors are missing",
              view->without_microdescriptor);
  }
  view_ = view;
  known_ = std::move(fetch_->microdescriptors);
  finish(std::move(view));
}

void DirectoryClient::finish(Result<View> result) {
  fetch_.reset();
  auto waiting = std::move(waiting_);
  waiting_.clear();
  const std::weak_ptr<bool> alive = alive_;
  for (const FetchCallback& done : waiting) {
    done(result);
    // A callback may destroy us.
    if (alive.expired()) return;
  }
}

void DirectoryClient::keep_fresh() {
  fetch([this](const Result<View>& result) {
    if (!result.ok()) log_.warn("directory: {}", result.error());
    // The authorities have no newer one, so they are in trouble: asking every second adds to it.
    arm_refresh(result.ok() && !result.value()->is_stale(wall_clock()));
  });
}

void DirectoryClient::arm_refresh(bool succeeded) {
  milliseconds delay = retry_delay_;
  if (succeeded) {
    retry_delay_ = options_.retry_delay;
    // Just after the next consensus is due; a second at least, should the clocks disagree.
    const auto due = view_->consensus.fresh_until - std::chrono::system_clock::now();
    delay = std::max(std::chrono::duration_cast<milliseconds>(due), milliseconds(0)) +
            options_.retry_delay;
  } else {
    retry_delay_ = std::min(retry_delay_ * 2, options_.retry_delay_max);
  }
  refresh_timer_.run_after(delay, [this] { keep_fresh(); });
}

}  // namespace onion_proxy
