// What the program takes from the machine that it runs on: time, threads' loops, network, disk. A
// simulation brings its own.
#pragma once

#include <memory>

#include "engine/base/loop.h"
#include "engine/http/client.h"
#include "engine/http/server.h"
#include "engine/store/store.h"

namespace tideway::app {

// The real machine. Thread: any.
class Host {
  public:
    Host() = default;
    virtual ~Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    virtual const Clock& clock() const { return clock_; }

    virtual std::unique_ptr<Loop> make_loop() { return std::make_unique<Loop>(); }

    virtual std::unique_ptr<http::Client> make_client(Loop& loop, http::ClientOptions options) {
        return http::make_curl_client(loop, std::move(options));
    }

    virtual Result<std::unique_ptr<http::Server>> listen(
        Loop& loop, http::ServerOptions options, http::Handler handler
    ) {
        return http::start_server(loop, std::move(options), std::move(handler));
    }

    virtual Result<std::unique_ptr<store::Store>> open_store(store::SqliteOptions options) {
        return store::open_sqlite(std::move(options));
    }

    // Whether the folders of packs are looked at while the program runs.
    virtual bool watches_folders() const { return true; }

    // Of queries for API and console. 0: they are read where they are asked.
    virtual int reader_threads() const { return 2; }

  private:
    SystemClock clock_;
};

}  // namespace tideway::app
