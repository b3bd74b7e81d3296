// Runtime: changes of records on their way in. The ledger is asked first whose they are.
#include <utility>

#include "engine/runtime/runtime.h"

namespace tideway::runtime {

void Runtime::admit_all(
    std::vector<Delivery> deliveries,
    std::vector<store::Command> beside,
    std::function<void(Result<std::vector<Admitted>>)> done
) {
    std::vector<RecordChange> changes;
    std::vector<std::size_t> of_delivery;
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
        if (deliveries[i].change) {
            changes.push_back(*std::exchange(deliveries[i].change, std::nullopt));
            of_delivery.push_back(i);
        }
    }
    if (changes.empty()) {
        admit_genuine(std::move(deliveries), std::move(beside), std::move(done));
        return;
    }
    echoes_.check_all(
        std::move(changes),
        [this,
         of_delivery = std::move(of_delivery),
         deliveries = std::move(deliveries),
         beside = std::move(beside),
         done = std::move(done)](std::vector<std::optional<std::string>> writers) mutable {
            for (std::size_t i = 0; i < writers.size(); ++i) {
                deliveries[of_delivery[i]].writer = std::move(writers[i]);
            }
            admit_genuine(std::move(deliveries), std::move(beside), std::move(done));
        }
    );
}

}  // namespace tideway::runtime
