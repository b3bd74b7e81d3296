#include "engine/app/packs/pack_place.h"

#include <pwd.h>
#include <unistd.h>

#include "engine/app/environments/confirmation.h"
#include "engine/app/packs/pack_services.h"
#include "engine/base/assert.h"
#include "engine/runtime/installs/pack_acts.h"

namespace tideway::app {

namespace {

// Nobody has shown a token: the person is who the system says runs the command.
std::string local_person() {
    const passwd* user = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): one thread
    return std::string("local:") + (user == nullptr ? "unknown" : user->pw_name);
}

// The store's lock keeps a server from starting meanwhile.
Result<Json> perform_on_folder(
    const Globals& globals, const runtime::PackAct& act, const Json& body
) {
    TIDEWAY_TRY_ASSIGN(const Config config, read_config(globals.data_folder));
    const std::string route = std::string("/packs/") + act.name;
    if (const auto* destructive = server::find_destructive_act("POST", route)) {
        TIDEWAY_TRY(confirm(globals, config, server::describe(*destructive, body)));
    }
    store::SqliteOptions options;
    options.path = config.database_file();
    auto store = store::open_sqlite(options);
    if (!store && store.error().code == "StoreInUse") {
        store.error().remedy = "Its server runs: say where with --server.";
    }
    if (!store) {
        return fail(std::move(store.error()));
    }
    const SystemClock clock;
    TIDEWAY_TRY_ASSIGN(auto services, installer_services(config, **store, clock));
    runtime::PackInstaller installer(std::move(services));
    return runtime::perform_pack_act(act, installer, body, local_person());
}

}  // namespace

Result<Json> perform_on_packs(const Globals& globals, const std::string& act, const Json& body) {
    const runtime::PackAct* const known = runtime::find_pack_act(act);
    TIDEWAY_ASSERT(known != nullptr);
    if (auto client = globals.client()) {
        auto answer = (*client)->post("/packs/" + act, body);
        const bool is_down = !answer && answer.error().kind == ErrorKind::kUnavailable &&
                             answer.error().http_status == 0;
        if (!is_down || !globals.server.empty()) {
            return answer;
        }
    } else if (!globals.server.empty()) {
        return fail(std::move(client.error()));
    }
    return perform_on_folder(globals, *known, body);
}

}  // namespace tideway::app
