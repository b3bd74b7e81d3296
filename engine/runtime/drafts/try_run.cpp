// Runtime: a draft is tried with the event of an earlier run.
#include <span>
#include <utility>

#include "engine/runtime/history/secured_admission.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {

void Runtime::try_out(
    model::RunRecord original,
    FlowEntry draft,
    std::string person,
    std::function<void(Result<Admitted>)> done
) {
    readers_.run([this,
                  original = std::move(original),
                  draft = std::move(draft),
                  person = std::move(person),
                  done = std::move(done)](store::Reader& reader) mutable {
        auto event = reader.event(original.event_id);
        if (!event || !*event) {
            done(fail(
                ErrorKind::kNotFound,
                "EventGone",
                "The event of the run " + original.uid.hex() + " is not in history any more."
            ));
            return;
        }
        Delivery delivery;
        delivery.flow = std::move(draft);
        delivery.source = "try";
        delivery.person = std::move(person);
        delivery.effects = model::Effects::kMuted;
        // Of nobody's lineage, and in no line: it changes nothing that would have to wait.
        store::Admit admit = make_admission(delivery, (*event)->payload, Uid::random());
        admit.event.reason = "The event of the run " + original.uid.hex() + ", with the draft.";
        admit.event.is_secured = admit.event.is_secured || (*event)->is_secured;
        admit.run->is_secured = admit.run->is_secured || original.is_secured;
        store::Batch batch{{admit}};
        dependencies_.store->submit(
            std::move(batch),
            [this,
             admit = std::move(admit),
             done = std::move(done)](Result<std::vector<store::Outcome>> stored) mutable {
                if (!stored) {
                    done(fail(std::move(stored.error())));
                    return;
                }
                done(take_up(std::span(&admit, 1), *stored));
            }
        );
    });
}

}  // namespace tideway::runtime
