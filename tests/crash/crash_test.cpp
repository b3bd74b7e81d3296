// The program dies at every commit, send and receive of the two main flows, one after the other.
// What must hold afterwards: nothing lost, nothing doubled, nothing stuck, the same history.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>

#include <gtest/gtest.h>

#include "tests/crash/both_crms.h"
#include "tests/crash/scenarios.h"

namespace tideway::tests {
namespace {

constexpr const char* kPacks = TIDEWAY_SOURCE_DIR "/flows";

std::vector<std::string> lines_of(const std::string& file) {
    std::vector<std::string> out;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        out.push_back(line);
    }
    return out;
}

// TIDEWAY_TEST_STRIDE=1 tries every point where a test tries fewer by itself.
std::int64_t stride_or(std::int64_t fallback) {
    const char* text =
        std::getenv("TIDEWAY_TEST_STRIDE");  // NOLINT(concurrency-mt-unsafe): before any thread
    return text == nullptr ? fallback : std::max<std::int64_t>(1, std::atoll(text));
}

ServerProcess::Life life_until(std::int64_t crash_at) {
    ServerProcess::Life out;
    out.crash_at = crash_at;
    return out;
}

ServerProcess::Life reported_life(std::int64_t crash_at, const std::string& report) {
    ServerProcess::Life out = life_until(crash_at);
    out.report = report;
    return out;
}

struct Tally {
    int tried = 0;
    int died = 0;
    int deaths = 0;
    int lost = 0;
    int doubled = 0;
    int stuck = 0;
    int different = 0;
    std::map<std::string, int> places;

    void print(const std::string& title, std::size_t points) const {
        std::cout << title << ": " << points << " points in the undisturbed course, " << tried
                  << " tried, died at " << died << " (" << deaths << " deaths in all)\n ";
        for (const auto& [place, count] : places) {
            std::cout << " " << place << " " << count << ",";
        }
        std::cout << "\n  lost " << lost << ", doubled " << doubled << ", stuck " << stuck
                  << ", other history " << different << "\n"
                  << std::flush;
    }
};

class Crash : public testing::TestWithParam<CrmKind> {
  protected:
    void SetUp() override {
        auto world = CrashWorld::create(TIDEWAY_PROGRAM, GetParam(), kPacks);
        ASSERT_TRUE(world) << world.error().text();
        world_ = std::move(*world);
    }

    // The undisturbed course: its points and its history.
    void learn(Scenario& scenario) {
        std::filesystem::remove(world_->report_file());
        ok(world_->begin({reported_life(0, world_->report_file())}));
        ok(scenario.act(*world_, "Undisturbed"));
        ok(world_->settle());
        points_ = lines_of(world_->report_file());
        clean(scenario, "undisturbed");
        const auto history = world_->history_of("created");
        ASSERT_TRUE(history) << history.error().text();
        history_ = *history;
        ASSERT_NE(history_, "");
        ASSERT_GT(points_.size(), 20U);
    }

    void die(Scenario& scenario, std::int64_t at, CrashWorld::Lives later) {
        std::filesystem::remove(world_->report_file());
        later.push_front(reported_life(at, world_->report_file()));
        const std::string name = "Point " + std::to_string(at) + " of " + scenario.title();
        const std::string place_of = "point " + std::to_string(at);
        ++tally_.tried;
        Status done = world_->begin(std::move(later));
        done = done ? scenario.act(*world_, name) : done;
        done = done ? world_->settle() : done;
        const auto visited = lines_of(world_->report_file());
        const bool has_died = world_->server().deaths() > 0;
        const std::string place =
            place_of + " (" + (visited.empty() ? "none" : visited.back()) + "): ";
        tally_.died += has_died ? 1 : 0;
        tally_.deaths += world_->server().deaths();
        tally_.places[has_died ? visited.back() : "not reached"] += 1;
        if (!done) {
            ++tally_.stuck;
            ADD_FAILURE() << place << done.error().text() << open_runs();
            world_->keep_data("stuck-" + std::to_string(at));
            return;
        }
        judge(scenario, place);
    }

