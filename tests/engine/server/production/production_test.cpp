#include "engine/server/production/production.h"

#include <gtest/gtest.h>

#include "engine/server/api.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_responder.h"

namespace tideway::server {
namespace {

const EnvironmentIdentity kProduction{"contoso", EnvironmentKind::kProduction};
const EnvironmentIdentity kStandard{"staging", EnvironmentKind::kStandard};

std::string code_of(const Status& status) {
    return status ? "" : status.error().code;
}

TEST(Production, WaitsForItsNameAndTakesNoOther) {
    EXPECT_EQ(code_of(check_confirmation(kProduction, "", "x")), "ConfirmationRequired");
    EXPECT_EQ(code_of(check_confirmation(kProduction, "Contoso", "x")), "ConfirmationMismatch");
    EXPECT_EQ(code_of(check_confirmation(kProduction, "contoso", "x")), "");
}

TEST(Production, IsNamedInTheRefusalWithWhatWouldBeDone) {
    const DestructiveAct* act = find_destructive_act("DELETE", "/connections/{name}");
    ASSERT_NE(act, nullptr);
    const std::string about = describe(*act, {{"name", "dynamics365"}});
    const Status refused = check_confirmation(kProduction, "", about);
    EXPECT_EQ(
        refused.error().message,
        "'contoso' is a production environment, and the connection 'dynamics365' would be removed."
    );
    EXPECT_EQ(refused.error().remedy, "If it is meant, repeat with --confirm contoso.");
}

TEST(StandardEnvironments, AskForNothingButRefuseTheNameOfAnother) {
    EXPECT_EQ(code_of(check_confirmation(kStandard, "", "x")), "");
    EXPECT_EQ(code_of(check_confirmation(kStandard, "staging", "x")), "");
    EXPECT_EQ(code_of(check_confirmation(kStandard, "contoso", "x")), "ConfirmationMismatch");
}

TEST(EnvironmentNames, CanBeTypedAndBeFolders) {
    for (const char* name : {"contoso", "Contoso-EU_2.production"}) {
        EXPECT_EQ(code_of(check_environment_name(name)), "") << name;
    }
    for (const std::string& name :
         {std::string(),
          std::string("a b"),
          std::string("../x"),
          std::string("-x"),
          std::string(".."),
          std::string("m\xC3\xBCnchen"),
          std::string(65, 'x')}) {
        EXPECT_EQ(code_of(check_environment_name(name)), "InvalidEnvironmentName") << name;
    }
}

TEST(EnvironmentKinds, AreReadAsTheyAreWritten) {
    for (const auto kind : {EnvironmentKind::kStandard, EnvironmentKind::kProduction}) {
        EXPECT_EQ(parse_environment_kind(to_string(kind)).value(), kind);
    }
    EXPECT_EQ(parse_environment_kind("prod").error().code, "InvalidSetting");
}

// The API of a production environment in front of nothing: what passes would crash.
class ProductionApi : public ::testing::Test {
  protected:
    ProductionApi() {
        for (const Role role : {Role::kViewer, Role::kAdmin}) {
            store::ApiToken token;
            token.name = to_string(role);
            token.role = to_string(role);
            token.hash = token_hash(token.name);
            token.flows = Payload("[]");
            authentication_.put(token);
        }
        context_.authentication = &authentication_;
        context_.environment = kProduction.name;
        context_.environment_kind = kProduction.kind;
        ApiRoutes routes(router_, context_);
        add_flow_routes(routes);
        add_draft_routes(routes);
        add_address_routes(routes);
        add_history_routes(routes);
        add_connection_routes(routes);
        add_notice_routes(routes);
        add_pack_routes(routes);
        add_token_routes(routes);
    }

    // The code of the refusal of an act.
    std::string refusal(
        const DestructiveAct& act, const std::string& token, const std::string& named
    ) const {
        std::string path = std::string("/api/v1") + act.pattern;
        for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
            path.replace(open, path.find('}', open) + 1 - open, "x");
        }
        Json body = {{"pack", "x"}};
        if (*act.only_with != '\0') {
            body[act.only_with] = true;
        }
        const auto answer = std::make_shared<test_support::RecordingResponder>();
        router_.handle(
            test_support::make_request(
                act.method,
                path,
                dump(body),
                {{"Authorization", "Bearer " + token}, {kConfirmHeader, named}}
            ),
            answer
        );
        const auto json = answer->answer ? parse_json(answer->answer->body, "answer") : Json();
        return json && json->contains("error") ? string_or(json->at("error"), "code") : "";
    }

    testing_support::ManualClock clock_;
    Authentication authentication_{clock_};
    Context context_;
    http::Router router_;
};

TEST_F(ProductionApi, DestroysNothingForWhoDoesNotSayItsName) {
    for (const DestructiveAct& act : destructive_acts()) {
        EXPECT_EQ(refusal(act, "admin", ""), "ConfirmationRequired") << act.pattern;
        EXPECT_EQ(refusal(act, "admin", "staging"), "ConfirmationMismatch") << act.pattern;
    }
}

TEST_F(ProductionApi, TellsItsNameOnlyToWhoMayDoTheAct) {
    for (const DestructiveAct& act : destructive_acts()) {
        EXPECT_EQ(refusal(act, "viewer", ""), "Forbidden") << act.pattern;
    }
}

TEST_F(ProductionApi, AsksOnlyWhereABodySaysThatSomethingIsDestroyed) {
    const DestructiveAct* cancel = find_destructive_act("POST", "/runs/cancel");
    ASSERT_NE(cancel, nullptr);
    EXPECT_FALSE(is_destructive(*cancel, {{"filter", Json::object()}}));
    EXPECT_FALSE(is_destructive(*cancel, {{"confirm", "yes"}}));
    EXPECT_TRUE(is_destructive(*cancel, {{"confirm", true}}));
}

}  // namespace
}  // namespace tideway::server
