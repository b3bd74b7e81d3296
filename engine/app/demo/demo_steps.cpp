#include "engine/app/demo/demo_steps.h"

#include <iostream>

namespace tideway::app::demo {

Status play(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
        const Timestamp began = SystemClock().now();
        const Status done = step.act();
        std::cout << (done ? "ok      " : "FAILED  ") << step.what << "  ("
                  << format_duration(SystemClock().now() - began) << ")\n"
                  << std::flush;
        TIDEWAY_TRY(done);
    }
    return {};
}

Status expect(bool holds, const std::string& otherwise) {
    if (holds) {
        return {};
    }
    return fail(ErrorKind::kInternal, "DemoFailed", otherwise);
}

std::string text_at(const Json& value, const char* pointer) {
    const Json::json_pointer at(pointer);
    if (!value.contains(at)) {
        return {};
    }
    const Json& found = value.at(at);
    return found.is_string() ? found.get<std::string>() : dump(found);
}

Status turn_on_all(DemoWorld& world) {
    TIDEWAY_TRY_ASSIGN(const Json answer, world.api().post("/flows-on"));
    for (const Json& failed : answer.at("failed")) {
        return fail(
            ErrorKind::kConflict,
            "DemoFailed",
            string_or(failed, "flow") + ": " + string_or(failed, "message") + " " +
                string_or(failed, "remedy")
        );
    }
    return expect(answer.at("turned_on").size() >= 7, "fewer than seven flows were turned on");
}

Status register_webhook(DemoWorld& world, const std::string& pack, const std::string& receiver) {
    const std::string flow = "/flows/" + pack;
    TIDEWAY_TRY_ASSIGN(const Json target, world.api().get(flow + "/" + receiver));
    const std::string url = string_or(target, "trigger_url");
    const Json input = {{"input", {{"url", url}, {"overwrite", true}}}};
    TIDEWAY_TRY_ASSIGN(
        const Json admitted, world.api().post(flow + "/webhook_registration/run", input)
    );
    TIDEWAY_TRY_ASSIGN(
        const Json run, world.finished_run(admitted.at("runs").at(0).get<std::string>())
    );
    TIDEWAY_TRY(expect(string_or(run, "status") == "Succeeded", string_or(run, "headline")));
    TIDEWAY_TRY(expect(
        text_at(run, "/output/registered/url") == url,
        "the stored registration is " + text_at(run, "/output/registered/url")
    ));
    return expect(
        text_at(run, "/output/delivery/status") == "completed",
        "the test event was not delivered: " + text_at(run, "/output/delivery")
    );
}

}  // namespace tideway::app::demo
