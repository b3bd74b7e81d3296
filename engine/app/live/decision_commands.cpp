// decisions list|show|answer: everything that waits for a person.
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/http/url.h"

namespace tideway::app {
namespace {

struct DecisionOptions {
    std::string id;
    std::string answer;
    std::string output;
};

// The slashes of an id are those of its address.
std::string route_of(const std::string& id) {
    std::string out = "/decisions";
    std::size_t begin = 0;
    while (begin <= id.size()) {
        const std::size_t end = std::min(id.find('/', begin), id.size());
        out += "/" + http::encode_component(id.substr(begin, end - begin));
        begin = end + 1;
    }
    return out;
}

Status list(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json decisions, client->get("/decisions"));
    if (globals.json) {
        print_json(decisions);
        return {};
    }
    if (decisions["value"].empty()) {
        std::cout << "Nothing waits for a person.\n";
        return {};
    }
    Table table({"ID", "SINCE", "RUNS", "WHAT"});
    for (const Json& decision : decisions["value"]) {
        table.add(
            {string_or(decision, "id"),
             short_time(string_or(decision, "since")),
             std::to_string(int_or(decision, "runs", 0)),
             string_or(decision, "title")}
        );
    }
    table.print();
    std::cout << "Look at one: tideway decisions show ID\n";
    return {};
}

void print(const Json& decision) {
    std::cout << string_or(decision, "title") << "\n"
              << "  decision  " << string_or(decision, "id") << "\n"
              << "  since     " << short_time(string_or(decision, "since")) << "\n"
              << "  reason    " << string_or(decision, "reason") << "\n";
    for (const char* key : {"flow", "step", "run"}) {
        if (const std::string value = string_or(decision, key); !value.empty()) {
            std::cout << "  " << key << std::string(10 - std::string(key).size(), ' ') << value
                      << "\n";
        }
    }
    std::cout << "  runs      " << int_or(decision, "runs", 0) << "\n"
              << "Answers:\n";
    for (const Json& answer : decision.at("answers")) {
        std::cout << "  tideway decisions answer " << string_or(decision, "id") << " "
                  << string_or(answer, "answer")
                  << (bool_or(answer, "takes_output", false) ? " --output JSON" : "") << "\n"
                  << "      " << string_or(answer, "means") << "\n";
    }
}

Status show(const Globals& globals, const DecisionOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json decision, client->get(route_of(options.id)));
    if (globals.json) {
        print_json(decision);
    } else {
        print(decision);
    }
    return {};
}

Status answer(const Globals& globals, const DecisionOptions& options) {
    Json body = {{"answer", options.answer}};
    if (!options.output.empty()) {
        TIDEWAY_TRY_ASSIGN(body["output"], parse_json(options.output, "--output"));
    }
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json decided, client->post(route_of(options.id), body));
    if (globals.json) {
        print_json(decided);
    } else {
        std::cout << string_or(decided, "id") << ": " << options.answer << "\n";
    }
    return {};
}

}  // namespace

void add_decision_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* decisions = app.add_subcommand("decisions", "Everything that waits for a person");
    decisions->require_subcommand(1);
    decisions->add_subcommand("list", "What waits, oldest first")->callback([&globals, exit] {
        exit(run_command(globals, [&] { return list(globals); }));
    });
    auto options = std::make_shared<DecisionOptions>();
    CLI::App* show_command = decisions->add_subcommand("show", "Why, and which answers there are");
    show_command->add_option("id", options->id, "Of the decision")->required();
    show_command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return show(globals, *options); }));
    });
    CLI::App* answer_command = decisions->add_subcommand("answer", "Give one of the answers");
    answer_command->add_option("id", options->id, "Of the decision")->required();
    answer_command->add_option("answer", options->answer, "One of those that show names")
        ->required();
    answer_command->add_option("--output", options->output, "JSON, where the answer takes one");
    answer_command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return answer(globals, *options); }));
    });
}

}  // namespace tideway::app
