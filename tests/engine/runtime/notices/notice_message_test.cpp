#include "engine/runtime/notices/notice_message.h"

#include <gtest/gtest.h>

namespace tideway::runtime {
namespace {

class Message : public ::testing::Test {
  protected:
    Message() {
        notice_.uid = Uid::derive({}, "notice");
        notice_.kind = model::NoticeKind::kConnectionUnavailable;
        notice_.title = "The connection crm is unavailable";
        notice_.message = "Contoso's CRM answers 503.";
        notice_.remedy = "Wait.";
        notice_.connection = "crm";
        notice_.opened = from_micros(1'770'000'000'000'000);
        notice_.closed = notice_.opened + std::chrono::hours(1);
        delivery_.id = 9;
    }

    NoticeMessage message(model::NoticeMoment moment) {
        delivery_.moment = moment;
        return message_of(notice_, delivery_, "staging");
    }

    model::NoticeRecord notice_;
    model::NoticeDelivery delivery_;
};

TEST_F(Message, HasAnIdThatIsItsOwnAndStays) {
    const std::string uid = notice_.uid.hex();
    EXPECT_EQ(message(model::NoticeMoment::kOpened).id, uid + ".opened");
    EXPECT_EQ(message(model::NoticeMoment::kEnded).id, uid + ".ended");
    EXPECT_EQ(message(model::NoticeMoment::kReminder).id, uid + ".reminder.9");
}

TEST_F(Message, DoesNotTellTheEndBeforeItsTime) {
    EXPECT_TRUE(to_json(message(model::NoticeMoment::kOpened)).at("ended").is_null());
    EXPECT_EQ(
        string_or(to_json(message(model::NoticeMoment::kEnded)), "ended"), "2026-02-02T03:40:00Z"
    );
}

TEST_F(Message, SaysEverythingAsJson) {
    const Json expected = {
        {"id", notice_.uid.hex()},
        {"moment", "opened"},
        {"kind", "connection_unavailable"},
        {"environment", "staging"},
        {"title", "The connection crm is unavailable"},
        {"message", "Contoso's CRM answers 503."},
        {"remedy", "Wait."},
        {"connection", "crm"},
        {"flow", nullptr},
        {"run", nullptr},
        {"opened", "2026-02-02T02:40:00Z"},
        {"ended", nullptr}};
    EXPECT_EQ(to_json(message(model::NoticeMoment::kOpened)), expected);
}

TEST_F(Message, IsAnAdaptiveCardForTeams) {
    const Json card = to_teams_card(message(model::NoticeMoment::kOpened));
    EXPECT_EQ(string_or(card, "type"), "message");
    const Json& attachment = card.at("attachments").at(0);
    EXPECT_EQ(string_or(attachment, "contentType"), "application/vnd.microsoft.card.adaptive");
    const Json& body = attachment.at("content").at("body");
    EXPECT_EQ(string_or(body.at(0), "text"), notice_.title);
    EXPECT_EQ(string_or(body.at(0), "color"), "Attention");
    EXPECT_EQ(string_or(body.at(3), "text"), "Wait.");
    const Json end = to_teams_card(message(model::NoticeMoment::kEnded));
    const Json& end_body = end.at("attachments").at(0).at("content").at("body");
    EXPECT_EQ(string_or(end_body.at(0), "color"), "Good");
    EXPECT_EQ(end_body.size(), 3U);
}

TEST_F(Message, IsReadableAsText) {
    const NoticeMessage end = message(model::NoticeMoment::kEnded);
    EXPECT_EQ(subject_of(end), "[Tideway staging] Ended: The connection crm is unavailable");
    EXPECT_NE(text_of(end).find("Ended: 2026-02-02T03:40:00Z\n"), std::string::npos);
    EXPECT_EQ(text_of(end).find("Wait."), std::string::npos);
    EXPECT_NE(text_of(message(model::NoticeMoment::kOpened)).find("Wait."), std::string::npos);
}

}  // namespace
}  // namespace tideway::runtime
