// Turning a pack on for the first time.
#include <gtest/gtest.h>

#include "engine/app/config.h"
#include "engine/app/demo_world.h"
#include "engine/base/log.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

void turn_on_one_by_one(const std::string& pack) {
    const TempFolder folder;
    StderrLog log(LogLevel::kError);
    const auto world = must(app::DemoWorld::create(folder.file("data"), pack, log));
    const std::string text = must(app::read_text_file(pack + "/pack.json"));
    const Json order = must(parse_json(text, "pack.json")).at("order");
    ASSERT_GE(order.size(), 7U);
    for (const Json& name : order) {
        const auto on = world->api().post("/" + pack + "/" + name.get<std::string>() + "/on");
        ASSERT_TRUE(on) << name << ": " << on.error().text();
        EXPECT_EQ(string_or(*on, "state"), "On") << name;
    }
}

TEST(CoSellFlows, CanBeTurnedOnOneByOneInTheOrderOfTheDocuments) {
    turn_on_one_by_one("flows/co_sell_dynamics365");
}

TEST(CoSellFlows, OfSalesforceCanBeTurnedOnOneByOneInTheOrderOfTheDocuments) {
    turn_on_one_by_one("flows/co_sell_salesforce");
}

}  // namespace
}  // namespace tideway::tests
