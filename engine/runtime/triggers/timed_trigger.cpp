#include "engine/runtime/triggers/timed_trigger.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {
namespace {

constexpr int kDoublingsMax = 12;

}  // namespace

void TimedTrigger::failed(Error error, Duration wait, Duration longest) {
    const bool is_new = !status_.error || status_.error->code != error.code;
    ++status_.failures;
    status_.last = services_.clock->now();
    if (is_new) {
        services_.log->warning(
            "a trigger fails", {{"flow", flow_.row.name}, {"error", error.text()}}
        );
        services_.runtime->record_failure(flow_, flow_.published->declaration.trigger, error);
    }
    Duration delay = std::min(longest, wait * (1 << std::min(status_.failures - 1, kDoublingsMax)));
    if (error.retry_after) {
        delay = std::max(delay, Duration(*error.retry_after));
    }
    status_.error = std::move(error);
    wait_until(services_.clock->now() + delay);
}

std::string rule_of(std::string_view trigger, const Payload& config, std::string_view connection) {
    std::string text(trigger);
    text += '\n';
    text += connection;
    text += '\n';
    text += config.view();
    return to_hex(sha256(text)).substr(0, 16);
}

}  // namespace tideway::runtime
