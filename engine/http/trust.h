// Which certificates a client trusts: the system's and what a connection adds. Thread: one.
#pragma once

#include <memory>
#include <string>

#include <openssl/x509.h>

#include "engine/base/result.h"

namespace tideway::http {

struct FreeTrust {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};

using Trust = std::unique_ptr<X509_STORE, FreeTrust>;

// Reads the system's bundle once (it takes some 50 ms) and copies from it.
class TrustSource {
  public:
    // Fails with "CertificateUnreadable" when `ca_file` (may be empty) cannot be read.
    Result<Trust> make(const std::string& ca_file);

  private:
    Trust system_;
};

}  // namespace tideway::http
