// What the outside world does with the addresses of wait_for_callback.
#pragma once

#include <future>
#include <string>

#include "tests/support/runtime_world.h"

namespace tideway::testing {

// The address that the run gave to the body of its wait_for_callback at `step`; "" before.
inline std::string callback_address(RuntimeWorld& world, const Uid& uid, const std::string& step) {
    const auto run = world.reader().run_by_uid(uid);
    EXPECT_TRUE(run && *run);
    for (const model::JournalRow& row : world.journal(**run)) {
        if (row.kind == model::RowKind::kWake && row.path == step) {
            const auto callback = parse_json(row.output.view(), "callback");
            return callback ? string_or(*callback, "address") : std::string();
        }
    }
    return {};
}

// Somebody calls it; `call` is what the run gets.
inline store::CallbackFate call_back(
    RuntimeWorld& world, const std::string& address, const std::string& call = "{}"
) {
    std::promise<Result<store::CallbackFate>> promise;
    world.runtime().receive_callback(
        address.substr(address.rfind('/') + 1),
        Payload(call),
        [&promise](Result<store::CallbackFate> fate) { promise.set_value(std::move(fate)); }
    );
    const auto fate = promise.get_future().get();
    EXPECT_TRUE(fate) << fate.error().text();
    return fate.value_or(store::CallbackFate::kUnknown);
}

inline store::CallbackFate call_back(
    RuntimeWorld& world, const Uid& uid, const std::string& step, const std::string& call
) {
    return call_back(world, callback_address(world, uid, step), call);
}

}  // namespace tideway::testing
