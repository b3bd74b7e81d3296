// URLs: parse, encode, query strings. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tideway::http {

struct Url {
    std::string scheme;  // lower case
    std::string host;    // lower case, without brackets
    int port = 0;        // the scheme's default when not written
    std::string path;    // starts with '/', still encoded
    std::string query;   // without '?', still encoded
};

std::optional<Url> parse_url(std::string_view text);

// Percent-encodes everything but unreserved characters (RFC 3986).
std::string encode_component(std::string_view text);
std::string decode_component(std::string_view text, bool plus_is_space = false);

using QueryFields = std::vector<std::pair<std::string, std::string>>;
QueryFields parse_query(std::string_view query);     // decoded
std::string print_query(const QueryFields& fields);  // encoded
std::string print_form(const QueryFields& fields);   // application/x-www-form-urlencoded
std::string query_value(
    std::string_view query, std::string_view name, std::string_view fallback = {}
);

// Loopback, private, link-local, unique-local, multicast or unspecified address text.
bool is_private_address(std::string_view address);

}  // namespace tideway::http
