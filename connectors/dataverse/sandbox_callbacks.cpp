#include "connectors/dataverse/sandbox_callbacks.h"

#include <algorithm>

#include "connectors/dataverse/sandbox_callers.h"
#include "connectors/dataverse/sandbox_references.h"
#include "connectors/dataverse/sandbox_view.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

constexpr std::size_t kDeliveriesKept = 10'000;
constexpr std::chrono::milliseconds kReorderWait{250};

std::string_view message_of(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::kCreate:
            return "Create";
        case ChangeKind::kUpdate:
            return "Update";
        case ChangeKind::kDelete:
            return "Delete";
    }
    return "Update";
}

// 1 Added, 2 Deleted, 3 Modified and their sums as the service numbers them.
bool listens_to(std::int64_t message, ChangeKind kind) {
    switch (kind) {
        case ChangeKind::kCreate:
            return message == 1 || message == 4 || message == 5 || message == 7;
        case ChangeKind::kDelete:
            return message == 2 || message == 5 || message == 6 || message == 7;
        case ChangeKind::kUpdate:
            return message == 3 || message == 4 || message == 6 || message == 7;
    }
    return false;
}

// Scope 1 is the registration owner's own rows; the sandbox has one business unit, so that 2, 3 and
// 4 are everybody's.
bool in_scope(const Row& registration, const RowChange& change) {
    if (int_or(registration, "scope", 4) != 1) {
        return true;
    }
    return reference_of(registration, "ownerid").id == reference_of(change.row, "ownerid").id;
}

// An attribute counts when the request named it, even with the value it had.
bool attributes_match(const Row& registration, const RowChange& change) {
    const std::string wanted = string_or(registration, "filteringattributes");
    if (wanted.empty() || change.kind != ChangeKind::kUpdate) {
        return true;
    }
    for (const auto& [unused, name] : split_arguments(wanted)) {
        std::string trimmed = name;
        std::erase(trimmed, ' ');
        if (change.columns.count(trimmed) > 0) {
            return true;
        }
    }
    return false;
}

bool filter_matches(
    const Database& database, const Row& registration, const RowChange& change, Timestamp now
) {
    const std::string text = string_or(registration, "filterexpression");
    if (text.empty() || change.kind == ChangeKind::kDelete) {
        return true;
    }
    const FilterContext context{
        &database.schema(), now, reference_of(registration, "ownerid").id, {}};
    const auto filter = parse_filter(context, *change.table, text);
    return filter && (*filter)(Scope{&database, &change.row, {}});
}

std::string run_as(const Row& registration, const RowChange& change) {
    switch (int_or(registration, "runas", 3)) {
        case 1:
            return change.user_id;
        case 2:
            return reference_of(change.row, "ownerid").id;
        default:
            return reference_of(registration, "ownerid").id;
    }
}

std::string make_body(
    const Database& database,
    const Row& registration,
    const RowChange& change,
    const std::string& root
) {
    Json body;
    if (change.kind == ChangeKind::kDelete) {
        body = {{change.table->key, change.id}};
    } else {
        const Annotations all("*");
        Query query;
        query.table = change.table;
        body = View{database, all, root}.row(query, change.row);
    }
    body["ItemInternalId"] = change.id;
    body["RowVersion"] = int_or(change.row, "versionnumber", 0);
    body["SdkMessage"] = std::string(message_of(change.kind));
    body["RunAsSystemUserId"] = run_as(registration, change);
    return dump(body);
}

// A number field in milliseconds, not negative and at most an hour.
Outcome<void> read_ms(const Json& fields, const char* name, Duration& out) {
    const Json* value = tideway::find(fields, name);
    if (value == nullptr) {
        return {};
    }
    const std::int64_t ms = value->is_number_integer() ? value->get<std::int64_t>() : -1;
    if (ms < 0 || ms > 3'600'000) {
        return refuse(400, codes::kInvalidArgument, std::string(name) + " must be 0 to 3600000.");
    }
    out = std::chrono::milliseconds(ms);
    return {};
}

Outcome<void> read_count(
    const Json& fields, const char* name, std::int64_t most, std::int64_t& out
) {
    const Json* value = tideway::find(fields, name);
    if (value == nullptr) {
        return {};
    }
    out = value->is_number_integer() ? value->get<std::int64_t>() : -1;
    if (out < 0 || out > most) {
        return refuse(
            400,
            codes::kInvalidArgument,
            std::string(name) + " must be 0 to " + std::to_string(most) + "."
        );
    }
    return {};
}

}  // namespace

Json Lag::to_json() const {
    const auto ms = [](Duration d) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
    };
    return {
        {"delay_ms", ms(delay)},
        {"duplicates", duplicates},
        {"lose", lose},
        {"reorder", reorder},
        {"paused", paused},
        {"attempts", attempts},
        {"retry_ms", ms(retry_after)}};
}

Outcome<void> Lag::change(const Json& fields) {
    Lag next = *this;
    std::int64_t copies = next.duplicates;
    std::int64_t lost = next.lose;
    auto collected = static_cast<std::int64_t>(next.reorder);
    std::int64_t tries = next.attempts;
    TIDEWAY_DV_TRY(read_ms(fields, "delay_ms", next.delay));
    TIDEWAY_DV_TRY(read_ms(fields, "retry_ms", next.retry_after));
    TIDEWAY_DV_TRY(read_count(fields, "duplicates", 100, copies));
    TIDEWAY_DV_TRY(read_count(fields, "lose", 1000, lost));
    TIDEWAY_DV_TRY(read_count(fields, "reorder", 1000, collected));
    TIDEWAY_DV_TRY(read_count(fields, "attempts", 100, tries));
    next.duplicates = static_cast<int>(copies);
    next.lose = static_cast<int>(lost);
    next.reorder = static_cast<std::size_t>(collected);
    next.attempts = static_cast<int>(tries);
    next.paused = bool_or(fields, "paused", paused);
    *this = next;
    return {};
}

