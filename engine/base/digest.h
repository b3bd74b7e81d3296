// Hashes, random bytes and text encodings of bytes, over OpenSSL. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tideway {

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);
std::string random_bytes(std::size_t count);

std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view hex);
std::string to_base64(std::string_view bytes);
std::string to_base64url(std::string_view bytes);               // no padding
std::optional<std::string> from_base64(std::string_view text);  // both alphabets, padding optional

// Takes as long for equal as for different texts of one length.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace tideway
