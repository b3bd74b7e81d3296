#include "engine/runtime/notices/notice_causes.h"

#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

using std::chrono::days;
using std::chrono::hours;

const Timestamp kNow = from_micros(1'770'000'000'000'000);

class Causes : public ::testing::Test {
  protected:
    ConnectionFacts& crm() {
        if (facts_.connections.empty()) {
            facts_.connections.push_back({"crm", {}, {}, {}});
        }
        return facts_.connections.front();
    }

    FlowFacts& sync() {
        if (facts_.flows.empty()) {
            FlowFacts flow;
            flow.id = 7;
            flow.name = "sales/sync";
            flow.state = model::FlowState::kOn;
            facts_.flows.push_back(flow);
        }
        return facts_.flows.front();
    }

    static RunFacts run() {
        return {Uid::derive({}, "run"), "Get the deal failed: 404", "Look at it.", false};
    }

    std::vector<NoticeCause> causes() const { return causes_of(facts_, kNow); }

    // The only cause.
    NoticeCause cause() const {
        const auto all = causes();
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? NoticeCause() : all.front();
    }

    NoticeFacts facts_;
};

TEST_F(Causes, HaveNothingToSayWhenAllIsWell) {
    crm().secret_expires = kNow + days(31);
    sync();
    facts_.disk_free = limits::kDiskFreeBytesAgain;
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, NameAConnectionThatIsUnavailableWithTheWordsOfItsService) {
    crm().status.outage = model::Outage{kNow - hours(1), "Contoso's CRM is under maintenance."};
    EXPECT_EQ(cause().notice.cause, "connection_unavailable/crm");
    EXPECT_EQ(cause().notice.connection, "crm");
    EXPECT_NE(cause().notice.message.find("under maintenance"), std::string::npos);
}

TEST_F(Causes, CountTheDaysThatACredentialHasLeftInStages) {
    const std::vector<std::pair<Duration, int>> stages{
        {days(30), 30},
        {days(8), 30},
        {days(7), 7},
        {days(2), 7},
        {days(1), 1},
        {hours(1), 1},
        {hours(0), 0},
        {-days(3), 0}};
    for (const auto& [left, stage] : stages) {
        crm().secret_expires = kNow + left;
        EXPECT_EQ(cause().notice.stage, stage) << format_duration(left);
        EXPECT_EQ(cause().notice.cause, "connection_expiring/crm/client_secret");
    }
    crm().secret_expires = kNow + days(30) + hours(1);
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, SayHowLongACredentialLasts) {
    crm().sign_in_expires = kNow + days(7);
    EXPECT_EQ(cause().notice.title, "The sign-in of the connection crm expires in 7 days");
    crm().sign_in_expires = kNow - hours(30);
    EXPECT_EQ(cause().notice.title, "The sign-in of the connection crm has expired");
}

TEST_F(Causes, WarnOfTheCertificateThatServicesAreShown) {
    facts_.certificate_ends = kNow + days(1);
    EXPECT_EQ(cause().notice.title, "The certificate of the trigger listener expires within a day");
    EXPECT_EQ(cause().notice.connection, "");
    facts_.certificate_ends = kNow + days(31);
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, WarnAtFourFifthsOfAQuotaAndStopAtHalf) {
    crm().status.quota =
        connector::Quota{"requests in 5 minutes", 1200, std::chrono::minutes(5), 6000};
    EXPECT_EQ(cause().standing, Standing::kHolds);
    EXPECT_EQ(cause().notice.title, "80 % of the quota of the connection crm are used");
    crm().status.quota->remaining = 1201;
    EXPECT_EQ(cause().standing, Standing::kKeeps);
    crm().status.quota->remaining = 3001;
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, WarnOfALimitThatWasEnteredAndAgainWhenNothingIsLeft) {
    crm().status.limit = DayLimit{10000, 2000, kNow + hours(3)};
    const NoticeCause warned = cause();
    EXPECT_EQ(warned.standing, Standing::kHolds);
    EXPECT_EQ(warned.notice.cause, "quota/crm/calls_a_day");
    EXPECT_EQ(warned.notice.title, "80 % of the quota of the connection crm are used");
    EXPECT_NE(warned.notice.message.find("2000 of 10000 calls of today"), std::string::npos);
    EXPECT_NE(warned.notice.message.find(format_utc(kNow + hours(3))), std::string::npos);
    crm().status.limit = DayLimit{10000, 0, kNow};
    EXPECT_NE(cause().notice.stage, warned.notice.stage);
    EXPECT_EQ(cause().notice.title, "100 % of the quota of the connection crm are used");
    crm().status.limit->remaining = 5001;
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, SayNothingOfAQuotaWhoseLimitNobodyKnows) {
    crm().status.quota = connector::Quota{"requests in 5 minutes", 1, std::chrono::minutes(5)};
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, NameAFlowThatIsSuspended) {
    sync().state = model::FlowState::kSuspended;
    sync().state_reason = "Its subscription was deleted.";
    EXPECT_EQ(cause().notice.cause, "flow_suspended/7");
    EXPECT_EQ(cause().notice.flow, "sales/sync");
}

TEST_F(Causes, NameATriggerThatFailsAgainAndAgain) {
    TriggerStatus status;
    status.failures = 2;
    status.error = Error();
    status.error->message = "The CRM refuses.";
    status.error->remedy = "Sign in.";
    sync().trigger = status;
    EXPECT_EQ(cause().standing, Standing::kKeeps);
    sync().trigger->failures = 3;
    EXPECT_EQ(cause().standing, Standing::kHolds);
    EXPECT_EQ(cause().notice.message, "The CRM refuses.");
    EXPECT_EQ(cause().notice.remedy, "Sign in.");
}

TEST_F(Causes, KeepANoticeOfATriggerThatHasNotActedSinceTheStart) {
    sync().trigger = TriggerStatus();
    EXPECT_EQ(cause().standing, Standing::kKeeps);
    sync().trigger->last = kNow;
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, MissEventsOnlyOfFlowsThatAreOn) {
    facts_.silences.push_back({{7, 24, kNow - hours(48)}, kNow - hours(24)});
    sync();
    EXPECT_EQ(cause().notice.cause, "no_event/7");
    facts_.silences.front().last_event = kNow - hours(23);
    EXPECT_TRUE(causes().empty());
    facts_.silences.front().last_event.reset();
    EXPECT_EQ(causes().size(), 1U);
    sync().state = model::FlowState::kOff;
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, CountSilenceFromWhenItWasAskedFor) {
    facts_.silences.push_back({{7, 24, kNow - hours(1)}, kNow - hours(48)});
    sync();
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, ShowTheRunOfANewFailure) {
    sync();
    facts_.failures.push_back({{7, "abc", kNow, kNow, 1, 3}, run()});
    EXPECT_EQ(cause().notice.cause, "failure_group/7/abc");
    EXPECT_EQ(cause().notice.run, run().uid);
    EXPECT_EQ(cause().notice.message, "Get the deal failed: 404");
    EXPECT_TRUE(cause().starts_flows);
    facts_.failures.front().run.reset();
    EXPECT_EQ(cause().standing, Standing::kKeeps);
}

TEST_F(Causes, StartNoFlowAboutWhatNoticesStarted) {
    sync();
    facts_.failures.push_back({{7, "abc", kNow, kNow, 1, 3}, run()});
    facts_.failures.front().run->of_notices = true;
    EXPECT_FALSE(cause().starts_flows);
    facts_.failures.clear();
    sync().starts_on_notices = true;
    sync().state = model::FlowState::kSuspended;
    EXPECT_FALSE(cause().starts_flows);
}

TEST_F(Causes, SayHowToDecideAboutAnEffectInDoubt) {
    sync();
    facts_.paused.push_back({{7, "", 2, 3}, run()});
    EXPECT_EQ(cause().notice.title, "2 runs of the flow sales/sync wait for a person");
    EXPECT_NE(cause().notice.remedy.find("runs decide"), std::string::npos);
    facts_.paused.front().group.code = "Diverged";
    EXPECT_EQ(cause().notice.remedy.find("runs decide"), std::string::npos);
    EXPECT_EQ(cause().notice.cause, "run_paused/7/Diverged");
}

TEST_F(Causes, NameThePackThatItsBrakeHolds) {
    facts_.brakes.push_back({"sales", kNow, "more than 20 records were made within an hour"});
    EXPECT_EQ(cause().notice.cause, "brake/sales");
    EXPECT_EQ(cause().notice.title, "The brake holds the writes of the pack sales");
    EXPECT_NE(cause().notice.remedy.find("decisions show brake/sales"), std::string::npos);
    facts_.brakes.clear();
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, NameTheHostWhoseAddressIsRegisteredInPlaceOfOurs) {
    TriggerStatus trigger;
    trigger.last = kNow;
    trigger.registered = RegisteredAddress{"https://prod-7.logic.azure.example/x", false, true, ""};
    sync().trigger = trigger;
    EXPECT_EQ(cause().notice.cause, "address_replaced/7");
    EXPECT_TRUE(cause().notice.message.starts_with(
        "The address that is registered is of prod-7.logic.azure.example: "
    ));
    sync().trigger->registered->url.clear();
    EXPECT_EQ(cause().notice.message, "It has no address registered.");
    sync().trigger->registered->is_lost = false;
    EXPECT_TRUE(causes().empty());
}

TEST_F(Causes, WarnOfADiskThatFillsUntilThereIsRoomToSpare) {
    facts_.disk_free = limits::kDiskFreeBytesMin - 1;
    EXPECT_EQ(cause().standing, Standing::kHolds);
    EXPECT_EQ(cause().notice.cause, "disk_low");
    facts_.disk_free = limits::kDiskFreeBytesMin;
    EXPECT_EQ(cause().standing, Standing::kKeeps);
}

}  // namespace
}  // namespace tideway::runtime
