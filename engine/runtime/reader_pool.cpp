#include "engine/runtime/reader_pool.h"

namespace tideway::runtime {

ReaderPool::ReaderPool(store::Reader& reader, int threads)
    : reader_(reader),
      loop_(threads) {
    for (int i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { loop_.run(); });
    }
}

ReaderPool::~ReaderPool() {
    stop();
}

void ReaderPool::stop() {
    loop_.stop();
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

void ReaderPool::run(std::function<void(store::Reader&)> work) {
    loop_.post([this, work = std::move(work)] { work(reader_); });
}

}  // namespace tideway::runtime
