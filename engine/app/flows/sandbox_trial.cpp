#include "engine/app/flows/sandbox_trial.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "engine/app/cases/record_command.h"
#include "engine/app/demo_world.h"
#include "engine/app/flows/flow_commands.h"
#include "engine/app/flows/muted_run.h"
#include "engine/app/history/step_print.h"
#include "engine/base/temp_folder.h"
#include "engine/http/url.h"
#include "engine/runtime/pack.h"

namespace tideway::app {
namespace {

namespace fs = std::filesystem;

struct Service {
    const char* sandbox;
    const char* title;
    const char* writes;  // the member of its log's answer
    Result<Json> (DemoWorld::*control)(const std::string&, const std::string&, const Json&);
};

constexpr std::array<Service, 3> kServices{{
    {"partner_center", "Partner Center", "writes", &DemoWorld::partner_center},
    {"dataverse", "Dynamics 365", "writes", &DemoWorld::dataverse},
    {"salesforce", "Salesforce", "value", &DemoWorld::salesforce},
}};

tl::unexpected<Error> wrong_argument(std::string message, std::string remedy) {
    return fail(ErrorKind::kInvalidInput, "InvalidArgument", std::move(message), std::move(remedy));
}

// ------------------------------------------------------------------ what is tried

struct Draft {
    runtime::Pack pack;
    std::string flow;
    Json variables = Json::object();
};

// A folder with pack.json, or what the server has as the draft of a pack.
Result<Draft> draft_of(const Globals& globals, const std::string& name) {
    Draft out;
    const fs::path path(name);
    if (path.has_parent_path() && fs::exists(path.parent_path() / "pack.json")) {
        TIDEWAY_TRY_ASSIGN(out.pack, runtime::read_pack(path.parent_path().string()));
        out.flow = path.filename().string();
    } else {
        TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
        TIDEWAY_TRY_ASSIGN(const std::string full, full_flow_name(*client, name));
        const std::string pack = full.substr(0, full.find('/'));
        TIDEWAY_TRY_ASSIGN(
            const Json draft, client->get("/packs/" + http::encode_component(pack) + "/draft")
        );
        TIDEWAY_TRY_ASSIGN(out.pack, runtime::read_pack(string_or(draft, "folder")));
        TIDEWAY_TRY_ASSIGN(out.variables, known_variables(*client, pack));
        out.flow = full.substr(full.find('/') + 1);
    }
    if (!out.pack.has_flow(out.flow)) {
        return fail(
            ErrorKind::kNotFound,
            "WorkflowNotFound",
            "The draft of the pack '" + out.pack.name + "' has no flow '" + out.flow + "'.",
            "Its flows are its .lua files beside pack.json."
        );
    }
    return out;
}

// With its libraries inside, so that it stands alone.
Status write_pack(const runtime::Pack& pack, const fs::path& folder) {
    for (const auto& [name, text] : pack.files) {
        std::error_code error;
        fs::create_directories((folder / name).parent_path(), error);
        std::ofstream out(folder / name, std::ios::binary);
        out << text;
        out.close();
        if (!out) {
            return fail(
                ErrorKind::kStorage,
                "FileUnwritable",
                "The file " + (folder / name).string() + " cannot be written."
            );
        }
    }
    return {};
}

Result<std::string> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in) {
        return fail(
            ErrorKind::kNotFound, "FileUnreadable", "The file " + path + " cannot be read."
        );
    }
    return text;
}

Result<Json> event_of_run(const Globals& globals, const std::string& run) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json shown, client->get("/runs/" + http::encode_component(run) + "?contents=true")
    );
    const Json event = shown.value("event", Json::object());
    if (find(event, "secured") != nullptr) {
        return wrong_argument(
            "The event of the run " + run + " is secured: history does not show it.",
            "Write one that fits, with --input."
        );
    }
    return event.value("payload", Json::object());
}

Result<Json> event_of(const Globals& globals, const SandboxTrial& trial) {
    if (!trial.input.empty() && !trial.event_of.empty()) {
        return wrong_argument("--input and --event-of are both given.", "Use one of them.");
    }
    if (!trial.event_of.empty()) {
        return event_of_run(globals, trial.event_of);
    }
    if (!trial.input.starts_with('@')) {
        return parse_json(trial.input.empty() ? "{}" : trial.input, "--input");
    }
    TIDEWAY_TRY_ASSIGN(const std::string text, read_file(trial.input.substr(1)));
    return parse_json(text, trial.input.substr(1));
}

// ------------------------------------------------------------------ where it is tried

