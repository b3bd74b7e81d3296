#include "engine/runtime/history/cancellation.h"

#include <memory>

#include "engine/base/threading.h"

namespace tideway::runtime {
namespace {

class Cancellation {
  public:
    Cancellation(std::size_t runs, std::function<void(const CancelReport&)> done)
        : waiting_for_(runs),
          done_(std::move(done)) {}

    void note(const Uid& run, const Status& status) {
        const Lock lock(mutex_);
        if (status) {
            report_.cancelled.push_back(run);
        } else if (status.error().code != "RunEnded") {
            report_.failed.emplace_back(run, status.error());
        }
        if (--waiting_for_ == 0) {
            done_(report_);
        }
    }

  private:
    Mutex mutex_;
    CancelReport report_ TIDEWAY_GUARDED_BY(mutex_);
    std::size_t waiting_for_ TIDEWAY_GUARDED_BY(mutex_);
    std::function<void(const CancelReport&)> done_;
};

}  // namespace

void cancel_all(
    Runtime& runtime,
    const std::vector<model::RunRecord>& runs,
    const std::string& reason,
    std::function<void(const CancelReport&)> done
) {
    if (runs.empty()) {
        done({});
        return;
    }
    const auto cancellation = std::make_shared<Cancellation>(runs.size(), std::move(done));
    for (const model::RunRecord& run : runs) {
        runtime.cancel(run.id, reason, [cancellation, uid = run.uid](const Status& status) {
            cancellation->note(uid, status);
        });
    }
}

}  // namespace tideway::runtime
