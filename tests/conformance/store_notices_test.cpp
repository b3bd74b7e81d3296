// Notices: one open for each cause, and a delivery for everybody who is told.
#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using model::DeliveryState;
using model::NoticeMoment;

model::NoticeRecord sample_notice(const std::string& cause = "connection_unavailable/crm") {
    model::NoticeRecord notice;
    notice.uid = Uid::random();
    notice.kind = model::NoticeKind::kConnectionUnavailable;
    notice.cause = cause;
    notice.title = "The connection crm is unavailable";
    notice.message = "Contoso's CRM answers 503.";
    notice.remedy = "Wait, or ask its administrator.";
    notice.flow = "sales/sync";
    notice.connection = "crm";
    notice.run = Uid::random();
    notice.opened = at_second(10);
    return notice;
}

store::PutNoticeChannel put_channel(const std::string& name) {
    model::NoticeChannel channel;
    channel.name = name;
    channel.kind = "webhook";
    channel.settings = Payload(R"({"format":"teams"})");
    channel.sealed = std::string("\0sealed", 7);
    channel.created = at_second(1);
    return {channel};
}

std::vector<model::NoticeRecord> open_notices(store::Reader& reader) {
    auto found = reader.notices().notices(store::NoticeFilter::kOpen, 100);
    EXPECT_TRUE(found) << found.error().text();
    return found ? *found : std::vector<model::NoticeRecord>();
}

std::vector<model::NoticeDelivery> deliveries(store::Reader& reader, const store::Outcome& notice) {
    auto found = reader.notices().deliveries(notice.id);
    EXPECT_TRUE(found) << found.error().text();
    return found ? *found : std::vector<model::NoticeDelivery>();
}

std::vector<model::NoticeDelivery> next(store::Reader& reader) {
    auto found = reader.notices().next_deliveries();
    EXPECT_TRUE(found) << found.error().text();
    return found ? *found : std::vector<model::NoticeDelivery>();
}

store::PutDelivery end_of(model::NoticeDelivery delivery, DeliveryState state) {
    delivery.state = state;
    delivery.ended = at_second(20);
    return {delivery};
}

store::AppendJournal failure_of(store::RunId run, const std::string& fingerprint, int second) {
    store::AppendJournal end;
    end.run_id = run;
    end.run = ended_run(model::Status::kFailed, at_second(second));
    end.run->fingerprint = fingerprint;
    return end;
}

TEST_P(StoreConformance, KeepsEverythingThatANoticeSays) {
    const model::NoticeRecord notice = sample_notice();
    done(store::RaiseNotice{notice, {}});
    const auto found = reader().notices().notice(notice.uid);
    ASSERT_TRUE(found && *found);
    const model::NoticeRecord& kept = **found;
    EXPECT_EQ(kept.kind, notice.kind);
    EXPECT_EQ(kept.cause, notice.cause);
    EXPECT_EQ(kept.title, notice.title);
    EXPECT_EQ(kept.message, notice.message);
    EXPECT_EQ(kept.remedy, notice.remedy);
    EXPECT_EQ(kept.flow, notice.flow);
    EXPECT_EQ(kept.connection, notice.connection);
    EXPECT_EQ(kept.run, notice.run);
    EXPECT_EQ(kept.opened, notice.opened);
    EXPECT_FALSE(kept.closed);
}

TEST_P(StoreConformance, HasOneOpenNoticeForEachCause) {
    done(put_channel("ops"));
    const auto first = done(store::RaiseNotice{sample_notice(), {}});
    EXPECT_EQ(done(store::RaiseNotice{sample_notice(), {}}).id, first.id);
    EXPECT_EQ(open_notices(reader()).size(), 1U);
    EXPECT_EQ(deliveries(reader(), first).size(), 1U);
    done(store::RaiseNotice{sample_notice("disk_low"), {}});
    EXPECT_EQ(open_notices(reader()).size(), 2U);
}

