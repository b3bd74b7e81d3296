// Webhook Registration: which URLs it takes, and whose it replaces.
#include "tests/packs/co_sell_world.h"

namespace tideway::tests {
namespace {

class CoSellRegistration : public CoSellWorld {
  protected:
    void SetUp() override {
        CoSellWorld::SetUp();
        let_a_minute_pass();
    }

    // Partner Center sends two test events a minute, no more.
    static void let_a_minute_pass() {
        (void)must(partner_center("POST", "/clock", {{"advance_s", 61}}));
    }

    static std::string registered_url() {
        return string_or(must(partner_center("GET", "/status")), "webhook");
    }
};

TEST_F(CoSellRegistration, StoresTheUrlAndDeliversATestEvent) {
    const Json run = register_url(trigger_url(), true);
    ASSERT_EQ(string_or(run, "status"), "Succeeded") << string_or(run, "headline");
    EXPECT_EQ(string_or(run, "outcome"), "registered");
    EXPECT_EQ(run.at("output").at("registered").at("url"), trigger_url());
    EXPECT_EQ(run.at("output").at("delivery").at("status"), "completed");
}

TEST_F(CoSellRegistration, StoresAllFourEventsUnlessSomeAreChosen) {
    const Json all = register_url(trigger_url(), true).at("output").at("registered").at("events");
    for (const char* name :
         {"referral-created",
          "referral-updated",
          "related-referral-created",
          "related-referral-updated"}) {
        EXPECT_NE(std::find(all.begin(), all.end(), name), all.end()) << name;
    }
    const Json two = run_registration(
        {{"url", trigger_url()},
         {"events", {"referral-created", "referral-updated"}},
         {"overwrite", true}}
    );
    const Json chosen = two.at("output").at("registered").at("events");
    EXPECT_EQ(std::find(chosen.begin(), chosen.end(), "related-referral-created"), chosen.end());
}

TEST_F(CoSellRegistration, DoesNotReplaceAnotherUrlUnlessTold) {
    const std::string mine = trigger_url();
    const Json run = register_url("http://127.0.0.1:9/elsewhere", false);
    EXPECT_EQ(string_or(run, "outcome"), "refused") << string_or(run, "headline");
    EXPECT_NE(string_or(run, "outcome_reason").find(mine), std::string::npos);
    EXPECT_EQ(registered_url(), mine);
}

TEST_F(CoSellRegistration, NeedsAnEndpoint) {
    const Json run = run_registration({{"url", "  "}, {"overwrite", true}});
    EXPECT_EQ(string_or(run, "status"), "Failed");
    EXPECT_NE(
        string_or(run, "headline").find("Http Trigger Endpoint is required"), std::string::npos
    );
}

TEST_F(CoSellRegistration, RefusesWhatIsNoHttpUrl) {
    const Json run = register_url("ftp://contoso.com/hook", true);
    EXPECT_EQ(string_or(run, "status"), "Failed");
    EXPECT_NE(string_or(run, "headline").find("https"), std::string::npos)
        << string_or(run, "headline");
    EXPECT_EQ(registered_url(), trigger_url());
}

}  // namespace
}  // namespace tideway::tests
