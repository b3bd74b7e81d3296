#include "engine/http/trust.h"

#include "engine/base/assert.h"
#include "engine/http/tls.h"

namespace tideway::http {

Result<Trust> TrustSource::make(const std::string& ca_file) {
    if (!system_) {
        system_.reset(X509_STORE_new());
        TIDEWAY_ASSERT(system_ != nullptr);
        X509_STORE_set_default_paths(system_.get());
    }
    if (ca_file.empty()) {
        X509_STORE_up_ref(system_.get());
        return Trust(system_.get());
    }
    Trust own(X509_STORE_new());
    TIDEWAY_ASSERT(own != nullptr);
    if (X509_STORE_load_file(own.get(), ca_file.c_str()) != 1) {
        return fail(
            ErrorKind::kInvalidInput,
            "CertificateUnreadable",
            "The trusted certificates in '" + ca_file +
                "' (ca_file) cannot be used: " + take_openssl_error() + ".",
            "Give a PEM file that this program may read."
        );
    }
    const STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(system_.get());
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
        X509* certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (certificate != nullptr) {
            X509_STORE_add_cert(own.get(), certificate);
        }
    }
    // The system's folder is looked up by hash when a certificate is needed.
    X509_LOOKUP* folder = X509_STORE_add_lookup(own.get(), X509_LOOKUP_hash_dir());
    TIDEWAY_ASSERT(folder != nullptr);
    X509_LOOKUP_add_dir(folder, nullptr, X509_FILETYPE_DEFAULT);
    return own;
}

}  // namespace tideway::http
