#include "engine/connector/token_cache.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/digest.h"
#include "engine/connector/identity/oauth.h"
#include "engine/model/schema.h"

namespace tideway::connector {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr minutes kBeforeExpiry{5};
constexpr seconds kFirstBackOff{1};
constexpr seconds kLongestBackOff{30};
constexpr seconds kRefusedBackOff{60};  // asking again with a wrong password locks accounts

struct Waiting {
    Executor* back;
    std::function<void(Result<Secret>)> done;
};

// What is known of one connection and audience.
struct Slot {
    Secret token;
    Timestamp use_until;  // in the past: no token
    std::optional<Error> trouble;
    Timestamp trouble_until;
    int failures = 0;  // in a row
    std::vector<Waiting> waiting;
};

// What is known of one connection. Its audiences are refreshed one after the other, because a
// refresh may replace the refresh token that the next one needs.
struct Account {
    std::map<std::string, Slot> slots;
    std::deque<std::string> queue;  // audiences that somebody waits for
    bool busy = false;
    // The newest refresh token that came; kept here also while it could not be saved.
    std::optional<Secret> rotated;
    bool rotated_is_saved = true;
    std::vector<std::string> basis;  // digests of the connection as the tokens were got with
    std::uint64_t generation = 0;    // counts replacements of the connection
};

// One refresh under way.
struct Job {
    std::string connection;
    std::string audience;
    std::shared_ptr<const OpenConnection> open;
    std::string used_refresh_token_digest;
    Timestamp started;
    std::uint64_t generation = 0;
};

std::string digest_of(const OpenConnection& open, std::string_view refresh_token) {
    Json parts{
        {"connector", open.record.connector},
        {"grant", open.record.grant},
        {"settings", open.settings}};
    for (const auto& [name, secret] : open.secrets) {
        const std::string_view text = name == "refresh_token" ? refresh_token : secret.reveal();
        parts["secrets"][name] = to_hex(sha256(text));
    }
    return sha256(dump(parts));
}

std::string_view secret_or_empty(const OpenConnection& open, std::string_view name) {
    const auto it = open.secrets.find(name);
    return it == open.secrets.end() ? std::string_view() : it->second.reveal();
}

std::string grant_of(const OpenConnection& open) {
    if (!open.record.grant.empty()) {
        return open.record.grant;
    }
    return secret_or_empty(open, "refresh_token").empty() ? "client_credentials" : "refresh_token";
}

Result<http::QueryFields> grant_fields(
    const OpenConnection& open,
    const model::ConnectorSpec& spec,
    const OauthSetup& setup,
    const std::string& resource,
    std::string_view refresh_token,
    Timestamp now
) {
    const std::string grant = grant_of(open);
    if (grant == "jwt_bearer") {
        return assertion_fields(spec, open.settings, open.secrets, now);
    }
    const std::string name = "Connection '" + open.record.name + "'";
    if (grant == "client_credentials") {
        if (setup.client_secret.empty()) {
            return fail(
                ErrorKind::kUnauthenticated,
                "ConnectionNotSignedIn",
                name + " has no client secret.",
                "Enter the client secret of the app registration."
            );
        }
        http::QueryFields fields{{"grant_type", "client_credentials"}};
        std::ranges::move(
            audience_fields(setup, resource, Offline::kNo), std::back_inserter(fields)
        );
        return fields;
    }
    if (refresh_token.empty()) {
        return fail(
            ErrorKind::kUnauthenticated,
            "ConnectionNotSignedIn",
            name + " has no refresh token.",
            "Sign the connection in."
        );
    }
    http::QueryFields fields{
        {"grant_type", "refresh_token"}, {"refresh_token", std::string(refresh_token)}};
    std::ranges::move(audience_fields(setup, resource, Offline::kYes), std::back_inserter(fields));
    return fields;
}

Duration usable_part(Duration lifetime) {
    return lifetime > 2 * kBeforeExpiry ? lifetime - kBeforeExpiry : lifetime / 2;
}

// Lives on the loop. Callbacks that outlive the cache find nothing and end.
class Core : public std::enable_shared_from_this<Core> {
  public:
    Core(
        Loop& loop,
        http::Client& client,
        const Registry& registry,
        const Connections& connections,
        const Clock& clock,
        TokenCache::Save save
    )
        : loop_(loop),
          client_(client),
          registry_(registry),
          connections_(connections),
          clock_(clock),
          save_(std::move(save)) {}

    void get(const std::string& connection, const std::string& audience, Waiting waiting) {
        Account& account = accounts_[connection];
        Slot& slot = account.slots[audience];
        const Timestamp now = clock_.now();
        if (now < slot.use_until) {
            answer(waiting, slot.token);
            return;
        }
        if (slot.trouble && now < slot.trouble_until) {
            answer(waiting, fail(trouble_now(slot, now)));
            return;
        }
        slot.waiting.push_back(std::move(waiting));
        if (slot.waiting.size() == 1) {
            account.queue.push_back(audience);
        }
        start_next(connection);
    }

