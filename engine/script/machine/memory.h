// The allocator of a VM: every block is tagged with the account of the run that asked for it, so a
// run has a cap of its own below that of the VM.
#pragma once

#include <cstddef>
#include <memory>

namespace tideway::script {

// What one run (or the VM itself) holds. Lives until its last block is freed.
struct Account {
    std::size_t bytes = 0;
    std::size_t cap = 0;
    bool open = true;  // somebody may still allocate on it
};

// Thread: that of the VM. Units: bytes, including 8 of each block for the tag.
class Memory {
  public:
    enum class Refusal { kNone, kRun, kVm };

    explicit Memory(std::size_t vm_cap)
        : cap_(vm_cap) {}

    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory();

    Account* open_account(std::size_t cap);
    void close_account(Account* account);  // its blocks may live on

    // Who pays for what is allocated from now on. Returns who paid before.
    Account* charge_to(Account* account);

    std::size_t bytes() const { return bytes_; }

    // Why the last refused allocation was refused, and how many were since the last call.
    Refusal last_refusal() const { return last_refusal_; }

    std::size_t take_refusals();

    // lua_Alloc; `memory` is a Memory.
    static void* allocate(void* memory, void* block, std::size_t old_size, std::size_t new_size);

  private:
    void* resize(void* block, std::size_t old_size, std::size_t new_size);
    void release(void* block, std::size_t size);
    bool may_grow(const Account& account, std::size_t more);

    std::size_t cap_;
    std::size_t bytes_ = 0;
    std::size_t refusals_ = 0;
    Refusal last_refusal_ = Refusal::kNone;
    Account* current_ = nullptr;
};

}  // namespace tideway::script
