// doctor: what an administrator should know before trusting this installation.
#include <filesystem>
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/installed/data_folder.h"
#include "engine/app/tools/findings.h"
#include "engine/app/tools/tool_run.h"
#include "engine/base/clock.h"
#include "engine/base/limits.h"
#include "engine/http/url.h"

namespace tideway::app {

namespace {

constexpr std::chrono::hours kExpiresSoon{24 * 7};
constexpr std::chrono::seconds kReachableWithin{10};

class Doctor {
  public:
    explicit Doctor(const Globals& globals)
        : globals_(globals) {}

    Status run() {
        local();
        const auto client = globals_.client();
        add(client.has_value(), "API token", client ? "" : client.error().text());
        if (client) {
            remote(**client);
        }
        print();
        if (globals_.json) {
            return problems_ == 0 ? Status() : failed_as_shown();
        }
        return problems_ == 0 ? Status()
                              : fail(
                                    ErrorKind::kConflict,
                                    "DoctorFoundProblems",
                                    std::to_string(problems_) + " checks did not pass."
                                );
    }

  private:
    void add(bool ok, const std::string& what, const std::string& message) {
        problems_ += ok ? 0 : 1;
        checks_.push_back({{"ok", ok}, {"what", what}, {"message", message}});
    }

    void local() {
        const auto config = read_config(globals_.data_folder);
        add(config.has_value(), "environment", config ? config->environment : config.error().text()
        );
        std::error_code error;
        const auto space = std::filesystem::space(globals_.data_folder, error);
        const bool has_room = !error && space.available >= limits::kDiskFreeBytesMin;
        add(has_room,
            "disk",
            error ? error.message()
                  : std::to_string(space.available >> 20U) + " MiB free; at least 1024 wanted");
        if (!config) {
            return;
        }
        const auto mode = std::filesystem::status(config->secret_key_file(), error).permissions();
        const bool is_private =
            !error && (mode & (std::filesystem::perms::group_all |
                               std::filesystem::perms::others_all)) == std::filesystem::perms::none;
        add(is_private,
            "secret.key",
            is_private ? "readable by its owner only" : "readable by others, or missing");
        files();
        for (const std::string& pack : config->packs) {
            if (pack.starts_with(kShippedPacks)) {
                add(false,
                    "pack " + pack,
                    "is replaced by the next upgrade, with every edit: take a copy "
                    "(docs/install.md)");
            }
        }
    }

    void files() {
        const auto others = files_of_others(globals_.data_folder);
        const std::string owner = owner_of(globals_.data_folder);
        add(others.empty(),
            "files",
            others.empty() ? "all belong to " + owner
                           : others.front() + " does not belong to " + owner + ", as " +
                                 std::to_string(others.size()) + " in all: chown -R --reference=" +
                                 globals_.data_folder + " " + globals_.data_folder);
        const KeptCopies copies = kept_copies(globals_.data_folder);
        if (!copies.files.empty()) {
            add(true,
                "kept copies",
                std::to_string(copies.files.size()) + " of earlier stores, " +
                    std::to_string(copies.bytes >> 20U) + " MiB, the last " + copies.files.back() +
                    "; remove them when you trust this one");
        }
    }

    void remote(ApiClient& client) {
        const auto info = client.get("/info");
        const std::string version = info ? string_or(*info, "version") : "";
        add(version == TIDEWAY_VERSION,
            "server",
            !info                        ? info.error().text()
            : version == TIDEWAY_VERSION ? "version " + version
                                         : "version " + version + ", this program is " +
                                               TIDEWAY_VERSION + ": start the server again");
        if (!info) {
            return;
        }
        const std::string url = string_or(*info, "public_url");
        const auto parsed = http::parse_url(url);
        const bool is_public =
            parsed && parsed->scheme == "https" && !http::is_private_address(parsed->host);
        add(true,
            "public_url",
            is_public ? url : url + " (only sandboxes can deliver there; see docs/network.md)");
        if (is_public) {
            reachability(url);
        }
        history(client);
        connections(client);
        flows(client);
        preflights(client);
        notices(client);
        decisions(client);
    }

    // From here, with the system's trusted roots: a name or certificate that is wrong shows
    // already. Whether it can be reached from outside only the service can say.
    void reachability(const std::string& url) {
        http::Request request;
        request.url = url;
        request.timeout = kReachableWithin;
        const auto answer = BlockingHttp().send(std::move(request), {.allow_private = true});
        add(answer.has_value(),
            "public_url: name and certificate",
            answer ? "an HTTPS request is answered" : answer.error().text());
    }

    void history(ApiClient& client) {
        const auto shown = client.get("/history");
        add(shown.has_value(),
            "history",
            shown ? std::to_string(int_or(*shown, "bytes", 0) >> 20U) + " MiB; runs are kept for " +
                        std::to_string(int_or(*shown, "days", 0)) + " days"
                  : shown.error().text());
    }

    void connections(ApiClient& client) {
        const auto listed = client.get("/connections");
        if (!listed) {
            add(false, "connections", listed.error().text());
            return;
        }
        for (const Json& row : listed->at("value")) {
            const std::string name = string_or(row, "name");
            health(name, row);
            const auto tested =
                client.post("/connections/" + http::encode_component(name) + "/test");
            if (!tested) {
                add(false, "connection " + name, tested.error().text());
                continue;
            }
            for (const Json& check : tested->value("checks", Json::array())) {
                add(bool_or(check, "ok", false),
                    "connection " + name + ": " + string_or(check, "what"),
                    string_or(check, "message"));
            }
        }
    }

