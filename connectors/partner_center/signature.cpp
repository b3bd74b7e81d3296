#include "connectors/partner_center/signature.h"

#include <algorithm>
#include <cctype>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "engine/base/assert.h"
#include "engine/base/digest.h"
#include "engine/http/url.h"

namespace tideway::connectors::partner_center {
namespace {

constexpr int kRsaBitsMin = 2048;
constexpr std::size_t kCertificatesMax = 8;

template <typename T, void (*free_it)(T*)>
struct Free {
    void operator()(T* what) const { free_it(what); }
};

using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE, X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX, X509_STORE_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX, EVP_MD_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO, BIO_free_all>>;

struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return out;
}

// The text after "Signature "; empty when the header has another scheme.
std::string_view signature_text(std::string_view header) {
    constexpr std::string_view kScheme = "SIGNATURE ";
    if (upper(header.substr(0, kScheme.size())) != kScheme) {
        return {};
    }
    header.remove_prefix(kScheme.size());
    while (!header.empty() && header.front() == ' ') {
        header.remove_prefix(1);
    }
    return header;
}

Certificate own(X509* certificate) {
    return {certificate, X509_free};
}

// Where the issuer of `certificate` can be fetched (authority information access), or nothing.
std::string issuer_url_of(const X509* certificate) {
    if (certificate == nullptr) {
        return {};
    }
    auto* access = static_cast<AUTHORITY_INFO_ACCESS*>(
        X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)
    );
    const std::unique_ptr<AUTHORITY_INFO_ACCESS, void (*)(AUTHORITY_INFO_ACCESS*)> owner(
        access, AUTHORITY_INFO_ACCESS_free
    );
    for (int i = 0; access != nullptr && i < sk_ACCESS_DESCRIPTION_num(access); ++i) {
        const ACCESS_DESCRIPTION* entry = sk_ACCESS_DESCRIPTION_value(access, i);
        if (OBJ_obj2nid(entry->method) != NID_ad_ca_issuers || entry->location->type != GEN_URI) {
            continue;
        }
        const ASN1_IA5STRING* uri = entry->location->d.uniformResourceIdentifier;
        const unsigned char* bytes = ASN1_STRING_get0_data(uri);
        return {bytes, bytes + ASN1_STRING_length(uri)};
    }
    return {};
}

bool is_issuer_missing(int problem) {
    return problem == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           problem == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           problem == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

Result<StorePtr> open_store(const TrustedRoots& roots) {
    StorePtr store(X509_STORE_new());
    TIDEWAY_ASSERT(store != nullptr);
    if (roots.with_system) {
        X509_STORE_set_default_paths(store.get());
    }
    if (!roots.ca_file.empty() && X509_STORE_load_file(store.get(), roots.ca_file.c_str()) != 1) {
        ERR_clear_error();
        return refuse_notification(
            503,
            "CertificateFileUnreadable",
            "The trusted certificates of the connection cannot be read from " + roots.ca_file + "."
        );
    }
    ERR_clear_error();
    return store;
}

const EVP_MD* digest_named(const std::string& name) {
    if (name == "SHA256") {
        return EVP_sha256();
    }
    if (name == "SHA384") {
        return EVP_sha384();
    }
    return name == "SHA512" ? EVP_sha512() : nullptr;
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

tl::unexpected<Error> refuse_notification(int http_status, std::string code, std::string message) {
    Error error;
    error.kind = http_status == 400   ? ErrorKind::kInvalidInput
                 : http_status == 401 ? ErrorKind::kUnauthenticated
                                      : ErrorKind::kUnavailable;
    error.code = std::move(code);
    error.message = std::move(message);
    error.http_status = http_status;
    return fail(std::move(error));
}

Result<SignatureClaim> read_claim(const http::Headers& headers) {
    // With SignatureTokenToMsSignatureHeader it is in x-ms-signature, else in Authorization.
    const std::string own_header = headers.get_or("x-ms-signature", "");
    const std::string authorization = headers.get_or("Authorization", "");
    const std::string_view encoded =
        signature_text(own_header.empty() ? authorization : own_header);
    if (encoded.empty()) {
        return refuse_notification(
            401,
            "SignatureMissing",
            "The notification has no signature: neither x-ms-signature nor Authorization carries "
            "\"Signature ...\"."
        );
    }
    SignatureClaim claim;
    claim.certificate_url = headers.get_or("X-MS-Certificate-Url", "");
    const std::string algorithm = upper(headers.get_or("X-MS-Signature-Algorithm", ""));
    if (claim.certificate_url.empty() || algorithm.empty()) {
        return refuse_notification(
            400,
            "SignatureHeaderMissing",
            "The notification lacks X-MS-Certificate-Url or X-MS-Signature-Algorithm."
        );
    }
    if (algorithm != "RSA-SHA256" && algorithm != "RSA-SHA384" && algorithm != "RSA-SHA512") {
        return refuse_notification(
            400,
            "SignatureAlgorithmRefused",
            "The signature algorithm \"" + algorithm +
                "\" is not accepted: RSA with SHA-256 or "
                "better is."
        );
    }
    claim.digest = algorithm.substr(4);
    auto raw = from_base64(encoded);
    if (!raw || raw->empty()) {
        return refuse_notification(
            401, "SignatureInvalid", "The notification's signature is not base64."
        );
    }
    claim.signature = std::move(*raw);
    return claim;
}

bool is_allowed_certificate_url(
    std::string_view url, const std::vector<std::string>& hosts, Transport transport
) {
    const auto parsed = http::parse_url(url);
    if (!parsed || url.find('@') != std::string_view::npos) {
        return false;
    }
    if (parsed->scheme != "https" &&
        !(parsed->scheme == "http" && transport == Transport::kPlainToo)) {
        return false;
    }
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& allowed) {
        if (!allowed.starts_with("*.")) {
            return upper(allowed) == upper(parsed->host);
        }
        const std::string suffix = upper(std::string_view(allowed).substr(1));
        return parsed->host.size() > suffix.size() && upper(parsed->host).ends_with(suffix);
    });
}

