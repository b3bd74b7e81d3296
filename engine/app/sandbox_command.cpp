// sandbox: the stand-in services, until interrupted.
#include <csignal>
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/sandboxes.h"

namespace tideway::app {

namespace {

Status sandbox(const Globals& globals, SandboxesOptions options) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    options.folder = globals.data_folder + "/sandbox";
    TIDEWAY_TRY_ASSIGN(const auto sandboxes, Sandboxes::start(std::move(options)));
    TIDEWAY_TRY(write_private_file(
        globals.data_folder + "/sandbox.json", sandboxes->connections().dump(2) + "\n"
    ));
    if (globals.json) {
        print_json(
            {{"partner_center", sandboxes->partner_center_url()},
             {"dataverse", sandboxes->dataverse_url()},
             {"salesforce", sandboxes->salesforce_url()},
             {"connections", sandboxes->connections()}}
        );
    } else {
        std::cout << "Sandboxes are up:\n"
                  << "  Partner Center  " << sandboxes->partner_center_url() << "/sandbox\n"
                  << "  Dataverse       " << sandboxes->dataverse_url() << "/sandbox\n"
                  << "  Salesforce      " << sandboxes->salesforce_url() << "/sandbox\n"
                  << "Connect to them with:\n"
                  << "  tideway connections add partner_center --name partner_center_referrals "
                     "--sandbox\n"
                  << "  tideway connections add dataverse --name dynamics365 --sandbox\n"
                  << "  tideway connections add salesforce --sandbox\n";
    }
    std::cout << std::flush;
    int signal = 0;
    sigwait(&signals, &signal);
    return {};
}

}  // namespace

void add_sandbox_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<SandboxesOptions>();
    auto keep = std::make_shared<bool>(false);
    CLI::App* command =
        app.add_subcommand("sandbox", "Run stand-ins of Partner Center, Dataverse and Salesforce");
    command->add_option("--partner-center-port", options->partner_center_port, "0: any free port");
    command->add_option("--dataverse-port", options->dataverse_port, "0: any free port");
    command->add_option("--salesforce-port", options->salesforce_port, "0: any free port");
    command->add_flag("--keep", *keep, "Keep their state over a restart");
    command->callback([&globals, options, keep, exit] {
        options->state = *keep ? SandboxesOptions::State::kKeep : SandboxesOptions::State::kForget;
        exit(run_command(globals, [&] { return sandbox(globals, *options); }));
    });
}

}  // namespace tideway::app
