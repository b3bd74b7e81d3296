#include "engine/runtime/fan_out.h"

#include <algorithm>
#include <utility>

#include "engine/base/json.h"
#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

constexpr Duration kRoomInterval = std::chrono::milliseconds(50);
constexpr Duration kRetryInterval = std::chrono::seconds(1);

}  // namespace

void FanOut::begin(store::FanOutRow event, std::vector<Payload> items) {
    services_.executor->post([this, event = std::move(event), items = std::move(items)]() mutable {
        const model::EventId id = event.event_id;
        jobs_[id] = Job{std::move(event), std::move(items), nullptr};
        go_on(id);
    });
}

void FanOut::go_on(model::EventId event) {
    const auto it = jobs_.find(event);
    if (it == jobs_.end()) {
        return;
    }
    if (!services_.has_room()) {
        go_on_later(event, kRoomInterval);
        return;
    }
    const store::FanOutRow& row = it->second.event;
    const std::int64_t end = std::min(row.count, row.next + limits::kFanOutChunk);
    store::Batch batch;
    std::vector<store::Admit> admits;
    for (std::int64_t i = row.next; i < end; ++i) {
        admits.push_back(services_.make(row, it->second.items.at(static_cast<std::size_t>(i))));
        batch.commands.emplace_back(admits.back());
    }
    batch.commands.emplace_back(store::AdvanceFanOut{event, row.next, end});
    services_.store->submit(
        std::move(batch),
        [this, event, admits = std::move(admits)](Result<std::vector<store::Outcome>> result
        ) mutable {
            services_.executor->post(
                [this, event, admits = std::move(admits), result = std::move(result)]() mutable {
                    committed(event, std::move(admits), std::move(result));
                }
            );
        }
    );
}

void FanOut::go_on_later(model::EventId event, Duration delay) {
    jobs_.at(event).timer = services_.executor->after(delay, [this, event] { go_on(event); });
}

void FanOut::committed(
    model::EventId event,
    std::vector<store::Admit> admits,
    Result<std::vector<store::Outcome>> result
) {
    Job& job = jobs_.at(event);
    if (!result) {
        services_.log->warning(
            "the runs of a split event wait", {{"event", event}, {"error", result.error().text()}}
        );
        go_on_later(event, kRetryInterval);
        return;
    }
    for (std::size_t i = 0; i < admits.size(); ++i) {
        services_.adopt(std::move(admits[i]), (*result)[i]);
    }
    for (const model::RunId run : result->back().turns) {
        services_.dispatch(run);
    }
    job.event.next += static_cast<std::int64_t>(admits.size());
    if (job.event.next < job.event.count) {
        go_on(event);
        return;
    }
    jobs_.erase(event);
}

Result<std::vector<Payload>> items_of_fan_out(store::Reader& reader, model::EventId event) {
    TIDEWAY_TRY_ASSIGN(const Payload kept, reader.fan_out_items(event));
    TIDEWAY_TRY_ASSIGN(const Json array, parse_json(kept.view(), "the items of a split event"));
    std::vector<Payload> out;
    out.reserve(array.size());
    for (const Json& item : array) {
        out.push_back(to_payload(item));
    }
    return out;
}

Payload join_items(const std::vector<Payload>& items) {
    std::string out = "[";
    for (const Payload& item : items) {
        out += out.size() == 1 ? "" : ",";
        out += item.view();
    }
    out += ']';
    return Payload(std::move(out));
}

}  // namespace tideway::runtime
