// Certificates made on the spot: an authority and what it has signed, as PEM files in a folder that
// goes with the object.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "engine/base/uid.h"

namespace tideway::testing {

class TestCertificates {
  public:
    struct Files {
        std::string certificate;
        std::string key;
    };

    TestCertificates() {
        std::filesystem::create_directories(folder_);
        authority_key_.reset(EVP_EC_gen("P-256"));
        authority_ = make("Contoso Test Authority", authority_key_.get(), "", kYear);
        write_certificate(authority_file(), authority_.get());
    }

    ~TestCertificates() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    TestCertificates(const TestCertificates&) = delete;
    TestCertificates& operator=(const TestCertificates&) = delete;

    std::string authority_file() const { return (folder_ / "authority.pem").string(); }

    // `names` as OpenSSL writes them: "IP:127.0.0.1,DNS:localhost".
    Files issue(const std::string& names) { return issue(names, kYear); }

    Files issue_expired(const std::string& names) { return issue(names, -60); }

  private:
    static constexpr int kYear = 365 * 24 * 3600;

    template <auto kFree>
    struct Free {
        template <typename T>
        void operator()(T* object) const {
            kFree(object);
        }
    };

    using Key = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;
    using Certificate = std::unique_ptr<X509, Free<&X509_free>>;
    using File = std::unique_ptr<std::FILE, Free<&std::fclose>>;

    Files issue(const std::string& names, int ends_in_seconds) {
        const Key key(EVP_EC_gen("P-256"));
        const Certificate certificate = make("Contoso", key.get(), names, ends_in_seconds);
        const std::string stem = std::to_string(++issued_);
        Files files{
            .certificate = (folder_ / (stem + ".pem")).string(),
            .key = (folder_ / (stem + ".key")).string(),
        };
        write_certificate(files.certificate, certificate.get());
        const File out(std::fopen(files.key.c_str(), "w"));
        EXPECT_EQ(
            PEM_write_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1
        );
        return files;
    }

    // Signed by the authority; the first one, without names, is the authority itself.
    Certificate make(
        const std::string& title, EVP_PKEY* key, const std::string& names, int ends_in_seconds
    ) {
        Certificate certificate(X509_new());
        X509* raw = certificate.get();
        X509_set_version(raw, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(raw), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(raw), -24 * 3600);
        X509_gmtime_adj(X509_getm_notAfter(raw), ends_in_seconds);
        X509_set_pubkey(raw, key);
        const auto* text = reinterpret_cast<const unsigned char*>(title.c_str());
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(raw), "CN", MBSTRING_UTF8, text, -1, -1, 0
        );
        X509* issuer = authority_ ? authority_.get() : raw;
        X509_set_issuer_name(raw, X509_get_subject_name(issuer));
        if (names.empty()) {
            add_extension(raw, NID_basic_constraints, "critical,CA:TRUE");
        } else {
            add_extension(raw, NID_subject_alt_name, names);
        }
        EXPECT_GT(X509_sign(raw, authority_key_.get(), EVP_sha256()), 0);
        return certificate;
    }

    static void add_extension(X509* certificate, int id, const std::string& value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
        ASSERT_NE(extension, nullptr) << value;
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    static void write_certificate(const std::string& path, X509* certificate) {
        const File out(std::fopen(path.c_str(), "w"));
        ASSERT_NE(out, nullptr) << path;
        EXPECT_EQ(PEM_write_X509(out.get(), certificate), 1);
    }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("tideway-test-" + Uid::random().hex());
    Key authority_key_;
    Certificate authority_;
    int serial_ = 0;
    int issued_ = 0;
};

}  // namespace tideway::testing