TEST_P(StoreConformance, TellsEveryChannelAndFlowInTheSameCommit) {
    done(put_channel("ops"));
    done(put_channel("chat"));
    const auto notice = done(store::RaiseNotice{sample_notice(), {7, 8}});
    const auto told = deliveries(reader(), notice);
    ASSERT_EQ(told.size(), 4U);
    EXPECT_EQ(told[0].channel, "chat");
    EXPECT_EQ(told[1].channel, "ops");
    EXPECT_EQ(told[2].flow, 7);
    EXPECT_EQ(told[3].flow, 8);
    for (const model::NoticeDelivery& delivery : told) {
        EXPECT_EQ(delivery.moment, NoticeMoment::kOpened);
        EXPECT_EQ(delivery.state, DeliveryState::kWaiting);
        EXPECT_EQ(delivery.next_attempt, at_second(10));
    }
}

TEST_P(StoreConformance, RemindsWhenTheStageChanges) {
    done(put_channel("ops"));
    model::NoticeRecord notice = sample_notice();
    notice.stage = 30;
    const auto opened = done(store::RaiseNotice{notice, {}});
    notice.stage = 7;
    notice.title = "Only 7 days are left";
    done(store::RaiseNotice{notice, {}});
    done(store::RaiseNotice{notice, {}});
    const auto told = deliveries(reader(), opened);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1].moment, NoticeMoment::kReminder);
    EXPECT_EQ(open_notices(reader()).front().title, "Only 7 days are left");
}

TEST_P(StoreConformance, TellsTheEndToThoseWhoWereToldOfTheBegin) {
    done(put_channel("ops"));
    const auto notice = done(store::RaiseNotice{sample_notice(), {7}});
    done(end_of(next(reader()).front(), DeliveryState::kGivenUp));
    done(put_channel("late"));
    done(store::EndNotice{"connection_unavailable/crm", at_second(30)});
    done(store::EndNotice{"connection_unavailable/crm", at_second(31)});
    EXPECT_TRUE(open_notices(reader()).empty());
    const auto told = deliveries(reader(), notice);
    ASSERT_EQ(told.size(), 3U);
    EXPECT_EQ(told.back().moment, NoticeMoment::kEnded);
    EXPECT_EQ(told.back().flow, 7);
    const auto all = reader().notices().notices(store::NoticeFilter::kAll, 10);
    EXPECT_EQ(all->front().closed, at_second(30));
}

TEST_P(StoreConformance, OpensANewNoticeWhenACauseComesBack) {
    const auto first = done(store::RaiseNotice{sample_notice(), {}});
    done(store::EndNotice{"connection_unavailable/crm", at_second(30)});
    EXPECT_NE(done(store::RaiseNotice{sample_notice(), {}}).id, first.id);
}

TEST_P(StoreConformance, ServesEachChannelInOrder) {
    done(put_channel("ops"));
    done(store::RaiseNotice{sample_notice("a"), {7}});
    done(store::RaiseNotice{sample_notice("b"), {}});
    auto waiting = next(reader());
    ASSERT_EQ(waiting.size(), 2U);
    waiting[0].attempts = 1;
    waiting[0].error = "refused";
    waiting[0].next_attempt = at_second(40);
    done(store::PutDelivery{waiting[0]});
    EXPECT_EQ(next(reader()).front().id, waiting[0].id);
    EXPECT_EQ(next(reader()).front().error, "refused");
    EXPECT_EQ(next(reader()).front().next_attempt, at_second(40));

    done(end_of(waiting[0], DeliveryState::kDelivered));
    done(end_of(waiting[1], DeliveryState::kDelivered));
    ASSERT_EQ(next(reader()).size(), 1U);
    EXPECT_EQ((*reader().notices().notice_of(next(reader()).front().notice_id))->cause, "b");
}

TEST_P(StoreConformance, LeavesADeliveryThatHasEndedAsItIs) {
    done(put_channel("ops"));
    const auto notice = done(store::RaiseNotice{sample_notice(), {}});
    const model::NoticeDelivery delivery = next(reader()).front();
    done(end_of(delivery, DeliveryState::kDelivered));
    done(end_of(delivery, DeliveryState::kGivenUp));
    EXPECT_EQ(deliveries(reader(), notice).front().state, DeliveryState::kDelivered);
}

TEST_P(StoreConformance, KeepsChannelsAndDropsWhatWaitsForARemovedOne) {
    done(put_channel("ops"));
    const auto channels = reader().notices().channels();
    ASSERT_EQ(channels->size(), 1U);
    EXPECT_EQ(channels->front().kind, "webhook");
    EXPECT_EQ(channels->front().sealed, std::string("\0sealed", 7));
    EXPECT_EQ(channels->front().settings.view(), R"({"format":"teams"})");
    done(store::RaiseNotice{sample_notice(), {}});
    done(store::DeleteNoticeChannel{"ops"});
    EXPECT_TRUE(next(reader()).empty());
    EXPECT_EQ(code_of(apply(store::DeleteNoticeChannel{"ops"})), "NoticeChannelNotFound");
}

