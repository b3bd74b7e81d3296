// is_private_address(): which addresses are not for everybody. IANA special-purpose registries.
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include <arpa/inet.h>

#include "engine/http/url.h"

namespace tideway::http {
namespace {

struct Block {
    std::uint32_t network;
    int bits;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    return (a << 24U) | (b << 16U) | (c << 8U) | d;
}

constexpr Block kPrivateBlocks[] = {
    {v4(0, 0, 0, 0), 8},       // this network, unspecified
    {v4(10, 0, 0, 0), 8},      // private
    {v4(100, 64, 0, 0), 10},   // shared by a carrier's customers
    {v4(127, 0, 0, 0), 8},     // loopback
    {v4(169, 254, 0, 0), 16},  // link-local: the metadata service of every cloud
    {v4(172, 16, 0, 0), 12},   // private
    {v4(192, 0, 0, 0), 24},    // protocol assignments
    {v4(192, 168, 0, 0), 16},  // private
    {v4(198, 18, 0, 0), 15},   // benchmarks
    {v4(224, 0, 0, 0), 4},     // multicast
    {v4(240, 0, 0, 0), 4},     // reserved, broadcast
};

bool is_private_v4(std::uint32_t address) {
    for (const Block& block : kPrivateBlocks) {
        const std::uint32_t mask = ~std::uint32_t{0} << static_cast<unsigned>(32 - block.bits);
        if ((address & mask) == block.network) {
            return true;
        }
    }
    return false;
}

using V6 = std::array<std::uint8_t, 16>;

std::uint32_t v4_at(const V6& bytes, std::size_t at) {
    return v4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

bool starts_with(const V6& bytes, std::initializer_list<int> prefix) {
    std::size_t i = 0;
    for (const int byte : prefix) {
        if (bytes[i] != byte) {
            return false;
        }
        ++i;
    }
    return true;
}

bool is_private_v6(const V6& bytes) {
    if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF})) {
        return is_private_v4(v4_at(bytes, 12));  // ::ffff:a.b.c.d
    }
    if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) {
        return true;  // ::, ::1 and the obsolete IPv4-compatible block
    }
    if (starts_with(bytes, {0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})) {
        return is_private_v4(v4_at(bytes, 12));  // NAT64
    }
    if (starts_with(bytes, {0x20, 0x02})) {
        return is_private_v4(v4_at(bytes, 2));  // 6to4
    }
    const bool unique_local = (bytes[0] & 0xFEU) == 0xFCU;
    const bool link_or_site_local = bytes[0] == 0xFEU && (bytes[1] & 0x80U) != 0;
    const bool multicast = bytes[0] == 0xFFU;
    const bool local_nat64 = starts_with(bytes, {0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01});
    return unique_local || link_or_site_local || multicast || local_nat64;
}

}  // namespace

bool is_private_address(std::string_view address) {
    if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
        address = address.substr(1, address.size() - 2);
    }
    const std::string text(address.substr(0, address.find('%')));  // without the zone
    in_addr four{};
    if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
        return is_private_v4(ntohl(four.s_addr));
    }
    in6_addr six{};
    if (inet_pton(AF_INET6, text.c_str(), &six) != 1) {
        return false;
    }
    V6 bytes{};
    std::memcpy(bytes.data(), &six, bytes.size());
    return is_private_v6(bytes);
}

}  // namespace tideway::http
