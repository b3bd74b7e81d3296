#include "engine/http/transfer.h"

#include <algorithm>

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "engine/http/transport_failure.h"
#include "engine/http/url.h"

namespace tideway::http {
namespace {

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

void Transfer::configure(CURL* easy) {
    easy_ = easy;
    set_option(easy, CURLOPT_PRIVATE, static_cast<void*>(this));
    set_option(easy, CURLOPT_ERRORBUFFER, &detail_[0]);
    set_option(easy, CURLOPT_NOSIGNAL, 1L);
    // Without it a slow name lookup holds the thread when its transfer is removed.
    set_option(easy, CURLOPT_QUICK_EXIT, 1L);
    configure_exchange();
    configure_network();
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
    SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), transfer.rules_.trust);
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

// Called when the connection stands and before the first byte of what is sent over it.
int Transfer::on_ready_to_send(void* self, char* address, char*, int, int) {
    return static_cast<Transfer*>(self)->ready_to_send(address);
}

// --- the end ---

TransportError Transfer::failure(CURLcode code, bool sent, std::string_view detail) const {
    if (!refused_address_.empty() && !sent) {
        return address_forbidden(target_.name, refused_address_);
    }
    long system_error = 0;   // NOLINT(google-runtime-int): libcurl's type
    long verify_result = 0;  // NOLINT(google-runtime-int): libcurl's type
    curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &system_error);
    curl_easy_getinfo(easy_, CURLINFO_SSL_VERIFYRESULT, &verify_result);
    return explain(TransportFailure{
        .code = code,
        .sent = sent,
        .host = target_.name,
        .detail = detail,
        .system_error = static_cast<int>(system_error),
        .verify_result = verify_result,
        .connect_timeout = rules_.options.connect_timeout,
    });
}

}  // namespace tideway::http
