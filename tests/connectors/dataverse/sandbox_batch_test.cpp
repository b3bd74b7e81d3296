#include "connectors/dataverse/sandbox_batch.h"

#include "tests/connectors/dataverse/sandbox_fixture.h"

namespace tideway::connectors::dataverse {
namespace {

class SandboxBatch : public SandboxTest {
  protected:
    // Sends lines joined with CRLF as one batch with boundary "b".
    http::Response batch(std::initializer_list<std::string> lines, http::Headers headers = {}) {
        std::string body;
        for (const std::string& line : lines) {
            body += line + "\r\n";
        }
        headers.add("Authorization", "Bearer " + token);
        headers.add("Content-Type", "multipart/mixed;boundary=b");
        return send("POST", "/api/data/v9.2/$batch", body, std::move(headers));
    }

    static std::size_t count_of(const std::string& text, const std::string& part) {
        std::size_t count = 0;
        for (std::size_t at = text.find(part); at != std::string::npos;
             at = text.find(part, at + 1)) {
            ++count;
        }
        return count;
    }
};

const std::string kHttp = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary";

TEST_F(SandboxBatch, AChangesetIsSavedAsOneAndMayReferToItself) {
    const http::Response response = batch({
        "",
        "--b",
        "Content-Type: multipart/mixed;boundary=c",
        "",
        "--c",
        kHttp,
        "Content-ID: 1",
        "",
        "POST " + std::string(kBase) + "/api/data/v9.2/accounts HTTP/1.1",
        "Content-Type: application/json",
        "",
        R"({"name":"Contoso Bikes"})",
        "--c",
        kHttp,
        "Content-ID: 2",
        "",
        "POST /api/data/v9.2/opportunities HTTP/1.1",
        "Content-Type: application/json",
        "",
        R"({"name":"Bike deal","parentaccountid@odata.bind":"$1"})",
        "--c",
        kHttp,
        "Content-ID: 3",
        "",
        "PUT $1/telephone1 HTTP/1.1",
        "Content-Type: application/json",
        "",
        R"({"value":"555"})",
        "--c--",
        "--b--",
    });
    ASSERT_EQ(response.status, 200);
    EXPECT_TRUE(response.headers.get_or("Content-Type", "")
                    .starts_with("multipart/mixed; boundary=batchresponse_"));
    EXPECT_EQ(count_of(response.body, "HTTP/1.1 204 No Content"), 3U) << response.body;
    const Json row =
        get("opportunities?$expand=parentaccountid($select=name,telephone1)")["value"][0];
    EXPECT_EQ(row["parentaccountid"]["name"], "Contoso Bikes");
    EXPECT_EQ(row["parentaccountid"]["telephone1"], "555");
}

TEST_F(SandboxBatch, AChangesetThatFailsChangesNothing) {
    const std::string id = create("accounts", {{"name", "Before"}});
    const http::Response response = batch({
        "--b",
        "Content-Type: multipart/mixed;boundary=c",
        "",
        "--c",
        kHttp,
        "Content-ID: 1",
        "",
        "POST accounts HTTP/1.1",
        "",
        R"({"name":"Lost"})",
        "--c",
        kHttp,
        "Content-ID: 2",
        "",
        "PATCH accounts(" + id + ") HTTP/1.1",
        "",
        R"({"name":"After"})",
        "--c",
        kHttp,
        "Content-ID: 3",
        "",
        "POST accounts HTTP/1.1",
        "",
        R"({"nosuch":1})",
        "--c--",
        "--b--",
    });
    EXPECT_EQ(response.status, 400) << "the answer takes the error's status";
    EXPECT_EQ(count_of(response.body, "HTTP/1.1 400 Bad Request"), 1U);
    EXPECT_EQ(count_of(response.body, "HTTP/1.1"), 1U) << "only the refusal is answered";
    EXPECT_EQ(get("accounts(" + id + ")")["name"], "Before");
    EXPECT_TRUE(get("accounts?$filter=name%20eq%20'Lost'")["value"].empty());
    EXPECT_EQ(sandbox->writes().size(), 1U) << "what was undone is no write";
}

TEST_F(SandboxBatch, RequestsOutsideChangesetsStopAtTheFirstErrorUnlessAskedToGoOn) {
    const std::initializer_list<std::string> lines = {
        "--b",
        kHttp,
        "",
        "GET opportunities(11111111-1111-4111-8111-111111111111) HTTP/1.1",
        "--b",
        kHttp,
        "",
        "GET accounts?$top=1 HTTP/1.1",
        "Accept: application/json",
        "--b--"};
    const http::Response stopped = batch(lines);
    EXPECT_EQ(stopped.status, 404);
    EXPECT_EQ(count_of(stopped.body, "HTTP/1.1"), 1U);
    const http::Response all = batch(lines, {{"Prefer", "odata.continue-on-error"}});
    EXPECT_EQ(all.status, 200);
    EXPECT_EQ(count_of(all.body, "HTTP/1.1 404"), 1U);
    EXPECT_EQ(count_of(all.body, "HTTP/1.1 200 OK"), 1U);
}

TEST_F(SandboxBatch, BrokenBatchesAre400) {
    const http::Headers headers{
        {"Authorization", "Bearer " + token}, {"Content-Type", "multipart/mixed"}};
    EXPECT_EQ(send("POST", "/api/data/v9.2/$batch", "--b\r\n--b--", headers).status, 400);
    EXPECT_EQ(batch({"--b", kHttp, "", "nonsense", "--b--"}).status, 400);
    EXPECT_EQ(
        batch({"--b",
               "Content-Type: multipart/mixed;boundary=c",
               "",
               "--c",
               kHttp,
               "",
               "GET accounts HTTP/1.1",
               "",
               "--c--",
               "--b--"})
            .status,
        400
    );
}

TEST_F(SandboxBatch, ParsesBareLineFeedsQuotesAndAMissingEnd) {
    const auto items = sandbox::parse_batch(
        "multipart/mixed; boundary=\"x y\"; charset=utf-8",
        "preamble\n--x y\nContent-Type: application/http\n\n\nGET accounts HTTP/1.1\nPrefer: a"
    );
    ASSERT_TRUE(items.has_value());
    ASSERT_EQ(items->size(), 1U);
    const sandbox::BatchItem::Operation& operation = items->front().operations.front();
    EXPECT_EQ(operation.method, "GET");
    EXPECT_EQ(operation.url, "accounts");
    EXPECT_EQ(operation.headers.get_or("prefer", ""), "a");
}

TEST_F(SandboxBatch, RefusesMoreThanAThousandOperations) {
    std::string body;
    for (std::size_t i = 0; i <= sandbox::kBatchOperationsMax; ++i) {
        body += "--b\r\n" + kHttp + "\r\n\r\nGET WhoAmI HTTP/1.1\r\n\r\n";
    }
    const auto items = sandbox::parse_batch("multipart/mixed;boundary=b", body + "--b--");
    ASSERT_FALSE(items.has_value());
    EXPECT_EQ(items.error().status, 400);
}

}  // namespace
}  // namespace tideway::connectors::dataverse
