#include "connectors/salesforce/soql.h"

#include <cctype>

#include "engine/connector/odata.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce {
namespace {

// Where the text that opens at `at` with a quote ends: behind its closing quote.
std::size_t end_of_text(std::string_view soql, std::size_t at) {
    for (std::size_t i = at + 1; i < soql.size(); ++i) {
        if (soql[i] == '\\') {
            ++i;
        } else if (soql[i] == '\'') {
            return i + 1;
        }
    }
    return soql.size();
}

bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

std::size_t end_of_name(std::string_view soql, std::size_t at) {
    while (at < soql.size() &&
           (std::isalnum(static_cast<unsigned char>(soql[at])) != 0 || soql[at] == '_')) {
        ++at;
    }
    return at;
}

}  // namespace

std::string soql_literal(const Json& value) {
    if (value.is_array()) {
        std::string out;
        for (const Json& item : value) {
            out += (out.empty() ? "" : ",") + soql_literal(item);
        }
        return "(" + out + ")";
    }
    if (!value.is_string()) {
        return value.is_boolean() ? (value.get<bool>() ? "TRUE" : "FALSE") : dump(value);
    }
    std::string out = "'";
    for (const char c : value.get_ref<const std::string&>()) {
        switch (c) {
            case '\'':
            case '\\':
                out += '\\';
                out += c;
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += c;
        }
    }
    return out + "'";
}

std::string soql_time(Timestamp at) {
    return format_utc(std::chrono::floor<std::chrono::seconds>(at));
}

tl::expected<std::string, connector::Failed> bind_values(
    std::string_view soql, const Json& values
) {
    std::string out;
    std::size_t at = 0;
    while (at < soql.size()) {
        if (soql[at] == '\'') {
            const std::size_t end = end_of_text(soql, at);
            out += soql.substr(at, end - at);
            at = end;
            continue;
        }
        // LAST_N_DAYS:30 and 10:11:12 go on with a digit.
        if (soql[at] != ':' || at + 1 == soql.size() || !is_letter(soql[at + 1])) {
            out += soql[at++];
            continue;
        }
        const std::size_t end = end_of_name(soql, at + 1);
        const std::string name(soql.substr(at + 1, end - at - 1));
        const Json* value = find(values, name);
        if (value == nullptr || value->is_object()) {
            return tl::unexpected(connector::refused(
                "ValueMissing",
                "The query names :" + name + ", and `values` has no " + name + ".",
                "Give a text, number, boolean, null, or a list of them."
            ));
        }
        out += soql_literal(*value);
        at = end;
    }
    return out;
}

std::string query_of(std::string_view soql) {
    return "?q=" + http::encode_component(soql);
}

std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
        out += (out.empty() ? "" : ",") + name;
    }
    return out;
}

}  // namespace tideway::connectors::salesforce
