#include "tests/conformance/store_search.h"

namespace tideway::tests {
namespace {

using store::AppendJournal;
using store::RunFilter;

using Ids = std::vector<store::RunId>;

TEST_P(StoreSearch, FindsRunsByWhatTheyTracked) {
    const auto first = tracked_run({{"deal", "A"}, {"stage", "won"}});
    const auto second = tracked_run({{"deal", "A"}, {"stage", "lost"}});
    tracked_run({{"deal", "B"}});
    EXPECT_EQ(found({.tracked = {{"deal", "A"}}}), (Ids{second, first}));
    EXPECT_EQ(found({.tracked = {{"deal", "A"}, {"stage", "won"}}}), Ids{first});
    EXPECT_EQ(found({.tracked = {{"stage", "A"}}}), Ids{});
}

TEST_P(StoreSearch, KeepsAValueOfARunOnceAndTellsThemInOrder) {
    const auto id = tracked_run({{"stage", "won"}, {"deal", "B"}, {"deal", "A"}});
    AppendJournal again;
    again.run_id = id;
    again.tracked = {{"deal", "A"}};
    done(again);
    const auto values = reader().tracked(id);
    ASSERT_TRUE(values);
    const std::vector<model::TrackedValue> wanted{{"deal", "A"}, {"deal", "B"}, {"stage", "won"}};
    EXPECT_EQ(*values, wanted);
}

TEST_P(StoreSearch, FindsRunsByTheCodeOfTheirError) {
    const auto id = failed_run("NotFound", "There is no such referral.");
    failed_run("Conflict", "The code NotFound stands in this message only.");
    new_run();
    EXPECT_EQ(found({.error_code = "NotFound"}), Ids{id});
}

TEST_P(StoreSearch, FindsATextInMessageStepReasonAndTrackedValue) {
    const auto failed = failed_run("Conflict", "The REFERRAL r-1 was changed by Fabrikam.");
    const auto tracked = tracked_run({{"customer", "Fabrikam Ltd"}});
    const auto said = new_run();
    AppendJournal end;
    end.run_id = said;
    end.run = ended_run(model::Status::kSucceeded);
    end.run->outcome_reason = "\"closed by fabrikam\"";
    done(end);
    new_run();
    EXPECT_EQ(found({.text = "fabrikam"}), (Ids{said, tracked, failed}));
    EXPECT_EQ(found({.text = "write the crm"}), Ids{failed});
    EXPECT_EQ(found({.text = "r-1 WAS"}), Ids{failed});
    EXPECT_EQ(found({.text = "Contoso"}), Ids{});
}

TEST_P(StoreSearch, LooksIntoTheErrorOfARunWhateverItsSize) {
    const auto id = new_run();
    AppendJournal end;
    end.run_id = id;
    end.run = ended_run(model::Status::kFailed);
    end.run->error = large_payload('e');
    done(end);
    EXPECT_EQ(found({.error_code = "NotFound"}), Ids{});
    EXPECT_EQ(found({.text = "eee"}), Ids{});
}

TEST_P(StoreSearch, FindsRunsOfATimeWithoutTheOthers) {
    for (int day = 0; day < 20; ++day) {
        run_at(day * 86'400);
    }
    const Ids all = found({});
    ASSERT_EQ(all.size(), 20U);
    const RunFilter days{
        .created_from = at_second(5 * 86'400), .created_to = at_second(8 * 86'400)};
    EXPECT_EQ(found(days), (Ids{all[12], all[13], all[14]}));
    EXPECT_EQ(found({.created_from = at_second(19 * 86'400)}), Ids{all[0]});
    EXPECT_EQ(found({.created_to = at_second(1)}), Ids{all[19]});
    EXPECT_EQ(found({.created_from = at_second(20 * 86'400)}), Ids{});
}

TEST_P(StoreSearch, FindsRunsByTimeAlthoughTheClockWasSetBackALittle) {
    const auto first = run_at(7200);
    const auto second = run_at(3800);  // almost an hour back
    run_at(9000);
    EXPECT_EQ(
        found({.created_from = at_second(3800), .created_to = at_second(7201)}),
        (Ids{second, first})
    );
}

TEST_P(StoreSearch, SearchesAWindowOfIdsAndSaysWhereToGoOn) {
    const auto oldest = failed_run("NotFound", "gone");
    for (int i = 0; i < 25; ++i) {
        new_run();
    }
    const RunFilter filter{.error_code = "NotFound", .ids_searched_max = 10};
    const auto first = reader().runs(filter);
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->runs.empty());
    EXPECT_EQ(first->next_before, oldest + 16);
    EXPECT_EQ(found_page_by_page(filter), Ids{oldest});
}

TEST_P(StoreSearch, NeedsNoWindowForWhatAnIndexFinds) {
    const auto oldest = tracked_run({{"deal", "A"}});
    for (int i = 0; i < 25; ++i) {
        new_run();
    }
    EXPECT_EQ(found({.tracked = {{"deal", "A"}}, .ids_searched_max = 10}), Ids{oldest});
}

TEST_P(StoreSearch, PagesStayWhileNewRunsCome) {
    Ids all;
    for (int i = 0; i < 7; ++i) {
        all.insert(all.begin(), new_run());
    }
    RunFilter filter{.limit = 3};
    const auto first = reader().runs(filter);
    ASSERT_TRUE(first);
    new_run();
    filter.before_id = first->next_before;
    EXPECT_EQ(found_page_by_page(filter), Ids(all.begin() + 3, all.end()));
}

TEST_P(StoreSearch, CountsWhatItFinds) {
    for (int i = 0; i < 12; ++i) {
        failed_run("NotFound", "gone");
    }
    new_run();
    const auto all = reader().count_runs({.fingerprint = "f1", .limit = 5});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->count, 12);
    EXPECT_EQ(all->next_before, 0);
    const auto part = reader().count_runs({.error_code = "NotFound", .ids_searched_max = 4});
    EXPECT_EQ(part->count, 3);  // the newest run has not failed
    EXPECT_NE(part->next_before, 0);
}

// ------------------------------------------------------------------ groups

TEST_P(StoreSearch, GroupsFailuresByFingerprintNewestFirst) {
    failed_run("NotFound", "gone", "f1");
    const auto last_of_first = failed_run("NotFound", "gone", "f1");
    const auto second = failed_run("Conflict", "changed", "f2", 8);
    new_run();
    const auto page = reader().run_groups({});
    ASSERT_TRUE(page) << page.error().text();
    ASSERT_EQ(page->groups.size(), 2U);
    EXPECT_EQ(page->groups[0].last.id, second);
    EXPECT_EQ(page->groups[0].count, 1);
    EXPECT_EQ(page->groups[1].last.id, last_of_first);
    EXPECT_EQ(page->groups[1].count, 2);
    EXPECT_EQ(page->groups[1].first_seen, at_second(1));
    EXPECT_EQ(page->next_before, 0);
}

TEST_P(StoreSearch, GroupsOfAFlowOrATimeAndPageByPage) {
    const auto old = run_at(0);
    fail_run(old, "NotFound", "gone", "f1");
    const auto same = run_at(10 * 86'400);
    fail_run(same, "NotFound", "gone", "f1");
    failed_run("Conflict", "changed", "f2", 8);
    const auto of_flow = reader().run_groups({.flow_id = 7});
    ASSERT_EQ(of_flow->groups.size(), 1U);
    EXPECT_EQ(of_flow->groups[0].count, 2);
    const auto of_time = reader().run_groups(
        {.flow_id = 7, .created_from = at_second(9 * 86'400), .created_to = at_second(11 * 86'400)}
    );
    ASSERT_EQ(of_time->groups.size(), 1U);
    EXPECT_EQ(of_time->groups[0].count, 1);
    EXPECT_EQ(of_time->groups[0].first_seen, at_second(10 * 86'400));
    const auto first = reader().run_groups({.limit = 1});
    ASSERT_EQ(first->groups.size(), 1U);
    const auto next = reader().run_groups({.before_id = first->next_before, .limit = 1});
    ASSERT_EQ(next->groups.size(), 1U);
    EXPECT_EQ(next->groups[0].last.id, same);
}

TEST_P(StoreSearch, ARunThatAPersonCancelledIsNoFailure) {
    const auto id = new_run();
    AppendJournal end;
    end.run_id = id;
    end.run = ended_run(model::Status::kCancelled);
    end.run->fingerprint = "f1";
    done(end);
    EXPECT_TRUE(reader().run_groups({})->groups.empty());
}

// ------------------------------------------------------------------ events

TEST_P(StoreSearch, FindsEventsByStatusFlowAndTimeWithTheirRun) {
    store::Admit accepted = sample_admit(8);
    accepted.event.received = at_second(5 * 86'400);
    done(accepted);
    store::Admit refused{sample_event(8), std::nullopt, std::nullopt};
    refused.event.status = model::EventStatus::kRefused;
    refused.event.received = at_second(6 * 86'400);
    const auto refused_id = done(refused).id;
    run_at(7 * 86'400);

    const auto page = reader().events({.flow_id = 8});
    ASSERT_TRUE(page) << page.error().text();
    ASSERT_EQ(page->events.size(), 2U);
    EXPECT_TRUE(page->events[0].run_uid.is_none());
    EXPECT_EQ(page->events[1].run_uid, accepted.run->uid);
    const auto by_status = reader().events({.statuses = {model::EventStatus::kRefused}});
    ASSERT_EQ(by_status->events.size(), 1U);
    EXPECT_EQ(by_status->events[0].event.id, refused_id);
    const auto by_time = reader().events(
        {.received_from = at_second(6 * 86'400), .received_to = at_second(7 * 86'400)}
    );
    ASSERT_EQ(by_time->events.size(), 1U);
    EXPECT_EQ(by_time->events[0].event.id, refused_id);
}

TEST_P(StoreSearch, SearchesEventsInWindowsToo) {
    store::Admit refused{sample_event(), std::nullopt, std::nullopt};
    refused.event.status = model::EventStatus::kRefused;
    const auto oldest = done(refused).id;
    for (int i = 0; i < 9; ++i) {
        new_run();
    }
    store::EventFilter filter{.statuses = {model::EventStatus::kRefused}, .ids_searched_max = 5};
    const auto first = reader().events(filter);
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->events.empty());
    filter.before_id = first->next_before;
    const auto second = reader().events(filter);
    ASSERT_EQ(second->events.size(), 1U);
    EXPECT_EQ(second->events[0].event.id, oldest);
    EXPECT_EQ(second->next_before, 0);
}

}  // namespace
}  // namespace tideway::tests
