#include "engine/connector/identity/jwt.h"

#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "engine/base/digest.h"

namespace tideway::connector {
namespace {

struct BioFree {
    void operator()(BIO* bio) const { BIO_free(bio); }
};

struct KeyFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

struct ContextFree {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

using Bio = std::unique_ptr<BIO, BioFree>;
using Key = std::unique_ptr<EVP_PKEY, KeyFree>;
using Context = std::unique_ptr<EVP_MD_CTX, ContextFree>;

// An encrypted key must not make OpenSSL ask at the terminal.
int no_pass_phrase(char* /*out*/, int /*size*/, int /*is_writing*/, void* /*unused*/) {
    return -1;
}

Bio reader_of(std::string_view pem) {
    return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

bool is_rsa(const Key& key) {
    return key != nullptr && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA;
}

tl::unexpected<Error> invalid(const std::string& why) {
    return fail(ErrorKind::kUnauthenticated, "JwtInvalid", "The signed token is refused: " + why);
}

std::string rs256(std::string_view text, const Key& key) {
    const Context context(EVP_MD_CTX_new());
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
        return {};
    }
    std::string out(size, '\0');
    auto* place = reinterpret_cast<unsigned char*>(out.data());
    const bool ok = EVP_DigestSign(context.get(), place, &size, bytes, text.size()) == 1;
    out.resize(ok ? size : 0);
    return out;
}

bool is_signed(std::string_view text, const std::string& signature, const Key& key) {
    const Context context(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(
               context.get(),
               reinterpret_cast<const unsigned char*>(signature.data()),
               signature.size(),
               reinterpret_cast<const unsigned char*>(text.data()),
               text.size()
           ) == 1;
}

}  // namespace

Result<std::string> sign_jwt(const Json& claims, const Secret& private_key) {
    const Bio pem = reader_of(private_key.reveal());
    const Key key(PEM_read_bio_PrivateKey(pem.get(), nullptr, no_pass_phrase, nullptr));
    const std::string text =
        to_base64url(dump(Json{{"alg", "RS256"}})) + "." + to_base64url(dump(claims));
    const std::string signature = is_rsa(key) ? rs256(text, key) : std::string();
    if (signature.empty()) {
        return fail(
            ErrorKind::kUnauthenticated,
            "PrivateKeyUnusable",
            "'private_key' is not an RSA key in PEM form without a pass phrase.",
            "Make one with: openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=tideway "
            "-keyout key.pem -out certificate.pem"
        );
    }
    return text + "." + to_base64url(signature);
}

Result<Json> verify_jwt(std::string_view token, std::string_view public_key) {
    const std::size_t last = token.rfind('.');
    const std::size_t first = token.find('.');
    if (last == std::string_view::npos || first == last) {
        return invalid("it has not three parts.");
    }
    const Bio pem = reader_of(public_key);
    const Key key(PEM_read_bio_PUBKEY(pem.get(), nullptr, no_pass_phrase, nullptr));
    const auto header = from_base64(token.substr(0, first));
    const auto claims = from_base64(token.substr(first + 1, last - first - 1));
    const auto signature = from_base64(token.substr(last + 1));
    if (!header || !claims || !signature) {
        return invalid("it is not base64.");
    }
    const auto said = parse_json(*header, "the token's header");
    if (!said || string_or(*said, "alg") != "RS256" || !is_rsa(key)) {
        return invalid("it is not signed with RS256.");
    }
    if (!is_signed(token.substr(0, last), *signature, key)) {
        return invalid("its signature does not fit the key.");
    }
    return parse_json(*claims, "the token's claims");
}

}  // namespace tideway::connector
