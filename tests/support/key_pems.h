// Fresh keys as two PEM texts each. Thread: any.
#pragma once

#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace tideway::test_support {

struct KeyPems {
    std::string private_pem;
    std::string public_pem;
};

inline std::string taken(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string out(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return out;
}

// Frees the key.
inline KeyPems pems_of(EVP_PKEY* key) {
    BIO* secret = BIO_new(BIO_s_mem());
    BIO* open = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_bio_PUBKEY(open, key);
    EVP_PKEY_free(key);
    return {taken(secret), taken(open)};
}

inline KeyPems make_rsa_keys() {
    return pems_of(EVP_RSA_gen(2048U));
}

inline KeyPems make_ed25519_keys() {
    return pems_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

}  // namespace tideway::test_support
