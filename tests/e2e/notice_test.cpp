// Notices of the real program: mail over a real SMTP conversation, a webhook that checks its
// signature, a flow that notices start, and a process that dies in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"
#include "tests/support/smtp_server.h"
#include "tests/support/test_certificates.h"
#include "tests/support/webhook_receiver.h"

namespace tideway::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kFails = R"(
return flow {
  title = "Fails",
  trigger = trigger.manual {},
  run = function(event)
    fail("DealMissing", "The deal of Contoso is missing")
  end,
})";

constexpr const char* kOnNotice = R"(
return flow {
  title = "On notice",
  trigger = trigger.notice {
    condition = function(event) return event.kind == "failure_group" end,
  },
  run = function(event)
    return { title = event.title, flow = event.flow }
  end,
})";

class Notices : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("fails", kFails);
        program_.init();
        program_.serve();
        program_.turn_on("fails");
    }

    CommandResult add_webhook(const std::string& format = "tideway") {
        return program_.cli(
            {"notices",
             "add",
             "webhook",
             "--name",
             "hook",
             "--set",
             "format=" + format,
             "--set",
             "allow_private_network=true",
             "--set",
             "allow_plain_http=true",
             "--secret",
             "url=" + hook_.url(),
             "--secret",
             "key=" + hook_.key()}
        );
    }

    CommandResult add_mail(const SmtpServer& smtp) {
        return program_.cli(
            {"notices",
             "add",
             "mail",
             "--set",
             "host=127.0.0.1",
             "--set",
             "port=" + std::to_string(smtp.port()),
             "--set",
             "from=tideway@contoso.com",
             "--set",
             "to=ops@contoso.com,ana@fabrikam.com",
             "--set",
             "user=tideway",
             "--secret",
             "password=s3cret",
             "--set",
             "allow_private_network=true",
             "--set",
             "ca_file=" + certificates_.authority_file()}
        );
    }

    SmtpOptions smtp_options() {
        const auto files = certificates_.issue("IP:127.0.0.1");
        return {.certificate_file = files.certificate, .key_file = files.key, .password = "s3cret"};
    }

    Json notices() const { return program_.cli_json({"notices", "list"}).at("value"); }

    TestCertificates certificates_;
    WebhookReceiver hook_;
    Program program_;
};

TEST_F(Notices, TellPeopleByMailAndWebhookOfANewWayToFail) {
    SmtpServer smtp(smtp_options());
    ASSERT_EQ(add_mail(smtp).exit_code, 0);
    ASSERT_EQ(add_webhook().exit_code, 0);
    const std::string run = string_or(program_.run("fails"), "id");
    const ReceivedNotice told = hook_.wait_for(1).front();
    EXPECT_TRUE(told.is_signed);
    EXPECT_EQ(told.text("run"), run);
    EXPECT_THAT(told.text("message"), HasSubstr("The deal of Contoso is missing"));
    const ReceivedMail mail = smtp.wait_for(1).front();
    EXPECT_TRUE(mail.was_encrypted);
    EXPECT_EQ(mail.user, "tideway");
    EXPECT_THAT(mail.header("Message-ID"), HasSubstr(told.text("id")));
    EXPECT_THAT(mail.body(), HasSubstr("tideway runs show " + run));

    ASSERT_EQ(notices().size(), 1U);
    const Json shown = program_.cli_json({"notices", "show", told.text("id")});
    EXPECT_EQ(shown.at("deliveries").size(), 2U);
    EXPECT_EQ(program_.cli_json({"notices", "list", "--open"}).at("value").size(), 1U);
}

TEST_F(Notices, ReachTheirReaderWhenTheProcessDiesBeforeTheyAreDelivered) {
    ASSERT_EQ(add_webhook().exit_code, 0);
    hook_.answer(WebhookReceiver::kNever);
    program_.run("fails");
    hook_.wait_for_requests(1);
    const std::string id = string_or(notices().front(), "id");
    program_.kill();
    hook_.answer(200);
    program_.serve();
    const auto told = hook_.wait_for(1);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told.front().text("id"), id);
    EXPECT_EQ(notices().size(), 1U);
}

TEST_F(Notices, StartAFlowOnce) {
    program_.write_flow("on_notice", kOnNotice);
    program_.cli({"flows", "publish"});
    program_.turn_on("on_notice");
    program_.run("fails");
    Json runs;
    ASSERT_TRUE(tests::becomes([&] {
        runs = program_.api("GET", "/runs?flow=bad/on_notice").body.at("value");
        return !runs.empty();
    }));
    const Json run = program_.ended(string_or(runs.front(), "id"));
    EXPECT_EQ(string_or(run, "status"), "Succeeded") << dump(run);
    EXPECT_EQ(string_or(run.at("output"), "flow"), "bad/fails");
}