Callbacks::Callbacks(Loop& loop, http::Client& client, const Database& database, const Clock& clock)
    : loop_(loop),
      client_(client),
      database_(database),
      clock_(clock),
      self_(std::make_shared<Callbacks*>(this)) {}

Callbacks::~Callbacks() {
    *self_ = nullptr;
}

void Callbacks::on_changes(const std::vector<RowChange>& changes, const std::string& root) {
    for (const RowChange& change : changes) {
        for (const auto& [id, registration] : database_.rows("callbackregistration")) {
            const bool matches = string_or(registration, "entityname") == change.table->name &&
                                 listens_to(int_or(registration, "message", 0), change.kind) &&
                                 in_scope(registration, change) &&
                                 attributes_match(registration, change) &&
                                 filter_matches(database_, registration, change, clock_.now());
            if (!matches) {
                continue;
            }
            if (lag_.lose > 0) {
                --lag_.lose;
                continue;
            }
            Delivery delivery;
            delivery.registration = id;
            delivery.url = string_or(registration, "url");
            delivery.table = change.table->name;
            delivery.row_id = change.id;
            delivery.message = std::string(message_of(change.kind));
            delivery.body = make_body(database_, registration, change, root);
            delivery.at = clock_.now();
            for (int copy = 0; copy <= lag_.duplicates; ++copy) {
                enqueue(delivery);
            }
        }
    }
}

void Callbacks::enqueue(Delivery delivery) {
    while (deliveries_.size() >= kDeliveriesKept && deliveries_.begin()->second.state != "waiting"
    ) {
        deliveries_.erase(deliveries_.begin());
    }
    delivery.id = next_id_++;
    const std::int64_t id = delivery.id;
    deliveries_.emplace(id, std::move(delivery));
    held_.push_back(id);
    if (lag_.paused) {
        return;
    }
    if (lag_.reorder <= 1 || held_.size() >= lag_.reorder) {
        release_held();
        return;
    }
    flush_ = loop_.after(kReorderWait, [this] { release_held(); });
}

void Callbacks::release_held() {
    if (lag_.paused) {
        return;
    }
    if (lag_.reorder > 1) {
        std::reverse(held_.begin(), held_.end());
    }
    for (const std::int64_t id : std::exchange(held_, {})) {
        schedule(id, lag_.delay);
    }
}

void Callbacks::schedule(std::int64_t id, Duration delay) {
    if (delay > Duration(0)) {
        timers_[id] = loop_.after(delay, [this, id] { attempt(id); });
        return;
    }
    loop_.post([self = std::weak_ptr<Callbacks*>(self_), id] {
        if (const auto alive = self.lock(); alive && *alive != nullptr) {
            (*alive)->attempt(id);
        }
    });
}

void Callbacks::attempt(std::int64_t id) {
    timers_.erase(id);
    const auto found = deliveries_.find(id);
    if (found == deliveries_.end()) {
        return;
    }
    if (lag_.paused) {
        held_.push_back(id);
        return;
    }
    Delivery& delivery = found->second;
    ++delivery.attempts;
    http::Request request;
    request.method = "POST";
    request.url = delivery.url;
    request.headers.add("Content-Type", "application/json; charset=utf-8");
    request.body = delivery.body;
    request.timeout = std::chrono::seconds(30);
    http::NetworkPolicy anywhere;
    anywhere.allow_private = true;
    anywhere.allow_plain_http = true;
    client_.send(
        std::move(request),
        anywhere,
        [self = std::weak_ptr<Callbacks*>(self_), id](const http::Exchange& exchange) {
            if (const auto alive = self.lock(); alive && *alive != nullptr) {
                (*alive)->finish(id, exchange);
            }
        }
    );
}

void Callbacks::finish(std::int64_t id, const http::Exchange& exchange) {
    const auto found = deliveries_.find(id);
    if (found == deliveries_.end()) {
        return;
    }
    Delivery& delivery = found->second;
    delivery.status = exchange ? exchange->status : 0;
    delivery.error = exchange ? "" : exchange.error().error.message;
    if (exchange && exchange->status >= 200 && exchange->status < 300) {
        delivery.state = "delivered";
        return;
    }
    if (delivery.attempts >= lag_.attempts) {
        delivery.state = "failed";
        return;
    }
    const int doublings = std::min(delivery.attempts - 1, 10);
    schedule(id, lag_.retry_after * (1 << doublings));
}

Outcome<void> Callbacks::change_lag(const Json& fields) {
    TIDEWAY_DV_TRY(lag_.change(fields));
    release_held();
    return {};
}

Json Callbacks::deliveries() const {
    Json out = Json::array();
    for (const auto& [id, each] : deliveries_) {
        out.push_back(
            {{"id", id},
             {"registration", each.registration},
             {"url", each.url},
             {"table", each.table},
             {"row", each.row_id},
             {"message", each.message},
             {"state", each.state},
             {"attempts", each.attempts},
             {"status", each.status},
             {"error", each.error},
             {"at", format_utc(each.at)}}
        );
    }
    return out;
}

std::size_t Callbacks::pending() const {
    return static_cast<std::size_t>(std::count_if(
        deliveries_.begin(),
        deliveries_.end(),
        [](const auto& each) { return each.second.state == "waiting"; }
    ));
}

void Callbacks::clear() {
    deliveries_.clear();
    held_.clear();
    timers_.clear();
    flush_.reset();
}

}  // namespace tideway::connectors::dataverse::sandbox
