#include "engine/runtime/echo/echo_check.h"

#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/runtime/effect_key.h"
#include "tests/support/runtime_world.h"

namespace tideway::runtime {
namespace {

using model::EffectRecord;
using model::EffectState;
using Kind = EchoVerdict::Kind;

std::string hash_of(const Json& value) {
    const auto hashes =
        parse_json(field_hashes("/row", {{"row", {{"f", value}}}}).view(), "hashes");
    return hashes->at("f").get<std::string>();
}

EffectRecord wrote(std::int64_t id, const Json& fields, EffectState state = EffectState::kDone) {
    EffectRecord effect;
    effect.id = id;
    effect.run_id = 100 + id;
    effect.path = "Step " + std::to_string(id);
    effect.state = state;
    effect.version = "v" + std::to_string(id);
    effect.fields = field_hashes("/row", {{"row", fields}});
    return effect;
}

RecordChange changed(const Json& fields) {
    RecordChange change;
    for (const auto& [name, value] : fields.items()) {
        change.fields.emplace(name, hash_of(value));
    }
    return change;
}

TEST(Echo, IsAChangeWhoseFieldsAllHoldWhatWeWroteLast) {
    const auto verdict = judge(
        changed({{"name", "Contoso"}, {"value", 5}}),
        {wrote(1, {{"name", "Contoso"}, {"value", 5}})}
    );
    EXPECT_EQ(verdict.kind, Kind::kEcho);
    EXPECT_EQ(verdict.run, 101);
    EXPECT_EQ(verdict.path, "Step 1");
}

TEST(Echo, IsNoChangeThatHasAFieldOfSomebodyElse) {
    const std::vector<EffectRecord> effects{wrote(1, {{"name", "Contoso"}})};
    EXPECT_EQ(judge(changed({{"name", "Contoso"}, {"stage", 2}}), effects).kind, Kind::kGenuine);
    EXPECT_EQ(judge(changed({{"name", "Fabrikam"}}), effects).kind, Kind::kGenuine);
    EXPECT_EQ(judge(changed(Json::object()), effects).kind, Kind::kGenuine);
}

TEST(Echo, ComparesWithTheLastOfOurWritesOnly) {
    const std::vector<EffectRecord> effects{wrote(2, {{"value", 6}}), wrote(1, {{"value", 5}})};
    EXPECT_EQ(judge(changed({{"value", 5}}), effects).kind, Kind::kGenuine)
        << "somebody has set it back";
    EXPECT_EQ(judge(changed({{"value", 6}}), effects).run, 102);
}

TEST(Echo, IsKnownByTheVersionThatOurWriteLedTo) {
    RecordChange change = changed({{"stage", 2}});
    change.version = "v1";
    EXPECT_EQ(judge(change, {wrote(2, {}), wrote(1, {{"name", "x"}})}).run, 101);
}

TEST(Echo, IsUndecidedWhileAnEffectOnTheRecordIsOpen) {
    EXPECT_EQ(
        judge(changed({{"value", 5}}), {wrote(1, {{"value", 5}}, EffectState::kOpen)}).kind,
        Kind::kUndecided
    );
}

TEST(Echo, IsNotBuiltOnAnEffectThatMayNotHaveHappened) {
    const std::vector<EffectRecord> parked{
        wrote(2, {{"value", 6}}, EffectState::kParked), wrote(1, {{"value", 5}})};
    EXPECT_EQ(judge(changed({{"value", 5}}), parked).kind, Kind::kGenuine);
    const std::vector<EffectRecord> failed{
        wrote(2, {{"value", 6}}, EffectState::kFailed), wrote(1, {{"value", 5}})};
    EXPECT_EQ(judge(changed({{"value", 5}}), failed).kind, Kind::kEcho);
}

TEST(Echo, TakesFormattingForNoChange) {
    EXPECT_EQ(hash_of(1000), hash_of(1000.0));
    EXPECT_EQ(hash_of("one\r\ntwo"), hash_of("one\ntwo"));
    EXPECT_NE(hash_of("1000"), hash_of(1000));
    EXPECT_NE(hash_of(1000.5), hash_of(1000));
}

class ReadChange : public ::testing::Test {
  protected:
    ReadChange() {
        trigger_.object = "/table";
        trigger_.record_id = "/id";
        trigger_.version = "/row/etag";
        trigger_.fields = "/row";
        trigger_.watched = "columns";
    }

