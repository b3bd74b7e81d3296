#include "engine/http/responder.h"

#include <atomic>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/http/event_stream.h"
#include "engine/http/router.h"
#include "engine/http/session.h"
#include "engine/http/wire.h"

namespace tideway::http {
namespace {

// Runs `act` with the session on its loop; at once if that is the calling thread. The session is
// looked up there, so that no other thread can be the last to hold it.
template <typename Act>
void on_session(boost::asio::io_context& context, std::weak_ptr<Session> session, Act act) {
    boost::asio::dispatch(context, [session = std::move(session), act = std::move(act)]() mutable {
        if (const auto alive = session.lock()) {
            act(*alive);
        }
    });
}

class SessionEventStream final : public EventStream {
  public:
    SessionEventStream(
        boost::asio::io_context& context,
        std::weak_ptr<Session> session,
        std::shared_ptr<StreamState> state
    )
        : context_(context),
          session_(std::move(session)),
          state_(std::move(state)) {}

    ~SessionEventStream() override { close(); }

    SessionEventStream(const SessionEventStream&) = delete;
    SessionEventStream& operator=(const SessionEventStream&) = delete;

    void send(std::string_view event, std::string_view data) override {
        if (!is_open()) {
            return;
        }
        std::string text = print_event(event, data);
        const std::size_t unsent = state_->unsent_bytes.fetch_add(text.size()) + text.size();
        if (unsent > limits::kStreamBufferBytesMax) {
            // The reader is too slow: it reconnects and reads the history instead.
            state_->is_open = false;
            on_session(context_, session_, [](Session& session) { session.close(); });
            return;
        }
        on_session(context_, session_, [text = std::move(text)](Session& session) mutable {
            session.send_event(std::move(text));
        });
    }

    bool is_open() const override { return state_->is_open; }

    void close() override {
        if (state_->is_open.exchange(false)) {
            on_session(context_, session_, [](Session& session) { session.end_stream(); });
        }
    }

  private:
    boost::asio::io_context& context_;
    std::weak_ptr<Session> session_;
    std::shared_ptr<StreamState> state_;
};

Response not_answered() {
    Error error;
    error.code = "InternalServerError";
    error.message = "The server gave no answer to this request.";
    error.remedy = "Try again; the server's log may say why.";
    return error_response(error);
}

class SessionResponder final : public Responder {
  public:
    SessionResponder(
        boost::asio::io_context& context, std::weak_ptr<Session> session, std::uint64_t exchange
    )
        : context_(context),
          session_(std::move(session)),
          exchange_(exchange) {}

    ~SessionResponder() override {
        if (!is_answered_) {
            send(not_answered());
        }
    }

    SessionResponder(const SessionResponder&) = delete;
    SessionResponder& operator=(const SessionResponder&) = delete;

    void send(Response response) override {
        if (is_answered_.exchange(true)) {
            return;
        }
        on_session(
            context_,
            session_,
            [exchange = exchange_, response = std::move(response)](Session& session) mutable {
                session.answer(exchange, std::move(response));
            }
        );
    }

    std::shared_ptr<EventStream> stream() override {
        auto state = std::make_shared<StreamState>();
        if (is_answered_.exchange(true)) {
            state->is_open = false;
        } else {
            on_session(context_, session_, [exchange = exchange_, state](Session& session) {
                session.begin_stream(exchange, state);
            });
        }
        return std::make_shared<SessionEventStream>(context_, session_, std::move(state));
    }

    void cut() override {
        is_answered_ = true;
        on_session(context_, session_, [exchange = exchange_](Session& session) {
            session.cut(exchange);
        });
    }

  private:
    boost::asio::io_context& context_;
    std::weak_ptr<Session> session_;
    std::uint64_t exchange_;
    std::atomic<bool> is_answered_{false};
};

}  // namespace

std::shared_ptr<Responder> make_responder(
    boost::asio::io_context& context, std::weak_ptr<Session> session, std::uint64_t exchange
) {
    return std::make_shared<SessionResponder>(context, std::move(session), exchange);
}

}  // namespace tideway::http
