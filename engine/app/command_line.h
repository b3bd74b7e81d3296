// What the sub-commands share: output for people and programs, and how an error ends the program.
#pragma once

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "engine/app/api_client.h"
#include "engine/app/config.h"
#include "engine/base/json.h"

namespace tideway::app {

struct Globals {
    std::string data_folder = default_data_folder();
    std::string server;       // empty: the environment's own
    std::string token;        // empty: the environment's admin.token
    std::string environment;  // by which the two above were found, if by a name
    std::string confirm;      // the environment that is meant, as a production one asks for it
    bool json = false;
    bool is_folder_named = false;  // by --data

    // The running server that the command line talks to.
    Result<std::unique_ptr<ApiClient>> client() const;
};

// "error: <message>" and the remedy on standard error (or the error as JSON); returns 1.
int report(const Globals& globals, const Error& error);

// For a command whose JSON answer tells what failed: nothing more is printed, the exit code is 1.
Status failed_as_shown();

// Runs a command body; its error becomes exit code 1.
int run_command(const Globals& globals, const std::function<Status()>& body);

// Columns as wide as their widest cell, the header underlined.
class Table {
  public:
    explicit Table(std::vector<std::string> header)
        : rows_{std::move(header)} {}

    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    void print(std::ostream& out = std::cout) const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

void print_json(const Json& json);

// "2026-02-03 10:11:12" of an ISO text, in UTC.
std::string short_time(const std::string& iso);

using Exit = std::function<void(int)>;

// Each adds its sub-commands; `exit` is told the exit code.
void add_environment_commands(CLI::App& app, Globals& globals, const Exit& exit);  // init, serve
void add_environments_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_flow_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_run_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_resubmission_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_environment_setting_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_decision_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_event_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_history_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_connection_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_token_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_notice_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_variable_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_sandbox_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_demo_command(CLI::App& app, Globals& globals, const Exit& exit);
void add_doctor_command(CLI::App& app, Globals& globals, const Exit& exit);
void add_test_command(CLI::App& app, Globals& globals, const Exit& exit);
void add_backup_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_pack_commands(CLI::App& app, Globals& globals, const Exit& exit);
void add_tool_commands(CLI::App& app, Globals& globals, const Exit& exit);  // crm, preflight
void add_stubs_command(CLI::App& app, Globals& globals, const Exit& exit);

}  // namespace tideway::app
