// The referrals of one partner: create, replace, patch, Microsoft's side, expiry; and their list.
// Thread: the sandbox's loop.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/partner_center/sandbox_wire.h"
#include "engine/http/url.h"

namespace tideway::connectors::partner_center::sandbox_parts {

// Who writes, as the resource remembers it in lastModifiedVia.
struct Writer {
    std::string via;
};

// One referral as the service keeps it: without links and @odata.context.
struct Referral {
    std::int64_t sequence = 0;  // order of creation
    Json wire;
    Ticks changed = 0;  // updatedDateTime
    // What lists showed before, oldest first, each from a moment on; empty when lists do not lag.
    std::vector<std::pair<Timestamp, Json>> listed;

    std::string id() const { return string_or(wire, "id"); }
};

// Which referrals a caller may see: all, or those whose team has the e-mail address.
struct Viewer {
    bool sees_all = true;
    std::string email;

    bool sees(const Json& referral) const;
};

struct Partner {
    std::string id;
    std::string name;
};

class ReferralBook {
  public:
    enum class Change { kCreated, kUpdated };
    using OnChange = std::function<void(const Referral&, Change)>;

    ReferralBook(const Clock& clock, Partner partner, OnChange on_change);

    const Referral* find_by_id(std::string_view id) const;

    const std::deque<Referral>& all() const { return referrals_; }

    Outcome<const Referral*> create(const Json& body, const Writer& writer);
    // An empty if_match means the header is absent.
    Outcome<const Referral*> replace(
        std::string_view id, std::string_view if_match, const Json& body, const Writer& writer
    );
    Outcome<const Referral*> patch(
        std::string_view id, std::string_view if_match, const Json& operations, const Writer& writer
    );

    // A deal that Microsoft shares with the partner: both halves. `overrides` is merged into ours;
    // {"kind":"lead"} makes an Independent one instead, without a second half.
    Outcome<const Referral*> announce(const Json& overrides);
    // A person edits in the portal: a merge patch, by the same rules of state.
    Outcome<const Referral*> edit_in_portal(std::string_view id, const Json& changes);

    enum class Answer { kAccept, kDecline, kExpire, kWin, kLose };
    Outcome<const Referral*> answer(std::string_view id, Answer answer, std::string_view reason);

    // Closes what was not answered in 14 days. Returns the next moment at which something expires.
    std::optional<Timestamp> expire_due();

    // A moment of its own: strictly rising, so that times order writes even under a clock that
    // stands still.
    Ticks next_tick();

    void set_list_lag(Duration lag) { list_lag_ = lag; }

    // What a list shows of it now, or nullptr while it does not show it yet.
    const Json* listed(const Referral& referral) const;

    Json save() const;
    void load(const Json& saved);

    void clear() { referrals_.clear(); }

  private:
    Referral* find_mutable(std::string_view id);
    Json new_wire(const Json& body, const Writer& writer);
    const Referral* add(Json wire);
    void share_with_microsoft(std::string_view engagement);
    const Referral* commit(Referral& referral, Json wire, const Writer& writer);
    Outcome<Referral*> open_for_write(std::string_view id, std::string_view if_match);
    Outcome<const Referral*> change(Referral& referral, Json wire, const Writer& writer);
    void remember_listed(Referral& referral);

    const Clock& clock_;
    Partner partner_;
    OnChange on_change_;
    Duration list_lag_{0};
    std::deque<Referral> referrals_;
    std::int64_t next_sequence_ = 1;
    Ticks last_tick_ = 0;
};

// One page of GET /referrals: {value, @odata.count?} and the $skiptoken of the next page.
struct Page {
    Json body;
    std::optional<std::string> skip_token;
};

Outcome<Page> list_referrals(
    const ReferralBook& book,
    const http::QueryFields& query,
    const Viewer& viewer,
    std::size_t page_size,
    const std::function<Json(const Json&)>& dress
);

}  // namespace tideway::connectors::partner_center::sandbox_parts
