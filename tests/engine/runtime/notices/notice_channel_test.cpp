#include "engine/runtime/notices/notice_channel.h"

#include <gtest/gtest.h>

#include "engine/base/digest.h"

namespace tideway::runtime {
namespace {

class Channel : public ::testing::Test {
  protected:
    static ChannelPlan mail() {
        ChannelPlan plan;
        plan.name = "ops";
        plan.kind = "mail";
        plan.settings = {
            {"host", "smtp.contoso.com"},
            {"from", "tideway@contoso.com"},
            {"to", "ops@contoso.com, ana@fabrikam.com"}};
        return plan;
    }

    static ChannelPlan webhook() {
        ChannelPlan plan;
        plan.name = "chat";
        plan.kind = "webhook";
        plan.secrets.emplace("url", Secret("https://contoso.example/hook?sig=1"));
        return plan;
    }

    Result<model::NoticeChannel> make(ChannelPlan plan) {
        return make_channel(plan, box_, from_micros(1));
    }

    std::string code(ChannelPlan plan) {
        const auto made = make(std::move(plan));
        return made ? "" : made.error().code;
    }

    template <typename Kind>
    Kind opened(ChannelPlan plan) {
        const auto made = make(std::move(plan));
        EXPECT_TRUE(made) << made.error().text();
        const auto open = open_channel(*made, box_);
        EXPECT_TRUE(open) << open.error().text();
        return std::get<Kind>(*open);
    }

    connector::SecretBox box_{Secret(std::string(32, 'k'))};
};

TEST_F(Channel, SendsMailEncryptedUnlessToldOtherwise) {
    const auto channel = opened<MailChannel>(mail());
    EXPECT_EQ(channel.server.security, http::MailSecurity::kStartTls);
    EXPECT_EQ(channel.server.port, 587);
    EXPECT_FALSE(channel.server.policy.allow_private);
    EXPECT_EQ(channel.to, (std::vector<std::string>{"ops@contoso.com", "ana@fabrikam.com"}));
    ChannelPlan tls = mail();
    tls.settings["security"] = "tls";
    EXPECT_EQ(opened<MailChannel>(tls).server.port, 465);
}

TEST_F(Channel, KeepsThePasswordSealed) {
    ChannelPlan plan = mail();
    plan.settings["user"] = "tideway";
    plan.secrets.emplace("password", Secret("s3cret-word"));
    const auto made = make(plan);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->sealed.find("s3cret-word"), std::string::npos);
    EXPECT_EQ(made->settings.view().find("s3cret-word"), std::string::npos);
    EXPECT_EQ(opened<MailChannel>(plan).server.password.reveal(), "s3cret-word");
}

TEST_F(Channel, SendsNoPasswordInTheClear) {
    ChannelPlan plan = mail();
    plan.settings["security"] = "none";
    EXPECT_EQ(code(plan), "");
    plan.settings["user"] = "tideway";
    EXPECT_EQ(code(plan), "InvalidNoticeChannel");
}

TEST_F(Channel, RefusesWhatItDoesNotKnow) {
    ChannelPlan plan = mail();
    plan.settings["to"] = "ops@contoso.com,nobody";
    EXPECT_EQ(code(plan), "InvalidNoticeChannel");
    plan = mail();
    plan.settings["hots"] = "x";
    EXPECT_EQ(code(plan), "InvalidNoticeChannel");
    plan = mail();
    plan.secrets.emplace("pass_word", Secret("x"));
    EXPECT_EQ(code(plan), "InvalidNoticeChannel");
    plan = mail();
    plan.kind = "pager";
    EXPECT_EQ(code(plan), "InvalidNoticeChannel");
    plan = mail();
    plan.name.clear();
    EXPECT_EQ(code(plan), "InvalidNoticeChannel");
}

TEST_F(Channel, MakesAKeyForAWebhookThatHasNone) {
    ChannelPlan plan = webhook();
    ASSERT_TRUE(make_channel(plan, box_, from_micros(1)));
    const std::string key(plan.secrets.at("key").reveal());
    EXPECT_TRUE(key.starts_with("whsec_"));
    EXPECT_EQ(opened<WebhookChannel>(plan).key.reveal(), *from_base64(key.substr(6)));
}

TEST_F(Channel, KeepsTheAddressOfAWebhookSecret) {
    const auto made = make(webhook());
    ASSERT_TRUE(made);
    EXPECT_EQ(made->settings.view().find("contoso.example"), std::string::npos);
    EXPECT_EQ(opened<WebhookChannel>(webhook()).url.reveal(), "https://contoso.example/hook?sig=1");
}

TEST_F(Channel, RefusesAWebhookWithoutAnAddressOrWithAShortKey) {
    ChannelPlan plan = webhook();
    plan.secrets.clear();
    EXPECT_EQ(code(plan), "InvalidNoticeChannel");
    plan = webhook();
    plan.secrets.emplace("key", Secret("whsec_c2hvcnQ="));
    EXPECT_EQ(code(plan), "InvalidNoticeChannel");
}

}  // namespace
}  // namespace tideway::runtime
