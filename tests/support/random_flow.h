// Random flows of scopes, try, conditions, loops, branches and steps that fail.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "engine/model/status.h"

namespace tideway::testing {

struct RandomNode {
    enum class Kind {
        kStep,
        kScope,
        kTry,
        kCondition,
        kSwitch,
        kForeach,
        kParallel,
        kUntil,
        kTerminate
    };

    Kind kind = Kind::kStep;
    std::string name;
    model::Status result = model::Status::kSucceeded;  // of a step; what terminate says
    int failing_iteration = 0;                         // of a step in a loop: 0 every one
    int count = 0;                                     // items of a foreach; limit of an until
    int taken = 0;  // index of the body that a condition or switch takes
    int concurrency = 1;
    std::vector<std::vector<RandomNode>> bodies;
};

using RandomBody = std::vector<RandomNode>;

// What is allowed at a place.
struct RandomPlace {
    int depth = 0;
    bool in_loop = false;
    bool may_terminate = true;  // not beside branches that run at the same time
};

enum class Pace { kAtOnce, kWithWaits };

// Thread: any one.
class RandomFlow {
  public:
    explicit RandomFlow(unsigned seed, Pace pace = Pace::kAtOnce)
        : random_(seed),
          pace_(pace),
          body_(make_body({})) {}

    const RandomBody& body() const { return body_; }

    // The text of the flow.
    std::string lua() const {
        return "return flow { title = \"Random\", trigger = trigger.manual {},\n"
               "run = function()\n" +
               print(body_, 1) + "end }\n";
    }

  private:
    int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

    bool chance(int percent) { return pick(1, 100) <= percent; }

    std::string name(const char* prefix) { return prefix + std::to_string(++names_); }

    RandomBody make_body(const RandomPlace& place) {
        RandomBody out;
        const int count = pick(1, place.depth == 0 ? 5 : 3);
        for (int made = 0; made < count; ++made) {
            out.push_back(make_node(place));
            if (out.back().kind == RandomNode::Kind::kTerminate) {
                break;  // Lua allows nothing behind it that could run; the outline is plain then
            }
        }
        return out;
    }

    RandomNode make_node(const RandomPlace& place) {
        if (place.depth >= 3 || chance(50)) {
            return make_step(place);
        }
        if (place.may_terminate && chance(4)) {
            return make_terminate();
        }
        return make_container(place);
    }

    RandomNode make_step(const RandomPlace& place) {
        RandomNode out;
        out.name = name("s");
        if (chance(22)) {
            out.result = chance(30) ? model::Status::kTimedOut : model::Status::kFailed;
            out.failing_iteration = place.in_loop && chance(60) ? pick(1, 3) : 0;
        }
        return out;
    }

    RandomNode make_terminate() {
        RandomNode out;
        out.kind = RandomNode::Kind::kTerminate;
        out.name = "Terminate";
        constexpr model::Status kWords[] = {
            model::Status::kSucceeded, model::Status::kFailed, model::Status::kCancelled};
        out.result = kWords[pick(0, 2)];
        return out;
    }

    RandomNode make_container(const RandomPlace& place) {
        using Kind = RandomNode::Kind;
        RandomNode out;
        out.kind =
            static_cast<Kind>(pick(static_cast<int>(Kind::kScope), static_cast<int>(Kind::kUntil)));
        out.name = name("c");
        RandomPlace inside = place;
        ++inside.depth;
        int bodies = 1;
        switch (out.kind) {
            case Kind::kCondition:
                bodies = 2;
                out.taken = pick(0, 1);
                break;
            case Kind::kSwitch:
                bodies = 3;
                out.taken = pick(0, 2);
                break;
            case Kind::kForeach:
                out.count = pick(0, 3);
                out.concurrency = pick(1, 3);
                inside.in_loop = true;
                inside.may_terminate = false;
                break;
            case Kind::kUntil:
                out.count = pick(1, 3);
                inside.in_loop = true;
                inside.may_terminate = false;
                break;
            case Kind::kParallel:
                bodies = pick(2, 3);
                inside.may_terminate = false;
                break;
            default:
                break;
        }
        for (int made = 0; made < bodies; ++made) {
            out.bodies.push_back(make_body(inside));
        }
        return out;
    }

