#include "engine/script/values/decimal.h"

#include <algorithm>
#include <vector>

namespace tideway::script::library {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

Decimal normal(Decimal value) {
    while (value.scale > 0 && value.digits.back() == '0' && value.digits.size() > 1) {
        value.digits.pop_back();
        --value.scale;
    }
    value.digits.erase(0, std::min(value.digits.find_first_not_of('0'), value.digits.size() - 1));
    if (value.digits == "0") {
        return {};
    }
    if (value.scale < 0) {
        value.digits.append(static_cast<std::size_t>(-value.scale), '0');
        value.scale = 0;
    }
    return value;
}

// Reads "e-12" at the end; nothing when it is malformed or absurdly large.
std::optional<int> read_exponent(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    if (text[0] != 'e' && text[0] != 'E') {
        return std::nullopt;
    }
    text.remove_prefix(1);
    const bool negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        text.remove_prefix(1);
    }
    if (text.empty() || text.size() > 4 || !std::all_of(text.begin(), text.end(), is_digit)) {
        return std::nullopt;
    }
    const int size = std::stoi(std::string(text));
    return negative ? -size : size;
}

// Digits of `value` as if it had `scale` digits after the point; scale is not below its own.
std::string aligned(const Decimal& value, int scale) {
    return value.digits + std::string(static_cast<std::size_t>(scale - value.scale), '0');
}

void pad_to_same_length(std::string& a, std::string& b) {
    const std::size_t size = std::max(a.size(), b.size());
    a.insert(0, size - a.size(), '0');
    b.insert(0, size - b.size(), '0');
}

std::string add_digits(const std::string& a, const std::string& b) {
    std::string out(a.size() + 1, '0');
    int carry = 0;
    for (std::size_t i = a.size(); i-- > 0;) {
        const int sum = (a[i] - '0') + (b[i] - '0') + carry;
        out[i + 1] = static_cast<char>('0' + sum % 10);
        carry = sum / 10;
    }
    out[0] = static_cast<char>('0' + carry);
    return out;
}

// a - b, a not less than b, of equal length.
std::string subtract_digits(const std::string& a, const std::string& b) {
    std::string out(a.size(), '0');
    int borrow = 0;
    for (std::size_t i = a.size(); i-- > 0;) {
        int difference = (a[i] - '0') - (b[i] - '0') - borrow;
        borrow = difference < 0 ? 1 : 0;
        difference += borrow * 10;
        out[i] = static_cast<char>('0' + difference);
    }
    return out;
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
    text = trimmed(text);
    Decimal out;
    out.digits.clear();
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        out.is_negative = text[0] == '-';
        text.remove_prefix(1);
    }
    bool point = false;
    std::size_t at = 0;
    for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !point)); ++at) {
        if (text[at] == '.') {
            point = true;
            continue;
        }
        out.digits.push_back(text[at]);
        out.scale += point ? 1 : 0;
    }
    const std::optional<int> exponent = read_exponent(text.substr(at));
    const auto most = static_cast<int>(kDecimalDigitsMax);
    if (out.digits.empty() || !exponent || out.digits.size() > kDecimalDigitsMax) {
        return std::nullopt;
    }
    out.scale -= *exponent;
    if (out.digits.find_first_not_of('0') == std::string::npos) {
        return Decimal{};
    }
    if (out.scale > most || out.scale < -most) {
        return std::nullopt;
    }
    out = normal(std::move(out));
    return out.digits.size() > kDecimalDigitsMax ? std::nullopt : std::optional<Decimal>(out);
}

std::string print_decimal(const Decimal& value) {
    return print_decimal(value, value.scale);
}

std::string print_decimal(const Decimal& value, int places) {
    const Decimal rounded = round(value, places);
    const auto after = static_cast<std::size_t>(places);
    std::string digits = aligned(rounded, places);
    if (digits.size() <= after) {
        digits.insert(0, after + 1 - digits.size(), '0');
    }
    if (places > 0) {
        digits.insert(digits.size() - after, ".");
    }
    return (rounded.is_negative ? "-" : "") + digits;
}

int compare(const Decimal& a, const Decimal& b) {
    if (a.is_negative != b.is_negative) {
        return a.is_negative ? -1 : 1;
    }
    const int scale = std::max(a.scale, b.scale);
    std::string left = aligned(a, scale);
    std::string right = aligned(b, scale);
    pad_to_same_length(left, right);
    const int order = left < right ? -1 : left > right ? 1 : 0;
    return a.is_negative ? -order : order;
}

Decimal negate(Decimal value) {
    value.is_negative = !value.is_negative && value.digits != "0";
    return value;
}

Decimal add(const Decimal& a, const Decimal& b) {
    Decimal out;
    out.scale = std::max(a.scale, b.scale);
    std::string left = aligned(a, out.scale);
    std::string right = aligned(b, out.scale);
    pad_to_same_length(left, right);
    out.is_negative = a.is_negative;
    if (a.is_negative == b.is_negative) {
        out.digits = add_digits(left, right);
    } else if (left >= right) {
        out.digits = subtract_digits(left, right);
    } else {
        out.digits = subtract_digits(right, left);
        out.is_negative = b.is_negative;
    }
    return normal(std::move(out));
}

Decimal multiply(const Decimal& a, const Decimal& b) {
    std::vector<int> cells(a.digits.size() + b.digits.size(), 0);
    for (std::size_t i = a.digits.size(); i-- > 0;) {
        for (std::size_t j = b.digits.size(); j-- > 0;) {
            cells[i + j + 1] += (a.digits[i] - '0') * (b.digits[j] - '0');
        }
    }
    Decimal out;
    out.digits.assign(cells.size(), '0');
    int carry = 0;
    for (std::size_t i = cells.size(); i-- > 0;) {
        const int sum = cells[i] + carry;
        out.digits[i] = static_cast<char>('0' + sum % 10);
        carry = sum / 10;
    }
    out.scale = a.scale + b.scale;
    out.is_negative = a.is_negative != b.is_negative;
    return normal(std::move(out));
}

Decimal round(const Decimal& value, int places) {
    const int dropped = value.scale - places;
    if (dropped <= 0) {
        return value;
    }
    const auto count = static_cast<std::size_t>(dropped);
    Decimal out = value;
    out.scale = places;
    if (count > value.digits.size()) {
        return {};
    }
    const bool up = value.digits[value.digits.size() - count] >= '5';
    out.digits = "0" + value.digits.substr(0, value.digits.size() - count);
    if (up) {
        std::string one(out.digits.size(), '0');
        one.back() = '1';
        out.digits = add_digits(out.digits, one);
    }
    return normal(std::move(out));
}

}  // namespace tideway::script::library
