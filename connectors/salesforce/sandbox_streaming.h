// Change events as Salesforce's streaming gives them: the Bayeux protocol over long polling, with
// replay. Thread: the sandbox's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/salesforce/sandbox_store.h"
#include "engine/base/clock.h"
#include "engine/base/loop.h"
#include "engine/http/server.h"

namespace tideway::connectors::salesforce::sandbox {

// Whose write a change is: "com/salesforce/api/rest/62.0;client=Tideway".
struct ChangeOrigin {
    std::string origin;
    std::string user_id;
};

class Streaming {
  public:
    Streaming(Loop& loop, const Clock& clock, Duration connect_timeout)
        : loop_(loop),
          clock_(clock),
          connect_timeout_(connect_timeout) {}

    // One request with one or several messages.
    void handle(const http::ServerRequest& request, std::shared_ptr<http::Responder> responder);

    void publish(
        const std::vector<Change>& changes, const Store& store, const ChangeOrigin& origin
    );

    // Events so far cannot be replayed any more.
    void forget() { events_.clear(); }

    // Of so many of the next changes only the record is told, as after trouble in Salesforce.
    void leave_gaps(int changes) { gaps_ = changes; }

  private:
    struct Event {
        std::int64_t replay_id = 0;
        std::string channel;  // "/data/OpportunityChangeEvent"
        Json payload;
    };

    struct Client {
        std::map<std::string, std::int64_t> subscriptions;  // channel -> last replay id
        bool has_connected = false;
        std::shared_ptr<http::Responder> waiting;
        Json connect;  // the message that waits
        std::unique_ptr<Timer> timer;
    };

    Json handshake(const Json& message);
    Json subscribe(Client& client, const Json& message);
    // False: the connect waits, and the responder with it.
    bool connect(
        const std::string& id,
        const Json& message,
        const std::shared_ptr<http::Responder>& responder,
        Json& answers
    );
    Json payload_of(const Change& change, const Store& store, const ChangeOrigin& origin) const;
    Json take_events(Client& client);
    void answer_waiting(Client& client);

    Loop& loop_;
    const Clock& clock_;
    Duration connect_timeout_;
    std::map<std::string, Client> clients_;
    std::deque<Event> events_;
    std::int64_t next_replay_id_ = 1;
    int gaps_ = 0;
};

}  // namespace tideway::connectors::salesforce::sandbox
