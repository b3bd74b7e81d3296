// A mail as bytes: RFC 5322 headers and a body of plain text. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"

namespace tideway::http {

struct MailText {
    std::string from;
    std::vector<std::string> to;
    std::string subject;      // any text; line breaks become blanks
    std::string body;         // any text
    std::string id;           // "<notice@tideway>": equal for repetitions of one mail
    std::string in_reply_to;  // of the mail that this one follows, or empty
    Timestamp date;
};

// Marked as sent by a machine, so that nobody's absence note answers it.
std::string write_mail(const MailText& mail);

// One address without a name: "ops@contoso.com".
bool is_mail_address(std::string_view text);

}  // namespace tideway::http
