// The connector against the sandbox: what one sends, the other understands.
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "connectors/partner_center/partner_center_connector.h"
#include "connectors/partner_center/sandbox.h"
#include "engine/base/uid.h"
#include "engine/http/url.h"
#include "tests/support/connector_call.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_responder.h"

namespace tideway::connectors::partner_center {
namespace {

using test::Conversation;

constexpr const char* kReferralsUrl = "http://127.0.0.1:7001";
constexpr const char* kWebhooksUrl = "http://localhost:7001";

class PartnerCenterWithSandbox : public ::testing::Test {
  protected:
    PartnerCenterWithSandbox() {
        identity_.put_user({"kai@contoso.example", "tide", "admin"});
        identity_.put_app({"sync-app", "s3cret", "admin"});
        SandboxOptions options;
        options.page_size = 2;
        options.updates_per_create = 0;
        sandbox_ = std::make_unique<Sandbox>(loop_, client_, identity_, clock_, options);
        sandbox_->set_base_url(kReferralsUrl, kWebhooksUrl);
    }

    http::Response serve(const connector::Send& send) {
        const auto url = http::parse_url(send.request.url).value();
        http::Headers headers = send.request.headers;
        headers.set("Content-Length", std::to_string(send.request.body.size()));
        if (!send.audience.empty()) {
            const char* audience = send.audience == "webhooks" ? kWebhooksUrl : kReferralsUrl;
            headers.set(
                "Authorization",
                "Bearer " + identity_.issue(
                                {"contoso",
                                 "sync-app",
                                 "kai@contoso.example",
                                 "admin",
                                 audience,
                                 clock_.now() + std::chrono::hours(1)}
                            )
            );
        }
        const auto responder = std::make_shared<test_support::RecordingResponder>();
        sandbox_->handler(
        )(test_support::make_request(
              send.request.method,
              url.path + (url.query.empty() ? "" : "?" + url.query),
              send.request.body,
              headers
          ),
          responder);
        loop_.poll();
        return responder->answer.value_or(http::Response());
    }

    Conversation& run(Conversation& talk) {
        for (int i = 0; i < 50 && talk.is_asking(); ++i) {
            talk.hears(serve(talk.send()));
        }
        return talk;
    }

    Json output(Conversation talk) {
        run(talk);
        EXPECT_TRUE(talk.is_done()) << (talk.is_failed() ? talk.error().text() : "still asking");
        return talk.is_done() ? talk.output() : Json();
    }

    connector::Call call(std::string_view operation, Json input) {
        connector::Call made = pc_.call(operation, std::move(input));
        made.now = made.intent_at = clock_.now();
        return made;
    }

    static Json deal(const std::string& crm_id) {
        return Json::parse(
            R"({"name":"Northwind telemetry","status":"New","substatus":"Pending",
            "qualification":"SalesQualified","type":"Shared","target":[{"type":"SolutionProfile",
            "id":"SOL-20001-XYZ"}],"customerProfile":{"name":"Northwind Ltd","size":"51to250employees",
            "address":{"addressLine1":"1 Quay Rd","city":"Leeds","state":"","postalCode":"LS1 1AA",
            "country":"GB"},"team":[{"firstName":"Ana","lastName":"Ruiz","phoneNumber":"+441130000000",
            "email":"ana@northwind.example"}],"ids":[]},"consent":{"consentToToShareInfoWithOthers":true,
            "consentToContact":true,"consentToShareReferralWithMicrosoftSellers":true},"details":{
            "notes":"Wants a pilot","dealValue":42000,"currency":"GBP",
            "closingDateTime":"2027-03-31T00:00:00Z","requirements":{"industries":[],"products":
            [{"id":"Azure"}],"services":[],"solutions":[{"id":"SOL-20001-XYZ","name":"Telemetry Hub",
            "type":"Name"}]}},"team":[{"firstName":"Kai","lastName":"Berg","phoneNumber":
            "+4700000000","email":"kai@contoso.example"}],"externalReferenceId":")" +
            crm_id + R"("})"
        );
    }

