// One accepted connection as bytes, plain or TLS. Its user starts one read and one write at a time
// and hears of each end through StreamEvents. Thread: the loop's.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace boost::asio::ssl {
class context;
}

namespace tideway::http {

// Without the type-erased executor of asio's default sockets: it costs on every operation.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class StreamEvents {
  public:
    virtual ~StreamEvents() = default;
    virtual void on_open(bool is_open) = 0;
    virtual void on_read(std::size_t bytes) = 0;     // 0: the end, or an error
    virtual void on_written(std::size_t bytes) = 0;  // 0: an error
    virtual void on_half_closed() = 0;
};

// `user` is kept alive until its operation has ended; it must not be destroyed by one.
class ByteStream {
  public:
    virtual ~ByteStream() = default;

    virtual void open(std::shared_ptr<StreamEvents> user) = 0;  // the TLS handshake
    virtual void read_some(std::span<char> buffer, std::shared_ptr<StreamEvents> user) = 0;

    // Writes from the front of the two pieces; they stay valid until on_written().
    virtual void write_some(
        std::array<std::string_view, 2> pieces, std::shared_ptr<StreamEvents> user
    ) = 0;

    // Ends sending in order; what the other side still sends can be read (and is not decrypted).
    virtual void half_close(std::shared_ptr<StreamEvents> user) = 0;

    virtual void close() = 0;  // operations under way end with 0
    virtual std::string remote_address() const = 0;
};

std::unique_ptr<ByteStream> make_plain_stream(Socket socket);
std::unique_ptr<ByteStream> make_tls_stream(Socket socket, boost::asio::ssl::context& context);

}  // namespace tideway::http
