// Uses of a store in tests: batches that are waited for, and records with everything filled in.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/store/store.h"

namespace tideway::tests {

using StoreResult = Result<std::vector<store::Outcome>>;

inline std::future<StoreResult> submit(store::Store& store, store::Batch batch) {
    auto promise = std::make_shared<std::promise<StoreResult>>();
    std::future<StoreResult> out = promise->get_future();
    store.submit(std::move(batch), [promise](StoreResult result) {
        promise->set_value(std::move(result));
    });
    return out;
}

template <typename... Commands>
store::Batch batch_of(Commands... commands) {
    store::Batch out;
    (out.commands.emplace_back(std::move(commands)), ...);
    return out;
}

// In one batch; the outcomes or the error.
template <typename... Commands>
StoreResult apply(store::Store& store, Commands... commands) {
    return submit(store, batch_of(std::move(commands)...)).get();
}

// "" when it went well.
inline std::string code_of(const StoreResult& result) {
    return result ? std::string() : result.error().code;
}

inline Timestamp at_second(int second) {
    return from_micros(1'770'000'000'000'000) + std::chrono::seconds(second);
}

inline model::EventRecord sample_event(store::FlowId flow = 7) {
    model::EventRecord event;
    event.uid = Uid::random();
    event.flow_id = flow;
    event.source = "http_request";
    event.payload = Payload(R"({"referral_id":"r-1"})");
    event.received = at_second(1);
    return event;
}

inline model::RunRecord sample_run(store::FlowId flow = 7) {
    model::RunRecord run;
    run.uid = Uid::random();
    run.root_uid = run.uid;
    run.flow_id = flow;
    run.version_id = 3;
    run.created = at_second(1);
    return run;
}

inline store::Admit sample_admit(store::FlowId flow = 7) {
    return store::Admit{sample_event(flow), sample_run(flow), std::nullopt};
}

inline model::JournalRow sample_row(std::int64_t seq) {
    model::JournalRow row;
    row.seq = seq;
    row.kind = model::RowKind::kResult;
    row.path = "(Scope) Synchronize/Get the referral#" + std::to_string(seq);
    row.line = 12;
    row.operation = "partner_center.get_referral";
    row.spec_hash = "a1b2";
    row.status = model::Status::kSucceeded;
    row.code = "OK";
    row.attempt = 1;
    row.attempt_class = model::AttemptClass::kDone;
    row.input = Payload(R"({"id":"r-1"})");
    row.output = Payload(R"({"etag":"1","id":"r-1"})");
    row.at = at_second(2);
    return row;
}

inline store::AppendJournal sample_append(store::RunId run, std::int64_t first, std::int64_t last) {
    store::AppendJournal out;
    out.run_id = run;
    for (std::int64_t seq = first; seq <= last; ++seq) {
        out.rows.push_back(sample_row(seq));
    }
    return out;
}

// A record that ends the run.
inline model::RunRecord ended_run(model::Status status, Timestamp ended = at_second(9)) {
    model::RunRecord run;
    run.status = status;
    run.started = at_second(2);
    run.ended = ended;
    return run;
}

}  // namespace tideway::tests
