// Runs one Exchange of a connector outside a run: what arrives at a trigger, subscriptions,
// connection tests. No retries, but with a new token where the service refuses the old one; no
// journal.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "engine/connector/authorizer.h"
#include "engine/connector/connections.h"
#include "engine/connector/connector.h"

namespace tideway::runtime {

// Thread: the executor's; so is `done`, which is called exactly once and never from inside drive().
class ExchangeDriver {
  public:
    ExchangeDriver(
        Executor& executor, http::Client& client, const connector::Authorizer& authorizer
    )
        : executor_(executor),
          client_(client),
          authorizer_(authorizer) {}

    using Outcome = std::variant<connector::Done, connector::Failed>;

    void drive(
        std::unique_ptr<connector::Exchange> exchange,
        std::shared_ptr<const connector::OpenConnection> connection,
        http::NetworkPolicy policy,
        std::function<void(Outcome)> done
    );

    // Told of every answer of a service to which somebody has connected. Set before drive().
    using Answered = std::function<void(const connector::OpenConnection&, const http::Response&)>;

    void on_answer(Answered listener) { listener_ = std::move(listener); }

  private:
    struct Running;
    void take(const std::shared_ptr<Running>& running, connector::Turn turn);
    void send(const std::shared_ptr<Running>& running, connector::Send send);
    void answered(
        const std::shared_ptr<Running>& running,
        const connector::Send& sent,
        const http::Response& response
    );

    Executor& executor_;
    http::Client& client_;
    const connector::Authorizer& authorizer_;
    Answered listener_;
};

}  // namespace tideway::runtime
