#include "engine/store/sql_query.h"

namespace tideway::store {

void SqlQuery::set(std::string_view name, std::int64_t value) {
    if (statement_) {
        (*statement_)->bind_integer(name, value);
    }
}

void SqlQuery::set(std::string_view name, std::string_view value) {
    if (statement_) {
        (*statement_)->bind_text(name, value);
    }
}

void SqlQuery::set(std::string_view name, std::optional<Timestamp> value) {
    if (value) {
        set(name, to_micros(*value));
    } else if (statement_) {
        (*statement_)->bind_null(name);
    }
}

void SqlQuery::set(std::string_view name, const Uid& value) {
    if (!value.is_none()) {
        set_bytes(name, value.raw());
    } else if (statement_) {
        (*statement_)->bind_null(name);
    }
}

void SqlQuery::set_bytes(std::string_view name, std::string_view value) {
    if (statement_) {
        (*statement_)->bind_bytes(name, value);
    }
}

Result<bool> SqlQuery::step() {
    if (!statement_) {
        return tl::unexpected<Error>(statement_.error());
    }
    column_ = 0;
    return (*statement_)->step();
}

Status SqlQuery::run() {
    TIDEWAY_TRY(step());
    return {};
}

void SqlQuery::reset() {
    if (statement_) {
        (*statement_)->reset();
    }
}

std::optional<Timestamp> SqlQuery::optional_timestamp() {
    if ((*statement_)->is_null(column_)) {
        ++column_;
        return std::nullopt;
    }
    return timestamp();
}

Payload SqlQuery::payload() {
    const std::string_view bytes = view();
    return bytes.empty() ? Payload() : Payload(std::string(bytes));
}

}  // namespace tideway::store
