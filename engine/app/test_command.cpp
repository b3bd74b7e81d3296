// test PACK [CASE...]: runs a pack's cases without a server. --record: makes one out of a run.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "engine/app/cases/record_command.h"
#include "engine/app/command_line.h"
#include "engine/app/packs/pack_services.h"
#include "engine/runtime/cases/case_runner.h"

namespace tideway::app {

namespace {

struct TestOptions {
    std::string folder;
    std::vector<std::string> names;  // empty: all
    std::string filter;              // part of a name; empty: all
    RecordOptions record;
};

struct Tally {
    int passed = 0;
    int failed = 0;
    Json cases = Json::array();
};

Result<std::vector<std::string>> chosen(const TestOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto all, runtime::list_cases(options.folder));
    for (const std::string& name : options.names) {
        if (std::ranges::find(all, name) == all.end()) {
            return fail(
                ErrorKind::kNotFound,
                "CaseNotFound",
                "The pack in " + options.folder + " has no case '" + name + "'.",
                "A case is named after its file in cases/, without .json."
            );
        }
    }
    std::vector<std::string> out;
    for (const std::string& name : options.names.empty() ? all : options.names) {
        if (name.find(options.filter) != std::string::npos) {
            out.push_back(name);
        }
    }
    if (out.empty()) {
        return fail(
            ErrorKind::kNotFound,
            "CaseNotFound",
            all.empty() ? "The pack in " + options.folder + " has no cases."
                        : "No case has '" + options.filter + "' in its name.",
            all.empty() ? "Write one: docs/cases.md." : "Leave --filter out to run all."
        );
    }
    return out;
}

// Lines after the first stand below the first.
std::string indented(std::string text) {
    constexpr std::string_view kIndent = "                ";
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
        text.insert(at + 1, kIndent);
    }
    return text;
}

void print_difference(const runtime::CaseDifference& difference) {
    std::cout << "    " << difference.where << "\n"
              << "      expected  " << indented(difference.expected) << "\n"
              << "      actual    " << indented(difference.actual) << "\n";
}

void print_error(const Error& error) {
    std::cout << "    " << error.message << "\n";
    if (!error.remedy.empty()) {
        std::cout << "      " << error.remedy << "\n";
    }
}

Json to_json(const std::string& name, const Result<runtime::CaseResult>& result) {
    Json out = {{"case", name}, {"passed", result && result->differences.empty()}};
    if (!result) {
        out["error"] = {
            {"code", result.error().code},
            {"message", result.error().message},
            {"remedy", result.error().remedy}};
        return out;
    }
    out["took_ms"] = static_cast<double>(result->took.count()) / 1000.0;
    out["differences"] = Json::array();
    for (const runtime::CaseDifference& each : result->differences) {
        out["differences"].push_back(
            {{"where", each.where}, {"expected", each.expected}, {"actual", each.actual}}
        );
    }
    return out;
}

void print_case(const std::string& name, const Result<runtime::CaseResult>& result) {
    const bool has_passed = result && result->differences.empty();
    std::cout << (has_passed ? "passed  " : "FAILED  ") << name;
    if (result) {
        std::cout << "  (" << format_duration(result->took) << ")";
    }
    std::cout << "\n";
    if (!result) {
        print_error(result.error());
        return;
    }
    for (const runtime::CaseDifference& difference : result->differences) {
        print_difference(difference);
    }
}

Status test(const Globals& globals, const TestOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto pack, runtime::read_pack(options.folder));
    TIDEWAY_TRY_ASSIGN(const auto names, chosen(options));
    TIDEWAY_TRY_ASSIGN(const auto runner, runtime::CaseRunner::create(connector_texts()));
    Tally tally;
    for (const std::string& name : names) {
        auto read = runtime::read_case(options.folder, name, pack, runner->specs());
        const Result<runtime::CaseResult> result =
            read ? runner->run(pack, *read) : fail(std::move(read.error()));
        (result && result->differences.empty() ? tally.passed : tally.failed) += 1;
        if (globals.json) {
            tally.cases.push_back(to_json(name, result));
        } else {
            print_case(name, result);
        }
    }
    if (globals.json) {
        print_json(
            {{"pack", pack.name},
             {"passed", tally.passed},
             {"failed", tally.failed},
             {"cases", std::move(tally.cases)}}
        );
    } else {
        std::cout << pack.name << ": " << tally.passed << " passed, " << tally.failed
                  << " failed\n";
    }
    return tally.failed == 0 ? Status() : failed_as_shown();
}

// The new case is run at once: what the flow does otherwise with what was replaced is shown.
Status record_and_test(const Globals& globals, TestOptions options) {
    options.record.folder = options.folder;
    TIDEWAY_TRY_ASSIGN(const std::string name, record_case_of_run(globals, options.record));
    options.names = {name};
    options.filter.clear();
    return test(globals, options);
}

}  // namespace

void add_test_command(CLI::App& app, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<TestOptions>();
    CLI::App* command = app.add_subcommand("test", "Run the cases of a pack folder");
    command->add_option("pack", options->folder, "Folder with pack.json and cases/")->required();
    command->add_option("case", options->names, "Names of cases; none: all");
    command->add_option("--filter", options->filter, "Only cases with this in their name");
    command->add_option(
        "--record", options->record.run, "Make a case out of this run of the server"
    );
    command->add_option("--name", options->record.name, "Of the recorded case; else flow and run");
    command->add_flag(
        "--with-retries",
        options->record.with_retries,
        "--record: with the attempts of a step before the one that decided it"
    );
    command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] {
            return options->record.run.empty() ? test(globals, *options)
                                               : record_and_test(globals, *options);
        }));
    });
}

}  // namespace tideway::app
