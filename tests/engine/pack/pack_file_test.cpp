// Packs as files: what is taken, and what hostile ones look like.
#include "engine/pack/pack_file.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/base/digest.h"
#include "engine/pack/trust.h"
#include "tests/engine/pack/packs.h"
#include "tests/support/key_pems.h"

namespace tideway::pack {
namespace {

using tests::must;

std::vector<ZipMember> members_of(const PackFile& pack) {
    std::vector<ZipMember> out{{"manifest.json", pack.manifest_text}};
    for (const auto& [path, text] : pack.files) {
        out.push_back({"files/" + path, text});
    }
    return out;
}

std::string zip_of(const std::vector<ZipMember>& members) {
    return must(write_zip(members));
}

// A pack whose manifest was changed by hand.
std::string with_manifest(const PackFile& pack, const std::function<void(Json&)>& change) {
    Json manifest = must(parse_json(pack.manifest_text, "manifest"));
    change(manifest);
    auto members = members_of(pack);
    members.front().bytes = manifest.dump(2) + "\n";
    return zip_of(members);
}

Json entry(const std::string& path, const std::string& text) {
    return {{"path", path}, {"bytes", text.size()}, {"sha256", to_hex(sha256(text))}};
}

TEST(PackFiles, AreTheSameBytesForTheSameFiles) {
    EXPECT_EQ(bytes_of(pack_of("deals", "1.0.0")), bytes_of(pack_of("deals", "1.0.0")));
    EXPECT_NE(bytes_of(pack_of("deals", "1.0.0")), bytes_of(pack_of("deals", "1.0.1")));
}

TEST(PackFiles, ComeBackAsTheyWere) {
    const PackFile pack = pack_of("deals", "1.2.0");
    const PackFile read = must(read_pack_file(bytes_of(pack), anybody));
    EXPECT_EQ(read.files, pack.files);
    EXPECT_EQ(read.manifest_text, pack.manifest_text);
    EXPECT_EQ(read.manifest.name, "deals");
    EXPECT_EQ(to_string(read.manifest.version), "1.2.0");
    EXPECT_FALSE(read.signature);
}

class Signed : public ::testing::Test {
  protected:
    PackFile signed_pack() const {
        PackFile out = pack_of("deals", "1.0.0");
        out.signature = must(sign(Secret(keys_.private_pem), out.manifest_text));
        return out;
    }

    std::string checked(const std::string& bytes, Unsigned without = Unsigned::kRefused) const {
        const auto read = read_pack_file(
            bytes,
            [&](const Manifest& manifest, const std::optional<Signature>& signature) {
                return trust_.check(manifest, signature, without);
            }
        );
        return read ? "" : read.error().code;
    }

    void trust(const std::string& publisher) {
        must(trust_.add({publisher, must(read_public_key(keys_.public_pem)), "ana", ""}));
    }

    test_support::KeyPems keys_ = test_support::make_ed25519_keys();
    Trust trust_;
};

TEST_F(Signed, PacksOfATrustedPublisherAreTaken) {
    trust("Contoso");
    EXPECT_EQ(checked(bytes_of(signed_pack())), "");
}

TEST_F(Signed, PacksOfSomebodyElseAreRefused) {
    EXPECT_EQ(checked(bytes_of(signed_pack())), "KeyNotTrusted");
    EXPECT_EQ(checked(bytes_of(signed_pack()), Unsigned::kAllowed), "KeyNotTrusted");
    trust("Fabrikam");
    EXPECT_EQ(checked(bytes_of(signed_pack())), "PackSignerNotPublisher");
}

TEST_F(Signed, PacksThatNobodySignedAreTakenOnlyWhenThatIsSaid) {
    const std::string bytes = bytes_of(pack_of("deals", "1.0.0"));
    EXPECT_EQ(checked(bytes), "PackNotSigned");
    EXPECT_EQ(checked(bytes, Unsigned::kAllowed), "");
}

TEST_F(Signed, ASignatureOfAnotherManifestIsRefused) {
    trust("Contoso");
    PackFile pack = pack_of("deals", "6.6.6");
    pack.signature = signed_pack().signature;
    EXPECT_EQ(checked(bytes_of(pack)), "PackSignatureInvalid");
}

TEST_F(Signed, NoByteCanBeChanged) {
    trust("Contoso");
    const PackFile pack = signed_pack();
    const std::string bytes = bytes_of(pack);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 0x41);
        const auto read = read_pack_file(
            changed,
            [&](const Manifest& manifest, const std::optional<Signature>& signature) {
                return trust_.check(manifest, signature, Unsigned::kRefused);
            }
        );
        // Bytes that say nothing about the contents, such as times, may differ.
        ASSERT_TRUE(!read || read->files == pack.files) << "byte " << i;
    }
}

TEST(HostilePacks, AreNotZips) {
    EXPECT_EQ(code_of(""), "InvalidPackFile");
    EXPECT_EQ(code_of("PK, but not really"), "InvalidPackFile");
    const std::string bytes = bytes_of(pack_of("deals", "1.0.0"));
    EXPECT_EQ(code_of(bytes.substr(0, bytes.size() / 2)), "InvalidPackFile");
}

