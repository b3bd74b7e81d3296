#include "engine/connector/template.h"

#include <gtest/gtest.h>

namespace tideway::connector {
namespace {

const Json kSettings{
    {"base_url", "https://crm.contoso.com/"}, {"port", 8080}, {"empty", ""}, {"none", nullptr}};

TEST(Template, FillsSettingsIn) {
    EXPECT_EQ(
        *fill_template("{base_url}/api:{port}", kSettings), "https://crm.contoso.com/api:8080"
    );
    EXPECT_EQ(*fill_template("{base_url}", kSettings), "https://crm.contoso.com/");
    EXPECT_EQ(*fill_template("", kSettings), "");
}

TEST(Template, LeavesOtherBracesAlone) {
    EXPECT_EQ(*fill_template(R"({"a": {} } { {port})", kSettings), R"({"a": {} } { 8080)");
    EXPECT_EQ(*fill_template("{port", kSettings), "{port");
}

TEST(Template, NamesASettingThatIsMissing) {
    for (const char* text : {"{tenant}/x", "{empty}", "{none}"}) {
        const auto filled = fill_template(text, kSettings);
        ASSERT_FALSE(filled) << text;
        EXPECT_EQ(filled.error().code, "SettingMissing");
    }
    EXPECT_NE(
        fill_template("{tenant}/x", kSettings).error().message.find("'tenant'"), std::string::npos
    );
}

TEST(Template, ShowsPeopleWhatIsMissing) {
    EXPECT_EQ(describe_template("{tenant} at {port}", kSettings), "<tenant> at 8080");
}

TEST(Template, DoesNotReadAFilledValueAsATemplateAgain) {
    EXPECT_EQ(*fill_template("{a}", Json{{"a", "{b}"}, {"b", "x"}}), "{b}");
}

}  // namespace
}  // namespace tideway::connector
