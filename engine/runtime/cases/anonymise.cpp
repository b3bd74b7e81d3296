#include "engine/runtime/cases/anonymise.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace tideway::runtime {
namespace {

// Shorter texts would be found everywhere.
constexpr std::size_t kShortest = 3;

struct FieldRule {
    std::string_view part;  // of the field's name, in small letters without '_' and '-'
    std::string_view kind;
};

// The first that fits.
constexpr std::array<FieldRule, 26> kRules{{
    {"password", "secret"},    {"passwd", "secret"},       {"secret", "secret"},
    {"token", "secret"},       {"apikey", "secret"},       {"authorization", "secret"},
    {"cookie", "secret"},      {"signature", "secret"},    {"credential", "secret"},
    {"firstname", "First"},    {"lastname", "Last"},       {"surname", "Last"},
    {"givenname", "First"},    {"fullname", "Person"},     {"contactname", "Person"},
    {"displayname", "Person"}, {"username", "Person"},     {"phone", "phone"},
    {"mobile", "phone"},       {"fax", "phone"},           {"street", "Street"},
    {"addressline", "Street"}, {"address1line", "Street"}, {"postalcode", "postal"},
    {"zipcode", "postal"},     {"birthdate", "date"},
}};

std::string plain(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c != '_' && c != '-') {
            out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return out;
}

std::string_view kind_of(std::string_view field) {
    const std::string name = plain(field);
    const auto rule = std::ranges::find_if(kRules, [&name](const FieldRule& each) {
        return name.find(each.part) != std::string::npos;
    });
    return rule == kRules.end() ? std::string_view() : rule->kind;
}

std::string replacement(std::string_view kind, int number) {
    const std::string n = std::to_string(number);
    if (kind == "mail") {
        return "person" + n + "@example.com";
    }
    if (kind == "phone") {
        return "+1 555 01" + std::string(n.size() < 2 ? 2 - n.size() : 0, '0') + n;
    }
    if (kind == "postal") {
        return "9990" + n;
    }
    if (kind == "date") {
        return "1970-01-01";
    }
    return std::string(kind) + " " + n;
}

bool is_mail_char(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '.' || c == '_' || c == '-' || c == '+';
}

// How a secret is handed around: {"$secret": name}, no value.
bool is_handle(const Json& value) {
    return value.is_object() && value.size() == 1 && value.begin().key().starts_with('$');
}

}  // namespace

void Anonymiser::add(const std::string& original, std::string_view kind) {
    if (original.size() < kShortest || replacements_.contains(original)) {
        return;
    }
    const auto counted = counts_.try_emplace(std::string(kind), 0).first;
    replacements_[original] = replacement(kind, ++counted->second);
}

void Anonymiser::learn_mail(const std::string& text) {
    for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
        std::size_t begin = at;
        while (begin > 0 && is_mail_char(text[begin - 1])) {
            --begin;
        }
        std::size_t end = at + 1;
        while (end < text.size() && is_mail_char(text[end]) && text[end] != '+') {
            ++end;
        }
        while (end > at && text[end - 1] == '.') {
            --end;
        }
        const std::string mail = text.substr(begin, end - begin);
        const bool has_domain = mail.find('.', at - begin) != std::string::npos;
        if (begin < at && has_domain) {
            add(mail, "mail");
        }
    }
}

void Anonymiser::learn_field(std::string_view name, const Json& value) {
    const std::string_view kind = kind_of(name);
    if (!kind.empty() && value.is_string()) {
        const std::string text = value.get<std::string>();
        if (text.find('@') == std::string::npos) {
            add(text, kind);
        }
    }
}

void Anonymiser::learn(const Json& value) {
    if (value.is_string()) {
        learn_mail(value.get<std::string>());
        return;
    }
    if (is_handle(value)) {
        return;
    }
    if (value.is_object()) {
        for (const auto& [name, member] : value.items()) {
            learn_field(name, member);
            learn(member);
        }
    } else if (value.is_array()) {
        for (const Json& item : value) {
            learn(item);
        }
    }
}

std::string Anonymiser::replace(std::string text) const {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto found =
            std::ranges::find_if(replacements_, [&text, at](const auto& replacement) {
                return text.compare(at, replacement.first.size(), replacement.first) == 0;
            });
        if (found == replacements_.end()) {
            out += text[at++];
        } else {
            out += found->second;
            at += found->first.size();
        }
    }
    return out;
}

Json Anonymiser::replace(const Json& value) const {
    if (value.is_string()) {
        return replace(value.get<std::string>());
    }
    if (value.is_object()) {
        Json out = Json::object();
        for (const auto& [name, member] : value.items()) {
            out[name] = replace(member);
        }
        return out;
    }
    if (value.is_array()) {
        Json out = Json::array();
        for (const Json& item : value) {
            out.push_back(replace(item));
        }
        return out;
    }
    return value;
}

}  // namespace tideway::runtime