TEST(HostilePacks, CannotNameFilesOutsideOfThemselves) {
    for (const char* path :
         {"../evil.lua",
          "/etc/evil.lua",
          "lib/../../evil.lua",
          "lib//evil.lua",
          ".git/hooks.lua",
          "lib\\..\\evil.lua",
          "evil.so",
          "a:evil.lua",
          "lib/",
          ""}) {
        const PackFile pack = pack_of("deals", "1.0.0");
        const std::string bytes = with_manifest(pack, [path](Json& manifest) {
            manifest["files"].insert(manifest["files"].begin(), entry(path, "x"));
        });
        EXPECT_EQ(code_of(bytes), "InvalidPackFile") << path;
    }
}

TEST(HostilePacks, CannotBringMembersThatTheManifestDoesNotList) {
    auto members = members_of(pack_of("deals", "1.0.0"));
    members.push_back({"files/zz.lua", "x"});
    EXPECT_EQ(code_of(zip_of(members)), "InvalidPackFile");
    members.back().name = "../../evil.lua";
    EXPECT_EQ(code_of(zip_of(members)), "InvalidPackFile");
    std::swap(members[1], members[2]);
    EXPECT_EQ(code_of(zip_of(members)), "InvalidPackFile");
}

TEST(HostilePacks, CannotHaveLinks) {
    std::string bytes = bytes_of(pack_of("deals", "1.0.0"));
    std::size_t at = 0;
    int changed = 0;
    // The file's mode in the central directory: 0100644 becomes 0120644, a link.
    while ((at = bytes.find("PK\x01\x02", at)) != std::string::npos) {
        bytes[at + 41] = static_cast<char>(0xA1);
        at += 4;
        ++changed;
    }
    ASSERT_GT(changed, 2);
    EXPECT_EQ(code_of(bytes), "InvalidPackFile");
}

TEST(HostilePacks, CannotHaveNamesThatAreOneWhereCaseIsIgnored) {
    Files files = files_of("deals", "1.0.0");
    files["HELLO.lua"] = "return flow {}\n";
    EXPECT_EQ(make_pack_file(files, Editing::kAllowed).error().code, "InvalidPackFile");
    PackFile pack = pack_of("deals", "1.0.0");
    pack.files["HELLO.lua"] = "x";
    const std::string bytes = with_manifest(pack, [](Json& manifest) {
        manifest["files"].insert(manifest["files"].begin(), entry("HELLO.lua", "x"));
    });
    EXPECT_EQ(code_of(bytes), "InvalidPackFile");
}

TEST(HostilePacks, CannotChangeAFileBehindTheManifest) {
    auto members = members_of(pack_of("deals", "1.0.0"));
    members[1].bytes[0] = 'R';
    EXPECT_EQ(code_of(zip_of(members)), "PackHashMismatch");
    members[1].bytes += "more";
    EXPECT_EQ(code_of(zip_of(members)), "PackTooLarge");
}

TEST(HostilePacks, CannotSayOneThingInTheManifestAndAnotherInPackJson) {
    const std::string bytes = with_manifest(pack_of("deals", "1.0.0"), [](Json& manifest) {
        manifest["version"] = "9.0.0";
    });
    EXPECT_EQ(code_of(bytes), "InvalidPackFile");
}

TEST(HostilePacks, CannotBeLargerThanTheySay) {
    const std::string large(5U << 20U, 'x');
    const PackFile pack = pack_of("deals", "1.0.0");
    const std::string bytes = with_manifest(pack, [&large](Json& manifest) {
        manifest["files"].push_back(entry("zz.txt", large));
    });
    EXPECT_EQ(code_of(bytes), "PackTooLarge");
}

TEST(HostilePacks, CannotUnpackToFarMoreThanTheyAre) {
    Files files = files_of("deals", "1.0.0");
    files["zeros.txt"] = std::string(3U << 20U, '0');
    const PackFile pack = must(make_pack_file(files, Editing::kAllowed));
    EXPECT_EQ(code_of(bytes_of(pack)), "InvalidPackFile");
}

TEST(HostilePacks, CannotHaveAManifestOfAHundredMegabytes) {
    EXPECT_EQ(code_of(zip_of({{"manifest.json", std::string(100U << 20U, ' ')}})), "PackTooLarge");
}

TEST(HostilePacks, CannotHaveMoreFilesThanAPackMay) {
    std::vector<ZipMember> members{{"manifest.json", "{}"}};
    for (int i = 0; i < 2100; ++i) {
        members.push_back({"files/f" + std::to_string(i) + ".txt", ""});
    }
    EXPECT_EQ(code_of(zip_of(members)), "PackTooLarge");
}

TEST(HostilePacks, CannotHaveNestedManifests) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) {
        deep += "[";
    }
    EXPECT_NE(code_of(zip_of({{"manifest.json", deep}})), "");
}

TEST(HostilePacks, CannotHaveStrangeNamesOrVersions) {
    for (const char* name : {"", "Deals", "../deals", "deals/x", ".trust.json", "1deals", "a b"}) {
        EXPECT_FALSE(make_pack_file(files_of(name, "1.0.0"), Editing::kAllowed)) << name;
    }
    for (const char* version :
         {"", "1", "1.0", "01.0.0", "1.0.0+5", "1.0.0-", "v1.0.0", "9999999.0.0"}) {
        EXPECT_FALSE(make_pack_file(files_of("deals", version), Editing::kAllowed)) << version;
    }
}

}  // namespace
}  // namespace tideway::pack
