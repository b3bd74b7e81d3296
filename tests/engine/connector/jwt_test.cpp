#include "engine/connector/identity/jwt.h"

#include <gtest/gtest.h>

#include "engine/base/digest.h"
#include "tests/support/key_pems.h"

namespace tideway::connector {
namespace {

class JwtTest : public ::testing::Test {
  protected:
    std::string sign(const Json& claims) const {
        const auto token = sign_jwt(claims, Secret(keys_.private_pem));
        EXPECT_TRUE(token) << token.error().text();
        return token.value_or("");
    }

    static std::string code_of(const Result<Json>& claims) {
        return claims ? "" : claims.error().code;
    }

    const test_support::KeyPems keys_ = test_support::make_rsa_keys();
    const Json claims_ = {{"iss", "app-1"}, {"exp", 1770000180}};
};

TEST_F(JwtTest, WhatIsSignedReadsBackWithThePublicKey) {
    const std::string token = sign(claims_);
    EXPECT_EQ(from_base64(token.substr(0, token.find('.'))), R"({"alg":"RS256"})");
    EXPECT_EQ(verify_jwt(token, keys_.public_pem).value(), claims_);
}

TEST_F(JwtTest, AnotherKeysSignatureIsRefused) {
    const auto other = test_support::make_rsa_keys();
    EXPECT_EQ(code_of(verify_jwt(sign(claims_), other.public_pem)), "JwtInvalid");
}

TEST_F(JwtTest, ClaimsThatWereChangedAreRefused) {
    std::string token = sign(claims_);
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    token.replace(first + 1, last - first - 1, to_base64url(R"({"iss":"app-2"})"));
    EXPECT_EQ(code_of(verify_jwt(token, keys_.public_pem)), "JwtInvalid");
}

TEST_F(JwtTest, UnsignedTokensAreRefused) {
    const std::string none = to_base64url(R"({"alg":"none"})") + "." + to_base64url("{}") + ".";
    for (const std::string& token : {none, std::string("a.b"), std::string(), std::string("..")}) {
        EXPECT_EQ(code_of(verify_jwt(token, keys_.public_pem)), "JwtInvalid") << token;
    }
}

TEST_F(JwtTest, AKeyThatCannotSignIsNamedWithTheWayToMakeOne) {
    const auto token = sign_jwt(claims_, Secret("-----BEGIN CERTIFICATE-----"));
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, "PrivateKeyUnusable");
    EXPECT_NE(token.error().remedy.find("openssl req"), std::string::npos);
}

}  // namespace
}  // namespace tideway::connector
