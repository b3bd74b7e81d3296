#include "engine/runtime/environment/environment.h"

#include <gtest/gtest.h>

#include "tests/support/store_calls.h"
#include "tests/support/temp_folder.h"

namespace tideway::runtime {
namespace {

Result<EnvironmentSettings> changed(const char* json) {
    return changed_settings(EnvironmentSettings(), Json::parse(json));
}

std::string refusal(const char* json) {
    const auto settings = changed(json);
    EXPECT_FALSE(settings);
    EXPECT_EQ(settings.error().code, "InvalidEnvironmentSetting");
    return settings ? "" : settings.error().message;
}

TEST(EnvironmentSettings, ChangeWhatIsNamedAndKeepTheRest) {
    const auto settings = changed(R"({"event_source":"polling","brake":{"creates_per_hour":5}})");
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->event_source, EventSource::kPolling);
    EXPECT_EQ(settings->brake.creates_per_hour, 5);
    EXPECT_EQ(settings->brake.changed_percent, limits::kBrakeChangedPercent);
    EXPECT_TRUE(settings->brake.is_on);
}

TEST(EnvironmentSettings, ReadBackWhatTheySay) {
    EnvironmentSettings settings;
    settings.mode = Mode::kObserve;
    settings.event_source = EventSource::kPolling;
    settings.brake = {false, 7, 50};
    const auto read = changed_settings({}, to_json(settings));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, settings);
}

TEST(EnvironmentSettings, LetServicesBeAskedWhileItObservesWhateverTheSource) {
    const auto settings = changed(R"({"mode":"observe"})");
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->event_source, EventSource::kWebhook);
    EXPECT_EQ(settings->events_come_by(), EventSource::kPolling);
    EXPECT_EQ(EnvironmentSettings().events_come_by(), EventSource::kWebhook);
}

TEST(EnvironmentSettings, RefuseWhatTheyDoNotKnow) {
    EXPECT_EQ(refusal(R"({"event_source":"pigeon"})"), "The event source is \"pigeon\".");
    EXPECT_EQ(refusal(R"({"mode":"asleep"})"), "The mode is \"asleep\".");
    EXPECT_EQ(refusal(R"({"event_source":7})"), "The event source is 7.");
    EXPECT_EQ(refusal(R"({"colour":"blue"})"), "The environment has no setting 'colour'.");
    EXPECT_EQ(refusal(R"({"brake":5})"), "The setting 'brake' is no object.");
    EXPECT_EQ(
        refusal(R"({"brake":{"creates_per_hour":0}})"), "The brake's 'creates_per_hour' is 0."
    );
    EXPECT_EQ(
        refusal(R"({"brake":{"changed_percent":101}})"), "The brake's 'changed_percent' is 101."
    );
}

TEST(Environment, KeepsItsSettingsInTheStore) {
    tests::TempFolder folder;
    const auto store = store::open_sqlite({.path = folder.file("test.db")});
    ASSERT_TRUE(store);
    Environment first(**store);
    ASSERT_TRUE(first.load());
    EXPECT_EQ(first.settings(), EnvironmentSettings());
    EnvironmentSettings settings;
    settings.event_source = EventSource::kPolling;
    ASSERT_TRUE(first.set(settings));
    Environment second(**store);
    ASSERT_TRUE(second.load());
    EXPECT_EQ(second.settings(), settings);
}

}  // namespace
}  // namespace tideway::runtime
