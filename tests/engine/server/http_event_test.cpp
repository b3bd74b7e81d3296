// Requests as events: every kind of content, and everything that is wrong with some.
#include "engine/server/http_event.h"

#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace tideway::server {
namespace {

http::ServerRequest request_of(const std::string& type, std::string body) {
    http::ServerRequest request;
    request.method = "POST";
    request.path = "/flows/pack/flow/invoke";
    if (!type.empty()) {
        request.headers.add("Content-Type", type);
    }
    request.body = std::move(body);
    return request;
}

Json body_of(const std::string& type, std::string body) {
    const auto event = http_event(request_of(type, std::move(body)));
    EXPECT_TRUE(event) << event.error().text();
    return event ? event->value("body", Json("none")) : Json();
}

TEST(HttpEvent, WithoutABodyHasNoBody) {
    const auto event = http_event(request_of("application/json", ""));
    ASSERT_TRUE(event);
    EXPECT_EQ(find(*event, "body"), nullptr);
    EXPECT_EQ(find(*event, "relative_path"), nullptr);
    EXPECT_EQ(find(*event, "path"), nullptr);
    EXPECT_EQ(event->at("method"), "POST");
    EXPECT_EQ(event->at("queries"), Json::object());
}

TEST(HttpEvent, HasJsonAsAValueAndTextAsText) {
    EXPECT_EQ(body_of("application/json", R"({"a":[1]})"), Json::parse(R"({"a":[1]})"));
    EXPECT_EQ(body_of("application/merge-patch+json; charset=UTF-8", "[null]"), Json({nullptr}));
    EXPECT_EQ(body_of("text/csv", "a;b\n"), Json("a;b\n"));
    EXPECT_EQ(body_of("application/xml", "<a/>"), Json("<a/>"));
    EXPECT_EQ(body_of("text/plain; charset=iso-8859-1", "K\xF6ln"), Json("K\xC3\xB6ln"));
}

TEST(HttpEvent, HasOtherContentInBase64) {
    EXPECT_EQ(
        body_of("image/png", std::string("\xFF\x00", 2)),
        Json::parse(R"({"$content-type":"image/png","$content":"/wA="})")
    );
    EXPECT_EQ(body_of("", "x").at("$content-type"), "application/octet-stream");
}

TEST(HttpEvent, HasTheFieldsOfAForm) {
    const Json body =
        body_of("application/x-www-form-urlencoded; charset=utf-8", "a=1+2&b=%C3%B6&a=3");
    EXPECT_EQ(
        body.at("$formdata"),
        Json::parse(R"([{"key":"a","value":"1 2"},{"key":"b","value":"ö"},{"key":"a","value":"3"}])"
        )
    );
    EXPECT_EQ(body.at("$content"), "YT0xKzImYj0lQzMlQjYmYT0z");
}

TEST(HttpEvent, HasThePartsOfMultipartWithTheirOwnContent) {
    const Json body = body_of(
        "multipart/form-data; boundary=B",
        "--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"data\"\r\nContent-Type: application/json\r\n"
        "\r\n{\"a\":1}\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n\xFF\r\n"
        "--B--\r\n"
    );
    EXPECT_EQ(body.at("$content-type"), "multipart/form-data; boundary=B");
    const Json& parts = body.at("$multipart");
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0].at("name"), "note");
    EXPECT_EQ(parts[0].at("body"), "hi");
    EXPECT_EQ(parts[0].at("headers").at("content-disposition"), "form-data; name=\"note\"");
    EXPECT_EQ(parts[1].at("body"), Json::parse(R"({"a":1})"));
    EXPECT_EQ(parts[2].at("file_name"), "a.bin");
    EXPECT_EQ(parts[2].at("body").at("$content"), "/w==");
}

TEST(HttpEvent, HasHeadersAndQueriesWithoutCredentialsAndSignature) {
    http::ServerRequest request = request_of("", "");
    request.headers.add("X-Tag", "a");
    request.headers.add("x-tag", "b");
    request.headers.add("Authorization", "Bearer secret");
    request.headers.add("proxy-authorization", "Basic secret");
    request.headers.add("Cookie", "secret");
    request.query = "a=1&sig=secret&a=2&s%69g=secret&sp=x&sv=1.0&se=2026&empty";
    const auto event = http_event(request);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->at("headers"), Json::parse(R"({"x-tag":"a, b"})"));
    EXPECT_EQ(event->at("queries"), Json::parse(R"({"a":"1,2","empty":""})"));
}

struct Hostile {
    const char* what;
    std::string type;
    std::string body;
    const char* code;
    int status;
};

