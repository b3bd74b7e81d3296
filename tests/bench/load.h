// A load generator: clients that each keep one connection open and send the next request when the
// answer to the one before is there. One thread, non-blocking sockets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tideway::bench {

struct Target {
    int port = 0;            // of 127.0.0.1
    std::string path = "/";  // with its query
    std::string body;        // JSON
};

struct LoadResult {
    std::int64_t answers = 0;
    std::int64_t failures = 0;  // another status than 200, or a closed connection
    std::int64_t late = 0;      // answers that came after the time was over
    double seconds = 0;
    std::vector<double> latencies_ms;  // sorted

    double per_second() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }

    double percentile(double share) const;
};

// Connects on construction and stays connected between runs. Blocking.
class Load {
  public:
    Load(const Target& target, int clients);
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    // Counts the answers that come within `seconds`; those still due are waited for afterwards.
    LoadResult run(double seconds);

  private:
    struct Client {
        int socket = -1;
        double sent_at = 0;
        std::string received;
        bool is_waiting = false;
    };

    void send(Client& client);
    // The status of a whole answer, taken out of what was received; 0: not whole yet.
    static int take_answer(Client& client);
    void on_readable(Client& client, LoadResult& result, double deadline);

    std::string request_;
    int poll_ = -1;
    std::vector<Client> clients_;
};

// Seconds of a clock that only goes forward.
double steady_seconds();

}  // namespace tideway::bench
