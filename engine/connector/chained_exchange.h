// An Exchange written as a chain: every request names the function that reads its answer.
#pragma once

#include <functional>
#include <utility>

#include "engine/base/assert.h"
#include "engine/connector/connector.h"

namespace tideway::connector {

// Thread: the shard's, as every Exchange.
class ChainedExchange : public Exchange {
  public:
    Turn on_response(const http::Response& response) final {
        TIDEWAY_ASSERT(next_ != nullptr);
        const Next next = std::exchange(next_, nullptr);
        return next(response);
    }

  protected:
    using Next = std::function<Turn(const http::Response&)>;

    // Asks for `send` to be sent; `next` reads the answer.
    Turn ask(Send send, Next next) {
        next_ = std::move(next);
        return send;
    }

  private:
    Next next_;
};

// An exchange that has its answer without asking anybody: refused input, ignored events.
class ImmediateExchange final : public ChainedExchange {
  public:
    explicit ImmediateExchange(Turn turn)
        : turn_(std::move(turn)) {}

    Turn begin() override { return std::move(turn_); }

  private:
    Turn turn_;
};

}  // namespace tideway::connector
