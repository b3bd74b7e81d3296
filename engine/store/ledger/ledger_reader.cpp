#include "engine/store/ledger/ledger_reader.h"

#include <algorithm>

#include "engine/store/sql_query.h"

namespace tideway::store {
namespace {

// Ids follow the time of the intent, so that the newest are found without an index on time.
constexpr std::string_view kNewestEffects =
    "SELECT e.run_id, e.path, e.connection, e.operation, e.object, e.record_id, e.state, e.created,"
    " coalesce(f.pack, '') FROM effect e LEFT JOIN run r ON r.id = e.run_id"
    " LEFT JOIN flow f ON f.id = r.flow_id ORDER BY e.id DESC";

constexpr std::string_view kRecords =
    "SELECT connection, count(*) FROM (SELECT DISTINCT record_id, object, connection FROM effect"
    " WHERE record_id <> '') GROUP BY connection";

bool may_have_happened(model::EffectState state) {
    return state != model::EffectState::kFailed && state != model::EffectState::kSkipped;
}

}  // namespace

Result<std::vector<PackEffect>> SqlLedgerReader::effects_since(Timestamp since) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), kNewestEffects);
    std::vector<PackEffect> out;
    while (true) {
        TIDEWAY_TRY_ASSIGN(const bool found, query.step());
        if (!found) {
            break;
        }
        PackEffect one;
        one.effect.run_id = query.integer();
        one.effect.path = query.text();
        one.effect.connection = query.text();
        one.effect.operation = query.text();
        one.effect.object = query.text();
        one.effect.record_id = query.text();
        one.effect.state =
            model::parse_effect_state(query.view()).value_or(model::EffectState::kParked);
        one.effect.created = query.timestamp();
        one.pack = query.text();
        if (one.effect.created < since) {
            break;
        }
        if (may_have_happened(one.effect.state)) {
            out.push_back(std::move(one));
        }
    }
    std::ranges::reverse(out);
    return out;
}

Result<std::map<std::string, std::int64_t>> SqlLedgerReader::records_of_connections() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), kRecords);
    std::map<std::string, std::int64_t> out;
    while (true) {
        TIDEWAY_TRY_ASSIGN(const bool found, query.step());
        if (!found) {
            return out;
        }
        const std::string connection = query.text();
        out[connection] = query.integer();
    }
}

}  // namespace tideway::store
