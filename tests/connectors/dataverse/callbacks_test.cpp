#include <gtest/gtest.h>

#include "connectors/dataverse/dataverse_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::dataverse {
namespace {

using test::answer;
using test::Conversation;

constexpr const char* kRegistrations =
    "https://contoso.crm.dynamics.com/api/data/v9.2/callbackregistrations";
constexpr const char* kId = "6f0a8c1e-7d55-4d0f-9b7e-2f1f3c1c9e10";

class DataverseCallbacks : public ::testing::Test {
  protected:
    DataverseCallbacks() {
        subscription_.settings = {{"base_url", "https://contoso.crm.dynamics.com"}};
        subscription_.callback_url = "https://flows.contoso.example/t/abc";
        subscription_.flow = "crm_to_partner_center";
        subscription_.config = {
            {"table", "opportunity"},
            {"columns", {"name", "estimatedvalue"}},
            {"filter", "msft_syncwithpartnercenter eq true"}};
    }

    Conversation subscribe() {
        return Conversation(connector_->subscribe(*trigger_, subscription_));
    }

    Conversation receive(const std::string& body) {
        connector::Incoming incoming;
        incoming.body = body;
        incoming.config = {{"table", "opportunity"}};
        return Conversation(connector_->receive(*trigger_, incoming));
    }