class HostileRequest : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileRequest, IsRefusedWithAClearCode) {
    const Hostile& hostile = GetParam();
    const auto event = http_event(request_of(hostile.type, hostile.body));
    ASSERT_FALSE(event) << hostile.what;
    EXPECT_EQ(event.error().code, hostile.code) << hostile.what << event.error().text();
    EXPECT_EQ(refusal(event.error()).status, hostile.status) << hostile.what;
}

std::string many_fields() {
    std::string out;
    for (std::size_t i = 0; i <= limits::kFormPartsMax; ++i) {
        out += "a=1&";
    }
    return out;
}

std::string many_parts() {
    std::string out;
    for (int i = 0; i < 100'000; ++i) {
        out += "--B\r\n\r\n\r\n";
    }
    return out + "--B--";
}

constexpr const char* kForm = "application/x-www-form-urlencoded";
constexpr const char* kMultipart = "multipart/form-data; boundary=B";

INSTANTIATE_TEST_SUITE_P(
    HttpEvent,
    HostileRequest,
    ::testing::Values(
        Hostile{"broken JSON", "application/json", "{", "InvalidJSON", 400},
        Hostile{"deep JSON", "application/json", std::string(1000, '['), "InvalidJSON", 400},
        Hostile{"JSON that is not UTF-8", "application/json", "\"\xFF\"", "InvalidEncoding", 400},
        Hostile{
            "JSON in UTF-16",
            "application/json; charset=utf-16",
            std::string("{\0}\0", 4),
            "UnsupportedMediaType",
            415},
        Hostile{
            "UTF-16 under a wrong name",
            "application/json",
            std::string("{\0}\0", 4),
            "InvalidJSON",
            400},
        Hostile{"text that is not UTF-8", "text/plain", "a\xC0\x80", "InvalidEncoding", 400},
        Hostile{"a surrogate", "text/plain; charset=utf-8", "\xED\xA0\x80", "InvalidEncoding", 400},
        Hostile{
            "an unknown charset", "text/plain; charset=ebcdic", "a", "UnsupportedMediaType", 415},
        Hostile{"a form that is not UTF-8", kForm, "a=%FF", "InvalidEncoding", 400},
        Hostile{"a form with too many fields", kForm, many_fields(), "InvalidForm", 400},
        Hostile{"multipart without boundary", "multipart/form-data", "x", "InvalidMultipart", 400},
        Hostile{"another boundary", kMultipart, "--A\r\n\r\n\r\n--A--", "InvalidMultipart", 400},
        Hostile{"multipart without end", kMultipart, "--B\r\n\r\nx", "InvalidMultipart", 400},
        Hostile{"too many parts", kMultipart, many_parts(), "InvalidMultipart", 400},
        Hostile{
            "a part with long headers",
            kMultipart,
            "--B\r\nA: " + std::string(100'000, 'x') + "\r\n\r\n\r\n--B--",
            "InvalidMultipart",
            400},
        Hostile{
            "a part with broken JSON",
            kMultipart,
            "--B\r\nContent-Type: application/json\r\n\r\n{\r\n--B--",
            "InvalidJSON",
            400},
        Hostile{
            "a part that is not UTF-8",
            kMultipart,
            "--B\r\n\r\n\xFF\r\n--B--",
            "InvalidEncoding",
            400},
        Hostile{
            "a part whose name is not UTF-8",
            kMultipart,
            "--B\r\nContent-Disposition: form-data; name=\"\xFF\"\r\n\r\nx\r\n--B--",
            "InvalidEncoding",
            400},
        Hostile{"a type that is not UTF-8", "image/\xFF", "x", "InvalidEncoding", 400}
    )
);

TEST(HttpEvent, DoesNotReadCompressedBodies) {
    http::ServerRequest request = request_of("application/json", "\x1F\x8B");
    request.headers.add("Content-Encoding", "gzip");
    const auto event = http_event(request);
    ASSERT_FALSE(event);
    EXPECT_EQ(refusal(event.error()).status, 415);
}

TEST(HttpEvent, RefusesQueriesAndPathsThatAreNotUtf8) {
    http::ServerRequest query = request_of("", "");
    query.query = "a=%FF";
    EXPECT_EQ(http_event(query).error().code, "InvalidEncoding");
    http::ServerRequest path = request_of("", "");
    path.params["rest"] = "\xFF";
    EXPECT_EQ(http_event(path).error().code, "InvalidEncoding");
}

TEST(HttpEvent, KeepsHeadersThatAreNotUtf8FromBreakingTheEvent) {
    http::ServerRequest request = request_of("", "");
    request.headers.add("X-Name", "K\xF6ln");
    const auto event = http_event(request);
    ASSERT_TRUE(event);
    EXPECT_TRUE(parse_json(dump(*event), "event"));
}

}  // namespace
}  // namespace tideway::server
