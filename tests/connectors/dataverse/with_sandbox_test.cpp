// The connector against the sandbox: what one sends, the other understands.
#include <gtest/gtest.h>

#include "connectors/dataverse/dataverse_connector.h"
#include "connectors/dataverse/sandbox.h"
#include "engine/http/url.h"
#include "tests/support/connector_call.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_responder.h"

namespace tideway::connectors::dataverse {
namespace {

using test::Conversation;

constexpr const char* kBase = "http://127.0.0.1:8080";

class DataverseWithSandbox : public ::testing::Test {
  protected:
    DataverseWithSandbox() {
        identity_.put_app({"crm-client", "secret", "admin"});
        Sandbox::Options options;
        options.base_url = kBase;
        sandbox_ = std::make_unique<Sandbox>(loop_, client_, identity_, clock_, options);
    }

    http::Response serve(const connector::Send& send) {
        const auto url = http::parse_url(send.request.url).value();
        http::Headers headers = send.request.headers;
        headers.set(
            "Authorization",
            "Bearer " + identity_.issue(
                            {"contoso",
                             "crm-client",
                             "",
                             "admin",
                             kBase,
                             clock_.now() + std::chrono::hours(1)}
                        )
        );
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

    Json create(const std::string& name) {
        return output(crm_.start(
            "create_row",
            {{"table", "opportunity"},
             {"row",
              {{"name", name}, {"isrevenuesystemcalculated", false}, {"estimatedvalue", 42000}}}}
        ));
    }

    void deny(const Json& privileges) {
        const auto responder = std::make_shared<test_support::RecordingResponder>();
        const Json body = {{"name", "crm-client"}, {"deny", privileges}};
        sandbox_->handler(
        )(test_support::make_request("POST", "/sandbox/privileges", body.dump(), {}), responder);
    }

    Loop loop_;
    testing_support::ManualClock clock_;
    testing_support::FakeHttpClient client_{loop_};
    connector::SandboxIdentity identity_{clock_};
    std::unique_ptr<Sandbox> sandbox_;
    test::ConnectorUnderTest crm_{"dataverse", make_connector(), {{"base_url", kBase}}};
};

TEST_F(DataverseWithSandbox, ARowLivesThroughItsOperations) {
    const Json row = create("Northwind");
    ASSERT_EQ(row["table"], "opportunity");
    ASSERT_FALSE(string_or(row, "etag").empty());
    const Json again = create("Northwind");  // the same key: the same row
    EXPECT_EQ(again["id"], row["id"]);
    const Json changed = output(crm_.start(
        "update_row",
        {{"table", "opportunity"},
         {"id", row["id"]},
         {"etag", row["etag"]},
         {"changes", {{"name", "Northwind 2"}}}}
    ));
    EXPECT_EQ(changed["name"], "Northwind 2");
    EXPECT_NE(changed["etag"], row["etag"]);
    Conversation stale = crm_.start(
        "update_row",
        {{"table", "opportunity"},
         {"id", row["id"]},
         {"etag", row["etag"]},
         {"changes", {{"name", "Northwind 3"}}}}
    );
    run(stale);
    ASSERT_TRUE(stale.is_failed());
    EXPECT_EQ(stale.error().code, "PreconditionFailed");
    const Json rows = output(crm_.start(
        "list_rows",
        {{"table", "opportunity"},
         {"filter", "name eq 'Northwind 2'"},
         {"select", {"name"}},
         {"orderby", "createdon desc"}}
    ));
    ASSERT_EQ(rows["rows"].size(), 1U);
    const Json won = output(crm_.start("win_opportunity", {{"id", row["id"]}}));
    EXPECT_EQ(won["statecode"], 1);
    EXPECT_EQ(output(crm_.start("win_opportunity", {{"id", row["id"]}}))["statecode"], 1);
    const Json deleted =
        output(crm_.start("delete_row", {{"table", "opportunity"}, {"id", row["id"]}}));
    EXPECT_TRUE(deleted.is_null());
}

TEST_F(DataverseWithSandbox, ChangesAreTracked) {
    Json tracked = output(crm_.start("track_changes", {{"table", "opportunity"}}));
    const Json row = create("Northwind");
    tracked =
        output(crm_.start("track_changes", {{"table", "opportunity"}, {"token", tracked["token"]}})
        );
    ASSERT_EQ(tracked["rows"].size(), 1U);
    EXPECT_EQ(tracked["rows"][0]["id"], row["id"]);
    output(crm_.start("delete_row", {{"table", "opportunity"}, {"id", row["id"]}}));
    tracked =
        output(crm_.start("track_changes", {{"table", "opportunity"}, {"token", tracked["token"]}})
        );
    EXPECT_EQ(tracked["deleted"], Json::array({row["id"]}));
    clock_.advance(std::chrono::hours(24 * 30));
    Conversation late =
        crm_.start("track_changes", {{"table", "opportunity"}, {"token", tracked["token"]}});
    run(late);
    ASSERT_TRUE(late.is_failed());
    EXPECT_EQ(late.error().code, "DeltaTokenExpired");
}

TEST_F(DataverseWithSandbox, ABatchIsUnderstood) {
    const Json done = output(crm_.start(
        "batch",
        {{"operations",
          {{{"method", "POST"}, {"path", "accounts"}, {"body", {{"name", "Contoso"}}}},
           {{"method", "GET"}, {"path", "accounts?$top=1"}}}}}
    ));
    ASSERT_EQ(done["responses"].size(), 2U);
    EXPECT_EQ(done["responses"][0]["status"], 204);
    EXPECT_EQ(done["responses"][1]["status"], 200);
    Conversation refused = crm_.start(
        "batch",
        {{"operations",
          {{{"method", "POST"}, {"path", "accounts"}, {"body", {{"nosuchcolumn", 1}}}}}}}
    );
    run(refused);
    ASSERT_TRUE(refused.is_failed());
    EXPECT_EQ(refused.failed().attempt_class, model::AttemptClass::kNotDone);
}

TEST_F(DataverseWithSandbox, SubscribingTwiceLeavesOneRegistrationAndUnsubscribingNone) {
    connector::Subscription subscription;
    subscription.settings = crm_.settings;
    subscription.callback_url = "https://flows.contoso.example/t/1";
    subscription.flow = "crm_to_partner_center";
    subscription.config = {{"table", "opportunity"}, {"columns", {"name"}}};
    const model::TriggerSpec& trigger = *crm_.spec.trigger("row_changed");
    const Json first = output(Conversation(crm_.connector().subscribe(trigger, subscription)));
    const Json second = output(Conversation(crm_.connector().subscribe(trigger, subscription)));
    EXPECT_EQ(first, second);
    const Json list = {{"table", "callbackregistration"}};
    EXPECT_EQ(output(crm_.start("list_rows", list))["rows"].size(), 1U);
    subscription.state = first;
    output(Conversation(crm_.connector().unsubscribe(trigger, subscription)));
    output(Conversation(crm_.connector().unsubscribe(trigger, subscription)));
    EXPECT_EQ(output(crm_.start("list_rows", list))["rows"].size(), 0U);
}

TEST_F(DataverseWithSandbox, TestingTheConnectionFindsEverythingInOrder) {
    const Json checks = output(Conversation(crm_.connector().test(crm_.settings)))["checks"];
    for (const Json& check : checks) {
        EXPECT_TRUE(check["ok"]) << check.dump();
    }
}

TEST_F(DataverseWithSandbox, TestingTheConnectionNamesEachMissingRightAndWritesNothing) {
    deny({"prvCreateOpportunity", "prvReadUser"});
    const Json answer = output(Conversation(crm_.connector().test(crm_.settings)));
    std::string missing;
    for (const Json& check : answer["checks"]) {
        if (!check["ok"]) {
            missing += check["what"].get<std::string>() + "; ";
        }
    }
    EXPECT_EQ(missing, "Create on Opportunity; Read on User; ");
    EXPECT_TRUE(sandbox_->writes().empty());
}

TEST_F(DataverseWithSandbox, AnAlternateKeyOfAnotherRowIsAConflict) {
    const auto input = [](const std::string& key) -> Json {
        return {
            {"table", "opportunity"},
            {"row", {{"name", "x"}, {"msft_referralidentifier", "r-1"}, {"opportunityid", key}}}};
    };
    output(crm_.start("create_row", input("11111111-2222-4333-8444-555555555555")));
    Conversation other = crm_.start("create_row", input("21111111-2222-4333-8444-555555555555"));
    run(other);
    ASSERT_TRUE(other.is_failed());
    EXPECT_EQ(other.error().kind, ErrorKind::kConflict);
    EXPECT_NE(other.error().remedy.find("alternate key"), std::string::npos);
    const Json upserted = output(crm_.start(
        "upsert_row",
        {{"table", "opportunity"},
         {"alternate_key", {{"msft_referralidentifier", "r-1"}}},
         {"row", {{"name", "y"}}}}
    ));
    EXPECT_EQ(upserted["id"], "11111111-2222-4333-8444-555555555555");
}

// What the trigger row_changed_by_polling sees, poll after poll.
class DataversePolls : public DataverseWithSandbox {
  protected:
    // "Create <name>" of each event; the sandbox's clock goes on by a second.
    std::vector<std::string> poll() {
        clock_.advance(std::chrono::seconds(1));
        connector::Poll poll;
        poll.config = config_;
        poll.settings = crm_.settings;
        poll.cursor = cursor_;
        poll.now = clock_.now();
        poll.events_max = events_max_;
        const model::TriggerSpec& trigger = *crm_.spec.trigger("row_changed_by_polling");
        const Json out = output(Conversation(crm_.connector().poll(trigger, poll)));
        cursor_ = out["cursor"];
        has_more_ = out["has_more"].get<bool>();
        std::vector<std::string> texts;
        for (const Json& item : out["events"]) {
            const Json& event = item["event"];
            EXPECT_EQ(event["id"], event["row"]["id"]);
            EXPECT_EQ(event["table"], "opportunity");
            texts.push_back(string_or(event, "message") + " " + string_or(event["row"], "name"));
        }
        return texts;
    }

