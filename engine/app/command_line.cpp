#include "engine/app/command_line.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "engine/app/environments/confirmation.h"
#include "engine/app/tools/findings.h"

namespace tideway::app {

Result<std::unique_ptr<ApiClient>> Globals::client() const {
    ServerAddress address;
    const auto config = read_config(data_folder);
    if (config) {
        address.url = "http://127.0.0.1:" + std::to_string(config->api_port);
    }
    if (!server.empty()) {
        address.url = server;
        while (address.url.ends_with('/')) {
            address.url.pop_back();
        }
    }
    address.token = token;
    address.confirmation = confirm;
    address.ask = [this](const Error& refusal) { return ask_for_name(*this, refusal); };
    if (address.token.empty()) {
        if (!config && config.error().code == "FileUnreadable") {
            return fail(config.error());
        }
        const auto text = read_text_file(data_folder + "/admin.token");
        if (!text) {
            return fail(
                ErrorKind::kUnauthenticated,
                "TokenMissing",
                "There is no API token: neither --token, nor TIDEWAY_TOKEN" +
                    (data_folder.empty() ? "." : ", nor " + data_folder + "/admin.token."),
                "Make an environment with tideway init, or ask its administrator for a token."
            );
        }
        address.token = text->substr(0, text->find_last_not_of(" \r\n") + 1);
    }
    return std::make_unique<ApiClient>(std::move(address));
}

namespace {

void print_order(const Json& order) {
    std::string names;
    for (const Json& flow : order) {
        names += (names.empty() ? "" : ", ") + flow.get<std::string>();
    }
    std::cerr << "  In this order: " << names << "\n";
}

}  // namespace

Status failed_as_shown() {
    return fail(ErrorKind::kConflict, "", "");
}

int report(const Globals& globals, const Error& error) {
    if (error.code.empty() && error.message.empty()) {
        return 1;
    }
    const auto details = parse_json(error.details, "details");
    if (globals.json) {
        Json out = {{"code", error.code}, {"message", error.message}, {"remedy", error.remedy}};
        if (details) {
            out["details"] = *details;
        }
        print_json({{"error", std::move(out)}});
        return 1;
    }
    std::cerr << "error: " << error.message << "\n";
    if (!error.remedy.empty()) {
        std::cerr << "  " << error.remedy << "\n";
    }
    const Json* order = details ? find(*details, "order") : nullptr;
    if (order != nullptr && order->size() > 1) {
        print_order(*order);
    }
    if (const Json* preflights = details ? find(*details, "preflights") : nullptr) {
        for (const Json& preflight : *preflights) {
            print_tool_findings(std::cerr, preflight["findings"], FindingsShown::kProblems);
        }
    }
    const Json* problems = details ? find(*details, "problems") : nullptr;
    if (problems != nullptr && problems->size() > 1) {
        for (const Json& problem : *problems) {
            std::cerr << "  - "
                      << (problem.is_string()
                              ? problem.get<std::string>()
                              : string_or(problem, "message") + " " + string_or(problem, "remedy"))
                      << "\n";
        }
    }
    return 1;
}

int run_command(const Globals& globals, const std::function<Status()>& body) {
    const auto done = body();
    return done ? 0 : report(globals, done.error());
}

void Table::print(std::ostream& out) const {
    std::vector<std::size_t> widths(rows_.front().size(), 0);
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    bool is_header = true;
    for (const auto& row : rows_) {
        std::string line;
        std::string rule;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool is_last = i + 1 == row.size();
            line += row[i];
            line += is_last ? "" : std::string(widths[i] - row[i].size() + 2, ' ');
            rule += std::string(is_last ? widths[i] : widths[i] + 2, '-');
        }
        out << line << "\n";
        if (is_header) {
            out << rule << "\n";
            is_header = false;
        }
    }
}

void print_json(const Json& json) {
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

std::string short_time(const std::string& iso) {
    if (iso.size() < 19) {
        return iso;
    }
    std::string out = iso.substr(0, 19);
    out[10] = ' ';
    return out;
}

}  // namespace tideway::app
