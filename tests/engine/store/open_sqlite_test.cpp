// What can be wrong with a file when it is opened.
#include <chrono>
#include <fstream>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/store/sqlite_driver.h"
#include "tests/support/store_calls.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

class OpenSqliteTest : public testing::Test {
  protected:
    std::string path() const { return folder_.file("tideway.db"); }

    Result<std::unique_ptr<store::Store>> open() const {
        return store::open_sqlite({.path = path()});
    }

    // "" when it opens.
    std::string open_code() const {
        const auto opened = open();
        if (!opened) {
            EXPECT_FALSE(opened.error().remedy.empty());
            EXPECT_NE(opened.error().message.find("store"), std::string::npos);
        }
        return opened ? "" : opened.error().code;
    }

    void write_file(const std::string& bytes) const {
        std::ofstream(path(), std::ios::binary) << bytes;
    }

    void make_store_with_runs(int count) const {
        auto store = open();
        ASSERT_TRUE(store);
        for (int made = 0; made < count; ++made) {
            const auto run = apply(**store, sample_admit());
            ASSERT_TRUE(run);
            ASSERT_TRUE(apply(**store, sample_append(run->front().run_id, 1, 20)));
        }
    }

    // Runs in a child process; its exit code.
    template <typename Body>
    static int in_child(const Body& body) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::_exit(body());
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    TempFolder folder_;
};

TEST_F(OpenSqliteTest, MakesAFileThatIsNotThere) {
    EXPECT_EQ(open_code(), "");
    EXPECT_EQ(open_code(), "");
}

TEST_F(OpenSqliteTest, RefusesASecondOpenInThisProcess) {
    const auto first = open();
    ASSERT_TRUE(first);
    EXPECT_EQ(open_code(), "StoreInUse");
}

TEST_F(OpenSqliteTest, RefusesASecondProcessAndLetsItInAfterwards) {
    auto first = open();
    ASSERT_TRUE(first);
    const auto try_it = [this] { return open_code() == "StoreInUse" ? 7 : 8; };
    EXPECT_EQ(in_child(try_it), 7);
    first->reset();
    EXPECT_EQ(in_child(try_it), 8);
}

TEST_F(OpenSqliteTest, RefusesTheSameFileUnderAnotherName) {
    const auto first = open();
    ASSERT_TRUE(first);
    const std::string link = folder_.file("link.db");
    ASSERT_EQ(::symlink(path().c_str(), link.c_str()), 0);
    const auto second = store::open_sqlite({.path = link});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "StoreInUse");
}

TEST_F(OpenSqliteTest, RefusesAFolderThatIsNotThere) {
    const auto opened = store::open_sqlite({.path = folder_.file("no/such/folder.db")});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "StoreFailed");
}

TEST_F(OpenSqliteTest, RefusesGarbage) {
    write_file(std::string(100'000, 'x'));
    EXPECT_EQ(open_code(), "StoreCorrupt");
}

TEST_F(OpenSqliteTest, RefusesATruncatedFile) {
    make_store_with_runs(20);
    std::filesystem::resize_file(path(), std::filesystem::file_size(path()) / 2);
    EXPECT_EQ(open_code(), "StoreCorrupt");
    std::filesystem::resize_file(path(), 1000);
    EXPECT_EQ(open_code(), "StoreCorrupt");
}

TEST_F(OpenSqliteTest, RefusesADatabaseOfAnotherProgramAndLeavesItAlone) {
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
    sqlite3_exec(other, "CREATE TABLE theirs(x)", nullptr, nullptr, nullptr);
    sqlite3_close(other);
    const auto size = std::filesystem::file_size(path());
    EXPECT_EQ(open_code(), "StoreCorrupt");
    EXPECT_EQ(std::filesystem::file_size(path()), size);
}

TEST_F(OpenSqliteTest, RefusesAStoreOfANewerProgram) {
    ASSERT_EQ(open_code(), "");
    {
        auto driver = store::open_sqlite_writer(path());
        ASSERT_TRUE(driver);
        ASSERT_TRUE((*driver)->execute("INSERT INTO migration(number) VALUES (1000)"));
    }
    EXPECT_EQ(open_code(), "StoreTooNew");
}

TEST_F(OpenSqliteTest, FindsDamageInsideTheFileAfterACrash) {
    make_store_with_runs(20);
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        const std::string noise(4096 * 4, '\x5a');
        file.seekp(4096 * 10);
        file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
    }
    // A log that is there says that the last process did not close the store.
    std::ofstream(path() + "-wal") << std::string(32, '\0');
    EXPECT_EQ(open_code(), "StoreCorrupt");
}

TEST_F(OpenSqliteTest, ReportsDamageWhenItIsRead) {
    make_store_with_runs(40);
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        const auto pages = static_cast<std::streamoff>(std::filesystem::file_size(path()) / 4096);
        const std::string noise(4096, '\x5a');
        for (std::streamoff page = pages - 20; page < pages; ++page) {
            file.seekp(page * 4096);
            file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
        }
    }
    const auto store = open();
    ASSERT_TRUE(store);
    std::string code;
    for (store::RunId id = 1; id <= 40 && code.empty(); ++id) {
        const auto rows = (*store)->reader().journal(id);
        code = rows ? "" : rows.error().code;
    }
    EXPECT_EQ(code, "StoreCorrupt");
}

}  // namespace
}  // namespace tideway::tests
