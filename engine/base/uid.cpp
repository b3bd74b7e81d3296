#include "engine/base/uid.h"

#include <algorithm>

#include "engine/base/digest.h"

namespace tideway {

Uid Uid::random() {
    Uid out;
    std::ranges::copy(random_bytes(16), out.bytes_.begin());
    return out;
}

Uid Uid::derive(const Uid& parent, std::string_view part) {
    std::string text(parent.bytes_.begin(), parent.bytes_.end());
    text += part;
    Uid out;
    std::ranges::copy(sha256(text).substr(0, 16), out.bytes_.begin());
    return out;
}

std::optional<Uid> Uid::parse(std::string_view hex) {
    std::string plain;
    std::ranges::copy_if(hex, std::back_inserter(plain), [](char c) { return c != '-'; });
    const auto bytes = from_hex(plain);
    if (!bytes || bytes->size() != 16) {
        return std::nullopt;
    }
    Uid out;
    std::ranges::copy(*bytes, out.bytes_.begin());
    return out;
}

Uid Uid::from_raw(std::string_view bytes) {
    Uid out;
    if (bytes.size() == out.bytes_.size()) {
        std::ranges::copy(bytes, out.bytes_.begin());
    }
    return out;
}

std::string_view Uid::raw() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

std::string Uid::hex() const {
    return to_hex(raw());
}

std::string Uid::guid() const {
    std::string out = hex();
    for (const std::size_t at : {20U, 16U, 12U, 8U}) {
        out.insert(at, 1, '-');
    }
    return out;
}

}  // namespace tideway
