#include "engine/http/session.h"

#include <algorithm>
#include <cstring>
#include <exception>

#include "engine/http/responder.h"
#include "engine/http/router.h"
#include "engine/http/wire.h"

namespace tideway::http {
namespace {

constexpr std::size_t kInputBytes = 8U << 10U;
// A whole head fits, and a body comes in pieces of this size.
constexpr std::size_t kInputBytesMax = limits::kRequestHeaderBytesMax + kInputBytes;
// Copying a small body behind its head is cheaper than a second piece (and, in TLS, a second
// record).
constexpr std::size_t kJoinedBodyBytesMax = 8U << 10U;

Error refusal(int status, std::string_view why) {
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.http_status = status;
    error.code = status_code_name(status);
    error.message = why;
    if (status == 413) {
        error.message = "The request body is too large.";
    } else if (status == 431) {
        error.code = "RequestHeaderFieldsTooLarge";
        error.message = "The request header is too large.";
    }
    return error;
}

Response refused(const Error& error) {
    Response response = error_response(error);
    response.status = error.http_status;
    return response;
}

Response handler_failed() {
    Error error;
    error.code = "InternalServerError";
    error.message = "The server failed to handle this request.";
    return error_response(error);
}

}  // namespace

Session::Session(std::shared_ptr<SessionHost> host, std::unique_ptr<ByteStream> stream)
    : host_(std::move(host)),
      stream_(std::move(stream)),
      parser_(host_->options().body_bytes_max) {}

void Session::start() {
    remote_address_ = stream_->remote_address();
    set_deadline(host_->options().read_timeout);
    stream_->open(shared_from_this());
}

void Session::close() {
    if (phase_ == Phase::kClosed) {
        return;
    }
    phase_ = Phase::kClosed;
    stream_->close();
    if (events_) {
        events_->is_open = false;
    }
    host_->on_closed(*this);
}

void Session::tick(SteadyTime now) {
    const bool has_deadline =
        phase_ != Phase::kHandling && (phase_ != Phase::kStreaming || is_writing_);
    if (has_deadline && now >= deadline_) {
        close();
        return;
    }
    if (phase_ == Phase::kStreaming && !is_writing_ && now >= next_comment_) {
        unsent_events_ += ": keep-alive\n\n";
        events_->unsent_bytes += unsent_events_.size();
        write_events();
    }
}

void Session::set_deadline(Duration from_now) {
    deadline_ = std::chrono::steady_clock::now() + from_now;
}

// --- reading ---

void Session::on_open(bool is_open) {
    if (!is_open || phase_ != Phase::kOpening) {
        close();
        return;
    }
    phase_ = Phase::kReading;
    set_deadline(host_->options().idle_timeout);
    read();
}

void Session::read() {
    if (input_begin_ == input_end_) {
        input_begin_ = input_end_ = 0;
    } else if (input_end_ == input_.size() && input_begin_ > 0) {
        std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
        input_end_ -= input_begin_;
        input_begin_ = 0;
    }
    if (input_end_ == input_.size()) {
        input_.resize(std::clamp(input_.size() * 2, kInputBytes, kInputBytesMax));
    }
    const auto free = std::span<char>(input_).subspan(input_end_);
    stream_->read_some(free, shared_from_this());
}

void Session::on_read(std::size_t bytes) {
    switch (phase_) {
        case Phase::kReading:
            if (bytes == 0) {
                close();
                return;
            }
            input_end_ += bytes;
            parse();
            return;
        case Phase::kStreaming:
        case Phase::kLingering:
            // Nothing more is expected; a read only tells when the other side has gone.
            if (bytes == 0) {
                close();
                return;
            }
            input_begin_ = input_end_ = 0;
            read();
            return;
        case Phase::kOpening:
        case Phase::kHandling:
        case Phase::kAnswering:
        case Phase::kClosed:
            return;
    }
}

void Session::parse() {
    const bool is_first = parser_.state() == RequestParser::State::kNothing;
    while (input_begin_ < input_end_ && parser_.state() < RequestParser::State::kDone) {
        const std::string_view unread(input_.data() + input_begin_, input_end_ - input_begin_);
        const std::size_t used = parser_.put(unread);
        input_begin_ += used;
        if (used == 0) {
            break;
        }
    }
    const RequestParser::State state = parser_.state();
    if (state == RequestParser::State::kFailed) {
        refuse();
        return;
    }
    if (state == RequestParser::State::kDone) {
        keep_alive_ = parser_.keep_alive();
        is_http_1_0_ = parser_.is_http_1_0();
        begin_request(parser_.take());
        return;
    }
    if (is_first && state != RequestParser::State::kNothing) {
        set_deadline(host_->options().read_timeout);
    }
    if (input_end_ - input_begin_ >= kInputBytesMax) {
        refuse();  // one line of a chunk header that does not end
        return;
    }
    if (state == RequestParser::State::kBody && parser_.expects_continue() && !sent_continue_) {
        sent_continue_ = true;
        write("HTTP/1.1 100 Continue\r\n\r\n", {});
        return;  // reading goes on when it is written
    }
    read();
}

void Session::refuse() {
    const bool failed = parser_.state() == RequestParser::State::kFailed;
    phase_ = Phase::kHandling;
    keep_alive_ = false;
    is_head_request_ = false;
    ++exchange_;
    const Error error = failed ? refusal(parser_.failure_status(), parser_.failure())
                               : refusal(400, "A chunk header is too long.");
    if (failed && host_->options().on_refused) {
        ServerRequest request = parser_.take();
        request.remote_address = remote_address_;
        host_->options().on_refused(request, error);
    }
    answer(exchange_, refused(error));
}

void Session::begin_request(ServerRequest request) {
    phase_ = Phase::kHandling;
    sent_continue_ = false;
    is_head_request_ = request.method == "HEAD";
    request.remote_address = remote_address_;
    ++exchange_;
    const auto self = shared_from_this();  // the handler may close the server
    auto responder = make_responder(host_->context(), weak_from_this(), exchange_);
    try {
        host_->handler()(std::move(request), responder);
    } catch (const std::exception& thrown) {
        if (Log* log = host_->options().log) {
            log->error("a request handler threw", {{"what", thrown.what()}});
        }
        responder->send(handler_failed());
    }
}

// --- answering ---

bool Session::answers(std::uint64_t exchange) const {
    return phase_ == Phase::kHandling && exchange == exchange_;
}

void Session::answer(std::uint64_t exchange, Response response) {
    if (!answers(exchange)) {
        return;
    }
    phase_ = Phase::kAnswering;
    if (const auto wish = response.headers.get("Connection")) {
        keep_alive_ = keep_alive_ && *wish != "close";
    }
    std::string head = print_response_head(
        response,
        ResponseFrame{
            .keep_alive = keep_alive_,
            .is_http_1_0 = is_http_1_0_,
            .date = host_->http_date(),
        }
    );
    if (is_head_request_ || !has_body(response.status)) {
        response.body.clear();
    } else if (response.body.size() <= kJoinedBodyBytesMax) {
        head += response.body;
        response.body.clear();
    }
    write(std::move(head), std::move(response.body));
}

void Session::cut(std::uint64_t exchange) {
    if (answers(exchange)) {
        close();
    }
}

void Session::write(std::string head, std::string body) {
    head_ = std::move(head);
    body_ = std::move(body);
    written_ = 0;
    is_writing_ = true;
    write_rest();
}

void Session::write_rest() {
    set_deadline(host_->options().idle_timeout);
    const std::size_t head_written = std::min(written_, head_.size());
    std::array<std::string_view, 2> pieces = {
        std::string_view(head_).substr(head_written),
        std::string_view(body_).substr(written_ - head_written),
    };
    if (pieces[0].empty()) {
        std::swap(pieces[0], pieces[1]);  // TLS writes the first piece only
    }
    stream_->write_some(pieces, shared_from_this());
}

void Session::on_written(std::size_t bytes) {
    if (phase_ == Phase::kClosed) {
        return;
    }
    if (bytes == 0) {
        close();
        return;
    }
    written_ += bytes;
    if (written_ < head_.size() + body_.size()) {
        write_rest();
        return;
    }
    is_writing_ = false;
    after_write();
}

void Session::after_write() {
    body_ = std::string();  // large answers give their memory back
    if (phase_ == Phase::kReading) {
        set_deadline(host_->options().read_timeout);
        read();  // 100 Continue is out
        return;
    }
    if (phase_ == Phase::kStreaming) {
        events_->unsent_bytes -= head_.size();
        write_events();
        return;
    }
    if (!keep_alive_) {
        finish();
        return;
    }
    phase_ = Phase::kReading;
    set_deadline(host_->options().idle_timeout);
    parse();
}

// A close with unread bytes would make the system drop our answer on its way. So: end sending, then
// read until the other side ends or kLingerTimeout is over.
void Session::finish() {
    phase_ = Phase::kLingering;
    set_deadline(limits::kLingerTimeout);
    stream_->half_close(shared_from_this());
}

void Session::on_half_closed() {
    if (phase_ != Phase::kLingering) {
        return;
    }
    if (events_) {
        return;  // the stream's read is still under way
    }
    input_begin_ = input_end_ = 0;
    read();
}

// --- server-sent events ---

void Session::begin_stream(std::uint64_t exchange, std::shared_ptr<StreamState> state) {
    if (!answers(exchange)) {
        state->is_open = false;
        return;
    }
    phase_ = Phase::kStreaming;
    keep_alive_ = false;
    events_ = std::move(state);
    Response response{
        .status = 200,
        .headers =
            {
                {"Content-Type", "text/event-stream"},
                {"Cache-Control", "no-store"},
                {"X-Accel-Buffering", "no"},
            },
        .body = {},
    };
    const ResponseFrame frame{
        .keep_alive = false, .is_event_stream = true, .date = host_->http_date()};
    unsent_events_ = print_response_head(response, frame);
    events_->unsent_bytes += unsent_events_.size();
    ends_stream_ = is_head_request_;
    input_begin_ = input_end_ = 0;
    read();
    write_events();
}

void Session::send_event(std::string text) {
    if (phase_ == Phase::kStreaming && !ends_stream_) {
        unsent_events_ += text;
        write_events();
    }
}

void Session::end_stream() {
    if (phase_ == Phase::kStreaming) {
        ends_stream_ = true;
        write_events();
    }
}

void Session::write_events() {
    if (is_writing_) {
        return;
    }
    next_comment_ = std::chrono::steady_clock::now() + host_->options().stream_comment_interval;
    if (!unsent_events_.empty()) {
        std::string text;
        text.swap(unsent_events_);
        write(std::move(text), {});
    } else if (ends_stream_) {
        finish();
    }
}

}  // namespace tideway::http
