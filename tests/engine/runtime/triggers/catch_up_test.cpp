// What no webhook has brought is found, and what one has brought is not found again.
#include "engine/runtime/triggers/poll_plan.h"
#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using model::EventOrigin;
using model::EventStatus;
using std::chrono::minutes;
using testing::RuntimeWorld;

const Timestamp kMorning = parse_utc("2030-03-01T08:30:00Z").value();

constexpr const char* kFlow = R"(
return flow { title = "A", trigger = trigger.ledger_alarm {},
  run = function(event) return event.entry end })";

class CatchUp : public ::testing::Test {
  protected:
    CatchUp() { EXPECT_TRUE(has_looked()); }

    bool has_looked() {
        return world_.becomes([&] {
            const auto status = world_.trigger_status("alarm");
            return status && status->last == world_.clock().now() && cursor() == entries_ &&
                   status->next && *status->next > world_.clock().now();
        });
    }

    bool looks_after(Duration pause) {
        world_.clock().advance(pause);
        world_.look();
        return has_looked();
    }

    // The service knows of it, whoever is told.
    void happen(const std::string& entry) {
        world_.service().add_entry(entry);
        ++entries_;
    }

    // As a call of the service brings it.
    Admitted bring(const std::string& entry) {
        Delivery delivery;
        delivery.flow = *world_.catalog().flow("alarm");
        delivery.source = "ledger.alarm";
        delivery.event = to_payload(Json{{"entry", entry}});
        delivery.name = {entry, "1", {}};
        std::promise<Result<Admitted>> promise;
        world_.runtime().admit(std::move(delivery), [&promise](Result<Admitted> admitted) {
            promise.set_value(std::move(admitted));
        });
        const auto admitted = promise.get_future().get();
        EXPECT_TRUE(admitted);
        return admitted ? *admitted : Admitted();
    }

    std::vector<std::string> found(EventOrigin origin) {
        std::vector<std::string> out;
        for (const model::EventRecord& event : world_.events("alarm")) {
            if (event.origin == origin && event.status == EventStatus::kAccepted) {
                out.push_back(string_or(Json::parse(event.payload.view()), "entry"));
            }
        }
        return out;
    }

    void set_source(EventSource source) {
        EnvironmentSettings settings = world_.environment().settings();
        settings.event_source = source;
        ASSERT_TRUE(world_.environment().set(settings));
    }

    int cursor() {
        const auto state = world_.reader().trigger_state(world_.catalog().flow("alarm")->row.id);
        if (!state || !*state || (*state)->cursor.empty()) {
            return -1;
        }
        return Json::parse((*state)->cursor.view())["cursor"].get<int>();
    }

    int entries_ = 0;
    RuntimeWorld world_{{{"alarm", kFlow}}, kMorning};
};

using Texts = std::vector<std::string>;

TEST_F(CatchUp, FindsEveryTenMinutesWhatNothingHasBrought) {
    happen("lost");
    world_.clock().advance(minutes(9));
    world_.look();
    EXPECT_TRUE(found(EventOrigin::kCatchUp).empty());
    ASSERT_TRUE(looks_after(minutes(1)));
    EXPECT_EQ(found(EventOrigin::kCatchUp), Texts{"lost"});
    const auto events = world_.events("alarm");
    EXPECT_EQ(events.front().source, "ledger.alarm");
    const auto run = world_.reader().run(events.front().run_id);
    ASSERT_TRUE(run && *run);
    EXPECT_EQ(world_.ended((*run)->uid).output.view(), "\"lost\"");
}

TEST_F(CatchUp, FindsAtTheStartWhatWasMissedWhileTheServerWasDown) {
    world_.restart([this] { happen("while down"); });
    ASSERT_TRUE(has_looked());
    EXPECT_EQ(found(EventOrigin::kCatchUp), Texts{"while down"});
}

TEST_F(CatchUp, LeavesNothingOfWhatACallHasBrought) {
    happen("brought");
    EXPECT_EQ(bring("brought").status, EventStatus::kAccepted);
    ASSERT_TRUE(looks_after(minutes(10)));
    EXPECT_EQ(world_.events("alarm").size(), 1U);
}

TEST_F(CatchUp, TakesACallThatComesLateForADuplicate) {
    happen("late");
    ASSERT_TRUE(looks_after(minutes(10)));
    const Admitted late = bring("late");
    EXPECT_EQ(late.status, EventStatus::kDuplicate);
    EXPECT_EQ(late.runs.size(), 1U);
    EXPECT_EQ(world_.events("alarm").back().reason, "This change was found before.");
    EXPECT_EQ(found(EventOrigin::kBrought), Texts{});
}

TEST_F(CatchUp, TakesEachCallOfOneChangeAsBefore) {
    EXPECT_EQ(bring("twice").status, EventStatus::kAccepted);
    EXPECT_EQ(bring("twice").status, EventStatus::kAccepted);
}

TEST_F(CatchUp, AsksAsOftenAsAPollWouldWhereNothingCanReachTheServer) {
    set_source(EventSource::kPolling);
    happen("polled");
    ASSERT_TRUE(looks_after(minutes(1)));
    EXPECT_EQ(found(EventOrigin::kPolled), Texts{"polled"});
}

TEST_F(CatchUp, EndsTheSubscriptionWhereEventsComeByPollingAndMakesItAgain) {
    ASSERT_TRUE(world_.becomes([&] { return world_.service().done().size() == 1; }));
    set_source(EventSource::kPolling);
    ASSERT_TRUE(world_.becomes([&] { return world_.service().done().size() == 2; }));
    EXPECT_EQ(world_.service().done().back(), R"(unsubscribe {"id":"s1"})");
    set_source(EventSource::kWebhook);
    ASSERT_TRUE(world_.becomes([&] { return world_.service().done().size() == 3; }));
    EXPECT_TRUE(world_.service().done().back().starts_with("subscribe "));
}

TEST_F(CatchUp, LosesNothingBetweenTheTwoWays) {
    happen("before");
    set_source(EventSource::kPolling);
    ASSERT_TRUE(looks_after(minutes(1)));
    happen("between");
    set_source(EventSource::kWebhook);
    ASSERT_TRUE(looks_after(minutes(10)));
    EXPECT_EQ(world_.events("alarm").size(), 2U);
}

TEST_F(CatchUp, KeepsTheSettingOverARestart) {
    set_source(EventSource::kPolling);
    world_.restart();
    EXPECT_EQ(world_.environment().settings().event_source, EventSource::kPolling);
}

}  // namespace
}  // namespace tideway::runtime
