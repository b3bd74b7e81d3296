#include "connectors/partner_center/sandbox_signer.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "engine/base/assert.h"
#include "engine/base/digest.h"

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr int kKeyBits = 2048;
constexpr int kValidDays = 3650;

struct BioFree {
    void operator()(BIO* bio) const { BIO_free(bio); }
};

using Bio = std::unique_ptr<BIO, BioFree>;

struct ContextFree {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const unsigned char* as_bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Key new_key() {
    return Key(EVP_RSA_gen(static_cast<unsigned>(kKeyBits)));
}

bool put_name(X509_NAME* name, const std::string& organization, const std::string& common) {
    const auto put = [&](const char* field, const std::string& value) {
        return X509_NAME_add_entry_by_txt(
                   name,
                   field,
                   MBSTRING_UTF8,
                   as_bytes(value),
                   static_cast<int>(value.size()),
                   -1,
                   0
               ) == 1;
    };
    return put("C", "US") && put("O", organization) && put("CN", common);
}

bool put_extension(X509* certificate, X509* issuer, int id, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
    const bool ok = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

enum class Use { kAuthority, kSigning };

bool put_extensions(X509* certificate, X509* issuer, Use use) {
    const bool authority = use == Use::kAuthority;
    return put_extension(
               certificate,
               issuer,
               NID_basic_constraints,
               authority ? "critical,CA:TRUE" : "critical,CA:FALSE"
           ) &&
           put_extension(
               certificate,
               issuer,
               NID_key_usage,
               authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"
           ) &&
           put_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
           put_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
}

bool put_serial(X509* certificate) {
    std::string bytes = random_bytes(16);
    bytes[0] = static_cast<char>(static_cast<unsigned char>(bytes[0]) & 0x7FU);
    BIGNUM* number = BN_bin2bn(as_bytes(bytes), static_cast<int>(bytes.size()), nullptr);
    const bool ok = number != nullptr &&
                    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    return ok;
}

struct Subject {
    std::string organization;
    std::string common_name;
    Use use = Use::kSigning;
};

// Signed by `issuer`; by itself when that is null.
Certificate new_certificate(
    const Subject& subject, Timestamp now, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key
) {
    Certificate out(X509_new());
    if (out == nullptr) {
        return nullptr;
    }
    X509* signed_by = issuer != nullptr ? issuer : out.get();
    std::time_t today = to_micros(now) / 1'000'000;
    const bool ok =
        X509_set_version(out.get(), 2) == 1 && put_serial(out.get()) &&
        X509_time_adj_ex(X509_getm_notBefore(out.get()), -1, 0, &today) != nullptr &&
        X509_time_adj_ex(X509_getm_notAfter(out.get()), kValidDays, 0, &today) != nullptr &&
        X509_set_pubkey(out.get(), key) == 1 &&
        put_name(X509_get_subject_name(out.get()), subject.organization, subject.common_name) &&
        X509_set_issuer_name(out.get(), X509_get_subject_name(signed_by)) == 1 &&
        put_extensions(out.get(), signed_by, subject.use) &&
        X509_sign(out.get(), issuer_key, EVP_sha256()) > 0;
    return ok ? std::move(out) : nullptr;
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string pem_of(X509* certificate) {
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio.get());
}

Bio bio_of(const std::string& text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Key read_key(const std::string& pem) {
    return Key(PEM_read_bio_PrivateKey(bio_of(pem).get(), nullptr, nullptr, nullptr));
}

Certificate read_certificate(const std::string& pem) {
    return Certificate(PEM_read_bio_X509(bio_of(pem).get(), nullptr, nullptr, nullptr));
}

tl::unexpected<Error> failed(std::string what) {
    return fail(ErrorKind::kInternal, "SandboxCertificate", std::move(what));
}

}  // namespace

Result<Signer> Signer::make(Timestamp now, const std::string& organization) {
    Signer out;
    out.authority_key_ = new_key();
    if (out.authority_key_ == nullptr) {
        return failed("The key of the sandbox's certificate authority could not be made.");
    }
    out.authority_ = new_certificate(
        {organization, "Tideway Sandbox Authority", Use::kAuthority},
        now,
        out.authority_key_.get(),
        nullptr,
        out.authority_key_.get()
    );
    if (out.authority_ == nullptr) {
        return failed("The sandbox's certificate authority could not be made.");
    }
    TIDEWAY_TRY(out.rotate(now));
    return out;
}

Status Signer::rotate(Timestamp now) {
    Key key = new_key();
    if (key == nullptr) {
        return failed("The key of the sandbox's signing certificate could not be made.");
    }
    Certificate certificate = new_certificate(
        {"Microsoft Corporation", "Tideway Sandbox Webhooks", Use::kSigning},
        now,
        key.get(),
        authority_.get(),
        authority_key_.get()
    );
    if (certificate == nullptr) {
        return failed("The sandbox's signing certificate could not be made.");
    }
    key_ = std::move(key);
    certificate_ = std::move(certificate);
    return {};
}

Result<Signer> Signer::load(const Json& saved) {
    Signer out;
    out.authority_key_ = read_key(string_or(saved, "authority_key"));
    out.authority_ = read_certificate(string_or(saved, "authority"));
    out.key_ = read_key(string_or(saved, "key"));
    out.certificate_ = read_certificate(string_or(saved, "certificate"));
    if (!out.authority_key_ || !out.authority_ || !out.key_ || !out.certificate_) {
        return failed("The saved certificates of the sandbox cannot be read.");
    }
    return out;
}

Json Signer::save() const {
    return {
        {"authority_key", pem_of(authority_key_.get())},
        {"authority", pem_of(authority_.get())},
        {"key", pem_of(key_.get())},
        {"certificate", pem_of(certificate_.get())}};
}

std::string Signer::sign(std::string_view bytes) const {
    const std::unique_ptr<EVP_MD_CTX, ContextFree> context(EVP_MD_CTX_new());
    std::size_t size = 0;
    const bool begun =
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
        EVP_DigestSign(context.get(), nullptr, &size, as_bytes(bytes), bytes.size()) == 1;
    TIDEWAY_ASSERT(begun);
    std::string out(size, '\0');
    const int signed_ok = EVP_DigestSign(
        context.get(),
        reinterpret_cast<unsigned char*>(out.data()),
        &size,
        as_bytes(bytes),
        bytes.size()
    );
    TIDEWAY_ASSERT(signed_ok == 1);
    out.resize(size);
    return to_base64(out);
}

std::string Signer::certificate_der() const {
    unsigned char* data = nullptr;
    const int size = i2d_X509(certificate_.get(), &data);
    TIDEWAY_ASSERT(size > 0);
    const std::string out(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return out;
}

std::string Signer::authority_pem() const {
    return pem_of(authority_.get());
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