    Loop loop_;
    testing_support::ManualClock clock_;
    testing_support::FakeHttpClient client_{loop_};
    connector::SandboxIdentity identity_{clock_};
    std::unique_ptr<Sandbox> sandbox_;
    test::ConnectorUnderTest pc_{
        "partner_center",
        make_connector(),
        {{"base_url", kReferralsUrl}, {"webhooks_url", kWebhooksUrl}, {"is_sandbox", true}}};
};

TEST_F(PartnerCenterWithSandbox, ADealLivesThroughItsOperations) {
    const Json input = {{"referral", deal("row-1")}};
    const Json made = output(Conversation(pc_.connector().start(call("create_referral", input))));
    ASSERT_EQ(made["status"], "Active");
    const Json probed = output(Conversation(pc_.connector().probe(call("create_referral", input))));
    EXPECT_TRUE(probed["found"]);
    EXPECT_EQ(probed["output"]["id"], made["id"]);
    const Json other = {{"referral", deal("row-2")}};
    EXPECT_FALSE(output(Conversation(pc_.connector().probe(call("create_referral", other)))
    )["found"]);
    const Json changes = {{"details/dealValue", "43000"}, {"details/notes", "two\nlines"}};
    const Json patch = {{"id", made["id"]}, {"etag", made["eTag"]}, {"changes", changes}};
    const Json patched = output(Conversation(pc_.connector().start(call("patch_referral", patch))));
    EXPECT_NE(patched["eTag"], made["eTag"]);
    EXPECT_EQ(patched["lastModifiedVia"], kCallerId);
    connector::Call again = call("patch_referral", patch);
    again.is_repeat = true;  // 412 on its own etag, and yet done
    EXPECT_EQ(output(Conversation(pc_.connector().start(again)))["eTag"], patched["eTag"]);
    EXPECT_TRUE(output(Conversation(pc_.connector().probe(call("patch_referral", patch))))["found"]
    );
}

TEST_F(PartnerCenterWithSandbox, PagesAreReadOverTheServicesFaultyLinks) {
    for (const char* id : {"a", "b", "c", "d", "e"}) {
        const Json input = {{"referral", deal(id)}};
        output(Conversation(pc_.connector().start(call("create_referral", input))));
    }
    const Json list = output(pc_.start(
        "list_referrals", {{"filter", "type eq 'Shared'"}, {"orderby", "createdDateTime desc"}}
    ));
    EXPECT_EQ(list["referrals"].size(), 5U);
    EXPECT_EQ(list["count"], 5);
}

TEST_F(PartnerCenterWithSandbox, TheWebhookIsRegisteredAndItsEventsAreVerified) {
    const auto file =
        std::filesystem::temp_directory_path() / ("tideway_" + Uid::random().hex() + ".pem");
    std::ofstream(file) << sandbox_->authority_pem();
    pc_.settings["ca_file"] = file.string();

    EXPECT_FALSE(output(pc_.start("view_webhook_registration", Json::object()))["registered"]);
    const Json wanted = {
        {"url", "https://flows.contoso.example/t/1"},
        {"events", {"referral-created", "referral-updated", "test-created"}}};
    output(pc_.start("register_webhook", wanted));
    output(pc_.start("register_webhook", wanted));
    output(pc_.start("update_webhook_registration", wanted));
    EXPECT_EQ(output(pc_.start("view_webhook_registration", Json::object()))["url"], wanted["url"]);
    output(Conversation(pc_.connector().start(call("create_referral", {{"referral", deal("r")}}))));
    loop_.poll();
    ASSERT_FALSE(client_.sent.empty());
    const http::Request& delivered = client_.sent.back().request;
    connector::Incoming incoming;
    incoming.headers = delivered.headers;
    incoming.method = delivered.method;
    incoming.body = delivered.body;
    incoming.config = Json::object();
    incoming.settings = pc_.settings;
    incoming.now = clock_.now();
    const model::TriggerSpec& trigger = *pc_.spec.trigger("referral_event");
    const Json events = output(Conversation(pc_.connector().receive(trigger, incoming)))["events"];
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0]["event"]["event_name"], "referral-created");
    incoming.body += " ";
    Conversation forged(pc_.connector().receive(trigger, incoming));
    run(forged);
    ASSERT_TRUE(forged.is_failed());
    EXPECT_EQ(forged.error().http_status, 401);
    std::filesystem::remove(file);
}

