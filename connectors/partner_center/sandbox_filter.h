// $filter of the referrals list: OData's and, or, not, parentheses, eq, paths and any(), over the
// fields that the service documents; everything else is refused by name. Thread: any (values).
#pragma once

#include <memory>
#include <string_view>

#include "connectors/partner_center/sandbox_wire.h"

namespace tideway::connectors::partner_center::sandbox_parts {

// A condition on a referral as it is on the wire.
class Filter {
  public:
    virtual ~Filter() = default;
    virtual bool matches(const Json& referral) const = 0;
};

// Names what is wrong and where ("position 12") when the text is no filter, or not one of this
// list.
Outcome<std::unique_ptr<Filter>> parse_filter(std::string_view text);

}  // namespace tideway::connectors::partner_center::sandbox_parts
