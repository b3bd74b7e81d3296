// Failed exchanges in words for people. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include <curl/curl.h>

#include "engine/http/client.h"

namespace tideway::http {

struct TransportFailure {
    CURLcode code = CURLE_OK;
    bool sent = false;
    std::string_view host;    // "contoso.com" or "127.0.0.1:8080"
    std::string_view detail;  // libcurl's own words
    int system_error = 0;     // errno of the connect
    long verify_result = 0;   // NOLINT(google-runtime-int): libcurl's type; X509_V_ERR_...
    Duration connect_timeout{};
};

TransportError explain(const TransportFailure& failure);

// Codes of their own.
TransportError address_forbidden(std::string_view host, std::string_view address);
TransportError response_too_large(std::string_view host, std::size_t bytes_max);
TransportError no_answer_in_time(std::string_view host, Duration timeout, bool sent);

}  // namespace tideway::http
