#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/uid.h"
#include "tests/connectors/partner_center/sandbox_fixture.h"

namespace tideway::connectors::partner_center {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::SizeIs;

class SandboxMicrosoft : public SandboxFixture {
  protected:
    SandboxMicrosoft() { start(quiet()); }
};

TEST_F(SandboxMicrosoft, E10AcceptsAfterItsDelayAndTellsItsCrmNumber) {
    subscribe();
    const std::string theirs = string_or(post_microsoft(post_own()), "id");
    pass(seconds(1));
    EXPECT_EQ(get(theirs).body["status"], "New");
    pass(seconds(1));
    const Json accepted = get(theirs).body;
    EXPECT_EQ(accepted["status"], "Active");
    EXPECT_EQ(accepted["substatus"], "Accepted");
    EXPECT_FALSE(string_or(accepted["trackingInfo"], "microsoftMsxId").empty());
    EXPECT_THAT(accepted["team"], SizeIs(1));
    settle();
    EXPECT_EQ(sent_events().back(), "related-referral-updated");
}

TEST_F(SandboxMicrosoft, E10DeclinesWithAReason) {
    control("POST", "/sandbox/robot", {{"mode", "decline"}, {"delay_ms", 100}});
    const std::string theirs = string_or(post_microsoft(post_own()), "id");
    pass(seconds(1));
    const Json declined = get(theirs).body;
    EXPECT_EQ(declined["substatus"], "Declined");
    EXPECT_FALSE(string_or(declined, "statusReason").empty());
}

TEST_F(SandboxMicrosoft, E10LetsADealExpireWhenItShallNotAnswer) {
    control("POST", "/sandbox/robot", {{"mode", "expire"}});
    const std::string theirs = string_or(post_microsoft(post_own()), "id");
    pass(hours(24 * 14) - seconds(1));
    EXPECT_EQ(get(theirs).body["status"], "New");
    pass(seconds(1));
    EXPECT_EQ(get(theirs).body["substatus"], "Expired");
}

TEST_F(SandboxMicrosoft, ActsWhenTold) {
    control("POST", "/sandbox/robot", {{"mode", "manual"}});
    const Json own = post_own();
    const std::string theirs = string_or(post_microsoft(own), "id");
    pass(hours(1));
    EXPECT_EQ(get(theirs).body["status"], "New");
    const Json act = {{"engagementId", own["engagementId"]}, {"action", "accept"}};
    EXPECT_EQ(control("POST", "/sandbox/microsoft", act).status, 200);
    EXPECT_EQ(get(theirs).body["status"], "Active");
    EXPECT_EQ(
        control("POST", "/sandbox/microsoft", {{"id", theirs}, {"action", "win"}}).status, 200
    );
    EXPECT_EQ(get(theirs).body["substatus"], "Won");
    EXPECT_EQ(
        control("POST", "/sandbox/microsoft", {{"id", theirs}, {"action", "accept"}}).status, 400
    );
    EXPECT_EQ(
        control("POST", "/sandbox/microsoft", {{"id", theirs}, {"action", "dance"}}).status, 400
    );
}

TEST_F(SandboxMicrosoft, AnnouncesDealsWithBothHalves) {
    const Json ours = announce({{"name", "Northwind pilot"}});
    EXPECT_EQ(ours["direction"], "Incoming");
    EXPECT_EQ(ours["status"], "New");
    EXPECT_EQ(ours["name"], "Northwind pilot");
    EXPECT_EQ(ours["inviteContext"]["invitedBy"]["organizationId"], "msft");
    const Answer both = filtered("engagementId eq '" + string_or(ours, "engagementId") + "'");
    ASSERT_THAT(both.body["value"], SizeIs(2));
    EXPECT_EQ(both.body["value"][1]["target"][0]["id"], "msft");
    EXPECT_FALSE(string_or(both.body["value"][1]["trackingInfo"], "microsoftMsxId").empty());
}

TEST_F(SandboxMicrosoft, E15ExpiresWhatWasNotAnsweredInFourteenDays) {
    subscribe();
    const std::string open = string_or(announce(), "id");
    const std::string taken = string_or(announce(), "id");
    patch(taken, accepted_ops());
    settle();
    const std::size_t before = client_.sent.size();
    control("POST", "/sandbox/clock", {{"advance_s", 14 * 24 * 3600}});
    const Json expired = get(open).body;
    EXPECT_EQ(expired["status"], "Closed");
    EXPECT_EQ(expired["substatus"], "Expired");
    EXPECT_EQ(get(taken).body["status"], "Active");
    settle();
    ASSERT_THAT(client_.sent, SizeIs(before + 1));
    EXPECT_EQ(sent_events().back(), "referral-updated");
}

TEST_F(SandboxMicrosoft, ARobotAnswersBeforeTheDeadlineWhenTimeLeaps) {
    const std::string theirs = string_or(post_microsoft(post_own()), "id");
    control("POST", "/sandbox/clock", {{"advance_s", 30 * 24 * 3600}});
    EXPECT_EQ(get(theirs).body["status"], "Active");
}

TEST_F(SandboxMicrosoft, ThePortalEditsByTheSameRulesAndNotifies) {
    subscribe();
    const std::string id = string_or(announce(), "id");
    settle();
    const std::size_t before = client_.sent.size();
    const std::string path = "/sandbox/deals/" + id;
    EXPECT_EQ(
        control("PATCH", path, {{"name", "Renamed"}, {"details", {{"dealValue", 7}}}}).status, 200
    );
    const Json edited = get(id).body;
    EXPECT_EQ(edited["name"], "Renamed");
    EXPECT_EQ(edited["details"]["dealValue"], 7);
    EXPECT_EQ(edited["details"]["currency"], "GBP");
    EXPECT_EQ(edited["lastModifiedVia"], "PartnerCenterPortal");
    settle();
    EXPECT_THAT(client_.sent, SizeIs(before + 1));
    EXPECT_EQ(control("PATCH", path, {{"status", "Active"}}).status, 400);
    EXPECT_EQ(control("PATCH", "/sandbox/deals/none", {{"name", "x"}}).status, 404);
}

class SandboxState : public SandboxFixture {
  protected:
    SandboxState()
        : file_((std::filesystem::temp_directory_path() / ("pc-" + Uid::random().hex())).string()) {
        start(options());
    }

