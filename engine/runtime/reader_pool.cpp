#include "engine/runtime/reader_pool.h"

#include <algorithm>

namespace tideway::runtime {

ReaderPool::ReaderPool(store::Reader& reader, int threads)
    : reader_(reader),
      is_inline_(threads == 0),
      loop_(std::max(threads, 1)) {
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
    if (is_inline_) {
        work(reader_);
        return;
    }
    loop_.post([this, work = std::move(work)] { work(reader_); });
}

}  // namespace tideway::runtime
