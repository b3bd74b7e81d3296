// The TLS side of the server: certificate and key. Thread: any.
#pragma once

#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace boost::asio::ssl {
class context;
}

namespace tideway::http {

// TLS 1.2 and newer. Fails with "CertificateUnreadable" naming the file and the reason.
Result<std::shared_ptr<boost::asio::ssl::context>> make_server_tls(
    const std::string& certificate_file, const std::string& key_file
);

// Until when the first certificate of a PEM file is valid. Fails as make_server_tls does.
Result<Timestamp> certificate_end(const std::string& certificate_file);

// The newest reason in OpenSSL's queue of this thread, which is then empty.
std::string take_openssl_error();

}  // namespace tideway::http
