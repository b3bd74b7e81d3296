#include "engine/http/server.h"

#include <unordered_map>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>

#include "engine/http/byte_stream.h"
#include "engine/http/session.h"
#include "engine/http/tls.h"
#include "engine/http/wire.h"

namespace tideway::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

// Waits this long when the system has no descriptor left for another connection.
constexpr std::chrono::milliseconds kAcceptPause{100};

// Accepts connections and owns their sessions. Sessions keep it alive until they have ended.
class Listener final : public SessionHost, public std::enable_shared_from_this<Listener> {
  public:
    Listener(
        Loop& loop,
        ServerOptions options,
        Handler handler,
        Acceptor acceptor,
        std::shared_ptr<asio::ssl::context> tls
    )
        : loop_(loop),
          options_(std::move(options)),
          handler_(std::move(handler)),
          acceptor_(std::move(acceptor)),
          tls_(std::move(tls)) {}

    void start() {
        accept();
        schedule_tick();
    }

    void stop() {
        is_stopped_ = true;
        tick_.reset();
        pause_.reset();
        error_code ignored;
        acceptor_.close(ignored);
        const auto sessions = std::move(sessions_);
        sessions_.clear();
        for (const auto& [key, session] : sessions) {
            session->close();
        }
    }

    int port() const {
        error_code ignored;
        return acceptor_.local_endpoint(ignored).port();
    }

    const ServerOptions& options() const override { return options_; }

    const Handler& handler() const override { return handler_; }

    asio::io_context& context() override { return loop_.context(); }

    std::string_view http_date() override {
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        if (now != date_of_) {
            date_of_ = now;
            date_ = print_http_date(now);
        }
        return date_;
    }

    void on_closed(Session& session) override {
        sessions_.erase(&session);
        if (is_full_ && !is_stopped_) {
            is_full_ = false;
            accept();
        }
    }

  private:
    void accept() {
        if (sessions_.size() >= options_.connections_max) {
            is_full_ = true;  // further ones wait in the system's queue
            return;
        }
        acceptor_.async_accept([self = shared_from_this()](
                                   const error_code& failed, Socket socket
                               ) { self->on_accept(failed, std::move(socket)); });
    }

    void on_accept(const error_code& failed, Socket socket) {
        if (is_stopped_) {
            return;
        }
        if (failed) {
            pause_ = loop_.after(kAcceptPause, [this] { accept(); });
            return;
        }
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        auto stream =
            tls_ ? make_tls_stream(std::move(socket), *tls_) : make_plain_stream(std::move(socket));
        auto session = std::make_shared<Session>(shared_from_this(), std::move(stream));
        sessions_.emplace(session.get(), session);
        session->start();
        accept();
    }

    // One timer for all sessions: a timer each would cost on every request.
    void schedule_tick() {
        const Duration least = std::min(
            {options_.read_timeout, options_.idle_timeout, options_.stream_comment_interval}
        );
        const Duration interval =
            std::clamp<Duration>(least / 4, std::chrono::milliseconds(5), std::chrono::seconds(1));
        tick_ = loop_.after(interval, [this] { tick(); });
    }

    void tick() {
        const auto now = std::chrono::steady_clock::now();
        std::vector<std::shared_ptr<Session>> sessions;
        sessions.reserve(sessions_.size());
        for (const auto& [key, session] : sessions_) {
            sessions.push_back(session);
        }
        for (const auto& session : sessions) {
            session->tick(now);
        }
        schedule_tick();
    }

    Loop& loop_;
    ServerOptions options_;
    Handler handler_;
    Acceptor acceptor_;
    std::shared_ptr<asio::ssl::context> tls_;
    std::unordered_map<Session*, std::shared_ptr<Session>> sessions_;
    bool is_full_ = false;
    bool is_stopped_ = false;
    std::chrono::sys_seconds date_of_{};
    std::string date_;
    std::unique_ptr<Timer> tick_;
    std::unique_ptr<Timer> pause_;
};

class ListeningServer final : public Server {
  public:
    explicit ListeningServer(std::shared_ptr<Listener> listener)
        : listener_(std::move(listener)),
          port_(listener_->port()) {
        listener_->start();
    }

    ~ListeningServer() override { listener_->stop(); }

    ListeningServer(const ListeningServer&) = delete;
    ListeningServer& operator=(const ListeningServer&) = delete;

    int port() const override { return port_; }

  private:
    std::shared_ptr<Listener> listener_;
    int port_;
};

tl::unexpected<Error> cannot_listen(const ServerOptions& options, const error_code& failed) {
    const std::string place = options.address + ":" + std::to_string(options.port);
    if (failed == asio::error::address_in_use) {
        return fail(
            ErrorKind::kConflict,
            "AddressInUse",
            "The address " + place + " is in use by another program.",
            "Stop that program or listen on another port."
        );
    }
    return fail(
        ErrorKind::kInvalidInput,
        "CannotListen",
        "Cannot listen on " + place + ": " + failed.message() + ".",
        "Choose an address of this machine and a port that this user may open."
    );
}

Result<Acceptor> listen(Loop& loop, const ServerOptions& options) {
    error_code failed;
    const auto address = asio::ip::make_address(
        options.address == "localhost" ? "127.0.0.1" : options.address, failed
    );
    if (failed || options.port < 0 || options.port > 65535) {
        return cannot_listen(options, failed ? failed : asio::error::invalid_argument);
    }
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(options.port));
    Acceptor acceptor(loop.context());
    acceptor.open(endpoint.protocol(), failed);
    if (!failed) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    }
    if (!failed) {
        acceptor.bind(endpoint, failed);
    }
    if (!failed) {
        acceptor.listen(asio::socket_base::max_listen_connections, failed);
    }
    if (failed) {
        return cannot_listen(options, failed);
    }
    return acceptor;
}

}  // namespace

Result<std::unique_ptr<Server>> start_server(Loop& loop, ServerOptions options, Handler handler) {
    if (options.certificate_file.empty() != options.key_file.empty()) {
        return fail(
            ErrorKind::kInvalidInput,
            "CertificateIncomplete",
            "A TLS listener needs a certificate and its private key; one of them is missing.",
            "Give both files, or none for plain HTTP."
        );
    }
    std::shared_ptr<asio::ssl::context> tls;
    if (!options.certificate_file.empty()) {
        TIDEWAY_TRY_ASSIGN(tls, make_server_tls(options.certificate_file, options.key_file));
    }
    auto acceptor = listen(loop, options);
    if (!acceptor) {
        return fail(std::move(acceptor.error()));
    }
    return std::make_unique<ListeningServer>(std::make_shared<Listener>(
        loop, std::move(options), std::move(handler), *std::move(acceptor), std::move(tls)
    ));
}

}  // namespace tideway::http
