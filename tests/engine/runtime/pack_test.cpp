#include "engine/runtime/pack.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

namespace tideway::runtime {
namespace {

using testing::HasSubstr;

class PackLibrary : public testing::Test {
  protected:
    void write(const std::string& path, const std::string& text) {
        const std::filesystem::path file = folder_.file(path);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }

    void write_pack(const std::string& libraries) {
        write(
            "deals/pack.json",
            R"({"name": "deals", "version": "1.0.0", "libraries": )" + libraries + "}"
        );
        write("deals/a.lua", "return flow {}");
    }

    Result<Pack> read() { return read_pack(folder_.file("deals")); }

    tests::TempFolder folder_;
};

TEST_F(PackLibrary, IsTakenFromTheFolderBesideThePackIntoEveryFlow) {
    write_pack(R"(["shared"])");
    write("shared/sums.lua", "return {}");
    write("shared/README.md", "not of the version");
    const Pack pack = tests::must(read());
    EXPECT_EQ(pack.files_of("a").at("shared/sums.lua"), "return {}");
    EXPECT_FALSE(pack.files.contains("shared/README.md"));
    EXPECT_THAT(pack.flows, testing::ElementsAre("a"));
}

TEST_F(PackLibrary, OfTheBuiltPackWinsOverTheFolderBesideIt) {
    write_pack(R"(["shared"])");
    write("deals/shared/sums.lua", "return 'built'");
    write("shared/sums.lua", "return 'newer'");
    write("shared/more.lua", "return 'newer'");
    const Pack pack = tests::must(read());
    EXPECT_EQ(pack.files.at("shared/sums.lua"), "return 'built'");
    EXPECT_FALSE(pack.files.contains("shared/more.lua"));
}

TEST_F(PackLibrary, ThatIsNowhereIsNamed) {
    write_pack(R"(["shared"])");
    const auto pack = read();
    ASSERT_FALSE(pack);
    EXPECT_EQ(pack.error().code, "LibraryNotFound");
    EXPECT_THAT(pack.error().message, HasSubstr("'shared'"));
}

TEST_F(PackLibrary, OutsideTheFolderOfPacksIsRefused) {
    for (const char* name : {R"(["../shared"])", R"([".."])", R"(["a/b"])", "[7]"}) {
        write_pack(name);
        const auto pack = read();
        ASSERT_FALSE(pack) << name;
        EXPECT_EQ(pack.error().code, "InvalidPack") << name;
    }
}

// Flows of a pack that have a well-known purpose.
class PackTools : public PackLibrary {};

TEST_F(PackTools, AreFlowsByTheNameOfTheirPurpose) {
    write(
        "deals/pack.json", R"({"name": "deals", "version": "1.0.0", "tools": {"preflight": "a"}})"
    );
    write("deals/a.lua", "return flow {}");
    EXPECT_THAT(tests::must(read()).tools, testing::ElementsAre(testing::Pair("preflight", "a")));
}

TEST_F(PackTools, ThatAreNoFlowsAreRefused) {
    for (const char* flow : {R"("b")", "7", "null"}) {
        write(
            "deals/pack.json",
            std::string(R"({"name": "deals", "version": "1.0.0", "tools": {"preflight": )") + flow +
                "}}"
        );
        write("deals/a.lua", "return flow {}");
        const auto pack = read();
        ASSERT_FALSE(pack) << flow;
        EXPECT_EQ(pack.error().code, "InvalidPack");
        EXPECT_THAT(pack.error().message, HasSubstr("'preflight'"));
    }
}

}  // namespace
}  // namespace tideway::runtime
