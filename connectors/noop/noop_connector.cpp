#include "connectors/noop/noop_connector.h"

#include <utility>

namespace tideway::connectors::noop {
namespace {

class Echo final : public connector::Exchange {
  public:
    explicit Echo(Payload output)
        : output_(std::move(output)) {}

    connector::Turn begin() override { return connector::Done{output_, {}}; }

    // Nothing is ever sent, so nothing is ever answered; whoever asks gets the same output.
    connector::Turn on_response(const ::tideway::http::Response& /*response*/) override {
        return connector::Done{output_, {}};
    }

  private:
    Payload output_;
};

class NoopConnector final : public connector::Connector {
  public:
    std::unique_ptr<connector::Exchange> start(const connector::Call& call) const override {
        const Json* payload = find(call.input, "payload");
        return std::make_unique<Echo>(to_payload(Json{
            {"payload", payload != nullptr ? *payload : Json()}}));
    }
};

}  // namespace

std::unique_ptr<connector::Connector> make_connector() {
    return std::make_unique<NoopConnector>();
}

}  // namespace tideway::connectors::noop
