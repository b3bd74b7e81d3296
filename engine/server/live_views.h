// Server-sent events: every change of a run's status, to whoever watches.
#pragma once

#include <memory>
#include <vector>

#include "engine/base/threading.h"
#include "engine/http/server.h"
#include "engine/runtime/flow_catalog.h"

namespace tideway::server {

// Thread: any.
class LiveViews {
  public:
    explicit LiveViews(const runtime::FlowCatalog& catalog)
        : catalog_(catalog) {}

    void add(std::shared_ptr<http::EventStream> stream);
    void publish(const model::RunRecord& run);
    void close();

  private:
    const runtime::FlowCatalog& catalog_;
    Mutex mutex_;
    std::vector<std::shared_ptr<http::EventStream>> streams_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::server
