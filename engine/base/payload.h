// Payload: immutable, shared JSON bytes; the unit that moves between layers and threads.
// Only the script codec turns it into values and back. Empty means "no value".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tideway {

// Thread: any. Copies share the bytes.
class Payload {
  public:
    Payload() = default;

    // `json` must be one valid JSON text; producers guarantee it, consumers may rely on it.
    explicit Payload(std::string json)
        : bytes_(std::make_shared<const std::string>(std::move(json))) {}

    bool empty() const { return !bytes_ || bytes_->empty(); }

    std::size_t size() const { return bytes_ ? bytes_->size() : 0; }

    std::string_view view() const {
        return bytes_ ? std::string_view(*bytes_) : std::string_view();
    }

    std::string str() const { return std::string(view()); }

    friend bool operator==(const Payload& a, const Payload& b) { return a.view() == b.view(); }

  private:
    std::shared_ptr<const std::string> bytes_;
};

}  // namespace tideway