class Trial {
  public:
    Trial(DemoWorld& world, const Draft& draft)
        : world_(world),
          draft_(draft) {}

    // Every error of the checker, before anything runs.
    Status require_sound(const Globals& globals) {
        TIDEWAY_TRY_ASSIGN(
            const Json draft, world_.api().get("/packs/" + draft_.pack.name + "/draft")
        );
        bool is_sound = true;
        for (const Json& finding : draft.at("findings")) {
            if (string_or(finding, "severity") == "error") {
                is_sound = false;
                if (!globals.json) {
                    print_finding(std::cerr, finding);
                }
            }
        }
        if (is_sound) {
            return {};
        }
        Error error;
        error.kind = ErrorKind::kInvalidInput;
        error.code = "PackHasErrors";
        error.message = "The draft cannot run: it has errors.";
        error.remedy = "Correct what is listed.";
        error.details = dump(Json{{"findings", draft.at("findings")}});
        return fail(std::move(error));
    }

    Status set_variables() {
        for (const auto& [name, value] : draft_.variables.items()) {
            TIDEWAY_TRY(world_.api().call(
                "PUT",
                "/variables/" + draft_.pack.name + "/" + http::encode_component(name),
                {{"value", value}}
            ));
        }
        return {};
    }

    // [{"sandbox":"partner_center","method":"POST","path":"/deals","body":{...},"as":"deal"}, ...]:
    // requests to the control of the sandboxes, in this order.
    Status set_up(const std::string& file) {
        if (file.empty()) {
            return {};
        }
        TIDEWAY_TRY_ASSIGN(const std::string text, read_file(file));
        TIDEWAY_TRY_ASSIGN(const Json acts, parse_json(text, file));
        for (const Json& act : acts) {
            const std::string sandbox = string_or(act, "sandbox");
            const auto* service = std::ranges::find_if(kServices, [&sandbox](const Service& each) {
                return sandbox == each.sandbox;
            });
            if (service == kServices.end()) {
                return wrong_argument(
                    file + " names the sandbox '" + sandbox + "', which there is not.",
                    "Use partner_center, dataverse or salesforce."
                );
            }
            TIDEWAY_TRY_ASSIGN(
                Json answer,
                (world_.*service->control
                )(string_or(act, "method", "POST"),
                  filled_in(Json(string_or(act, "path"))).get<std::string>(),
                  filled_in(act.value("body", Json())))
            );
            answers_[string_or(act, "as")] = std::move(answer);
        }
        return {};
    }

    // Children before parents; other flows stay off.
    Status turn_on(const std::string& flow) {
        if (!turned_on_.insert(flow).second) {
            return {};
        }
        TIDEWAY_TRY_ASSIGN(const Json shown, world_.api().get(address_of(flow)));
        TIDEWAY_TRY(require_sandboxes(shown.value("connections", Json::array())));
        for (const Json& child : shown.value("children", Json::array())) {
            TIDEWAY_TRY(turn_on(child.get<std::string>()));
        }
        TIDEWAY_TRY(world_.api().post(address_of(flow) + "/on", {{"preflight", "skip"}}));
        return {};
    }

    Status forget_writes() {
        for (const Service& service : kServices) {
            TIDEWAY_TRY((world_.*service.control)("DELETE", "/writes", {}));
        }
        return {};
    }

    // By sandbox: what was written since.
    Result<Json> writes() {
        Json out = Json::object();
        for (const Service& service : kServices) {
            TIDEWAY_TRY_ASSIGN(const Json answer, (world_.*service.control)("GET", "/writes", {}));
            out[service.sandbox] = answer.value(service.writes, Json::array());
        }
        return out;
    }

    // Its runs, ended, each with what it called behind it.
    Result<Json> run(const Json& event, int timeout_s) {
        TIDEWAY_TRY_ASSIGN(
            const Json admitted,
            world_.api().post(address_of(draft_.flow) + "/run", {{"input", filled_in(event)}})
        );
        Json out = Json::array();
        for (const Json& id : admitted.value("runs", Json::array())) {
            TIDEWAY_TRY(add_run(id.get<std::string>(), timeout_s, out));
        }
        return out;
    }

  private:
    Status add_run(const std::string& id, int timeout_s, Json& runs) {
        TIDEWAY_TRY_ASSIGN(Json run, ended_run(world_.api(), id, timeout_s));
        const Json children = run.value("children", Json::array());
        runs.push_back(std::move(run));
        for (const Json& child : children) {
            TIDEWAY_TRY(add_run(string_or(child, "id"), timeout_s, runs));
        }
        return {};
    }

