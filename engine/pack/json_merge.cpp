#include <algorithm>
#include <set>
#include <utility>

#include "engine/base/json.h"
#include "engine/pack/merge.h"

namespace tideway::pack {

namespace {

// Keeps the order of keys, which people have chosen.
using OrderedJson = nlohmann::ordered_json;

// What the three have at one place; null: nothing.
struct Three {
    const OrderedJson* base = nullptr;
    const OrderedJson* local = nullptr;
    const OrderedJson* vendor = nullptr;
};

constexpr auto kReplace = OrderedJson::error_handler_t::replace;

// Equal for values that differ in the order of keys only.
std::string canonical(const OrderedJson* value) {
    return value == nullptr ? std::string() : dump(Json(*value));
}

std::optional<std::string> shown(const OrderedJson* value) {
    return value == nullptr ? std::nullopt : std::optional(value->dump(-1, ' ', false, kReplace));
}

const OrderedJson* member(const OrderedJson* object, const std::string& key) {
    if (object == nullptr || !object->is_object()) {
        return nullptr;
    }
    const auto it = object->find(key);
    return it == object->end() ? nullptr : &*it;
}

using Names = std::vector<std::string>;

// The text under `key` of every object of a list; nothing: some have none, or two have the same.
std::optional<Names> names_by(const OrderedJson& list, const std::string& key) {
    Names out;
    std::set<std::string> seen;
    for (const OrderedJson& item : list) {
        const OrderedJson* name = member(&item, key);
        if (name == nullptr || !name->is_string() ||
            !seen.insert(name->get<std::string>()).second) {
            return std::nullopt;
        }
        out.push_back(name->get<std::string>());
    }
    return out;
}

// A list of objects that have names.
struct NamedList {
    const OrderedJson* list = nullptr;
    Names names;

    const OrderedJson* find(const std::string& name) const {
        const auto it = std::ranges::find(names, name);
        return it == names.end() ? nullptr : &(*list)[static_cast<std::size_t>(it - names.begin())];
    }

    bool has(const std::string& name) const { return find(name) != nullptr; }
};

struct ThreeLists {
    NamedList base;
    NamedList local;
    NamedList vendor;
};

std::optional<ThreeLists> lists_by(const Three& at, const std::string& key) {
    auto base = names_by(*at.base, key);
    auto local = names_by(*at.local, key);
    auto vendor = names_by(*at.vendor, key);
    if (!base || !local || !vendor) {
        return std::nullopt;
    }
    return ThreeLists{
        {at.base, std::move(*base)},
        {at.local, std::move(*local)},
        {at.vendor, std::move(*vendor)}};
}

// How many of the base's names are still there on both sides: a name is what people do not edit.
std::ptrdiff_t names_kept(const ThreeLists& lists) {
    return std::ranges::count_if(lists.base.names, [&lists](const std::string& name) {
        return lists.local.has(name) && lists.vendor.has(name);
    });
}

// By the key that names the objects of all three best; of equals, what is usually called a name,
// else the first.
std::optional<ThreeLists> named_lists(const Three& at) {
    for (const OrderedJson* list : {at.base, at.local, at.vendor}) {
        if (list == nullptr || !list->is_array() || list->empty() || !list->front().is_object()) {
            return std::nullopt;
        }
    }
    Names keys{"id", "key", "name", "field"};
    for (const auto& [key, value] : at.base->front().items()) {
        keys.push_back(key);
    }
    std::optional<ThreeLists> best;
    for (const std::string& key : keys) {
        auto lists = lists_by(at, key);
        if (lists && (!best || names_kept(*lists) > names_kept(*best))) {
            best = std::move(lists);
        }
    }
    return best;
}

Names only_of(const Names& names, const std::vector<const NamedList*>& all) {
    Names out;
    std::ranges::copy_if(names, std::back_inserter(out), [&all](const std::string& name) {
        return std::ranges::all_of(all, [&name](const NamedList* list) { return list->has(name); });
    });
    return out;
}

// Puts what `other` has more behind what it stands behind there.
void weave(Names& into, const Names& other) {
    auto place = into.begin();
    for (const std::string& name : other) {
        const auto known = std::ranges::find(into, name);
        place = known != into.end() ? known + 1 : into.insert(place, name) + 1;
    }
}

// Whose order is kept; nothing: both have put what all three have into another order.
std::optional<Names> merged_order(const ThreeLists& lists) {
    const std::vector<const NamedList*> all{&lists.base, &lists.local, &lists.vendor};
    const Names base = only_of(lists.base.names, all);
    const Names local = only_of(lists.local.names, all);
    const Names vendor = only_of(lists.vendor.names, all);
    if (local != base && vendor != base && local != vendor) {
        return std::nullopt;
    }
    Names out = local != base ? lists.local.names : lists.vendor.names;
    weave(out, local != base ? lists.vendor.names : lists.local.names);
    return out;
}

// A step of a JSON pointer.
std::string step(std::string name) {
    for (auto at = name.find_first_of("~/"); at != std::string::npos;
         at = name.find_first_of("~/", at + 2)) {
        name.replace(at, 1, name[at] == '~' ? "~0" : "~1");
    }
    return "/" + name;
}

class JsonMerge {
  public:
    explicit JsonMerge(const Preference& preference)
        : preference_(preference) {}

