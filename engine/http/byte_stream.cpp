#include "engine/http/byte_stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace tideway::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::array<asio::const_buffer, 2> to_buffers(const std::array<std::string_view, 2>& pieces) {
    return {
        asio::const_buffer(pieces[0].data(), pieces[0].size()),
        asio::const_buffer(pieces[1].data(), pieces[1].size()),
    };
}

// The handlers of both kinds of streams.
auto tell_read(std::shared_ptr<StreamEvents> user) {
    return [user = std::move(user)](const error_code& failed, std::size_t bytes) {
        user->on_read(failed ? 0 : bytes);
    };
}

auto tell_written(std::shared_ptr<StreamEvents> user) {
    return [user = std::move(user)](const error_code& failed, std::size_t bytes) {
        user->on_written(failed ? 0 : bytes);
    };
}

std::string address_of(const Socket& socket) {
    error_code failed;
    const auto endpoint = socket.remote_endpoint(failed);
    return failed ? std::string() : endpoint.address().to_string();
}

class PlainStream final : public ByteStream {
  public:
    explicit PlainStream(Socket socket)
        : socket_(std::move(socket)) {}

    void open(std::shared_ptr<StreamEvents> user) override { user->on_open(true); }

    void read_some(std::span<char> buffer, std::shared_ptr<StreamEvents> user) override {
        socket_.async_read_some(
            asio::buffer(buffer.data(), buffer.size()), tell_read(std::move(user))
        );
    }

    void write_some(std::array<std::string_view, 2> pieces, std::shared_ptr<StreamEvents> user)
        override {
        socket_.async_write_some(to_buffers(pieces), tell_written(std::move(user)));
    }

    void half_close(std::shared_ptr<StreamEvents> user) override {
        error_code ignored;
        socket_.shutdown(Socket::shutdown_send, ignored);
        user->on_half_closed();
    }

    void close() override {
        error_code ignored;
        socket_.close(ignored);
    }

    std::string remote_address() const override { return address_of(socket_); }

  private:
    Socket socket_;
};

class TlsStream final : public ByteStream {
  public:
    TlsStream(Socket socket, asio::ssl::context& context)
        : stream_(std::move(socket), context) {}

    void open(std::shared_ptr<StreamEvents> user) override {
        stream_.async_handshake(
            asio::ssl::stream_base::server,
            [user = std::move(user)](const error_code& failed) { user->on_open(!failed); }
        );
    }

    void read_some(std::span<char> buffer, std::shared_ptr<StreamEvents> user) override {
        const asio::mutable_buffer into(buffer.data(), buffer.size());
        if (is_half_closed_) {
            stream_.next_layer().async_read_some(into, tell_read(std::move(user)));
        } else {
            stream_.async_read_some(into, tell_read(std::move(user)));
        }
    }

    void write_some(std::array<std::string_view, 2> pieces, std::shared_ptr<StreamEvents> user)
        override {
        stream_.async_write_some(to_buffers(pieces), tell_written(std::move(user)));
    }

    void half_close(std::shared_ptr<StreamEvents> user) override {
        stream_.async_shutdown([this, user = std::move(user)](const error_code&) {
            is_half_closed_ = true;
            error_code ignored;
            stream_.next_layer().shutdown(Socket::shutdown_send, ignored);
            user->on_half_closed();
        });
    }

    void close() override {
        error_code ignored;
        stream_.next_layer().close(ignored);
    }

    std::string remote_address() const override { return address_of(stream_.next_layer()); }

  private:
    asio::ssl::stream<Socket> stream_;
    bool is_half_closed_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> make_plain_stream(Socket socket) {
    return std::make_unique<PlainStream>(std::move(socket));
}

std::unique_ptr<ByteStream> make_tls_stream(Socket socket, asio::ssl::context& context) {
    return std::make_unique<TlsStream>(std::move(socket), context);
}

}  // namespace tideway::http
