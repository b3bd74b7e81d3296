// Uid: 128 bits that identify something for ever. Written as 32 lower-case hex digits.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace tideway {

// Thread: any (a value).
class Uid {
  public:
    Uid() = default;  // all zero: "none"

    static Uid random();

    // The same parts always give the same Uid: (parent uid, step path) -> child uid.
    static Uid derive(const Uid& parent, std::string_view part);

    static std::optional<Uid> parse(std::string_view hex);

    // The 16 bytes as the store keeps them; anything of another length is "none".
    static Uid from_raw(std::string_view bytes);
    std::string_view raw() const;  // lives as long as this Uid

    bool is_none() const { return *this == Uid(); }

    std::string hex() const;
    std::string guid() const;  // 8-4-4-4-12, as Microsoft's services write ids

    friend auto operator<=>(const Uid&, const Uid&) = default;

  private:
    std::array<unsigned char, 16> bytes_{};
};

}  // namespace tideway
