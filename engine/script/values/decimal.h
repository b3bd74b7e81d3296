// Decimal numbers as text has them: exact, no binary fractions. For amounts of money. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tideway::script::library {

// More digits are refused by parse() and by the operations' callers.
constexpr std::size_t kDecimalDigitsMax = 200;

// Value: +-digits * 10^-scale. Normal form: no leading zeros ("0" for zero), no trailing zeros
// after the point, zero is not negative.
struct Decimal {
    bool is_negative = false;
    std::string digits = "0";
    int scale = 0;
};

// "42000.00", "-.5", "+3", "1.5e3", blanks around it. Nothing for anything else ("1,000", "0x10",
// "") and for more than kDecimalDigitsMax digits.
std::optional<Decimal> parse_decimal(std::string_view text);

// "42000", "-0.5".
std::string print_decimal(const Decimal& value);

// Exactly `places` digits after the point: "42000.00". `places` is not negative.
std::string print_decimal(const Decimal& value, int places);

int compare(const Decimal& a, const Decimal& b);  // -1, 0, 1
Decimal add(const Decimal& a, const Decimal& b);
Decimal negate(Decimal value);
Decimal multiply(const Decimal& a, const Decimal& b);

// Half away from zero: 2.5 gives 3, -2.5 gives -3. Negative places round left of the point.
Decimal round(const Decimal& value, int places);

}  // namespace tideway::script::library
