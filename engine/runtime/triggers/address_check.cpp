#include "engine/runtime/triggers/address_check.h"

#include <utility>

#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

constexpr Duration kRetryInterval = std::chrono::seconds(30);

}  // namespace

void AddressCheck::start() {
    act(services_.clock->now());
}

void AddressCheck::act(Timestamp /*now*/) {
    wait_until(std::nullopt);
    services_.desk->post(
        [activation = services_.activation, flow = flow_, done = back(&AddressCheck::looked)] {
            done(activation->registered_address_blocking(flow));
        }
    );
}

void AddressCheck::looked(Result<RegisteredAddress> found) {
    if (!found) {
        failed(std::move(found.error()), kRetryInterval, limits::kAddressCheckInterval);
        return;
    }
    status_.registered = std::move(*found);
    succeeded();
    wait_until(services_.clock->now() + limits::kAddressCheckInterval);
}

}  // namespace tideway::runtime
