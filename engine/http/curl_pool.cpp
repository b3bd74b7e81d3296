#include "engine/http/curl_pool.h"

#include <algorithm>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "engine/base/assert.h"

namespace tideway::http {
namespace {

using boost::system::error_code;
using Descriptor =
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

// Handles keep their memory and TLS sessions for the next request.
constexpr std::size_t kSpareHandlesMax = 64;
// Keeps "for ever" from overflowing the clock.
constexpr Duration kTimeoutMax = std::chrono::hours(24);

}  // namespace

// A socket of libcurl's that asio watches; libcurl opens and closes it.
struct CurlPool::Watch {
    Watch(boost::asio::io_context& context, curl_socket_t socket_in)
        : descriptor(context),
          socket(socket_in) {}

    ~Watch() { release(); }

    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void release() {
        wanted = 0;
        if (descriptor.is_open()) {
            descriptor.release();  // not close(): the descriptor is libcurl's
        }
    }

    Descriptor descriptor;
    curl_socket_t socket;
    int wanted = 0;  // CURL_POLL_IN | CURL_POLL_OUT
    bool waits_to_read = false;
    bool waits_to_write = false;
};

CurlPool::CurlPool(Loop& loop, const NetworkPolicy& policy, const ClientOptions& options)
    : loop_(loop),
      rules_{.policy = policy, .options = options},
      timer_(loop.context()),
      multi_(curl_multi_init()) {
    TIDEWAY_ASSERT(multi_ != nullptr);
    CURLM* multi = multi_.get();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &CurlPool::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &CurlPool::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(
        multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(limits::kConnectionsPerHostMax)
    );
    curl_multi_setopt(
        multi, CURLMOPT_MAXCONNECTS, static_cast<long>(limits::kPooledConnectionsMax)
    );
}

CurlPool::~CurlPool() {
    close();
}

Status CurlPool::load_trust(TrustSource& source) {
    if (!trust_) {
        TIDEWAY_TRY_ASSIGN(trust_, source.make(rules_.policy.ca_file));
        rules_.trust = trust_.get();
    }
    return {};
}

void CurlPool::close() {
    if (is_closed_) {
        return;
    }
    is_closed_ = true;
    timer_.cancel();
    for (const auto& [easy, transfer] : transfers_) {
        curl_multi_remove_handle(multi_.get(), easy);
        curl_easy_cleanup(easy);
    }
    transfers_.clear();
    for (CURL* easy : spare_handles_) {
        curl_easy_cleanup(easy);
    }
    spare_handles_.clear();
    multi_.reset();
    watches_.clear();
}

// --- requests ---

CURL* CurlPool::take_handle() {
    if (spare_handles_.empty()) {
        CURL* easy = curl_easy_init();
        TIDEWAY_ASSERT(easy != nullptr);
        return easy;
    }
    CURL* easy = spare_handles_.back();
    spare_handles_.pop_back();
    return easy;
}

void CurlPool::start(std::unique_ptr<Transfer> transfer) {
    CURL* easy = take_handle();
    transfer->configure(easy);
    // A timer of ours and not CURLOPT_TIMEOUT_MS: that one does not run while a request queues for
    // a connection.
    transfer->deadline =
        loop_.after(std::min(transfer->timeout(), kTimeoutMax), [this, easy] { expire(easy); });
    transfers_.emplace(easy, std::move(transfer));
    if (rules_.options.crash_points != nullptr) {
        rules_.options.crash_points->visit("before send");
    }
    TIDEWAY_ASSERT(curl_multi_add_handle(multi_.get(), easy) == CURLM_OK);
}

// The handle is out of libcurl's hands, so no callback reaches the transfer any more.
std::unique_ptr<Transfer> CurlPool::remove(CURL* easy) {
    curl_multi_remove_handle(multi_.get(), easy);
    const auto found = transfers_.find(easy);
    TIDEWAY_ASSERT(found != transfers_.end());
    std::unique_ptr<Transfer> transfer = std::move(found->second);
    transfers_.erase(found);
    return transfer;
}

void CurlPool::expire(CURL* easy) {
    const auto self = shared_from_this();  // `done` may drop the pool
    const std::unique_ptr<Transfer> transfer = remove(easy);
    curl_easy_cleanup(easy);
    transfer->expire();
    transfer->report();
}

void CurlPool::report_finished() {
    // First all of libcurl's messages, then the callbacks: those may send or drop the pool.
    std::vector<std::unique_ptr<Transfer>> finished;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        CURL* easy = message->easy_handle;
        const CURLcode code = message->data.result;
        finished.push_back(remove(easy));
        finished.back()->finish(code);
        finished.back()->deadline.reset();
        if (spare_handles_.size() < kSpareHandlesMax) {
            curl_easy_reset(easy);
            spare_handles_.push_back(easy);
        } else {
            curl_easy_cleanup(easy);
        }
    }
    for (const auto& transfer : finished) {
        if (is_closed_) {
            return;
        }
        transfer->report();
    }
}

