// The bytes of answers: response heads and server-sent events. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "engine/http/message.h"

namespace tideway::http {

struct ResponseFrame {
    bool keep_alive = true;
    bool is_http_1_0 = false;      // of the request
    bool is_head_request = false;  // the body is announced, not sent
    bool is_event_stream = false;  // of open length, until the connection ends
    std::string_view date;         // HTTP date
};

// Status line and fields up to the empty line. Length, connection and date are ours; what a handler
// set for them is left out, and so is what would break the head (line ends).
std::string print_response_head(const Response& response, const ResponseFrame& frame);

// Informational, 204 and 304 answers have no body.
bool has_body(int status);

std::string print_http_date(Timestamp at);

// "event: <event>\ndata: <line>\n...\n\n"
std::string print_event(std::string_view event, std::string_view data);

}  // namespace tideway::http
