// A fresh RSA key as two PEM texts. Thread: any.
#pragma once

#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace tideway::test_support {

struct RsaKeys {
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

inline RsaKeys make_rsa_keys() {
    EVP_PKEY* key = EVP_RSA_gen(2048U);
    BIO* secret = BIO_new(BIO_s_mem());
    BIO* open = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_bio_PUBKEY(open, key);
    EVP_PKEY_free(key);
    return {taken(secret), taken(open)};
}

}  // namespace tideway::test_support
