#include "engine/store/notices/notice_reader.h"

#include "engine/store/sql_rows.h"

namespace tideway::store {
namespace {

constexpr std::string_view kNoticeColumns =
    "SELECT id, uid, kind, cause, title, message, remedy, flow, connection, run, stage, opened,"
    " closed FROM notice";

Result<model::NoticeRecord> read_notice(SqlQuery& row) {
    model::NoticeRecord notice;
    notice.id = row.integer();
    notice.uid = row.uid();
    notice.kind = model::parse_notice_kind(row.view()).value_or(model::NoticeKind::kFailureGroup);
    notice.cause = row.text();
    notice.title = row.text();
    notice.message = row.text();
    notice.remedy = row.text();
    notice.flow = row.text();
    notice.connection = row.text();
    notice.run = row.uid();
    notice.stage = row.small_integer();
    notice.opened = row.timestamp();
    notice.closed = row.optional_timestamp();
    return notice;
}

constexpr std::string_view kDeliveryColumns =
    "SELECT id, notice_id, moment, channel, flow_id, state, attempts, error, created,"
    " next_attempt, ended FROM notice_delivery";

Result<model::NoticeDelivery> read_delivery(SqlQuery& row) {
    model::NoticeDelivery delivery;
    delivery.id = row.integer();
    delivery.notice_id = row.integer();
    delivery.moment = model::parse_notice_moment(row.view()).value_or(model::NoticeMoment::kOpened);
    delivery.channel = row.text();
    delivery.flow = row.integer();
    delivery.state =
        model::parse_delivery_state(row.view()).value_or(model::DeliveryState::kGivenUp);
    delivery.attempts = row.small_integer();
    delivery.error = row.text();
    delivery.created = row.timestamp();
    delivery.next_attempt = row.timestamp();
    delivery.ended = row.optional_timestamp();
    return delivery;
}

std::string with(std::string_view columns, std::string_view rest) {
    return std::string(columns) + std::string(rest);
}

}  // namespace

Result<std::vector<model::NoticeRecord>> SqlNoticeReader::notices(NoticeFilter filter, int limit) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    const bool is_open = filter == NoticeFilter::kOpen;
    SqlQuery query(
        lease.driver(),
        with(
            kNoticeColumns,
            is_open ? " WHERE closed IS NULL ORDER BY id DESC LIMIT $limit"
                    : " ORDER BY id DESC LIMIT $limit"
        )
    );
    query.set("limit", limit);
    return read_all<model::NoticeRecord>(query, read_notice);
}

Result<std::optional<model::NoticeRecord>> SqlNoticeReader::notice(const Uid& uid) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), with(kNoticeColumns, " WHERE uid = $uid"));
    query.set("uid", uid);
    return read_one<model::NoticeRecord>(query, read_notice);
}

Result<std::optional<model::NoticeRecord>> SqlNoticeReader::notice_of(std::int64_t notice_id) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), with(kNoticeColumns, " WHERE id = $id"));
    query.set("id", notice_id);
    return read_one<model::NoticeRecord>(query, read_notice);
}

Result<std::vector<model::NoticeDelivery>> SqlNoticeReader::deliveries(std::int64_t notice_id) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(), with(kDeliveryColumns, " WHERE notice_id = $notice ORDER BY id")
    );
    query.set("notice", notice_id);
    return read_all<model::NoticeDelivery>(query, read_delivery);
}

Result<std::vector<model::NoticeDelivery>> SqlNoticeReader::next_deliveries() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        with(
            kDeliveryColumns,
            " WHERE id IN (SELECT min(id) FROM notice_delivery WHERE state = 'Waiting'"
            " GROUP BY channel, flow_id) ORDER BY id"
        )
    );
    return read_all<model::NoticeDelivery>(query, read_delivery);
}

Result<std::vector<model::NoticeChannel>> SqlNoticeReader::channels() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT name, kind, settings, sealed, created FROM notice_channel ORDER BY name"
    );
    return read_all<model::NoticeChannel>(query, [](SqlQuery& row) -> Result<model::NoticeChannel> {
        model::NoticeChannel channel;
        channel.name = row.text();
        channel.kind = row.text();
        channel.settings = row.payload();
        channel.sealed = row.bytes();
        channel.created = row.timestamp();
        return channel;
    });
}

Result<std::vector<model::EventExpectation>> SqlNoticeReader::expectations() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(), "SELECT flow_id, hours, since FROM event_expectation ORDER BY flow_id"
    );
    return read_all<model::EventExpectation>(
        query,
        [](SqlQuery& row) -> Result<model::EventExpectation> {
            model::EventExpectation expectation;
            expectation.flow = row.integer();
            expectation.hours = row.small_integer();
            expectation.since = row.timestamp();
            return expectation;
        }
    );
}

Result<std::vector<FailureGroup>> SqlNoticeReader::failure_groups(Timestamp since) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT flow_id, fingerprint, first, last, runs, last_run FROM failure_group"
        " WHERE last > $since ORDER BY first"
    );
    query.set("since", since);
    return read_all<FailureGroup>(query, [](SqlQuery& row) -> Result<FailureGroup> {
        FailureGroup group;
        group.flow = row.integer();
        group.fingerprint = row.text();
        group.first = row.timestamp();
        group.last = row.timestamp();
        group.runs = row.integer();
        group.last_run = row.integer();
        return group;
    });
}

Result<std::vector<PausedGroup>> SqlNoticeReader::paused_groups() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT flow_id, code, count(*), min(id) FROM run"
        " WHERE status = 'Paused' AND status <> 'Succeeded' GROUP BY flow_id, code"
    );
    return read_all<PausedGroup>(query, [](SqlQuery& row) -> Result<PausedGroup> {
        PausedGroup group;
        group.flow = row.integer();
        group.code = row.text();
        group.runs = row.integer();
        group.first_run = row.integer();
        return group;
    });
}

Result<std::optional<Timestamp>> SqlNoticeReader::last_event(model::FlowId flow) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT received FROM event WHERE flow_id = $flow AND (status <> 'Failed' OR run_id <> 0)"
        " ORDER BY id DESC LIMIT 1"
    );
    query.set("flow", flow);
    return read_one<Timestamp>(query, [](SqlQuery& row) -> Result<Timestamp> {
        return row.timestamp();
    });
}

}  // namespace tideway::store
