// Certificates for tests, made on the spot: a root, intermediates and leaves with RSA keys.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "engine/base/clock.h"

namespace tideway::test {

struct CertificateWish {
    std::string common_name;
    std::string organization;
    bool is_authority = false;
    std::string issuer_url;  // authority information access
    Timestamp not_before = from_micros(1'700'000'000'000'000);
    Timestamp not_after = from_micros(2'000'000'000'000'000);
    int bits = 2048;
};

// A key and its certificate.
class TestCertificate {
  public:
    static TestCertificate self_signed(const CertificateWish& wish) {
        return TestCertificate(wish, nullptr);
    }

    TestCertificate issue(const CertificateWish& wish) const { return TestCertificate(wish, this); }

    std::string der() const {
        unsigned char* bytes = nullptr;
        const int size = i2d_X509(certificate_.get(), &bytes);
        const std::string out(bytes, bytes + size);
        OPENSSL_free(bytes);
        return out;
    }

    std::string pem() const {
        BIO* bio = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(bio, certificate_.get());
        char* text = nullptr;
        const auto size = BIO_get_mem_data(bio, &text);
        const std::string out(text, text + size);
        BIO_free(bio);
        return out;
    }

    std::string sign(std::string_view body, const EVP_MD* digest = EVP_sha256()) const {
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        EVP_DigestSignInit(context, nullptr, digest, nullptr, key_.get());
        std::size_t size = 0;
        const auto* bytes = reinterpret_cast<const unsigned char*>(body.data());
        EVP_DigestSign(context, nullptr, &size, bytes, body.size());
        std::string out(size, '\0');
        EVP_DigestSign(
            context, reinterpret_cast<unsigned char*>(out.data()), &size, bytes, body.size()
        );
        EVP_MD_CTX_free(context);
        out.resize(size);
        return out;
    }

  private:
    TestCertificate(const CertificateWish& wish, const TestCertificate* issuer)
        : key_(EVP_RSA_gen(static_cast<unsigned int>(wish.bits)), EVP_PKEY_free),
          certificate_(X509_new(), X509_free) {
        X509* x = certificate_.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), next_serial());
        set_time(X509_getm_notBefore(x), wish.not_before);
        set_time(X509_getm_notAfter(x), wish.not_after);
        X509_set_pubkey(x, key_.get());
        add_name(X509_get_subject_name(x), "CN", wish.common_name);
        add_name(X509_get_subject_name(x), "O", wish.organization);
        const TestCertificate& by = issuer == nullptr ? *this : *issuer;
        X509_set_issuer_name(x, X509_get_subject_name(by.certificate_.get()));
        if (wish.is_authority) {
            add_extension(NID_basic_constraints, "critical,CA:TRUE");
            add_extension(NID_key_usage, "critical,keyCertSign,cRLSign");
        }
        if (!wish.issuer_url.empty()) {
            add_extension(NID_info_access, "caIssuers;URI:" + wish.issuer_url);
        }
        X509_sign(x, by.key_.get(), EVP_sha256());
    }

    static int next_serial() {
        static int serial = 0;
        return ++serial;
    }

    static void set_time(ASN1_TIME* out, Timestamp when) {
        ASN1_TIME_set(out, to_micros(when) / 1'000'000);
    }

    static void add_name(X509_NAME* name, const char* field, const std::string& text) {
        X509_NAME_add_entry_by_txt(
            name,
            field,
            MBSTRING_UTF8,
            reinterpret_cast<const unsigned char*>(text.c_str()),
            -1,
            -1,
            0
        );
    }

    void add_extension(int nid, const std::string& text) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, text.c_str());
        X509_add_ext(certificate_.get(), extension, -1);
        X509_EXTENSION_free(extension);
    }

    std::shared_ptr<EVP_PKEY> key_;
    std::shared_ptr<X509> certificate_;
};

}  // namespace tideway::test