    void invalidate(const std::string& connection, const std::string& audience) {
        const auto account = accounts_.find(connection);
        if (account != accounts_.end() && account->second.slots.contains(audience)) {
            account->second.slots[audience].use_until = Timestamp();
        }
    }

    void forget(const std::string& connection) {
        const auto it = accounts_.find(connection);
        if (it == accounts_.end()) {
            return;
        }
        Account& account = it->second;
        // Saving a rotated refresh token replaces the connection too; its tokens stay good then.
        const bool same = is_same_account(connection, account);
        for (auto& [audience, slot] : account.slots) {
            slot.trouble.reset();
            slot.failures = 0;
            slot.use_until = same ? slot.use_until : Timestamp();
        }
        if (!same) {
            account.rotated.reset();
            account.rotated_is_saved = true;
            ++account.generation;
        }
    }

  private:
    static void answer(const Waiting& waiting, Result<Secret> result) {
        waiting.back->post([done = waiting.done, result = std::move(result)] { done(result); });
    }

    static Error trouble_now(const Slot& slot, Timestamp now) {
        Error error = *slot.trouble;
        error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(slot.trouble_until - now);
        return error;
    }

    bool is_same_account(const std::string& connection, const Account& account) const {
        const auto open = connections_.get(connection);
        return open != nullptr &&
               std::ranges::find(
                   account.basis, digest_of(*open, secret_or_empty(*open, "refresh_token"))
               ) != account.basis.end();
    }

    void start_next(const std::string& connection) {
        Account& account = accounts_[connection];
        if (account.busy || account.queue.empty()) {
            return;
        }
        account.busy = true;
        auto job = std::make_shared<Job>();
        job->connection = connection;
        job->audience = account.queue.front();
        job->generation = account.generation;
        job->started = clock_.now();
        account.queue.pop_front();
        if (const Status sent = send(job, account); !sent) {
            // Later, so that a caller who asks again from its callback does not recurse.
            loop_.post([weak = weak_from_this(), job, error = sent.error()] {
                if (const auto self = weak.lock()) {
                    self->finish(*job, fail(error));
                }
            });
        }
    }

    Status send(const std::shared_ptr<Job>& job, Account& account) {
        job->open = connections_.get(job->connection);
        if (job->open == nullptr) {
            return fail(
                ErrorKind::kNotFound,
                "ConnectionNotFound",
                "There is no connection '" + job->connection + "'.",
                "Make it, or bind the connection reference to another one."
            );
        }
        const OpenConnection& open = *job->open;
        const model::ConnectorSpec* spec = registry_.spec(open.record.connector);
        const Connector* connector = registry_.implementation(open.record.connector);
        if (spec == nullptr || connector == nullptr) {
            return fail(
                ErrorKind::kNotFound,
                "ConnectorNotFound",
                "Connection '" + job->connection + "' needs the connector '" +
                    open.record.connector + "', which this program does not have."
            );
        }
        TIDEWAY_TRY_ASSIGN(const OauthSetup setup, read_oauth(*spec, open.settings, open.secrets));
        TIDEWAY_TRY_ASSIGN(
            const std::string resource, resource_of(*spec, job->audience, open.settings)
        );
        const std::string refresh_token(
            account.rotated ? account.rotated->reveal() : secret_or_empty(open, "refresh_token")
        );
        TIDEWAY_TRY_ASSIGN(
            http::QueryFields fields,
            grant_fields(open, *spec, setup, resource, refresh_token, job->started)
        );
        job->used_refresh_token_digest = sha256(refresh_token);
        account.basis = {
            digest_of(open, secret_or_empty(open, "refresh_token")),
            digest_of(open, refresh_token)};
        // The identity provider's address comes from the spec and the settings, not from the
        // connector's own list of hosts.
        http::NetworkPolicy policy =
            connector->network_policy(model::with_defaults(spec->settings_schema, open.settings));
        policy.allowed_hosts.clear();
        client_.send(
            token_request(setup, std::move(fields)),
            policy,
            [weak = weak_from_this(), job](const http::Exchange& exchange) {
                if (const auto self = weak.lock()) {
                    self->on_exchange(job, exchange);
                }
            }
        );
        return {};
    }

    void on_exchange(const std::shared_ptr<Job>& job, const http::Exchange& exchange) {
        if (!exchange) {
            Error error = exchange.error().error;
            const bool forbidden = error.kind == ErrorKind::kForbidden;
            error.kind = forbidden ? ErrorKind::kUnauthenticated : ErrorKind::kUnavailable;
            error.code = forbidden ? error.code : "IdentityProviderUnavailable";
            error.message = "The identity provider cannot be reached: " + error.message;
            finish(*job, fail(std::move(error)));
            return;
        }
        auto token = read_token_answer(*exchange, clock_.now());
        Account& account = accounts_[job->connection];
        if (!token || account.generation != job->generation) {
            finish(*job, std::move(token));
            return;
        }
        const Secret& newest = token->refresh_token;
        if (!newest.empty() && sha256(newest.reveal()) != job->used_refresh_token_digest) {
            account.rotated = newest;
            account.rotated_is_saved = false;
            account.basis.push_back(digest_of(*job->open, newest.reveal()));
        }
        if (account.rotated_is_saved) {
            finish(*job, std::move(token));
            return;
        }
        save_rotated(job, std::move(*token));
    }

