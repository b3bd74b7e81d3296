// Semantic versions, ranges, and what packs require of each other.
#include "engine/pack/version.h"

#include <gtest/gtest.h>

#include "engine/pack/requirements.h"
#include "tests/support/must.h"

namespace tideway::pack {
namespace {

using tests::must;

Version version(const std::string& text) {
    return must(parse_version(text, "a test"));
}

bool fits(const std::string& range, const std::string& text) {
    return must(VersionRange::parse(range, "a test")).contains(version(text));
}

TEST(Versions, AreOrderedAsSemanticVersioningSays) {
    const std::vector<std::string> ascending{
        "0.9.0",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.2.0",
        "1.10.0",
        "2.0.0"};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            EXPECT_EQ(compare(version(ascending[i]), version(ascending[j])), i <=> j)
                << ascending[i] << " and " << ascending[j];
        }
    }
}

TEST(VersionRanges, HoldWhatAllOfTheirBoundsHold) {
    EXPECT_TRUE(fits("", "0.0.1"));
    EXPECT_TRUE(fits(">=1.2.0 <2.0.0", "1.9.9"));
    EXPECT_FALSE(fits(">=1.2.0 <2.0.0", "2.0.0"));
    EXPECT_FALSE(fits(">1.2.0", "1.2.0"));
    EXPECT_TRUE(fits("<=1.2.0", "1.2.0"));
    EXPECT_TRUE(fits("=1.2.0", "1.2.0"));
}

TEST(VersionRanges, ReadABareVersionAsThoseThatPromiseToBeCompatible) {
    EXPECT_TRUE(fits("1.2.0", "1.9.0"));
    EXPECT_FALSE(fits("1.2.0", "1.1.9"));
    EXPECT_FALSE(fits("1.2.0", "2.0.0-beta.1"));
    EXPECT_TRUE(fits("0.3.1", "0.3.9"));
    EXPECT_FALSE(fits("0.3.1", "0.4.0"));
}

PackNeeds pack(const std::string& name, std::map<std::string, std::string> packs = {}) {
    PackNeeds out{name, version("1.0.0"), {}};
    for (const auto& [other, range] : packs) {
        out.requires_.packs[other] = must(VersionRange::parse(range, "a test"));
    }
    return out;
}

std::string order_code(const std::vector<PackNeeds>& added, const std::vector<PackNeeds>& there) {
    const auto order = install_order(added, there, version("1.0.0"));
    return order ? "" : order.error().code;
}

TEST(Requirements, PutWhatIsRequiredFirst) {
    const auto order =
        must(install_order({pack("sales", {{"base", "1.0.0"}}), pack("base")}, {}, version("1.0.0"))
        );
    EXPECT_EQ(order, (std::vector<std::size_t>{1, 0}));
}

TEST(Requirements, ThatNobodyMeetsAreNamed) {
    EXPECT_EQ(order_code({pack("sales", {{"base", ""}})}, {}), "PackDependencyMissing");
    EXPECT_EQ(
        order_code({pack("sales", {{"base", "2.0.0"}})}, {pack("base")}), "PackDependencyMissing"
    );
    EXPECT_EQ(order_code({pack("sales", {{"base", "1.0.0"}})}, {pack("base")}), "");
}

TEST(Requirements, OfInstalledPacksHoldForANewVersionToo) {
    PackNeeds newer = pack("base");
    newer.version = version("2.0.0");
    EXPECT_EQ(
        order_code({newer}, {pack("base"), pack("sales", {{"base", "1.0.0"}})}),
        "PackDependencyMissing"
    );
}

TEST(Requirements, InACircleAreRefused) {
    EXPECT_EQ(
        order_code({pack("a", {{"b", ""}}), pack("b", {{"c", ""}}), pack("c", {{"a", ""}})}, {}),
        "PackDependencyCycle"
    );
    EXPECT_EQ(order_code({pack("a", {{"a", ""}})}, {}), "PackDependencyCycle");
    // An upgrade that closes the circle.
    EXPECT_EQ(
        order_code({pack("a", {{"b", ""}})}, {pack("a"), pack("b", {{"a", ""}})}),
        "PackDependencyCycle"
    );
}

TEST(Requirements, OfAnotherEngineAreRefused) {
    PackNeeds needs = pack("deals");
    needs.requires_.engine = must(VersionRange::parse(">=1.1.0", "a test"));
    EXPECT_EQ(order_code({needs}, {}), "PackNeedsEngine");
}

TEST(Requirements, KeepAPackThatAnotherNeeds) {
    const std::vector<PackNeeds> there{pack("base"), pack("sales", {{"base", ""}})};
    EXPECT_EQ(check_removable("base", there).error().code, "PackIsRequired");
    EXPECT_TRUE(check_removable("sales", there));
}

}  // namespace
}  // namespace tideway::pack
