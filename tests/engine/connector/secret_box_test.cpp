#include "engine/connector/secret_box.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/base/digest.h"
#include "engine/base/json.h"

namespace tideway::connector {
namespace {

class SecretBoxTest : public testing::Test {
  protected:
    SecretBoxTest() {
        folder_ = std::filesystem::temp_directory_path() / ("tideway-" + to_hex(random_bytes(8)));
        std::filesystem::create_directory(folder_);
    }

    ~SecretBoxTest() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name = "key") const { return (folder_ / name).string(); }

    void write(const std::string& text, mode_t mode) const {
        std::ofstream(file()) << text;
        ASSERT_EQ(::chmod(file().c_str(), mode), 0);
    }

    std::filesystem::path folder_;
    SecretBox box_{Secret(std::string(32, 'k'))};
};

TEST_F(SecretBoxTest, OpensWhatItSealed) {
    for (const std::string& text :
         {std::string(), std::string("p\0w", 3), std::string(100'000, 'x')}) {
        const auto opened = box_.open("connection:a", box_.seal("connection:a", Secret(text)));
        ASSERT_TRUE(opened);
        EXPECT_EQ(opened->reveal(), text);
    }
}

TEST_F(SecretBoxTest, SealsTheSameTextDifferentlyEachTimeAndShowsNothingOfIt) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string sealed = box_.seal("p", Secret("swordfish"));
        EXPECT_EQ(from_base64(sealed)->find("swordfish"), std::string::npos);
        seen.insert(sealed);
    }
    EXPECT_EQ(seen.size(), 100U);
}

TEST_F(SecretBoxTest, RefusesAnotherPurposeAnotherKeyAndEveryChangedByteWithTheSameWords) {
    const std::string sealed = box_.seal("connection:a", Secret("swordfish"));
    const auto purpose = box_.open("connection:b", sealed);
    ASSERT_FALSE(purpose);
    EXPECT_EQ(purpose.error().code, "SecretUnreadable");
    const auto key = SecretBox(Secret(std::string(32, 'q'))).open("connection:a", sealed);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().text(), purpose.error().text());
    const std::string bytes = *from_base64(sealed);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        const auto opened = box_.open("connection:a", to_base64(changed));
        ASSERT_FALSE(opened) << "byte " << i;
        EXPECT_EQ(opened.error().text(), purpose.error().text());
    }
}

TEST_F(SecretBoxTest, RefusesTextThatWasNeverSealed) {
    for (const char* text :
         {"", "AQ==", "not base64 !", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
        const auto opened = box_.open("p", text);
        ASSERT_FALSE(opened) << text;
        EXPECT_EQ(opened.error().code, "SecretUnreadable");
    }
}

TEST_F(SecretBoxTest, SealsSecretsAsOneObject) {
    const auto opened =
        box_.open("p", box_.seal_all("p", {{"a", Secret("1")}, {"b", Secret("2")}}));
    ASSERT_TRUE(opened);
    EXPECT_EQ(Json::parse(opened->reveal()), (Json{{"a", "1"}, {"b", "2"}}));
}

TEST_F(SecretBoxTest, MakesAKeyFileThatOnlyItsOwnerCanReadAndKeepsAnExistingOne) {
    ASSERT_TRUE(SecretBox::create_key_file(file()));

    struct stat info {};

    ASSERT_EQ(::stat(file().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    const auto first = SecretBox::open_key_file(file());
    ASSERT_TRUE(first) << first.error().text();
    const std::string sealed = first->seal("p", Secret("x"));
    const Status again = SecretBox::create_key_file(file());
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().message.find("exists already"), std::string::npos);
    EXPECT_TRUE(SecretBox::open_key_file(file())->open("p", sealed));
}

TEST_F(SecretBoxTest, RefusesAKeyFileThatOthersMayRead) {
    const std::string hex(64, 'a');
    for (const mode_t mode : {0644U, 0640U, 0604U, 0660U}) {
        write(hex, mode);
        const auto box = SecretBox::open_key_file(file());
        ASSERT_FALSE(box) << mode;
        EXPECT_NE(box.error().remedy.find("chmod 600"), std::string::npos);
    }
    write(hex + "\n", 0400U);
    EXPECT_TRUE(SecretBox::open_key_file(file()));
}

TEST_F(SecretBoxTest, RefusesAFileThatHoldsNoKeyAndDoesNotShowWhatItHolds) {
    for (const std::string& text :
         {std::string("swordfish"),
          std::string(63, 'a'),
          std::string(300, 'a'),
          std::string(64, 'g'),
          std::string()}) {
        write(text, 0600U);
        const auto box = SecretBox::open_key_file(file());
        ASSERT_FALSE(box);
        EXPECT_EQ(box.error().code, "KeyFileUnusable");
        EXPECT_EQ(box.error().text().find("swordfish"), std::string::npos);
    }
    EXPECT_FALSE(SecretBox::open_key_file(file("absent")));
    EXPECT_FALSE(SecretBox::open_key_file(folder_.string()));
}

TEST_F(SecretBoxTest, TakesAKeyFromTextToo) {
    EXPECT_TRUE(SecretBox::open_key_text(Secret(std::string(64, 'A') + "\n")));
    EXPECT_EQ(SecretBox::open_key_text(Secret("short")).error().code, "KeyUnusable");
}

}  // namespace
}  // namespace tideway::connector