    void add(const std::string& name) {
        clock_.advance(std::chrono::seconds(1));
        const auto made = sandbox_->act_as(kSeller, "POST", "opportunities", {{"name", name}});
        EXPECT_LT(made.status, 300) << made.body;
    }

    void rename(const std::string& from, const std::string& to) {
        clock_.advance(std::chrono::seconds(1));
        const Json rows = output(crm_.start(
            "list_rows", {{"table", "opportunity"}, {"filter", "name eq '" + from + "'"}}
        ))["rows"];
        ASSERT_EQ(rows.size(), 1U) << from;
        const std::string path = "opportunities(" + string_or(rows[0], "id") + ")";
        const auto changed = sandbox_->act_as(kSeller, "PATCH", path, {{"name", to}});
        EXPECT_LT(changed.status, 300) << changed.body;
    }

    static constexpr const char* kSeller = "amy.alberts@contoso.com";
    Json config_ = {{"table", "opportunity"}};
    Json cursor_;
    std::size_t events_max_ = 100;
    bool has_more_ = false;
};

using Texts = std::vector<std::string>;

TEST_F(DataversePolls, TakeRowsThatAreThereAsKnownAndSeeEachChangeOnce) {
    add("Old");
    EXPECT_EQ(poll(), Texts());
    EXPECT_EQ(poll(), Texts());
    add("Northwind");
    EXPECT_EQ(poll(), Texts{"Create Northwind"});
    EXPECT_EQ(poll(), Texts());
    rename("Northwind", "Northwind 2");
    rename("Northwind 2", "Northwind 3");
    rename("Old", "Older");
    EXPECT_EQ(poll(), (Texts{"Update Northwind 3", "Update Older"}));
    EXPECT_EQ(poll(), Texts());
}

TEST_F(DataversePolls, BeginWithAnEmptyTableToo) {
    config_["filter"] = "name eq 'Northwind'";
    EXPECT_EQ(poll(), Texts());
    add("Northwind");
    EXPECT_EQ(poll(), Texts{"Create Northwind"});
}

TEST_F(DataversePolls, SeeARowThatShowsLateOnce) {
    EXPECT_EQ(poll(), Texts());
    add("Quick");
    EXPECT_EQ(poll(), Texts{"Create Quick"});
    // As if it had not been there: a long transaction that committed only now.
    add("Slow");
    Json as_it_was = cursor_;
    EXPECT_EQ(poll(), Texts{"Create Slow"});
    add("Later");
    EXPECT_EQ(poll(), Texts{"Create Later"});
    for (const auto& [id, seen] : cursor_["seen"].items()) {
        if (!as_it_was["seen"].contains(id)) {
            cursor_["seen"].erase(id);
            break;
        }
    }
    EXPECT_EQ(poll().size(), 1U);
    EXPECT_EQ(poll(), Texts());
}

TEST_F(DataversePolls, KeepToTheFilterTheMessageAndTheColumns) {
    config_["filter"] = "startswith(name,'N')";
    config_["message"] = "modified";
    config_["select"] = {"name"};
    EXPECT_EQ(poll(), Texts());
    add("Northwind");
    add("Contoso");
    EXPECT_EQ(poll(), Texts());
    rename("Northwind", "Northwind 2");
    rename("Contoso", "Contoso 2");
    EXPECT_EQ(poll(), Texts{"Update Northwind 2"});
}

TEST_F(DataversePolls, LeaveWhatIsTooMuchToTheNextPoll) {
    EXPECT_EQ(poll(), Texts());
    events_max_ = 2;
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        add(name);
    }
    EXPECT_EQ(poll(), (Texts{"Create a", "Create b"}));
    EXPECT_TRUE(has_more_);
    EXPECT_EQ(poll(), (Texts{"Create c", "Create d"}));
    EXPECT_EQ(poll(), Texts{"Create e"});
    EXPECT_FALSE(has_more_);
}

}  // namespace
}  // namespace tideway::connectors::dataverse
