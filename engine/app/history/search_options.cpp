#include "engine/app/history/search_options.h"

#include <algorithm>
#include <iostream>
#include <utility>

namespace tideway::app {
namespace {

constexpr int kPage = 500;

constexpr SearchField kFlow{"flow", "--flow", "Only of this flow"};
constexpr SearchField kFrom{
    "from", "--from", "From this time on: 2026-02-03, 2026-02-03T10:00:00Z"};
constexpr SearchField kTo{"to", "--to", "Before this time"};

constexpr SearchField kOfRuns[] = {
    {"status", "--status", "Failed,Paused ..."},
    {"outcome", "--outcome", "The flow's own word, such as created"},
    {"tracked", "--tracked", "A value that the run tracked: deal=ABC (repeatable)"},
    {"record_id", "--record", "Runs with an effect on this record"},
    {"started_by", "--started-by", "Runs that this person started by hand"},
    {"fingerprint", "--fingerprint", "Failures of this group (runs groups)"},
    {"text", "--text", "Text in failing step, error message, outcome reason, tracked values"},
    {"root", "--root", "The lineage that begins with this run: it, and what was resubmitted"},
    {"parent", "--parent", "Runs that this run called"},
};

constexpr const char* kErrorCodeHelp = "The code of the error, such as NotFound";

// Path and fields of a page.
std::string address(const std::string& path, const http::QueryFields& fields) {
    return fields.empty() ? path : path + "?" + http::print_query(fields);
}

}  // namespace

void SearchOptions::add(CLI::App& command, const SearchField& field) {
    given_.push_back(std::make_unique<Given>(Given{field.name, {}}));
    command.add_option(field.option, given_.back()->values, field.help)->allow_extra_args(false);
}

void SearchOptions::add_to_runs(CLI::App& command) {
    add_to_groups(command);
    for (const SearchField& field : kOfRuns) {
        add(command, field);
    }
    add(command, {"code", "--code,--error-code", kErrorCodeHelp});
}

void SearchOptions::add_to_resubmit(CLI::App& command) {
    add_to_groups(command);
    for (const SearchField& field : kOfRuns) {
        add(command, field);
    }
    add(command, {"code", "--error-code", kErrorCodeHelp});
}

void SearchOptions::add_to_groups(CLI::App& command) {
    for (const SearchField& field : {kFlow, kFrom, kTo}) {
        add(command, field);
    }
}

void SearchOptions::add_to_events(CLI::App& command) {
    add_to_groups(command);
    add(command, {"status", "--status", "Refused,Failed ..."});
}

void SearchOptions::add_paging(CLI::App& command) {
    command.add_option("--limit", limit_, "How many")->check(CLI::PositiveNumber);
    command.add_option("--before", before_, "Go on where a list ended")->check(CLI::PositiveNumber);
}

http::QueryFields SearchOptions::fields() const {
    http::QueryFields out;
    for (const auto& given : given_) {
        for (const std::string& value : given->values) {
            out.emplace_back(given->name, value);
        }
    }
    return out;
}

Json SearchOptions::filter() const {
    Json out = Json::object();
    for (const auto& given : given_) {
        if (!given->values.empty()) {
            out[given->name] = given->values;
        }
    }
    return out;
}

Result<Json> SearchOptions::list(ApiClient& client, const std::string& path) const {
    Json out = {{"value", Json::array()}};
    std::int64_t before = before_;
    while (true) {
        http::QueryFields asked = fields();
        const int left = limit_ - static_cast<int>(out["value"].size());
        asked.emplace_back("limit", std::to_string(std::min(left, kPage)));
        if (before != 0) {
            asked.emplace_back("before", std::to_string(before));
        }
        TIDEWAY_TRY_ASSIGN(Json page, client.get(address(path, asked)));
        for (Json& row : page["value"]) {
            out["value"].push_back(std::move(row));
        }
        before = int_or(page, "next_before", 0);
        if (before == 0) {
            return out;
        }
        if (static_cast<int>(out["value"].size()) >= limit_) {
            out["next_before"] = before;
            return out;
        }
    }
}

void print_next_page(const Json& page) {
    if (const Json* next = find(page, "next_before")) {
        std::cout << "There may be more: --before " << dump(*next) << "\n";
    }
}

}  // namespace tideway::app
