#include "connectors/dataverse/batch.h"

#include <gtest/gtest.h>

#include "connectors/dataverse/dataverse_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::dataverse {
namespace {

using model::AttemptClass;
using test::answer;
using test::Conversation;

constexpr const char* kType = "multipart/mixed; boundary=batchresponse_1";
constexpr const char* kCreated =
    "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
    "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: "
    "binary\r\nContent-ID: 1\r\n\r\nHTTP/1.1 204 No Content\r\nOData-EntityId: "
    "https://x/accounts(1)\r\n\r\n\r\n--changesetresponse_1--\r\n";
constexpr const char* kRefused =
    "--batchresponse_1\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 400 Bad "
    "Request\r\nContent-Type: application/json\r\n\r\n"
    "{\"error\":{\"code\":\"0x80048d19\",\"message\":\"Invalid property\"}}\r\n";

class DataverseBatch : public ::testing::Test {
  protected:
    test::ConnectorUnderTest crm_{
        "dataverse", make_connector(), {{"base_url", "https://contoso.crm.dynamics.com"}}};

    static Json input(Json operations) { return {{"operations", std::move(operations)}}; }

    static Json create() {
        return {{"method", "POST"}, {"path", "accounts"}, {"body", {{"name", "Contoso"}}}};
    }

    static Json read() { return {{"method", "GET"}, {"path", "accounts?$top=1"}}; }

    static http::Response parts(int status, const std::string& body) {
        return answer(status, body, {{"Content-Type", kType}});
    }
};

TEST_F(DataverseBatch, PrintsWritesAsOneChangesetAndReadsAlone) {
    const Conversation talk = crm_.start(
        "batch",
        input(
            {create(),
             {{"method", "PATCH"}, {"path", "accounts(1)"}, {"body", {{"name", "x"}}}},
             read()}
        )
    );
    EXPECT_EQ(talk.line(), "POST https://contoso.crm.dynamics.com/api/data/v9.2/$batch");
    EXPECT_TRUE(talk.send().is_effect);
    const std::string type = talk.header("Content-Type");
    ASSERT_TRUE(type.starts_with("multipart/mixed; boundary=batch_"));
    const std::string id = type.substr(type.find("batch_") + 6);
    const std::string api = "https://contoso.crm.dynamics.com/api/data/v9.2";
    EXPECT_EQ(
        talk.request().body,
        "--batch_" + id + "\r\nContent-Type: multipart/mixed; boundary=changeset_" + id +
            "_1\r\n\r\n"
            "--changeset_" +
            id +
            "_1\r\nContent-Type: application/http\r\n"
            "Content-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\nPOST " +
            api +
            "/accounts HTTP/1.1\r\nAccept: application/json\r\n"
            "Content-Type: application/json; charset=utf-8\r\n\r\n{\"name\":\"Contoso\"}\r\n"
            "--changeset_" +
            id +
            "_1\r\nContent-Type: application/http\r\n"
            "Content-Transfer-Encoding: binary\r\nContent-ID: 2\r\n\r\nPATCH " +
            api +
            "/accounts(1) HTTP/1.1\r\nAccept: application/json\r\nIf-Match: *\r\n"
            "Content-Type: application/json; charset=utf-8\r\n\r\n{\"name\":\"x\"}\r\n"
            "--changeset_" +
            id +
            "_1--\r\n"
            "--batch_" +
            id +
            "\r\nContent-Type: application/http\r\n"
            "Content-Transfer-Encoding: binary\r\n\r\nGET " +
            api +
            "/accounts?$top=1 HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n"
            "--batch_" +
            id + "--\r\n"
    );
}

TEST_F(DataverseBatch, ReadsTheAnswersInOrder) {
    Conversation talk = crm_.start("batch", input({create(), read()}));
    talk.hears(parts(
        200,
        std::string(kCreated) +
            "--batchresponse_1\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n"
            "Content-Type: application/json\r\n\r\n{\"value\":[]}\r\n--batchresponse_1--\r\n"
    ));
    const Json responses = talk.output()["responses"];
    ASSERT_EQ(responses.size(), 2U);
    EXPECT_EQ(responses[0]["status"], 204);
    EXPECT_EQ(responses[0]["headers"]["OData-EntityId"], "https://x/accounts(1)");
    EXPECT_EQ(responses[1]["body"], Json({{"value", Json::array()}}));
}

TEST_F(DataverseBatch, LineEndsAndMissingBlankLinesAreReadLeniently) {
    const auto parts = parse_batch(
        "multipart/mixed;boundary=\"b\"",
        "--b\nContent-Type: application/http\n\nHTTP/1.1 404 Not Found\n--b--"
    );
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_EQ(parts[0].response.status, 404);
    EXPECT_EQ(parts[0].response.body, "");
    EXPECT_TRUE(parse_batch("application/json", "{}").empty());
}

TEST_F(DataverseBatch, ARefusedChangesetIsNotDone) {
    Conversation talk = crm_.start("batch", input({create()}));
    talk.hears(parts(400, std::string(kRefused) + "--batchresponse_1--\r\n"));
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().message, "Invalid property");
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
}

TEST_F(DataverseBatch, ABatchThatTookEffectInPartWaitsForAPerson) {
    Conversation talk = crm_.start("batch", input({create(), read(), create()}));
    talk.hears(parts(200, std::string(kCreated) + kRefused + "--batchresponse_1--\r\n"));
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kInDoubt);
    EXPECT_EQ(Json::parse(talk.error().details)["responses"].size(), 2U);
}

TEST_F(DataverseBatch, AnAnswerThatIsNoBatchIsInDoubtOrRefused) {
    Conversation unreadable = crm_.start("batch", input({create()}));
    unreadable.hears(answer(200, "<html>"));
    EXPECT_EQ(unreadable.failed().attempt_class, AttemptClass::kInDoubt);
    Conversation refused = crm_.start("batch", input({create()}));
    refused.hears(answer(403, R"({"error":{"code":"0x80072560","message":"Not a member"}})"));
    EXPECT_EQ(refused.failed().attempt_class, AttemptClass::kNotDone);
}

TEST_F(DataverseBatch, OperationsThatCouldEscapeTheirLineAreRefused) {
    for (const char* path :
         {"https://evil.example/x", "/accounts", "", "../x", "accounts HTTP/1.1\r\nX: y"}) {
        const Conversation talk = crm_.start("batch", input({{{"method", "GET"}, {"path", path}}}));
        ASSERT_TRUE(talk.is_failed()) << path;
        EXPECT_EQ(talk.error().code, "InvalidBatch");
    }
    EXPECT_TRUE(crm_.start("batch", input(Json::array())).is_failed());
    EXPECT_TRUE(crm_.start("batch", input(Json(1001, read()))).is_failed());
    EXPECT_TRUE(crm_.start("batch", input({{{"method", "TRACE"}, {"path", "x"}}})).is_failed());
}

}  // namespace
}  // namespace tideway::connectors::dataverse
