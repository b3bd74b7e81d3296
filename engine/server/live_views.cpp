#include "engine/server/live_views.h"

#include <utility>

#include "engine/server/views.h"

namespace tideway::server {

void LiveViews::add(std::shared_ptr<http::EventStream> stream) {
    const Lock lock(mutex_);
    streams_.push_back(std::move(stream));
}

void LiveViews::publish(const model::RunRecord& run) {
    std::vector<std::shared_ptr<http::EventStream>> streams;
    {
        const Lock lock(mutex_);
        std::erase_if(streams_, [](const auto& stream) { return !stream->is_open(); });
        streams = streams_;
    }
    if (streams.empty()) {
        return;
    }
    const std::string data = dump(view(run, catalog_));
    for (const auto& stream : streams) {
        stream->send("run", data);
    }
}

void LiveViews::close() {
    const Lock lock(mutex_);
    for (const auto& stream : streams_) {
        stream->close();
    }
    streams_.clear();
}

}  // namespace tideway::server
