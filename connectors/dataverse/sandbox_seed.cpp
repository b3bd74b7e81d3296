#include "connectors/dataverse/sandbox_seed.h"

#include <cstdio>

#include "connectors/dataverse/sandbox_callers.h"
#include "connectors/dataverse/sandbox_values.h"
#include "engine/base/assert.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

class Seeder {
  public:
    Seeder(Database& database, Timestamp now)
        : database_(database),
          now_(print_time(now)) {}

    void add(const char* table_name, Row row) {
        const Table& table = *database_.schema().by_name(table_name);
        for (const Column& column : table.columns) {
            if (!column.initial.is_null() && !row.contains(column.name)) {
                row[column.name] = column.initial;
            }
        }
        const Json owner = make_reference("systemuser", seed_id('e', 1));
        row["createdon"] = now_;
        row["modifiedon"] = now_;
        row["createdby"] = owner;
        row["modifiedby"] = owner;
        if (table.owned) {
            row["ownerid"] = owner;
            row["owninguser"] = owner;
            row["owningbusinessunit"] = std::string(kBusinessUnit);
        }
        const auto added = database_.insert(table, std::move(row));
        TIDEWAY_ASSERT(added.has_value());
    }

    void currency(
        int number,
        const char* code,
        const char* name,
        const char* symbol,
        int decimals,
        double rate
    ) {
        add("transactioncurrency",
            {{"transactioncurrencyid", seed_id('c', number)},
             {"isocurrencycode", code},
             {"currencyname", name},
             {"currencysymbol", symbol},
             {"currencyprecision", decimals},
             {"exchangerate", rate}});
    }

    void person(int number, const std::string& first, const std::string& last, const char* title) {
        std::string address = first + "." + last + "@contoso.com";
        for (char& c : address) {
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
        char phone[24];
        std::snprintf(phone, sizeof phone, "+1 555 01%02d", number);
        add("systemuser",
            {{"systemuserid", seed_id('e', number)},
             {"firstname", first},
             {"lastname", last},
             {"fullname", first + " " + last},
             {"domainname", address},
             {"internalemailaddress", address},
             {"address1_telephone1", phone},
             {"title", title},
             {"azureactivedirectoryobjectid", seed_id('f', number)},
             {"businessunitid", std::string(kBusinessUnit)}});
    }

    void customer(int number, const char* name, const char* city, const char* country) {
        add("account",
            {{"accountid", seed_id('a', number)},
             {"name", name},
             {"address1_line1", std::to_string(number) + " Main Street"},
             {"address1_city", city},
             {"address1_postalcode", "1000" + std::to_string(number)},
             {"address1_country", country},
             {"transactioncurrencyid", make_reference("transactioncurrency", seed_id('c', 1))},
             {"exchangerate", 1.0}});
    }

    void contact(int number, const std::string& first, const std::string& last, int account) {
        char phone[24];
        std::snprintf(phone, sizeof phone, "+1 555 02%02d", number);
        add("contact",
            {{"contactid", seed_id('d', number)},
             {"firstname", first},
             {"lastname", last},
             {"fullname", first + " " + last},
             {"emailaddress1",
              first + "@" + (account == 1 ? "fabrikam.com" : "northwindtraders.com")},
             {"telephone1", phone},
             {"parentcustomerid", make_reference("account", seed_id('a', account))}});
    }

    void connection_role(int number, const char* name, int category) {
        add("connectionrole",
            {{"connectionroleid", seed_id('9', number)}, {"name", name}, {"category", category}});
    }

    void variable(int number, const char* name, const char* label, const char* value) {
        const std::string id = seed_id('b', number);
        add("environmentvariabledefinition",
            {{"environmentvariabledefinitionid", id},
             {"schemaname", name},
             {"displayname", label},
             {"defaultvalue", value}});
    }

    // A main form with one section, as the designer writes it.
    void form(int number, const char* name, const char* table) {
        add("systemform",
            {{"formid", seed_id('7', number)},
             {"name", name},
             {"objecttypecode", table},
             {"type", 2},
             {"formxml",
              "<form><tabs><tab name=\"Summary\"><labels><label description=\"Summary\" "
              "languagecode=\"1033\"/></labels><columns><column width=\"100%\"><sections>"
              "<section name=\"opportunity_information\"><labels><label description=\"Opportunity"
              "\" languagecode=\"1033\"/></labels><rows><row><cell><control id=\"name\" "
              "datafieldname=\"name\"/></cell></row></rows></section></sections></column>"
              "</columns></tab></tabs></form>"}});
    }

  private:
    Database& database_;
    std::string now_;
};

}  // namespace

std::string seed_id(char kind, int number) {
    char text[40];
    std::snprintf(text, sizeof text, "%c0000000-0000-4000-8000-%012d", kind, number);
    return text;
}

void seed(Database& database, Timestamp now) {
    database.clear();
    Seeder seeder(database, now);
    seeder.currency(1, "USD", "US Dollar", "$", 2, 1.0);
    seeder.currency(2, "EUR", "Euro", "\xE2\x82\xAC", 2, 0.92);
    seeder.currency(3, "GBP", "Pound Sterling", "\xC2\xA3", 2, 0.79);
    seeder.currency(4, "JPY", "Japanese Yen", "\xC2\xA5", 0, 150.0);
    seeder.currency(5, "KWD", "Kuwaiti Dinar", "KD", 3, 0.307);
    seeder.currency(6, "CHF", "Swiss Franc", "CHF", 2, 0.88);

    seeder.person(1, "Amy", "Alberts", "Sales manager");
    seeder.person(2, "Jamie", "Reding", "Seller");
    seeder.person(3, "Kelly", "Krout", "Seller");
    seeder.person(4, "Spencer", "Low", "Referrals administrator");

    seeder.customer(1, "Fabrikam, Inc.", "Seattle", "US");
    seeder.customer(2, "Northwind Traders", "London", "GB");
    seeder.customer(3, "Fabrikam Residences", "Berlin", "DE");
    seeder.customer(4, "Northwind Electric Cars", "Tokyo", "JP");
    seeder.contact(1, "Robin", "Counts", 1);
    seeder.contact(2, "Paul", "Cannon", 2);

    seeder.connection_role(1, "Account Manager", 1001);
    seeder.connection_role(2, "Technical Sales Professional", 1001);
    seeder.connection_role(3, "Decision Maker", 1000);

    seeder.form(1, "Opportunity", "opportunity");
    seeder.variable(
        1, "msft_displaycheckmarkinname", "Display check mark in opportunity name", "yes"
    );
    seeder.variable(2, "msft_synccosellopportunitiesonly", "Sync co-sell opportunities only", "no");
    seeder.variable(3, "msft_dealvaluefield", "Deal value field", "estimatedvalue");
    seeder.variable(
        4, "msft_customeraccountcountrycode", "Customer account country code", "address1_country"
    );
    seeder.variable(5, "msft_dealcurrencycodefield", "Deal currency code field", "isocurrencycode");
    seeder.variable(6, "msft_autohealrunscheduler", "Auto-heal run scheduler", "no");
    database.commit();
}

}  // namespace tideway::connectors::dataverse::sandbox
