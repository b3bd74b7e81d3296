// A co-sell pack is made ready from the command line, against the sandboxes.
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

class CoSellToolsOfAProgram : public ::testing::Test {
  protected:
    void SetUp() override {
        namespace fs = std::filesystem;
        fs::remove_all(program_.pack_folder());
        fs::copy("flows/co_sell_dynamics365", program_.pack_folder(), fs::copy_options::recursive);
        fs::copy("flows/co_sell", program_.folder() + "/co_sell", fs::copy_options::recursive);
        program_.init();
        start_sandboxes();
        program_.serve();
        connect("partner_center", "partner_center_referrals");
        connect("dataverse", "dynamics365");
    }

    void start_sandboxes() {
        ChildPlan plan;
        plan.arguments = {
            TIDEWAY_PROGRAM,
            "sandbox",
            "--data",
            program_.data_folder(),
            "--partner-center-port",
            "0",
            "--dataverse-port",
            "0",
            "--salesforce-port",
            "0"};
        plan.error_file = program_.folder() + "/sandbox.log";
        sandboxes_ = std::make_unique<Child>(plan);
        const std::string said = sandboxes_->read_until("connections add salesforce");
        const std::size_t at = said.find("http://", said.find("Dataverse"));
        dataverse_ = said.substr(at, said.find('\n', at) - at);
    }

    void connect(const std::string& connector, const std::string& name) {
        const auto added =
            program_.cli({"connections", "add", connector, "--name", name, "--sandbox"});
        ASSERT_EQ(added.exit_code, 0) << added.text();
    }

    Program program_;
    std::unique_ptr<Child> sandboxes_;
    std::string dataverse_;  // its control address
};

TEST_F(CoSellToolsOfAProgram, MakeAnEmptyCrmReady) {
    ASSERT_EQ(program_.post(dataverse_ + "/solution", R"({"installed":false})").status, 200);
    const auto before = program_.cli({"preflight"});
    EXPECT_EQ(before.exit_code, 1);
    EXPECT_NE(
        before.output.find("problem  Column audit  The CRM has no field msft_audit"),
        std::string::npos
    ) << before.text();

    const auto plan = program_.cli({"crm", "plan"});
    EXPECT_EQ(plan.exit_code, 0) << plan.text();
    EXPECT_NE(plan.output.find("would be made"), std::string::npos) << plan.output;
    EXPECT_EQ(program_.cli({"preflight"}).exit_code, 1) << "a plan makes nothing";

    program_.turn_on("set_up_crm_columns");
    const auto made = program_.cli({"crm", "apply"});
    EXPECT_EQ(made.exit_code, 0) << made.text();
    const auto after = program_.cli({"preflight"});
    EXPECT_EQ(after.exit_code, 0) << after.text();
    const auto again = program_.cli({"crm", "plan"});
    EXPECT_EQ(again.output.find("would be made"), std::string::npos) << again.output;
    EXPECT_EQ(program_.cli({"verify-tenant"}).exit_code, 0);
}

TEST_F(CoSellToolsOfAProgram, AreAskedByDoctor) {
    const auto said = program_.cli({"doctor"});
    EXPECT_NE(
        said.output.find("ok       preflight co_sell_dynamics365: Field Deal value  estimatedvalue"
        ),
        std::string::npos
    ) << said.text();
}

}  // namespace
}  // namespace tideway::testing
