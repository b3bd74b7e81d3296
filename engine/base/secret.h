// Secret: text that is wiped when it goes, and cannot be printed, logged or turned into JSON by
// accident. reveal() is the one door; grep for it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <openssl/crypto.h>

namespace tideway {

// Thread: any (a value).
class Secret {
  public:
    Secret() = default;

    explicit Secret(std::string text)
        : text_(std::move(text)) {}

    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;

    Secret(Secret&& other) noexcept
        : text_(other.text_) {
        other.wipe();
    }

    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe();
            text_ = other.text_;
            other.wipe();
        }
        return *this;
    }

    ~Secret() { wipe(); }

    bool empty() const { return text_.empty(); }

    std::string_view reveal() const { return text_; }

  private:
    void wipe() noexcept {
        OPENSSL_cleanse(text_.data(), text_.size());
        text_.clear();
    }

    std::string text_;
};

}  // namespace tideway
