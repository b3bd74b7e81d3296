// Runs to search among, and what a search finds.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/store_conformance.h"

namespace tideway::tests {

class StoreSearch : public StoreConformance {
  protected:
    store::RunId run_at(int second, store::FlowId flow = 7) {
        store::Admit admit = sample_admit(flow);
        admit.run->created = at_second(second);
        admit.event.received = at_second(second);
        return done(admit).run_id;
    }

    store::RunId tracked_run(std::vector<model::TrackedValue> values) {
        const store::RunId id = new_run();
        store::AppendJournal append = sample_append(id, 1, 1);
        append.tracked = std::move(values);
        done(append);
        return id;
    }

    store::RunId failed_run(
        const std::string& code,
        const std::string& message,
        const std::string& fingerprint = "f1",
        store::FlowId flow = 7
    ) {
        const store::RunId id = new_run(flow);
        fail_run(id, code, message, fingerprint);
        return id;
    }

    void fail_run(
        store::RunId id,
        const std::string& code,
        const std::string& message,
        const std::string& fingerprint
    ) {
        model::StepError error;
        error.code = code;
        error.message = message;
        error.step = "(Scope) Synchronize/Write the CRM ID back";
        store::AppendJournal end;
        end.run_id = id;
        end.run = ended_run(model::Status::kFailed);
        end.run->code = "ActionFailed";
        end.run->failed_step = error.step;
        end.run->fingerprint = fingerprint;
        end.run->error = model::to_payload(error);
        done(end);
    }

    std::vector<store::RunId> found(const store::RunFilter& filter) {
        const auto page = reader().runs(filter);
        EXPECT_TRUE(page) << (page ? "" : page.error().text());
        std::vector<store::RunId> out;
        for (const model::RunRecord& run : page->runs) {
            out.push_back(run.id);
        }
        return out;
    }

    // All pages, each within its window.
    std::vector<store::RunId> found_page_by_page(store::RunFilter filter) {
        std::vector<store::RunId> out;
        do {
            const auto page = reader().runs(filter);
            EXPECT_TRUE(page);
            for (const model::RunRecord& run : page->runs) {
                out.push_back(run.id);
            }
            filter.before_id = page->next_before;
        } while (filter.before_id != 0);
        return out;
    }
};

}  // namespace tideway::tests
