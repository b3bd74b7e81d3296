#include "tests/conformance/store_conformance.h"

namespace tideway::tests {
namespace {

using store::BindReference;
using store::PutConnection;
using store::PutFlow;
using store::PutToken;
using store::PutTriggerState;
using store::PutVariable;
using store::PutVersion;
using store::SetFlowState;
using store::SetMeta;

model::FlowVersion sample_version(const std::string& text) {
    model::FlowVersion version;
    version.pack = "co_sell_dynamics365";
    version.pack_version = "1.0.0";
    version.flow = "partner_center_to_dynamics365";
    version.files = {
        {"partner_center_to_dynamics365.lua", text},
        {"lib/mapping.lua", "return {}"},
        {"odd.bin", std::string("\xff\x00\xfe", 3)},
    };
    version.spec_hashes = {{"dataverse", "d1"}, {"partner_center", "p1"}};
    version.created = at_second(1);
    version.hash = model::content_hash(version);
    return version;
}

TEST_P(StoreConformance, KeepsAFlowByPackAndName) {
    const store::Outcome made = done(PutFlow{"pack", "flow", "A flow", 0});
    done(PutFlow{"other", "flow", "Another", 0});
    const model::FlowVersion version = sample_version("return flow {}");
    const store::VersionId version_id = done(PutVersion{version}).id;
    EXPECT_EQ(done(PutFlow{"pack", "flow", "A flow", version_id}).id, made.id);
    EXPECT_EQ(done(PutFlow{"pack", "flow", "Renamed", 0}).id, made.id);
    done(SetFlowState{made.id, model::FlowState::kSuspended, "too many failures"});

    const auto flows = reader().flows();
    ASSERT_TRUE(flows);
    ASSERT_EQ(flows->size(), 2U);
    EXPECT_EQ(flows->at(0).pack, "other");
    EXPECT_EQ(flows->at(0).state, model::FlowState::kOff);
    EXPECT_EQ(flows->at(0).published, 0);
    EXPECT_EQ(flows->at(1).title, "Renamed");
    EXPECT_EQ(flows->at(1).published, version_id);
    EXPECT_EQ(flows->at(1).version_hash, version.hash);
    EXPECT_EQ(flows->at(1).state, model::FlowState::kSuspended);
    EXPECT_EQ(flows->at(1).state_reason, "too many failures");
}

TEST_P(StoreConformance, RefusesTheStateOfAFlowThatIsNotThere) {
    EXPECT_EQ(code_of(apply(SetFlowState{99, model::FlowState::kOn, ""})), "FlowNotFound");
}

TEST_P(StoreConformance, StoresAVersionOncePerContent) {
    const model::FlowVersion version = sample_version("return flow {}");
    const store::VersionId id = done(PutVersion{version}).id;
    EXPECT_EQ(done(PutVersion{version}).id, id);
    EXPECT_NE(done(PutVersion{sample_version("return 2")}).id, id);

    const auto stored = reader().version(id);
    ASSERT_TRUE(stored && *stored);
    EXPECT_EQ((*stored)->files, version.files);
    EXPECT_EQ((*stored)->spec_hashes, version.spec_hashes);
    EXPECT_EQ(model::content_hash(**stored), version.hash);
    EXPECT_EQ((*stored)->pack_version, "1.0.0");
    EXPECT_FALSE(*reader().version(id + 1000));
    EXPECT_EQ(code_of(apply(PutVersion{})), "VersionHashMissing");
}

TEST_P(StoreConformance, RemembersTheStateOfATrigger) {
    store::TriggerState state;
    state.flow_id = 5;
    state.primary_key = "sig0";
    state.secondary_key = "sig2";
    done(PutTriggerState{state});
    state.primary_key = "sig1";
    state.subscription = Payload(R"({"id":"s"})");
    state.subscribed_url = "https://contoso.example/flows/a";
    state.renew_at = at_second(7);
    done(PutTriggerState{state});
    const auto stored = reader().trigger_state(5);
    ASSERT_TRUE(stored && *stored);
    EXPECT_EQ((*stored)->primary_key, "sig1");
    EXPECT_EQ((*stored)->secondary_key, "sig2");
    EXPECT_EQ((*stored)->subscription.view(), R"({"id":"s"})");
    EXPECT_EQ((*stored)->subscribed_url, "https://contoso.example/flows/a");
    EXPECT_EQ((*stored)->renew_at, at_second(7));
    EXPECT_FALSE(*reader().trigger_state(6));
}

TEST_P(StoreConformance, ReplacesAndDeletesAConnection) {
    model::ConnectionRecord record;
    record.name = "dynamics365";
    record.connector = "dataverse";
    record.settings = Payload(R"({"base_url":"https://contoso.crm.dynamics.com"})");
    record.sealed = std::string("\x00\xff\x01", 3);
    record.owner = "ada";
    record.grant = "client_credentials";
    record.refresh_expires = at_second(10);
    record.created = at_second(1);
    record.updated = at_second(1);
    done(PutConnection{record});
    record.status = "Broken";
    record.status_reason = "401";
    record.refresh_expires.reset();
    done(PutConnection{record});

    const auto stored = reader().connections();
    ASSERT_TRUE(stored);
    ASSERT_EQ(stored->size(), 1U);
    EXPECT_EQ(stored->front().sealed, record.sealed);
    EXPECT_EQ(stored->front().settings, record.settings);
    EXPECT_EQ(stored->front().connector, "dataverse");
    EXPECT_EQ(stored->front().owner, "ada");
    EXPECT_EQ(stored->front().grant, "client_credentials");
    EXPECT_EQ(stored->front().status, "Broken");
    EXPECT_EQ(stored->front().status_reason, "401");
    EXPECT_FALSE(stored->front().refresh_expires);
    done(store::DeleteConnection{"dynamics365"});
    EXPECT_TRUE(reader().connections()->empty());
    EXPECT_EQ(code_of(apply(store::DeleteConnection{"dynamics365"})), "ConnectionNotFound");
}

TEST_P(StoreConformance, KeepsTheHealthOfAConnectionApartFromItsSettings) {
    model::ConnectionRecord record;
    record.name = "dynamics365";
    record.connector = "dataverse";
    record.settings = Payload("{}");
    done(PutConnection{record});
    model::ConnectionHealthRecord health;
    health.connection = "dynamics365";
    health.outage = model::Outage{at_second(7), "Down for maintenance."};
    health.use = {std::chrono::floor<std::chrono::days>(at_second(7)), 12, 3};
    done(store::PutConnectionHealth{health});
    done(PutConnection{record});

    const auto stored = reader().connection_health();
    ASSERT_TRUE(stored);
    ASSERT_EQ(stored->size(), 1U);
    ASSERT_TRUE(stored->front().outage);
    EXPECT_EQ(stored->front().outage->since, at_second(7));
    EXPECT_EQ(stored->front().outage->reason, "Down for maintenance.");
    EXPECT_EQ(stored->front().use.day, health.use.day);
    EXPECT_EQ(stored->front().use.requests, 12);
    EXPECT_EQ(stored->front().use.throttled, 3);

    health.outage.reset();
    done(store::PutConnectionHealth{health});
    EXPECT_FALSE(reader().connection_health()->front().outage);
    done(store::DeleteConnection{"dynamics365"});
    EXPECT_TRUE(reader().connection_health()->empty());
}

TEST_P(StoreConformance, KeepsReferencesVariablesAndSettings) {
    done(BindReference{"pack", "crm", "first"});
    done(BindReference{"pack", "crm", "second"});
    ASSERT_EQ(reader().references()->size(), 1U);
    EXPECT_EQ(reader().references()->front().connection, "second");
    done(PutVariable{{"pack", "limit", "Number", Payload("1"), "how many"}});
    done(PutVariable{{"pack", "limit", "Number", Payload("2"), "how many"}});
    ASSERT_EQ(reader().variables()->size(), 1U);
    EXPECT_EQ(reader().variables()->front().value.view(), "2");
    EXPECT_EQ(reader().variables()->front().description, "how many");
    done(SetMeta{"mode", "staging"});
    done(SetMeta{"mode", "production"});
    EXPECT_EQ(*reader().meta("mode"), "production");
    EXPECT_FALSE(*reader().meta("nothing"));
    EXPECT_EQ(
        code_of(apply(store::AddAudit{at_second(1), "ada", "flows.on", "pack/flow", {}, {}})), ""
    );
}

TEST_P(StoreConformance, KeepsTokensByPerson) {
    done(PutToken{{"ada", "admin", "h1", at_second(10), at_second(1)}});
    done(PutToken{{"bob", "viewer", "h2", std::nullopt, at_second(1)}});
    const auto tokens = reader().tokens();
    ASSERT_TRUE(tokens);
    ASSERT_EQ(tokens->size(), 2U);
    EXPECT_EQ(tokens->at(0).role, "admin");
    EXPECT_EQ(tokens->at(0).hash, "h1");
    EXPECT_EQ(tokens->at(0).expires, at_second(10));
    EXPECT_FALSE(tokens->at(1).expires);
    EXPECT_TRUE(tokens->at(1).flows.empty());
    EXPECT_FALSE(tokens->at(1).sees_contents);
    done(PutToken{{"bob", "run-only", "h2", {}, at_second(1), Payload(R"(["pack/order"])"), true}});
    EXPECT_EQ(reader().tokens()->at(1).flows.view(), R"(["pack/order"])");
    EXPECT_TRUE(reader().tokens()->at(1).sees_contents);
    done(store::DeleteToken{"ada"});
    EXPECT_EQ(reader().tokens()->size(), 1U);
    EXPECT_EQ(code_of(apply(store::DeleteToken{"ada"})), "TokenNotFound");
}

}  // namespace
}  // namespace tideway::tests
