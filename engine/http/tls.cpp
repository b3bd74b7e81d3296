// With asio's separately compiled TLS sources.
#include "engine/http/tls.h"

#include <ctime>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace tideway::http {
namespace {

tl::unexpected<Error> unreadable(const std::string& what, const std::string& file) {
    return fail(
        ErrorKind::kInvalidInput,
        "CertificateUnreadable",
        "The " + what + " '" + file + "' cannot be used: " + take_openssl_error() + ".",
        "Give PEM files: the certificate with its chain, and its private key without a passphrase."
    );
}

// A key with a passphrase must not make the server ask on the terminal.
int no_passphrase(char*, int, int, void*) {
    return 0;
}

}  // namespace

std::string take_openssl_error() {
    const unsigned long code = ERR_peek_last_error();  // NOLINT(google-runtime-int): OpenSSL's type
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "the file cannot be read";
}

Result<std::shared_ptr<boost::asio::ssl::context>> make_server_tls(
    const std::string& certificate_file, const std::string& key_file
) {
    auto context =
        std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(native, &no_passphrase);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(native, certificate_file.c_str()) != 1) {
        return unreadable("certificate", certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(native, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return unreadable("private key", key_file);
    }
    return context;
}

Result<Timestamp> certificate_end(const std::string& certificate_file) {
    ERR_clear_error();
    const std::unique_ptr<BIO, decltype(&BIO_free)> file(
        BIO_new_file(certificate_file.c_str(), "r"), &BIO_free
    );
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free
    );
    std::tm end{};
    if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
        return unreadable("certificate", certificate_file);
    }
    return Timestamp(std::chrono::seconds(::timegm(&end)));
}

}  // namespace tideway::http
