// The same event and the same answers in the same order make the same requests: in another VM, in
// another process, and whatever the quantum is.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/digest.h"
#include "tests/engine/script/recording_host.h"
#include "tests/support/temp_folder.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it in no header

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
constexpr const char* kRevealing =
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

TEST(Determinism, NothingShowsWhichVmARunIsIn) {
    const std::string first = run_body(kRevealing).value();
    EXPECT_EQ(first.find("0x"), std::string::npos);
    std::vector<std::unique_ptr<Vm>> padding;  // so that addresses differ
    for (int i = 0; i < 8; ++i) {
        padding.push_back(make_vm(flow_of("")));
        EXPECT_EQ(run_body(kRevealing).value(), first);
    }
}

// Names the file in which the child process leaves what it saw.
constexpr const char* kReportVariable = "TIDEWAY_TEST_REPORT";

// Runs one test of this program in a new process; the wait status.
int run_in_a_child(const std::string& test, const std::string& report) {
    std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    std::string filter = "--gtest_filter=" + test;
    std::string brief = "--gtest_brief=1";
    std::string variable = std::string(kReportVariable) + "=" + report;
    const std::array<char*, 4> arguments = {program.data(), filter.data(), brief.data(), nullptr};
    std::vector<char*> variables = {variable.data()};
    for (char** each = environ; *each != nullptr; ++each) {
        variables.push_back(*each);
    }
    variables.push_back(nullptr);
    pid_t child = 0;
    const int failed = ::posix_spawn(
        &child, program.c_str(), nullptr, nullptr, arguments.data(), variables.data()
    );
    int status = -1;
    return failed == 0 && ::waitpid(child, &status, 0) == child ? status : -1;
}

std::string content_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Determinism, NothingShowsWhichProcessARunIsIn) {
    const std::string seen = run_body(kRevealing).value();
    const char* report =
        std::getenv(kReportVariable);  // NOLINT(concurrency-mt-unsafe): there is one thread
    if (report != nullptr) {
        std::ofstream(report) << seen;
        return;
    }
    const tests::TempFolder folder;
    for (const char* name : {"first", "second"}) {
        const std::string file = folder.file(name);
        ASSERT_EQ(run_in_a_child("Determinism.NothingShowsWhichProcessARunIsIn", file), 0);
        EXPECT_EQ(content_of(file), seen);
    }
}

struct TiedRow {
    int tie;
    int at;
};

// The order by somebody else's stable sort.
std::string stably_sorted() {
    std::vector<TiedRow> rows;
    for (int i = 1; i <= 1000; ++i) {
        rows.push_back({i * 7919 % 13, i});
    }
    std::ranges::stable_sort(rows, {}, &TiedRow::tie);
    Json out = Json::array();
    for (const TiedRow& row : rows) {
        out.push_back(row.at);
    }
    return dump(out);
}

TEST(Determinism, ASortWithTiesIsTheStableOne) {
    const std::string sorted = run_body(
                                   "local rows = {}\n"
                                   "for i = 1, 1000 do rows[i] = { tie = i * 7919 % 13, at = i } "
                                   "end\n"
                                   "table.sort(rows, function(a, b) return a.tie < b.tie end)\n"
                                   "local order = {}\n"
                                   "for i, row in ipairs(rows) do order[i] = row.at end\n"
                                   "return order"
    )
                                   .value();
    EXPECT_EQ(sorted, stably_sorted());
    EXPECT_EQ(
        to_hex(sha256(sorted)), "cdb723f03ae91213b5067854f87ee32d4cebcb7c0479d6dacb3628550b45b1f9"
    );
}

}  // namespace
}  // namespace tideway::script