TEST_P(StoreConformance, CountsFailedRunsInTheirGroups) {
    done(failure_of(new_run(7), "f1", 20));
    const store::RunId last = new_run(7);
    done(failure_of(last, "f1", 30));
    done(failure_of(new_run(8), "f1", 40));
    end_run(new_run(), model::Status::kSucceeded);
    end_run(new_run(), model::Status::kFailed);
    const auto groups = reader().notices().failure_groups(at_second(0));
    ASSERT_EQ(groups->size(), 2U);
    EXPECT_EQ(groups->front().flow, 7);
    EXPECT_EQ(groups->front().first, at_second(20));
    EXPECT_EQ(groups->front().last, at_second(30));
    EXPECT_EQ(groups->front().runs, 2);
    EXPECT_EQ(groups->front().last_run, last);
    EXPECT_EQ(reader().notices().failure_groups(at_second(35))->size(), 1U);
}

TEST_P(StoreConformance, CountsARunThatFailedBeforeItBegan) {
    store::Admit admit = sample_admit();
    admit.run->status = model::Status::kFailed;
    admit.run->fingerprint = "f1";
    done(admit);
    EXPECT_EQ(reader().notices().failure_groups(at_second(0))->size(), 1U);
}

TEST_P(StoreConformance, GroupsRunsThatWaitForAPerson) {
    const store::RunId first = new_run();
    for (const store::RunId id : {first, new_run()}) {
        store::SetRunStatus pause;
        pause.run_id = id;
        pause.status = model::Status::kPaused;
        pause.code = "Diverged";
        done(pause);
    }
    const auto groups = reader().notices().paused_groups();
    ASSERT_EQ(groups->size(), 1U);
    EXPECT_EQ(groups->front().flow, 7);
    EXPECT_EQ(groups->front().code, "Diverged");
    EXPECT_EQ(groups->front().runs, 2);
    EXPECT_EQ(groups->front().first_run, first);
}

TEST_P(StoreConformance, KnowsWhenSomethingLastCameForAFlow) {
    EXPECT_FALSE(*reader().notices().last_event(7));
    new_run();
    store::Admit failure = sample_admit();
    failure.run.reset();
    failure.event.status = model::EventStatus::kFailed;
    failure.event.received = at_second(50);
    done(failure);
    EXPECT_EQ(*reader().notices().last_event(7), at_second(1));
}

TEST_P(StoreConformance, KeepsWhatIsExpectedOfAFlow) {
    done(store::PutEventExpectation{{7, 24, at_second(5)}});
    done(store::PutEventExpectation{{7, 48, at_second(6)}});
    const auto expected = reader().notices().expectations();
    ASSERT_EQ(expected->size(), 1U);
    EXPECT_EQ(expected->front().hours, 48);
    EXPECT_EQ(expected->front().since, at_second(6));
    done(store::PutEventExpectation{{7, 0, at_second(7)}});
    EXPECT_TRUE(reader().notices().expectations()->empty());
}

TEST_P(StoreConformance, PrunesWhatHasEndedAndNothingElse) {
    done(put_channel("ops"));
    done(store::RaiseNotice{sample_notice("old"), {}});
    done(store::EndNotice{"old", at_second(20)});
    done(store::RaiseNotice{sample_notice("open"), {}});
    done(failure_of(new_run(7), "old", 20));
    done(failure_of(new_run(7), "new", 60));
    done(store::Prune{at_second(50), 100});
    const auto left = reader().notices().notices(store::NoticeFilter::kAll, 10);
    ASSERT_EQ(left->size(), 1U);
    EXPECT_EQ(left->front().cause, "open");
    EXPECT_EQ(next(reader()).size(), 1U);
    ASSERT_EQ(reader().notices().failure_groups(at_second(0))->size(), 1U);
    EXPECT_EQ(reader().notices().failure_groups(at_second(0))->front().fingerprint, "new");
}

}  // namespace
}  // namespace tideway::tests