    std::string address_of(const std::string& flow) const {
        return "/flows/" + draft_.pack.name + "/" + flow;
    }

    Status require_sandboxes(const Json& references) const {
        for (const runtime::PackReference& reference : draft_.pack.references) {
            const bool is_used =
                std::ranges::find(references, Json(reference.name)) != references.end();
            const bool has_sandbox = std::ranges::any_of(kServices, [&](const Service& service) {
                return reference.connector == service.sandbox;
            });
            if (is_used && !has_sandbox) {
                return fail(
                    ErrorKind::kNotFound,
                    "SandboxMissing",
                    "The flow uses the connector " + reference.connector + " (" + reference.name +
                        "), for which there is no sandbox.",
                    "Try it with the event of a past run: tideway flows try <run>. Or write a case."
                );
            }
        }
        return {};
    }

    // "${deal.id}" in texts is what the set-up has been answered.
    Json filled_in(const Json& value) const {
        if (value.is_structured()) {
            Json out = value;
            for (Json& member : out) {
                member = filled_in(member);
            }
            return out;
        }
        return value.is_string() ? Json(filled_in(value.get<std::string>())) : value;
    }

    std::string filled_in(std::string text) const {
        for (const auto& [name, answer] : answers_.items()) {
            for (const auto& [key, value] : answer.items()) {
                const std::string mark = "${" + name + "." + key + "}";
                for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
                    text.replace(
                        at, mark.size(), value.is_string() ? value.get<std::string>() : dump(value)
                    );
                }
            }
        }
        return text;
    }

    DemoWorld& world_;
    const Draft& draft_;
    Json answers_ = Json::object();  // by the name that the set-up gives them
    std::set<std::string> turned_on_;
};

// ------------------------------------------------------------------ what came of it

void print_writes(const Json& writes) {
    bool is_none = true;
    for (const Service& service : kServices) {
        for (const Json& write : writes.at(service.sandbox)) {
            const std::string kind = string_or(write, "kind");
            const std::string record = string_or(write, "table", string_or(write, "object"));
            std::cout << "  " << service.title << "  ";
            if (kind.empty()) {
                std::cout << string_or(write, "method") << " " << string_or(write, "path") << "  "
                          << int_or(write, "status", 0) << "\n";
            } else {
                std::cout << kind << " " << record << " " << string_or(write, "id") << "\n";
            }
            for (const char* part : {"body", "columns", "fields"}) {
                if (const Json* value = find(write, part); value != nullptr && !value->is_null()) {
                    std::cout << "      " << dump(*value) << "\n";
                }
            }
            is_none = false;
        }
    }
    if (is_none) {
        std::cout << "  nothing\n";
    }
}

void print_trial(const Json& runs, const Json& writes, Contents contents) {
    if (runs.empty()) {
        std::cout << "No run: the trigger's condition does not take the event.\n";
    }
    for (const Json& run : runs) {
        std::cout << string_or(run, "flow") << ": "
                  << string_or(run, "headline", string_or(run, "status")) << "\n";
        print_steps(run.value("steps", Json::array()), contents);
    }
    std::cout << "Changed in the sandboxes, which are gone now:\n";
    print_writes(writes);
}

}  // namespace

Status try_in_sandboxes(const Globals& globals, const SandboxTrial& trial) {
    TIDEWAY_TRY_ASSIGN(const Draft draft, draft_of(globals, trial.flow));
    TIDEWAY_TRY_ASSIGN(const Json event, event_of(globals, trial));
    const TempFolder folder;
    const fs::path pack = folder.path() / draft.pack.name;
    TIDEWAY_TRY(write_pack(draft.pack, pack));
    NullLog log;
    TIDEWAY_TRY_ASSIGN(
        const auto world, DemoWorld::create(folder.file("data"), pack.string(), log)
    );
    Trial tried(*world, draft);
    TIDEWAY_TRY(tried.require_sound(globals));
    TIDEWAY_TRY(tried.set_variables());
    TIDEWAY_TRY(tried.set_up(trial.setup_file));
    TIDEWAY_TRY(tried.turn_on(draft.flow));
    TIDEWAY_TRY(tried.forget_writes());
    TIDEWAY_TRY_ASSIGN(const Json runs, tried.run(event, trial.timeout_s));
    TIDEWAY_TRY_ASSIGN(const Json writes, tried.writes());
    if (globals.json) {
        print_json({{"runs", runs}, {"changed", writes}});
    } else {
        print_trial(runs, writes, trial.contents ? Contents::kWith : Contents::kWithout);
    }
    return {};
}

}  // namespace tideway::app
