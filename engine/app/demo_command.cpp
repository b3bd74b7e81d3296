// demo: the main job, shown. Every line says what was checked and how long it took.
#include <csignal>
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/demo/demo_steps.h"
#include "engine/app/demo/salesforce_demo.h"
#include "engine/app/demo_world.h"
#include "engine/http/url.h"

namespace tideway::app {

namespace {

constexpr const char* kPack = "co_sell_dynamics365";
constexpr const char* kAccount = "a0000000-0000-4000-8000-000000000001";  // Fabrikam, of the seed
constexpr const char* kContact = "d0000000-0000-4000-8000-000000000001";
constexpr const char* kDollar = "c0000000-0000-4000-8000-000000000001";
constexpr const char* kJamie = "e0000000-0000-4000-8000-000000000002";
constexpr const char* kKelly = "e0000000-0000-4000-8000-000000000003";
constexpr const char* kJamiesAddress = "jamie.reding@contoso.com";
constexpr const char* kKellysAddress = "kelly.krout@contoso.com";
constexpr int kHelpWithQuotes = 861980003;

using demo::expect;
using demo::text_at;

class Demo {
  public:
    explicit Demo(DemoWorld& world)
        : world_(world) {}

    Status run() {
        return demo::play({
            {"all flows are on, children before parents",
             [this] { return demo::turn_on_all(world_); }},
            {"Webhook Registration ran with the copied URL; the test event was delivered",
             [this] {
                 return demo::register_webhook(world_, kPack, "partner_center_to_dynamics365");
             }},
            {"a deal announced in Partner Center is one opportunity with the mapped fields",
             [this] { return announce(); }},
            {"the CRM ID is written back on the deal", [this] { return written_back(); }},
            {"a deal value edited in Partner Center arrives in Dynamics 365",
             [this] { return edit_in_portal(); }},
            {"a deal value edited in Dynamics 365 arrives in Partner Center",
             [this] { return edit_in_crm(); }},
            {"the first of the deal's team owns it; a new owner in Dynamics 365 joins the team",
             [this] { return change_owner(); }},
            {"an opportunity with Sync and Microsoft's help has both halves of a referral",
             [this] { return create_in_crm(); }},
            {"each webhook of both halves ten times at once: one opportunity, one pair",
             [this] { return ten_times(); }},
            {"a CRM-made referral races its own webhook: one opportunity, one pair",
             [this] { return race_own_webhook(); }},
            {"only the write-back fails; the run says which step and why",
             [this] { return fail_write_back(); }},
            {"resubmitted whole, it succeeds without a second opportunity",
             [this] { return resubmit(); }},
        });
    }

  private:
    Result<Json> new_deal(const std::string& name) {
        return world_.announce_deal(
            {{"name", name},
             {"team", Json::array({{{"firstName", "Jamie"}, {"email", kJamiesAddress}}})},
             {"details",
              {{"dealValue", 42000},
               {"currency", "EUR"},
               {"closingDateTime", "2027-03-31T23:30:00Z"},
               {"notes", "Wants a pilot in spring.\r\nSays \"soon\"."}}}}
        );
    }

    Result<Json> one_opportunity(const std::string& referral) {
        return world_.wait_for<Json>(
            "the opportunity of the deal",
            [this, referral]() -> Result<std::optional<Json>> {
                TIDEWAY_TRY_ASSIGN(
                    auto rows, world_.opportunities("msft_referralidentifier", referral)
                );
                return rows.empty() ? std::nullopt : std::optional<Json>(rows.front());
            }
        );
    }

    Status announce() {
        TIDEWAY_TRY_ASSIGN(deal_, new_deal("Northwind warehouse telemetry"));
        TIDEWAY_TRY_ASSIGN(row_, one_opportunity(string_or(deal_, "id")));
        TIDEWAY_TRY(world_.settle());
        TIDEWAY_TRY_ASSIGN(
            const auto rows, world_.opportunities("name", "Northwind warehouse telemetry")
        );
        TIDEWAY_TRY(expect(rows.size() == 1, std::to_string(rows.size()) + " opportunities"));
        const Json& row = rows.front();
        TIDEWAY_TRY(
            expect(row.at("estimatedvalue") == 42000, "value " + text_at(row, "/estimatedvalue"))
        );
        TIDEWAY_TRY(expect(
            text_at(row, "/estimatedclosedate") == "2027-03-31",
            "closing date " + text_at(row, "/estimatedclosedate")
        ));
        return expect(
            row.at("msft_syncwithpartnercenter") == true, "Sync with Partner Center is not Yes"
        );
    }

