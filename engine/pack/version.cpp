#include "engine/pack/version.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tideway::pack {

namespace {

constexpr std::size_t kNumberDigitsMax = 6;

tl::unexpected<Error> bad_version(std::string_view text, std::string_view what) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidVersion",
        "'" + std::string(text) + "', " + std::string(what) + ", is no semantic version.",
        "Write three numbers such as 1.4.0, or 1.4.0-beta.1 for one before its release."
    );
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= kNumberDigitsMax &&
           (text.size() == 1 || text.front() != '0') &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view text) {
    int out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    while (true) {
        const auto at = text.find(separator);
        out.push_back(text.substr(0, at));
        if (at == std::string_view::npos) {
            return out;
        }
        text.remove_prefix(at + 1);
    }
}

bool is_identifier(std::string_view text) {
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-';
    });
}

std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) {
    const bool a_counts = is_number(a);
    const bool b_counts = is_number(b);
    if (a_counts && b_counts) {
        return number(a) <=> number(b);
    }
    if (a_counts != b_counts) {
        return a_counts ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    return a <=> b;
}

std::strong_ordering compare_prereleases(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty()) {
        return a.empty() <=> b.empty();  // the release is the greater one
    }
    const auto left = split(a, '.');
    const auto right = split(b, '.');
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
        const auto order = compare_identifiers(left[i], right[i]);
        if (order != std::strong_ordering::equal) {
            return order;
        }
    }
    return left.size() <=> right.size();
}

// The first version that no longer promises to be compatible.
Version next_breaking(const Version& version) {
    Version out;
    out.major = version.major == 0 ? 0 : version.major + 1;
    out.minor = version.major == 0 ? version.minor + 1 : 0;
    out.prerelease = "0";  // its prereleases break as well
    return out;
}

}  // namespace

Result<Version> parse_version(std::string_view text, std::string_view what) {
    const auto dash = text.find('-');
    const auto numbers = split(text.substr(0, dash), '.');
    if (numbers.size() != 3 || !std::ranges::all_of(numbers, is_number)) {
        return bad_version(text, what);
    }
    Version out{number(numbers[0]), number(numbers[1]), number(numbers[2]), {}};
    if (dash != std::string_view::npos) {
        out.prerelease = text.substr(dash + 1);
        if (!std::ranges::all_of(split(out.prerelease, '.'), is_identifier)) {
            return bad_version(text, what);
        }
    }
    return out;
}

std::string to_string(const Version& version) {
    std::string out = std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
                      std::to_string(version.patch);
    if (!version.prerelease.empty()) {
        out += "-" + version.prerelease;
    }
    return out;
}

std::strong_ordering compare(const Version& a, const Version& b) {
    const auto numbers =
        std::array{a.major, a.minor, a.patch} <=> std::array{b.major, b.minor, b.patch};
    return numbers != std::strong_ordering::equal ? numbers
                                                  : compare_prereleases(a.prerelease, b.prerelease);
}

Status VersionRange::add(std::string_view word, std::string_view what) {
    constexpr std::array<std::pair<std::string_view, Relation>, 5> kSigns{
        {{">=", Relation::kGreaterOrEqual},
         {"<=", Relation::kLessOrEqual},
         {">", Relation::kGreater},
         {"<", Relation::kLess},
         {"=", Relation::kEqual}}};
    for (const auto& [sign, relation] : kSigns) {
        if (word.starts_with(sign)) {
            TIDEWAY_TRY_ASSIGN(Version version, parse_version(word.substr(sign.size()), what));
            bounds_.push_back({relation, std::move(version)});
            return {};
        }
    }
    TIDEWAY_TRY_ASSIGN(Version version, parse_version(word, what));
    bounds_.push_back({Relation::kLess, next_breaking(version)});
    bounds_.push_back({Relation::kGreaterOrEqual, std::move(version)});
    return {};
}

Result<VersionRange> VersionRange::parse(std::string_view text, std::string_view what) {
    VersionRange out;
    out.text_ = text;
    for (const std::string_view word : split(text, ' ')) {
        if (!word.empty()) {
            TIDEWAY_TRY(out.add(word, what));
        }
    }
    return out;
}

bool VersionRange::holds(const Bound& bound, const Version& version) {
    const auto order = compare(version, bound.version);
    switch (bound.relation) {
        case Relation::kLess:
            return order < 0;
        case Relation::kLessOrEqual:
            return order <= 0;
        case Relation::kEqual:
            return order == 0;
        case Relation::kGreaterOrEqual:
            return order >= 0;
        case Relation::kGreater:
            return order > 0;
    }
    return false;
}

bool VersionRange::contains(const Version& version) const {
    return std::ranges::all_of(bounds_, [&version](const Bound& bound) {
        return holds(bound, version);
    });
}

}  // namespace tideway::pack
