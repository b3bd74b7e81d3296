// A flow that asks for inputs, started from the command line and from the API.
#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kOrder = R"(
return flow {
  title = "Order",
  description = "Places an order.",
  trigger = trigger.manual {
    inputs = {
      { name = "customer", type = "text", title = "Customer", required = true },
      { name = "amount", type = "number", default = 1 },
      { name = "express", type = "yes_no" },
      { name = "size", type = "choice", choices = { "S", "M" } },
      { name = "extras", type = "choices", choices = { "box", "card", "ribbon" } },
      { name = "letter", type = "file" },
    },
  },
  run = function(input) return input end,
})";

class ManualInput : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("order", kOrder);
        program_.init();
        program_.serve();
        program_.turn_on("order");
    }

    Json output_of(const Json& started) const {
        const Json* runs = find(started, "runs");
        if (runs == nullptr || runs->empty()) {
            ADD_FAILURE() << started.dump();
            return {};
        }
        return program_.ended(runs->front().get<std::string>()).at("output");
    }

    Program program_;
};

TEST_F(ManualInput, IsSetByNameWithTheTypesOfItsDescription) {
    program_.write_file("letter.txt", "Dear Contoso");
    const Json started = program_.cli_json(
        {"flows",
         "run",
         "order",
         "--set",
         "customer=12",
         "--set",
         "amount=2.5",
         "--set",
         "express=yes",
         "--set",
         "extras=box",
         "--set",
         "extras=card",
         "--set",
         "letter=" + program_.folder() + "/letter.txt"}
    );
    EXPECT_EQ(
        output_of(started),
        Json::parse(R"({"customer":"12","amount":2.5,"express":true,"extras":["box","card"],
                        "letter":{"name":"letter.txt","content":"RGVhciBDb250b3Nv"}})")
    );
}

TEST_F(ManualInput, ComesFromAFileAndIsCompletedBySet) {
    program_.write_file("input.json", R"({"customer":"Fabrikam","size":"S","express":null})");
    const Json started = program_.cli_json(
        {"flows",
         "run",
         "bad/order",
         "--input-file",
         program_.folder() + "/input.json",
         "--set",
         "size=M"}
    );
    EXPECT_EQ(output_of(started), Json::parse(R"({"customer":"Fabrikam","size":"M","amount":1})"));
}

TEST_F(ManualInput, ThatIsWrongIsRefusedWithEveryProblemAndTheListOfInputs) {
    const auto said =
        program_.cli({"flows", "run", "order", "--input", R"({"amount":"ten","size":"L"})"});
    EXPECT_EQ(said.exit_code, 1);
    for (const char* part : {"/customer", "/amount", "/size", "INPUT", "choices", "(S, M)"}) {
        EXPECT_NE(said.errors.find(part), std::string::npos) << part << said.text();
    }
    const Json error = program_.cli_json({"flows", "run", "order"}).at("error");
    EXPECT_EQ(string_or(error, "code"), "TriggerInputSchemaMismatch");
    EXPECT_EQ(error.at("details").at("problems").size(), 1U);
    EXPECT_TRUE(program_.api("GET", "/runs").body.at("value").empty());
}

TEST_F(ManualInput, ThatIsNoInputOfTheFlowIsRefused) {
    const auto said = program_.cli({"flows", "run", "order", "--set", "colour=red"});
    EXPECT_EQ(said.exit_code, 1);
    EXPECT_NE(said.errors.find("The flow has no input 'colour'."), std::string::npos);
    EXPECT_NE(said.errors.find("customer"), std::string::npos) << said.text();
    EXPECT_EQ(program_.cli({"flows", "run", "order", "--set", "customer"}).exit_code, 1);
    EXPECT_EQ(program_.cli({"flows", "run", "order", "--set", "amount=ten"}).exit_code, 1);
    EXPECT_EQ(program_.cli({"flows", "run", "order", "--set", "letter=/nowhere"}).exit_code, 1);
    EXPECT_EQ(
        program_.cli({"flows", "run", "order", "--input", "{}", "--input-file", "x"}).exit_code, 1
    );
}

TEST_F(ManualInput, IsDescribedForFormsInOrderAndAsJsonSchema) {
    const Json form = program_.api("GET", "/flows/bad/order/inputs").body;
    EXPECT_EQ(string_or(form, "flow"), "bad/order");
    EXPECT_EQ(string_or(form, "description"), "Places an order.");
    EXPECT_EQ(string_or(form.at("inputs").at(0), "title"), "Customer");
    EXPECT_EQ(form.at("schema").at("required"), Json::parse(R"(["customer"])"));
    const Json flow = program_.api("GET", "/flows/bad/order").body;
    EXPECT_EQ(flow.at("schema"), form.at("schema"));
    const auto shown = program_.cli({"flows", "show", "order"});
    EXPECT_NE(shown.output.find("Inputs:"), std::string::npos) << shown.text();
    EXPECT_NE(shown.output.find("extras"), std::string::npos) << shown.text();
}

TEST_F(ManualInput, OfAFlowThatDoesNotSayIsAnyJson) {
    program_.write_flow(
        "free",
        "return flow { title = 'Free', trigger = trigger.manual {}, run = function(e) return e end "
        "}"
    );
    EXPECT_EQ(program_.cli({"flows", "publish"}).exit_code, 0);
    program_.turn_on("free");
    EXPECT_TRUE(program_.api("GET", "/flows/bad/free/inputs").body.at("inputs").is_null());
    const Json started = program_.cli_json({"flows", "run", "free", "--input", R"({"a":[1]})"});
    EXPECT_EQ(output_of(started), Json::parse(R"({"a":[1]})"));
    const auto said = program_.cli({"flows", "run", "free", "--set", "a=1"});
    EXPECT_NE(said.errors.find("does not say what its inputs are"), std::string::npos);
}

TEST_F(ManualInput, IsStartedBySomebodyWhoIsShown) {
    const Json run = program_.run("order", {{"customer", "Contoso"}});
    EXPECT_EQ(string_or(run, "started_by"), "admin");
    const std::string id = string_or(run, "id");
    EXPECT_NE(
        program_.cli({"runs", "show", id}).output.find("started_by  admin"), std::string::npos
    );
    EXPECT_EQ(program_.cli_json({"runs", "list", "--started-by", "admin"}).at("value").size(), 1U);
    EXPECT_EQ(program_.cli_json({"runs", "list", "--started-by", "bob"}).at("value").size(), 0U);
}

TEST_F(ManualInput, IsAClassInTheEditor) {
    ASSERT_EQ(program_.cli({"stubs", program_.pack_folder()}).exit_code, 0);
    const std::string stub = program_.read_file("pack/.tideway/stubs/flows/order.gen.lua");
    EXPECT_NE(stub.find("---@field customer string Customer."), std::string::npos) << stub;
    EXPECT_EQ(program_.cli({"flows", "check", program_.pack_folder()}).exit_code, 0);
}

}  // namespace
}  // namespace tideway::testing
