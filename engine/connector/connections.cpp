#include "engine/connector/connections.h"

namespace tideway::connector {
namespace {

Result<std::map<std::string, Secret, std::less<>>> open_secrets(
    const SecretBox& box, const model::ConnectionRecord& record
) {
    std::map<std::string, Secret, std::less<>> out;
    if (record.sealed.empty()) {
        return out;
    }
    auto opened = box.open(secrets_purpose(record.name), record.sealed);
    if (!opened) {
        Error error = std::move(opened.error());
        error.message =
            "The secrets of connection '" + record.name + "' cannot be read. " + error.message;
        return fail(std::move(error));
    }
    TIDEWAY_TRY_ASSIGN(
        const Json object,
        parse_json(opened->reveal(), "The secrets of connection '" + record.name + "'")
    );
    for (const auto& [name, value] : object.items()) {
        if (value.is_string()) {
            out.emplace(name, Secret(value.get<std::string>()));
        }
    }
    return out;
}

}  // namespace

std::string secrets_purpose(std::string_view connection) {
    return "connection:" + std::string(connection);
}

Status Connections::put(const model::ConnectionRecord& record) {
    auto open = std::make_shared<OpenConnection>();
    open->record = record;
    open->settings = Json::object();
    if (!record.settings.empty()) {
        TIDEWAY_TRY_ASSIGN(
            open->settings,
            parse_json(record.settings.view(), "The settings of connection '" + record.name + "'")
        );
    }
    TIDEWAY_TRY_ASSIGN(open->secrets, open_secrets(box_, record));
    const Lock lock(mutex_);
    open_[record.name] = std::move(open);
    return {};
}

void Connections::remove(std::string_view name) {
    const Lock lock(mutex_);
    if (const auto it = open_.find(name); it != open_.end()) {
        open_.erase(it);
    }
}

std::shared_ptr<const OpenConnection> Connections::get(std::string_view name) const {
    const Lock lock(mutex_);
    const auto it = open_.find(name);
    return it == open_.end() ? nullptr : it->second;
}

std::vector<std::shared_ptr<const OpenConnection>> Connections::all() const {
    const Lock lock(mutex_);
    std::vector<std::shared_ptr<const OpenConnection>> out;
    out.reserve(open_.size());
    for (const auto& [name, connection] : open_) {
        out.push_back(connection);
    }
    return out;
}

}  // namespace tideway::connector
