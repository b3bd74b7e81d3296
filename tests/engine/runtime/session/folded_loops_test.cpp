// Which rows of a journal a replay leaves out.
#include "engine/runtime/session/folded_loops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::runtime {
namespace {

using model::JournalRow;
using model::RowKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A journal as text would be: one call a row.
class Rows {
  public:
    Rows& loop(const std::string& path, const std::string& input) {
        return add(RowKind::kScopeBegin, path, "foreach", model::Status::kRunning, input);
    }

    Rows& begin(const std::string& iteration) {
        return add(RowKind::kScopeBegin, iteration, "iteration", model::Status::kRunning, "");
    }

    Rows& end(const std::string& iteration, const std::string& state) {
        return add(RowKind::kScopeEnd, iteration, "iteration", model::Status::kSucceeded, state);
    }

    Rows& fail(const std::string& iteration) {
        return add(RowKind::kScopeEnd, iteration, "iteration", model::Status::kFailed, "");
    }

    Rows& value(const std::string& path, const std::string& operation) {
        return add(RowKind::kValue, path, operation, model::Status::kSucceeded, "{}");
    }

    FoldedLoops fold() { return fold_loops(rows_); }

    std::vector<std::string> paths() const {
        std::vector<std::string> out;
        for (const JournalRow& row : rows_) {
            out.push_back(row.path);
        }
        return out;
    }

  private:
    Rows& add(
        RowKind kind,
        const std::string& path,
        const std::string& operation,
        model::Status status,
        const std::string& input
    ) {
        JournalRow row;
        row.kind = kind;
        row.path = path;
        row.operation = operation;
        row.status = status;
        row.input = Payload(input);
        rows_.push_back(std::move(row));
        return *this;
    }

    std::vector<JournalRow> rows_;
};

constexpr const char* kFolds = R"({"checkpoint":true,"concurrency":1,"items":9})";
constexpr const char* kDoesNot = R"({"checkpoint":false,"concurrency":1,"items":9})";

TEST(FoldedLoops, LeaveOutWhatFinishedIterationsRecorded) {
    Rows rows;
    rows.loop("Sum", kFolds);
    rows.begin("Sum[1]").value("Sum[1]/Look", "compose").end("Sum[1]", R"({"state":1})");
    rows.begin("Sum[2]").end("Sum[2]", R"({"state":3})");
    rows.begin("Sum[3]").value("Sum[3]/Look", "compose");
    const FoldedLoops folded = rows.fold();
    ASSERT_EQ(folded.count("Sum"), 1U);
    EXPECT_EQ(resumed_at(folded.at("Sum")).str(), R"({"done":2,"last":{"state":3}})");
    EXPECT_THAT(rows.paths(), ElementsAre("Sum", "Sum[3]", "Sum[3]/Look"));
}

TEST(FoldedLoops, AreThoseWithACheckpointOnly) {
    Rows rows;
    rows.loop("Sum", kDoesNot).begin("Sum[1]").end("Sum[1]", "");
    EXPECT_THAT(rows.fold(), IsEmpty());
    EXPECT_THAT(rows.paths(), ElementsAre("Sum", "Sum[1]", "Sum[1]"));
}

TEST(FoldedLoops, KeepAnIterationThatFailedAndOneThatEndedTheLoop) {
    Rows rows;
    rows.loop("Sum", kFolds);
    rows.begin("Sum[1]").end("Sum[1]", R"({"state":1})");
    rows.begin("Sum[2]").fail("Sum[2]");
    rows.loop("Until", kFolds);
    rows.begin("Until[1]").end("Until[1]", R"({"ends":"late","state":1})");
    EXPECT_EQ(rows.fold().size(), 1U);
    EXPECT_THAT(
        rows.paths(), ElementsAre("Sum", "Sum[2]", "Sum[2]", "Until", "Until[1]", "Until[1]")
    );
}

TEST(FoldedLoops, RememberWhatTheRunKeepsOfThem) {
    Rows rows;
    rows.loop("Sum", kFolds);
    rows.begin("Sum[1]").value("Sum[1]/@track", "track").value("Sum[1]/@outcome", "outcome");
    rows.value("Sum[1]/Look", "compose").end("Sum[1]", R"({"state":1})");
    const FoldedLoops folded = rows.fold();
    std::vector<std::string> kept;
    for (const JournalRow& row : folded.at("Sum").kept) {
        kept.push_back(row.path);
    }
    EXPECT_THAT(kept, ElementsAre("Sum[1]/@track", "Sum[1]/@outcome"));
}

TEST(FoldedLoops, InsideAFinishedIterationGoWithIt) {
    Rows rows;
    rows.loop("Out", kFolds);
    rows.begin("Out[1]").loop("Out[1]/In", kFolds);
    rows.begin("Out[1]/In[1]").value("Out[1]/In[1]/@outcome", "outcome");
    rows.end("Out[1]/In[1]", R"({"state":1})").end("Out[1]", R"({"state":2})");
    rows.begin("Out[2]").loop("Out[2]/In", kFolds);
    rows.begin("Out[2]/In[1]").end("Out[2]/In[1]", R"({"state":3})");
    const FoldedLoops folded = rows.fold();
    ASSERT_EQ(folded.size(), 2U);
    EXPECT_EQ(folded.at("Out").kept.size(), 1U);
    EXPECT_EQ(folded.at("Out[2]/In").done, 1);
    EXPECT_THAT(rows.paths(), ElementsAre("Out", "Out[2]", "Out[2]/In"));
}

}  // namespace
}  // namespace tideway::runtime
