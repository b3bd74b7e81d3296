// Runtime: changes of records on their way in. An echo is kept in the event history and starts
// nothing.
#include <utility>

#include "engine/runtime/history/secured_admission.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {

void Runtime::admit_change(
    Delivery delivery, RecordChange change, std::function<void(Result<Admitted>)> done
) {
    echoes_.check(
        std::move(change),
        [this,
         delivery = std::move(delivery),
         done = std::move(done)](const std::optional<std::string>& writer) mutable {
            if (writer) {
                drop_echo(delivery, *writer, std::move(done));
                return;
            }
            admit(std::move(delivery), std::move(done));
        }
    );
}

void Runtime::drop_echo(
    const Delivery& delivery, const std::string& writer, std::function<void(Result<Admitted>)> done
) {
    store::Admit admit;
    admit.event.uid = Uid::random();
    admit.event.flow_id = delivery.flow.row.id;
    admit.event.source = delivery.source;
    admit.event.status = model::EventStatus::kDropped;
    admit.event.reason = "echo: " + writer;
    admit.event.payload = delivery.event;
    admit.event.received = dependencies_.clock->now();
    secure(admit, secured_by(delivery.flow));
    Admitted admitted;
    admitted.event_uid = admit.event.uid;
    admitted.status = admit.event.status;
    admitted.reason = admit.event.reason;
    dependencies_.store->submit(
        {{std::move(admit)}},
        [admitted = std::move(admitted),
         done = std::move(done)](Result<std::vector<store::Outcome>> result) mutable {
            if (!result) {
                done(fail(std::move(result.error())));
                return;
            }
            done(std::move(admitted));
        }
    );
}

}  // namespace tideway::runtime
