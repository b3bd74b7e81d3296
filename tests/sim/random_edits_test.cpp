// Both sides edited at random, a thousand times, while notifications come late, twice, in another
// order or not at all, requests are lost, and the server dies.
//
// What is promised (the packs' README, Races): what people change on one side stands on both; when
// both sides of a deal were changed before either arrived, the later one wins for the whole deal.
// So at the end both sides are as the deal was, where a person was there last, right after that.
// The CRMs keep full seconds: of edits that are closer to each other either may win. Who closes a
// deal has the last word.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <sstream>

#include "tests/sim/co_sell_simulation.h"

namespace tideway::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kDeals = 24;
constexpr int kEdits = 1000;
constexpr Duration kTooCloseToTell = milliseconds(2000);

enum class Side { kPartnerCenter, kCrm };

// What a person did, and how the deal was on that side right after it.
struct Edit {
    Side side = Side::kPartnerCenter;
    Timestamp at;
    DealFields after;
    enum class Kind { kNew, kChange, kClose };
    Kind kind = Kind::kChange;
};

struct Deal {
    std::string referral;     // empty: none yet
    std::string opportunity;  // the same
    std::vector<Edit> edits;
    bool is_closed = false;  // by a person, on one side
    bool is_over = false;    // that side is where somebody would edit

    bool is_on(Side side) const { return !(side == Side::kCrm ? opportunity : referral).empty(); }
};

// Another one: TIDEWAY_TEST_SEED=7
unsigned first_seed() {
    const char* const said =
        std::getenv("TIDEWAY_TEST_SEED");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return said == nullptr ? 1U : static_cast<unsigned>(std::stoul(said));
}

class RandomEdits : public CoSellSimulation {
  protected:
    // The server starts again, in a process that can die.
    void begin(unsigned seed) {
        chance_.seed(seed);
        world().stop_server();
        start();
    }

    void live_through(int edits) {
        for (int round = 0; edits_ < edits; ++round) {
            trouble(round);
            edit_something(edits_ > edits * 4 / 5);
            pass(pause());
        }
    }

    // Everything works again, and nobody edits.
    void calm_down() {
        end_of_trouble();
        for (std::size_t i = 0; i < deals_.size(); ++i) {
            find_both_sides(deals_[i]);
        }
        pass(minutes(1));
        for (Deal& deal : deals_) {
            accept(deal);
        }
        pass(minutes(25));
        settle(hours(2));
        take_writes();
    }

    // --- what is promised
    void expect_equal_and_as_edited_last() {
        const auto all = deals();
        std::map<std::string, Opportunity> rows;
        for (Opportunity& each : crm().opportunities()) {
            rows[each.id] = std::move(each);
        }
        EXPECT_EQ(all.size(), deals_.size()) << "one referral for each deal";
        EXPECT_EQ(rows.size(), deals_.size()) << "one opportunity for each deal";
        for (Deal& deal : deals_) {
            find_both_sides(deal);
            if (!all.contains(deal.referral) || !rows.contains(deal.opportunity)) {
                ADD_FAILURE() << "one side has nothing of a deal" << story_of(deal);
                continue;
            }
            const DealFields there = fields_of(all.at(deal.referral));
            const DealFields here = rows.at(deal.opportunity).fields;
            EXPECT_EQ(there.text(), here.text()) << story_of(deal);
            EXPECT_TRUE(is_as_edited_last(deal, here)) << here.text() << story_of(deal);
        }
    }

    // Each save of the program carries over what somebody edited.
    void expect_no_save_for_nothing() {
        for (const auto& [record, writes] : to_crm_) {
            for (const SyncWrite& write : writes) {
                const bool is_empty =
                    write.kind == SyncWrite::Kind::kUpdate && write.changed.empty();
                EXPECT_FALSE(is_empty) << "changed nothing in the CRM at " << format_utc(write.at);
            }
        }
        for (const auto& [referral, writes] : to_partner_center_) {
            for (const SyncWrite& write : writes) {
                EXPECT_FALSE(write.changed.empty())
                    << "changed nothing in Partner Center at " << format_utc(write.at);
            }
        }
        for (const Deal& deal : deals_) {
            EXPECT_LE(carrying(to_crm_[deal.opportunity]), saves_for(deal, Side::kPartnerCenter))
                << "saves of the opportunity" << story_of(deal);
            EXPECT_LE(carrying(to_partner_center_[deal.referral]), saves_for(deal, Side::kCrm))
                << "saves of the referral" << story_of(deal);
        }
    }

