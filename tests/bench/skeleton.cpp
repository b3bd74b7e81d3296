#include "tests/bench/skeleton.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <unordered_map>
#include <vector>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/sqlite_handle.h"

namespace tideway::bench {
namespace {

constexpr const char* kScript = R"(
local yield = coroutine.yield
return function(text)
  for i = 1, 10 do text = yield("Step " .. i, text) end
  return text
end)";

struct Connection {
    int socket = -1;
    std::string received;
    std::string body;
    lua_State* coroutine = nullptr;
    int reference = LUA_NOREF;
    std::int64_t run = 0;
    std::int64_t seq = 0;
    std::string input;  // of the step whose intent waits for the commit
    bool is_done = false;
};

class Skeleton {
  public:
    Skeleton(const ParentLink& parent, const std::string& file)
        : parent_(parent),
          database_(file),
          lua_(luaL_newstate()),
          poll_(::epoll_create1(EPOLL_CLOEXEC)) {
        database_.execute(kRowsSchema);
        begin_run_ = std::make_unique<Statement>(
            database_, "INSERT INTO run VALUES (?1, 0, 'Running', ?2, '')"
        );
        end_run_ = std::make_unique<Statement>(
            database_, "UPDATE run SET status = 'Succeeded', response = ?2 WHERE id = ?1"
        );
        row_ = std::make_unique<Statement>(
            database_, "INSERT INTO journal VALUES (?1, ?2, ?3, ?4, ?5)"
        );
        luaL_openlibs(lua_);
        if (luaL_dostring(lua_, kScript) != LUA_OK) {
            std::abort();
        }
    }

    ~Skeleton() { lua_close(lua_); }

    Skeleton(const Skeleton&) = delete;
    Skeleton& operator=(const Skeleton&) = delete;

    int run() {
        listen();
        watch(parent_.socket());
        std::array<epoll_event, 256> events{};
        while (true) {
            const int count = ::epoll_wait(
                poll_, events.data(), static_cast<int>(events.size()), gated_.empty() ? -1 : 0
            );
            for (int at = 0; at < count; ++at) {
                const int socket = events[static_cast<std::size_t>(at)].data.fd;
                if (socket == parent_.socket()) {
                    if (!parent_.wait()) {
                        return 0;
                    }
                    parent_.send_counters({commits_, batches_});
                } else if (socket == listener_) {
                    accept();
                } else {
                    on_readable(*connections_.at(socket));
                }
            }
            commit();
        }
    }

  private:
    void watch(int socket) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = socket;
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &event);
    }

    void listen() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, any, size) != 0 || ::listen(listener_, 1024) != 0 ||
            ::getsockname(listener_, any, &size) != 0) {
            std::abort();
        }
        watch(listener_);
        parent_.send_ready(ntohs(address.sin_port), "/run");
    }

    void accept() {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) {
            return;
        }
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        auto connection = std::make_unique<Connection>();
        connection->socket = socket;
        connections_[socket] = std::move(connection);
        watch(socket);
    }

    void on_readable(Connection& connection) {
        std::array<char, 8192> bytes{};
        const ssize_t count = ::recv(connection.socket, bytes.data(), bytes.size(), 0);
        if (count <= 0) {
            const int socket = connection.socket;
            ::close(socket);
            connections_.erase(socket);
            return;
        }
        std::string& received = connection.received;
        received.append(bytes.data(), static_cast<std::size_t>(count));
        const auto head_end = received.find("\r\n\r\n");
        const auto length_at = received.find("Content-Length: ");
        if (head_end == std::string::npos || length_at == std::string::npos) {
            return;
        }
        const std::size_t length = std::strtoul(received.c_str() + length_at + 16, nullptr, 10);
        if (received.size() < head_end + 4 + length) {
            return;
        }
        connection.body = received.substr(head_end + 4, length);
        received.clear();
        start(connection);
    }

    void begin_transaction() {
        if (!in_transaction_) {
            database_.execute("BEGIN IMMEDIATE");
            in_transaction_ = true;
        }
    }

    void start(Connection& connection) {
        begin_transaction();
        connection.run = ++last_run_;
        connection.seq = 0;
        connection.is_done = false;
        begin_run_->bind(1, connection.run);
        begin_run_->bind(2, connection.body);
        begin_run_->run();
        connection.coroutine = lua_newthread(lua_);
        connection.reference = luaL_ref(lua_, LUA_REGISTRYINDEX);
        lua_pushvalue(lua_, 1);
        lua_xmove(lua_, connection.coroutine, 1);
        lua_pushlstring(connection.coroutine, connection.body.data(), connection.body.size());
        resume(connection);
    }

    void append(
        Connection& connection, std::int64_t kind, std::string_view path, std::string_view payload
    ) {
        begin_transaction();
        row_->bind(1, connection.run);
        row_->bind(2, connection.seq++);
        row_->bind(3, kind);
        row_->bind(4, path);
        row_->bind(5, payload);
        row_->run();
    }

    // Its one argument is on the coroutine's stack.
    void resume(Connection& connection) {
        int results = 0;
        lua_State* coroutine = connection.coroutine;
        const int code = lua_resume(coroutine, lua_, 1, &results);
        std::size_t size = 0;
        const char* text = lua_tolstring(coroutine, -1, &size);
        connection.input.assign(text, size);
        if (code == LUA_YIELD) {
            append(connection, 0, lua_tostring(coroutine, -2), connection.input);
            lua_pop(coroutine, results);
        } else if (code == LUA_OK) {
            connection.is_done = true;
            end_run_->bind(1, connection.run);
            end_run_->bind(2, connection.input);
            end_run_->run();
            luaL_unref(lua_, LUA_REGISTRYINDEX, connection.reference);
        } else {
            std::abort();
        }
        gated_.push_back(&connection);
    }

    void commit() {
        if (!in_transaction_) {
            return;
        }
        database_.execute("COMMIT");
        in_transaction_ = false;
        ++commits_;
        batches_ += static_cast<std::int64_t>(gated_.size());
        std::vector<Connection*> passed;
        passed.swap(gated_);
        for (Connection* connection : passed) {
            if (connection->is_done) {
                respond(*connection);
                continue;
            }
            // The effect that does nothing: its result is its input.
            append(*connection, 1, "", connection->input);
            lua_pushlstring(
                connection->coroutine, connection->input.data(), connection->input.size()
            );
            resume(*connection);
        }
    }

    static void respond(const Connection& connection) {
        const std::string answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
            std::to_string(connection.input.size()) + "\r\n\r\n" + connection.input;
        static_cast<void>(::send(connection.socket, answer.data(), answer.size(), MSG_NOSIGNAL));
    }

    const ParentLink& parent_;
    Database database_;
    lua_State* lua_;
    int poll_;
    int listener_ = -1;
    std::unique_ptr<Statement> begin_run_;
    std::unique_ptr<Statement> end_run_;
    std::unique_ptr<Statement> row_;
    std::unordered_map<int, std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> gated_;
    bool in_transaction_ = false;
    std::int64_t last_run_ = 0;
    std::int64_t commits_ = 0;
    std::int64_t batches_ = 0;
};

}  // namespace

int run_skeleton(const ParentLink& parent, const std::string& database_file) {
    return Skeleton(parent, database_file).run();
}

}  // namespace tideway::bench
