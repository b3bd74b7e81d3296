#include "engine/app/history/timeline_command.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "engine/app/history/search_options.h"
#include "engine/app/history/step_print.h"

namespace tideway::app {

namespace {

constexpr int kPage = 100;

struct TimelineOptions {
    std::vector<std::string> values;  // referral=<id>
    std::string record;
    SearchOptions search;
    int limit = 200;
    std::int64_t before = 0;
    bool with_effects = false;
    bool as_csv = false;
};

http::QueryFields fields_of(const TimelineOptions& options) {
    http::QueryFields out = options.search.fields();
    for (const std::string& value : options.values) {
        out.emplace_back("tracked", value);
    }
    if (!options.record.empty()) {
        out.emplace_back("record_id", options.record);
    }
    if (options.with_effects) {
        out.emplace_back("effects", "true");
    }
    return out;
}

// The newest attempts up to the limit, oldest first: {"value":[...], "next_before":n}.
Result<Json> read_timeline(ApiClient& client, const TimelineOptions& options) {
    std::vector<Json> newest_first;
    std::int64_t before = options.before;
    while (true) {
        http::QueryFields asked = fields_of(options);
        const int left = options.limit - static_cast<int>(newest_first.size());
        asked.emplace_back("limit", std::to_string(std::min(left, kPage)));
        if (before != 0) {
            asked.emplace_back("before", std::to_string(before));
        }
        TIDEWAY_TRY_ASSIGN(Json page, client.get("/timeline?" + http::print_query(asked)));
        Json& attempts = page["value"];
        std::move(attempts.rbegin(), attempts.rend(), std::back_inserter(newest_first));
        before = int_or(page, "next_before", 0);
        if (before == 0 || static_cast<int>(newest_first.size()) >= options.limit) {
            break;
        }
    }
    std::ranges::reverse(newest_first);
    Json out = {{"value", std::move(newest_first)}};
    if (before != 0) {
        out["next_before"] = before;
    }
    return out;
}

// The flow's own word, else the status.
std::string outcome_of(const Json& attempt) {
    const std::string outcome = string_or(attempt, "outcome");
    return outcome.empty() ? string_or(attempt, "status") : outcome;
}

// Why: the flow's own sentence, or of a run that failed what failed.
std::string reason_of(const Json& attempt) {
    const bool has_ended_well = string_or(attempt, "status") == "Succeeded";
    return string_or(attempt, has_ended_well ? "outcome_reason" : "headline");
}

std::string origin_of(const Json& attempt) {
    std::string out = string_or(attempt, "source");
    if (const std::string person = string_or(attempt, "started_by"); !person.empty()) {
        out += " by " + person;
    }
    if (const std::string original = string_or(attempt, "resubmit_of"); !original.empty()) {
        out += " of the run " + original;
    }
    if (const std::string caller = string_or(attempt, "parent"); !caller.empty()) {
        out += " of the run " + caller;
    }
    return out;
}

// What was sent as one line; empty where it is secured.
std::string sent_of(const Json& write) {
    const Json* input = find(write, "input");
    return input == nullptr || input->is_null() ? "" : dump(*input);
}

void print_write(const Json& write) {
    const std::string record = string_or(write, "record");
    const std::string sent = sent_of(write);
    std::cout << "      " << string_or(write, "step") << "  " << string_or(write, "operation")
              << (record.empty() ? "" : "  " + record) << "  " << string_or(write, "state")
              << "\n          " << (sent.empty() ? "(secured)" : sent) << "\n";
    print_changes(std::cout, write.value("changes", Json::array()), "          ");
}

void print_attempt(const Json& attempt) {
    std::cout << short_time(string_or(attempt, "at")) << "  " << outcome_of(attempt)
              << (bool_or(attempt, "muted", false) ? "  (muted)" : "") << "  "
              << string_or(attempt, "flow") << "\n";
    if (const std::string reason = reason_of(attempt); !reason.empty()) {
        std::cout << "    " << reason << "\n";
    }
    std::cout << "    " << origin_of(attempt) << "; run " << string_or(attempt, "run") << "\n";
    for (const Json& write : attempt.value("writes", Json::array())) {
        print_write(write);
    }
}

// RFC 4180.
std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string out = "\"";
    for (const char c : text) {
        out += c;
        out += c == '"' ? "\"" : "";
    }
    return out + "\"";
}

void print_csv_line(const std::vector<std::string>& fields) {
    std::string line;
    for (const std::string& field : fields) {
        line += (&field == &fields.front() ? "" : ",") + csv_field(field);
    }
    std::cout << line << "\r\n";
}

std::vector<std::string> csv_of(const Json& attempt) {
    return {
        string_or(attempt, "at"),
        string_or(attempt, "flow"),
        string_or(attempt, "run"),
        string_or(attempt, "source"),
        string_or(attempt, "started_by"),
        string_or(attempt, "status"),
        string_or(attempt, "outcome"),
        reason_of(attempt),
        bool_or(attempt, "muted", false) ? "muted" : "live"};
}

// A line for each attempt; with the effects one for each write, and one for an attempt without.
void print_csv(const Json& attempts, bool with_effects) {
    std::vector<std::string> header{
        "at", "flow", "run", "source", "started_by", "status", "outcome", "reason", "effects"};
    if (with_effects) {
        header.insert(header.end(), {"step", "operation", "record", "state", "sent"});
    }
    print_csv_line(header);
    for (const Json& attempt : attempts) {
        Json writes = attempt.value("writes", Json::array());
        if (with_effects && writes.empty()) {
            writes.push_back(Json::object());
        }
        if (!with_effects) {
            print_csv_line(csv_of(attempt));
        }
        for (const Json& write : writes) {
            std::vector<std::string> line = csv_of(attempt);
            for (const char* key : {"step", "operation", "record", "state"}) {
                line.push_back(string_or(write, key));
            }
            line.push_back(sent_of(write));
            print_csv_line(line);
        }
    }
}

Status show_timeline(const Globals& globals, const TimelineOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json timeline, read_timeline(*client, options));
    const Json& attempts = timeline["value"];
    if (globals.json) {
        print_json(timeline);
        return {};
    }
    if (options.as_csv) {
        print_csv(attempts, options.with_effects);
        return {};
    }
    if (const Json* next = find(timeline, "next_before")) {
        std::cout << "There may be earlier ones: --before " << dump(*next) << "\n";
    }
    for (const Json& attempt : attempts) {
        print_attempt(attempt);
    }
    if (attempts.empty()) {
        std::cout << "Nothing is known of it. What runs track: tideway runs show <run>\n";
    }
    return {};
}

}  // namespace

void add_timeline_command(CLI::App& app, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<TimelineOptions>();
    CLI::App* command =
        app.add_subcommand("timeline", "What was done about one record, oldest first");
    command->add_option(
        "value", options->values, "What its runs track: referral=<id>, crm_id=<id> ..."
    );
    command->add_option("--record", options->record, "Runs with an effect on this record");
    options->search.add_to_groups(*command);
    command->add_flag("--effects", options->with_effects, "With what each run wrote");
    command->add_flag("--csv", options->as_csv, "For a spreadsheet");
    command->add_option("--limit", options->limit, "How many of the newest")
        ->check(CLI::PositiveNumber);
    command->add_option("--before", options->before, "Go on where a time line began")
        ->check(CLI::PositiveNumber);
    command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return show_timeline(globals, *options); }));
    });
}

}  // namespace tideway::app