    // A run that another one called may be refused because somebody saved in between: its caller
    // reads again.
    void expect_no_run_is_left() {
        for (const Json& run : must(world().runs("&status=Failed,TimedOut,Cancelled,Paused"))) {
            const bool is_called = !string_or(run, "parent").empty();
            EXPECT_TRUE(is_called && string_or(run, "status") == "Failed") << dump(run);
        }
        EXPECT_EQ(runs_that_are("Running,Waiting"), 0U);
    }

    void expect_rest() {
        const int before = writes_;
        pass(hours(1));
        take_writes();
        EXPECT_EQ(writes_, before) << "saves in an hour in which nobody did anything";
    }

    void expect_reconciled() {
        const Json run = run_by_hand("reconcile", {{"people", true}});
        EXPECT_EQ(string_or(run, "outcome"), "no change") << dump(run);
    }

    std::string figures() {
        int carried = 0;
        for (const Deal& deal : deals_) {
            carried += carrying(to_crm_[deal.opportunity]);
            carried += carrying(to_partner_center_[deal.referral]);
        }
        std::ostringstream out;
        out << edits_ << " edits of " << deals_.size() << " deals, " << conflicts_
            << " of them not knowing one of the other side, " << crashes_ << " crashes: " << carried
            << " saves carried them over, " << writes_ - carried << " wrote ids and Audit";
        return out.str();
    }

  private:
    // --- time and crashes
    void start() {
        process_ = std::make_shared<SimulatedProcess>(host());
        must(world().start_server(process_));
    }

    bool is_dead() const { return process_->life().is_over(); }

    void pass(Duration by) {
        const Timestamp end = now() + by;
        while (now() < end) {
            const Timestamp from = now();
            host()->time().go_on([this] { return is_dead(); }, end);
            if (is_dead()) {
                ++crashes_;
                world().stop_server();
                go_on(seconds(between(1, chance(0.1) ? 1200 : 30)));
                start();
            }
            if (now() == from) {
                break;
            }
        }
        take_writes_sometimes();
    }

    Duration pause() {
        if (chance(0.3)) {
            return milliseconds(between(0, 1500));
        }
        return milliseconds(between(500, chance(0.2) ? 120'000 : 20'000));
    }

    // --- chance
    int between(int least, int most) {
        return std::uniform_int_distribution<int>(least, most)(chance_);
    }

    bool chance(double probability) { return std::bernoulli_distribution(probability)(chance_); }

    // --- trouble
    void trouble(int edit) {
        if (edit % 25 == 0) {
            misbehave();
        }
        if (chance(0.012)) {  // each costs a start
            process_->life().end_at_step(between(1, 120));
        }
        if (chance(0.03)) {
            break_a_request();
        }
    }

