// Flows as lists show them: in the order of their pack, with the connections that they use.
#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kFirst = R"(
local deals = connection "deals"
local web = connection "web"
return flow {
  title = "First",
  trigger = trigger.manual { inputs = {} },
  run = function()
    web.get("Ask", { uri = "http://127.0.0.1:1/" })
    deals.get_referral("Get", { id = "0a1b2c3d-0000-4000-8000-000000000001" })
  end,
})";

constexpr const char* kSecond = R"(
return flow { title = "Second", trigger = trigger.manual { inputs = {} }, run = function() end })";

class FlowList : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_file("pack/pack.json", R"({"name":"bad","version":"1.0.0",
            "connections":{"web":{"connector":"http"},"deals":{"connector":"partner_center"}},
            "order":["z_first","a_second"]})");
        program_.write_flow("z_first", kFirst);
        program_.write_flow("a_second", kSecond);
        program_.init();
        program_.serve();
    }

    Program program_;
};

TEST_F(FlowList, GoesByTheOrderOfThePack) {
    const Json flows = program_.cli_json({"flows", "list"}).at("value");
    ASSERT_EQ(flows.size(), 2U);
    EXPECT_EQ(flows[0].at("name"), "z_first");
    EXPECT_EQ(flows[0].at("order"), 1);
    EXPECT_EQ(flows[1].at("name"), "a_second");
    EXPECT_EQ(program_.cli_json({"flows", "show", "a_second"}).at("order"), 2);
    const std::string shown = program_.cli({"flows", "list"}).output;
    EXPECT_LT(shown.find("bad/z_first"), shown.find("bad/a_second")) << shown;
}

TEST_F(FlowList, NamesTheConnectionsThatAreUsedAndMissing) {
    const std::string before = program_.cli({"flows", "list"}).output;
    EXPECT_NE(before.find("deals (missing)"), std::string::npos) << before;
    EXPECT_EQ(before.find("web (missing)"), std::string::npos) << before;
    const Reply bound = program_.api("PUT", "/references/bad/web", {{"connection", "intranet"}});
    ASSERT_EQ(bound.status, 200) << bound.text;
    const std::string after = program_.cli({"flows", "show", "z_first"}).output;
    EXPECT_NE(after.find("web = intranet"), std::string::npos) << after;
    const Json used = program_.cli_json({"flows", "show", "z_first"}).at("uses");
    ASSERT_EQ(used.size(), 2U) << used.dump();
    for (const Json& one : used) {
        EXPECT_EQ(one.at("missing"), one.at("reference") == "deals") << used.dump();
    }
}

}  // namespace
}  // namespace tideway::testing
