#include "engine/store/lock_commands.h"

#include <algorithm>
#include <set>

#include "engine/base/json.h"
#include "engine/store/sql_query.h"

namespace tideway::store {
namespace {

struct OpenQuestion {
    std::string token;
    RunId run_id = 0;
    std::string path;
    Json words;
};

// What a person is told, with the key; when it was asked makes it no other question.
Json words_of(const std::string& question) {
    Json words = parse_json(question, "a question").value_or(Json::object());
    words.erase("asked");
    return words;
}

// To a question that nobody answers here, because another run asks it.
Payload asked_elsewhere(const Json& words) {
    return to_payload(Json{
        {"answer", string_or(words, "default")}, {"person", ""}, {"elsewhere", true}});
}

Result<std::vector<OpenQuestion>> others_with_key(
    SqlDriver& driver, const PutCallback& put, const std::string& key
) {
    const std::string quoted = dump(Json(key));
    SqlQuery query(
        driver,
        "SELECT callback.token, callback.run_id, callback.path, callback.question"
        " FROM callback JOIN run ON run.id = callback.run_id"
        " WHERE callback.question <> '' AND callback.received = 0 AND callback.expires > 0"
        " AND callback.token <> $token AND instr(callback.question, $key) > 0"
        " AND run.flow_id = (SELECT flow_id FROM run WHERE id = $run)"
    );
    query.set("token", put.token);
    query.set("key", quoted);
    query.set("run", put.run_id);
    std::vector<OpenQuestion> out;
    for (;;) {
        TIDEWAY_TRY_ASSIGN(const bool is_row, query.step());
        if (!is_row) {
            return out;
        }
        OpenQuestion open{query.text(), query.integer(), query.text(), {}};
        open.words = words_of(query.text());
        if (string_or(open.words, "key") == key) {
            out.push_back(std::move(open));
        }
    }
}

}  // namespace

// ------------------------------------------------------------------ locks

Result<Outcome> LockCommands::apply(const AcquireLock& command) {
    if (command.holder.is_none()) {
        return fail(
            ErrorKind::kInvalidInput,
            "LockHolderMissing",
            "The lock \"" + command.key + "\" was asked for without a holder."
        );
    }
    Outcome out;
    SqlQuery known(
        driver_, "SELECT id, granted FROM lock WHERE key = $key AND run_id = $run AND path = $path"
    );
    known.set("key", command.key);
    known.set("run", command.run_id);
    known.set("path", command.path);
    TIDEWAY_TRY_ASSIGN(const bool is_known, known.step());
    if (is_known) {
        out.id = known.integer();
        out.granted = known.boolean();
        return out;
    }
    TIDEWAY_TRY(require_open_run(command.run_id));
    TIDEWAY_TRY_ASSIGN(out.granted, is_free_for(command.key, command.holder));
    SqlQuery insert(
        driver_,
        "INSERT INTO lock(key, run_id, path, holder, granted)"
        " VALUES ($key, $run, $path, $holder, $granted) RETURNING id"
    );
    insert.set("key", command.key);
    insert.set("run", command.run_id);
    insert.set("path", command.path);
    insert.set("holder", command.holder);
    insert.set("granted", out.granted ? 1 : 0);
    TIDEWAY_TRY(insert.step());
    out.id = insert.integer();
    return out;
}

// A run that has ended would hold its lock for ever.
Status LockCommands::require_open_run(RunId run_id) {
    SqlQuery query(driver_, "SELECT ended FROM run WHERE id = $id");
    query.set("id", run_id);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return fail(
            ErrorKind::kNotFound,
            "RunNotFound",
            "Run " + std::to_string(run_id) + " does not exist."
        );
    }
    if (query.optional_timestamp()) {
        return fail(
            ErrorKind::kConflict, "RunEnded", "Run " + std::to_string(run_id) + " has ended."
        );
    }
    return {};
}

// Whenever somebody waits, somebody holds: so a key without a holder has no queue either.
Result<bool> LockCommands::is_free_for(const std::string& key, const Uid& holder) {
    SqlQuery query(driver_, "SELECT holder FROM lock WHERE key = $key AND granted = 1 LIMIT 1");
    query.set("key", key);
    TIDEWAY_TRY_ASSIGN(const bool is_held, query.step());
    return !is_held || query.uid() == holder;
}

Result<Outcome> LockCommands::apply(const ReleaseLock& command) {
    bool was_held = false;
    {
        SqlQuery query(
            driver_,
            "DELETE FROM lock WHERE key = $key AND run_id = $run AND path = $path RETURNING granted"
        );
        query.set("key", command.key);
        query.set("run", command.run_id);
        query.set("path", command.path);
        TIDEWAY_TRY_ASSIGN(const bool found, query.step());
        was_held = found && query.boolean();
    }
    Outcome out;
    if (!was_held) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const auto next, pass_on(command.key));
    if (!next) {
        return out;
    }
    out.run_id = next->run_id;
    out.path = next->path;
    TIDEWAY_TRY_ASSIGN(out.run_uid, uid_of(next->run_id));
    out.grants.push_back(*next);
    return out;
}

Result<std::optional<LockGrant>> LockCommands::pass_on(const std::string& key) {
    SqlQuery query(
        driver_,
        "UPDATE lock SET granted = 1 WHERE id = (SELECT min(id) FROM lock WHERE key = $key)"
        " AND NOT EXISTS (SELECT 1 FROM lock WHERE key = $key AND granted = 1)"
        " RETURNING run_id, path"
    );
    query.set("key", key);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    if (!found) {
        return std::optional<LockGrant>();
    }
    LockGrant grant;
    grant.key = key;
    grant.run_id = query.integer();
    grant.path = query.text();
    return std::optional<LockGrant>(std::move(grant));
}