    std::optional<OrderedJson> merge(const Three& at, const std::string& place) {
        const std::string base = canonical(at.base);
        const std::string local = canonical(at.local);
        const std::string vendor = canonical(at.vendor);
        if (local == vendor || vendor == base) {
            return taken(at.local);
        }
        if (local == base) {
            return taken(at.vendor);
        }
        const bool are_objects = at.local != nullptr && at.vendor != nullptr &&
                                 at.local->is_object() && at.vendor->is_object();
        if (are_objects) {
            return merge_objects(at, place);
        }
        if (const auto lists = named_lists(at)) {
            if (const auto order = merged_order(*lists)) {
                return merge_lists(*lists, *order, place);
            }
        }
        return conflict(at, place);
    }

    std::vector<Conflict> conflicts() && { return std::move(conflicts_); }

  private:
    static std::optional<OrderedJson> taken(const OrderedJson* value) {
        return value == nullptr ? std::nullopt : std::optional(*value);
    }

    std::optional<OrderedJson> merge_objects(const Three& at, const std::string& place) {
        OrderedJson out = OrderedJson::object();
        Names keys;
        for (const auto& [key, value] : at.vendor->items()) {
            keys.push_back(key);
        }
        Names local_keys;
        for (const auto& [key, value] : at.local->items()) {
            local_keys.push_back(key);
        }
        weave(keys, local_keys);
        for (const std::string& key : keys) {
            const Three below{member(at.base, key), member(at.local, key), member(at.vendor, key)};
            if (auto value = merge(below, place + step(key))) {
                out[key] = std::move(*value);
            }
        }
        return out;
    }

    std::optional<OrderedJson> merge_lists(
        const ThreeLists& lists, const Names& order, const std::string& place
    ) {
        OrderedJson out = OrderedJson::array();
        for (const std::string& name : order) {
            const Three below{
                lists.base.find(name), lists.local.find(name), lists.vendor.find(name)};
            if (auto value = merge(below, place + step(name))) {
                out.push_back(std::move(*value));
            }
        }
        return out;
    }

    std::optional<OrderedJson> conflict(const Three& at, const std::string& place) {
        if (const auto side = preference_(place)) {
            return taken(*side == Side::kLocal ? at.local : at.vendor);
        }
        Conflict found;
        found.place = place;
        found.base = shown(at.base);
        found.local = shown(at.local);
        found.vendor = shown(at.vendor);
        conflicts_.push_back(std::move(found));
        return taken(at.local);
    }

    const Preference& preference_;
    std::vector<Conflict> conflicts_;
};

std::optional<OrderedJson> parsed(std::string_view text) {
    // The depth is bounded there.
    if (!parse_json(text, "")) {
        return std::nullopt;
    }
    auto out = OrderedJson::parse(text, nullptr, false);
    return out.is_discarded() ? std::nullopt : std::optional(std::move(out));
}

}  // namespace

std::optional<TextMerge> merge_json(
    std::string_view base,
    std::string_view local,
    std::string_view vendor,
    const Preference& preference
) {
    const auto base_json = parsed(base);
    const auto local_json = parsed(local);
    const auto vendor_json = parsed(vendor);
    if (!base_json || !local_json || !vendor_json) {
        return std::nullopt;
    }
    JsonMerge merge(preference);
    const auto merged = merge.merge({&*base_json, &*local_json, &*vendor_json}, "");
    TextMerge out;
    out.conflicts = std::move(merge).conflicts();
    TextMerge lines = merge_text(base, local, vendor, no_preference());
    const auto by_lines = lines.conflicts.empty() ? parsed(lines.text) : std::nullopt;
    const bool is_same = by_lines && canonical(&*by_lines) == canonical(&*merged);
    out.text = is_same ? std::move(lines.text) : merged->dump(2, ' ', false, kReplace) + "\n";
    return out;
}

}  // namespace tideway::pack