    model::TriggerSpec trigger_;
    Json event_ = {{"table", "lead"}, {"id", "7"}, {"row", {{"etag", "W/1"}, {"a", 1}, {"b", 2}}}};
};

TEST_F(ReadChange, FindsTheRecordAndTheFieldsThatTheFlowWatches) {
    const auto change = read_change(trigger_, "crm", {{"columns", {"a"}}}, event_);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->connection, "crm");
    EXPECT_EQ(change->object, "lead");
    EXPECT_EQ(change->record_id, "7");
    EXPECT_EQ(change->version, "W/1");
    EXPECT_EQ(change->fields, (std::map<std::string, std::string>{{"a", hash_of(1)}}));
}

TEST_F(ReadChange, HasNoFieldsWhenAWatchedOneIsMissing) {
    const auto change = read_change(trigger_, "crm", {{"columns", {"a", "gone"}}}, event_);
    ASSERT_TRUE(change);
    EXPECT_TRUE(change->fields.empty()) << "a field that was emptied may be left out";
}

TEST_F(ReadChange, IsLeftOutWhereTheFlowWantsItsOwnChanges) {
    EXPECT_FALSE(read_change(trigger_, "crm", {{"own_changes", "run"}}, event_));
}

TEST_F(ReadChange, IsLeftOutWhereTheEventDoesNotNameTheRecord) {
    trigger_.record_id.clear();
    EXPECT_FALSE(read_change(trigger_, "crm", Json::object(), event_));
}

}  // namespace
}  // namespace tideway::runtime

namespace tideway::testing {
namespace {

constexpr const char* kWrite = R"(
local ledger = connection "ledger"
return flow { title = "Write", trigger = trigger.manual {},
  run = function(event) return ledger.set("Write it", { name = "deal", value = { amount = 5 } }) end })";

runtime::RecordChange deal(const Json& amount) {
    runtime::RecordChange change;
    change.connection = "ledger";
    change.object = "entry";
    change.record_id = "deal";
    const auto hashes =
        parse_json(runtime::field_hashes("/row", {{"row", {{"amount", amount}}}}).view(), "hashes");
    change.fields.emplace("amount", hashes->at("amount").get<std::string>());
    return change;
}

WorldOptions with_connection(double speed) {
    WorldOptions options;
    options.speed = speed;
    return options;
}

TEST(EchoAdmission, DropsAnEchoAndKeepsItInTheEventHistoryWithItsWriter) {
    RuntimeWorld world({{"write", kWrite}}, with_connection(1.0));
    const auto run = world.run("write");
    const auto admitted = world.admit_change("write", deal(5.0));
    ASSERT_TRUE(admitted);
    EXPECT_EQ(admitted->status, model::EventStatus::kDropped);
    EXPECT_TRUE(admitted->runs.empty());
    const auto events = world.events("write");
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().status, model::EventStatus::kDropped);
    EXPECT_EQ(events.back().reason, "echo: written by run " + run.uid.hex() + ", step Write it");
}

TEST(EchoAdmission, LetsSomebodyElsesChangeStartARun) {
    RuntimeWorld world({{"write", kWrite}}, with_connection(1.0));
    world.run("write");
    const auto admitted = world.admit_change("write", deal(6));
    ASSERT_TRUE(admitted);
    EXPECT_EQ(admitted->status, model::EventStatus::kAccepted);
    EXPECT_EQ(admitted->runs.size(), 1U);
}

TEST(EchoAdmission, WaitsForAnOpenEffectButNotLongerThanTheLimit) {
    RuntimeWorld world({{"write", kWrite}}, with_connection(200.0));
    world.service().always(Treatment::kDown);
    const auto writing = world.admit("write");
    ASSERT_TRUE(writing);
    world.when(writing->runs.front(), [](const model::RunRecord& run) {
        return run.status == model::Status::kWaiting;
    });
    const Timestamp asked = world.clock().now();
    const auto admitted = world.admit_change("write", deal(5));
    ASSERT_TRUE(admitted);
    EXPECT_EQ(admitted->status, model::EventStatus::kAccepted);
    EXPECT_GE(world.clock().now() - asked, limits::kEchoWait);
}

TEST(EchoAdmission, TakesAChangeForAnEchoWhenTheOpenEffectSettlesAsOne) {
    RuntimeWorld world({{"write", kWrite}}, with_connection(20.0));
    world.service().plan("/set", {Treatment::kBusy});
    const auto writing = world.admit("write");
    ASSERT_TRUE(writing);
    ASSERT_TRUE(world.becomes([&] {
        const auto open = world.reader().effects_on("ledger", "entry", "deal", 1);
        return open && !open->empty();
    }));
    const auto admitted = world.admit_change("write", deal(5));
    ASSERT_TRUE(admitted);
    EXPECT_EQ(admitted->status, model::EventStatus::kDropped);
}

}  // namespace
}  // namespace tideway::testing
