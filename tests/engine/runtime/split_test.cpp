// split_on: one run an item, also where they are too many for one commit.
#include <set>

#include "engine/base/limits.h"
#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using testing::RuntimeWorld;

constexpr const char* kFlow = R"(
return flow { title = "S", trigger = trigger.manual {
    split_on = function(event) return event.items end,
    dedupe_by = function(event) return event.batch end },
  run = function(item) return item end })";

std::string event_with(std::int64_t items, const std::string& more = "") {
    std::string out = R"({"items":[)";
    for (std::int64_t i = 0; i < items; ++i) {
        out += (i == 0 ? "" : ",") + std::to_string(i);
    }
    return out + "]" + more + "}";
}

// The items whose runs have succeeded.
std::multiset<std::string> items_done(RuntimeWorld& world) {
    std::multiset<std::string> out;
    store::RunFilter filter;
    filter.statuses = {model::Status::kSucceeded};
    filter.limit = static_cast<int>(limits::kPageSizeMax);
    while (true) {
        const auto page = world.reader().runs(filter);
        if (!page || page->runs.empty()) {
            return out;
        }
        for (const model::RunRecord& run : page->runs) {
            out.insert(run.output.str());
        }
        filter.before_id = page->runs.back().id;
    }
}

void expect_each_once(RuntimeWorld& world, std::int64_t items) {
    ASSERT_TRUE(world.becomes([&] {
        return static_cast<std::int64_t>(items_done(world).size()) >= items;
    }));
    const auto done = items_done(world);
    EXPECT_EQ(static_cast<std::int64_t>(done.size()), items);
    EXPECT_EQ(std::set<std::string>(done.begin(), done.end()).size(), done.size());
    EXPECT_TRUE(world.reader().fan_outs()->empty());
}

TEST(Split, MakesARunForEachOfManyItems) {
    RuntimeWorld world({{"split", kFlow}});
    const std::int64_t items = 2 * limits::kFanOutChunk + 7;
    const auto admitted = world.admit("split", event_with(items));
    ASSERT_TRUE(admitted);
    EXPECT_EQ(admitted->status, model::EventStatus::kAccepted);
    EXPECT_EQ(admitted->reason, "Split into " + std::to_string(items) + " runs.");
    EXPECT_TRUE(admitted->runs.empty());
    expect_each_once(world, items);
}

TEST(Split, GoesOnWithTheItemsThatHadNoRunWhenTheProcessEnded) {
    RuntimeWorld world({{"split", kFlow}});
    const std::int64_t items = 4 * limits::kFanOutChunk;
    ASSERT_TRUE(world.admit("split", event_with(items)));
    world.restart();
    world.restart();
    expect_each_once(world, items);
}

TEST(Split, TakesALargeEventOnce) {
    RuntimeWorld world({{"split", kFlow}});
    const std::int64_t items = limits::kFanOutChunk + 1;
    ASSERT_TRUE(world.admit("split", event_with(items, R"(,"batch":"b1")")));
    const auto again = world.admit("split", event_with(items, R"(,"batch":"b1")"));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->status, model::EventStatus::kDuplicate);
    expect_each_once(world, items);
}

TEST(Split, TakesASmallEventOnce) {
    RuntimeWorld world({{"split", kFlow}});
    EXPECT_EQ(world.admit("split", event_with(3, R"(,"batch":"b1")"))->runs.size(), 3U);
    const auto again = world.admit("split", event_with(3, R"(,"batch":"b1")"));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->status, model::EventStatus::kDuplicate);
    expect_each_once(world, 3);
}

TEST(Split, RecordsAnEventWithoutItems) {
    RuntimeWorld world({{"split", kFlow}});
    for (const char* event : {R"({"items":[]})", "{}"}) {
        const auto admitted = world.admit("split", event);
        ASSERT_TRUE(admitted);
        EXPECT_EQ(admitted->status, model::EventStatus::kConditionUnmet);
        EXPECT_EQ(admitted->reason, "split_on gave no items.");
        EXPECT_TRUE(admitted->runs.empty());
    }
}

TEST(Split, FailsAnEventWhoseItemsAreNoListOrTooMany) {
    RuntimeWorld world({{"split", kFlow}});
    const auto no_list = world.admit("split", R"({"items":7})");
    ASSERT_TRUE(no_list && no_list->runs.size() == 1);
    const model::RunRecord run = world.ended(no_list->runs.front());
    EXPECT_EQ(run.status, model::Status::kFailed);
    EXPECT_EQ(Json::parse(run.error.view())["code"], "SplitOnNotAList");
    const auto too_many = world.admit("split", event_with(limits::kSplitOnItemsMax + 1));
    ASSERT_TRUE(too_many && too_many->runs.size() == 1);
    const model::RunRecord failed = world.ended(too_many->runs.front());
    EXPECT_EQ(Json::parse(failed.error.view())["code"], "SplitOnTooManyItems");
}

}  // namespace
}  // namespace tideway::runtime