    void health(const std::string& name, const Json& row) {
        const std::string since = string_or(row, "unavailable_since");
        add(since.empty(),
            "connection " + name,
            since.empty() ? std::to_string(int_or(row, "requests_today", 0)) + " requests today"
                          : "unavailable since " + since + ", " +
                                std::to_string(int_or(row, "waiting_runs", 0)) +
                                " runs wait: " + string_or(row, "status_reason"));
        expiry(name, "sign-in", string_or(row, "refresh_token_expires"), "reconnect " + name);
        expiry(
            name,
            "client secret",
            string_or(row, "client_secret_expires"),
            "replace " + name + " --secret client_secret=- --secret-expires <date>"
        );
        quota(name, row);
        if (const Json* limit = find(row, "limit")) {
            calls_a_day(name, *limit);
        }
    }

    void quota(const std::string& name, const Json& row) {
        const Json* left = find(row, "quota");
        if (left == nullptr) {
            return;
        }
        const std::string used_up = string_or(*left, "used_up_at");
        add(used_up.empty(),
            "connection " + name + ": quota",
            std::to_string(int_or(*left, "remaining", 0)) + " " + string_or(*left, "what") +
                " left" + (used_up.empty() ? "" : "; used up at " + used_up + " at this pace"));
    }

    void calls_a_day(const std::string& name, const Json& limit) {
        const std::int64_t left = int_or(limit, "remaining", 0);
        const std::string used_up = string_or(limit, "used_up_at");
        add(left > 0 && used_up.empty(),
            "connection " + name + ": limit",
            std::to_string(left) + " of " + std::to_string(int_or(limit, "calls_a_day", 0)) +
                " calls of today left" +
                (left > 0 && !used_up.empty() ? "; used up at " + used_up + " at this pace" : ""));
    }

    void expiry(
        const std::string& name, const char* what, const std::string& day, const std::string& remedy
    ) {
        if (const auto expires = parse_utc(day)) {
            add(*expires > SystemClock().now() + kExpiresSoon,
                "connection " + name + ": " + what,
                "expires " + day.substr(0, 10) + "; a new one: tideway connections " + remedy);
        }
    }

    void flows(ApiClient& client) {
        const auto listed = client.get("/flows");
        if (!listed) {
            add(false, "flows", listed.error().text());
            return;
        }
        for (const Json& flow : listed->at("value")) {
            const std::string name = string_or(flow, "pack") + "/" + string_or(flow, "name");
            add(flow.at("problems").empty() || string_or(flow, "state") == "On",
                "flow " + name,
                string_or(flow, "state"));
            static_results(name, flow);
        }
    }

    // What packs themselves look at before their flows work; muted, so that nothing is changed.
    void preflights(ApiClient& client) {
        const auto tools = tools_named(client, kPreflight, {});
        if (!tools) {
            add(false, "preflight", tools.error().text());
            return;
        }
        for (const Tool& tool : *tools) {
            preflight(client, tool);
        }
    }

    void preflight(ApiClient& client, const Tool& tool) {
        const std::string what = "preflight " + tool.pack;
        if (tool.problem) {
            add(true, what, "not yet: " + tool.problem->message);
            return;
        }
        const auto run = run_tool(client, tool, {});
        if (!run) {
            add(false, what, run.error().text());
            return;
        }
        for (const Json& finding : findings_of(*run)) {
            const std::string remedy = string_or(finding, "remedy");
            add(bool_or(finding, "ok", false),
                what + ": " + string_or(finding, "check"),
                string_or(finding, "message") + (remedy.empty() ? "" : " " + remedy));
        }
    }

    // Left behind after testing, such a flow says that it works and does nothing.
    void static_results(const std::string& name, const Json& flow) {
        if (string_or(flow, "state") != "On") {
            return;
        }
        for (const Json& finding : flow.at("problems")) {
            if (string_or(finding, "code") == "static-result") {
                add(false,
                    "flow " + name + ": static result",
                    string_or(finding, "file") + ":" + std::to_string(int_or(finding, "line", 0)) +
                        ": " + string_or(finding, "message"));
            }
        }
    }

    void notices(ApiClient& client) {
        const auto listed = client.get("/notices/channels");
        if (!listed) {
            add(false, "notices", listed.error().text());
            return;
        }
        if (listed->at("value").empty()) {
            add(true, "notices", "nobody is told of trouble: tideway notices add mail, or webhook");
        }
        for (const Json& channel : listed->at("value")) {
            const std::string error = string_or(channel, "error");
            add(error.empty(),
                "notices to " + string_or(channel, "name"),
                error.empty() ? string_or(channel, "kind")
                              : "since " + string_or(channel, "failing_since") + ": " + error);
        }
    }

    void decisions(ApiClient& client) {
        const auto listed = client.get("/decisions");
        const std::size_t waiting = listed ? listed->at("value").size() : 0;
        add(listed && waiting == 0,
            "decisions",
            !listed ? listed.error().text()
            : waiting == 0
                ? "nothing waits for a person"
                : "waiting for a person: " + std::to_string(waiting) + "; tideway decisions list");
    }

    void print() const {
        if (globals_.json) {
            print_json({{"checks", checks_}});
            return;
        }
        for (const Json& check : checks_) {
            std::cout << (bool_or(check, "ok", false) ? "ok       " : "problem  ")
                      << string_or(check, "what") << "  " << string_or(check, "message") << "\n";
        }
    }

    const Globals& globals_;
    Json checks_ = Json::array();
    int problems_ = 0;
};

}  // namespace

void add_doctor_command(CLI::App& app, Globals& globals, const Exit& exit) {
    app.add_subcommand("doctor", "Check environment, server, connections and flows")
        ->callback([&globals, exit] {
            exit(run_command(globals, [&] { return Doctor(globals).run(); }));
        });
}

}  // namespace tideway::app
