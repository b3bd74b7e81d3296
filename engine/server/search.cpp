#include "engine/server/search.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/limits.h"
#include "engine/http/url.h"

namespace tideway::server {
namespace {

tl::unexpected<Error> invalid(std::string message, std::string remedy = {}) {
    return fail(ErrorKind::kInvalidInput, "InvalidFilter", std::move(message), std::move(remedy));
}

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : dump(value);
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> out;
    std::size_t from = 0;
    while (from <= text.size()) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        out.push_back(text.substr(from, comma - from));
        from = comma + 1;
    }
    return out;
}

// Takes field after field; done() names one that nobody took. The first error stays.
class Fields {
  public:
    Fields(const Json& fields, const runtime::FlowCatalog& catalog)
        : fields_(fields),
          catalog_(catalog) {
        if (!fields.is_object()) {
            failed(invalid("A filter is a JSON object."));
        }
    }

    // Every value of a field: one, or those of a list.
    std::vector<std::string> all(const char* name) {
        known_.emplace_back(name);
        const Json* value = find(fields_, name);
        std::vector<std::string> out;
        if (value == nullptr || value->is_null()) {
            return out;
        }
        if (!value->is_array()) {
            return {text_of(*value)};
        }
        std::ranges::transform(*value, std::back_inserter(out), text_of);
        return out;
    }

    std::string text(const char* name) {
        const auto values = all(name);
        if (values.size() > 1) {
            failed(invalid(std::string("'") + name + "' can be asked for once."));
        }
        return values.empty() ? std::string() : values.front();
    }

    std::optional<model::FlowId> flow() {
        const std::string name = text("flow");
        if (name.empty()) {
            return std::nullopt;
        }
        const auto found = catalog_.flow(name);
        if (!found) {
            failed(fail(found.error()));
            return std::nullopt;
        }
        return found->row.id;
    }

    template <typename Value, typename Parse>
    std::optional<Value> parsed(const char* name, const Parse& parse, const char* wanted) {
        const std::string given = text(name);
        if (given.empty()) {
            return std::nullopt;
        }
        std::optional<Value> out = parse(given);
        if (!out) {
            failed(invalid(std::string("'") + name + "' is '" + given + "', not " + wanted + "."));
        }
        return out;
    }

    std::optional<Timestamp> time(const char* name) {
        return parsed<Timestamp>(
            name,
            [](const std::string& given) { return parse_utc(given); },
            "a time such as 2026-02-03T10:00:00Z or 2026-02-03"
        );
    }

    std::optional<Uid> uid(const char* name) {
        return parsed<Uid>(
            name, [](const std::string& given) { return Uid::parse(given); }, "the id of a run"
        );
    }

    std::int64_t number(const char* name, std::int64_t fallback) {
        const auto parse = [](const std::string& given) -> std::optional<std::int64_t> {
            std::int64_t out = 0;
            const char* end = given.data() + given.size();
            const auto read = std::from_chars(given.data(), end, out);
            const bool is_good = read.ec == std::errc() && read.ptr == end && out > 0;
            return is_good ? std::optional(out) : std::nullopt;
        };
        return parsed<std::int64_t>(name, parse, "a number above 0").value_or(fallback);
    }

    int limit(int fallback) {
        const auto most = static_cast<std::int64_t>(limits::kPageSizeMax);
        return static_cast<int>(std::min(number("limit", fallback), most));
    }

    template <typename Status, typename Parse>
    std::vector<Status> statuses(const Parse& parse, const char* remedy) {
        std::vector<Status> out;
        for (const std::string& given : all("status")) {
            for (const std::string& word :
                 given.empty() ? std::vector<std::string>() : words_of(given)) {
                if (const auto status = parse(word)) {
                    out.push_back(*status);
                } else {
                    failed(invalid("'" + word + "' is not a status here.", remedy));
                }
            }
        }
        return out;
    }

    std::vector<model::TrackedValue> tracked() {
        std::vector<model::TrackedValue> out;
        for (const std::string& given : all("tracked")) {
            const std::size_t equals = given.find('=');
            if (equals == std::string::npos || equals == 0) {
                failed(invalid(
                    "'tracked' is '" + given + "', not a name, '=' and a value.",
                    "Write it as deal=ABC."
                ));
                continue;
            }
            out.push_back({given.substr(0, equals), given.substr(equals + 1)});
        }
        return out;
    }

    Status done() {
        if (status_ && fields_.is_object()) {
            for (const auto& [name, value] : fields_.items()) {
                check_known(name);
            }
        }
        return status_;
    }

  private:
    void check_known(const std::string& name) {
        if (std::ranges::find(known_, name) != known_.end()) {
            return;
        }
        std::string names;
        for (const std::string& known : known_) {
            names += (names.empty() ? "" : ", ") + known;
        }
        failed(invalid("There is no '" + name + "' to search by.", "Use " + names + "."));
    }

    void failed(tl::unexpected<Error> error) {
        if (status_) {
            status_ = std::move(error);
        }
    }

    const Json& fields_;
    const runtime::FlowCatalog& catalog_;
    std::vector<std::string> known_;
    Status status_;
};

}  // namespace

Json fields_of_query(std::string_view query) {
    Json out = Json::object();
    for (const auto& [name, value] : http::parse_query(query)) {
        const auto [field, is_new] = out.emplace(name, value);
        if (is_new) {
            continue;
        }
        if (!field->is_array()) {
            *field = Json::array({*field});
        }
        field->push_back(value);
    }
    return out;
}

Result<store::RunFilter> parse_run_filter(const Json& fields, const runtime::FlowCatalog& catalog) {
    Fields from(fields, catalog);
    store::RunFilter filter;
    filter.flow_id = from.flow();
    filter.statuses = from.statuses<model::Status>(
        model::parse_status,
        "Use Waiting, Running, Succeeded, Failed, Cancelled, TimedOut, Skipped or Paused."
    );
    filter.created_from = from.time("from");
    filter.created_to = from.time("to");
    filter.outcome = from.text("outcome");
    filter.fingerprint = from.text("fingerprint");
    filter.error_code = from.text("code");
    filter.record_id = from.text("record_id");
    filter.person = from.text("started_by");
    filter.tracked = from.tracked();
    filter.text = from.text("text");
    filter.root_uid = from.uid("root");
    filter.parent_uid = from.uid("parent");
    filter.before_id = from.number("before", 0);
    filter.limit = from.limit(filter.limit);
    TIDEWAY_TRY(from.done());
    return filter;
}

Result<store::EventFilter> parse_event_filter(
    const Json& fields, const runtime::FlowCatalog& catalog
) {
    Fields from(fields, catalog);
    store::EventFilter filter;
    filter.flow_id = from.flow();
    filter.statuses = from.statuses<model::EventStatus>(
        model::parse_event_status,
        "Use Accepted, Refused, Duplicate, Coalesced, ConditionUnmet, Failed or Dropped."
    );
    filter.received_from = from.time("from");
    filter.received_to = from.time("to");
    filter.before_id = from.number("before", 0);
    filter.limit = from.limit(100);
    TIDEWAY_TRY(from.done());
    return filter;
}

Result<store::GroupFilter> parse_group_filter(
    const Json& fields, const runtime::FlowCatalog& catalog
) {
    Fields from(fields, catalog);
    store::GroupFilter filter;
    filter.flow_id = from.flow();
    filter.created_from = from.time("from");
    filter.created_to = from.time("to");
    filter.before_id = from.number("before", 0);
    filter.limit = from.limit(filter.limit);
    TIDEWAY_TRY(from.done());
    return filter;
}

}  // namespace tideway::server
