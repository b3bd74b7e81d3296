// Whatever the flow, its failures and the choices are: applying makes no effect that the plan did
// not have, the originals stay as they are, and no effect is doubled.
#include <cstdlib>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/random_effects_flow.h"
#include "tests/support/resubmit_calls.h"

namespace tideway::testing {
namespace {

using runtime::StepFate;

// Without occurrences and iterations.
std::string place_of(const std::string& path) {
    std::string out;
    bool is_in_mark = false;
    for (const char letter : path) {
        is_in_mark = is_in_mark ? letter != '/' && letter != ']' : letter == '[' || letter == '#';
        if (!is_in_mark && letter != ']') {
            out += letter;
        }
    }
    return out;
}

// What the plan of one run lets happen.
class Allowed {
  public:
    explicit Allowed(const runtime::RunPlan& run) {
        for (const runtime::PlannedStep& step : run.steps) {
            if (step.fate == StepFate::kRepeated || step.fate == StepFate::kProbed) {
                paths_.insert(step.path);
            } else if (step.fate == StepFate::kMayFollow) {
                places_.insert(place_of(step.path));
            } else {
                reused_.insert(step.path);
            }
        }
    }

    bool has(const std::string& path) const {
        return paths_.contains(path) ||
               (!reused_.contains(path) && places_.contains(place_of(path)));
    }

  private:
    std::set<std::string> paths_;
    std::set<std::string> places_;
    std::set<std::string> reused_;
};

void expect_only_planned(RuntimeWorld& world, const model::RunRecord& run, const Allowed& allowed) {
    const auto effects = world.reader().effects(run.id);
    ASSERT_TRUE(effects);
    for (const model::EffectRecord& effect : *effects) {
        EXPECT_TRUE(allowed.has(effect.path)) << effect.path;
    }
    store::RunFilter called;
    called.parent_uid = run.uid;
    called.limit = 500;
    const auto children = world.reader().runs(called);
    ASSERT_TRUE(children);
    for (const model::RunRecord& child : children->runs) {
        EXPECT_TRUE(allowed.has(child.parent_path)) << child.parent_path;
        const auto made = world.reader().effects(child.id);
        for (const model::EffectRecord& effect : *made) {
            const std::string path = child.parent_path + "/" + effect.path;
            const bool is_new = child.resubmit_of.is_none();  // the call was not made before
            EXPECT_TRUE(is_new || allowed.has(path)) << path;
        }
    }
}

void expect_nothing_doubled(LedgerService& service) {
    std::map<std::string, int> counts;
    for (const std::string& effect : service.done()) {
        const bool may_repeat = effect.starts_with("set ");
        EXPECT_TRUE(may_repeat || ++counts[effect] == 1) << effect << " is doubled";
    }
}

std::vector<Treatment> treatments(RandomEffectsFlow& random, bool may_cut) {
    std::vector<Treatment> out;
    for (int i = 0; i < 30; ++i) {
        const int what = random.pick(1, 100);
        out.push_back(
            what <= 12              ? Treatment::kRefuse
            : what <= 17 && may_cut ? Treatment::kCutAfter
                                    : Treatment::kDo
        );
    }
    return out;
}

runtime::ResubmitChoices random_choices(
    RuntimeWorld& world, RandomEffectsFlow& random, const model::RunRecord& run
) {
    const int how = random.pick(0, 2);
    if (how == 0) {
        return {};
    }
    if (how == 1) {
        return from_failed();
    }
    std::vector<std::string> paths;
    for (const model::JournalRow& row : world.journal(run)) {
        if (!row.path.empty() && row.path.find('@') == std::string::npos) {
            paths.push_back(row.path);
        }
    }
    return paths.empty() ? runtime::ResubmitChoices()
                         : from_step(paths[static_cast<std::size_t>(
                               random.pick(0, static_cast<int>(paths.size()) - 1)
                           )]);
}

void try_seed(unsigned seed) {
    RandomEffectsFlow random(seed);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + random.lua());
    RuntimeWorld world(
        {.durability = store::Durability::kProcess},
        {{"random", random.lua()}, {"called", RandomEffectsFlow::called()}}
    );
    world.service().plan("/set", treatments(random, true));
    world.service().plan("/post", treatments(random, true));
    world.service().plan("/shout", treatments(random, false));
    std::vector<model::RunRecord> runs;
    std::vector<std::string> before;
    for (int n = 1; n <= 3; ++n) {
        runs.push_back(world.run("random", R"({"n":"r)" + std::to_string(n) + "\"}"));
        before.push_back(history_of(world, runs.back().uid));
    }
    const auto choices = random_choices(world, random, runs.front());
    const auto planned = plan(world, selection_of(runs), choices);
    ASSERT_TRUE(planned) << planned.error().text();
    const auto id =
        apply(world, *planned, choices, {.at_once = 2, .per_minute = 0, .stop_after = 100});
    ended(world, id);
    std::map<Uid, Allowed> allowed;
    for (const runtime::RunPlan& run : planned->runs) {
        allowed.emplace(run.original.uid, Allowed(run));
    }
    for (const store::ResubmissionItem& item : items_of(world, id)) {
        if (!item.run.is_none()) {
            ASSERT_TRUE(allowed.contains(item.original));
            expect_only_planned(world, world.ended(item.run), allowed.at(item.original));
        }
    }
    for (std::size_t at = 0; at < runs.size(); ++at) {
        EXPECT_EQ(history_of(world, runs[at].uid), before[at]);
    }
    expect_nothing_doubled(world.service());
}

// More of them: TIDEWAY_TEST_SEEDS=1000
int seeds() {
    const char* const said = std::getenv("TIDEWAY_TEST_SEEDS");
    return said == nullptr ? 40 : std::atoi(said);
}

TEST(ResubmitProperty, HoldsForRandomFlowsFailuresAndChoices) {
    for (int seed = 1; seed <= seeds() && !::testing::Test::HasFailure(); ++seed) {
        try_seed(static_cast<unsigned>(seed));
    }
}

}  // namespace
}  // namespace tideway::testing
