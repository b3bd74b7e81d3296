// A run and everything in it ends as the published model says (its leaf rule and "run after"),
// whatever the shape of the flow; and the same after the process has died somewhere in between.
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/runtime/step_tree.h"
#include "tests/support/run_after_model.h"
#include "tests/support/runtime_world.h"

namespace tideway::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr unsigned kTrees = 1'000;
#else
constexpr unsigned kTrees = 10'000;
#endif
constexpr unsigned kTreesInAWorld = 500;
constexpr unsigned kTreesThatDie = 300;

// Nothing here is about power failures, and ten thousand commits would wait for the disk.
constexpr WorldOptions kNoDisk{.durability = store::Durability::kProcess};

using Statuses = std::map<std::string, std::vector<model::Status>>;

std::string flow_name(unsigned seed) {
    return "random_" + std::to_string(seed);
}

// Those that differ from `others`, a line each.
std::string print(const Statuses& statuses, const Statuses& others) {
    std::string out;
    for (const auto& [name, values] : statuses) {
        if (const auto other = others.find(name);
            other != others.end() && other->second == values) {
            continue;
        }
        out += name;
        for (const model::Status status : values) {
            out += ' ';
            out += to_string(status);
        }
        out += '\n';
    }
    return out;
}

bool is_of_the_tree(const runtime::StepNode& node) {
    return node.kind != "branch" && node.kind != "case" && node.kind != "terminate" &&
           !node.name.empty() && (node.name.front() == 's' || node.name.front() == 'c');
}

void collect(const std::vector<runtime::StepNode>& nodes, Statuses& out) {
    for (const runtime::StepNode& node : nodes) {
        if (is_of_the_tree(node)) {
            out[node.name].push_back(node.status);
        }
        collect(node.children, out);
    }
}

class LeafRule : public ::testing::Test {
  protected:
    static std::vector<FlowText> flows(unsigned from, unsigned to, Pace pace = Pace::kAtOnce) {
        std::vector<FlowText> out;
        for (unsigned seed = from; seed < to; ++seed) {
            out.push_back({flow_name(seed), RandomFlow(seed, pace).lua()});
        }
        return out;
    }

    static Statuses history(RuntimeWorld& world, const model::RunRecord& run) {
        const auto version = world.catalog().version(run.version_id);
        EXPECT_TRUE(version);
        Statuses out;
        const auto& outline = (*version)->analysis.outline;
        collect(runtime::build_step_tree(world.journal(run), outline, run), out);
        return out;
    }

    static void expect_as_published(RuntimeWorld& world, unsigned seed, const Uid& uid) {
        const RandomFlow flow(seed);
        const RunAfterModel wanted(flow.body());
        const model::RunRecord run = world.ended(uid);
        ASSERT_EQ(run.status, wanted.status()) << "seed " << seed << "\n" << flow.lua();
        Statuses expected = wanted.steps();
        expected.erase("Terminate");
        const Statuses seen = history(world, run);
        ASSERT_EQ(print(seen, expected), print(expected, seen)) << "seed " << seed << "\n"
                                                                << flow.lua();
    }

    static std::vector<Uid> start(RuntimeWorld& world, unsigned from, unsigned to) {
        std::vector<Uid> runs;
        for (unsigned seed = from; seed < to; ++seed) {
            const auto admitted = world.admit(flow_name(seed));
            EXPECT_TRUE(admitted) << admitted.error().text();
            runs.push_back(admitted->runs.front());
        }
        return runs;
    }
};

TEST_F(LeafRule, GivesEveryRandomTreeTheStatusesOfTheModel) {
    for (unsigned from = 0; from < kTrees && !HasFailure(); from += kTreesInAWorld) {
        const unsigned to = from + kTreesInAWorld;
        RuntimeWorld world(kNoDisk, flows(from, to));
        const std::vector<Uid> runs = start(world, from, to);
        for (unsigned seed = from; seed < to && !HasFailure(); ++seed) {
            expect_as_published(world, seed, runs[seed - from]);
        }
    }
}

// Sessions are dropped as they are, at whatever place they have reached.
TEST_F(LeafRule, HoldsForRunsThatWereInterruptedAnywhere) {
    RuntimeWorld world({}, flows(0, kTreesThatDie, Pace::kWithWaits));
    const std::vector<Uid> runs = start(world, 0, kTreesThatDie);
    std::mt19937 random(7);
    for (int death = 0; death < 3; ++death) {
        const auto seen = std::uniform_int_distribution<unsigned>(0, kTreesThatDie - 1)(random);
        world.ended(runs[seen]);
        world.restart();
    }
    for (unsigned seed = 0; seed < kTreesThatDie && !HasFailure(); ++seed) {
        expect_as_published(world, seed, runs[seed]);
    }
}

}  // namespace
}  // namespace tideway::testing