    Status written_back() {
        TIDEWAY_TRY_ASSIGN(const auto halves, world_.halves(string_or(deal_, "engagementId")));
        for (const Json& half : halves) {
            if (string_or(half, "id") == string_or(deal_, "id")) {
                return expect(
                    string_or(half, "externalReferenceId") == string_or(row_, "opportunityid"),
                    "the deal's CRM ID is " + text_at(half, "/externalReferenceId")
                );
            }
        }
        return fail(ErrorKind::kNotFound, "DemoFailed", "the deal is gone");
    }

    Status edit_in_portal() {
        const std::string id = string_or(deal_, "id");
        TIDEWAY_TRY(world_.edit_deal(id, {{"details", {{"dealValue", 55000}}}}));
        TIDEWAY_TRY(world_.wait_for<bool>(
            "the new value in Dynamics 365",
            [this, id]() -> Result<std::optional<bool>> {
                TIDEWAY_TRY_ASSIGN(const Json row, one_opportunity(id));
                return row.at("estimatedvalue") == 55000 ? std::optional<bool>(true) : std::nullopt;
            }
        ));
        return world_.settle();
    }

    Status edit_in_crm() {
        const std::string path = "/opportunities(" + string_or(row_, "opportunityid") + ")";
        TIDEWAY_TRY(world_.seller("PATCH", path, {{"estimatedvalue", 61000.5}}));
        TIDEWAY_TRY(world_.wait_for<bool>(
            "the new value in Partner Center",
            [this]() -> Result<std::optional<bool>> {
                TIDEWAY_TRY_ASSIGN(
                    const auto halves, world_.halves(string_or(deal_, "engagementId"))
                );
                for (const Json& half : halves) {
                    if (string_or(half, "id") == string_or(deal_, "id") &&
                        half.at("details").at("dealValue") == 61000.5) {
                        return std::optional<bool>(true);
                    }
                }
                return std::optional<bool>();
            }
        ));
        TIDEWAY_TRY(world_.settle());
        TIDEWAY_TRY_ASSIGN(const Json row, one_opportunity(string_or(deal_, "id")));
        return expect(row.at("estimatedvalue") == 61000.5, "the value went back");
    }

    // The one address in the team of the deal.
    Result<std::string> team_of_deal() {
        TIDEWAY_TRY_ASSIGN(const auto halves, world_.halves(string_or(deal_, "engagementId")));
        for (const Json& half : halves) {
            if (string_or(half, "id") == string_or(deal_, "id") && half.at("team").size() == 1) {
                return text_at(half, "/team/0/email");
            }
        }
        return std::string();
    }

    Status change_owner() {
        const std::string owner = text_at(row_, "/ownerid/id");
        TIDEWAY_TRY(expect(owner == kJamie, "the new opportunity belongs to " + owner));
        TIDEWAY_TRY(world_.seller(
            "PATCH",
            "/opportunities(" + string_or(row_, "opportunityid") + ")",
            {{"ownerid@odata.bind", std::string("/systemusers(") + kKelly + ")"}}
        ));
        TIDEWAY_TRY(world_.wait_for<bool>(
            "the new owner in the deal's team",
            [this]() -> Result<std::optional<bool>> {
                TIDEWAY_TRY_ASSIGN(const std::string address, team_of_deal());
                return address == kKellysAddress ? std::optional<bool>(true) : std::nullopt;
            }
        ));
        TIDEWAY_TRY(world_.settle());
        TIDEWAY_TRY_ASSIGN(const Json row, one_opportunity(string_or(deal_, "id")));
        return expect(text_at(row, "/ownerid/id") == kKelly, "the owner went back");
    }

    Result<std::string> new_opportunity(const std::string& name) {
        TIDEWAY_TRY_ASSIGN(
            const Json made,
            world_.seller(
                "POST",
                "/opportunities",
                {{"name", name},
                 {"estimatedvalue", 18000},
                 {"isrevenuesystemcalculated", false},
                 {"estimatedclosedate", "2027-06-30"},
                 {"description", "Ten lines in two plants."},
                 {"transactioncurrencyid@odata.bind",
                  std::string("/transactioncurrencies(") + kDollar + ")"},
                 {"parentaccountid@odata.bind", std::string("/accounts(") + kAccount + ")"},
                 {"parentcontactid@odata.bind", std::string("/contacts(") + kContact + ")"},
                 {"msft_products", "SOL-20001-XYZ"},
                 {"msft_howcanmicrosofthelp", kHelpWithQuotes},
                 {"msft_syncwithpartnercenter", true}}
            )
        );
        const std::string entity = string_or(made, "entity");
        const auto open = entity.rfind('(');
        return open == std::string::npos ? string_or(made, "opportunityid")
                                         : entity.substr(open + 1, 36);
    }

