// Tells people what they should know without looking. Every few seconds it compares what is so with
// the notices that are open, commits the difference with what is to be delivered, and delivers:
// each channel in order, each message until it is taken. What is so is derived anew each time, so
// nothing is missed by a process that dies.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/connector/connections.h"
#include "engine/runtime/notices/notice_causes.h"
#include "engine/runtime/notices/notice_sender.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {

struct NotifierServices {
    Executor* executor = nullptr;  // the notifier's thread; also that of the clients
    Runtime* runtime = nullptr;
    FlowCatalog* catalog = nullptr;
    const connector::Connections* connections = nullptr;
    const connector::SecretBox* box = nullptr;
    store::Store* store = nullptr;
    http::Client* client = nullptr;
    http::MailClient* mail = nullptr;
    const Clock* clock = nullptr;
    Log* log = nullptr;
    std::string environment;
    std::string data_folder;                    // whose disk is looked at; empty: none
    std::optional<Timestamp> certificate_ends;  // that the trigger listener shows
    std::function<std::optional<TriggerStatus>(model::FlowId)> trigger_status;
};

// Something that takes a while and is not begun twice: who asks meanwhile gets it once more.
class OneAtATime {
  public:
    // False: it is under way, and will be wanted again.
    bool begin() {
        is_wanted_ = is_under_way_;
        return !std::exchange(is_under_way_, true);
    }

    // True: somebody has asked meanwhile.
    bool end() {
        is_under_way_ = false;
        return std::exchange(is_wanted_, false);
    }

  private:
    bool is_under_way_ = false;
    bool is_wanted_ = false;
};

// Thread: the executor's, but for those said otherwise. Destroyed after the executor has stopped
// and after the runtime, whose readers and commits may still call back.
class Notifier {
  public:
    explicit Notifier(NotifierServices services);
    ~Notifier();
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    // Looks at once, and from then on again and again. Thread: any, once.
    void start();

    // One look. Without start() it is the only one. Thread: any.
    void look();

    // Sends a test through one channel, once. Thread: any; `done` on the executor's.
    void test(model::NoticeChannel channel, std::function<void(Status)> done);

  private:
    struct Seen;
    struct Due;

    static Result<Seen> look_at(
        store::Reader& reader, NoticeFacts facts, const std::string& data_folder, Timestamp now
    );
    static Result<std::vector<Due>> due_now(
        store::Reader& reader, const std::string& environment, Timestamp now
    );

    void look_again();
    void look_now();
    void looked();
    NoticeFacts facts_in_memory() const;
    std::vector<model::FlowId> flows_started() const;
    void seen(Result<Seen> result);
    void commit(std::vector<store::Command> commands);
    void log_changes(const std::vector<store::Command>& commands) const;
    void serve();
    void send_due(Result<std::vector<Due>> due);
    void send(const Due& due);
    void start_flow(const Due& due);
    void attempted(const model::NoticeDelivery& delivery, const Status& status);
    model::NoticeDelivery after_attempt(model::NoticeDelivery delivery, const Status& status) const;
    void record(model::NoticeDelivery delivery);
    void settled(std::int64_t delivery);

    NotifierServices services_;
    NoticeSender sender_;
    std::unique_ptr<Timer> timer_;
    OneAtATime looking_;
    OneAtATime serving_;
    std::set<std::int64_t> in_flight_;  // deliveries
};

}  // namespace tideway::runtime
