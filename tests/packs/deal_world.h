// What people do in Partner Center, and what a test sees of it there.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/app/sign_in_flow.h"
#include "tests/packs/pack_world.h"

namespace tideway::tests {

inline constexpr const char* kReferrals = "/v1.0/engagements/referrals";

// Thread: the test's. Every helper blocks, and ends the test when it cannot do its work.
class DealWorld : public PackWorld {
  protected:
    static Json deal(const std::string& id) { return must(partner_center("GET", "/deals/" + id)); }

    static std::vector<Json> halves_of_row(const std::string& opportunity) {
        std::vector<Json> out;
        const Json all = must(world().deals());
        for (const Json& each : all.at("deals")) {
            if (string_or(each, "externalReferenceId") == opportunity) {
                out.push_back(each);
            }
        }
        return out;
    }

    static bool is_microsofts(const Json& half) {
        const Json& target = half.at("target");
        return std::any_of(target.begin(), target.end(), [](const Json& each) {
            return string_or(each, "id") == "msft";
        });
    }

    static Json own_half_of_row(const std::string& opportunity) {
        for (const Json& each : halves_of_row(opportunity)) {
            if (!is_microsofts(each)) {
                return each;
            }
        }
        return Json();
    }

    static Json announce(const std::string& name, const Json& details = Json::object()) {
        Json all = {
            {"dealValue", 42000},
            {"currency", "EUR"},
            {"closingDateTime", "2027-03-31T00:00:00Z"},
            {"notes", "Wants a pilot in spring."}};
        all.update(details);
        return must(world().announce_deal({{"name", name}, {"details", all}}));
    }

    // The user of the connection to Partner Center, whose sign-in has ended.
    static void sign_in_again() {
        const Json sandbox = world().sandboxes().connections().at("partner_center");
        const auto spec = must(app::built_in_spec("partner_center"));
        app::ConnectionPlan plan;
        plan.name = "partner_center_referrals";
        plan.grant = string_or(sandbox, "grant");
        plan.settings = sandbox.at("settings");
        for (const auto& [key, value] : sandbox.at("secrets").items()) {
            plan.secrets.insert_or_assign(key, Secret(value.get<std::string>()));
        }
        const auto signed_in = must(app::sign_in(spec, plan, SystemClock()));
        (void)must(app::put_connection(world().api(), spec, plan, signed_in));
    }

    // Partner Center's events go to this address from now on; it sends two test events a minute.
    static void register_address(const std::string& url) {
        (void)must(partner_center("POST", "/clock", {{"advance_s", 61}}));
        const Json run = register_url(url, true);
        EXPECT_EQ(string_or(run, "outcome"), "registered") << string_or(run, "headline");
    }

    // Takes whatever is called, and does nothing with it.
    static std::string address_of_another_program() {
        const Json sandbox = world().sandboxes().connections().at("partner_center");
        return string_or(sandbox.at("settings"), "base_url") + "/sandbox/clock";
    }

    // Writes to referrals that Partner Center accepted, by method.
    static int referral_writes(const std::string& method) {
        const Json writes = must(partner_center("GET", "/writes")).at("writes");
        return static_cast<int>(std::count_if(writes.begin(), writes.end(), [&](const Json& w) {
            return string_or(w, "method") == method && int_or(w, "status", 0) < 300 &&
                   string_or(w, "path").starts_with(kReferrals);
        }));
    }

    static void fail_posts_of_microsofts_half() {
        (void)must(partner_center(
            "POST",
            "/faults",
            {{"method", "POST"},
             {"path", kReferrals},
             {"body_contains", "\"msft\""},
             {"kind", "status"},
             {"status", 400},
             {"body", {{"error", {{"code", "invalidRequest"}, {"message", "Not today."}}}}},
             {"count", 1000}}
        ));
    }
};

}  // namespace tideway::tests
