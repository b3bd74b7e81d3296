#include "engine/store/migrations.h"

#include <array>

#include <gtest/gtest.h>

#include "engine/store/sql_query.h"
#include "engine/store/sqlite_driver.h"
#include "engine/store/store.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

using store::Migration;

constexpr std::array<Migration, 2> kTwo{{
    {1, "CREATE TABLE a(x INTEGER)"},
    {2, "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO a(x, y) VALUES (1, 2)"},
}};

class MigrationsTest : public testing::Test {
  protected:
    void SetUp() override {
        auto opened = store::open_sqlite_writer(folder_.file("tideway.db"));
        ASSERT_TRUE(opened) << opened.error().text();
        driver_ = std::move(*opened);
    }

    std::int64_t number(std::string_view sql) {
        store::SqlQuery query(*driver_, sql);
        const auto found = query.step();
        return found && *found ? query.integer() : -1;
    }

    static std::string code(const Status& status) { return status ? "" : status.error().code; }

    TempFolder folder_;
    std::unique_ptr<store::SqlDriver> driver_;
};

TEST_F(MigrationsTest, AppliesEachStepOnce) {
    EXPECT_EQ(code(store::migrate(*driver_, std::span(kTwo).first(1))), "");
    EXPECT_EQ(number("SELECT max(number) FROM migration"), 1);
    EXPECT_EQ(code(store::migrate(*driver_, kTwo)), "");
    EXPECT_EQ(code(store::migrate(*driver_, kTwo)), "");
    EXPECT_EQ(number("SELECT count(*) FROM a"), 1);
    EXPECT_EQ(number("SELECT max(number) FROM migration"), 2);
}

TEST_F(MigrationsTest, RefusesAStoreOfANewerProgram) {
    EXPECT_EQ(code(store::migrate(*driver_, kTwo)), "");
    const Status status = store::migrate(*driver_, std::span(kTwo).first(1));
    EXPECT_EQ(code(status), "StoreTooNew");
    EXPECT_FALSE(status.error().remedy.empty());
    EXPECT_EQ(number("SELECT max(number) FROM migration"), 2);
}

TEST_F(MigrationsTest, LeavesNothingOfAStepThatFails) {
    const std::array<Migration, 2> broken{{kTwo[0], {2, "CREATE TABLE b(x INTEGER); nonsense"}}};
    EXPECT_EQ(code(store::migrate(*driver_, broken)), "StoreFailed");
    EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema"), 0);
    EXPECT_EQ(code(store::migrate(*driver_, kTwo)), "");
}

TEST_F(MigrationsTest, NumberTheStepsOfTheSchemaFromOne) {
    int expected = 1;
    for (const Migration& step : store::sqlite_migrations()) {
        EXPECT_EQ(step.number, expected++);
    }
    EXPECT_GT(expected, 1);
    EXPECT_EQ(code(store::migrate(*driver_, store::sqlite_migrations())), "");
    EXPECT_EQ(number("PRAGMA auto_vacuum"), 2);
    // Rows in arrival order and one index: what the rate of the journal rests on.
    EXPECT_EQ(
        number("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'journal'"),
        1
    );
}

}  // namespace
}  // namespace tideway::tests
