#include "engine/connector/connector.h"

#include <gtest/gtest.h>

namespace tideway::connector {
namespace {

const Timestamp kNow = from_micros(1'770'000'000'000'000);

Error error_of(int status, std::string body, http::Headers headers = {}) {
    return service_error({status, std::move(headers), std::move(body)}, kNow);
}

TEST(ServiceError, ReadsPartnerCentersEnvelopeDownToTheInnermostError) {
    const Error error = error_of(
        412,
        R"({"error":{"code":"preconditionFailed","message":"The referral was changed.","target":"referral",
            "innerError":{"code":"etag","message":"Read it again."}}})"
    );
    EXPECT_EQ(error.kind, ErrorKind::kConflict);
    EXPECT_EQ(error.code, "PreconditionFailed");
    EXPECT_EQ(error.message, "The referral was changed. Read it again.");
    EXPECT_EQ(error.http_status, 412);
    EXPECT_EQ(service_code(error), "preconditionFailed");
}

TEST(ServiceError, ReadsDataversesEnvelope) {
    const Error error =
        error_of(404, R"({"error":{"code":"0x80040217","message":"opportunity Does Not Exist"}})");
    EXPECT_EQ(error.kind, ErrorKind::kNotFound);
    EXPECT_EQ(error.code, "NotFound");
    EXPECT_EQ(error.message, "opportunity Does Not Exist");
    EXPECT_EQ(service_code(error), "0x80040217");
}

TEST(ServiceError, ReadsTheOlderPartnerEnvelopeWithANumberAsCode) {
    const Error error = error_of(
        400, R"({"code":2055,"description":"Stale etag.","data":[],"source":"PartnerFD"})"
    );
    EXPECT_EQ(error.message, "Stale etag.");
    EXPECT_EQ(service_code(error), "2055");
}

TEST(ServiceError, ReadsTheThrottlingEnvelopeAndItsWait) {
    const Error error = error_of(
        429,
        R"({"statusCode":429,"message":"Rate limit is exceeded. Try again in 57 seconds."})",
        {{"Retry-After", "57"}}
    );
    EXPECT_EQ(error.kind, ErrorKind::kThrottled);
    EXPECT_EQ(error.message, "Rate limit is exceeded. Try again in 57 seconds.");
    EXPECT_EQ(error.retry_after, std::chrono::milliseconds(57'000));
    EXPECT_EQ(service_code(error), "");
}

TEST(ServiceError, ReadsSalesforcesListAndOauthsPair) {
    EXPECT_EQ(
        error_of(
            400, R"([{"message":"No such column","errorCode":"INVALID_FIELD","fields":["x"]}])"
        )
            .message,
        "No such column"
    );
    EXPECT_EQ(
        error_of(400, R"({"error":"invalid_grant","error_description":"expired"})").message,
        "expired"
    );
}

TEST(ServiceError, ShowsPlainTextAndTheTitleOfAPage) {
    EXPECT_EQ(error_of(502, "upstream\r\n  is   down\n").message, "upstream is down");
    EXPECT_EQ(
        error_of(503, "<html><head><title>Service\nUnavailable</title></head>...").message,
        "Service Unavailable"
    );
    EXPECT_EQ(error_of(500, std::string(10'000, 'x')).message.size(), 503U);
}

TEST(ServiceError, SaysTheStatusWhenTheServiceSaysNothing) {
    EXPECT_EQ(error_of(403, "").message, "The service answered 403 Forbidden.");
    EXPECT_EQ(error_of(500, "{}").message, "The service answered 500 Internal Server Error.");
    EXPECT_EQ(error_of(500, "<p>").message, "The service answered 500 Internal Server Error.");
}

TEST(ServiceError, KeepsStatusHeadersAndBodyInItsDetailsButNoCookies) {
    const Error error = error_of(
        400, R"({"error":{"message":"m"}})", {{"request-id", "7"}, {"Set-Cookie", "session=secret"}}
    );
    const Json details = Json::parse(error.details);
    EXPECT_EQ(details["statusCode"], 400);
    EXPECT_EQ(details["headers"], (Json{{"request-id", "7"}}));
    EXPECT_EQ(details["body"]["error"]["message"], "m");
}

TEST(ServiceError, SurvivesAnyBody) {
    for (const std::string& body :
         {std::string("\xFF\xFE"),
          std::string("[]"),
          std::string("[1]"),
          std::string("7"),
          std::string("\"text\""),
          std::string(R"({"error":[]})"),
          std::string(R"({"error":{"code":{}}})"),
          std::string(5000, '['),
          std::string("\0\0", 2)}) {
        const Error error = error_of(400, body);
        EXPECT_FALSE(error.message.empty());
        EXPECT_TRUE(Json::accept(error.details));
    }
}

TEST(ServiceError, TellsByTheKindWhatMayBeDone) {
    EXPECT_EQ(error_of(400, "").kind, ErrorKind::kInvalidInput);
    EXPECT_EQ(error_of(401, "").kind, ErrorKind::kUnauthenticated);
    EXPECT_EQ(error_of(403, "").kind, ErrorKind::kForbidden);
    EXPECT_EQ(error_of(408, "").kind, ErrorKind::kTimeout);
    EXPECT_EQ(error_of(409, "").kind, ErrorKind::kConflict);
    EXPECT_EQ(error_of(410, "").kind, ErrorKind::kNotFound);
    EXPECT_EQ(error_of(503, "").kind, ErrorKind::kUnavailable);
    EXPECT_EQ(error_of(504, "").kind, ErrorKind::kTimeout);
}

TEST(Classify, SeparatesDoneNotDoneAndInDoubt) {
    using model::AttemptClass;
    using model::EffectClass;
    EXPECT_EQ(classify(204, EffectClass::kOnce), AttemptClass::kDone);
    EXPECT_EQ(classify(429, EffectClass::kOnce), AttemptClass::kNotDone);
    EXPECT_EQ(classify(404, EffectClass::kIdempotent), AttemptClass::kNotDone);
    EXPECT_EQ(classify(408, EffectClass::kOnce), AttemptClass::kInDoubt);
    EXPECT_EQ(classify(503, EffectClass::kIdempotent), AttemptClass::kInDoubt);
    EXPECT_EQ(classify(503, EffectClass::kRead), AttemptClass::kNotDone);
}

}  // namespace
}  // namespace tideway::connector
