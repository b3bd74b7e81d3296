// Content-Type and other headers of the form `value; name=value; name="quoted value"`. Thread: any.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tideway::http {

struct MediaType {
    std::string name;  // "text/plain", in lower case; of Content-Disposition "form-data"
    std::map<std::string, std::string, std::less<>> parameters;  // names in lower case

    std::string parameter(std::string_view key) const;  // "" when absent

    bool is_json() const;  // application/json, application/problem+json
    bool is_text() const;  // text/*, and XML
};

// Reads what can be read; a parameter that is broken is left out.
MediaType parse_media_type(std::string_view header);

}  // namespace tideway::http
