// Turning the pack on for the first time.
#include <gtest/gtest.h>

#include "engine/app/config.h"
#include "engine/app/demo_world.h"
#include "engine/base/log.h"
#include "tests/support/must.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {
namespace {

constexpr const char* kFolder = "flows/co_sell_dynamics365";

TEST(CoSellFlows, CanBeTurnedOnOneByOneInTheOrderOfTheDocuments) {
    const TempFolder folder;
    StderrLog log(LogLevel::kError);
    const auto world = must(app::DemoWorld::create(folder.file("data"), kFolder, log));
    const std::string text = must(app::read_text_file(std::string(kFolder) + "/pack.json"));
    const Json order = must(parse_json(text, "pack.json")).at("order");
    ASSERT_GE(order.size(), 7U);
    for (const Json& name : order) {
        const auto on =
            world->api().post("/" + std::string(kFolder) + "/" + name.get<std::string>() + "/on");
        ASSERT_TRUE(on) << name << ": " << on.error().text();
        EXPECT_EQ(string_or(*on, "state"), "On") << name;
    }
}

}  // namespace
}  // namespace tideway::tests
