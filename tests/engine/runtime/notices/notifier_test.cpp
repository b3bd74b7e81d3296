// From what happens to the message that somebody reads: real store, runtime, sockets; a clock that
// the test sets.
#include "engine/runtime/notices/notifier.h"

#include <gtest/gtest.h>

#include "tests/support/loop_thread.h"
#include "tests/support/runtime_world.h"
#include "tests/support/smtp_server.h"
#include "tests/support/webhook_receiver.h"

namespace tideway::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kFails = R"(
return flow { title = "Fails", trigger = trigger.manual {},
  run = function(event) fail(event.code, "It cannot be done") end })";

constexpr const char* kShouts = R"(
local ledger = connection "ledger"
return flow { title = "Shouts", trigger = trigger.manual {},
  run = function() ledger.shout("Shout", { value = "hey" }, { retry = { type = "none" } }) end })";

constexpr const char* kOnNotice = R"(
return flow { title = "On notice", trigger = trigger.notice {},
  run = function(event) return { kind = event.kind, moment = event.moment } end })";

constexpr const char* kFailsOnNotice = R"(
return flow { title = "Fails on notice", trigger = trigger.notice {},
  run = function(event) run_child_flow("Deeper", "child_of_notice", event) end })";

constexpr const char* kChildOfNotice = R"(
return flow { title = "Child of a notice", trigger = trigger.child {},
  run = function(event) fail("Broken" .. event.id, "Each time another way") end })";

// The notifier of a world, on a thread of its own.
class NotifierThread {
  public:
    explicit NotifierThread(RuntimeWorld& world)
        : mail_(thread_.run([this] { return http::make_mail_client(thread_.loop()); })),
          client_(thread_.run([this] { return http::make_curl_client(thread_.loop(), {}); })) {
        runtime::NotifierServices services;
        services.executor = &thread_.loop();
        services.runtime = &world.runtime();
        services.catalog = &world.catalog();
        services.connections = &connections_;
        services.box = &box_;
        services.store = &world.store();
        services.client = client_.get();
        services.mail = mail_.get();
        services.clock = &world.clock();
        services.log = &log_;
        services.environment = "test";
        services.trigger_status = [](model::FlowId) { return std::nullopt; };
        notifier_ = std::make_unique<runtime::Notifier>(services);
    }

    // Before the runtime goes; this object goes after it, which may still call back.
    void stop() {
        thread_.run([this] {
            client_.reset();
            mail_.reset();
        });
        thread_.stop();
    }

    NotifierThread(const NotifierThread&) = delete;
    NotifierThread& operator=(const NotifierThread&) = delete;

    runtime::Notifier& notifier() { return *notifier_; }

    connector::SecretBox& box() { return box_; }

  private:
    connector::SecretBox box_{Secret(std::string(32, 'k'))};
    connector::Connections connections_{box_};
    NullLog log_;
    LoopThread thread_;
    std::unique_ptr<http::MailClient> mail_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<runtime::Notifier> notifier_;
};

