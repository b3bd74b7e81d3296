// Questions to the ledger about many runs at once.
#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using model::EffectState;

// An effect of a run of its own.
store::AppendJournal effect_on(
    store::RunId run, const std::string& record, int second, EffectState state = EffectState::kDone
) {
    model::EffectRecord effect;
    effect.run_id = run;
    effect.path = "Write";
    effect.seq = 1;
    effect.connection = "crm";
    effect.operation = "crm.update";
    effect.object = "order";
    effect.record_id = record;
    effect.state = state;
    effect.created = at_second(second);
    store::AppendJournal append;
    append.run_id = run;
    append.effects.push_back(effect);
    return append;
}

std::vector<std::string> records_since(store::Reader& reader, int second) {
    std::vector<std::string> out;
    const auto effects = reader.ledger().effects_since(at_second(second));
    EXPECT_TRUE(effects);
    for (const store::PackEffect& one : *effects) {
        out.push_back(one.pack + " " + one.effect.record_id);
    }
    return out;
}

using Texts = std::vector<std::string>;

TEST_P(StoreConformance, TellsWhatWasWrittenSinceThenOldestFirstWithThePack) {
    const auto flow = done(store::PutFlow{"orders", "place", "Place an order", 0}).id;
    done(effect_on(new_run(flow), "a", 1));
    done(effect_on(new_run(flow), "b", 2));
    done(effect_on(new_run(flow), "c", 3));
    EXPECT_EQ(records_since(reader(), 2), (Texts{"orders b", "orders c"}));
}

TEST_P(StoreConformance, LeavesOutOfTheLedgerWhatHasNotTakenPlace) {
    done(effect_on(new_run(), "a", 1, EffectState::kFailed));
    done(effect_on(new_run(), "b", 2, EffectState::kSkipped));
    done(effect_on(new_run(), "c", 3, EffectState::kOpen));
    done(effect_on(new_run(), "d", 4, EffectState::kParked));
    EXPECT_EQ(records_since(reader(), 1), (Texts{" c", " d"}));
}

TEST_P(StoreConformance, CountsTheRecordsOfAConnectionOnce) {
    done(effect_on(new_run(), "a", 1));
    done(effect_on(new_run(), "b", 2));
    done(effect_on(new_run(), "a", 3));
    done(effect_on(new_run(), "", 4));
    const auto counted = reader().ledger().records_of_connections();
    ASSERT_TRUE(counted);
    EXPECT_EQ(*counted, (std::map<std::string, std::int64_t>{{"crm", 2}}));
}

}  // namespace
}  // namespace tideway::tests
