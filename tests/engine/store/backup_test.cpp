// Copies of a store, and stores made of copies.
#include "engine/store/backup.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/store/migrations.h"
#include "engine/store/sqlite_driver.h"
#include "tests/support/store_calls.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class BackupTest : public testing::Test {
  protected:
    std::string path() const { return folder_.file("tideway.db"); }

    std::string copy() const { return folder_.file("copy.db"); }

    static std::unique_ptr<store::Store> open(const std::string& path) {
        auto opened = store::open_sqlite({.path = path});
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().text());
        return opened ? std::move(*opened) : nullptr;
    }

    static std::size_t runs_in(const std::string& path) {
        const auto runs = open(path)->reader().runs({});
        EXPECT_TRUE(runs);
        return runs ? runs->runs.size() : 0;
    }

    static std::string restored_from(store::Store& store) {
        return store.reader().meta(store::kRestoredFromKey)->value_or("");
    }

    Result<std::int64_t> back_up() const {
        return store::back_up_sqlite(path(), copy(), at_second(100));
    }

    Result<std::string> restore() const {
        return store::restore_sqlite(copy(), path(), at_second(200));
    }

    void make_store_with_a_run() const { ASSERT_TRUE(apply(*open(path()), sample_admit())); }

    // Names in the folder, but for the lock files.
    int files() const {
        int count = 0;
        for (const auto& entry : fs::directory_iterator(folder_.path())) {
            count += entry.path().extension() == ".lock" ? 0 : 1;
        }
        return count;
    }

    TempFolder folder_;
};

TEST_F(BackupTest, IsMadeOfWhatIsCommittedWhileTheStoreIsWritten) {
    const auto store = open(path());
    ASSERT_TRUE(apply(*store, sample_admit()));
    const auto bytes = back_up();
    ASSERT_TRUE(bytes) << bytes.error().text();
    EXPECT_EQ(static_cast<std::uintmax_t>(*bytes), fs::file_size(copy()));
    ASSERT_TRUE(apply(*store, sample_admit()));
    EXPECT_EQ(store->reader().runs({})->runs.size(), 2U);
    EXPECT_EQ(runs_in(copy()), 1U);
}

TEST_F(BackupTest, SaysWhenItWasMadeAndTheStoreItselfDoesNot) {
    make_store_with_a_run();
    ASSERT_TRUE(back_up());
    EXPECT_EQ(restored_from(*open(copy())), format_utc(at_second(100)));
    EXPECT_EQ(restored_from(*open(path())), "");
}

