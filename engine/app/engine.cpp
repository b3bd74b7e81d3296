#include "engine/app/engine.h"

#include <cstdlib>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "connectors/all_connectors.h"
#include "engine/app/packs/pack_services.h"
#include "engine/base/limits.h"
#include "engine/connector/identity/oauth.h"
#include "engine/http/mail/mail_client.h"
#include "engine/http/tls.h"
#include "engine/runtime/drafts/drafts.h"
#include "engine/runtime/notices/notifier.h"
#include "engine/runtime/triggers/trigger_timers.h"
#include "engine/server/api.h"
#include "engine/server/trigger_routes.h"
#include "engine/store/backup.h"

namespace tideway::app {

namespace {

// Only the crash tests set it: the process kills itself at the n-th crash point.
std::int64_t crash_at() {
    const char* text = std::getenv("TIDEWAY_CRASH_AT");  // NOLINT(concurrency-mt-unsafe): at start
    return text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

// Only the crash tests set it: the file that lists the crash points as they are visited.
std::string crash_report() {
    const char* text =
        std::getenv("TIDEWAY_CRASH_REPORT");  // NOLINT(concurrency-mt-unsafe): at start
    return text == nullptr ? "" : text;
}

Result<std::unique_ptr<connector::Registry>> make_registry() {
    std::vector<connector::Registry::Source> sources;
    for (const connectors::Entry& entry : connectors::entries()) {
        connector::Registry::Source source;
        source.id = entry.id;
        source.implementation = entry.make();
        for (const embedded::File& file : embedded::connector_specs()) {
            if (file.name == std::string(entry.id) + "/connector.json") {
                source.spec_json = file.bytes;
            }
        }
        sources.push_back(std::move(source));
    }
    return connector::Registry::create(std::move(sources));
}

// Where the store keeps which generation of an installed pack was published.
std::string generation_key(const pack::Installed& pack) {
    return "pack_generation/" + pack.name;
}

}  // namespace

// In the order of construction; destruction is the reverse.
struct Engine::Parts {
    Parts(Config config_in, Log& log_in, std::shared_ptr<Host> host_in)
        : config(std::move(config_in)),
          host(std::move(host_in)),
          log(log_in),
          clock(host->clock()),
          crash_points(crash_at(), crash_report()),
          front_loop(host->make_loop()),
          front(*front_loop) {}

    ~Parts() {
        if (live) {
            live->close();
        }
        front.stop();
        desk.stop();
        if (front_thread.joinable()) {
            front_thread.join();
        }
        if (desk_thread.joinable()) {
            desk_thread.join();
        }
        pack_watch.reset();
        timers.reset();
        runtime.reset();
        decisions.reset();
        notifier.reset();
        trigger_server.reset();
        api_server.reset();
    }

    Status open();
    void announce_migration(const std::string& store_file);
    Status make_installer();
    std::vector<std::string> pack_folders();
    void tell_pack_trouble(const Error& error);
    Status publish_generation(
        const pack::Installed& pack, const std::string& folder, const std::string& person
    );
    Status publish_installed();
    Status start_drafts();
    void watch_packs();
    Status serve();
    Status listen();
    void count_calls_of_triggers();
    void start_timers();
    void make_notifier();
    void save_secrets(
        const std::string& name,
        const std::map<std::string, Secret, std::less<>>& secrets,
        const std::function<void(Status)>& done
    );