    // Waits until the opportunity carries a referral, then for quiet; checks one pair.
    Status expect_one_pair(const std::string& opportunity) {
        TIDEWAY_TRY_ASSIGN(
            const Json row,
            world_.wait_for<Json>(
                "the referral of the opportunity",
                [this, opportunity]() -> Result<std::optional<Json>> {
                    TIDEWAY_TRY_ASSIGN(
                        auto rows, world_.opportunities("opportunityid", opportunity)
                    );
                    const bool has = !rows.empty() &&
                                     !text_at(rows.front(), "/msft_referralidentifier").empty() &&
                                     text_at(rows.front(), "/msft_referralidentifier") != "null";
                    return has ? std::optional<Json>(rows.front()) : std::nullopt;
                }
            )
        );
        TIDEWAY_TRY(world_.settle());
        TIDEWAY_TRY_ASSIGN(const Json all, world_.deals());
        std::vector<Json> pair;
        for (const Json& deal : all.at("deals")) {
            if (string_or(deal, "externalReferenceId") == opportunity) {
                pair.push_back(deal);
            }
        }
        TIDEWAY_TRY(expect(!pair.empty(), "no referral carries the CRM ID"));
        TIDEWAY_TRY_ASSIGN(
            const auto halves, world_.halves(string_or(pair.front(), "engagementId"))
        );
        TIDEWAY_TRY(expect(
            halves.size() == 2, "the engagement has " + std::to_string(halves.size()) + " halves"
        ));
        for (const Json& deal : pair) {
            TIDEWAY_TRY(expect(
                string_or(deal, "engagementId") == string_or(halves.front(), "engagementId"),
                "a second pair was made"
            ));
        }
        TIDEWAY_TRY_ASSIGN(const auto rows, world_.opportunities("name", row.at("name")));
        return expect(rows.size() == 1, std::to_string(rows.size()) + " opportunities");
    }

    Status create_in_crm() {
        TIDEWAY_TRY_ASSIGN(const std::string id, new_opportunity("Fabrikam line inspection"));
        return expect_one_pair(id);
    }

    Status ten_times() {
        TIDEWAY_TRY(world_.set_deliveries({{"duplicates", 9}}));
        TIDEWAY_TRY_ASSIGN(const Json deal, new_deal("Contoso shelf cameras"));
        TIDEWAY_TRY(one_opportunity(string_or(deal, "id")));
        TIDEWAY_TRY(world_.settle());
        TIDEWAY_TRY_ASSIGN(const std::string made, new_opportunity("Contoso till analytics"));
        TIDEWAY_TRY(expect_one_pair(made));
        TIDEWAY_TRY(world_.set_deliveries({{"duplicates", 0}}));
        TIDEWAY_TRY_ASSIGN(const auto rows, world_.opportunities("name", "Contoso shelf cameras"));
        return expect(rows.size() == 1, std::to_string(rows.size()) + " opportunities");
    }

    Status race_own_webhook() {
        // The write-back of the referral's id is held up until its webhooks are long there.
        TIDEWAY_TRY(world_.dataverse(
            "POST",
            "/faults",
            {{"method", "PATCH"},
             {"path", "/api/data/*"},
             {"kind", "delay"},
             {"ms", 1500},
             {"count", 1}}
        ));
        TIDEWAY_TRY_ASSIGN(const std::string id, new_opportunity("Fabrikam cold chain"));
        return expect_one_pair(id);
    }

    Status fail_write_back() {
        TIDEWAY_TRY(world_.partner_center(
            "POST",
            "/faults",
            {{"method", "PATCH"},
             {"path", "/v1.0/engagements/referrals/*"},
             {"kind", "status"},
             {"status", 400},
             {"body",
              {{"error",
                {{"code", "invalidRequest"}, {"message", "The CRM ID is being checked."}}}}},
             {"count", 1000}}
        ));
        TIDEWAY_TRY_ASSIGN(const Json deal, new_deal("Northwind route planning"));
        deal_ = deal;
        TIDEWAY_TRY(one_opportunity(string_or(deal, "id")));
        TIDEWAY_TRY(world_.settle());
        TIDEWAY_TRY_ASSIGN(const auto failed, world_.runs("&status=Failed"));
        TIDEWAY_TRY(expect(!failed.empty(), "no run failed"));
        failed_run_ = string_or(failed.back(), "id");
        const std::string line = string_or(failed.back(), "headline");
        std::cout << "        " << line << "\n";
        return expect(
            line.find("Write the CRM ID back") != std::string::npos &&
                line.find("The CRM ID is being checked.") != std::string::npos,
            "the failed run says: " + line
        );
    }