    const model::ConnectorSpec spec_ = test::load_spec("dataverse");
    const model::TriggerSpec* trigger_ = spec_.trigger("row_changed");
    std::unique_ptr<connector::Connector> connector_ = make_connector();
    connector::Subscription subscription_;
};

TEST_F(DataverseCallbacks, RegistersARowWithTheNumbersOfDataverse) {
    Conversation talk = subscribe();
    EXPECT_EQ(talk.line(), std::string("POST ") + kRegistrations);
    EXPECT_TRUE(talk.send().is_effect);
    Json body = talk.sent_body();
    const std::string id = body["callbackregistrationid"];
    body.erase("callbackregistrationid");
    EXPECT_EQ(
        body,
        Json(
            {{"name", "crm_to_partner_center"},
             {"url", "https://flows.contoso.example/t/abc"},
             {"entityname", "opportunity"},
             {"message", 4},
             {"scope", 4},
             {"version", 1},
             {"runas", 3},
             {"filteringattributes", "name,estimatedvalue"},
             {"filterexpression", "msft_syncwithpartnercenter eq true"}}
        )
    );
    talk.hears(answer(204));
    EXPECT_EQ(talk.output(), Json({{"id", id}}));
}

TEST_F(DataverseCallbacks, SubscribingAgainAfterACrashFindsTheSameRegistration) {
    const std::string first = subscribe().sent_body()["callbackregistrationid"];
    Conversation again = subscribe();
    EXPECT_EQ(again.sent_body()["callbackregistrationid"], first);
    again.hears(answer(412, R"({"error":{"code":"0x80040237","message":"Duplicate"}})"));
    EXPECT_EQ(again.output(), Json({{"id", first}}));
    subscription_.config["message"] = "added";
    EXPECT_NE(subscribe().sent_body()["callbackregistrationid"], first);
}

TEST_F(DataverseCallbacks, ANewRegistrationReplacesTheOldOne) {
    subscription_.state = {{"id", kId}};
    Conversation talk = subscribe();
    talk.hears(answer(204));
    EXPECT_EQ(talk.line(), std::string("DELETE ") + kRegistrations + "(" + kId + ")");
    talk.hears(answer(404));
    ASSERT_TRUE(talk.is_done());
    EXPECT_NE(talk.output()["id"], kId);
}

TEST_F(DataverseCallbacks, AWrongConfigurationNamesTheChoices) {
    subscription_.config["message"] = "changed";
    const Conversation talk = subscribe();
    ASSERT_TRUE(talk.is_failed());
    EXPECT_NE(talk.error().remedy.find("added_or_modified"), std::string::npos);
}

TEST_F(DataverseCallbacks, AMissingPrivilegeIsNamed) {
    Conversation talk = subscribe();
    talk.hears(answer(
        403,
        R"({"error":{"code":"0x80040220","message":"missing prvCreateCallbackRegistration privilege"}})"
    ));
    EXPECT_NE(talk.error().remedy.find("prvCreateCallbackRegistration"), std::string::npos);
}

TEST_F(DataverseCallbacks, UnsubscribingWhatIsGoneIsFine) {
    subscription_.state = {{"id", kId}};
    Conversation talk(connector_->unsubscribe(*trigger_, subscription_));
    EXPECT_EQ(talk.line(), std::string("DELETE ") + kRegistrations + "(" + kId + ")");
    talk.hears(answer(404));
    EXPECT_TRUE(talk.is_done());

    subscription_.state = Json();
    EXPECT_TRUE(Conversation(connector_->unsubscribe(*trigger_, subscription_)).is_done());
}

TEST_F(DataverseCallbacks, UnsubscribingReportsAServiceThatIsDown) {
    subscription_.state = {{"id", kId}};
    Conversation talk(connector_->unsubscribe(*trigger_, subscription_));
    talk.hears(answer(503));
    EXPECT_TRUE(talk.is_failed());
}

TEST_F(DataverseCallbacks, ReadsARowAsAnEventWithoutADedupeKey) {
    Conversation talk = receive(
        std::string(R"({"SdkMessage":"Update","RunAsSystemUserId":"u","@odata.etag":"W/\"7\"",)") +
        R"("opportunityid":")" + kId + R"(","name":"Northwind"})"
    );
    ASSERT_TRUE(talk.is_done());
    const Json item = talk.output()["events"][0];
    EXPECT_TRUE(item["dedupe_key"].is_null());
    EXPECT_EQ(item["change"]["record"], std::string("opportunity ") + kId);
    EXPECT_EQ(item["change"]["version"], "W/\"7\"");
    EXPECT_EQ(item["change"]["state"], "");
    EXPECT_EQ(
        item["event"],
        Json(
            {{"message", "Update"},
             {"table", "opportunity"},
             {"id", kId},
             {"row",
              {{"id", kId},
               {"table", "opportunity"},
               {"etag", "W/\"7\""},
               {"opportunityid", kId},
               {"name", "Northwind"}}}}
        )
    );
}

TEST_F(DataverseCallbacks, TakesTheEtagOfARowFromItsVersionNumber) {
    Conversation talk = receive(
        std::string(R"({"SdkMessage":"Update","RowVersion":42,"opportunityid":")") + kId + R"("})"
    );
    ASSERT_TRUE(talk.is_done());
    EXPECT_EQ(talk.output()["events"][0]["event"]["row"]["etag"], "W/\"42\"");
}

TEST_F(DataverseCallbacks, KeepsNothingOfADeletedRowThatCouldBeTakenForAnEcho) {
    Conversation talk = receive(
        std::string(R"({"SdkMessage":"Delete","RowVersion":42,"name":"x","opportunityid":")") +
        kId + R"("})"
    );
    ASSERT_TRUE(talk.is_done());
    EXPECT_EQ(
        talk.output()["events"][0]["event"]["row"], Json({{"id", kId}, {"table", "opportunity"}})
    );
}

TEST_F(DataverseCallbacks, RefusesWhatIsNotACallback) {
    for (const char* body :
         {"",
          "[]",
          "{}",
          R"({"SdkMessage":"Update"})",
          R"({"SdkMessage":"Merge","opportunityid":"x"})"}) {
        const Conversation talk = receive(body);
        ASSERT_TRUE(talk.is_failed()) << body;
        EXPECT_EQ(talk.error().http_status, 400);
    }
}

}  // namespace
}  // namespace tideway::connectors::dataverse