std::vector<Certificate> read_certificates(std::string_view bytes) {
    std::vector<Certificate> out;
    if (bytes.find("-----BEGIN") == std::string_view::npos) {
        const unsigned char* at = bytes_of(bytes);
        X509* certificate = d2i_X509(nullptr, &at, static_cast<std::int64_t>(bytes.size()));
        if (certificate != nullptr) {
            out.push_back(own(certificate));
        }
        ERR_clear_error();
        return out;
    }
    const BioPtr bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    while (out.size() < kCertificatesMax) {
        X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
        if (certificate == nullptr) {
            break;
        }
        out.push_back(own(certificate));
    }
    ERR_clear_error();
    return out;
}

Result<ChainVerdict> check_chain(
    const std::vector<Certificate>& certificates, const TrustedRoots& roots, Timestamp now
) {
    TIDEWAY_ASSERT(!certificates.empty());
    TIDEWAY_TRY_ASSIGN(const StorePtr store, open_store(roots));
    const StackPtr others(sk_X509_new_null());
    for (std::size_t i = 1; i < certificates.size(); ++i) {
        sk_X509_push(others.get(), certificates[i].get());
    }
    const StoreContextPtr context(X509_STORE_CTX_new());
    TIDEWAY_ASSERT(context != nullptr);
    X509_STORE_CTX_init(context.get(), store.get(), certificates[0].get(), others.get());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    X509_VERIFY_PARAM_set_time(
        X509_STORE_CTX_get0_param(context.get()), static_cast<std::time_t>(seconds)
    );
    ChainVerdict verdict;
    verdict.is_trusted = X509_verify_cert(context.get()) == 1;
    if (!verdict.is_trusted) {
        const int problem = X509_STORE_CTX_get_error(context.get());
        verdict.reason = X509_verify_cert_error_string(problem);
        if (is_issuer_missing(problem)) {
            verdict.issuer_url = issuer_url_of(X509_STORE_CTX_get_current_cert(context.get()));
        }
    }
    ERR_clear_error();
    return verdict;
}

bool is_issued_by_microsoft(const X509& certificate) {
    const X509_NAME* issuer = X509_get_issuer_name(&certificate);
    int at = -1;
    while ((at = X509_NAME_get_index_by_NID(issuer, NID_organizationName, at)) >= 0) {
        const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(issuer, at));
        unsigned char* utf8 = nullptr;
        const int size = ASN1_STRING_to_UTF8(&utf8, value);
        const std::string organisation = size < 0 ? "" : std::string(utf8, utf8 + size);
        OPENSSL_free(utf8);
        if (organisation == "Microsoft Corporation") {
            return true;
        }
    }
    return false;
}

Timestamp expires_at(const X509& certificate) {
    std::tm when{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &when) != 1) {
        return Timestamp{};
    }
    return Timestamp(std::chrono::seconds(timegm(&when)));
}

bool is_signed_by(const X509& certificate, const SignatureClaim& claim, std::string_view body) {
    EVP_PKEY* key = X509_get0_pubkey(&certificate);
    const EVP_MD* digest = digest_named(claim.digest);
    if (key == nullptr || digest == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
        EVP_PKEY_get_bits(key) < kRsaBitsMin) {
        return false;
    }
    const DigestContextPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;  // owned by context
    const bool is_valid =
        EVP_DigestVerifyInit(context.get(), &options, digest, nullptr, key) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PADDING) == 1 &&
        EVP_DigestVerify(
            context.get(),
            bytes_of(claim.signature),
            claim.signature.size(),
            bytes_of(body),
            body.size()
        ) == 1;
    ERR_clear_error();
    return is_valid;
}

}  // namespace tideway::connectors::partner_center
