// A network without sockets: listeners are ports in a table, and a request reaches its handler as
// late as it is told to, by the clock of the loop that listens. Names of hosts say nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/threading.h"
#include "engine/http/client.h"
#include "engine/http/server.h"
#include "engine/http/url.h"

namespace tideway::sim {

// Thread: any.
class SimulatedNetwork {
  public:
    // What passed; `at` by the clock of the watcher.
    using Watcher = std::function<void(int port, const http::ServerRequest& request, int status)>;

    SimulatedNetwork() = default;
    SimulatedNetwork(const SimulatedNetwork&) = delete;
    SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

    // Borrows the loop; listens until the server is gone. Port 0: one that nobody has.
    std::unique_ptr<http::Server> listen(Loop& loop, http::Handler handler, int wanted) {
        auto place = std::make_shared<Place>();
        place->loop = &loop;
        place->handler = std::move(handler);
        const Lock lock(mutex_);
        const int port = wanted != 0 ? wanted : next_port_++;
        places_[port] = std::move(place);
        return std::make_unique<Listener>(*this, port);
    }

    std::unique_ptr<http::Client> make_client(Loop& loop) {
        return std::make_unique<Client>(*this, loop);
    }

    // How long a request to this port is on its way. What a test does at a sandbox is there at
    // once.
    void set_latency(int port, Duration latency) {
        if (const auto place = place_of(port)) {
            place->loop->post([place, latency] { place->latency = latency; });
        }
    }

    // Called on the loop that listens, for every answer that leaves; set while nothing happens.
    void watch(Watcher watcher) { watcher_ = std::move(watcher); }

  private:
    struct Place {
        Loop* loop = nullptr;
        http::Handler handler;
        Duration latency{0};
        std::map<std::int64_t, std::unique_ptr<Timer>> on_their_way;
        std::int64_t next_request = 0;
    };

    class Listener final : public http::Server {
      public:
        Listener(SimulatedNetwork& network, int port)
            : network_(network),
              port_(port) {}

        ~Listener() override {
            const Lock lock(network_.mutex_);
            network_.places_.erase(port_);
        }

        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;

        int port() const override { return port_; }

      private:
        SimulatedNetwork& network_;
        int port_;
    };

    using Answer = std::function<void(http::Exchange)>;

    class Responder final : public http::Responder {
      public:
        explicit Responder(Answer answer)
            : answer_(std::move(answer)) {}

        ~Responder() override { send({.status = 500}); }

        Responder(const Responder&) = delete;
        Responder& operator=(const Responder&) = delete;

        void send(http::Response response) override { answer(std::move(response)); }

        std::shared_ptr<http::EventStream> stream() override {
            send({.status = 501});  // nobody watches a simulation live
            return nullptr;
        }

        void cut() override { answer(broken(true, "The connection was closed.")); }

      private:
        void answer(http::Exchange exchange) {
            Answer once;
            {
                const Lock lock(mutex_);
                once = std::exchange(answer_, {});
            }
            if (once) {
                once(std::move(exchange));
            }
        }

        Mutex mutex_;
        Answer answer_ TIDEWAY_GUARDED_BY(mutex_);
    };

    class Client final : public http::Client {
      public:
        Client(SimulatedNetwork& network, Loop& loop)
            : network_(network),
              line_(std::make_shared<Line>(loop)) {}

        ~Client() override { line_->cut(); }

        Client(const Client&) = delete;
        Client& operator=(const Client&) = delete;

        void send(
            http::Request request,
            const http::NetworkPolicy& /*policy*/,
            std::function<void(http::Exchange)> done
        ) override {
            const Answer answer = [line = line_,
                                   done = std::move(done)](const http::Exchange& exchange) {
                line->post([line, done, exchange] {
                    if (line->is_whole()) {
                        done(exchange);
                    }
                });
            };
            network_.carry(std::move(request), answer);
        }

      private:
        // Answers come on the thread of who was asked, also when the client and its loop are gone.
        class Line {
          public:
            explicit Line(Loop& loop)
                : loop_(&loop) {}

            void post(std::function<void()> task) {
                const Lock lock(mutex_);
                if (loop_ != nullptr) {
                    loop_->post(std::move(task));
                }
            }

            bool is_whole() {
                const Lock lock(mutex_);
                return loop_ != nullptr;
            }

            void cut() {
                const Lock lock(mutex_);
                loop_ = nullptr;
            }

          private:
            Mutex mutex_;
            Loop* loop_ TIDEWAY_GUARDED_BY(mutex_);
        };

        SimulatedNetwork& network_;
        std::shared_ptr<Line> line_;
    };

    static http::Exchange broken(bool sent, std::string message) {
        http::TransportError out;
        out.sent = sent;
        out.error.kind = ErrorKind::kUnavailable;
        out.error.code = "ConnectionFailed";
        out.error.message = std::move(message);
        return tl::unexpected<http::TransportError>(std::move(out));
    }

    std::shared_ptr<Place> place_of(int port) {
        const Lock lock(mutex_);
        const auto found = places_.find(port);
        return found == places_.end() ? nullptr : found->second;
    }

    static http::ServerRequest received(http::Request request, http::Url url) {
        http::ServerRequest out;
        out.method = std::move(request.method);
        out.target = url.path + (url.query.empty() ? "" : "?" + url.query);
        out.path = std::move(url.path);
        out.query = std::move(url.query);
        out.headers = std::move(request.headers);
        out.headers.set("Host", url.host + ":" + std::to_string(url.port));
        if (out.method != "GET" || !request.body.empty()) {
            out.headers.set("Content-Length", std::to_string(request.body.size()));
        }
        out.body = std::move(request.body);
        out.remote_address = "127.0.0.1";
        return out;
    }

    void carry(http::Request request, const Answer& answer) {
        auto url = http::parse_url(request.url);
        const auto place = url ? place_of(url->port) : nullptr;
        if (!place) {
            answer(broken(false, "Nobody listens at " + request.url + "."));
            return;
        }
        const int port = url->port;
        place->loop->post(
            [this, place, port, answer, in = received(std::move(request), *std::move(url))] {
                arrive(place, port, in, answer);
            }
        );
    }

    // On the listening loop.
    void arrive(
        const std::shared_ptr<Place>& place,
        int port,
        const http::ServerRequest& request,
        const Answer& answer
    ) {
        const Answer watched = [this, port, request, answer](const http::Exchange& exchange) {
            if (watcher_) {
                watcher_(port, request, exchange ? exchange->status : 0);
            }
            answer(exchange);
        };
        auto responder = std::make_shared<Responder>(watched);
        const bool is_control = request.path.starts_with("/sandbox");
        if (is_control || place->latency == Duration(0)) {
            place->handler(request, std::move(responder));
            return;
        }
        const std::int64_t id = place->next_request++;
        place->on_their_way[id] = place->loop->after(
            place->latency,
            [&place = *place, id, request, responder = std::move(responder)] {
                const auto timer = std::move(place.on_their_way[id]);
                place.on_their_way.erase(id);
                place.handler(request, responder);
            }
        );
    }

    Watcher watcher_;
    Mutex mutex_;
    std::map<int, std::shared_ptr<Place>> places_ TIDEWAY_GUARDED_BY(mutex_);
    int next_port_ TIDEWAY_GUARDED_BY(mutex_) = 10'001;
};

}  // namespace tideway::sim
