#include "engine/runtime/triggers/signed_address.h"

#include <gtest/gtest.h>

namespace tideway::runtime {
namespace {

const Timestamp kNow = from_micros(1'770'000'000'000'000);
const SigningKeys kKeys{"first", "second"};
constexpr AddressedFlow kFlow{"pack", "order"};

Signature check(const std::string& query, Timestamp now = kNow) {
    return check_signature(kKeys, kFlow, query, now);
}

TEST(SignedAddress, IsRightWithEitherKey) {
    EXPECT_EQ(check(signed_query("first", kFlow, {})), Signature::kRight);
    EXPECT_EQ(check(signed_query("second", kFlow, {})), Signature::kRight);
    EXPECT_EQ(check("a=1&" + signed_query("first", kFlow, {}) + "&b=2"), Signature::kRight);
}

TEST(SignedAddress, KeepsTheFormThatItHadBeforeItCouldEnd) {
    EXPECT_EQ(
        signed_query("key", {"pack", "flow"}, {}),
        "sp=%2Ftriggers%2Frun&sv=1.0&sig=aRgy9VRRaezLC_D-uc_wJ4Mp4FKer3FNYZFif1zwwKM"
    );
}

TEST(SignedAddress, IsWrongWithAnotherKeyFlowOrNone) {
    EXPECT_EQ(check(signed_query("third", kFlow, {})), Signature::kWrong);
    EXPECT_EQ(check(signed_query("first", {"pack", "other"}, {})), Signature::kWrong);
    EXPECT_EQ(check(""), Signature::kWrong);
    EXPECT_EQ(check("sig="), Signature::kWrong);
    EXPECT_EQ(check_signature({}, kFlow, signed_query("", kFlow, {}), kNow), Signature::kWrong);
}

TEST(SignedAddress, EndsWhenItSaysSo) {
    const std::string query = signed_query("first", kFlow, kNow + std::chrono::hours(1));
    EXPECT_EQ(check(query), Signature::kRight);
    EXPECT_EQ(check(query, kNow + std::chrono::hours(1)), Signature::kExpired);
    EXPECT_EQ(check(query, kNow + std::chrono::hours(24)), Signature::kExpired);
}

TEST(SignedAddress, HasAnEndThatNobodyCanChange) {
    const std::string query = signed_query("first", kFlow, kNow + std::chrono::hours(1));
    const std::string endless = signed_query("first", kFlow, {});
    const std::string signature = query.substr(query.find("&sig="));
    EXPECT_EQ(check("se=2999-01-01T00%3A00%3A00Z" + signature), Signature::kWrong);
    EXPECT_EQ(check(signature.substr(1)), Signature::kWrong);
    EXPECT_EQ(check(endless + "&se=2999-01-01T00%3A00%3A00Z"), Signature::kWrong);
    EXPECT_EQ(check("se=" + endless.substr(endless.find("&sig="))), Signature::kRight);
}

TEST(SignedAddress, HasThePathThatTheTriggerTakes) {
    TriggerInput wanted;
    EXPECT_EQ(*relative_path_of(wanted, ""), "");
    EXPECT_EQ(*relative_path_of(wanted, "a b/c"), "/a%20b/c");
    wanted.request.emplace();
    wanted.request->path = *model::parse_request_path("customer/{id}");
    EXPECT_EQ(*relative_path_of(wanted, ""), "/customer/{id}");
    EXPECT_EQ(*relative_path_of(wanted, "/customer/42"), "/customer/42");
    EXPECT_EQ(relative_path_of(wanted, "customer").error().code, "TriggerPathNotFound");
}

}  // namespace
}  // namespace tideway::runtime
