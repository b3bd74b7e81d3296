#include "tests/crash/scenarios.h"

namespace tideway::tests {

std::string Verdict::text() const {
    std::string out;
    for (const std::string& problem : problems) {
        out += (out.empty() ? "" : "; ") + problem;
    }
    return out;
}

void Verdict::expect_count(const std::string& what, std::int64_t found, std::int64_t wanted) {
    if (found == wanted) {
        return;
    }
    lost += found < wanted ? 1 : 0;
    doubled += found > wanted ? 1 : 0;
    problems.push_back(
        what + ": " + std::to_string(found) + " instead of " + std::to_string(wanted)
    );
}

void Verdict::expect_same(const std::string& what, const Json& found, const Json& wanted) {
    if (found != wanted) {
        ++lost;
        problems.push_back(what + ": " + dump(found) + " instead of " + dump(wanted));
    }
}

Status check_runs(CrashWorld& world, Verdict& verdict) {
    TIDEWAY_TRY_ASSIGN(const auto runs, world.runs());
    for (const Json& run : runs) {
        if (string_or(run, "status") != "Succeeded") {
            ++verdict.stuck;
            verdict.problems.push_back(
                string_or(run, "flow") + " is " + string_or(run, "status") + ": " +
                string_or(run, "headline")
            );
        }
    }
    return {};
}

Status AnnouncedDeal::act(CrashWorld& world, const std::string& name) {
    name_ = name;
    TIDEWAY_TRY_ASSIGN(const Json deal, world.announce_deal(name));
    referral_ = string_or(deal, "id");
    return {};
}

Result<Verdict> AnnouncedDeal::check(CrashWorld& world) {
    Verdict out;
    TIDEWAY_TRY(check_runs(world, out));
    TIDEWAY_TRY_ASSIGN(const auto rows, world.opportunities(&SeenOpportunity::referral, referral_));
    TIDEWAY_TRY_ASSIGN(const auto named, world.opportunities(&SeenOpportunity::name, name_));
    TIDEWAY_TRY_ASSIGN(const auto deals, world.deals("id", referral_));
    out.expect_count("opportunities of the referral", std::ssize(rows), 1);
    out.expect_count("opportunities of the name", std::ssize(named), 1);
    out.expect_count("deals", std::ssize(deals), 1);
    if (rows.empty() || deals.empty()) {
        return out;
    }
    out.expect_same(
        "CRM ID of the deal", deals.front().value("externalReferenceId", Json()), rows.front().id
    );
    out.expect_same("value in the CRM", rows.front().value, 42000);
    out.expect_same("deal value", deals.front().at("details").at("dealValue"), 42000);
    out.expect_same("closing date", rows.front().closing_date, "2027-03-31");
    TIDEWAY_TRY_ASSIGN(const CrmWrites writes, world.crm().writes());
    TIDEWAY_TRY_ASSIGN(const int patched, world.patches_in_partner_center());
    TIDEWAY_TRY_ASSIGN(const int made, world.creates_in_partner_center());
    out.expect_count("creates in the CRM", writes.opportunities_made, 1);
    out.expect_count("customers made", writes.customers_made, 1);
    out.expect_count("notes of Microsoft's answer", writes.opportunities_changed, 1);
    out.expect_count("writes of the CRM ID", patched, 1);
    out.expect_count("creates in Partner Center", made, 0);
    return out;
}

Status CreatedOpportunity::act(CrashWorld& world, const std::string& name) {
    name_ = name;
    TIDEWAY_TRY_ASSIGN(opportunity_, world.crm().new_opportunity(name));
    return {};
}

Result<Verdict> CreatedOpportunity::check(CrashWorld& world) {
    Verdict out;
    TIDEWAY_TRY(check_runs(world, out));
    TIDEWAY_TRY(check_pair(world, out));
    return out;
}

Status CreatedOpportunity::check_pair(CrashWorld& world, Verdict& out) const {
    TIDEWAY_TRY_ASSIGN(const auto rows, world.opportunities(&SeenOpportunity::id, opportunity_));
    TIDEWAY_TRY_ASSIGN(const auto named, world.opportunities(&SeenOpportunity::name, name_));
    TIDEWAY_TRY_ASSIGN(const auto halves, world.deals("externalReferenceId", opportunity_));
    TIDEWAY_TRY_ASSIGN(const auto deals, world.deals("name", name_));
    out.expect_count("opportunities", std::ssize(rows), 1);
    out.expect_count("opportunities of the name", std::ssize(named), 1);
    out.expect_count("halves", std::ssize(halves), 2);
    out.expect_count("deals of the name", std::ssize(deals), 2);
    if (rows.empty() || halves.size() != 2) {
        return {};
    }
    out.expect_same(
        "engagement of the second half",
        halves.back().at("engagementId"),
        halves.front().at("engagementId")
    );
    int matching = 0;
    for (const Json& half : halves) {
        const bool is_microsoft = half.at("target").at(0).at("id") == "msft";
        matching += !is_microsoft && half.at("id") == rows.front().referral ? 1 : 0;
        out.expect_same("deal value", half.at("details").at("dealValue"), 18000);
    }
    out.expect_count("own halves that the opportunity names", matching, 1);
    out.expect_same("value in the CRM", rows.front().value, 18000);
    TIDEWAY_TRY_ASSIGN(const CrmWrites writes, world.crm().writes());
    TIDEWAY_TRY_ASSIGN(const int patched, world.patches_in_partner_center());
    TIDEWAY_TRY_ASSIGN(const int made, world.creates_in_partner_center());
    out.expect_count("creates in the CRM", writes.opportunities_made, 0);
    out.expect_count("writes of the referral's id", writes.opportunities_changed, 1);
    out.expect_count("changes in Partner Center", patched, 0);
    out.expect_count("creates in Partner Center", made, 2);
    return {};
}

}  // namespace tideway::tests