    ~SandboxState() override {
        sandbox_.reset();
        std::filesystem::remove(file_);
    }

    SandboxOptions options() const {
        SandboxOptions out = quiet();
        out.state_file = file_;
        return out;
    }

    Status restart() {
        sandbox_.reset();
        start(options());
        return sandbox_->load_state();
    }

    std::string file_;
};

TEST_F(SandboxState, SurvivesARestart) {
    subscribe();
    const Json own = post_own();
    const Json theirs = post_microsoft(own);
    const std::string authority = sandbox_->authority_pem();
    const Json before = get(string_or(own, "id")).body;
    ASSERT_TRUE(restart().has_value());
    EXPECT_EQ(get(string_or(own, "id")).body, before);
    EXPECT_EQ(call("GET", kRegistration).status, 200);
    EXPECT_EQ(sandbox_->authority_pem(), authority);
    pass(seconds(2));
    EXPECT_EQ(get(string_or(theirs, "id")).body["status"], "Active") << "the robot goes on";
    EXPECT_NE(post_own()["createdDateTime"], own["createdDateTime"]);
}

TEST_F(SandboxState, DeliversAfterARestartWhatWasStillWaiting) {
    subscribe();
    control("POST", "/sandbox/deliveries", {{"paused", true}});
    const std::string id = string_or(post_own(), "id");
    ASSERT_TRUE(restart().has_value());
    settle();
    EXPECT_THAT(sent_events(), ElementsAre("referral-created"));
    EXPECT_THAT(client_.sent[0].request.body, testing::HasSubstr(id));
}

TEST_F(SandboxState, StartsEmptyWithoutAFileAndRefusesAForeignOne) {
    EXPECT_TRUE(restart().has_value());
    sandbox_.reset();
    std::ofstream(file_) << R"({"some":"thing"})";
    start(options());
    const Status loaded = sandbox_->load_state();
    ASSERT_FALSE(loaded.has_value());
    EXPECT_THAT(loaded.error().text(), testing::HasSubstr(file_));
    std::ofstream(file_) << "not json";
    EXPECT_FALSE(sandbox_->load_state().has_value());
}

}  // namespace
}  // namespace tideway::connectors::partner_center