Result<Uid> LockCommands::uid_of(RunId run_id) {
    SqlQuery query(driver_, "SELECT uid FROM run WHERE id = $id");
    query.set("id", run_id);
    TIDEWAY_TRY_ASSIGN(const bool found, query.step());
    return found ? query.uid() : Uid();
}

Result<std::vector<LockGrant>> LockCommands::end_run(RunId run_id) {
    std::set<std::string> freed;
    {
        SqlQuery query(driver_, "DELETE FROM lock WHERE run_id = $run RETURNING key, granted");
        query.set("run", run_id);
        TIDEWAY_TRY_ASSIGN(bool found, query.step());
        while (found) {
            std::string key = query.text();
            if (query.boolean()) {
                freed.insert(std::move(key));
            }
            TIDEWAY_TRY_ASSIGN(found, query.step());
        }
    }
    std::vector<LockGrant> out;
    for (const std::string& key : freed) {
        TIDEWAY_TRY_ASSIGN(auto next, pass_on(key));
        if (next) {
            out.push_back(std::move(*next));
        }
    }
    SqlQuery callbacks(driver_, "DELETE FROM callback WHERE run_id = $run");
    callbacks.set("run", run_id);
    TIDEWAY_TRY(callbacks.run());
    return out;
}

// ------------------------------------------------------------------ callbacks

Result<Outcome> LockCommands::apply(const PutCallback& command) {
    Outcome out;
    SqlQuery known(driver_, "SELECT run_id, received FROM callback WHERE token = $token");
    known.set("token", command.token);
    TIDEWAY_TRY_ASSIGN(const bool is_known, known.step());
    if (is_known) {
        if (known.integer() != command.run_id) {
            return fail(
                ErrorKind::kConflict,
                "CallbackTokenTaken",
                "The callback token of run " + std::to_string(command.run_id) +
                    " belongs to another run."
            );
        }
        out.granted = known.boolean();
        return out;
    }
    TIDEWAY_TRY(require_open_run(command.run_id));
    SqlQuery insert(
        driver_,
        "INSERT INTO callback(token, run_id, path, expires, received, payload, question)"
        " VALUES ($token, $run, $path, $expires, 0, '', $question)"
    );
    insert.set("token", command.token);
    insert.set("run", command.run_id);
    insert.set("path", command.path);
    insert.set("expires", command.expires);
    insert.set("question", command.question);
    TIDEWAY_TRY(insert.run());
    TIDEWAY_TRY_ASSIGN(out.grants, keep_one_question(command));
    return out;
}

Result<std::vector<LockGrant>> LockCommands::keep_one_question(const PutCallback& put) {
    std::vector<LockGrant> out;
    const Json words = put.question.empty() ? Json::object() : words_of(put.question);
    const std::string key = string_or(words, "key");
    if (key.empty()) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const auto others, others_with_key(driver_, put, key));
    const bool is_asked = std::ranges::any_of(others, [&](const OpenQuestion& other) {
        return other.words == words;
    });
    if (is_asked) {
        TIDEWAY_TRY(receive(put.token, put.run_id, asked_elsewhere(words)));
        return out;
    }
    for (const OpenQuestion& other : others) {
        TIDEWAY_TRY(receive(other.token, other.run_id, asked_elsewhere(other.words)));
        out.push_back({{}, other.run_id, other.path});
    }
    return out;
}

Status LockCommands::receive(const std::string& token, RunId run_id, const Payload& payload) {
    TIDEWAY_TRY_ASSIGN(
        const Payload column, payloads_.column_of(payload, PayloadOwner{"run", run_id})
    );
    SqlQuery query(
        driver_, "UPDATE callback SET received = 1, payload = $payload WHERE token = $token"
    );
    query.set("payload", column);
    query.set("token", token);
    return query.run();
}

Result<Outcome> LockCommands::apply(const ReceiveCallback& command) {
    Outcome out;
    {
        SqlQuery query(
            driver_, "SELECT run_id, path, received, expires FROM callback WHERE token = $token"
        );
        query.set("token", command.token);
        TIDEWAY_TRY_ASSIGN(const bool found, query.step());
        if (!found) {
            return out;
        }
        const RunId run_id = query.integer();
        std::string path = query.text();
        const bool was_received = query.boolean();
        const bool is_late = command.at >= query.timestamp();
        if (was_received || is_late) {
            out.callback = was_received ? CallbackFate::kRepeated : CallbackFate::kClosed;
            return out;
        }
        out.run_id = run_id;
        out.path = std::move(path);
    }
    TIDEWAY_TRY_ASSIGN(out.run_uid, uid_of(out.run_id));
    TIDEWAY_TRY(receive(command.token, out.run_id, command.payload));
    out.callback = CallbackFate::kTaken;
    return out;
}

Result<Outcome> LockCommands::apply(const CloseCallback& command) {
    // Not the time of closing: a call that left before it may be written after it.
    SqlQuery close(
        driver_,
        "UPDATE callback SET expires = 0 WHERE run_id = $run AND path = $path RETURNING received"
    );
    close.set("run", command.run_id);
    close.set("path", command.path);
    Outcome out;
    TIDEWAY_TRY_ASSIGN(const bool is_known, close.step());
    out.granted = is_known && close.boolean();
    return out;
}

}  // namespace tideway::store