TEST_F(Notices, AreTriedBeforeTheyAreNeeded) {
    ASSERT_EQ(add_webhook("teams").exit_code, 0);
    const auto sent = program_.cli({"notices", "test", "--channel", "hook"});
    EXPECT_EQ(sent.exit_code, 0) << sent.text();
    EXPECT_EQ(hook_.wait_for(1).front().text("type"), "message");
    hook_.answer(404);
    const auto failed = program_.cli({"notices", "test"});
    EXPECT_EQ(failed.exit_code, 1);
    EXPECT_THAT(failed.output, HasSubstr("answered 404"));
    const Json unknown = program_.cli_json({"notices", "test", "--channel", "pager"});
    EXPECT_EQ(string_or(unknown.at("error"), "code"), "NoticeChannelNotFound");
    EXPECT_EQ(program_.cli({"notices", "remove", "hook"}).exit_code, 0);
    const Json none = program_.cli_json({"notices", "test"});
    EXPECT_EQ(string_or(none.at("error"), "code"), "NoNoticeChannel");
}

TEST_F(Notices, TellTheDoctorWhatKeepsThemFromTheirReader) {
    EXPECT_THAT(program_.cli({"doctor"}).output, HasSubstr("nobody is told"));
    ASSERT_EQ(add_webhook().exit_code, 0);
    hook_.answer(410);
    program_.run("fails");
    hook_.wait_for_requests(1);
    CommandResult doctor;
    EXPECT_TRUE(tests::becomes([&] {
        doctor = program_.cli({"doctor"});
        return doctor.output.find("answered 410") != std::string::npos;
    })) << doctor.text();
    EXPECT_EQ(doctor.exit_code, 1);
}

TEST_F(Notices, ShowNoSecretOfAChannel) {
    ASSERT_EQ(add_webhook().exit_code, 0);
    const auto channels = program_.cli({"notices", "channels"});
    EXPECT_THAT(channels.output, HasSubstr("hook"));
    EXPECT_EQ(channels.output.find("sig="), std::string::npos);
    EXPECT_EQ(channels.output.find("whsec"), std::string::npos);
    const auto made =
        program_.cli({"notices", "add", "webhook", "--secret", "url=https://contoso.example/hook"});
    EXPECT_THAT(made.output, HasSubstr("whsec_"));
}

TEST_F(Notices, RefuseWhatTheyCannotUse) {
    const Json bad = program_.cli_json({"notices", "add", "mail", "--set", "host=contoso.com"});
    EXPECT_EQ(string_or(bad.at("error"), "code"), "InvalidNoticeChannel");
    const Json kind = program_.cli_json({"notices", "add", "pager"});
    EXPECT_EQ(string_or(kind.at("error"), "code"), "InvalidNoticeChannel");
    for (const char* id : {"0123", "ffffffffffffffffffffffffffffffff"}) {
        const Json unknown = program_.cli_json({"notices", "show", id});
        EXPECT_EQ(string_or(unknown.at("error"), "code"), "NoticeNotFound");
    }
    const Json hours = program_.cli_json({"notices", "expect", "fails"});
    EXPECT_EQ(string_or(hours.at("error"), "code"), "MissingArgument");
    const Json flow = program_.cli_json({"notices", "expect", "nothing", "--hours", "3"});
    EXPECT_EQ(string_or(flow.at("error"), "code"), "WorkflowNotFound");
    const Json many = program_.cli_json({"notices", "expect", "fails", "--hours", "99999"});
    EXPECT_EQ(string_or(many.at("error"), "code"), "InvalidRequestContent");
}

TEST_F(Notices, KnowWhichFlowsShouldNotFallSilent) {
    EXPECT_EQ(program_.cli({"notices", "expect", "fails", "--hours", "24"}).exit_code, 0);
    const Json expected = program_.cli_json({"notices", "expect"}).at("value");
    ASSERT_EQ(expected.size(), 1U);
    EXPECT_EQ(string_or(expected.front(), "flow"), "bad/fails");
    EXPECT_EQ(int_or(expected.front(), "hours", 0), 24);
    EXPECT_EQ(program_.cli({"notices", "expect", "bad/fails", "--hours", "0"}).exit_code, 0);
    EXPECT_TRUE(program_.cli_json({"notices", "expect"}).at("value").empty());
}

}  // namespace
}  // namespace tideway::testing
