#include "engine/base/digest.h"

#include <array>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "engine/base/assert.h"

namespace tideway {
namespace {

const unsigned char* as_bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* as_bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+' || c == '-') {
        return 62;
    }
    return c == '/' || c == '_' ? 63 : -1;
}

std::string encode64(std::string_view bytes, std::string_view alphabet, bool padded) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        unsigned block = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            block = block << 8U | (j < left ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            if (j <= left) {
                out += alphabet[block >> (18U - 6U * static_cast<unsigned>(j)) & 63U];
            } else if (padded) {
                out += '=';
            }
        }
    }
    return out;
}

// Looked up among OpenSSL's providers once, not for each digest.
const EVP_MD* sha256_method() {
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> method(
        EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free
    );
    return method.get();
}

}  // namespace

std::string sha256(std::string_view bytes) {
    std::string out(32, '\0');
    unsigned length = 0;
    const int ok =
        EVP_Digest(bytes.data(), bytes.size(), as_bytes(out), &length, sha256_method(), nullptr);
    TIDEWAY_ASSERT(ok == 1 && length == 32);
    return out;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string out(32, '\0');
    unsigned length = 0;
    const auto* done = HMAC(
        EVP_sha256(),
        key.data(),
        static_cast<int>(key.size()),
        as_bytes(bytes),
        bytes.size(),
        as_bytes(out),
        &length
    );
    TIDEWAY_ASSERT(done != nullptr && length == 32);
    return out;
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    TIDEWAY_ASSERT(RAND_bytes(as_bytes(out), static_cast<int>(count)) == 1);
    return out;
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
    return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
    if (hex.size() % 2 != 0) {
        return std::nullopt;
    }
    const auto value = [](char c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        if (c >= 'a' && c <= 'f') {
            return c - 'a' + 10;
        }
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    std::string out;
    out.reserve(hex.size() / 2);
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        const int high = value(hex[i]);
        const int low = value(hex[i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

std::string to_base64(std::string_view bytes) {
    return encode64(
        bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true
    );
}

std::string to_base64url(std::string_view bytes) {
    return encode64(
        bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false
    );
}

std::optional<std::string> from_base64(std::string_view text) {
    while (!text.empty() && text.back() == '=') {
        text.remove_suffix(1);
    }
    std::string out;
    unsigned block = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const int value = base64_value(c);
        if (value < 0) {
            return std::nullopt;
        }
        block = block << 6U | static_cast<unsigned>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>(block >> bits & 255U);
        }
    }
    return bits == 6 ? std::nullopt : std::optional<std::string>(out);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tideway
