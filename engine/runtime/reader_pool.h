// A few threads that read the store, so that shards and the front never wait for the disk.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "engine/base/loop.h"
#include "engine/store/store.h"

namespace tideway::runtime {

// Thread: any. The destructor waits for reads under way; reads not begun are dropped.
class ReaderPool {
  public:
    // Without threads, each read happens inside run(): for simulated time, which must not go on
    // while another thread still reads.
    ReaderPool(store::Reader& reader, int threads);
    ~ReaderPool();
    ReaderPool(const ReaderPool&) = delete;
    ReaderPool& operator=(const ReaderPool&) = delete;

    // Waits for reads under way; from then on nothing is read any more.
    void stop();

    // Runs `work` on a reader thread.
    void run(std::function<void(store::Reader&)> work);

    // Runs `query` on a reader thread and `done` with its result on `back`.
    template <typename Query, typename Done>
    void read(Executor& back, Query query, Done done) {
        run([&back, query = std::move(query), done = std::move(done)](store::Reader& reader) {
            auto result = std::make_shared<decltype(query(reader))>(query(reader));
            back.post([done, result]() mutable { done(std::move(*result)); });
        });
    }

  private:
    store::Reader& reader_;
    bool is_inline_;
    Loop loop_;
    std::vector<std::thread> threads_;
};

}  // namespace tideway::runtime
