#include "engine/script/value/number_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace tideway::script {
namespace {

// A decimal number as its significant digits (no zero at either end) and the power of ten of the
// first one: 0.0120 is {"12", -2}.
struct Decimal {
    std::string digits;
    int exponent = 0;

    friend bool operator==(const Decimal&, const Decimal&) = default;
};

// The longest exponent that is still told apart; anything longer is out of a double's range anyway.
constexpr int kExponentMax = 100'000;

Decimal decimal_of(std::string_view text) {
    Decimal out;
    if (text.starts_with('-')) {
        text.remove_prefix(1);
    }
    int exponent = 0;
    if (const auto mark = text.find_first_of("eE"); mark != std::string_view::npos) {
        std::string_view digits = text.substr(mark + 1);
        if (digits.starts_with('+')) {
            digits.remove_prefix(1);
        }
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
        if (read.ec != std::errc()) {
            exponent = digits.starts_with('-') ? -kExponentMax : kExponentMax;
        }
        text = text.substr(0, mark);
    }
    const auto point = text.find('.');
    const auto whole = point == std::string_view::npos ? text.size() : point;
    out.digits.append(text.substr(0, whole));
    if (point != std::string_view::npos) {
        out.digits.append(text.substr(point + 1));
    }
    const auto first = out.digits.find_first_not_of('0');
    if (first == std::string::npos) {
        return {};
    }
    out.exponent = exponent + static_cast<int>(whole) - 1 - static_cast<int>(first);
    out.digits.erase(0, first);
    out.digits.erase(out.digits.find_last_not_of('0') + 1);
    return out;
}

std::string_view shortest(double value, std::array<char, 40>& buffer) {
    const auto end = std::to_chars(
        buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific
    );
    return {buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data())};
}

}  // namespace

void append_float(std::string& out, double value) {
    std::array<char, 40> buffer{};
    std::string_view text = shortest(value, buffer);
    if (text.starts_with('-')) {
        out += '-';
        text.remove_prefix(1);
    }
    const auto mark = text.find('e');
    int exponent = 0;
    const std::size_t sign = text[mark + 1] == '+' ? 2 : 1;
    std::from_chars(text.data() + mark + sign, text.data() + text.size(), exponent);
    if (exponent < -5 || exponent > 14) {
        out.append(text);
        return;
    }
    std::array<char, 24> digits{};
    std::size_t count = 0;
    for (const char c : text.substr(0, mark)) {
        if (c != '.') {
            digits[count++] = c;
        }
    }
    const std::string_view all(digits.data(), count);
    if (exponent < 0) {
        out += "0.";
        out.append(static_cast<std::size_t>(-exponent - 1), '0');
        out.append(all);
        return;
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (count <= whole) {
        out.append(all);
        out.append(whole - count, '0');
        out += ".0";
        return;
    }
    out.append(all.substr(0, whole));
    out += '.';
    out.append(all.substr(whole));
}

std::optional<double> to_float(std::string_view number) {
    double value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec != std::errc() || !std::isfinite(value)) {
        return std::nullopt;
    }
    // 15 significant digits always survive, unless the exponent nears the end of the range.
    if (number.size() <= 15 && number.find_first_of("eE") == std::string_view::npos) {
        return value;
    }
    std::array<char, 40> buffer{};
    if (decimal_of(shortest(value, buffer)) != decimal_of(number)) {
        return std::nullopt;
    }
    return value;
}

}  // namespace tideway::script
