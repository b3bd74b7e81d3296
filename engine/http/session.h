// One server connection: reads a request, hands it to the handler, writes the answer, and so on. A
// request that came behind another waits in the buffer until that one is answered (pipelining).
// Thread: the loop's, except where a class says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/http/byte_stream.h"
#include "engine/http/event_stream.h"
#include "engine/http/request_parser.h"
#include "engine/http/server.h"

namespace tideway::http {

class Session;
using SteadyTime = std::chrono::steady_clock::time_point;

// What a session needs of its server.
class SessionHost {
  public:
    virtual ~SessionHost() = default;
    virtual const ServerOptions& options() const = 0;
    virtual const Handler& handler() const = 0;
    virtual boost::asio::io_context& context() = 0;
    virtual std::string_view http_date() = 0;
    virtual void on_closed(Session& session) = 0;
};

// Keeps itself alive while an operation runs; the server closes it.
class Session final : public StreamEvents, public std::enable_shared_from_this<Session> {
  public:
    Session(std::shared_ptr<SessionHost> host, std::unique_ptr<ByteStream> stream);

    void start();
    void close();

    // Called every now and then: closes what has taken too long, keeps event streams alive.
    void tick(SteadyTime now);

    // `exchange` names the request that is answered; an answer to another one is dropped.
    void answer(std::uint64_t exchange, Response response);
    void begin_stream(std::uint64_t exchange, std::shared_ptr<StreamState> state);
    void cut(std::uint64_t exchange);
    void send_event(std::string text);
    void end_stream();

    void on_open(bool is_open) override;
    void on_read(std::size_t bytes) override;
    void on_written(std::size_t bytes) override;
    void on_half_closed() override;

  private:
    enum class Phase { kOpening, kReading, kHandling, kAnswering, kStreaming, kLingering, kClosed };

    void read();
    void parse();
    void begin_request(ServerRequest request);
    void refuse();
    void write(std::string head, std::string body);
    void write_rest();
    void after_write();
    void write_events();
    void finish();
    void set_deadline(Duration from_now);
    bool answers(std::uint64_t exchange) const;

    std::shared_ptr<SessionHost> host_;
    std::unique_ptr<ByteStream> stream_;
    std::string remote_address_;
    RequestParser parser_;
    Phase phase_ = Phase::kOpening;
    SteadyTime deadline_;

    std::vector<char> input_;  // bytes in [input_begin_, input_end_) are unread
    std::size_t input_begin_ = 0;
    std::size_t input_end_ = 0;

    std::uint64_t exchange_ = 0;
    bool keep_alive_ = true;
    bool is_http_1_0_ = false;
    bool is_head_request_ = false;
    bool sent_continue_ = false;

    std::string head_;  // being written, from written_ on; then body_
    std::string body_;
    std::size_t written_ = 0;
    bool is_writing_ = false;

    std::shared_ptr<StreamState> events_;
    std::string unsent_events_;
    bool ends_stream_ = false;
    SteadyTime next_comment_;
};

}  // namespace tideway::http
