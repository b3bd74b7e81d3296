#include "engine/http/http_transfer.h"

#include <algorithm>
#include <utility>

#include "engine/http/transport_failure.h"

namespace tideway::http {
namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t start = text.find_first_not_of(kBlank);
    if (start == std::string_view::npos) {
        return {};
    }
    return text.substr(start, text.find_last_not_of(kBlank) - start + 1);
}

}  // namespace

HttpTransfer::HttpTransfer(
    Request request, Target target, const TransferRules& rules, std::function<void(Exchange)> done
)
    : Transfer(std::move(target), rules),
      request_(std::move(request)),
      done_(std::move(done)) {}

HttpTransfer::~HttpTransfer() {
    curl_slist_free_all(headers_);
}

void HttpTransfer::configure_exchange() {
    set_option(easy(), CURLOPT_URL, request_.url.c_str());
    set_option(easy(), CURLOPT_PATH_AS_IS, 1L);
    set_option(easy(), CURLOPT_PROTOCOLS_STR, "https,http");
    const std::string& method = request_.method;
    const bool announces_body = method == "POST" || method == "PUT" || method == "PATCH";
    if (method == "HEAD") {
        set_option(easy(), CURLOPT_NOBODY, 1L);
    } else if (announces_body || !request_.body.empty()) {
        set_option(easy(), CURLOPT_POST, 1L);
        set_option(easy(), CURLOPT_POSTFIELDS, request_.body.data());
        set_option(
            easy(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size())
        );
    }
    if (method != "HEAD") {
        set_option(easy(), CURLOPT_CUSTOMREQUEST, method.c_str());
    }
    add_headers();

    set_option(easy(), CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
    set_option(easy(), CURLOPT_WRITEDATA, static_cast<void*>(this));
    set_option(easy(), CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
    set_option(easy(), CURLOPT_HEADERDATA, static_cast<void*>(this));
    set_option(easy(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_option(easy(), CURLOPT_NOPROGRESS, 0L);
    set_option(easy(), CURLOPT_XFERINFOFUNCTION, &HttpTransfer::on_progress);
    set_option(easy(), CURLOPT_XFERINFODATA, static_cast<void*>(this));
}

void HttpTransfer::add_headers() {
    for (const auto& [name, value] : request_.headers) {
        const std::string line = value.empty() ? name + ";" : name + ": " + value;
        headers_ = curl_slist_append(headers_, line.c_str());
    }
    // Length and framing are libcurl's; it must neither wait for 100 Continue nor guess a type.
    headers_ = curl_slist_append(headers_, "Expect:");
    headers_ = curl_slist_append(headers_, "Transfer-Encoding:");
    if (!request_.headers.get("Content-Type")) {
        headers_ = curl_slist_append(headers_, "Content-Type:");
    }
    set_option(easy(), CURLOPT_HTTPHEADER, headers_);
    set_option(easy(), CURLOPT_USERAGENT, rules().options.user_agent.c_str());
}

bool HttpTransfer::is_safe_to_repeat() const {
    return request_.method == "GET" || request_.method == "HEAD" || request_.method == "OPTIONS";
}

// Called again when libcurl sends the request once more because a pooled connection died under it.
// That first sending may have had its effect, so only what has none is repeated here; the caller
// decides about the others.
int HttpTransfer::ready_to_send(const char* address) {
    if (may_have_sent_ && !is_safe_to_repeat()) {
        refused_repeat_ = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (forbids(address)) {
        refuse_address(address);
        return CURL_PREREQFUNC_ABORT;
    }
    may_have_sent_ = true;
    return CURL_PREREQFUNC_OK;
}

void HttpTransfer::note_sent() {
    if (!told_sent_ && rules().options.crash_points != nullptr) {
        rules().options.crash_points->visit("after send");
    }
    told_sent_ = true;
}

int HttpTransfer::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t uploaded) {
    auto& transfer = *static_cast<HttpTransfer*>(self);
    if (transfer.may_have_sent_ &&
        uploaded >= static_cast<curl_off_t>(transfer.request_.body.size())) {
        transfer.note_sent();
    }
    return 0;
}

std::size_t HttpTransfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    const std::size_t length = size * count;
    return static_cast<HttpTransfer*>(self)->take_header({bytes, length}) ? length : 0;
}

std::size_t HttpTransfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    const std::size_t length = size * count;
    // Another number than `length` ends the transfer; for an empty piece 0 is not another number.
    return static_cast<HttpTransfer*>(self)->take_body({bytes, length}) ? length : length + 1;
}

bool HttpTransfer::take_header(std::string_view line) {
    note_sent();
    if (line.starts_with("HTTP/")) {
        has_whole_head_ = false;
        response_.headers = Headers();  // of an informational answer before this one
        header_bytes_ = 0;
    }
    has_whole_head_ = has_whole_head_ || trim(line).empty();
    header_bytes_ += line.size();
    if (header_bytes_ > limits::kResponseHeaderBytesMax) {
        is_too_large_ = true;
        return false;
    }
    const std::size_t colon = line.find(':');
    const bool is_field = colon != std::string_view::npos && colon > 0;
    if (is_field && !has_whole_head_ && !line.starts_with("HTTP/")) {  // trailers are left out
        response_.headers.add(
            std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))
        );
    }
    return true;
}

bool HttpTransfer::take_body(std::string_view bytes) {
    const std::size_t bytes_max = rules().options.response_bytes_max;
    if (response_.body.empty()) {
        curl_off_t announced = 0;
        curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
        const auto expected = static_cast<std::size_t>(std::max<curl_off_t>(0, announced));
        if (expected > bytes_max) {
            is_too_large_ = true;
            return false;
        }
        constexpr std::size_t kReserveMax = 1U << 20U;
        response_.body.reserve(std::min(expected, kReserveMax));
    }
    if (bytes.size() > bytes_max - response_.body.size()) {
        is_too_large_ = true;
        return false;
    }
    response_.body += bytes;
    return true;
}

// --- the end ---

void HttpTransfer::finish(CURLcode code) {
    exchange_ = outcome(code);
}

Exchange HttpTransfer::outcome(CURLcode code) {
    long status = 0;  // NOLINT(google-runtime-int): libcurl's type
    curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && (!has_whole_head_ || status < 200)) {
        code = CURLE_GOT_NOTHING;  // an end inside of the head is a success to libcurl
    }
    if (code != CURLE_OK) {
        return tl::unexpected<TransportError>(failure_of(code));
    }
    response_.status = static_cast<int>(status);
    if (rules().options.crash_points != nullptr) {
        rules().options.crash_points->visit("receive");
    }
    return std::move(response_);
}

TransportError HttpTransfer::failure_of(CURLcode code) const {
    if (is_too_large_) {
        return response_too_large(target().name, rules().options.response_bytes_max);
    }
    if (refused_repeat_) {
        return failure(CURLE_GOT_NOTHING, may_have_sent_, {});
    }
    return failure(code, may_have_sent_, detail());
}

void HttpTransfer::expire() {
    exchange_ = tl::unexpected<TransportError>(
        no_answer_in_time(target().name, request_.timeout, may_have_sent_)
    );
}

void HttpTransfer::report() {
    const auto done = std::move(done_);
    done(*std::move(exchange_));
}

}  // namespace tideway::http
