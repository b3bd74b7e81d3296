#include "connectors/salesforce/sandbox_schema.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace tideway::connectors::salesforce::sandbox {
namespace {

Field text(std::string name, std::string label, int length) {
    return {std::move(name), std::move(label), "string", length};
}

Field long_text(std::string name, std::string label, int length) {
    return {std::move(name), std::move(label), "textarea", length};
}

Field plain(std::string name, std::string label, std::string type) {
    return {std::move(name), std::move(label), std::move(type)};
}

Field required(Field field) {
    field.is_required = true;
    return field;
}

Field read_only(Field field) {
    field.access = Access::kReadOnly;
    return field;
}

Field on_create(Field field) {
    field.access = Access::kOnCreate;
    return field;
}

Field with_default(Field field, Json value) {
    field.fallback = std::move(value);
    return field;
}

Field checkbox(std::string name, std::string label) {
    return with_default(plain(std::move(name), std::move(label), "boolean"), false);
}

Field reference(std::string name, std::string label, std::string to, std::string relationship) {
    Field field = plain(std::move(name), std::move(label), "reference");
    field.length = 18;
    field.refers_to = std::move(to);
    field.relationship = std::move(relationship);
    return field;
}

enum class Picklist { kOpen, kRestricted };

Field picklist(
    std::string name, std::string label, std::vector<std::string> values, Picklist kind
) {
    Field field = plain(std::move(name), std::move(label), "picklist");
    field.length = 255;
    field.is_restricted = kind == Picklist::kRestricted;
    field.values = std::move(values);
    return field;
}

Field external_id(Field field) {
    field.is_external_id = true;
    field.is_unique = true;
    return field;
}

// As organizations have them that marked a field without making it unique.
Field ambiguous_id(Field field) {
    field.is_external_id = true;
    return field;
}

// What every object has.
std::vector<Field> with_system_fields(std::vector<Field> fields) {
    std::vector<Field> out;
    Field id = read_only(plain("Id", "Record ID", "id"));
    id.length = 18;
    out.push_back(std::move(id));
    out.push_back(read_only(checkbox("IsDeleted", "Deleted")));
    std::ranges::move(fields, std::back_inserter(out));
    for (const char* name : {"CreatedDate", "LastModifiedDate", "SystemModstamp"}) {
        out.push_back(read_only(plain(name, name, "datetime")));
    }
    out.push_back(read_only(reference("CreatedById", "Created By ID", "User", "CreatedBy")));
    out.push_back(
        read_only(reference("LastModifiedById", "Last Modified By ID", "User", "LastModifiedBy"))
    );
    return out;
}

std::vector<Field> joined(std::vector<Field> fields, std::vector<Field> more) {
    std::ranges::move(more, std::back_inserter(fields));
    return fields;
}

// Its values are the active currencies of the organization.
Field currency_code() {
    Field field = picklist(
        "CurrencyIsoCode",
        "Currency ISO Code",
        {"USD", "EUR", "GBP", "JPY", "KWD", "CHF"},
        Picklist::kOpen
    );
    field.length = 3;
    return field;
}

Object opportunity() {
    std::vector<Field> fields = {
        required(text("Name", "Name", 120)),
        reference("AccountId", "Account ID", "Account", "Account"),
        reference("OwnerId", "Owner ID", "User", "Owner"),
        required(picklist(
            "StageName",
            "Stage",
            {"Prospecting",
             "Qualification",
             "Needs Analysis",
             "Value Proposition",
             "Proposal/Price Quote",
             "Negotiation/Review",
             "On Hold",
             "Closed Won",
             "Closed Lost"},
            Picklist::kOpen
        )),
        required(plain("CloseDate", "Close Date", "date")),
        plain("Amount", "Amount", "currency"),
        with_default(currency_code(), "USD"),
        with_default(plain("Probability", "Probability (%)", "percent"), 10),
        long_text("Description", "Description", 32'000),
        text("NextStep", "Next Step", 255),
        picklist("LeadSource", "Lead Source", {"Web", "Partner Referral"}, Picklist::kOpen),
        read_only(checkbox("IsClosed", "Closed")),
        read_only(checkbox("IsWon", "Won")),
    };
    return {
        "Opportunity",
        "Opportunity",
        "006",
        with_system_fields(joined(std::move(fields), co_sell_fields()))};
}

Object lead() {
    std::vector<Field> fields = {
        required(text("LastName", "Last Name", 80)),
        text("FirstName", "First Name", 40),
        read_only(text("Name", "Full Name", 121)),
        required(text("Company", "Company", 255)),
        with_default(
            picklist(
                "Status",
                "Status",
                {"Open - Not Contacted",
                 "Working - Contacted",
                 "Closed - Converted",
                 "Closed - Not Converted"},
                Picklist::kRestricted
            ),
            "Open - Not Contacted"
        ),
        reference("OwnerId", "Owner ID", "User", "Owner"),
        text("Title", "Title", 128),
        {"Email", "Email", "email", 80},
        {"Phone", "Phone", "phone", 40},
        text("Street", "Street", 255),
        text("City", "City", 40),
        text("State", "State", 80),
        text("PostalCode", "Postal Code", 20),
        text("Country", "Country", 80),
        text("CountryCode", "Country Code", 10),
        plain("NumberOfEmployees", "Employees", "int"),
        text("Industry", "Industry", 255),
        picklist("LeadSource", "Lead Source", {"Web", "Partner Referral"}, Picklist::kOpen),
        long_text("Description", "Description", 32'000),
        read_only(checkbox("IsConverted", "Converted")),
        read_only(reference(
            "ConvertedOpportunityId",
            "Converted Opportunity ID",
            "Opportunity",
            "ConvertedOpportunity"
        )),
    };
    return {"Lead", "Lead", "00Q", with_system_fields(joined(std::move(fields), co_sell_fields()))};
}

Object account() {
    return {
        "Account",
        "Account",
        "001",
        with_system_fields(
            {required(text("Name", "Account Name", 255)),
             reference("OwnerId", "Owner ID", "User", "Owner"),
             text("AccountNumber", "Account Number", 40),
             external_id(text("Customer_Number__c", "Customer Number", 40)),
             ambiguous_id(text("Legacy_Number__c", "Legacy Number", 40)),
             text("BillingStreet", "Billing Street", 255),
             text("BillingCity", "Billing City", 40),
             text("BillingState", "Billing State/Province", 80),
             text("BillingPostalCode", "Billing Zip/Postal Code", 20),
             text("BillingCountry", "Billing Country", 80),
             text("BillingCountryCode", "Billing Country Code", 10),
             {"Phone", "Phone", "phone", 40},
             {"Website", "Website", "url", 255},
             plain("NumberOfEmployees", "Employees", "int"),
             text("Industry", "Industry", 255),
             long_text("Description", "Description", 32'000)}
        )};
}

Object contact() {
    return {
        "Contact",
        "Contact",
        "003",
        with_system_fields(
            {required(text("LastName", "Last Name", 80)),
             text("FirstName", "First Name", 40),
             read_only(text("Name", "Full Name", 121)),
             reference("AccountId", "Account ID", "Account", "Account"),
             reference("OwnerId", "Owner ID", "User", "Owner"),
             {"Email", "Email", "email", 80},
             {"Phone", "Phone", "phone", 40},
             text("Title", "Title", 128)}
        )};
}

Object user() {
    return {
        "User",
        "User",
        "005",
        with_system_fields(
            {required(text("Username", "Username", 80)),
             required(text("LastName", "Last Name", 80)),
             text("FirstName", "First Name", 40),
             read_only(text("Name", "Full Name", 121)),
             {"Email", "Email", "email", 128},
             {"Phone", "Phone", "phone", 40},
             text("Title", "Title", 80),
             with_default(plain("IsActive", "Active", "boolean"), true)}
        )};
}

Object stage() {
    return {
        "OpportunityStage",
        "Opportunity Stage",
        "01J",
        with_system_fields(
            {read_only(text("MasterLabel", "Master Label", 255)),
             read_only(text("ApiName", "API Name", 255)),
             read_only(checkbox("IsActive", "Active")),
             read_only(checkbox("IsClosed", "Closed")),
             read_only(checkbox("IsWon", "Won")),
             read_only(plain("SortOrder", "Order", "int")),
             read_only(plain("DefaultProbability", "Probability (%)", "percent"))}
        )};
}

Object contact_role() {
    return {
        "OpportunityContactRole",
        "Opportunity Contact Role",
        "00K",
        with_system_fields(
            {required(on_create(
                 reference("OpportunityId", "Opportunity ID", "Opportunity", "Opportunity")
             )),
             required(on_create(reference("ContactId", "Contact ID", "Contact", "Contact"))),
             picklist(
                 "Role",
                 "Role",
                 {"Business User", "Decision Maker", "Economic Buyer", "Technical Buyer", "Other"},
                 Picklist::kOpen
             ),
             checkbox("IsPrimary", "Primary")}
        )};
}

Object team_member() {
    return {
        "OpportunityTeamMember",
        "Opportunity Team Member",
        "00q",
        with_system_fields(
            {required(on_create(
                 reference("OpportunityId", "Opportunity ID", "Opportunity", "Opportunity")
             )),
             required(on_create(reference("UserId", "User ID", "User", "User"))),
             picklist(
                 "TeamMemberRole",
                 "Member Role",
                 {"Account Manager", "Sales Rep", "Executive Sponsor"},
                 Picklist::kOpen
             )}
        )};
}

Object microsoft_solution() {
    return {
        std::string(kMicrosoftSolution),
        "Microsoft Solution",
        "a00",
        with_system_fields(
            {required(text("Name", "Solution ID", 80)),
             required(reference("Opportunity__c", "Opportunity", "Opportunity", "Opportunity__r"))}
        )};
}

Object permission_set() {
    return {
        "PermissionSet",
        "Permission Set",
        "0PS",
        with_system_fields(
            {required(text("Name", "Permission Set Name", 80)),
             required(text("Label", "Permission Set Label", 80))}
        )};
}

Object permission_set_assignment() {
    return {
        "PermissionSetAssignment",
        "Permission Set Assignment",
        "0Pa",
        with_system_fields(
            {required(on_create(
                 reference("PermissionSetId", "PermissionSet ID", "PermissionSet", "PermissionSet")
             )),
             required(on_create(reference("AssigneeId", "Assignee ID", "User", "Assignee")))}
        )};
}

Object field_permissions() {
    return {
        "FieldPermissions",
        "Field Permissions",
        "01k",
        with_system_fields(
            {required(on_create(reference("ParentId", "Parent ID", "PermissionSet", "Parent"))),
             required(on_create(text("SobjectType", "Sobject Type Name", 40))),
             required(on_create(text("Field", "Field Name", 240))),
             checkbox("PermissionsRead", "Read Field"),
             checkbox("PermissionsEdit", "Edit Field")}
        )};
}

}  // namespace

std::vector<Field> co_sell_fields() {
    return {
        checkbox("Sync_with_Partner_Center__c", "Sync with Partner Center"),
        external_id(text("Referral_Identifier__c", "Referral Identifier", 100)),
        {"Referral_Link__c", "Referral Link", "url", 255},
        picklist(
            "How_can_Microsoft_help__c",
            "How can Microsoft help?",
            {"Workload Specific Value Proposition",
             "Customer Technical Architecture",
             "Proof Of Concept or Demo",
             "Quotes or Licensing",
             "Post Sales Customer Success",
             "General or Other"},
            Picklist::kOpen
        ),
        text("Products__c", "Products", 255),
        long_text("Audit__c", "Audit", 100'000),
        text("Microsoft_CRM_Identifier__c", "Microsoft CRM Identifier", 100),
        checkbox("Visible_to_Microsoft_Sellers__c", "Referral visible to Microsoft sellers"),
    };
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
}

std::string Object::channel() const {
    return "/data/" + (is_custom() ? name.substr(0, name.size() - 1) : name) + "ChangeEvent";
}

const Field* Object::field(std::string_view field_name) const {
    const auto it = std::ranges::find_if(fields, [&](const Field& each) {
        return same_name(each.name, field_name);
    });
    return it == fields.end() ? nullptr : &*it;
}

const Field* Object::reference(std::string_view relationship_name) const {
    const auto it = std::ranges::find_if(fields, [&](const Field& each) {
        return !each.relationship.empty() && same_name(each.relationship, relationship_name);
    });
    return it == fields.end() ? nullptr : &*it;
}

Schema::Schema(std::vector<Object> objects)
    : objects_(std::move(objects)) {}

const Object* Schema::object(std::string_view name) const {
    const auto it = std::ranges::find_if(objects_, [&](const Object& each) {
        return same_name(each.name, name);
    });
    return it == objects_.end() ? nullptr : &*it;
}

const Object* Schema::object_of_id(std::string_view id) const {
    const auto it = std::ranges::find_if(objects_, [&](const Object& each) {
        return id.starts_with(each.prefix);
    });
    return it == objects_.end() ? nullptr : &*it;
}

void Schema::add_field(std::string_view object, Field field) {
    const auto it = std::ranges::find_if(objects_, [&](const Object& each) {
        return same_name(each.name, object);
    });
    it->fields.push_back(std::move(field));
}

void Schema::remove_field(std::string_view name) {
    for (Object& object : objects_) {
        std::erase_if(object.fields, [&](const Field& each) { return each.name == name; });
    }
}

void Schema::remove_object(std::string_view name) {
    std::erase_if(objects_, [&](const Object& each) { return each.name == name; });
}

Schema sales_schema() {
    std::vector<Object> objects;
    objects.push_back(opportunity());
    objects.push_back(lead());
    objects.push_back(account());
    objects.push_back(contact());
    objects.push_back(user());
    objects.push_back(stage());
    objects.push_back(contact_role());
    objects.push_back(team_member());
    objects.push_back(microsoft_solution());
    objects.push_back(permission_set());
    objects.push_back(permission_set_assignment());
    objects.push_back(field_permissions());
    return Schema(std::move(objects));
}

}  // namespace tideway::connectors::salesforce::sandbox
