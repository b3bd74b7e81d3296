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
    running->done(std::get<Failed>(std::move(turn)));
}

void ExchangeDriver::send(const std::shared_ptr<Running>& running, Send send) {
    const auto exchange = [this, running](http::Request request) {
        client_.send(std::move(request), running->policy, [this, running](http::Exchange result) {
            if (!result) {
                take(running, Failed{std::move(result.error().error), {}});
                return;
            }
            take(running, running->exchange->on_response(*result));
        });
    };
    if (send.audience.empty() || !running->connection) {
        exchange(std::move(send.request));
        return;
    }
    tokens_.get(
        running->connection->record.name,
        send.audience,
        executor_,
        [this, running, exchange, request = std::move(send.request)](Result<Secret> token) mutable {
            if (!token) {
                take(running, Failed{std::move(token.error()), {}});
                return;
            }
            request.headers.set("Authorization", "Bearer " + std::string(token->reveal()));
            exchange(std::move(request));
        }
    );
}

}  // namespace tideway::runtime
