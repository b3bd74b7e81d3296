// The certificates of the sandbox's webhook notifications: a self-made authority whose name holds
// "O=Microsoft Corporation", a signing certificate under it, and RSA-SHA256 (PKCS#1 v1.5)
// signatures. Making one takes about half a second. Thread: the sandbox's loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/result.h"

namespace tideway::connectors::partner_center::sandbox_parts {

struct KeyFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

struct CertificateFree {
    void operator()(X509* certificate) const { X509_free(certificate); }
};

using Key = std::unique_ptr<EVP_PKEY, KeyFree>;
using Certificate = std::unique_ptr<X509, CertificateFree>;

class Signer {
  public:
    // `organization` is the O= of the authority's name.
    static Result<Signer> make(
        Timestamp now, const std::string& organization = "Microsoft Corporation"
    );
    // What save() returned.
    static Result<Signer> load(const Json& saved);
    Json save() const;

    // A new signing certificate under the same authority, as the service rotates it.
    Status rotate(Timestamp now);

    std::string sign(std::string_view bytes) const;  // base64
    std::string certificate_der() const;             // of the signing certificate
    std::string authority_pem() const;               // what a receiver has to trust

  private:
    Signer() = default;

    Key authority_key_;
    Certificate authority_;
    Key key_;
    Certificate certificate_;
};

}  // namespace tideway::connectors::partner_center::sandbox_parts