// --- sockets and time ---

void CurlPool::act(curl_socket_t socket, int direction) {
    const auto self = shared_from_this();
    int running = 0;
    curl_multi_socket_action(multi_.get(), socket, direction, &running);
    report_finished();
}

int CurlPool::on_timer(
    CURLM*, long milliseconds, void* self
) {  // NOLINT(google-runtime-int): libcurl
    static_cast<CurlPool*>(self)->set_timer(milliseconds);
    return 0;
}

void CurlPool::set_timer(std::int64_t milliseconds) {
    if (milliseconds < 0 || is_closed_) {
        timer_.cancel();
        return;
    }
    // Also for 0: libcurl must not be entered from inside its own callback.
    timer_.expires_after(std::chrono::milliseconds(milliseconds));
    timer_.async_wait([weak = weak_from_this()](const error_code& failed) {
        const auto self = weak.lock();
        if (!failed && self && !self->is_closed_) {
            self->act(CURL_SOCKET_TIMEOUT, 0);
        }
    });
}

int CurlPool::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    auto& pool = *static_cast<CurlPool*>(self);
    if (what == CURL_POLL_REMOVE) {
        pool.unwatch_socket(socket);
        return 0;
    }
    return pool.watch_socket(socket, what) ? 0 : -1;
}

void CurlPool::unwatch_socket(curl_socket_t socket) {
    const auto found = watches_.find(socket);
    if (found != watches_.end()) {
        found->second->release();
        watches_.erase(found);
    }
}

bool CurlPool::watch_socket(curl_socket_t socket, int what) {
    std::shared_ptr<Watch>& watch = watches_[socket];
    if (!watch) {
        watch = std::make_shared<Watch>(loop_.context(), socket);
        error_code failed;
        watch->descriptor.assign(socket, failed);
        if (failed) {
            watches_.erase(socket);
            return false;
        }
    }
    watch->wanted = what & CURL_POLL_INOUT;
    wait(watch);
    return true;
}

void CurlPool::wait(const std::shared_ptr<Watch>& watch) {
    const auto arm = [this, &watch](int direction, Descriptor::wait_type type) {
        watch->descriptor.async_wait(
            type,
            [weak = weak_from_this(), watch, direction](const error_code& failed) {
                (direction == CURL_POLL_IN ? watch->waits_to_read : watch->waits_to_write) = false;
                const auto self = weak.lock();
                if (!failed && self && !self->is_closed_) {
                    self->on_event(watch, direction);
                }
            }
        );
    };
    if ((watch->wanted & CURL_POLL_IN) != 0 && !watch->waits_to_read) {
        watch->waits_to_read = true;
        arm(CURL_POLL_IN, Descriptor::wait_read);
    }
    if ((watch->wanted & CURL_POLL_OUT) != 0 && !watch->waits_to_write) {
        watch->waits_to_write = true;
        arm(CURL_POLL_OUT, Descriptor::wait_write);
    }
}

void CurlPool::on_event(const std::shared_ptr<Watch>& watch, int direction) {
    if ((watch->wanted & direction) == 0) {
        return;  // no longer asked for, or released meanwhile
    }
    act(watch->socket, direction == CURL_POLL_IN ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
    if (!is_closed_ && watch->wanted != 0) {
        wait(watch);
    }
}

}  // namespace tideway::http
