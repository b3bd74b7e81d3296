#include "engine/runtime/triggers/subscription_trigger.h"

#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using std::chrono::hours;
using testing::RuntimeWorld;
using testing::Treatment;

const Timestamp kMorning = parse_utc("2030-03-01T08:00:00Z").value();

constexpr const char* kFlow =
    "return flow { title = 'W', trigger = trigger.ledger_watch {}, run = function() end }";

// What was asked of the service, in order: "subscribe" with what it replaces, "unsubscribe".
std::vector<std::string> asked(RuntimeWorld& world) {
    std::vector<std::string> out;
    for (const std::string& done : world.service().done()) {
        const auto space = done.find(' ');
        const Json body = Json::parse(done.substr(space));
        const std::string word = done.substr(0, space);
        out.push_back(word + " " + string_or(body, word == "subscribe" ? "replaces" : "id"));
    }
    return out;
}

Json last_request(RuntimeWorld& world) {
    const std::string done = world.service().done().back();
    return Json::parse(done.substr(done.find(' ')));
}

std::string last_url(RuntimeWorld& world) {
    return string_or(last_request(world), "url");
}

bool was_renewal(RuntimeWorld& world) {
    return bool_or(last_request(world), "renews", false);
}

bool has_asked(RuntimeWorld& world, std::size_t times) {
    return world.becomes([&] {
        const auto status = world.trigger_status("watcher");
        return world.service().done().size() >= times && status && status->last;
    });
}

using Texts = std::vector<std::string>;

TEST(SubscriptionTrigger, SubscribesAFlowThatIsOnAndNotTwice) {
    RuntimeWorld world({{"watcher", kFlow}}, kMorning);
    ASSERT_TRUE(has_asked(world, 1));
    EXPECT_TRUE(last_url(world).starts_with("https://contoso.example/flows/test/watcher/invoke?"));
    world.restart();
    ASSERT_TRUE(world.becomes([&] {
        const auto status = world.trigger_status("watcher");
        return status && status->last;
    }));
    EXPECT_EQ(asked(world), Texts{"subscribe "});
}

TEST(SubscriptionTrigger, RenewsBeforeTheEnd) {
    RuntimeWorld world({}, kMorning);
    world.service().let_subscriptions_expire("2030-03-04T08:00:00Z");
    world.edit("watcher", kFlow);
    ASSERT_TRUE(has_asked(world, 1));
    // A quarter of three days before the end, which is less than a day.
    ASSERT_TRUE(world.becomes([&] {
        return world.trigger_status("watcher")->next == kMorning + hours(54);
    }));
    world.service().let_subscriptions_expire("2030-06-04T08:00:00Z");
    world.clock().set(kMorning + hours(54));
    world.look();
    ASSERT_TRUE(has_asked(world, 2));
    EXPECT_EQ(asked(world), (Texts{"subscribe ", "subscribe s1"}));
    EXPECT_TRUE(was_renewal(world));
    // A day before the end.
    ASSERT_TRUE(world.becomes([&] {
        return world.trigger_status("watcher")->next == parse_utc("2030-06-03T08:00:00Z").value();
    }));
}

TEST(SubscriptionTrigger, TriesARenewalAgainAndShowsItsFailure) {
    RuntimeWorld world({}, kMorning);
    world.service().let_subscriptions_expire("2030-03-04T08:00:00Z");
    world.edit("watcher", kFlow);
    ASSERT_TRUE(has_asked(world, 1));
    world.service().plan("/subscribe", {Treatment::kRefuse});
    world.clock().set(kMorning + hours(54));
    world.look();
    ASSERT_TRUE(world.becomes([&] { return world.trigger_status("watcher")->failures == 1; }));
    EXPECT_EQ(world.trigger_status("watcher")->error->message, "The ledger says no.");
    world.clock().advance(std::chrono::seconds(30));
    world.look();
    ASSERT_TRUE(has_asked(world, 2));
    EXPECT_TRUE(world.becomes([&] { return world.trigger_status("watcher")->failures == 0; }));
}

