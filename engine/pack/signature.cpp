#include "engine/pack/signature.h"

#include <memory>
#include <optional>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "engine/base/digest.h"
#include "engine/base/json.h"

namespace tideway::pack {

namespace {

constexpr std::size_t kPublicKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::string_view kAlgorithm = "ed25519";

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

using Bio = std::unique_ptr<BIO, FreeBio>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

Bio reader_of(std::string_view text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A key with a passphrase is refused rather than asked about on a terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

tl::unexpected<Error> bad_key(const std::string& why, const std::string& remedy) {
    return fail(ErrorKind::kInvalidInput, "InvalidKey", why, remedy);
}

Result<PublicKey> public_part(const EVP_PKEY* key) {
    PublicKey out;
    out.bytes.resize(kPublicKeyBytes);
    std::size_t size = out.bytes.size();
    if (EVP_PKEY_get_raw_public_key(key, bytes_of(out.bytes), &size) != 1 ||
        size != kPublicKeyBytes) {
        return bad_key(
            "The key is not an Ed25519 key.", "Make one: openssl genpkey -algorithm ed25519"
        );
    }
    return out;
}

}  // namespace

std::string PublicKey::id() const {
    return std::string(kAlgorithm) + ":" + to_hex(sha256(bytes)).substr(0, 16);
}

Result<PublicKey> read_public_key(std::string_view pem) {
    const Bio bio = reader_of(pem);
    const Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
    if (!key) {
        return bad_key(
            "The file holds no public key in PEM.",
            "Write it with: openssl pkey -in private.pem -pubout -out public.pem"
        );
    }
    return public_part(key.get());
}

Result<Signature> sign(const Secret& pem, std::string_view text) {
    const Bio bio = reader_of(pem.reveal());
    const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    if (!key) {
        return bad_key(
            "The file holds no private key in PEM, or one with a passphrase.",
            "Make one: openssl genpkey -algorithm ed25519 -out private.pem"
        );
    }
    Signature out;
    TIDEWAY_TRY_ASSIGN(out.key, public_part(key.get()));
    out.bytes.resize(kSignatureBytes);
    std::size_t size = out.bytes.size();
    const Digest digest(EVP_MD_CTX_new());
    const bool is_signed =
        digest && EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
        EVP_DigestSign(digest.get(), bytes_of(out.bytes), &size, bytes_of(text), text.size()) == 1;
    if (!is_signed || size != kSignatureBytes) {
        return fail(ErrorKind::kInternal, "PackNotWritten", "The pack cannot be signed.");
    }
    return out;
}

bool is_valid(const Signature& signature, std::string_view text) {
    const Key key(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519,
        nullptr,
        bytes_of(std::string_view(signature.key.bytes)),
        signature.key.bytes.size()
    ));
    const Digest digest(EVP_MD_CTX_new());
    return key && digest &&
           EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(
               digest.get(),
               bytes_of(std::string_view(signature.bytes)),
               signature.bytes.size(),
               bytes_of(text),
               text.size()
           ) == 1;
}

std::string signature_text(const Signature& signature) {
    const Json out = {
        {"algorithm", kAlgorithm},
        {"key", to_base64(signature.key.bytes)},
        {"signature", to_base64(signature.bytes)}};
    return out.dump(2) + "\n";
}

Result<Signature> parse_signature(std::string_view text) {
    TIDEWAY_TRY_ASSIGN(const Json json, parse_json(text, "The pack's signature"));
    const auto key = from_base64(string_or(json, "key"));
    const auto bytes = from_base64(string_or(json, "signature"));
    if (string_or(json, "algorithm") != kAlgorithm || !key || key->size() != kPublicKeyBytes ||
        !bytes || bytes->size() != kSignatureBytes) {
        return fail(
            ErrorKind::kInvalidInput,
            "PackSignatureInvalid",
            "The signature of the pack cannot be read.",
            "Ask its publisher for the file again."
        );
    }
    return Signature{{*key}, *bytes};
}

}  // namespace tideway::pack