    void misbehave() {
        const int delay = chance(0.5) ? between(0, 40'000) : 0;
        Mischief crm_tells;
        crm_tells.delay = milliseconds(chance(0.5) ? between(0, 40'000) : 0);
        crm_tells.duplicates = chance(0.4) ? between(1, 2) : 0;
        crm_tells.lose = chance(0.4) ? between(1, 3) : 0;
        crm_tells.reorder = chance(0.3);
        crm().misbehave(crm_tells);
        must(world().set_deliveries(
            {{"delay_ms", delay},
             {"duplicates", chance(0.4) ? between(1, 2) : 0},
             {"lose", chance(0.4) ? between(1, 3) : 0},
             {"reorder", chance(0.3)},
             {"reorder_window_ms", 30'000}}
        ));
    }

    void break_a_request() {
        static constexpr const char* kKinds[] = {"cut_before", "cut_after", "throttle", "status"};
        const Json fault = {
            {"kind", kKinds[between(0, 3)]},
            {"path", crm().api_path() + "*"},
            {"method", chance(0.5) ? "PATCH" : ""},
            {"seconds", 2},
            {"count", between(1, 2)}};
        if (chance(0.5)) {
            crm().add_fault(fault);
            return;
        }
        Json theirs = fault;
        theirs["path"] = "/v1.0/engagements/referrals*";
        (void)partner_center("POST", "/faults", theirs);
    }

    void end_of_trouble() {
        process_->life().end_at_step(0);
        crm().mend();
        crm().misbehave({});
        (void)partner_center("DELETE", "/faults");
        must(world().set_deliveries(
            {{"delay_ms", 0}, {"duplicates", 0}, {"lose", 0}, {"reorder", false}}
        ));
    }

    // --- people
    void edit_something(bool is_late) {
        const bool is_young = deals_.size() < static_cast<std::size_t>(kDeals);
        if (is_young && (deals_.empty() || chance(0.1))) {
            deals_.push_back(new_deal());
            return;
        }
        Deal& deal =
            deals_[static_cast<std::size_t>(between(0, static_cast<int>(deals_.size()) - 1))];
        if (deal.is_over) {
            return;
        }
        find_both_sides(deal);
        const Side side =
            deal.is_on(Side::kCrm) && (!deal.is_on(Side::kPartnerCenter) || chance(0.5))
                ? Side::kCrm
                : Side::kPartnerCenter;
        edit(deal, side, is_late);
    }

    DealFields new_fields() {
        DealFields out;
        out.value = 1000 + ++changes_;
        out.notes = "Made as number " + std::to_string(changes_) + ".";
        out.closing_day = "2027-05-31";
        return out;
    }

    Deal new_deal() {
        const DealFields fields = new_fields();
        const std::string name = "Deal " + std::to_string(deals_.size());
        Deal out;
        if (chance(0.5)) {
            out.opportunity = crm().create(name, fields);
            note(out, Side::kCrm, Edit::Kind::kNew);
        } else {
            const Json made =
                must(world().announce_deal({{"name", name}, {"details", details_of(fields)}}));
            out.referral = string_or(made, "id");
            note(out, Side::kPartnerCenter, Edit::Kind::kNew);
        }

        return out;
    }

    static Json details_of(const DealFields& fields) {
        return {
            {"dealValue", fields.value},
            {"currency", "EUR"},
            {"notes", fields.notes},
            {"closingDateTime", fields.closing_day + "T00:00:00Z"}};
    }

    // Who made a deal knows one side of it; the other one comes later.
    void find_both_sides(Deal& deal) {
        if (deal.opportunity.empty()) {
            for (const Opportunity& each : crm().opportunities()) {
                deal.opportunity = each.referral == deal.referral ? each.id : deal.opportunity;
            }
        }
        if (deal.referral.empty()) {
            for (const auto& [id, each] : deals()) {
                const bool is_it = string_or(each, "externalReferenceId") == deal.opportunity;
                deal.referral = is_it ? id : deal.referral;
            }
        }
    }

    DealFields seen(const Deal& deal, Side side) {
        return side == Side::kCrm ? crm().fields_of(deal.opportunity)
                                  : fields_of(partner_center("GET", "/deals/" + deal.referral));
    }

    void edit(Deal& deal, Side side, bool is_late) {
        const DealFields before = seen(deal, side);
        deal.is_over = is_closed(before.state);
        if (deal.is_over) {
            return;
        }
        conflicts_ += is_news_on_the_other_side(deal, side, before) ? 1 : 0;
        if (before.state == DealState::kHold && chance(0.4)) {
            move(deal, side, DealState::kOpen);
            note(deal, side, Edit::Kind::kChange);
        } else if (is_late && may_close(deal, before)) {
            move(deal, side, chance(0.6) ? DealState::kWon : DealState::kLost);
            deal.is_closed = true;
            note(deal, side, Edit::Kind::kClose);
        } else {
            save(deal, side, changed(before));
            note(deal, side, Edit::Kind::kChange);
        }
    }

    bool may_close(const Deal& deal, const DealFields& fields) {
        const auto closed = std::ranges::count(deals_, true, &Deal::is_closed);
        return !deal.is_closed && fields.state == DealState::kOpen && closed < kDeals / 2 &&
               chance(0.1);
    }

    bool is_news_on_the_other_side(const Deal& deal, Side side, const DealFields& before) {
        const Side other = side == Side::kCrm ? Side::kPartnerCenter : Side::kCrm;
        return deal.edits.back().side == other && deal.is_on(other) && seen(deal, other) != before;
    }

    DealFields changed(DealFields fields) {
        const std::string number = std::to_string(++changes_);
        const int which = between(1, 7);
        if ((which & 1) != 0) {
            fields.value = 1000 + changes_;
        }
        if ((which & 2) != 0) {
            fields.notes = "Change " + number + "\nof the \"deal\" \xE2\x9C\x93";
        }
        if ((which & 4) != 0) {
            const int day = 1 + changes_ % 28;
            fields.closing_day = "2027-0" + std::to_string(1 + changes_ % 9) +
                                 (day < 10 ? "-0" : "-") + std::to_string(day);
        }
        return fields;
    }

    void save(const Deal& deal, Side side, const DealFields& fields) {
        if (side == Side::kCrm) {
            crm().edit(deal.opportunity, fields);
            return;
        }
        must(world().edit_deal(deal.referral, {{"details", details_of(fields)}}));
    }

    void move(const Deal& deal, Side side, DealState to) {
        if (side == Side::kCrm) {
            crm().move_to(deal.opportunity, to);
            return;
        }
        const bool is_open = to == DealState::kOpen;
        const char* word = is_open ? "Accepted" : to == DealState::kWon ? "Won" : "Lost";
        must(world().edit_deal(
            deal.referral, {{"status", is_open ? "Active" : "Closed"}, {"substatus", word}}
        ));
    }

    void note(Deal& deal, Side side, Edit::Kind kind) {
        ++edits_;
        deal.edits.push_back({side, now(), seen(deal, side), kind});
    }

    // Salesforce keeps what is edited while a deal is on hold until it is accepted.
    void accept(Deal& deal) {
        const Side side = deal.edits.back().side;
        if (!deal.is_over && seen(deal, side).state == DealState::kHold) {
            move(deal, side, DealState::kOpen);
            note(deal, side, Edit::Kind::kChange);
        }
    }

    // --- judgement
    static const Edit* last_on(const Deal& deal, Side side) {
        const auto found = std::find_if(deal.edits.rbegin(), deal.edits.rend(), [&](const Edit& e) {
            return e.side == side;
        });
        return found == deal.edits.rend() ? nullptr : &*found;
    }

    static bool is_as_edited_last(const Deal& deal, const DealFields& found) {
        const Edit& last = deal.edits.back();
        const auto says_it = [&](DealFields said) {
            said.state = found.state;  // it moves on, whoever was last
            return said == found;
        };
        const Edit* other =
            last_on(deal, last.side == Side::kCrm ? Side::kPartnerCenter : Side::kCrm);
        if (other != nullptr && is_closed(other->after.state)) {
            return says_it(other->after);
        }
        const bool is_close = other != nullptr && last.at - other->at < kTooCloseToTell;
        return says_it(last.after) || (is_close && says_it(other->after));
    }

    // What people, the program and its runs did about a deal, the last of it.
    std::string story_of(const Deal& deal) {
        std::multimap<Timestamp, std::string> lines;
        for (const Edit& edit : deal.edits) {
            const char* where = edit.side == Side::kCrm ? "CRM" : "Partner Center";
            lines.emplace(
                edit.at, std::string("edited in the ") + where + ": " + edit.after.text()
            );
        }
        for (const SyncWrite& write : to_crm_[deal.opportunity]) {
            lines.emplace(write.at, "saved in the CRM: " + dump(Json(write.changed)));
        }
        for (const SyncWrite& write : to_partner_center_[deal.referral]) {
            lines.emplace(write.at, "saved in Partner Center: " + dump(Json(write.changed)));
        }
        for (const Json& run : must(world().runs("&tracked=referral%3D" + deal.referral))) {
            lines.emplace(
                parse_utc(string_or(run, "created")).value(),
                string_or(run, "flow") + ": " + string_or(run, "status") + " " +
                    string_or(run, "outcome") + " " + string_or(run, "outcome_reason") +
                    ", until " + string_or(run, "ended")
            );
        }
        std::string out = "\n  " + deal.referral + " " + deal.opportunity;
        constexpr std::ptrdiff_t kShown = 60;
        const auto left_out = std::max<std::ptrdiff_t>(std::ssize(lines) - kShown, 0);
        for (auto line = std::next(lines.begin(), left_out); line != lines.end(); ++line) {
            out += "\n  " + format_utc(line->first) + " " + line->second;
        }
        return out;
    }

    // One for each edit of the other side. A CRM closes a record by a request of its own, after
    // the fields that go with it.
    static int saves_for(const Deal& deal, Side side) {
        int out = 0;
        for (const Edit& edit : deal.edits) {
            if (edit.side == side) {
                out += static_cast<int>(edit.kind);
            }
        }
        return out;
    }

    static int carrying(const std::vector<SyncWrite>& writes) {
        return static_cast<int>(std::ranges::count_if(writes, [](const SyncWrite& write) {
            return write.kind == SyncWrite::Kind::kUpdate && write.carries;
        }));
    }

    // The sandboxes keep so many only.
    void take_writes_sometimes() {
        if (++passes_ % 50 == 0) {
            take_writes();
        }
    }

    void take_writes() {
        for (SyncWrite& write : crm().take_writes()) {
            ++writes_;
            to_crm_[write.record].push_back(std::move(write));
        }
        const Json all = partner_center("GET", "/writes");
        for (const Json& write : all.at("writes")) {
            if (string_or(write, "method") == "PATCH" && int_or(write, "status", 0) < 300) {
                ++writes_;
                SyncWrite seen = write_to_referral(write);
                to_partner_center_[seen.record].push_back(std::move(seen));
            }
        }
        (void)partner_center("DELETE", "/writes");
    }

    static SyncWrite write_to_referral(const Json& write) {
        const std::string path = string_or(write, "path");
        SyncWrite out;
        out.record = path.substr(path.rfind('/') + 1);
        out.changed = write.at("changed").get<std::vector<std::string>>();
        out.carries = changes_any_of(
            out.changed,
            {"/details/dealValue", "/details/notes", "/details/closingDateTime", "/status"}
        );
        out.at = parse_utc(string_or(write, "time")).value();
        return out;
    }

    std::mt19937 chance_;
    std::shared_ptr<SimulatedProcess> process_;
    std::vector<Deal> deals_;
    std::map<std::string, std::vector<SyncWrite>> to_crm_;             // by opportunity
    std::map<std::string, std::vector<SyncWrite>> to_partner_center_;  // by referral
    int writes_ = 0;
    int edits_ = 0;
    int changes_ = 0;
    int conflicts_ = 0;
    int crashes_ = 0;
    int passes_ = 0;
};

TEST_P(RandomEdits, EndAlikeOnBothSidesAndEachIsCarriedOverOnce) {
    const unsigned seed = first_seed();
    SCOPED_TRACE("TIDEWAY_TEST_SEED=" + std::to_string(seed));
    begin(seed);
    live_through(kEdits);
    calm_down();
    expect_equal_and_as_edited_last();
    expect_no_save_for_nothing();
    expect_no_run_is_left();
    expect_rest();
    expect_reconciled();
    std::cout << "seed " << seed << ": " << figures() << "\n";
}

INSTANTIATE_TEST_SUITE_P(
    CoSell, RandomEdits, ::testing::Values(CrmKind::kDynamics365, CrmKind::kSalesforce), crm_name
);

}  // namespace
}  // namespace tideway::sim