TEST_F(BackupTest, IsForItsOwnerOnlyAndStillGivesSpaceBack) {
    make_store_with_a_run();
    ASSERT_TRUE(back_up());
    EXPECT_EQ(fs::status(copy()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    const auto driver = store::open_sqlite_writer(copy());
    ASSERT_TRUE(driver);
    const auto statement = (*driver)->prepare("PRAGMA auto_vacuum");
    ASSERT_TRUE(statement);
    ASSERT_TRUE((*statement)->step());
    EXPECT_EQ((*statement)->integer(0), 2);  // incremental
    (*statement)->reset();
}

TEST_F(BackupTest, OverwritesNothingAndLeavesNothingHalf) {
    make_store_with_a_run();
    std::ofstream(copy()) << "precious";
    EXPECT_EQ(back_up().error().code, "BackupExists");
    EXPECT_EQ(fs::file_size(copy()), 8U);
    fs::remove(copy());
    const int before = files();
    EXPECT_EQ(
        store::back_up_sqlite(path(), folder_.file("no/such/copy.db"), at_second(1)).error().code,
        "BackupFailed"
    );
    EXPECT_EQ(
        store::back_up_sqlite(folder_.file("none.db"), copy(), at_second(1)).error().code,
        "StoreNotFound"
    );
    EXPECT_EQ(files(), before);
}

TEST_F(BackupTest, TakesThePlaceOfTheStoreWhichIsKept) {
    make_store_with_a_run();
    ASSERT_TRUE(back_up());
    ASSERT_TRUE(apply(*open(path()), sample_admit()));
    const auto kept = restore();
    ASSERT_TRUE(kept) << kept.error().text();
    EXPECT_EQ(runs_in(path()), 1U);
    EXPECT_EQ(restored_from(*open(path())), format_utc(at_second(100)));
    EXPECT_EQ(runs_in(*kept), 2U);
}

TEST_F(BackupTest, IsRefusedWhileAServerHasTheStore) {
    make_store_with_a_run();
    ASSERT_TRUE(back_up());
    const auto store = open(path());
    EXPECT_EQ(restore().error().code, "StoreInUse");
}

TEST_F(BackupTest, ThatIsDamagedChangesNothing) {
    make_store_with_a_run();
    ASSERT_TRUE(back_up());
    fs::resize_file(copy(), fs::file_size(copy()) / 2);
    const int before = files();
    const auto refused = restore();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "StoreCorrupt");
    EXPECT_THAT(refused.error().message, HasSubstr("copy.db"));
    EXPECT_EQ(files(), before);
    EXPECT_EQ(runs_in(path()), 1U);
}

TEST_F(BackupTest, OfANewerProgramIsRefused) {
    make_store_with_a_run();
    ASSERT_TRUE(back_up());
    {
        const auto driver = store::open_sqlite_writer(copy());
        ASSERT_TRUE((*driver)->execute("INSERT INTO migration(number) VALUES (999)"));
    }
    EXPECT_EQ(restore().error().code, "StoreTooNew");
    EXPECT_EQ(runs_in(path()), 1U);
}

TEST_F(BackupTest, TakesThePlaceOfAStoreThatIsDamagedOrGone) {
    make_store_with_a_run();
    ASSERT_TRUE(back_up());
    std::ofstream(path(), std::ios::binary) << std::string(8192, 'x');
    const auto kept = restore();
    ASSERT_TRUE(kept) << kept.error().text();
    EXPECT_EQ(fs::file_size(*kept), 8192U);
    EXPECT_EQ(runs_in(path()), 1U);
    fs::remove(path());
    const auto again = restore();
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(*again, "");
    EXPECT_EQ(runs_in(path()), 1U);
}

TEST_F(BackupTest, MayBeAPlainCopyOfAStoppedStore) {
    make_store_with_a_run();
    fs::copy_file(path(), copy());
    ASSERT_TRUE(restore());
    EXPECT_EQ(restored_from(*open(path())), format_utc(at_second(200)));
}

// A store as a program before the last step of the schema left it.
class OlderStore : public BackupTest {
  protected:
    void SetUp() override {
        const auto steps = store::sqlite_migrations();
        const auto driver = store::open_sqlite_writer(path());
        ASSERT_TRUE(driver);
        ASSERT_TRUE(store::migrate(**driver, steps.first(steps.size() - 1)));
        ASSERT_TRUE((*driver)->execute("INSERT INTO meta(key, value) VALUES ('environment', 'old')")
        );
        last_ = steps.back().number;
        kept_ = path() + ".before-schema-" + std::to_string(last_);
    }

    static int schema(const std::string& path) {
        const auto driver = store::open_sqlite_reader(path);
        const auto statement = (*driver)->prepare("SELECT max(number) FROM migration");
        EXPECT_TRUE((*statement)->step());
        const int number = static_cast<int>((*statement)->integer(0));
        (*statement)->reset();
        return number;
    }

    int last_ = 0;
    std::string kept_;
};

TEST_F(OlderStore, IsCopiedBeforeItIsMigrated) {
    const auto ahead = store::migration_ahead(path());
    ASSERT_TRUE(ahead && *ahead);
    EXPECT_EQ((*ahead)->from, last_ - 1);
    EXPECT_EQ((*ahead)->to, last_);
    EXPECT_EQ((*ahead)->copy, kept_);
    ASSERT_TRUE(open(path()));
    EXPECT_EQ(schema(path()), last_);
    EXPECT_EQ(schema(kept_), last_ - 1);
    EXPECT_EQ(fs::status(kept_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_FALSE(*store::migration_ahead(path()));
}

TEST_F(OlderStore, IsWhatItsCopyGivesBack) {
    ASSERT_TRUE(apply(*open(path()), sample_admit()));
    ASSERT_TRUE(store::restore_sqlite(kept_, path(), at_second(200)));
    const auto store = open(path());
    EXPECT_EQ(store->reader().runs({})->runs.size(), 0U);
    EXPECT_EQ(store->reader().meta("environment")->value_or(""), "old");
    EXPECT_NE(restored_from(*store), "");
}

TEST_F(OlderStore, IsNotMigratedWhenItCannotBeCopied) {
    fs::create_directory(kept_);  // where the copy would go
    const auto refused = store::open_sqlite({.path = path()});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "BackupFailed");
    EXPECT_EQ(schema(path()), last_ - 1);
}

TEST_F(OlderStore, HasOneCopyHoweverOftenItsMigrationBegins) {
    const auto ahead = store::migration_ahead(path());
    ASSERT_TRUE(store::copy_before_migration(path(), **ahead, at_second(100)));
    const int before = files();
    ASSERT_TRUE(store::copy_before_migration(path(), **ahead, at_second(200)));
    EXPECT_EQ(files(), before);
}

TEST_F(BackupTest, IsNotMadeOfAStoreThatNeedsNoMigration) {
    make_store_with_a_run();
    const int before = files();
    ASSERT_TRUE(open(path()));
    EXPECT_EQ(files(), before);
    EXPECT_FALSE(*store::migration_ahead(path()));
    EXPECT_FALSE(*store::migration_ahead(folder_.file("none.db")));
}

}  // namespace
}  // namespace tideway::tests
