#include "tests/bench/load.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tideway::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
}

int connect_to(int port) {
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (made < 0 ||
        ::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        give_up("bench_runs: connect");
    }
    const int on = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return made;
}

std::size_t content_length(const std::string& head) {
    std::string lower = head;
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const auto at = lower.find("content-length:");
    return at == std::string::npos ? 0 : std::strtoul(lower.c_str() + at + 15, nullptr, 10);
}

}  // namespace

double steady_seconds() {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now().time_since_epoch();
    return since.count();
}

double LoadResult::percentile(double share) const {
    if (latencies_ms.empty()) {
        return 0;
    }
    const auto last = static_cast<double>(latencies_ms.size() - 1);
    return latencies_ms[static_cast<std::size_t>(last * share)];
}

Load::Load(const Target& target, int clients)
    : request_(
          "POST " + target.path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(target.port) +
          "\r\nContent-Type: application/json\r\nContent-Length: " +
          std::to_string(target.body.size()) + "\r\n\r\n" + target.body
      ),
      poll_(::epoll_create1(EPOLL_CLOEXEC)),
      clients_(static_cast<std::size_t>(clients)) {
    for (std::size_t at = 0; at < clients_.size(); ++at) {
        clients_[at].socket = connect_to(target.port);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = at;
        if (::epoll_ctl(poll_, EPOLL_CTL_ADD, clients_[at].socket, &event) != 0) {
            give_up("bench_runs: epoll");
        }
    }
}

Load::~Load() {
    for (const Client& client : clients_) {
        ::close(client.socket);
    }
    ::close(poll_);
}

void Load::send(Client& client) {
    // A request is far smaller than a socket's buffer, and one is under way at a time.
    const ssize_t sent = ::send(client.socket, request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) {
        give_up("bench_runs: send");
    }
    client.is_waiting = true;
    client.sent_at = steady_seconds();
}

int Load::take_answer(Client& client) {
    const auto head_end = client.received.find("\r\n\r\n");
    if (head_end == std::string::npos) {
        return 0;
    }
    const std::string head = client.received.substr(0, head_end);
    const std::size_t whole = head_end + 4 + content_length(head);
    if (client.received.size() < whole) {
        return 0;
    }
    client.received.erase(0, whole);
    return static_cast<int>(std::strtol(head.c_str() + 9, nullptr, 10));
}

void Load::on_readable(Client& client, LoadResult& result, double deadline) {
    std::array<char, 8192> bytes{};
    const ssize_t count = ::recv(client.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count <= 0) {
        give_up("bench_runs: the server closed a connection");
    }
    client.received.append(bytes.data(), static_cast<std::size_t>(count));
    const int status = take_answer(client);
    if (status == 0) {
        return;
    }
    client.is_waiting = false;
    const double now = steady_seconds();
    if (now > deadline) {
        ++result.late;
        return;
    }
    if (status == 200) {
        ++result.answers;
        result.latencies_ms.push_back((now - client.sent_at) * 1e3);
    } else {
        ++result.failures;
    }
    send(client);
}

LoadResult Load::run(double seconds) {
    LoadResult result;
    const double start = steady_seconds();
    const double deadline = start + seconds;
    for (Client& client : clients_) {
        send(client);
    }
    std::array<epoll_event, 64> events{};
    while (std::ranges::any_of(clients_, &Client::is_waiting)) {
        const int count =
            ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 10000);
        if (count <= 0) {
            give_up("bench_runs: no answer within ten seconds");
        }
        for (int at = 0; at < count; ++at) {
            const auto which = events[static_cast<std::size_t>(at)].data.u64;
            on_readable(clients_[which], result, deadline);
        }
    }
    result.seconds = seconds;
    std::ranges::sort(result.latencies_ms);
    return result;
}

}  // namespace tideway::bench
