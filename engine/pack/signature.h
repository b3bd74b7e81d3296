// Ed25519 signatures of packs, and the keys in their PEM files. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace tideway::pack {

// 32 bytes, as the algorithm has them.
struct PublicKey {
    std::string bytes;

    // What people compare: "ed25519:" and the first 16 hexadecimal digits of its SHA-256.
    std::string id() const;
};

// From PEM, as `openssl pkey -pubout` writes it. Code "InvalidKey".
Result<PublicKey> read_public_key(std::string_view pem);

struct Signature {
    PublicKey key;
    std::string bytes;  // 64
};

// `pem`: a private key, as `openssl genpkey -algorithm ed25519` writes it. Code "InvalidKey".
Result<Signature> sign(const Secret& pem, std::string_view text);

bool is_valid(const Signature& signature, std::string_view text);

// As it stands in a pack file.
std::string signature_text(const Signature& signature);
Result<Signature> parse_signature(std::string_view text);

}  // namespace tideway::pack
