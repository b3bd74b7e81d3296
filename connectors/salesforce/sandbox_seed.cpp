#include "connectors/salesforce/sandbox_seed.h"

#include <array>

namespace tideway::connectors::salesforce::sandbox {
namespace {

struct Person {
    const char* username;
    const char* first;
    const char* last;
};

struct Stage {
    const char* name;
    int probability;
};

constexpr std::array kPeople{
    Person{Sandbox::kIntegrationUser, "Tideway", "Integration"},
    Person{Sandbox::kSeller, "Avery", "Howard"},
    Person{"robin@contoso.example", "Robin", "Counts"},
};

constexpr std::array kStages{
    Stage{"Prospecting", 10},
    Stage{"Qualification", 20},
    Stage{"Needs Analysis", 20},
    Stage{"Value Proposition", 50},
    Stage{"Proposal/Price Quote", 75},
    Stage{"Negotiation/Review", 90},
    Stage{"On Hold", 0},
    Stage{"Closed Won", 100},
    Stage{"Closed Lost", 0},
};

void seed_stages(Store& store, const std::string& user) {
    const Object& object = *store.schema().object("OpportunityStage");
    int order = 0;
    for (const Stage& stage : kStages) {
        const std::string name = stage.name;
        store.insert(
            object,
            {{"MasterLabel", name},
             {"ApiName", name},
             {"IsActive", true},
             {"IsClosed", name.starts_with("Closed")},
             {"IsWon", name == "Closed Won"},
             {"SortOrder", ++order},
             {"DefaultProbability", stage.probability}},
            user
        );
    }
}

void seed_customer(
    Store& store, const std::string& user, const char* name, const char* country, const char* code
) {
    const std::string account = store.insert(
        *store.schema().object("Account"),
        {{"Name", name},
         {"BillingCity", "Redmond"},
         {"BillingCountry", country},
         {"BillingCountryCode", code},
         {"NumberOfEmployees", 250}},
        user
    );
    store.insert(
        *store.schema().object("Contact"),
        {{"FirstName", "Kim"},
         {"LastName", std::string("of ") + name},
         {"Email", "kim@customer.example"},
         {"Phone", "+1 425 555 0100"},
         {"AccountId", account}},
        user
    );
}

}  // namespace

void seed(Store& store, SignIns& sign_ins) {
    store.clear();
    std::string first;
    for (const Person& person : kPeople) {
        const std::string id = store.insert(
            *store.schema().object("User"),
            {{"Username", person.username},
             {"FirstName", person.first},
             {"LastName", person.last},
             {"Email", person.username}},
            first
        );
        first = first.empty() ? id : first;
        sign_ins.put_user({person.username, "sandbox-password", id});
    }
    seed_stages(store, first);
    seed_customer(store, first, "Northwind Traders", "United States", "US");
    seed_customer(store, first, "Fabrikam, Inc.", "Germany", "DE");
    (void)store.take_changes();  // nobody waits for them
}

}  // namespace tideway::connectors::salesforce::sandbox