TEST_F(PartnerCenterWithSandbox, TestingTheConnectionFindsEverythingInOrder) {
    const Json answer = output(Conversation(pc_.connector().test(pc_.settings)));
    ASSERT_EQ(answer["checks"].size(), 2U);
    for (const Json& check : answer["checks"]) {
        EXPECT_TRUE(check["ok"]) << check.dump();
    }
}

// What the trigger referral_changed sees, poll after poll.
class PartnerCenterPolls : public PartnerCenterWithSandbox {
  protected:
    // "referral-created r-1" of each event, with the CRM id; the clock goes on by a second.
    std::vector<std::string> poll() {
        clock_.advance(std::chrono::seconds(1));
        connector::Poll poll;
        poll.config = config_;
        poll.settings = pc_.settings;
        poll.cursor = cursor_;
        poll.now = clock_.now();
        poll.events_max = events_max_;
        const model::TriggerSpec& trigger = *pc_.spec.trigger("referral_changed");
        const Json out = output(Conversation(pc_.connector().poll(trigger, poll)));
        cursor_ = out["cursor"];
        has_more_ = out["has_more"].get<bool>();
        std::vector<std::string> texts;
        for (const Json& item : out["events"]) {
            const Json& event = item["event"];
            EXPECT_TRUE(string_or(event, "resource_uri").ends_with(string_or(event, "referral_id"))
            );
            texts.push_back(
                string_or(event, "event_name") + " " + names_[string_or(event, "referral_id")]
            );
        }
        return texts;
    }

    void create(const std::string& name) {
        clock_.advance(std::chrono::seconds(1));
        const Json made = output(
            Conversation(pc_.connector().start(call("create_referral", {{"referral", deal(name)}})))
        );
        names_[string_or(made, "id")] = name;
    }

    void change(const std::string& name) {
        clock_.advance(std::chrono::seconds(1));
        for (const auto& [id, known] : names_) {
            if (known == name) {
                const Json patch = {{"id", id}, {"changes", {{"campaignId", "spring"}}}};
                output(Conversation(pc_.connector().start(call("patch_referral", patch))));
            }
        }
    }

    Json config_ = Json::object();
    Json cursor_;
    std::map<std::string, std::string> names_;
    std::size_t events_max_ = 100;
    bool has_more_ = false;
};

using Texts = std::vector<std::string>;

TEST_F(PartnerCenterPolls, TakeReferralsThatAreThereAsKnownAndSeeEachChangeOnce) {
    for (const char* name : {"a", "b", "c"}) {
        create(name);
    }
    EXPECT_EQ(poll(), Texts());
    EXPECT_EQ(poll(), Texts());
    create("d");
    change("a");
    EXPECT_EQ(poll(), (Texts{"referral-created d", "referral-updated a"}));
    EXPECT_EQ(poll(), Texts());
    change("d");
    EXPECT_EQ(poll(), Texts{"referral-updated d"});
}

TEST_F(PartnerCenterPolls, SeeWhatChangedLongAgoNoMore) {
    create("a");
    EXPECT_EQ(poll(), Texts());
    clock_.advance(std::chrono::hours(48));
    create("b");
    EXPECT_EQ(poll(), Texts{"referral-created b"});
    EXPECT_EQ(cursor_["seen"].size(), 1U);
    EXPECT_EQ(poll(), Texts());
}

TEST_F(PartnerCenterPolls, KeepToTheEventsThatAreWanted) {
    config_["events"] = {"referral-updated"};
    EXPECT_EQ(poll(), Texts());
    create("a");
    EXPECT_EQ(poll(), Texts());
    change("a");
    EXPECT_EQ(poll(), Texts{"referral-updated a"});
}

TEST_F(PartnerCenterPolls, LeaveWhatIsTooMuchToTheNextPoll) {
    EXPECT_EQ(poll(), Texts());
    for (const char* name : {"a", "b", "c"}) {
        create(name);
    }
    events_max_ = 2;
    EXPECT_EQ(poll(), (Texts{"referral-created a", "referral-created b"}));
    EXPECT_TRUE(has_more_);
    EXPECT_EQ(poll(), Texts{"referral-created c"});
    EXPECT_FALSE(has_more_);
}

}  // namespace
}  // namespace tideway::connectors::partner_center
