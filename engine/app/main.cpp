// The program `tideway`.
#include <csignal>

#include <CLI/CLI.hpp>

#include "engine/app/command_line.h"
#include "engine/app/environments/global_options.h"

int main(int argc, char** argv) {
    // A peer that closes early is an error of that exchange, not of the program.
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App app{
        "Tideway: a native flow runtime that reproduces the Power Automate model", "tideway"};
    app.set_help_all_flag("--help-all", "Print the help of every command and exit");
    app.set_version_flag("--version", std::string("tideway ") + TIDEWAY_VERSION);
    app.require_subcommand(1);
    tideway::app::Globals globals;
    tideway::app::add_global_options(app, globals);
    app.fallthrough();
    int code = 0;
    const tideway::app::Exit exit = [&code](int value) { code = value; };
    tideway::app::add_environment_commands(app, globals, exit);
    tideway::app::add_environments_commands(app, globals, exit);
    tideway::app::add_flow_commands(app, globals, exit);
    tideway::app::add_run_commands(app, globals, exit);
    tideway::app::add_resubmission_commands(app, globals, exit);
    tideway::app::add_environment_setting_commands(app, globals, exit);
    tideway::app::add_decision_commands(app, globals, exit);
    tideway::app::add_event_commands(app, globals, exit);
    tideway::app::add_history_commands(app, globals, exit);
    tideway::app::add_connection_commands(app, globals, exit);
    tideway::app::add_token_commands(app, globals, exit);
    tideway::app::add_notice_commands(app, globals, exit);
    tideway::app::add_variable_commands(app, globals, exit);
    tideway::app::add_sandbox_commands(app, globals, exit);
    tideway::app::add_demo_command(app, globals, exit);
    tideway::app::add_doctor_command(app, globals, exit);
    tideway::app::add_test_command(app, globals, exit);
    tideway::app::add_backup_commands(app, globals, exit);
    tideway::app::add_pack_commands(app, globals, exit);
    tideway::app::add_tool_commands(app, globals, exit);
    tideway::app::add_stubs_command(app, globals, exit);
    CLI11_PARSE(app, argc, argv);
    return code;
}
