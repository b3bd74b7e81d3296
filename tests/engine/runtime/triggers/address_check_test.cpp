// Which address a service calls that keeps one for all.
#include "engine/runtime/triggers/address_check.h"

#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using std::chrono::minutes;
using testing::RuntimeWorld;

const Timestamp kMorning = parse_utc("2030-03-01T08:30:00Z").value();
constexpr const char* kOurs = "https://contoso.example/flows/test/alarm/invoke?sig=1";
constexpr const char* kTheirs = "https://prod-7.logic.azure.example/workflows/a/invoke?sig=2";

constexpr const char* kFlow = R"(
return flow { title = "A", trigger = trigger.ledger_alarm {}, run = function() end })";

class AddressChecks : public ::testing::Test {
  protected:
    bool is_found(const std::string& url) {
        const auto status = world_.trigger_status("alarm");
        return status && status->registered && status->registered->url == url;
    }

    // What the check finds at the time that the clock shows.
    RegisteredAddress found(const std::string& url) {
        EXPECT_TRUE(world_.becomes([&] { return is_found(url); }));
        return *world_.trigger_status("alarm")->registered;
    }

    // What it finds at one of the next looks.
    RegisteredAddress found_later(const std::string& url) {
        world_.service().set_registered(url);
        EXPECT_TRUE(world_.becomes([&] {
            if (!is_found(url)) {
                world_.clock().advance(minutes(15));
                world_.look();
            }
            return is_found(url);
        }));
        return *world_.trigger_status("alarm")->registered;
    }

    RuntimeWorld world_{{{"alarm", kFlow}}, kMorning};
};

TEST_F(AddressChecks, LookEveryQuarterOfAnHourAtTheAddressThatIsRegistered) {
    EXPECT_FALSE(found("").is_ours);
    world_.service().set_registered(kOurs);
    world_.clock().advance(minutes(15));
    world_.look();
    EXPECT_TRUE(found(kOurs).is_ours);
}

TEST_F(AddressChecks, DoNotCallAnAddressLostThatWasNeverRegistered) {
    EXPECT_FALSE(found("").is_lost);
}

TEST_F(AddressChecks, TellThatAnotherAddressIsRegisteredAndKeepIt) {
    found("");
    const auto theirs = found_later(kTheirs);
    EXPECT_TRUE(theirs.is_lost);
    EXPECT_EQ(theirs.others, kTheirs);
    const auto ours = found_later(kOurs);
    EXPECT_FALSE(ours.is_lost);
    EXPECT_EQ(ours.others, kTheirs);
    world_.restart();
    EXPECT_EQ(found(kOurs).others, kTheirs);
}

TEST_F(AddressChecks, TellThatOursIsNotRegisteredAnyMore) {
    found_later(kOurs);
    const auto gone = found_later("");
    EXPECT_TRUE(gone.is_lost);
    EXPECT_TRUE(found_later("").is_lost);
}

TEST_F(AddressChecks, CallNothingLostWhereEventsComeByPolling) {
    EnvironmentSettings settings;
    settings.event_source = EventSource::kPolling;
    ASSERT_TRUE(world_.environment().set(settings));
    const auto theirs = found_later(kTheirs);
    EXPECT_FALSE(theirs.is_lost);
    EXPECT_EQ(theirs.others, kTheirs);
}

}  // namespace
}  // namespace tideway::runtime
