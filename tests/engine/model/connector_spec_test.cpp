#include "engine/model/connector_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/digest.h"

namespace tideway::model {
namespace {

using testing::HasSubstr;

Json good_spec() {
    return Json::parse(R"({
      "id":"crm","title":"Northwind CRM","summary":"Rows of a CRM.","status":"preview",
      "auth":["oauth2"],
      "oauth":{"token_url":"{authority}/{tenant}/token","style":"v2","grants":["client_credentials"]},
      "audiences":{"crm":"{base_url}"},
      "register":["Register an application in {tenant}."],
      "settings":{"type":"object","properties":{"base_url":{"type":"string","format":"uri"}}},
      "operations":[
        {"id":"create_row","title":"Add a row","effect":"idempotent","probe":true,"creates":true,
         "already_done":[{"status":412,"code":"0x80040237","then":"probe"},{"status":404,"then":"ignore"}],
         "trust_absent_after_s":30,"audience":"crm",
         "input":{"type":"object","required":["row"],"additionalProperties":false,
                  "properties":{"key":{},"table":{"type":"string"},"row":{"type":"object"}}},
         "output":{"type":"object"},
         "object":"/table","record_id":"output:/id","fields":"/row","version":"output:/etag",
         "secret_fields":["/row/password"]},
        {"id":"get_row","title":"Get a row","effect":"read"},
        {"id":"send","title":"Send","effect":"once","park":true}],
      "triggers":[{"id":"row_changed","title":"A row changed","kind":"webhook","subscribes":true,
                   "config":{"type":"object"},"event":{"type":"object"}}]})");
}

std::string refusal(const Json& spec) {
    const auto parsed = parse_connector_spec(dump(spec));
    EXPECT_FALSE(parsed);
    return parsed ? std::string() : parsed.error().text();
}

TEST(ConnectorSpec, ReadsEveryField) {
    const std::string text = dump(good_spec());
    const auto spec = parse_connector_spec(text);
    ASSERT_TRUE(spec) << spec.error().text();
    EXPECT_EQ(spec->id, "crm");
    EXPECT_EQ(spec->status, "preview");
    EXPECT_EQ(spec->oauth["style"], "v2");
    EXPECT_EQ(spec->audiences.at("crm"), "{base_url}");
    EXPECT_EQ(spec->register_steps.size(), 1U);
    EXPECT_EQ(spec->hash, to_hex(sha256(text)).substr(0, 16));
    const OperationSpec* create = spec->operation("create_row");
    ASSERT_NE(create, nullptr);
    EXPECT_EQ(create->effect, EffectClass::kIdempotent);
    EXPECT_TRUE(create->has_probe);
    EXPECT_TRUE(create->creates);
    EXPECT_EQ(create->trust_absent_after, std::chrono::seconds(30));
    ASSERT_EQ(create->already_done.size(), 2U);
    EXPECT_EQ(create->already_done[0].code, "0x80040237");
    EXPECT_EQ(create->already_done[1].then, "ignore");
    EXPECT_EQ(create->object, "/table");
    EXPECT_EQ(create->record_id, "output:/id");
    EXPECT_EQ(create->version, "output:/etag");
    EXPECT_EQ(create->secret_fields, std::vector<std::string>{"/row/password"});
    ASSERT_NE(spec->trigger("row_changed"), nullptr);
    EXPECT_TRUE(spec->trigger("row_changed")->subscribes);
}

TEST(ConnectorSpec, RefusesAnOperationWithoutAnEffectClassByName) {
    Json spec = good_spec();
    spec["operations"][1].erase("effect");
    EXPECT_THAT(refusal(spec), HasSubstr("operation 'get_row' has no effect class"));
    spec["operations"][1]["effect"] = "safe";
    EXPECT_THAT(refusal(spec), HasSubstr("unknown effect class 'safe'"));
}

TEST(ConnectorSpec, RefusesAnIdempotentOperationThatDoesNotSayWhatAlreadyDoneLooksLike) {
    Json spec = good_spec();
    spec["operations"][0].erase("already_done");
    EXPECT_THAT(refusal(spec), HasSubstr("operation 'create_row' is idempotent and does not say"));
    spec["operations"][0]["already_done"] = Json::array();
    EXPECT_TRUE(parse_connector_spec(dump(spec)));
}

TEST(ConnectorSpec, RefusesAnOnceOperationThatCanNeitherBeProbedNorParked) {
    Json spec = good_spec();
    spec["operations"][2].erase("park");
    EXPECT_THAT(refusal(spec), HasSubstr("operation 'send' takes effect once and names neither"));
    spec["operations"][2]["probe"] = true;
    EXPECT_TRUE(parse_connector_spec(dump(spec)));
}

TEST(ConnectorSpec, RefusesACreateWhoseInputHasNoPlaceForTheKey) {
    Json spec = good_spec();
    spec["operations"][0]["input"]["properties"].erase("key");
    EXPECT_THAT(refusal(spec), HasSubstr("its input has no 'key'"));
}

struct Mistake {
    const char* pointer;
    const char* value;
    const char* expected;
};

class ConnectorSpecMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(ConnectorSpecMistakes, AreRefusedWithTheirPlace) {
    Json spec = good_spec();
    spec[Json::json_pointer(GetParam().pointer)] = Json::parse(GetParam().value);
    EXPECT_THAT(refusal(spec), HasSubstr(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    ConnectorSpecMistakes,
    testing::Values(
        Mistake{"/id", R"("Crm")", "needs an 'id'"},
        Mistake{"/colour", R"("blue")", "unknown field 'colour'"},
        Mistake{"/status", R"("old")", "status 'old'"},
        Mistake{"/auth", R"([])", "needs 'auth'"},
        Mistake{"/auth/0", R"("magic")", "unknown 'auth' magic"},
        Mistake{"/oauth", "null", "has no 'oauth'"},
        Mistake{"/oauth/style", R"("v3")", "needs a 'style'"},
        Mistake{"/oauth/grants/0", R"("password")", "unknown grant 'password'"},
        Mistake{"/oauth/grants/0", R"("device_code")", "no 'device_url'"},
        Mistake{"/audiences/crm", "1", "audience 'crm'"},
        Mistake{"/settings", R"({"type":"string"})", "'settings' must be a schema"},
        Mistake{"/operations/0/trust_absent_after", "30", "unknown field 'trust_absent_after'"},
        Mistake{"/operations/0/audience", R"("other")", "audience 'other'"},
        Mistake{"/operations/0/version", R"("/etag")", "wrong 'version'"},
        Mistake{"/operations/0/fields", R"("output:/row")", "wrong 'fields'"},
        Mistake{"/operations/0/record_id", R"("id")", "wrong 'record_id'"},
        Mistake{"/operations/0/input/properties/row/type", R"("map")", "create_row"},
        Mistake{"/operations/0/already_done/0/then", R"("guess")", "goes on with 'guess'"},
        Mistake{"/operations/0/already_done/0/status", "9", "without an HTTP status"},
        Mistake{"/operations/0/probe", "false", "has no \"probe\": true"},
        Mistake{"/operations/1/park", "true", "nothing to probe or park"},
        Mistake{"/operations/1/creates", "true", "effect is not 'read'"},
        Mistake{"/operations/1/id", R"("send")", "operation 'send' twice"},
        Mistake{"/operations/2/secret_fields", R"(["x"])", "wrong secret field 'x'"},
        Mistake{"/triggers/0/kind", R"("push")", "needs a 'kind'"},
        Mistake{"/triggers/0/caught_up_by", R"("row_polled")", "which is no polling trigger"},
        Mistake{"/triggers/0/caught_up_by", R"("row_changed")", "which is no polling trigger"},
        Mistake{"/triggers/0/title", R"("")", "needs the text 'title'"}
    )
);

TEST(ConnectorSpec, RefusesTextThatIsNoJson) {
    const auto spec = parse_connector_spec("{");
    ASSERT_FALSE(spec);
    EXPECT_EQ(spec.error().code, "InvalidJSON");
}

}  // namespace
}  // namespace tideway::model
