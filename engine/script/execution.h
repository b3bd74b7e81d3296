// One run's life in a VM: its environment, its branches (Lua threads scheduled here) and the door
// to its StepHost.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/payload.h"
#include "engine/model/journal_row.h"
#include "engine/script/step_host.h"
#include "engine/script/vm.h"

namespace tideway::script {

// What `run_info` shows.
struct RunInfo {
    std::string id;           // uid, hex
    std::string resubmit_of;  // uid or empty
    std::string started_by;   // who sent the event by hand, or empty
    std::string version;      // content hash of the flow version
    std::string flow;
    std::string environment;
};

struct ExecutionState {
    enum class Kind {
        kPreempted,  // the quantum is used up: call resume() when it is its turn again
        kWaiting,    // every branch waits for a deliver()
        kReturned,   // run() returned `value`
        kFailed,     // run() raised `error`
        kStopped,    // after stop() or an Answer::kStop
        kVmLost,     // the VM met its memory cap because of another run: replay in a new VM
    };
    Kind kind = Kind::kWaiting;
    Payload value;
    model::StepError error;
};

// Thread: that of its Vm. Determinism: given the same event and the same answers in the same order,
// it makes the same requests in the same order; preemption does not change it (a preempted branch
// goes on before any other branch of its run).
class Execution {
  public:
    // `vm` and `host` outlive it.
    static std::unique_ptr<Execution> create(Vm& vm, StepHost& host, RunInfo info);

    virtual ~Execution() = default;

    // Starts run(event) and lets every branch go until it waits.
    virtual ExecutionState start(const Payload& event) = 0;

    // Resumes the branch that waits at `path`, then lets all that are ready go. False in `known`
    // when no branch waits there: a divergence, nothing happened.
    struct Delivery {
        bool known = false;
        ExecutionState state;
    };

    virtual Delivery deliver(std::string_view path, const Answer& answer) = 0;

    // Goes on after kPreempted.
    virtual ExecutionState resume() = 0;

    // From now on nothing of the run executes any more; open branches are closed, uncatchably.
    virtual void stop() = 0;

    // Paths of the branches that wait, in the order in which they came to wait.
    virtual std::vector<std::string> waiting() const = 0;

    virtual std::size_t memory_bytes() const = 0;  // of this run
};

}  // namespace tideway::script
