// Semantic versions of packs and of the engine, and ranges of them. Values; thread: any.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace tideway::pack {

// "1.4.0", "2.0.0-beta.1". Build metadata ("+5") is refused: two files would have one version.
struct Version {
    int major = 0;
    int minor = 0;
    int patch = 0;
    std::string prerelease;  // "beta.1"; empty: a release
};

// `what` names the text in the error: "the version in pack.json". Code "InvalidVersion".
Result<Version> parse_version(std::string_view text, std::string_view what);
std::string to_string(const Version& version);

// By the rules of semantic versioning: a prerelease comes before its release.
std::strong_ordering compare(const Version& a, const Version& b);

// ">=1.2.0 <2.0.0": all must hold. A bare version is that one or a later one that promises to be
// compatible: of the same major, for 0.x of the same minor version. Empty: any.
class VersionRange {
  public:
    static Result<VersionRange> parse(std::string_view text, std::string_view what);

    bool contains(const Version& version) const;

    const std::string& text() const { return text_; }

  private:
    enum class Relation { kLess, kLessOrEqual, kEqual, kGreaterOrEqual, kGreater };

    struct Bound {
        Relation relation = Relation::kEqual;
        Version version;
    };

    static bool holds(const Bound& bound, const Version& version);
    Status add(std::string_view word, std::string_view what);

    std::string text_;
    std::vector<Bound> bounds_;
};

}  // namespace tideway::pack
