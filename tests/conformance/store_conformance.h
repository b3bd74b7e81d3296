// The behaviours that every store must have, whatever database carries it. The cases are in the
// store_*_test.cpp files beside this one; a database takes part by instantiating StoreConformance
// with a way to make an empty home for a store.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/store/store.h"
#include "tests/support/store_calls.h"

namespace tideway::tests {

// Where one store lives. It outlives the stores that are opened on it, one after the other.
class StoreHome {
  public:
    virtual ~StoreHome() = default;
    virtual Result<std::unique_ptr<store::Store>> open() = 0;
};

using MakeStoreHome = std::function<std::unique_ptr<StoreHome>()>;

class StoreConformance : public testing::TestWithParam<MakeStoreHome> {
  protected:
    void SetUp() override {
        home_ = GetParam()();
        reopen();
    }

    void reopen() {
        store_.reset();
        auto opened = home_->open();
        ASSERT_TRUE(opened) << opened.error().text();
        store_ = std::move(*opened);
    }

    store::Store& store() { return *store_; }

    store::Reader& reader() { return store_->reader(); }

    template <typename... Commands>
    StoreResult apply(Commands... commands) {
        return tests::apply(*store_, std::move(commands)...);
    }

    // The outcome of a command that must succeed.
    template <typename Command>
    store::Outcome done(Command command) {
        StoreResult result = apply(std::move(command));
        EXPECT_TRUE(result) << result.error().text();
        return result ? result->front() : store::Outcome();
    }

    store::RunId new_run(store::FlowId flow = 7) { return done(sample_admit(flow)).run_id; }

    void end_run(store::RunId id, model::Status status, Timestamp ended = at_second(9)) {
        store::AppendJournal end;
        end.run_id = id;
        end.run = ended_run(status, ended);
        done(std::move(end));
    }

    model::RunRecord run(store::RunId id) {
        auto found = reader().run(id);
        EXPECT_TRUE(found && found->has_value()) << "run " << id;
        return found && *found ? **found : model::RunRecord();
    }

    std::vector<model::JournalRow> journal(store::RunId id) {
        auto rows = reader().journal(id, 0);
        EXPECT_TRUE(rows) << rows.error().text();
        return rows ? *rows : std::vector<model::JournalRow>();
    }

    // Ends a run as its owner does; the runs whose turn has come.
    std::vector<store::RunId> ends(
        store::RunId id, model::Status status = model::Status::kSucceeded
    ) {
        store::AppendJournal end;
        end.run_id = id;
        end.lease_epoch = run(id).lease_epoch;
        end.run = ended_run(status);
        return done(std::move(end)).turns;
    }

    std::vector<store::RunId> in_line_now() {
        auto runs = reader().runs_in_line();
        EXPECT_TRUE(runs);
        std::ranges::sort(*runs);
        return *runs;
    }

    model::EventRecord event(store::EventId id) {
        auto found = reader().event(id);
        EXPECT_TRUE(found && found->has_value()) << "event " << id;
        return found && *found ? **found : model::EventRecord();
    }

    // More than a row keeps in itself; `letter` tells one from another.
    static Payload large_payload(char letter) {
        return Payload("\"" + std::string(200'000, letter) + "\"");
    }

  private:
    std::unique_ptr<StoreHome> home_;
    std::unique_ptr<store::Store> store_;
};

}  // namespace tideway::tests
