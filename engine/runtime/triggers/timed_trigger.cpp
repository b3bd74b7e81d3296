#include "engine/runtime/triggers/timed_trigger.h"

#include <algorithm>
#include <utility>

#include "engine/base/digest.h"
#include "engine/runtime/activation.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {
namespace {

constexpr int kDoublingsMax = 12;

}  // namespace

void TimedTrigger::succeeded() {
    status_.failures = 0;
    status_.error.reset();
    status_.last = services_.clock->now();
    if (!std::exchange(may_be_noted_, false)) {
        return;
    }
    services_.desk->post([activation = services_.activation, log = services_.log, flow = flow_] {
        if (auto noted = activation->trigger_works_blocking(flow); !noted) {
            log->error("a trigger cannot be noted", {{"error", noted.error().text()}});
        }
    });
}

void TimedTrigger::note_failure(const Error& error) {
    may_be_noted_ = true;
    services_.desk->post(
        [activation = services_.activation, log = services_.log, flow = flow_, error] {
            if (auto noted = activation->trigger_failed_blocking(flow, error); !noted) {
                log->error("a trigger cannot be noted", {{"error", noted.error().text()}});
            }
        }
    );
}

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
    if (duty_ == Duty::kBringsEvents && error.code != kLineIsFull) {
        note_failure(error);
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
