// Records as this connector shows them: flat objects, names, ids. Pure; thread: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace tideway::connectors::salesforce {

// "Opportunity", "Deal__c": an API name that changes no address and no query.
bool is_name(std::string_view name);
// Names joined by dots: "Account.Name".
bool is_field_path(std::string_view path);
// 15 or 18 letters and digits.
bool is_record_id(std::string_view id);

// The service's fields without their `attributes`, and `id` and `object`. `object` may be empty:
// then the record's own attributes tell.
Json flat_record(std::string_view object, const Json& record);

// What a write sends: without the fields that flat_record() adds, and without Id.
Json service_record(const Json& record);

// Whether a record holds what was written to it; ids of 15 and 18 characters are the same.
bool record_holds(const Json& record, const Json& written);

// The paths to what was written: {"Name":..,"Account":{"Key__c":..}} -> Name, Account.Key__c.
std::vector<std::string> written_paths(const Json& written);

// "Mon, 30 Nov 2020 08:34:54 GMT".
std::string http_date(Timestamp at);

}  // namespace tideway::connectors::salesforce