const Timestamp kStart = from_micros(1'770'000'000'000'000);

// A runtime and its notifier, on a clock that stands.
class NotifierWorld {
  public:
    explicit NotifierWorld(std::initializer_list<FlowText> flows)
        : world_(flows, kStart) {
        thread_ = std::make_unique<NotifierThread>(world_);
    }

    ~NotifierWorld() { thread_->stop(); }

    NotifierWorld(const NotifierWorld&) = delete;
    NotifierWorld& operator=(const NotifierWorld&) = delete;

    RuntimeWorld* operator->() { return &world_; }

    void restart() {
        thread_->stop();
        world_.restart();
        thread_ = std::make_unique<NotifierThread>(world_);
    }

    void look() { thread_->notifier().look(); }

    // Looks, and waits until as many notices are open.
    std::vector<model::NoticeRecord> open(std::size_t count) {
        std::vector<model::NoticeRecord> out;
        EXPECT_TRUE(tests::becomes([&] {
            look();
            out = *world_.reader().notices().notices(store::NoticeFilter::kOpen, 10);
            return out.size() == count;
        })) << out.size();
        return out;
    }

    void add(runtime::ChannelPlan plan) {
        auto channel = runtime::make_channel(plan, thread_->box(), world_.clock().now());
        ASSERT_TRUE(channel) << channel.error().text();
        commit(store::PutNoticeChannel{*channel});
    }

    void commit(store::Command command) {
        ASSERT_TRUE(runtime::submit_blocking(world_.store(), {{std::move(command)}}));
    }

  private:
    std::unique_ptr<NotifierThread> thread_;
    RuntimeWorld world_;
};

class NotifierTest : public ::testing::Test {
  protected:
    void add_webhook() {
        runtime::ChannelPlan plan;
        plan.name = "hook";
        plan.kind = "webhook";
        plan.settings = {{"allow_private_network", true}, {"allow_plain_http", true}};
        plan.secrets.emplace("url", Secret(hook_.url()));
        plan.secrets.emplace("key", Secret(hook_.key()));
        world_.add(std::move(plan));
    }

    void fail_a_run(const std::string& code) {
        world_->run("fails", R"({"code":")" + code + R"("})");
    }

    void advance(Duration time) { world_->clock().advance(time); }

    model::FlowId flow() { return world_->catalog().flow("fails")->row.id; }

    std::vector<model::NoticeDelivery> deliveries() {
        const auto all = *world_->reader().notices().notices(store::NoticeFilter::kAll, 10);
        return *world_->reader().notices().deliveries(all.front().id);
    }

    WebhookReceiver hook_;
    NotifierWorld world_{{"fails", kFails}, {"shouts", kShouts}};
};

TEST_F(NotifierTest, TellsOnceOfANewWayToFail) {
    add_webhook();
    fail_a_run("First");
    world_.look();
    ASSERT_EQ(hook_.wait_for(1).size(), 1U);
    const ReceivedNotice told = hook_.notices().front();
    EXPECT_TRUE(told.is_signed);
    EXPECT_EQ(told.text("kind"), "failure_group");
    EXPECT_EQ(told.text("moment"), "opened");
    EXPECT_EQ(told.text("flow"), "test/fails");
    EXPECT_NE(told.text("message").find("It cannot be done"), std::string::npos);
    EXPECT_EQ(told.id, told.text("id") + ".opened");

    fail_a_run("First");
    fail_a_run("Second");
    world_.look();
    hook_.wait_for(2);
    EXPECT_EQ(world_.open(2).size(), 2U);
    EXPECT_EQ(hook_.notices().size(), 2U);
}

TEST_F(NotifierTest, TellsTheEndOfAFailureThatHasNotComeForAWeek) {
    add_webhook();
    fail_a_run("First");
    world_.look();
    hook_.wait_for(1);
    advance(limits::kFailureGroupQuiet - seconds(1));
    world_.open(1);
    advance(seconds(1));
    world_.open(0);
    EXPECT_EQ(hook_.wait_for(2).back().text("moment"), "ended");
    fail_a_run("First");
    world_.open(1);
    hook_.wait_for(3);
}

TEST_F(NotifierTest, TellsOfARunThatWaitsForAPersonUntilItIsDecided) {
    add_webhook();
    world_->service().plan("/shout", {Treatment::kCutAfter});
    const auto admitted = world_->admit("shouts");
    const auto run = world_->paused(admitted->runs.front());
    world_.look();
    EXPECT_EQ(hook_.wait_for(1).front().text("kind"), "run_paused");
    EXPECT_EQ(hook_.notices().front().text("run"), run.uid.hex());
    ASSERT_TRUE(world_->decide(run, "Shout", runtime::RunSession::Decision::kSkip));
    world_->ended(run.uid);
    world_.open(1);  // skipped, the step fails the run
    ASSERT_TRUE(tests::becomes([&] { return hook_.notices().size() == 3U; }));
    bool has_ended = false;
    for (const ReceivedNotice& told : hook_.notices()) {
        has_ended =
            has_ended || (told.text("kind") == "run_paused" && told.text("moment") == "ended");
    }
    EXPECT_TRUE(has_ended);
}

TEST_F(NotifierTest, TriesAgainLaterAndLaterInOrder) {
    add_webhook();
    hook_.answer(503);
    fail_a_run("First");
    world_.look();
    hook_.wait_for_requests(1);
    fail_a_run("Second");
    world_.open(2);
    ASSERT_TRUE(tests::becomes([this] {
        return world_->reader().notices().next_deliveries()->front().attempts == 1;
    }));
    EXPECT_EQ(hook_.requests(), 1);
    hook_.answer(200);
    advance(limits::kNoticeRetryFirst);
    world_.look();
    const auto told = hook_.wait_for(2);
    EXPECT_NE(told[0].text("message").find("It cannot"), std::string::npos);
    const auto notices = *world_->reader().notices().notices(store::NoticeFilter::kOpen, 10);
    EXPECT_EQ(told[0].text("id"), notices.back().uid.hex());
    EXPECT_EQ(told[1].text("id"), notices.front().uid.hex());
}

TEST_F(NotifierTest, GivesADeliveryUpAfterThreeDays) {
    add_webhook();
    hook_.answer(500);
    fail_a_run("First");
    world_.look();
    hook_.wait_for_requests(1);
    ASSERT_TRUE(tests::becomes([&] { return deliveries().front().attempts == 1; }));
    EXPECT_NE(deliveries().front().error.find("500"), std::string::npos);
    advance(limits::kNoticeDeliveryMax);
    world_.look();
    ASSERT_TRUE(tests::becomes([&] {
        return deliveries().front().state == model::DeliveryState::kGivenUp;
    }));
    advance(hours(2));
    world_.open(1);
    EXPECT_EQ(hook_.requests(), 2);
}

TEST_F(NotifierTest, TellsWhatAnEarlierProcessCouldNotDeliver) {
    add_webhook();
    hook_.answer(503);
    fail_a_run("First");
    world_.look();
    hook_.wait_for_requests(1);
    const std::string id = world_.open(1).front().uid.hex();
    world_.restart();
    hook_.answer(200);
    advance(hours(1));
    world_.open(1);
    EXPECT_EQ(hook_.wait_for(1).front().text("id"), id);
    world_.open(1);
    EXPECT_EQ(hook_.notices().size(), 1U);
}

TEST_F(NotifierTest, SendsMailThatFollowsUpOnItself) {
    SmtpServer smtp;
    runtime::ChannelPlan plan;
    plan.name = "mail";
    plan.kind = "mail";
    plan.settings = {
        {"host", "127.0.0.1"},
        {"port", smtp.port()},
        {"security", "none"},
        {"from", "tideway@contoso.com"},
        {"to", "ops@contoso.com"},
        {"allow_private_network", true}};
    world_.add(std::move(plan));
    fail_a_run("First");
    world_.look();
    const ReceivedMail begin_mail = smtp.wait_for(1).front();
    EXPECT_EQ(
        begin_mail.header("Subject"), "[Tideway test] The flow test/fails fails in a new way"
    );
    EXPECT_NE(begin_mail.body().find("It cannot be done"), std::string::npos);
    advance(limits::kFailureGroupQuiet);
    world_.look();
    const ReceivedMail end_mail = smtp.wait_for(2).back();
    EXPECT_EQ(end_mail.header("In-Reply-To"), begin_mail.header("Message-ID"));
    EXPECT_NE(end_mail.header("Message-ID"), begin_mail.header("Message-ID"));
}

TEST_F(NotifierTest, MissesTheEventsThatWereExpected) {
    add_webhook();
    world_.commit(store::PutEventExpectation{{flow(), 24, world_->clock().now()}});
    advance(hours(24));
    world_.look();
    EXPECT_EQ(hook_.wait_for(1).front().text("kind"), "no_event");
    fail_a_run("Something");
    world_.look();
    ASSERT_TRUE(tests::becomes([&] { return hook_.notices().size() == 3U; }));
}

TEST_F(NotifierTest, DoesNotCountTheTimeInWhichAFlowIsOff) {
    world_.commit(store::PutEventExpectation{{flow(), 24, world_->clock().now()}});
    ASSERT_TRUE(world_->catalog().set_state(flow(), model::FlowState::kOff, {}));
    advance(hours(100));
    world_.look();
    ASSERT_TRUE(tests::becomes([&] {
        const auto expected = *world_->reader().notices().expectations();
        return expected.front().since == world_->clock().now();
    }));
    ASSERT_TRUE(world_->catalog().set_state(flow(), model::FlowState::kOn, {}));
    advance(hours(23));
    world_.open(0);
    advance(hours(1));
    world_.open(1);
}

TEST(NotifierFlows, AreStartedOnceForEachMoment) {
    NotifierWorld world({{"fails", kFails}, {"on_notice", kOnNotice}});
    world->run("fails", R"({"code":"First"})");
    world.look();
    ASSERT_TRUE(tests::becomes([&] { return world->events("on_notice").size() == 1U; }));
    world->clock().advance(limits::kFailureGroupQuiet);
    world.look();
    ASSERT_TRUE(tests::becomes([&] { return world->events("on_notice").size() == 2U; }));
    const auto events = world->events("on_notice");
    EXPECT_EQ(events[0].source, "notice");
    EXPECT_TRUE(events[0].dedupe_key.ends_with(".opened"));
    EXPECT_TRUE(events[1].dedupe_key.ends_with(".ended"));
    const auto run = world->reader().run(events[1].run_id);
    EXPECT_EQ(
        world->ended((*run)->uid).output.view(), R"({"kind":"failure_group","moment":"ended"})"
    );
}

TEST(NotifierFlows, AreNotStartedByWhatTheyDoThemselves) {
    NotifierWorld world(
        {{"fails", kFails}, {"on_notice", kFailsOnNotice}, {"child_of_notice", kChildOfNotice}}
    );
    world->run("fails", R"({"code":"First"})");
    // The failure, and those of the notice's own run and its child, which start nothing more.
    world.open(3);
    world.open(3);
    EXPECT_EQ(world->events("on_notice").size(), 1U);
}

}  // namespace
}  // namespace tideway::testing
