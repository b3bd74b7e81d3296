// The signature of a Partner Center notification: headers, certificates, chain and RSA check.
// Everything here is pure but for TrustedRoots, which reads certificate files. Thread: any.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/x509.h>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/http/message.h"

namespace tideway::connectors::partner_center {

// What the headers of a notification say about its signature.
struct SignatureClaim {
    std::string signature;        // raw bytes
    std::string certificate_url;  // attacker-supplied until is_allowed_certificate_url()
    std::string digest;           // "SHA256", "SHA384" or "SHA512"
};

// The error's http_status is the answer: 401 without a signature, 400 without the other two
// headers.
Result<SignatureClaim> read_claim(const http::Headers& headers);

enum class Transport { kHttpsOnly, kPlainToo };

// `hosts`: "www.example.com" or "*.example.com" (sub-domains only).
bool is_allowed_certificate_url(
    std::string_view url, const std::vector<std::string>& hosts, Transport transport
);

using Certificate = std::shared_ptr<X509>;

// One DER certificate, or the PEM ones of a text in order. Empty: it is neither.
std::vector<Certificate> read_certificates(std::string_view bytes);

// Which roots count.
struct TrustedRoots {
    std::string ca_file;      // PEM file, or empty
    bool with_system = true;  // the machine's own store as well
};

struct ChainVerdict {
    bool is_trusted = false;
    std::string reason;      // OpenSSL's words
    std::string issuer_url;  // where the missing issuer can be fetched, if the certificate says so
};

// Builds a chain from the first certificate, over the others, to a root, valid at `now`. Code
// "CertificateFileUnreadable" (503): the connection's ca_file cannot be read.
Result<ChainVerdict> check_chain(
    const std::vector<Certificate>& certificates, const TrustedRoots& roots, Timestamp now
);

// The issuer's organisation is "Microsoft Corporation".
bool is_issued_by_microsoft(const X509& certificate);

Timestamp expires_at(const X509& certificate);

// RSA, PKCS#1 v1.5, over the bytes as they arrived.
bool is_signed_by(const X509& certificate, const SignatureClaim& claim, std::string_view body);

// A refusal that answers the caller with `http_status`.
tl::unexpected<Error> refuse_notification(int http_status, std::string code, std::string message);

}  // namespace tideway::connectors::partner_center
