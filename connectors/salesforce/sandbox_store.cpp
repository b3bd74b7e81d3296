#include "connectors/salesforce/sandbox_store.h"

#include <utility>

namespace tideway::connectors::salesforce::sandbox {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// What the service derives from other fields.
void derive(const Object& object, Json& record) {
    if (object.name == "Opportunity") {
        const std::string stage = string_or(record, "StageName");
        record["IsClosed"] = stage.starts_with("Closed");
        record["IsWon"] = stage == "Closed Won";
        return;
    }
    if (object.field("FirstName") != nullptr) {
        const std::string first = string_or(record, "FirstName");
        record["Name"] = first + (first.empty() ? "" : " ") + string_or(record, "LastName");
    }
}

}  // namespace

std::string wire_time(Timestamp at) {
    std::string text = format_utc(std::chrono::floor<std::chrono::seconds>(at));
    text.pop_back();
    return text + ".000+0000";
}

// Three characters say which of the fifteen are capitals.
std::string full_id(std::string_view short_id) {
    constexpr std::string_view kMarks = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    std::string out(short_id.substr(0, 15));
    for (std::size_t part = 0; part < 3; ++part) {
        std::size_t bits = 0;
        for (std::size_t i = 0; i < 5; ++i) {
            const char c = short_id[part * 5 + i];
            bits |= (c >= 'A' && c <= 'Z' ? 1U : 0U) << i;
        }
        out += kMarks[bits];
    }
    return out;
}

const Store::Records& Store::records(const Object& object) const {
    static const Records kNone;
    const auto it = records_.find(object.name);
    return it == records_.end() ? kNone : it->second;
}

const Json* Store::find_record(const Object& object, std::string_view id) const {
    const Records& all = records(object);
    const auto it = all.find(id.size() == 15 ? full_id(id) : std::string(id));
    return it == all.end() ? nullptr : &it->second;
}

std::string Store::next_id(const Object& object) {
    std::string number;
    for (std::int64_t rest = next_number_++; rest > 0; rest /= 62) {
        number.insert(number.begin(), kDigits[static_cast<std::size_t>(rest % 62)]);
    }
    return full_id(object.prefix + "Tw" + std::string(10 - number.size(), '0') + number);
}

std::string Store::insert(const Object& object, Json fields, const std::string& user) {
    const std::string id = next_id(object);
    Json record = Json::object();
    for (const Field& field : object.fields) {
        record[field.name] = field.fallback;
    }
    if (object.field("OwnerId") != nullptr) {
        record["OwnerId"] = user;
    }
    record.update(fields);
    record["Id"] = id;
    for (const char* stamp : {"CreatedDate", "LastModifiedDate", "SystemModstamp"}) {
        record[stamp] = wire_time(clock_.now());
    }
    record["CreatedById"] = user;
    record["LastModifiedById"] = user;
    derive(object, record);
    records_[object.name][id] = std::move(record);
    changes_.push_back({ChangeKind::kCreate, &object, id, std::move(fields)});
    return id;
}

void Store::update(
    const Object& object, const std::string& id, const Json& fields, const std::string& user
) {
    Json& record = records_[object.name][id];
    Json changed = Json::object();
    for (const auto& [name, value] : fields.items()) {
        if (record[name] != value) {
            changed[name] = value;
        }
    }
    record.update(fields);
    record["LastModifiedDate"] = wire_time(clock_.now());
    record["SystemModstamp"] = record["LastModifiedDate"];
    record["LastModifiedById"] = user;
    derive(object, record);
    changes_.push_back({ChangeKind::kUpdate, &object, id, std::move(changed)});
}

void Store::remove(const Object& object, const std::string& id, const std::string& user) {
    update(object, id, {{"IsDeleted", true}}, user);
    changes_.back() = {ChangeKind::kDelete, &object, id, Json::object()};
}

std::vector<Change> Store::take_changes() {
    return std::exchange(changes_, {});
}

void Store::rollback(Savepoint to) {
    records_ = std::move(to.records);
    changes_.resize(to.changes);
}

void Store::clear() {
    records_.clear();
    changes_.clear();
    next_number_ = 1;
}

Json Store::save() const {
    Json all = Json::object();
    for (const auto& [object, records] : records_) {
        for (const auto& [id, record] : records) {
            all[object][id] = record;
        }
    }
    return {{"next_number", next_number_}, {"records", std::move(all)}};
}

Status Store::load(const Json& state) {
    const Json* all = find(state, "records");
    if (all == nullptr || !all->is_object()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidSandboxState",
            "The sandbox's saved state has no object 'records'.",
            "Delete the file to start from seed data."
        );
    }
    clear();
    next_number_ = int_or(state, "next_number", 1);
    for (const auto& [name, records] : all->items()) {
        const Object* object = schema_.object(name);
        for (const auto& [id, record] : records.items()) {
            if (object != nullptr) {
                records_[object->name][id] = record;
            }
        }
    }
    return {};
}

}  // namespace tideway::connectors::salesforce::sandbox
