// Resubmissions of many runs: what is to be done, how far it is, and that a run is started once.
#include <gmock/gmock.h>

#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using store::ResubmissionItem;
using store::ResubmissionState;
using store::ResubmittedState;

store::PutResubmission sample_resubmission(int items) {
    store::PutResubmission out;
    out.record.person = "maria";
    out.record.choices = Payload(R"({"code":"current"})");
    out.record.created = at_second(5);
    for (int position = 1; position <= items; ++position) {
        ResubmissionItem item;
        item.position = position;
        item.original = Uid::random();
        out.items.push_back(std::move(item));
    }
    out.items.back().state = ResubmittedState::kSuperseded;
    out.items.back().reason = "a newer one stands for it";
    return out;
}

store::PutResubmissionItem put_item(
    std::int64_t id, ResubmissionItem item, ResubmittedState state
) {
    item.state = state;
    item.run = Uid::random();
    return {id, std::move(item)};
}

TEST_P(StoreConformance, KeepsAResubmissionWithItsItems) {
    const auto put = sample_resubmission(3);
    const auto id = done(put).id;
    const auto found = reader().resubmissions().resubmission(id);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->person, "maria");
    EXPECT_EQ((*found)->choices, put.record.choices);
    EXPECT_EQ((*found)->state, ResubmissionState::kRunning);
    EXPECT_EQ((*found)->created, at_second(5));
    EXPECT_FALSE((*found)->ended);
    EXPECT_EQ((*found)->items.at(ResubmittedState::kPending), 2);
    EXPECT_EQ((*found)->items.at(ResubmittedState::kSuperseded), 1);
    const auto items = reader().resubmissions().items(id, std::nullopt, 1, 10);
    ASSERT_TRUE(items);
    ASSERT_EQ(items->size(), 2U);
    EXPECT_EQ(items->front().original, put.items[1].original);
    EXPECT_TRUE(items->front().run.is_none());
    EXPECT_EQ(items->back().reason, "a newer one stands for it");
    const auto pending = reader().resubmissions().items(id, ResubmittedState::kPending, 0, 1);
    ASSERT_EQ(pending->size(), 1U);
    EXPECT_EQ(pending->front().position, 1);
}

TEST_P(StoreConformance, ListsResubmissionsNewestFirstAndThoseThatGoOn) {
    const auto first = done(sample_resubmission(1)).id;
    const auto second = done(sample_resubmission(2)).id;
    const auto all = reader().resubmissions().resubmissions(10);
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ(all->front().id, second);
    done(store::SetResubmissionState{first, ResubmissionState::kDone, "", at_second(9)});
    EXPECT_EQ(*reader().resubmissions().unfinished(), std::vector<std::int64_t>{second});
    ResubmissionItem item;
    item.position = 1;
    done(put_item(second, item, ResubmittedState::kStarted));
    done(store::SetResubmissionState{second, ResubmissionState::kAborted, "by maria", at_second(9)}
    );
    EXPECT_EQ(*reader().resubmissions().unfinished(), std::vector<std::int64_t>{second});
    done(put_item(second, item, ResubmittedState::kSucceeded));
    EXPECT_TRUE(reader().resubmissions().unfinished()->empty());
}

TEST_P(StoreConformance, StartsNoRunOfAResubmissionThatDoesNotRun) {
    const auto id = done(sample_resubmission(2)).id;
    done(store::SetResubmissionState{id, ResubmissionState::kStopped, "enough", at_second(9)});
    ResubmissionItem item;
    item.position = 1;
    const auto admit = sample_admit(7);
    const auto refused = apply(admit, put_item(id, item, ResubmittedState::kStarted));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "ResubmissionNotRunning");
    EXPECT_FALSE(*reader().run_by_uid(admit.run->uid));
    // What came of runs that were started before is still taken.
    done(put_item(id, item, ResubmittedState::kFailed));
}

TEST_P(StoreConformance, ForgivesFailuresWhenAResubmissionGoesOn) {
    const auto id = done(sample_resubmission(3)).id;
    ResubmissionItem item;
    item.position = 1;
    done(put_item(id, item, ResubmittedState::kFailed));
    item.position = 2;
    done(put_item(id, item, ResubmittedState::kPaused));
    done(store::SetResubmissionState{id, ResubmissionState::kStopped, "2 failed", at_second(9)});
    EXPECT_EQ((**reader().resubmissions().resubmission(id)).ended, at_second(9));
    done(store::SetResubmissionState{id, ResubmissionState::kRunning, "", at_second(10)});
    const auto record = reader().resubmissions().resubmission(id);
    EXPECT_EQ((**record).forgiven, 2);
    EXPECT_EQ((**record).reason, "");
    EXPECT_FALSE((**record).ended);
}

TEST_P(StoreConformance, RefusesToChangeAResubmissionThatIsDoneOrUnknown) {
    const auto id = done(sample_resubmission(1)).id;
    done(store::SetResubmissionState{id, ResubmissionState::kDone, "", at_second(9)});
    const auto again =
        apply(store::SetResubmissionState{id, ResubmissionState::kRunning, "", at_second(9)});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "ResubmissionDone");
    const auto unknown =
        apply(store::SetResubmissionState{99, ResubmissionState::kRunning, "", at_second(9)});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, "ResubmissionNotFound");
}

TEST_P(StoreConformance, KeepsWhereARunStartsAndWhichResubmissionMadeIt) {
    store::Admit admit = sample_admit(7);
    admit.run->start_step = "Each[2]/Put";
    admit.run->resubmission = 12;
    const auto made = run(done(admit).run_id);
    EXPECT_EQ(made.start_step, "Each[2]/Put");
    EXPECT_EQ(made.resubmission, 12);
}

TEST_P(StoreConformance, PrunesResubmissionsThatEndedLongAgo) {
    const auto old = done(sample_resubmission(2)).id;
    const auto open = done(sample_resubmission(2)).id;
    done(store::SetResubmissionState{old, ResubmissionState::kDone, "", at_second(9)});
    store::Prune prune;
    prune.before = at_second(100);
    done(prune);
    EXPECT_FALSE(*reader().resubmissions().resubmission(old));
    EXPECT_TRUE(reader().resubmissions().items(old, std::nullopt, 0, 10)->empty());
    EXPECT_TRUE(*reader().resubmissions().resubmission(open));
}

}  // namespace
}  // namespace tideway::tests
