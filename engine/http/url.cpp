#include "engine/http/url.h"

#include <algorithm>
#include <charconv>

namespace tideway::http {
namespace {

bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_unreserved(char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return out;
}

bool has_blank_or_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= 0x20 || byte == 0x7F;
    });
}

bool is_scheme(std::string_view text) {
    return !text.empty() && is_alpha(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
           });
}

int default_port(std::string_view scheme) {
    if (scheme == "https" || scheme == "wss") {
        return 443;
    }
    return scheme == "http" || scheme == "ws" ? 80 : 0;
}

bool is_host_name(std::string_view host) {
    return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        // Bytes over 0x7F are international names as people write them.
        return is_unreserved(c) || static_cast<unsigned char>(c) >= 0x80;
    });
}

bool is_ipv6_text(std::string_view host) {
    return host.find(':') != std::string_view::npos &&
           std::all_of(host.begin(), host.end(), [](char c) {
               return hex_value(c) >= 0 || c == ':' || c == '.';
           });
}

bool parse_port(std::string_view text, Url& url) {
    if (text.empty()) {
        return true;  // "host:" means the default port (RFC 3986, 3.2.3)
    }
    int port = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
        return false;
    }
    url.port = port;
    return port >= 1 && port <= 65535;
}

// "host", "host:port", "[v6]:port". Names and passwords before '@' are refused: they would end up
// in logs, and a URL that hides its host behind one is an attack more often than not.
bool parse_authority(std::string_view text, Url& url) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || !is_ipv6_text(text.substr(1, end - 1))) {
            return false;
        }
        url.host = to_lower(text.substr(1, end - 1));
        const std::string_view rest = text.substr(end + 1);
        return rest.empty() || (rest.front() == ':' && parse_port(rest.substr(1), url));
    }
    const std::size_t colon = text.find(':');
    url.host = to_lower(text.substr(0, colon));
    if (!is_host_name(url.host)) {
        return false;
    }
    return colon == std::string_view::npos || parse_port(text.substr(colon + 1), url);
}

void append_encoded(std::string& out, std::string_view text, bool space_is_plus) {
    constexpr char kHex[] = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_unreserved(c)) {
            out += c;
        } else if (c == ' ' && space_is_plus) {
            out += '+';
        } else {
            out += '%';
            out += kHex[byte >> 4U];
            out += kHex[byte & 0xFU];
        }
    }
}

std::string print_fields(const QueryFields& fields, bool space_is_plus) {
    std::string out;
    for (const auto& [name, value] : fields) {
        if (!out.empty()) {
            out += '&';
        }
        append_encoded(out, name, space_is_plus);
        out += '=';
        append_encoded(out, value, space_is_plus);
    }
    return out;
}

// Calls `take(name, value)`, both still encoded, until it returns false.
template <typename Take>
void each_field(std::string_view query, Take take) {
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view field = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        if (field.empty()) {
            continue;
        }
        const std::size_t equals = field.find('=');
        const std::string_view value =
            equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1);
        if (!take(field.substr(0, equals), value)) {
            return;
        }
    }
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos || has_blank_or_control(text) ||
        text.find('\\') != std::string_view::npos || !is_scheme(text.substr(0, scheme_end))) {
        return std::nullopt;
    }
    Url url;
    url.scheme = to_lower(text.substr(0, scheme_end));
    url.port = default_port(url.scheme);

    std::string_view rest = text.substr(scheme_end + 3);
    rest = rest.substr(0, rest.find('#'));
    const std::size_t authority_end = rest.find_first_of("/?");
    if (!parse_authority(rest.substr(0, authority_end), url)) {
        return std::nullopt;
    }
    rest =
        authority_end == std::string_view::npos ? std::string_view() : rest.substr(authority_end);
    const std::size_t query_start = rest.find('?');
    url.path = rest.substr(0, query_start);
    if (url.path.empty()) {
        url.path = "/";
    }
    if (query_start != std::string_view::npos) {
        url.query = rest.substr(query_start + 1);
    }
    return url;
}

std::string encode_component(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_encoded(out, text, false);
    return out;
}

std::string decode_component(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '+' && plus_is_space) {
            out += ' ';
            continue;
        }
        if (c == '%' && i + 2 < text.size()) {
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high * 16 + low);
                i += 2;
                continue;
            }
        }
        out += c;  // a stray '%' stands for itself
    }
    return out;
}

QueryFields parse_query(std::string_view query) {
    QueryFields fields;
    each_field(query, [&fields](std::string_view name, std::string_view value) {
        fields.emplace_back(decode_component(name, true), decode_component(value, true));
        return true;
    });
    return fields;
}

std::string print_query(const QueryFields& fields) {
    return print_fields(fields, false);
}

std::string print_form(const QueryFields& fields) {
    return print_fields(fields, true);
}

std::string query_value(std::string_view query, std::string_view name, std::string_view fallback) {
    std::string out(fallback);
    each_field(query, [&](std::string_view field, std::string_view value) {
        if (decode_component(field, true) != name) {
            return true;
        }
        out = decode_component(value, true);
        return false;
    });
    return out;
}

}  // namespace tideway::http
