#include "engine/http/transfer.h"

#include <algorithm>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "engine/base/assert.h"
#include "engine/http/transport_failure.h"
#include "engine/http/url.h"

namespace tideway::http {
namespace {

template <typename Value>
void set_option(CURL* easy, CURLoption option, Value value) {
    // An option that is refused would silently change what we promise (verification, guards).
    TIDEWAY_ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t start = text.find_first_not_of(kBlank);
    if (start == std::string_view::npos) {
        return {};
    }
    return text.substr(start, text.find_last_not_of(kBlank) - start + 1);
}

std::string address_text(const sockaddr& address) {
    char text[INET6_ADDRSTRLEN] = {};
    const void* bytes = nullptr;
    if (address.sa_family == AF_INET) {
        bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
    } else if (address.sa_family == AF_INET6) {
        bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    }
    if (bytes == nullptr || inet_ntop(address.sa_family, bytes, text, sizeof text) == nullptr) {
        return {};
    }
    return text;
}

}  // namespace

Transfer::Transfer(
    Request request, Target target, const TransferRules& rules, std::function<void(Exchange)> done
)
    : request_(std::move(request)),
      target_(std::move(target)),
      rules_(rules),
      done_(std::move(done)) {}

Transfer::~Transfer() {
    curl_slist_free_all(headers_);
}

void Transfer::configure(CURL* easy) {
    easy_ = easy;
    set_option(easy, CURLOPT_PRIVATE, static_cast<void*>(this));
    set_option(easy, CURLOPT_ERRORBUFFER, &detail_[0]);
    set_option(easy, CURLOPT_NOSIGNAL, 1L);
    // Without it a slow name lookup holds the thread when its transfer is removed.
    set_option(easy, CURLOPT_QUICK_EXIT, 1L);
    configure_request();
    configure_network();
}

void Transfer::configure_request() {
    set_option(easy_, CURLOPT_URL, request_.url.c_str());
    set_option(easy_, CURLOPT_PATH_AS_IS, 1L);
    set_option(easy_, CURLOPT_PROTOCOLS_STR, "https,http");
    const std::string& method = request_.method;
    const bool announces_body = method == "POST" || method == "PUT" || method == "PATCH";
    if (method == "HEAD") {
        set_option(easy_, CURLOPT_NOBODY, 1L);
    } else if (announces_body || !request_.body.empty()) {
        set_option(easy_, CURLOPT_POST, 1L);
        set_option(easy_, CURLOPT_POSTFIELDS, request_.body.data());
        set_option(
            easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size())
        );
    }
    if (method != "HEAD") {
        set_option(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
    }
    add_headers();

    set_option(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set_option(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
    set_option(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set_option(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
    set_option(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_option(easy_, CURLOPT_NOPROGRESS, 0L);
    set_option(easy_, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
    set_option(easy_, CURLOPT_XFERINFODATA, static_cast<void*>(this));
}

void Transfer::add_headers() {
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
    set_option(easy_, CURLOPT_HTTPHEADER, headers_);
    set_option(easy_, CURLOPT_USERAGENT, rules_.options.user_agent.c_str());
}

void Transfer::configure_network() {
    using std::chrono::milliseconds;
    const milliseconds connect = std::chrono::ceil<milliseconds>(rules_.options.connect_timeout);
    set_option(easy_, CURLOPT_CONNECTTIMEOUT_MS, std::max(1L, connect.count()));
    set_option(easy_, CURLOPT_MAXAGE_CONN, limits::kPooledConnectionIdleMax.count());
    set_option(easy_, CURLOPT_PROXY, target_.proxy.c_str());
    set_option(easy_, CURLOPT_NOPROXY, "");

    set_option(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
    set_option(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
    set_option(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // Trust comes from the pool's store, read once: libcurl would read its bundle per connection.
    set_option(easy_, CURLOPT_CAINFO, static_cast<char*>(nullptr));
    set_option(easy_, CURLOPT_CAPATH, static_cast<char*>(nullptr));
    set_option(easy_, CURLOPT_SSL_CTX_FUNCTION, &Transfer::on_tls_context);
    set_option(easy_, CURLOPT_SSL_CTX_DATA, static_cast<void*>(this));

    set_option(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open_socket);
    set_option(easy_, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
    set_option(easy_, CURLOPT_PREREQFUNCTION, &Transfer::on_ready_to_send);
    set_option(easy_, CURLOPT_PREREQDATA, static_cast<void*>(this));
}

// --- what libcurl asks on the way ---

CURLcode Transfer::on_tls_context(CURL*, void* context, void* self) {
    const auto& transfer = *static_cast<Transfer*>(self);
    SSL_CTX_set1_cert_store(
        static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(transfer.rules_.trust)
    );
    return CURLE_OK;
}

// A proxy's own address is the administrator's choice, wherever it is.
bool Transfer::forbids(std::string_view address) const {
    return !rules_.policy.allow_private && target_.proxy.empty() && is_private_address(address);
}

curl_socket_t Transfer::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string text = address_text(address->addr);
    // What is no IP address at all cannot be judged, so it is refused too.
    if (text.empty() || transfer.forbids(text)) {
        transfer.refused_address_ = text.empty() ? "of an unknown kind" : text;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool Transfer::is_safe_to_repeat() const {
    return request_.method == "GET" || request_.method == "HEAD" || request_.method == "OPTIONS";
}

// Called when the connection stands and before the first byte of the request; again when libcurl
// sends the request once more because a pooled connection died under it. That first sending may
// have had its effect, so only what has none is repeated here; the caller decides about the others.
int Transfer::on_ready_to_send(void* self, char* address, char*, int, int) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.may_have_sent_ && !transfer.is_safe_to_repeat()) {
        transfer.refused_repeat_ = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (transfer.forbids(address)) {
        transfer.refused_address_ = address;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer.may_have_sent_ = true;
    return CURL_PREREQFUNC_OK;
}

void Transfer::note_sent() {
    if (!told_sent_ && rules_.options.crash_points != nullptr) {
        rules_.options.crash_points->visit("after send");
    }
    told_sent_ = true;
}

int Transfer::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t uploaded) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.may_have_sent_ &&
        uploaded >= static_cast<curl_off_t>(transfer.request_.body.size())) {
        transfer.note_sent();
    }
    return 0;
}

std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    const std::size_t length = size * count;
    return static_cast<Transfer*>(self)->take_header({bytes, length}) ? length : 0;
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    const std::size_t length = size * count;
    // Another number than `length` ends the transfer; for an empty piece 0 is not another number.
    return static_cast<Transfer*>(self)->take_body({bytes, length}) ? length : length + 1;
}

bool Transfer::take_header(std::string_view line) {
    note_sent();
    if (line.starts_with("HTTP/")) {
        response_.headers = Headers();  // of an informational answer before this one
        header_bytes_ = 0;
    }
    header_bytes_ += line.size();
    if (header_bytes_ > limits::kResponseHeaderBytesMax) {
        is_too_large_ = true;
        return false;
    }
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && colon > 0 && !line.starts_with("HTTP/")) {
        response_.headers.add(
            std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))
        );
    }
    return true;
}

bool Transfer::take_body(std::string_view bytes) {
    const std::size_t bytes_max = rules_.options.response_bytes_max;
    if (response_.body.empty()) {
        curl_off_t announced = 0;
        curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
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

Exchange Transfer::finish(CURLcode code) {
    if (code != CURLE_OK) {
        return tl::unexpected<TransportError>(failure(code));
    }
    long status = 0;  // NOLINT(google-runtime-int): libcurl's type
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    if (rules_.options.crash_points != nullptr) {
        rules_.options.crash_points->visit("receive");
    }
    return std::move(response_);
}

TransportError Transfer::failure(CURLcode code) const {
    if (is_too_large_) {
        return response_too_large(target_.name, rules_.options.response_bytes_max);
    }
    if (!refused_address_.empty() && !may_have_sent_) {
        return address_forbidden(target_.name, refused_address_);
    }
    long system_error = 0;   // NOLINT(google-runtime-int): libcurl's type
    long verify_result = 0;  // NOLINT(google-runtime-int): libcurl's type
    curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &system_error);
    curl_easy_getinfo(easy_, CURLINFO_SSL_VERIFYRESULT, &verify_result);
    return explain(TransportFailure{
        .code = refused_repeat_ ? CURLE_GOT_NOTHING : code,
        .sent = may_have_sent_,
        .host = target_.name,
        .detail = refused_repeat_ ? std::string_view() : std::string_view(detail_),
        .system_error = static_cast<int>(system_error),
        .verify_result = verify_result,
        .connect_timeout = rules_.options.connect_timeout,
    });
}

Exchange Transfer::expire() const {
    return tl::unexpected<TransportError>(
        no_answer_in_time(target_.name, request_.timeout, may_have_sent_)
    );
}

}  // namespace tideway::http