TEST(SubscriptionTrigger, SubscribesAgainWhenItsTableChanges) {
    RuntimeWorld world({{"watcher", kFlow}}, kMorning);
    ASSERT_TRUE(has_asked(world, 1));
    const std::string flow = kFlow;
    world.edit("watcher", flow + " -- the same trigger");
    ASSERT_TRUE(world.becomes([&] { return world.trigger_status("watcher")->last.has_value(); }));
    std::string other = flow;
    other.replace(other.find("{}"), 2, "{ what = 'invoices' }");
    world.edit("watcher", other);
    ASSERT_TRUE(has_asked(world, 2));
    EXPECT_EQ(asked(world), (Texts{"subscribe ", "subscribe s1"}));
    EXPECT_FALSE(was_renewal(world));
}

TEST(SubscriptionTrigger, TellsTheServiceANewPublicAddress) {
    RuntimeWorld world({{"watcher", kFlow}}, kMorning);
    ASSERT_TRUE(has_asked(world, 1));
    world.set_public_url("https://fabrikam.example");
    world.restart();
    ASSERT_TRUE(has_asked(world, 2));
    EXPECT_EQ(asked(world), (Texts{"subscribe ", "subscribe s1"}));
    EXPECT_TRUE(last_url(world).starts_with("https://fabrikam.example/"));
    EXPECT_FALSE(was_renewal(world));
}

TEST(SubscriptionTrigger, TellsTheServiceANewKey) {
    RuntimeWorld world({{"watcher", kFlow}}, kMorning);
    ASSERT_TRUE(has_asked(world, 1));
    const std::string before = last_url(world);
    const FlowEntry flow = *world.catalog().flow("watcher");
    ASSERT_TRUE(world.activation().rotate_key_blocking(flow, SigningKey::kSecondary));
    EXPECT_EQ(world.service().done().size(), 1U);  // its address is signed with the other key
    ASSERT_TRUE(world.activation().rotate_key_blocking(flow, SigningKey::kPrimary));
    EXPECT_EQ(asked(world), (Texts{"subscribe ", "subscribe s1"}));
    EXPECT_NE(last_url(world), before);
    EXPECT_EQ(last_url(world), world.activation().address_blocking(flow)->url);
}

TEST(SubscriptionTrigger, SaysWhenTheServiceCouldNotBeToldANewKey) {
    RuntimeWorld world({{"watcher", kFlow}}, kMorning);
    ASSERT_TRUE(has_asked(world, 1));
    const std::string before = last_url(world);
    const FlowEntry flow = *world.catalog().flow("watcher");
    world.service().plan("/subscribe", {Treatment::kRefuse});
    const auto rotation = world.activation().rotate_key_blocking(flow, SigningKey::kPrimary);
    ASSERT_TRUE(rotation) << rotation.error().text();
    EXPECT_TRUE(rotation->is_subscribed);
    ASSERT_TRUE(rotation->not_told);
    EXPECT_EQ(rotation->not_told->message, "The ledger says no.");
    EXPECT_NE(world.activation().address_blocking(flow)->url, before);
    ASSERT_TRUE(world.activation().turn_on_blocking(flow));
    EXPECT_EQ(last_url(world), world.activation().address_blocking(flow)->url);
}

TEST(SubscriptionTrigger, UnsubscribesWhenTheFlowIsTurnedOff) {
    RuntimeWorld world({{"watcher", kFlow}}, kMorning);
    ASSERT_TRUE(has_asked(world, 1));
    ASSERT_TRUE(world.activation().turn_off_blocking(*world.catalog().flow("watcher")));
    EXPECT_EQ(asked(world), (Texts{"subscribe ", "unsubscribe s1"}));
    world.restart();
    // Off, it is not subscribed again.
    EXPECT_EQ(world.service().done().size(), 2U);
}

TEST(SubscriptionTrigger, EndsWhatAnEarlierTriggerOfTheFlowSubscribed) {
    RuntimeWorld world({{"watcher", kFlow}}, kMorning);
    ASSERT_TRUE(has_asked(world, 1));
    world.edit(
        "watcher", "return flow { title = 'W', trigger = trigger.manual {}, run = function() end }"
    );
    ASSERT_TRUE(world.activation().turn_off_blocking(*world.catalog().flow("watcher")));
    EXPECT_EQ(asked(world), (Texts{"subscribe ", "unsubscribe s1"}));
}

}  // namespace
}  // namespace tideway::runtime