    std::string print(const RandomBody& body, int depth) const {
        std::string out;
        for (const RandomNode& node : body) {
            out +=
                std::string(static_cast<std::size_t>(depth) * 2, ' ') + print(node, depth) + "\n";
        }
        return out;
    }

    std::string print(const RandomNode& node, int depth) const {
        using Kind = RandomNode::Kind;
        const std::string quoted = "\"" + node.name + "\"";
        const std::string end(static_cast<std::size_t>(depth) * 2, ' ');
        const auto inside = [&](std::size_t at) { return print(node.bodies[at], depth + 1); };
        switch (node.kind) {
            case Kind::kStep:
                return print_step(node);
            case Kind::kScope:
                return "scope(" + quoted + ", function()\n" + inside(0) + end + "end)";
            case Kind::kTry:
                return "try(" + quoted + ", function()\n" + inside(0) + end + "end)";
            case Kind::kCondition:
                return "if condition(" + quoted + ", " + (node.taken == 0 ? "true" : "false") +
                       ") then\n" + inside(0) + end + "else\n" + inside(1) + end + "end";
            case Kind::kSwitch:
                return "switch(" + quoted + ", \"k" + std::to_string(node.taken) +
                       "\", {\n k0 = function()\n" + inside(0) + end + "end,\n k1 = function()\n" +
                       inside(1) + end + "end,\n default = function()\n" + inside(2) + end +
                       "end })";
            case Kind::kForeach:
                return "foreach(" + quoted + ", " + items(node.count) + ", function(_, i)\n" +
                       inside(0) + end +
                       "end, { concurrency = " + std::to_string(node.concurrency) + " })";
            case Kind::kParallel: {
                std::string out = "parallel(" + quoted + ", {\n";
                for (std::size_t at = 0; at < node.bodies.size(); ++at) {
                    out +=
                        " b" + std::to_string(at) + " = function()\n" + inside(at) + end + "end,\n";
                }
                return out + end + "})";
            }
            case Kind::kUntil:
                return "repeat_until(" + quoted + ", { limit = 5 }, function(i)\n" + inside(0) +
                       end + "  return i == " + std::to_string(node.count) + "\n" + end + "end)";
            case Kind::kTerminate:
                return "do return terminate(\"" + std::string(to_string(node.result)) +
                       "\", \"Code\", \"said so\") end";
        }
        return {};
    }

    static std::string items(int count) {
        std::string out = "array {";
        for (int item = 1; item <= count; ++item) {
            out += (item == 1 ? " " : ", ") + std::to_string(item);
        }
        return out + " }";
    }

    // A scope, so that it can fail at will and time out at will.
    std::string print_step(const RandomNode& node) const {
        const std::string head = "scope(\"" + node.name + "\", function() ";
        if (node.result == model::Status::kSucceeded) {
            return head + (pace_ == Pace::kWithWaits ? "delay(\"wait\", 0.02)" : "log(\"done\")") +
                   " end)";
        }
        const std::string raise = node.result == model::Status::kTimedOut
                                      ? "error { code = \"Late\", message = \"" + node.name +
                                            "\", status = \"TimedOut\" }"
                                      : "fail(\"Bad\", \"" + node.name + "\")";
        const std::string guard =
            node.failing_iteration == 0
                ? raise
                : "if i == " + std::to_string(node.failing_iteration) + " then " + raise + " end";
        return head + guard + " end)";
    }

    std::mt19937 random_;
    Pace pace_;
    int names_ = 0;
    RandomBody body_;
};

}  // namespace tideway::testing
