#include "engine/http/transport_failure.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <openssl/x509_vfy.h>

namespace tideway::http {
namespace {

TransportError make(
    const TransportFailure& failure, std::string code, std::string message, std::string remedy = {}
) {
    TransportError out;
    out.sent = failure.sent;
    out.error.kind = ErrorKind::kUnavailable;
    out.error.code = std::move(code);
    out.error.message = std::move(message);
    out.error.remedy = std::move(remedy);
    return out;
}

// libcurl's words, for the end of a sentence of ours.
std::string because(std::string_view detail) {
    return detail.empty() ? "." : ": " + std::string(detail) + ".";
}

TransportError bad_certificate(const TransportFailure& failure) {
    const std::string subject = "The certificate of " + std::string(failure.host);
    switch (failure.verify_result) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return make(
                failure,
                "CertificateExpired",
                subject + " has expired.",
                "Its owner must renew it; check this machine's clock too."
            );
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return make(
                failure,
                "CertificateNotYetValid",
                subject + " is not valid yet.",
                "Check this machine's clock."
            );
        case X509_V_OK:  // the chain is good: libcurl refuses for the name only
            return make(
                failure,
                "CertificateForAnotherName",
                subject + " is for another name" + because(failure.detail),
                "Use the name in the certificate."
            );
        default:
            return make(
                failure,
                "CertificateNotTrusted",
                subject + " is not trusted: " +
                    X509_verify_cert_error_string(failure.verify_result) + ".",
                "If it is from your own authority, give that authority's certificate on the "
                "connection (ca_file)."
            );
    }
}

TransportError not_connected(const TransportFailure& failure) {
    const std::string host(failure.host);
    if (failure.system_error == ECONNREFUSED) {
        return make(
            failure,
            "ConnectionRefused",
            host + " refused the connection.",
            "Check the address and the port, and that the service runs."
        );
    }
    const std::string why = failure.system_error != 0
                                ? std::generic_category().message(failure.system_error)
                                : std::string(failure.detail);
    return make(
        failure,
        "ConnectionFailed",
        host + " could not be reached" + because(why),
        "Check the address and the network."
    );
}

TransportError broken_off(const TransportFailure& failure) {
    return make(
        failure,
        "ConnectionClosed",
        std::string(failure.host) + " closed the connection before its answer was complete" +
            because(failure.detail)
    );
}

}  // namespace

TransportError explain(const TransportFailure& failure) {
    const std::string host(failure.host);
    switch (static_cast<int>(failure.code)) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return make(
                failure,
                "UnresolvableHostName",
                host + " could not be found (DNS).",
                "Check the name."
            );
        case CURLE_COULDNT_RESOLVE_PROXY:
            return make(
                failure,
                "UnresolvableProxyName",
                "The proxy for " + host + " could not be found (DNS).",
                "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
            );
        case CURLE_COULDNT_CONNECT:
            return not_connected(failure);
        case CURLE_OPERATION_TIMEDOUT:
            return make(
                failure,
                "ConnectionTimedOut",
                host + " could not be reached within " + format_duration(failure.connect_timeout) +
                    ".",
                "Check the address, the network and the firewall."
            );
        case CURLE_PEER_FAILED_VERIFICATION:
            return bad_certificate(failure);
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER:
            return make(
                failure,
                "TlsFailed",
                "No secure connection to " + host + " was possible" + because(failure.detail),
                "Check that the service speaks TLS 1.2 or newer on this port."
            );
        case CURLE_PROXY:
            return make(
                failure,
                "ProxyFailed",
                "The proxy did not connect to " + host + because(failure.detail),
                "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
            );
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return broken_off(failure);
        default:
            return make(
                failure,
                failure.sent ? "InvalidResponse" : "ConnectionFailed",
                host +
                    (failure.sent ? " gave an answer that is not valid HTTP"
                                  : " could not be reached") +
                    because(
                        failure.detail.empty() ? curl_easy_strerror(failure.code) : failure.detail
                    )
            );
    }
}

TransportError address_forbidden(std::string_view host, std::string_view address) {
    TransportError out;
    out.error.kind = ErrorKind::kForbidden;
    out.error.code = "AddressForbidden";
    out.error.message =
        std::string(host) + " was not contacted: address " + std::string(address) + " is private.";
    out.error.remedy =
        "Allow it on the connection (allow_private_network) if that is what you want.";
    return out;
}

TransportError response_too_large(std::string_view host, std::size_t bytes_max) {
    TransportError out;
    out.sent = true;
    out.error.kind = ErrorKind::kLimit;
    out.error.code = "ResponseTooLarge";
    out.error.message = "The answer of " + std::string(host) + " is larger than " +
                        std::to_string(bytes_max) + " bytes.";
    out.error.remedy = "Ask for less at a time.";
    return out;
}

TransportError no_answer_in_time(std::string_view host, Duration timeout, bool sent) {
    TransportError out;
    out.sent = sent;
    out.error.kind = ErrorKind::kTimeout;
    out.error.code = "RequestTimedOut";
    out.error.message = std::string(host) +
                        (sent ? " did not answer within " : " could not be reached within ") +
                        format_duration(timeout) + ".";
    return out;
}

}  // namespace tideway::http