    Status resubmit() {
        TIDEWAY_TRY(world_.partner_center("DELETE", "/faults", {}));
        TIDEWAY_TRY_ASSIGN(
            const Json admitted, world_.api().post("/runs/" + failed_run_ + "/resubmit")
        );
        TIDEWAY_TRY_ASSIGN(
            const Json run, world_.finished_run(admitted.at("runs").at(0).get<std::string>())
        );
        TIDEWAY_TRY(expect(string_or(run, "status") == "Succeeded", string_or(run, "headline")));
        TIDEWAY_TRY(expect(string_or(run, "resubmit_of") == failed_run_, "the lineage is lost"));
        TIDEWAY_TRY(world_.settle());
        TIDEWAY_TRY_ASSIGN(
            const auto rows, world_.opportunities("name", "Northwind route planning")
        );
        TIDEWAY_TRY(expect(rows.size() == 1, std::to_string(rows.size()) + " opportunities"));
        TIDEWAY_TRY_ASSIGN(const auto halves, world_.halves(string_or(deal_, "engagementId")));
        for (const Json& half : halves) {
            if (string_or(half, "id") == string_or(deal_, "id")) {
                return expect(
                    string_or(half, "externalReferenceId") ==
                        string_or(rows.front(), "opportunityid"),
                    "the CRM ID is not on the deal"
                );
            }
        }
        return fail(ErrorKind::kNotFound, "DemoFailed", "the deal is gone");
    }

    DemoWorld& world_;
    Json deal_;
    Json row_;
    std::string failed_run_;
};

struct DemoOptions {
    std::string packs = "flows";
    bool once = false;
};

void say_where_to_look(const DemoWorld& world) {
    std::cout << "  tideway --data " << world.config().data_folder << " runs list\n"
              << "  tideway --data " << world.config().data_folder << " runs show <run>\n"
              << "  tideway --data " << world.config().data_folder << " flows list\n"
              << "  API             http://127.0.0.1:" << world.engine().api_port() << "/api/v1\n"
              << "  Partner Center  " << world.sandboxes().partner_center_url() << "/sandbox\n"
              << "  Dynamics 365    " << world.sandboxes().dataverse_url() << "/sandbox\n"
              << "  Salesforce      " << world.sandboxes().salesforce_url() << "/sandbox\n";
}

// A fresh environment in `folder` with one pack, and what `play` does there.
Result<std::unique_ptr<DemoWorld>> show(
    const char* crm,
    const std::string& folder,
    const std::string& pack,
    Log& log,
    const std::function<Status(DemoWorld&)>& play
) {
    std::cout << crm << "\n";
    const Timestamp began = SystemClock().now();
    TIDEWAY_TRY_ASSIGN(auto world, DemoWorld::create(folder, pack, log));
    std::cout << "ok      sandboxes, server and connections are up  ("
              << format_duration(SystemClock().now() - began) << ")\n"
              << std::flush;
    TIDEWAY_TRY(play(*world));
    TIDEWAY_TRY_ASSIGN(const auto runs, world->runs(""));
    std::cout << runs.size() << " runs in " << format_duration(SystemClock().now() - began)
              << "\n\n";
    return world;
}

Status show_both(const Globals& globals, const DemoOptions& options) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    StderrLog log(LogLevel::kWarning);
    const std::string dynamics_pack = options.packs + "/" + kPack;
    TIDEWAY_TRY_ASSIGN(
        const auto dynamics,
        show(
            "Dynamics 365",
            globals.data_folder,
            dynamics_pack,
            log,
            [](DemoWorld& world) { return Demo(world).run(); }
        )
    );
    const std::string salesforce_pack = options.packs + "/" + demo::kSalesforcePack;
    TIDEWAY_TRY_ASSIGN(
        const auto salesforce,
        show(
            "Salesforce",
            globals.data_folder + "/salesforce",
            salesforce_pack,
            log,
            demo::play_salesforce
        )
    );
    std::cout << "demo: ok\n" << std::flush;
    if (options.once) {
        return {};
    }
    std::cout << "\nIt stays up. Look around:\n";
    say_where_to_look(*dynamics);
    std::cout << "and in the environment with Salesforce:\n";
    say_where_to_look(*salesforce);
    std::cout << "Stop it with Ctrl-C.\n" << std::flush;
    int signal = 0;
    sigwait(&signals, &signal);
    return {};
}

}  // namespace

void add_demo_command(CLI::App& app, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<DemoOptions>();
    CLI::App* command = app.add_subcommand(
        "demo",
        "The main job against the sandboxes, with Dynamics 365 and with Salesforce, in fresh "
        "environments (--data is replaced)"
    );
    command->add_flag("--once", options->once, "End after the job");
    command->add_option("--packs", options->packs, "Folder with the two packs");
    command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return show_both(globals, *options); }));
    });
}

}  // namespace tideway::app
