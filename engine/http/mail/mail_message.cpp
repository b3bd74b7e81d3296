#include "engine/http/mail/mail_message.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "engine/base/digest.h"

namespace tideway::http {
namespace {

constexpr std::size_t kBase64LineMax = 76;
constexpr std::size_t kWordBytesMax = 42;  // of text in one encoded word: 75 characters in all
constexpr std::size_t kAddressBytesMax = 254;

// "Sat, 21 Nov 2026 13:16:37 +0000"
std::string date_text(Timestamp at) {
    constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
    std::array<char, 64> out{};
    std::snprintf(
        out.data(),
        out.size(),
        "%s, %02u %s %04d %02d:%02d:%02d +0000",
        kDays[std::chrono::weekday(day).c_encoding()],
        static_cast<unsigned>(date.day()),
        kMonths[static_cast<unsigned>(date.month()) - 1],
        static_cast<int>(date.year()),
        static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count())
    );
    return out.data();
}

bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// The end of a piece that does not cut a UTF-8 character in two.
std::size_t piece_end(std::string_view text, std::size_t from) {
    const std::size_t longest = std::min(from + kWordBytesMax, text.size());
    std::size_t end = longest;
    while (end < text.size() && end > from && (static_cast<unsigned char>(text[end]) >> 6U) == 2U) {
        --end;
    }
    return end == from ? longest : end;
}

// RFC 2047, where the text needs it.
std::string header_text(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' '
    );
    if (is_plain(text) && text.size() <= kBase64LineMax) {
        return text;
    }
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = piece_end(text, at);
        out += (out.empty() ? "=?utf-8?B?" : "\r\n =?utf-8?B?");
        out += to_base64(std::string_view(text).substr(at, end - at)) + "?=";
        at = end;
    }
    return out;
}

std::string joined(const std::vector<std::string>& addresses) {
    std::string out;
    for (const std::string& address : addresses) {
        out += (out.empty() ? "<" : ",\r\n <") + address + ">";
    }
    return out;
}

}  // namespace

std::string write_mail(const MailText& mail) {
    std::string out = "From: Tideway <" + mail.from + ">\r\n";
    out += "To: " + joined(mail.to) + "\r\n";
    out += "Subject: " + header_text(mail.subject) + "\r\n";
    out += "Date: " + date_text(mail.date) + "\r\n";
    out += "Message-ID: " + mail.id + "\r\n";
    if (!mail.in_reply_to.empty()) {
        out += "In-Reply-To: " + mail.in_reply_to + "\r\n";
        out += "References: " + mail.in_reply_to + "\r\n";
    }
    out +=
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n";
    const std::string body = to_base64(mail.body);
    for (std::size_t at = 0; at < body.size(); at += kBase64LineMax) {
        out += body.substr(at, kBase64LineMax) + "\r\n";
    }
    return out;
}

bool is_mail_address(std::string_view text) {
    const auto at = text.rfind('@');
    constexpr std::string_view kNever = " <>()[],;:\\\"";
    return text.size() <= kAddressBytesMax && is_plain(text) && at != std::string_view::npos &&
           at > 0 && at + 1 < text.size() && text.find_first_of(kNever) == std::string_view::npos;
}

}  // namespace tideway::http
