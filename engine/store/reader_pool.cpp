#include "engine/store/reader_pool.h"

#include "engine/base/assert.h"

namespace tideway::store {

ReaderPool::ReaderPool(std::vector<std::unique_ptr<SqlDriver>> drivers)
    : drivers_(std::move(drivers)) {
    TIDEWAY_ASSERT(!drivers_.empty());
    const Lock lock(mutex_);
    for (const auto& driver : drivers_) {
        free_.push_back(driver.get());
    }
}

ReaderPool::Lease::~Lease() {
    driver_.rollback();
    pool_.give_back(driver_);
}

SqlDriver& ReaderPool::take() {
    const Lock lock(mutex_);
    while (free_.empty()) {
        returned_.wait(mutex_);
    }
    SqlDriver* driver = free_.back();
    free_.pop_back();
    return *driver;
}

void ReaderPool::give_back(SqlDriver& driver) {
    {
        const Lock lock(mutex_);
        free_.push_back(&driver);
    }
    returned_.notify_one();
}

}  // namespace tideway::store