    Config config;
    std::shared_ptr<Host> host;
    Log& log;
    const Clock& clock;
    CrashPoints crash_points;
    std::unique_ptr<Loop> front_loop;
    Loop& front;
    Loop desk;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<connector::SecretBox> box;
    std::unique_ptr<connector::Registry> registry;
    std::unique_ptr<connector::Connections> connections;
    std::unique_ptr<http::Client> client;
    std::unique_ptr<http::MailClient> mail;
    std::unique_ptr<connector::TokenCache> tokens;
    std::unique_ptr<connector::Authorizer> authorizer;
    std::unique_ptr<runtime::FlowCatalog> catalog;
    std::unique_ptr<runtime::Drafts> drafts;
    std::set<std::string> told_pack_troubles;
    std::unique_ptr<Timer> pack_watch;
    std::unique_ptr<runtime::ExchangeDriver> driver;
    std::unique_ptr<runtime::Environment> environment;
    std::unique_ptr<runtime::Activation> activation;
    std::unique_ptr<runtime::PackInstaller> installer;
    std::unique_ptr<server::Authentication> authentication;
    std::unique_ptr<server::LiveViews> live;
    std::unique_ptr<runtime::Runtime> runtime;
    std::unique_ptr<runtime::TriggerTimers> timers;
    std::unique_ptr<runtime::Notifier> notifier;
    std::unique_ptr<runtime::Decisions> decisions;
    server::Context context;
    http::Router api_router;
    http::Router trigger_router;
    std::unique_ptr<http::Server> api_server;
    std::unique_ptr<http::Server> trigger_server;
    std::thread front_thread;
    std::thread desk_thread;
};

Status Engine::Parts::open() {
    TIDEWAY_TRY_ASSIGN(
        auto opened_box, connector::SecretBox::open_key_file(config.secret_key_file())
    );
    box = std::make_unique<connector::SecretBox>(std::move(opened_box));
    TIDEWAY_TRY_ASSIGN(registry, make_registry());
    store::SqliteOptions options;
    options.path = config.database_file();
    options.crash_points = &crash_points;
    announce_migration(options.path);
    TIDEWAY_TRY_ASSIGN(store, host->open_store(std::move(options)));
    connections = std::make_unique<connector::Connections>(*box);
    TIDEWAY_TRY_ASSIGN(const auto records, store->reader().connections());
    for (const model::ConnectionRecord& record : records) {
        if (auto put = connections->put(record); !put) {
            log.error(
                "a connection cannot be opened",
                {{"connection", record.name}, {"error", put.error().text()}}
            );
        }
    }
    http::ClientOptions client_options;
    client_options.user_agent = std::string("tideway/") + TIDEWAY_VERSION;
    client_options.crash_points = &crash_points;
    client = host->make_client(front, client_options);
    mail = http::make_mail_client(front);
    tokens = connector::make_token_cache(
        front,
        *client,
        *registry,
        *connections,
        clock,
        [this](const std::string& name, auto secrets, const std::function<void(Status)>& done) {
            save_secrets(name, secrets, done);
        }
    );
    catalog = std::make_unique<runtime::FlowCatalog>(*store, *registry, box.get());
    environment = std::make_unique<runtime::Environment>(*store);
    TIDEWAY_TRY(environment->load());
    authorizer = std::make_unique<connector::Authorizer>(*tokens, *registry);
    driver = std::make_unique<runtime::ExchangeDriver>(front, *client, *authorizer);
    authentication = std::make_unique<server::Authentication>(clock);
    live = std::make_unique<server::LiveViews>(*catalog);
    TIDEWAY_TRY_ASSIGN(const auto api_tokens, store->reader().tokens());
    for (const store::ApiToken& token : api_tokens) {
        authentication->put(token);
    }
    return {};
}

// Before it is done: a large store takes its time.
void Engine::Parts::announce_migration(const std::string& store_file) {
    const auto ahead = store::migration_ahead(store_file);
    if (ahead && *ahead) {
        log.info(
            "the store is brought up to date; its copy stays until you remove it",
            {{"schema", static_cast<std::int64_t>((*ahead)->from)},
             {"to", static_cast<std::int64_t>((*ahead)->to)},
             {"copy", (*ahead)->copy}}
        );
    }
}

void Engine::Parts::save_secrets(
    const std::string& name,
    const std::map<std::string, Secret, std::less<>>& secrets,
    const std::function<void(Status)>& done
) {
    const auto current = connections->get(name);
    if (!current) {
        done(fail(ErrorKind::kNotFound, "ConnectionNotFound", "The connection is gone."));
        return;
    }
    model::ConnectionRecord record = current->record;
    record.sealed = box->seal_all("connection:" + name, secrets);
    record.updated = clock.now();
    // The only secret that changes by itself is a refresh token, and its successor lives anew.
    record.refresh_expires = record.updated + connector::kRefreshTokenLifetime;
    store->submit(
        {{store::PutConnection{record}}},
        [this, record, done](const Result<std::vector<store::Outcome>>& result) {
            if (!result) {
                done(fail(result.error()));
                return;
            }
            done(connections->put(record));
        }
    );
}

Status Engine::Parts::make_installer() {
    TIDEWAY_TRY_ASSIGN(auto services, installer_services(config, *store, clock));
    services.publish =
        [this](const pack::Installed& pack, const std::string& folder, const std::string& person) {
            return publish_generation(pack, folder, person);
        };
    services.check_published = [this](const std::string& pack) {
        return drafts->check_nothing_pending(pack);
    };
    installer = std::make_unique<runtime::PackInstaller>(std::move(services));
    return {};
}

// Those that config.json names, then those that are installed.
std::vector<std::string> Engine::Parts::pack_folders() {
    std::vector<std::string> out = config.packs;
    const auto installed = installer->list();
    if (!installed) {
        tell_pack_trouble(installed.error());
        return out;
    }
    for (const pack::Installed& pack : *installed) {
        if (auto folder = installer->live_folder(pack)) {
            out.push_back(std::move(*folder));
        } else {
            tell_pack_trouble(folder.error());
        }
    }
    return out;
}

// Once: the folders are asked for at each look.
void Engine::Parts::tell_pack_trouble(const Error& error) {
    if (told_pack_troubles.insert(error.text()).second) {
        log.error("an installed pack keeps what is published", {{"error", error.text()}});
    }
}

Status Engine::Parts::publish_generation(
    const pack::Installed& pack, const std::string& folder, const std::string& person
) {
    const std::string note = "Version " + to_string(pack.version) + " was installed.";
    TIDEWAY_TRY(drafts->publish_folder(folder, {person, note, clock.now()}));
    store::SetMeta published{generation_key(pack), std::to_string(pack.generation)};
    TIDEWAY_TRY(runtime::submit_blocking(*store, {{std::move(published)}}));
    return {};
}

// What was installed while no server ran is live from the start on.
Status Engine::Parts::publish_installed() {
    TIDEWAY_TRY_ASSIGN(const auto installed, installer->list());
    for (const pack::Installed& pack : installed) {
        const auto folder = installer->live_folder(pack);
        TIDEWAY_TRY_ASSIGN(const auto known, store->reader().meta(generation_key(pack)));
        if (!folder || known == std::to_string(pack.generation)) {
            continue;
        }
        if (auto done = publish_generation(pack, *folder, pack.origin.person); !done) {
            tell_pack_trouble(done.error());
        }
    }
    return {};
}

// Before anything else runs: the activation that a draft is checked with comes later.
Status Engine::Parts::start_drafts() {
    runtime::DraftServices services;
    services.catalog = catalog.get();
    services.store = store.get();
    services.clock = &clock;
    services.log = &log;
    services.on_save = config.on_save;
    services.folders = [this] { return pack_folders(); };
    drafts = std::make_unique<runtime::Drafts>(std::move(services));
    TIDEWAY_TRY(drafts->start());
    return publish_installed();
}

// Folders are looked at on the desk, one look at a time.
void Engine::Parts::watch_packs() {
    pack_watch = front.after(limits::kDraftInterval, [this] {
        desk.post([this] {
            if (const Status looked = drafts->look(); !looked) {
                log.error("the packs cannot be read", {{"error", looked.error().text()}});
            }
            front.post([this] { watch_packs(); });
        });
    });
}

Status Engine::Parts::listen() {
    http::ServerOptions api;
    api.address = config.api_address;
    api.port = config.api_port;
    TIDEWAY_TRY_ASSIGN(
        api_server,
        host->listen(
            front,
            api,
            [this](http::ServerRequest request, auto responder) {
                api_router.handle(std::move(request), std::move(responder));
            }
        )
    );
    http::ServerOptions trigger;
    trigger.address = config.trigger_address;
    trigger.port = config.trigger_port;
    trigger.certificate_file = config.certificate_file;
    trigger.key_file = config.key_file;
    trigger.on_refused = [this](const http::ServerRequest& request, const Error& error) {
        server::record_refused_request(context, request, error);
    };
    TIDEWAY_TRY_ASSIGN(
        trigger_server,
        host->listen(
            front,
            trigger,
            [this](http::ServerRequest request, auto responder) {
                trigger_router.handle(std::move(request), std::move(responder));
            }
        )
    );
    if (config.public_url.empty()) {
        config.public_url =
            (config.certificate_file.empty() ? "http://127.0.0.1:" : "https://127.0.0.1:") +
            std::to_string(trigger_server->port());
    }
    return {};
}

// Runs count their own.
void Engine::Parts::count_calls_of_triggers() {
    driver->on_answer(
        [this](const connector::OpenConnection& connection, const http::Response& response) {
            const auto* service = registry->implementation(connection.record.connector);
            runtime->gate().count_answer(
                connection.record.name,
                service->status_of(response),
                service->quota(response.headers)
            );
        }
    );
}

void Engine::Parts::start_timers() {
    runtime::TriggerServices services;
    services.executor = &front;
    services.desk = &desk;
    services.runtime = runtime.get();
    services.catalog = catalog.get();
    services.registry = registry.get();
    services.activation = activation.get();
    services.environment = environment.get();
    services.driver = driver.get();
    services.clock = &clock;
    services.log = &log;
    timers = std::make_unique<runtime::TriggerTimers>(services);
    catalog->on_change([this] { timers->refresh(); });
    environment->on_change([this] {
        timers->refresh();
        return runtime->brake().follow_settings_blocking();
    });
}

void Engine::Parts::make_notifier() {
    runtime::NotifierServices services;
    services.executor = &front;
    services.runtime = runtime.get();
    services.catalog = catalog.get();
    services.connections = connections.get();
    services.box = box.get();
    services.store = store.get();
    services.client = client.get();
    services.mail = mail.get();
    services.clock = &clock;
    services.log = &log;
    services.environment = config.environment;
    services.data_folder = config.data_folder;
    if (!config.certificate_file.empty()) {
        if (const auto end = http::certificate_end(config.certificate_file)) {
            services.certificate_ends = *end;
        }
    }
    services.trigger_status = [this](model::FlowId flow) { return timers->status(flow); };
    notifier = std::make_unique<runtime::Notifier>(services);
}

Status Engine::Parts::serve() {
    TIDEWAY_TRY(catalog->load());
    TIDEWAY_TRY(make_installer());
    TIDEWAY_TRY(start_drafts());
    TIDEWAY_TRY(listen());
    runtime::ActivationServices activation_services;
    activation_services.store = store.get();
    activation_services.catalog = catalog.get();
    activation_services.registry = registry.get();
    activation_services.connections = connections.get();
    activation_services.driver = driver.get();
    activation_services.environment = environment.get();
    activation_services.clock = &clock;
    activation_services.log = &log;
    activation_services.public_url = config.public_url;
    activation = std::make_unique<runtime::Activation>(activation_services);
    drafts->check_with(*activation);
    runtime::RuntimeDependencies dependencies;
    dependencies.store = store.get();
    dependencies.catalog = catalog.get();
    dependencies.registry = registry.get();
    dependencies.connections = connections.get();
    dependencies.settings = environment.get();
    dependencies.tokens = tokens.get();
    dependencies.clock = &clock;
    dependencies.log = &log;
    dependencies.crash_points = &crash_points;
    dependencies.environment = config.environment;
    dependencies.public_url = config.public_url;
    dependencies.shards = config.shards;
    dependencies.reader_threads = host->reader_threads();
    dependencies.make_loop = [this] { return host->make_loop(); };
    dependencies.make_client = [this](Loop& loop, http::ClientOptions options) {
        return host->make_client(loop, std::move(options));
    };
    runtime = std::make_unique<runtime::Runtime>(dependencies);
    count_calls_of_triggers();
    runtime->on_change([this](const model::RunRecord& run) { live->publish(run); });
    decisions = std::make_unique<runtime::Decisions>(*store);
    runtime::add_engine_decisions(*decisions, *runtime, *catalog);
    start_timers();
    make_notifier();
    context.runtime = runtime.get();
    context.catalog = catalog.get();
    context.activation = activation.get();
    context.driver = driver.get();
    context.store = store.get();
    context.registry = registry.get();
    context.connections = connections.get();
    context.box = box.get();
    context.tokens = tokens.get();
    context.authentication = authentication.get();
    context.front = &front;
    context.desk = &desk;
    context.clock = &clock;
    context.log = &log;
    context.environment = config.environment;
    context.environment_kind = config.kind;
    context.public_url = config.public_url;
    context.timers = timers.get();
    context.notifier = notifier.get();
    context.installer = installer.get();
    context.drafts = drafts.get();
    context.settings = environment.get();
    context.decisions = decisions.get();
    server::add_api_routes(api_router, context, *live);
    server::add_trigger_routes(trigger_router, context);
    TIDEWAY_TRY(runtime->start());
    notifier->start();
    if (host->watches_folders()) {
        front.post([this] { watch_packs(); });
    }
    desk_thread = std::thread([this] { desk.run(); });
    front_thread = std::thread([this] { front.run(); });
    return {};
}

Engine::Engine(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)) {}

Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::start(Config config, Log& log, std::shared_ptr<Host> host) {
    auto parts = std::make_unique<Parts>(std::move(config), log, std::move(host));
    TIDEWAY_TRY(parts->open());
    TIDEWAY_TRY(parts->serve());
    return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

int Engine::api_port() const {
    return parts_->api_server->port();
}

int Engine::trigger_port() const {
    return parts_->trigger_server->port();
}

std::string Engine::public_url() const {
    return parts_->config.public_url;
}

store::Store::Counters Engine::store_counters() const {
    return parts_->store->counters();
}

}  // namespace tideway::app
