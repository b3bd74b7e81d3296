#include "engine/runtime/exchange_driver.h"

#include <utility>

namespace tideway::runtime {

using connector::Done;
using connector::Failed;
using connector::Send;

struct ExchangeDriver::Running {
    std::unique_ptr<connector::Exchange> exchange;
    std::shared_ptr<const connector::OpenConnection> connection;
    http::NetworkPolicy policy;
    std::function<void(Outcome)> done;
    bool is_token_renewed = false;
};

void ExchangeDriver::drive(
    std::unique_ptr<connector::Exchange> exchange,
    std::shared_ptr<const connector::OpenConnection> connection,
    http::NetworkPolicy policy,
    std::function<void(Outcome)> done
) {
    auto running = std::make_shared<Running>();
    running->exchange = std::move(exchange);
    running->connection = std::move(connection);
    running->policy = std::move(policy);
    running->done = std::move(done);
    executor_.post([this, running] { take(running, running->exchange->begin()); });
}

void ExchangeDriver::take(const std::shared_ptr<Running>& running, connector::Turn turn) {
    if (auto* to_send = std::get_if<Send>(&turn)) {
        send(running, std::move(*to_send));
        return;
    }
    if (auto* done = std::get_if<Done>(&turn)) {
        running->done(std::move(*done));
        return;
    }
    if (auto* failed = std::get_if<Failed>(&turn)) {
        running->done(std::move(*failed));
        return;
    }
    Error error;
    error.kind = ErrorKind::kInternal;
    error.code = "ExchangeUnfinished";
    error.message = "The service is still at work, which only operations can wait for.";
    error.remedy = "This is a mistake of the connector.";
    running->done(Failed{std::move(error), {}});
}

void ExchangeDriver::send(const std::shared_ptr<Running>& running, Send send) {
    const std::string audience = send.audience;  // the callback takes `send` with it
    http::Request request = send.request;
    authorizer_.authorize(
        running->connection,
        audience,
        std::move(request),
        executor_,
        [this, running, send = std::move(send)](Result<http::Request> authorized) {
            if (!authorized) {
                take(running, Failed{std::move(authorized.error()), {}});
                return;
            }
            client_.send(
                std::move(*authorized),
                running->policy,
                [this, running, send](http::Exchange result) {
                    if (!result) {
                        take(running, Failed{std::move(result.error().error), {}});
                        return;
                    }
                    answered(running, send, *result);
                }
            );
        }
    );
}

void ExchangeDriver::answered(
    const std::shared_ptr<Running>& running, const Send& sent, const http::Response& response
) {
    if (listener_ && running->connection) {
        listener_(*running->connection, response);
    }
    // The service says who-are-you before it does anything: nothing took effect.
    const bool renews = response.status == 401 && !sent.audience.empty() &&
                        running->connection != nullptr && !running->is_token_renewed;
    if (renews) {
        running->is_token_renewed = true;
        authorizer_.refused(*running->connection, sent.audience);
        send(running, sent);
        return;
    }
    take(running, running->exchange->on_response(response));
}

}  // namespace tideway::runtime
