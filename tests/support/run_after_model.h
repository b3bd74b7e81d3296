// What becomes of a flow in the published model of Power Automate: an interpreter of actions with
// "run after" that shares nothing with the engine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/model/status.h"
#include "tests/support/random_flow.h"

namespace tideway::testing {

// The published rules, over actions with "run after".
class RunAfterModel {
  public:
    explicit RunAfterModel(const RandomBody& body) {
        const model::Status status = run(body, 0);
        status_ = terminated_.value_or(status);
    }

    model::Status status() const { return status_; }

    // Of each name, in the order of the iterations.
    const std::map<std::string, std::vector<model::Status>>& steps() const { return steps_; }

  private:
    using Status = model::Status;

    struct Action {
        const RandomNode* node = nullptr;  // none: the join behind a try
        std::map<std::size_t, std::set<Status>> after;
        Status status = Status::kSkipped;
    };

    // Actions in a row. A try is a scope followed by a join that takes it however it ended.
    static std::vector<Action> actions_of(const RandomBody& body) {
        std::vector<Action> out;
        for (const RandomNode& node : body) {
            Action action;
            action.node = &node;
            if (!out.empty()) {
                action.after[out.size() - 1] = {Status::kSucceeded};
            }
            out.push_back(action);
            if (node.kind == RandomNode::Kind::kTry) {
                Action join;
                join.after[out.size() - 1] = {
                    Status::kSucceeded, Status::kFailed, Status::kTimedOut};
                out.push_back(join);
            }
        }
        return out;
    }

    Status run(const RandomBody& body, int iteration) {
        std::vector<Action> actions = actions_of(body);
        for (Action& action : actions) {
            const bool is_ready =
                !terminated_ && std::ranges::all_of(action.after, [&](const auto& key) {
                    return key.second.contains(actions[key.first].status);
                });
            action.status = is_ready ? take(action.node, iteration) : skip(action.node);
        }
        return terminated_ ? Status::kCancelled : combine_leaves(actions);
    }

    static Status combine_leaves(const std::vector<Action>& actions) {
        std::set<std::size_t> leaves;
        for (std::size_t at = 0; at < actions.size(); ++at) {
            leaves.insert(at);
        }
        for (const Action& action : actions) {
            for (const auto& key : action.after) {
                leaves.erase(key.first);
            }
        }
        std::vector<Status> found;
        while (!leaves.empty()) {
            const std::size_t leaf = *leaves.begin();
            leaves.erase(leaves.begin());
            if (actions[leaf].status != Status::kSkipped) {
                found.push_back(actions[leaf].status);
                continue;
            }
            for (const auto& key : actions[leaf].after) {
                leaves.insert(key.first);
            }
        }
        return combine(found);
    }

    static Status combine(const std::vector<Status>& statuses) {
        const auto has = [&](Status status) {
            return std::ranges::find(statuses, status) != statuses.end();
        };
        return has(Status::kFailed)     ? Status::kFailed
               : has(Status::kTimedOut) ? Status::kTimedOut
                                        : Status::kSucceeded;
    }

    Status skip(const RandomNode* node) {
        if (node != nullptr) {
            note(*node, Status::kSkipped);
            for (const RandomBody& body : node->bodies) {
                skip(body);
            }
        }
        return Status::kSkipped;
    }

    void skip(const RandomBody& body) {
        for (const RandomNode& node : body) {
            skip(&node);
        }
    }

    // Where a name will stand: a container is noted before what is in it.
    std::size_t reserve(const RandomNode& node) {
        auto& noted = steps_[node.name];
        noted.push_back(Status::kRunning);
        return noted.size() - 1;
    }

    void note(const RandomNode& node, Status status) { steps_[node.name].push_back(status); }

    Status take(const RandomNode* node, int iteration) {
        if (node == nullptr) {
            return Status::kSucceeded;
        }
        const std::size_t place = reserve(*node);
        const Status status = terminates(*node) ? Status::kSucceeded : outcome(*node, iteration);
        steps_[node->name][place] = status;
        return status;
    }

    bool terminates(const RandomNode& node) {
        if (node.kind != RandomNode::Kind::kTerminate) {
            return false;
        }
        terminated_ = node.result;
        return true;
    }

    Status outcome(const RandomNode& node, int iteration) {
        using Kind = RandomNode::Kind;
        switch (node.kind) {
            case Kind::kStep:
                return node.failing_iteration == 0 || node.failing_iteration == iteration
                           ? node.result
                           : Status::kSucceeded;
            case Kind::kScope:
            case Kind::kTry:
                return run(node.bodies.front(), iteration);
            case Kind::kCondition:
            case Kind::kSwitch:
                return choose(node, iteration);
            case Kind::kParallel:
                return run_all(node, iteration);
            case Kind::kForeach:
                return run_items(node);
            case Kind::kUntil:
                return run_until(node);
            case Kind::kTerminate:
                break;
        }
        return Status::kSucceeded;
    }

    Status choose(const RandomNode& node, int iteration) {
        Status status = Status::kSucceeded;
        for (std::size_t at = 0; at < node.bodies.size(); ++at) {
            if (static_cast<int>(at) == node.taken) {
                status = run(node.bodies[at], iteration);
            } else {
                skip(node.bodies[at]);
            }
        }
        return status;
    }

    Status run_all(const RandomNode& node, int iteration) {
        std::vector<Status> branches;
        for (const RandomBody& body : node.bodies) {
            branches.push_back(run(body, iteration));
        }
        return combine(branches);
    }

    Status run_items(const RandomNode& node) {
        if (node.count == 0) {
            skip(node.bodies.front());
            return Status::kSucceeded;
        }
        std::vector<Status> items;
        for (int item = 1; item <= node.count; ++item) {
            items.push_back(run(node.bodies.front(), item));
        }
        return combine(items);
    }

    // Stops at the first iteration that fails.
    Status run_until(const RandomNode& node) {
        for (int i = 1; i <= node.count; ++i) {
            const Status status = run(node.bodies.front(), i);
            if (status != Status::kSucceeded) {
                return status;
            }
        }
        return Status::kSucceeded;
    }

    std::optional<Status> terminated_;
    Status status_ = Status::kSucceeded;
    std::map<std::string, std::vector<Status>> steps_;
};

}  // namespace tideway::testing
