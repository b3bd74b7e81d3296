// The same event and the same answers in the same order make the same requests: in another VM, and
// whatever the quantum is.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/script/recording_host.h"

namespace tideway::script {
namespace {

using Kind = ExecutionState::Kind;

// Writes a random flow of scopes, loops, branches and steps, with work between them.
class FlowWriter {
  public:
    explicit FlowWriter(std::uint64_t seed)
        : random_(seed) {}

    std::string write() {
        text_ =
            "local shop = connection 'shop'\nlocal shared = {}\n"
            "local function work(n) local x = 0 for i = 1, n do x = x + i % 7 end return x end\n";
        block(0);
        return text_ + "return shared";
    }

  private:
    int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

    std::string name(const char* kind) { return std::string(kind) + " " + std::to_string(pick(3)); }

    void block(int depth) {
        for (int i = 1 + pick(3); i > 0; --i) {
            statement(depth);
        }
    }

    void step() {
        text_ += "work(" + std::to_string(pick(3000)) + ")\n";
        text_ += "local ok, row = pcall(shop.get_row, '" + name("Get") + "', { n = #shared })\n";
        text_ += "shared[#shared + 1] = ok and row.v or row.code\n";
        text_ += "work(" + std::to_string(pick(3000)) + ")\n";
    }

    void nested(const std::string& open, int depth, const std::string& close) {
        text_ += open;
        block(depth + 1);
        text_ += close;
    }

    void statement(int depth) {
        switch (depth > 2 ? 0 : pick(6)) {
            case 1:
                return nested("scope('" + name("S") + "', function()\n", depth, "end)\n");
            case 2:
                return nested("try('" + name("T") + "', function()\n", depth, "end)\n");
            case 3:
                return nested(
                    "foreach('" + name("E") + "', { 1, 2, 3, 4 }, function(item)\n",
                    depth,
                    "end, { concurrency = " + std::to_string(1 + pick(4)) + " })\n"
                );
            case 4:
                text_ += "parallel('" + name("P") + "', {\n";
                for (const char* branch : {"b", "a", "c"}) {
                    nested(std::string(branch) + " = function()\n", depth, "end,\n");
                }
                text_ += "})\n";
                return;
            case 5:
                text_ +=
                    "for k, v in pairs({ x = 1, y = 2, z = 3 }) do log(k, { n = #shared }) end\n";
                return;
            default:
                text_ += "do\n";
                step();
                text_ += "end\n";
        }
    }

    std::mt19937_64 random_;
    std::string text_;
};

struct Replay {
    std::vector<std::string> log;
    std::string end;
    std::vector<std::string> order;  // paths as they were delivered
    int preemptions = 0;
};

Answer answer_for(const std::string& path, std::size_t number) {
    if (number % 7 == 3) {
        model::StepError error;
        error.code = "Code" + std::to_string(number);
        return Answer::raise(error);
    }
    return Answer::of(to_payload(Json{{"v", number}, {"path", path}, {"b", nullptr}}));
}

// Delivers in a random order when `order` is empty, else in that one.
Replay run(
    const std::string& flow,
    std::int64_t quantum,
    std::uint64_t seed,
    std::vector<std::string> order
) {
    VmLimits limits;
    limits.quantum = quantum;
    const auto vm = make_vm(flow_of(flow), limits);
    RecordingHost host;
    host.rule = [](const StepRequest& request) -> std::optional<Answer> {
        if (request.kind == RequestKind::kOperation) {
            return std::nullopt;
        }
        return RecordingHost::answer_at_once(request);
    };
    Replay out;
    std::mt19937_64 random(seed);
    const auto execution = Execution::create(*vm, host, {});
    const auto settle = [&](ExecutionState state) {
        while (state.kind == Kind::kPreempted) {
            ++out.preemptions;
            state = execution->resume();
        }
        return state;
    };
    ExecutionState state = settle(execution->start(Payload("{}")));
    while (state.kind == Kind::kWaiting) {
        const auto waiting = execution->waiting();
        const std::size_t number = out.order.size();
        const std::string path =
            order.empty() ? waiting[random() % waiting.size()] : order.at(number);
        out.order.push_back(path);
        const auto delivery = execution->deliver(path, answer_for(path, number));
        if (!delivery.known) {
            out.end = "diverged at " + path;
            break;
        }
        state = settle(delivery.state);
    }
    out.log = host.log();
    if (out.end.empty()) {
        out.end = state.kind == Kind::kReturned ? state.value.str() : state.error.message;
    }
    return out;
}

TEST(Determinism, RandomFlowsReplayTheSameWithASmallAndALargeQuantum) {
    int preemptions = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const std::string flow = FlowWriter(seed).write();
        const Replay first = run(flow, 1000, seed, {});
        const Replay again = run(flow, 10'000'000, seed + 1, first.order);
        ASSERT_EQ(first.log, again.log) << flow;
        ASSERT_EQ(first.end, again.end) << flow;
        ASSERT_EQ(again.preemptions, 0);
        preemptions += first.preemptions;
    }
    EXPECT_GT(preemptions, 50);
}

TEST(Determinism, APreemptedBranchGoesOnBeforeAnyOther) {
    VmLimits limits;
    limits.quantum = 1000;
    const auto vm = make_vm(
        flow_of("parallel('P', {\n"
                "  a = function() log('a1') for i = 1, 50000 do end log('a2') end,\n"
                "  b = function() log('b1') end })"),
        limits
    );
    RecordingHost host;
    const auto execution = Execution::create(*vm, host, {});
    ExecutionState state = execution->start(Payload());
    EXPECT_EQ(state.kind, Kind::kPreempted);
    finish(*execution, state);
    EXPECT_THAT(
        host.paths(RequestKind::kLog), testing::ElementsAre("P/a/@log", "P/a/@log#2", "P/b/@log")
    );
}

// Things that differ from state to state in stock Lua: seeds, addresses, sort pivots.
TEST(Determinism, NothingShowsWhichVmARunIsIn) {
    const std::string body =
        "local t = {}\n"
        "for i = 1, 300 do t['key' .. i * 7919 % 1000] = i end\n"
        "local keys = {}\n"
        "for k in pairs(t) do keys[#keys + 1] = k end\n"
        "local rows = {}\n"
        "for i = 1, 1000 do rows[i] = { tie = i % 3, at = i } end\n"
        "table.sort(rows, function(a, b) return a.tie < b.tie end)\n"
        "local order = {}\n"
        "for i, row in ipairs(rows) do order[i] = row.at end\n"
        "return { keys, order, math.random(), tostring({}), tostring(pairs), json.encode(t),\n"
        "  tostring(connection 'shop'), select(2, pcall(error, {})) == nil }";
    const std::string first = run_body(body).value();
    EXPECT_EQ(first.find("0x"), std::string::npos);
    std::vector<std::unique_ptr<Vm>> padding;  // so that addresses differ
    for (int i = 0; i < 8; ++i) {
        padding.push_back(make_vm(flow_of("")));
        EXPECT_EQ(run_body(body).value(), first);
    }
}

}  // namespace
}  // namespace tideway::script