    void judge(Scenario& scenario, const std::string& place) {
        const auto verdict = scenario.check(*world_);
        ASSERT_TRUE(verdict) << place << verdict.error().text();
        tally_.lost += verdict->lost;
        tally_.doubled += verdict->doubled;
        tally_.stuck += verdict->stuck;
        EXPECT_TRUE(verdict->is_clean()) << place << verdict->text();
        const auto history = world_->history_of("created");
        ASSERT_TRUE(history) << place << history.error().text();
        tally_.different += *history == history_ ? 0 : 1;
        EXPECT_EQ(*history, history_) << place;
    }

    void clean(Scenario& scenario, const std::string& when) {
        const auto verdict = scenario.check(*world_);
        ASSERT_TRUE(verdict) << when << ": " << verdict.error().text();
        EXPECT_TRUE(verdict->is_clean()) << when << ": " << verdict->text();
    }

    static std::string title_of(const Scenario& scenario) {
        return std::string(to_string(GetParam())) + ", " + scenario.title();
    }

    std::string open_runs() {
        const auto runs = world_->runs("&status=Running,Waiting,Paused");
        return runs ? "\n" + dump(Json(*runs)) : runs.error().text();
    }

    template <typename Outcome>
    void ok(const Outcome& outcome) {
        ASSERT_TRUE(outcome) << outcome.error().text();
    }

    void die_everywhere(Scenario& scenario, std::int64_t stride) {
        learn(scenario);
        if (HasFatalFailure()) {
            return;
        }
        for (std::int64_t at = 1; at <= std::ssize(points_); at += stride) {
            die(scenario, at, {});
        }
        tally_.print(title_of(scenario), points_.size());
        EXPECT_GT(tally_.died, tally_.tried * 3 / 4);
        EXPECT_EQ(tally_.lost + tally_.doubled + tally_.stuck, 0);
    }

    // The server that recovers dies as well, each time somewhere else, and once more after that.
    void die_while_recovering(Scenario& scenario, std::int64_t stride) {
        learn(scenario);
        if (HasFatalFailure()) {
            return;
        }
        for (std::int64_t at = 1; at <= std::ssize(points_); at += stride) {
            die(scenario, at, {life_until(1 + at * 7 % 24), life_until(1 + at * 11 % 30)});
        }
        tally_.print(title_of(scenario) + ", dying again", points_.size());
        EXPECT_GT(tally_.deaths, tally_.tried * 3 / 2);
        EXPECT_EQ(tally_.lost + tally_.doubled + tally_.stuck, 0);
    }

    std::unique_ptr<CrashWorld> world_;
    std::vector<std::string> points_;
    std::string history_;
    Tally tally_;
};

using CrashAnnounced = Crash;
using CrashCreated = Crash;

TEST_P(CrashAnnounced, AtEveryPointLosesAndDoublesNothing) {
    AnnouncedDeal scenario;
    die_everywhere(scenario, stride_or(1));
}

TEST_P(CrashAnnounced, WhileRecoveringLosesAndDoublesNothing) {
    AnnouncedDeal scenario;
    die_while_recovering(scenario, stride_or(10));
}

TEST_P(CrashCreated, AtEveryPointLosesAndDoublesNothing) {
    CreatedOpportunity scenario;
    die_everywhere(scenario, stride_or(1));
}

TEST_P(CrashCreated, WhileRecoveringLosesAndDoublesNothing) {
    CreatedOpportunity scenario;
    die_while_recovering(scenario, stride_or(10));
}

INSTANTIATE_TEST_SUITE_P(With, CrashAnnounced, both_crms(), name_of_crm);
INSTANTIATE_TEST_SUITE_P(With, CrashCreated, both_crms(), name_of_crm);

}  // namespace
}  // namespace tideway::tests
