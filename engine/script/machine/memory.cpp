#include "engine/script/machine/memory.h"

#include <cstdlib>
#include <utility>

#include "engine/base/assert.h"

namespace tideway::script {
namespace {

// Lua asks for no more than the alignment of a pointer, so the tag is one pointer.
constexpr std::size_t kTag = sizeof(Account*);

Account*& owner_of(void* block) {
    return *(static_cast<Account**>(block) - 1);
}

void* start_of(void* block) {
    return static_cast<Account**>(block) - 1;
}

}  // namespace

Memory::~Memory() {
    TIDEWAY_ASSERT(bytes_ == 0);
}

Account* Memory::open_account(std::size_t cap) {
    auto account = std::make_unique<Account>();
    account->cap = cap;
    return account.release();
}

void Memory::close_account(Account* account) {
    account->open = false;
    if (account->bytes == 0) {
        delete account;
    }
}

Account* Memory::charge_to(Account* account) {
    return std::exchange(current_, account);
}

std::size_t Memory::take_refusals() {
    return std::exchange(refusals_, 0);
}

void* Memory::allocate(void* memory, void* block, std::size_t old_size, std::size_t new_size) {
    auto& self = *static_cast<Memory*>(memory);
    if (new_size == 0) {
        if (block != nullptr) {
            self.release(block, old_size);
        }
        return nullptr;
    }
    // For a new block Lua passes the kind of object as the old size.
    return self.resize(block, block == nullptr ? 0 : old_size, new_size);
}

bool Memory::may_grow(const Account& account, std::size_t more) {
    if (bytes_ + more > cap_) {
        last_refusal_ = Refusal::kVm;
    } else if (account.bytes + more > account.cap) {
        last_refusal_ = Refusal::kRun;
    } else {
        return true;
    }
    ++refusals_;
    return false;
}

void* Memory::resize(void* block, std::size_t old_size, std::size_t new_size) {
    Account* const owner = block != nullptr ? owner_of(block) : current_;
    const std::size_t before = block != nullptr ? old_size + kTag : 0;
    const std::size_t after = new_size + kTag;
    if (after > before && !may_grow(*owner, after - before)) {
        return nullptr;
    }
    void* raw = std::realloc(block != nullptr ? start_of(block) : nullptr, after);
    if (raw == nullptr) {
        last_refusal_ = Refusal::kVm;
        ++refusals_;
        return after > before ? nullptr : block;  // Lua relies on shrinking never failing
    }
    *static_cast<Account**>(raw) = owner;
    owner->bytes += after - before;
    bytes_ += after - before;
    return static_cast<Account**>(raw) + 1;
}

void Memory::release(void* block, std::size_t size) {
    Account* const owner = owner_of(block);
    owner->bytes -= size + kTag;
    bytes_ -= size + kTag;
    std::free(start_of(block));
    if (owner->bytes == 0 && !owner->open) {
        delete owner;
    }
}

}  // namespace tideway::script
