#include "engine/runtime/cases/anonymise.h"

#include <gtest/gtest.h>

namespace tideway::runtime {
namespace {

Json anonymised(const Json& value) {
    Anonymiser anonymiser;
    anonymiser.learn(value);
    return anonymiser.replace(value);
}

TEST(Anonymiser, ReplacesMailAddressesWhereverTheyStand) {
    EXPECT_EQ(
        anonymised(
            {{"to", "ada.byron@contoso.com"},
             {"filter", "emailaddress1 eq 'ada.byron@contoso.com'"},
             {"text", "Ask bob@fabrikam.co.uk."}}
        ),
        Json(
            {{"to", "person1@example.com"},
             {"filter", "emailaddress1 eq 'person1@example.com'"},
             {"text", "Ask person2@example.com."}}
        )
    ) << anonymised({{"to", "ada.byron@contoso.com"}});
}

TEST(Anonymiser, GivesEqualValuesEqualReplacements) {
    const Json out = anonymised(
        {{"first", {{"firstName", "Ada"}, {"phoneNumber", "+44 20 7946 0018"}}},
         {"second", {{"firstname", "Ada"}, {"telephone1", "+44 20 7946 0018"}}}}
    );
    EXPECT_EQ(out["first"]["firstName"], out["second"]["firstname"]);
    EXPECT_EQ(out["first"]["phoneNumber"], out["second"]["telephone1"]);
    EXPECT_EQ(out["first"]["firstName"], "First 1");
    EXPECT_EQ(out["first"]["phoneNumber"], "+1 555 0101");
}

TEST(Anonymiser, ReplacesSecretsByTheNameOfTheirField) {
    const Json out = anonymised(
        {{"headers", {{"Authorization", "Bearer abc.def"}}},
         {"client_secret", "s3cr3t"},
         {"api-key", "k-123"}}
    );
    EXPECT_EQ(out["headers"]["Authorization"].get<std::string>().find("abc"), std::string::npos);
    EXPECT_EQ(out["client_secret"].get<std::string>().find("s3cr3t"), std::string::npos);
    EXPECT_EQ(out["api-key"].get<std::string>().find("k-123"), std::string::npos);
}

TEST(Anonymiser, LeavesEverythingElseAsItIs) {
    const Json value = {
        {"id", "0f9d0b7c-1111-4222-8333-444455556666"},
        {"name", "Contoso pilot"},
        {"at", "2026-01-05T09:00:00Z"},
        {"value", 5.5},
        {"list", {true, nullptr, "@odata.type"}},
        {"secret", {{"$secret", "token"}}}};
    EXPECT_EQ(anonymised(value), value);
}

}  // namespace
}  // namespace tideway::runtime