    void save_rotated(const std::shared_ptr<Job>& job, TokenAnswer token) {
        std::map<std::string, Secret, std::less<>> secrets = job->open->secrets;
        secrets["refresh_token"] = *accounts_[job->connection].rotated;
        save_(
            job->connection,
            std::move(secrets),
            [weak = weak_from_this(), job, token = std::move(token)](const Status& saved) {
                const auto self = weak.lock();
                if (self == nullptr) {
                    return;
                }
                self->loop_.post([weak, job, token, saved] {
                    if (const auto core = weak.lock()) {
                        core->on_saved(*job, token, saved);
                    }
                });
            }
        );
    }

    void on_saved(const Job& job, const TokenAnswer& token, const Status& saved) {
        if (!saved) {
            Error error = saved.error();
            error.kind = ErrorKind::kStorage;
            error.code = "RefreshTokenNotSaved";
            error.message =
                "The new refresh token of connection '" + job.connection +
                "' could not be stored, so its access token is not used: " + error.message;
            finish(job, fail(std::move(error)));
            return;
        }
        Account& account = accounts_[job.connection];
        account.rotated_is_saved = account.rotated_is_saved || account.generation == job.generation;
        finish(job, token);
    }

    void finish(const Job& job, Result<TokenAnswer> token) {
        Account& account = accounts_[job.connection];
        account.busy = false;
        if (account.generation != job.generation) {
            // The connection was replaced meanwhile: ask again, with what it is now.
            account.queue.push_front(job.audience);
            start_next(job.connection);
            return;
        }
        Slot& slot = account.slots[job.audience];
        Result<Secret> result;
        if (token) {
            slot.token = token->access_token;
            slot.use_until = job.started + usable_part(token->lifetime);
            slot.trouble.reset();
            slot.failures = 0;
            result = slot.token;
        } else {
            note_trouble(slot, std::move(token.error()));
            result = fail(trouble_now(slot, clock_.now()));
        }
        for (const Waiting& waiting : std::exchange(slot.waiting, {})) {
            answer(waiting, result);
        }
        start_next(job.connection);
    }

    void note_trouble(Slot& slot, Error error) {
        Duration wait{0};  // nothing was sent: the connection itself is incomplete
        if (error.kind == ErrorKind::kUnauthenticated) {
            wait = kRefusedBackOff;
        } else if (error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kStorage) {
            wait = std::min<Duration>(
                kFirstBackOff * (1 << std::min(slot.failures, 10)), kLongestBackOff
            );
        }
        if (error.retry_after) {
            wait = std::max<Duration>(wait, *error.retry_after);
        }
        ++slot.failures;
        slot.trouble_until = clock_.now() + wait;
        slot.trouble = std::move(error);
    }

    Loop& loop_;
    http::Client& client_;
    const Registry& registry_;
    const Connections& connections_;
    const Clock& clock_;
    TokenCache::Save save_;
    std::map<std::string, Account> accounts_;
};

class LoopTokenCache final : public TokenCache {
  public:
    LoopTokenCache(Loop& loop, std::shared_ptr<Core> core)
        : loop_(loop),
          core_(std::move(core)) {}

    void get(
        const std::string& connection,
        const std::string& audience,
        Executor& back,
        std::function<void(Result<Secret>)> done
    ) override {
        run([connection, audience, waiting = Waiting{&back, std::move(done)}](Core& core) {
            core.get(connection, audience, waiting);
        });
    }

    void invalidate(const std::string& connection, const std::string& audience) override {
        run([connection, audience](Core& core) { core.invalidate(connection, audience); });
    }

    void forget(const std::string& connection) override {
        run([connection](Core& core) { core.forget(connection); });
    }

  private:
    template <typename Task>
    void run(Task task) {
        loop_.post([weak = std::weak_ptr<Core>(core_), task = std::move(task)] {
            if (const auto core = weak.lock()) {
                task(*core);
            }
        });
    }

    Loop& loop_;
    std::shared_ptr<Core> core_;
};

}  // namespace

std::unique_ptr<TokenCache> make_token_cache(
    Loop& loop,
    http::Client& client,
    const Registry& registry,
    const Connections& connections,
    const Clock& clock,
    TokenCache::Save save
) {
    auto core = std::make_shared<Core>(loop, client, registry, connections, clock, std::move(save));
    return std::make_unique<LoopTokenCache>(loop, std::move(core));
}

}  // namespace tideway::connector
