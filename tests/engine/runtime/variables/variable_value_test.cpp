#include "engine/runtime/variables/variable_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/pack.h"

namespace tideway::runtime {
namespace {

using ::testing::HasSubstr;

struct Fitting {
    const char* type;
    Json value;
};

TEST(VariableValue, FitsItsType) {
    const std::vector<Fitting> fitting = {
        {"String", ""},
        {"Number", 12.5},
        {"Number", 7},
        {"Yes/No", false},
        {"JSON", Json{{"days", {1, 2}}}},
        {"JSON", "a text is JSON too"},
        {"Secret", "s3cret"}};
    for (const auto& [type, value] : fitting) {
        EXPECT_TRUE(check_variable("v", type, value)) << type << " " << dump(value);
    }
}

TEST(VariableValue, OfAnotherTypeIsRefusedWithWhatWouldFit) {
    const std::vector<Fitting> wrong = {
        {"String", 7},
        {"Number", "7"},
        {"Yes/No", "Yes"},
        {"JSON", nullptr},
        {"Secret", 7},
        {"Secret", ""},
        {"Number", nullptr}};
    for (const auto& [type, value] : wrong) {
        const Status checked = check_variable("limit", type, value);
        ASSERT_FALSE(checked) << type << " " << dump(value);
        EXPECT_EQ(checked.error().code, "InvalidVariable");
        EXPECT_THAT(checked.error().message, HasSubstr("'limit' is of type " + std::string(type)));
        EXPECT_THAT(checked.error().remedy, HasSubstr("Give it "));
    }
}

TEST(VariableValue, OfASecretIsNotRepeatedInAMessage) {
    const Status checked = check_variable("token", "Secret", Json{{"token", "s3cret"}});
    ASSERT_FALSE(checked);
    EXPECT_THAT(checked.error().text(), ::testing::Not(HasSubstr("s3cret")));
}

TEST(VariableValue, IsReadByItsTypeFromACommandLine) {
    EXPECT_EQ(read_variable("v", "String", "12")->get<std::string>(), "12");
    EXPECT_EQ(read_variable("v", "Secret", "12")->get<std::string>(), "12");
    EXPECT_EQ(read_variable("v", "Number", "12")->get<int>(), 12);
    EXPECT_EQ(read_variable("v", "Yes/No", "Yes")->get<bool>(), true);
    EXPECT_EQ(read_variable("v", "Yes/No", "false")->get<bool>(), false);
    EXPECT_EQ(*read_variable("v", "JSON", "[1]"), Json::array({1}));
    for (const char* type : {"Number", "Yes/No", "JSON"}) {
        const auto read = read_variable("v", type, "twelve");
        ASSERT_FALSE(read) << type;
        EXPECT_EQ(read.error().code, "InvalidVariable");
    }
}

Result<Pack> pack_with(const std::string& variable) {
    return parse_pack(
        {{"pack.json", R"({"name":"p","version":"1.0.0","variables":{"v":)" + variable + "}}"}}
    );
}

TEST(PackVariable, HasATypeThatThereIsAndADefaultOfIt) {
    EXPECT_TRUE(pack_with(R"({"type":"JSON","default":{"a":1}})"));
    EXPECT_TRUE(pack_with(R"({"type":"Secret"})"));
    EXPECT_TRUE(pack_with(R"({})")) << "String, unless said otherwise";
    const auto unknown = pack_with(R"({"type":"Integer"})");
    ASSERT_FALSE(unknown);
    EXPECT_THAT(unknown.error().remedy, HasSubstr("String, Number, Yes/No, JSON, Secret"));
    const auto other = pack_with(R"({"type":"Number","default":"7"})");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, "InvalidPack");
}

TEST(PackVariable, ThatIsASecretHasNoDefault) {
    const auto pack = pack_with(R"({"type":"Secret","default":"s3cret"})");
    ASSERT_FALSE(pack);
    EXPECT_EQ(pack.error().code, "InvalidPack");
    EXPECT_THAT(pack.error().text(), ::testing::Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace tideway::runtime
