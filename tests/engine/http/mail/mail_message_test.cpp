#include "engine/http/mail/mail_message.h"

#include <gtest/gtest.h>

namespace tideway::testing {
namespace {

http::MailText sample() {
    http::MailText mail;
    mail.from = "tideway@contoso.com";
    mail.to = {"ops@contoso.com"};
    mail.subject = "A connection is unavailable";
    mail.body = "Text";
    mail.id = "<1@tideway>";
    return mail;
}

TEST(MailMessage, WritesAPlainSubjectAsItIs) {
    EXPECT_NE(
        http::write_mail(sample()).find("\r\nSubject: A connection is unavailable\r\n"),
        std::string::npos
    );
}

TEST(MailMessage, LetsNoSubjectAddAHeader) {
    http::MailText mail = sample();
    mail.subject = "A\r\nBcc: everybody@fabrikam.com";
    const std::string text = http::write_mail(mail);
    EXPECT_EQ(text.find("\nBcc"), std::string::npos);
    EXPECT_NE(text.find("Subject: A  Bcc: everybody@fabrikam.com"), std::string::npos);
}

TEST(MailMessage, EncodesLongAndForeignSubjectsInWordsThatAreLetAlone) {
    http::MailText mail = sample();
    for (int i = 0; i < 40; ++i) {
        mail.subject += "ü€";
    }
    const std::string text = http::write_mail(mail);
    const auto begin = text.find("Subject: ") + 9;
    std::string subject = text.substr(begin, text.find("\r\nDate") - begin);
    for (std::size_t at = 0; at != std::string::npos; at = subject.find("\r\n", at + 1)) {
        const auto end = subject.find("\r\n", at + 1);
        EXPECT_LE(subject.substr(at, end - at).size(), 78U);
    }
    EXPECT_TRUE(subject.starts_with("=?utf-8?B?"));
    EXPECT_TRUE(subject.ends_with("?="));
}

TEST(MailMessage, FindsAnEndInTextThatIsNoUtf8) {
    http::MailText mail = sample();
    mail.subject = std::string(200, '\x80');
    EXPECT_NE(http::write_mail(mail).find("=?utf-8?B?"), std::string::npos);
}

TEST(MailMessage, NamesTheMailThatItFollows) {
    http::MailText mail = sample();
    mail.in_reply_to = "<0@tideway>";
    const std::string text = http::write_mail(mail);
    EXPECT_NE(text.find("\r\nIn-Reply-To: <0@tideway>\r\n"), std::string::npos);
    EXPECT_NE(text.find("\r\nReferences: <0@tideway>\r\n"), std::string::npos);
}

TEST(MailMessage, TakesPlainAddressesOnly) {
    EXPECT_TRUE(http::is_mail_address("ops@contoso.com"));
    EXPECT_TRUE(http::is_mail_address("a.b+c@mail.fabrikam.com"));
    for (const char* wrong :
         {"",
          "@",
          "ops",
          "ops@",
          "@contoso.com",
          "Ana <ana@contoso.com>",
          "a@b\r\nBcc: c@d",
          "a b@c",
          "a@b,c@d"}) {
        EXPECT_FALSE(http::is_mail_address(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace tideway::testing
