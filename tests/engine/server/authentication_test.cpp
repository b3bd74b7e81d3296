#include "engine/server/authentication.h"

#include <gtest/gtest.h>

#include "engine/server/expiry.h"
#include "tests/support/manual_clock.h"

namespace tideway::server {
namespace {

TEST(Roles, HaveTheirWords) {
    for (const Role role : {Role::kRunOnly, Role::kViewer, Role::kOperator, Role::kAdmin}) {
        EXPECT_EQ(parse_role(to_string(role)), role);
    }
    EXPECT_FALSE(parse_role("root"));
}

class Tokens : public ::testing::Test {
  protected:
    void put(const std::string& name, const std::string& role, const char* flows = "[]") {
        store::ApiToken token;
        token.name = name;
        token.role = role;
        token.hash = token_hash(name + "-secret");
        token.flows = Payload(flows);
        token.expires = clock_.now() + std::chrono::hours(1);
        authentication_.put(token);
    }

    static http::Headers bearer(const std::string& name) {
        return {{"Authorization", "Bearer " + name + "-secret"}};
    }

    std::string refusal(const std::string& name, Role least) const {
        const auto allowed = authentication_.require(bearer(name), least);
        return allowed ? "" : allowed.error().code;
    }

    std::string refusal_for(const std::string& name, Role least, const char* flow) const {
        const auto allowed = authentication_.require_for_flow(bearer(name), least, flow);
        return allowed ? "" : allowed.error().code;
    }

    testing_support::ManualClock clock_;
    Authentication authentication_{clock_};
};

TEST_F(Tokens, AllowWhatTheirRoleAndThoseBelowMay) {
    put("looker", "viewer");
    put("worker", "operator");
    EXPECT_EQ(refusal("looker", Role::kViewer), "");
    EXPECT_EQ(refusal("looker", Role::kOperator), "Forbidden");
    EXPECT_EQ(refusal("worker", Role::kOperator), "");
    EXPECT_EQ(refusal("worker", Role::kAdmin), "Forbidden");
    EXPECT_EQ(refusal("nobody", Role::kViewer), "Unauthorized");
    EXPECT_EQ(refusal_for("looker", Role::kOperator, "pack/order"), "Forbidden");
    EXPECT_EQ(refusal_for("worker", Role::kOperator, "pack/order"), "");
}

TEST_F(Tokens, ThatMayOnlyRunAreForTheirFlowsAlone) {
    put("clerk", "run-only", R"(["pack/order"])");
    EXPECT_EQ(refusal("clerk", Role::kViewer), "Forbidden");
    EXPECT_EQ(refusal_for("clerk", Role::kOperator, "pack/order"), "");
    EXPECT_EQ(refusal_for("clerk", Role::kOperator, "pack/other"), "Forbidden");
    EXPECT_EQ(refusal_for("clerk", Role::kViewer, "pack/other"), "Forbidden");
    EXPECT_TRUE(authentication_.caller(bearer("clerk"))->is_run_only());
}

TEST_F(Tokens, OfAnUnknownRoleMayDoNothing) {
    put("odd", "root");
    EXPECT_EQ(refusal("odd", Role::kViewer), "Forbidden");
    EXPECT_EQ(refusal_for("odd", Role::kViewer, "pack/order"), "Forbidden");
}

TEST_F(Tokens, EndAndSayWhen) {
    put("worker", "operator");
    clock_.advance(std::chrono::hours(1));
    const auto allowed = authentication_.require(bearer("worker"), Role::kViewer);
    ASSERT_FALSE(allowed);
    EXPECT_EQ(allowed.error().code, "Unauthorized");
    EXPECT_NE(allowed.error().message.find("The token 'worker' ended at"), std::string::npos);
    EXPECT_EQ(authentication_.person(bearer("worker")), "");
}

TEST_F(Tokens, AreListedWithoutTheirHashes) {
    put("worker", "operator");
    put("admin", "admin");
    const auto tokens = authentication_.tokens();
    ASSERT_EQ(tokens.size(), 2U);
    EXPECT_EQ(tokens.front().name, "admin");
    EXPECT_EQ(tokens.front().hash, "");
}

TEST(Expiry, IsATimeFromNowOrAPointInTime) {
    const Timestamp now = *parse_utc("2026-02-03T10:00:00Z");
    const auto read = [now](const char* text) {
        const auto end = parse_expiry(text, now);
        return end ? format_utc(*end) : end.error().code;
    };
    EXPECT_EQ(read("30d"), "2026-03-05T10:00:00Z");
    EXPECT_EQ(read("12h"), "2026-02-03T22:00:00Z");
    EXPECT_EQ(read("90m"), "2026-02-03T11:30:00Z");
    EXPECT_EQ(read("P1DT1H"), "2026-02-04T11:00:00Z");
    EXPECT_EQ(read("2026-12-31"), "2026-12-31T00:00:00Z");
    for (const char* wrong :
         {"",
          "d",
          "0d",
          "-1d",
          "1y",
          "30",
          "soon",
          "2026-02-03",
          "2025-12-31",
          "P1000000D",
          "9999999d",
          "99999999999999999999d",
          "2126-01-01"}) {
        EXPECT_EQ(read(wrong), "InvalidArgument") << wrong;
    }
}

}  // namespace
}  // namespace tideway::server
