#include "engine/store/sqlite_driver.h"

#include <gtest/gtest.h>

#include "engine/store/sql_query.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

using store::SqlQuery;

class SqliteDriverTest : public testing::Test {
  protected:
    void SetUp() override {
        auto opened = store::open_sqlite_writer(path());
        ASSERT_TRUE(opened) << opened.error().text();
        driver_ = std::move(*opened);
        ASSERT_TRUE(driver_->execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE, b BLOB)"
        ));
    }

    std::string path() const { return folder_.file("tideway.db"); }

    store::SqlDriver& driver() { return *driver_; }

    std::int64_t number(std::string_view sql) {
        SqlQuery query(*driver_, sql);
        const auto found = query.step();
        return found && *found ? query.integer() : -1;
    }

    std::string text(std::string_view sql) {
        SqlQuery query(*driver_, sql);
        const auto found = query.step();
        return found && *found ? query.text() : "nothing";
    }

    TempFolder folder_;
    std::unique_ptr<store::SqlDriver> driver_;
};

TEST_F(SqliteDriverTest, WaitsForTheDiskAndKeepsALog) {
    EXPECT_EQ(number("PRAGMA synchronous"), 2);
    EXPECT_EQ(number("PRAGMA foreign_keys"), 1);
    EXPECT_EQ(number("PRAGMA auto_vacuum"), 2);
    EXPECT_EQ(text("PRAGMA journal_mode"), "wal");
}

TEST_F(SqliteDriverTest, BindsByNameInAnyOrder) {
    SqlQuery insert(driver(), "INSERT INTO t(id, a, b) VALUES ($id, $a, $b) RETURNING id");
    insert.set_bytes("b", std::string_view("\0\xff", 2));
    insert.set("a", "text");
    insert.set("id", 41);
    ASSERT_TRUE(insert.step());
    EXPECT_EQ(insert.integer(), 41);
    insert.reset();
    SqlQuery select(driver(), "SELECT a, b, id FROM t WHERE id = $id OR id = $id + 0");
    select.set("id", 41);
    ASSERT_TRUE(*select.step());
    EXPECT_EQ(select.text(), "text");
    EXPECT_EQ(select.bytes(), std::string("\0\xff", 2));
    EXPECT_EQ(select.integer(), 41);
    EXPECT_FALSE(*select.step());
}

TEST_F(SqliteDriverTest, KeepsEmptyTextApartFromNull) {
    {
        SqlQuery insert(driver(), "INSERT INTO t(id, a, b) VALUES (1, $a, $b)");
        insert.set("a", std::string_view());
        insert.set("b", std::optional<Timestamp>());
        ASSERT_TRUE(insert.run());
    }
    EXPECT_EQ(number("SELECT count(*) FROM t WHERE a = '' AND b IS NULL"), 1);
}

TEST_F(SqliteDriverTest, BindsNothingFromTheRoundBefore) {
    SqlQuery insert(driver(), "INSERT INTO t(a) VALUES ($a)");
    insert.set("a", "first");
    ASSERT_TRUE(insert.run());
    insert.reset();
    ASSERT_TRUE(insert.run());
    EXPECT_EQ(number("SELECT count(*) FROM t WHERE a IS NULL"), 1);
}

TEST_F(SqliteDriverTest, SaysThatATransactionIsBroken) {
    ASSERT_TRUE(driver().begin_write());
    ASSERT_TRUE(driver().execute("INSERT INTO t(a) VALUES ('x')"));
    EXPECT_FALSE(driver().is_broken());
    const auto twice = SqlQuery(driver(), "INSERT INTO t(a) VALUES ('x')").run();
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, "StoreFailed");
    EXPECT_TRUE(driver().is_broken());
    driver().rollback();
    EXPECT_FALSE(driver().is_broken());
    EXPECT_EQ(number("SELECT count(*) FROM t"), 0);
}

TEST_F(SqliteDriverTest, UndoesASavepointAlone) {
    ASSERT_TRUE(driver().begin_write());
    ASSERT_TRUE(driver().execute("INSERT INTO t(a) VALUES ('kept')"));
    ASSERT_TRUE(driver().savepoint());
    ASSERT_TRUE(driver().execute("INSERT INTO t(a) VALUES ('undone')"));
    ASSERT_TRUE(driver().rollback_to_savepoint());
    ASSERT_TRUE(driver().savepoint());
    ASSERT_TRUE(driver().execute("INSERT INTO t(a) VALUES ('kept too')"));
    ASSERT_TRUE(driver().release_savepoint());
    ASSERT_TRUE(driver().commit());
    EXPECT_EQ(number("SELECT count(*) FROM t"), 2);
    EXPECT_EQ(number("SELECT count(*) FROM t WHERE a = 'undone'"), 0);
}

TEST_F(SqliteDriverTest, ReportsWhatIsWrongWithAText) {
    const auto prepared = driver().prepare("SELEC 1");
    ASSERT_FALSE(prepared);
    EXPECT_NE(prepared.error().message.find("syntax"), std::string::npos);
    EXPECT_FALSE(SqlQuery(driver(), "SELECT nothing FROM nowhere").step());
}

TEST_F(SqliteDriverTest, ReadersSeeOneSnapshotAndCannotWrite) {
    auto reader = store::open_sqlite_reader(path());
    ASSERT_TRUE(reader);
    ASSERT_TRUE((*reader)->begin_read());
    const auto count = [&reader] {
        SqlQuery query(**reader, "SELECT count(*) FROM t");
        return *query.step() ? query.integer() : -1;
    };
    EXPECT_EQ(count(), 0);
    ASSERT_TRUE(driver().execute("INSERT INTO t(a) VALUES ('x')"));
    EXPECT_EQ(count(), 0);
    (*reader)->rollback();
    EXPECT_EQ(count(), 1);
    EXPECT_FALSE((*reader)->execute("INSERT INTO t(a) VALUES ('y')"));
}

}  // namespace
}  // namespace tideway::tests
