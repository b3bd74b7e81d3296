// All sandboxes of this program in one process, on a thread of their own: sign-in, Partner Center,
// Dataverse and Salesforce, each on a loopback port.
#pragma once

#include <memory>
#include <string>

#include "engine/app/host.h"
#include "engine/base/json.h"
#include "engine/base/result.h"

namespace tideway::app {

struct SandboxesOptions {
    int partner_center_port = 0;  // 0: any free one
    int dataverse_port = 0;
    int salesforce_port = 0;
    std::string folder;  // for state and the certificate authority; made when absent
    enum class State { kForget, kKeep };
    State state = State::kForget;
};

class Sandboxes {
  public:
    static Result<std::unique_ptr<Sandboxes>> start(
        SandboxesOptions options, std::shared_ptr<Host> host = std::make_shared<Host>()
    );
    ~Sandboxes();
    Sandboxes(const Sandboxes&) = delete;
    Sandboxes& operator=(const Sandboxes&) = delete;

    std::string partner_center_url() const;
    std::string dataverse_url() const;
    std::string salesforce_url() const;

    // {"partner_center":{"settings":..,"secrets":..,"grant":..},"dataverse":{...},
    // "salesforce":{...}}: what a connection to them needs.
    Json connections() const;

  private:
    struct Parts;
    explicit Sandboxes(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace tideway::app
