// Bytes as they are, over loopback: a client that speaks badly, and a server that answers badly.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace tideway::testing {

// A blocking connection. Every read gives up after ten seconds, as at the end of the stream.
class RawSocket {
  public:
    explicit RawSocket(boost::asio::ip::tcp::socket socket)
        : socket_(std::move(socket)) {
        const timeval limit{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }

    static RawSocket connect(boost::asio::io_context& context, int port) {
        boost::asio::ip::tcp::socket socket(context);
        boost::system::error_code failed;
        socket.connect(
            {boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)}, failed
        );
        EXPECT_FALSE(failed) << failed.message();
        return RawSocket(std::move(socket));
    }

    // False when the other side has closed.
    bool write(std::string_view bytes) {
        boost::system::error_code failed;
        boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), failed);
        return !failed;
    }

    // What has come until `end` has been seen (included), or the end of the stream.
    std::string read_until(std::string_view end) {
        std::size_t found = received_.find(end);
        while (found == std::string::npos && receive()) {
            found = received_.find(end);
        }
        const std::size_t length =
            found == std::string::npos ? received_.size() : found + end.size();
        std::string out = received_.substr(0, length);
        received_.erase(0, length);
        return out;
    }

    std::string read_all() {
        while (receive()) {
        }
        return std::exchange(received_, {});
    }

    void end_sending() {
        boost::system::error_code ignored;
        socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    }

    boost::asio::ip::tcp::socket& socket() { return socket_; }

  private:
    bool receive() {
        char buffer[16384];
        const ssize_t bytes = ::recv(socket_.native_handle(), buffer, sizeof buffer, 0);
        if (bytes <= 0) {
            return false;
        }
        received_.append(buffer, static_cast<std::size_t>(bytes));
        return true;
    }

    boost::asio::ip::tcp::socket socket_;
    std::string received_;
};

// Lets `talk` have each connection, one after the other; it is closed when `talk` returns.
class RawServer {
  public:
    using Talk = std::function<void(RawSocket&)>;

    explicit RawServer(Talk talk)
        : talk_(std::move(talk)),
          acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}),
          port_(acceptor_.local_endpoint().port()),
          thread_([this] { accept(); }) {}

    ~RawServer() {
        is_stopped_ = true;
        // Wakes the blocking accept.
        ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
        thread_.join();
    }

    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    int port() const { return port_; }

    std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  private:
    void accept() {
        while (!is_stopped_) {
            boost::asio::ip::tcp::socket socket(context_);
            boost::system::error_code failed;
            acceptor_.accept(socket, failed);
            if (failed) {
                return;
            }
            RawSocket raw(std::move(socket));
            talk_(raw);
        }
    }

    Talk talk_;
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    int port_;
    std::atomic<bool> is_stopped_{false};
    std::thread thread_;
};

}  // namespace tideway::testing
