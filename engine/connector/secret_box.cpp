#include "engine/connector/secret_box.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/assert.h"
#include "engine/base/digest.h"
#include "engine/base/json.h"

namespace tideway::connector {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr char kVersion = 1;

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

class File {
  public:
    explicit File(int descriptor)
        : descriptor_(descriptor) {}

    File(const File&) = delete;
    File& operator=(const File&) = delete;

    ~File() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }

    int get() const { return descriptor_; }

  private:
    int descriptor_;
};

const unsigned char* as_bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* as_bytes(std::string& text, std::size_t at) {
    return reinterpret_cast<unsigned char*>(text.data() + at);
}

int as_int(std::size_t size) {
    TIDEWAY_ASSERT(size < 0x7FFFFFFFU);
    return static_cast<int>(size);
}

// What is authenticated beside the text: the format's version and the purpose.
std::string associated(std::string_view purpose) {
    return "tideway sealed v1\n" + std::string(purpose);
}

tl::unexpected<Error> refuse_key(
    const std::string& path, const std::string& why, std::string remedy
) {
    return fail(
        ErrorKind::kInvalidInput,
        "KeyFileUnusable",
        "The key file '" + path + "' " + why + ".",
        std::move(remedy)
    );
}

// One answer for every cause: a wrong key, a wrong purpose and changed bytes look alike on purpose.
tl::unexpected<Error> unreadable() {
    return fail(
        ErrorKind::kStorage,
        "SecretUnreadable",
        "A stored secret cannot be opened with this environment's key.",
        "Start with the key file that the secrets were stored under, or enter them again."
    );
}

Status check_owner(const std::string& path, const struct stat& info) {
    if (!S_ISREG(info.st_mode)) {
        return refuse_key(path, "is not a regular file", "Name a file made by 'tideway init'.");
    }
    if (info.st_uid != ::geteuid() && info.st_uid != 0) {
        return refuse_key(
            path, "belongs to another user", "Make the account that runs tideway its owner."
        );
    }
    if ((info.st_mode & 077U) != 0) {
        return refuse_key(
            path,
            "can be read by others than its owner",
            "Run: chmod 600 '" + path + "'. If others may have read it, make a new key."
        );
    }
    return {};
}

}  // namespace

Result<SecretBox> SecretBox::open_key_text(const Secret& hex) {
    std::string_view text = hex.reveal();
    while (text.ends_with('\n') || text.ends_with('\r') || text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    auto bytes = from_hex(text);
    if (!bytes || bytes->size() != kKeyBytes) {
        return fail(
            ErrorKind::kInvalidInput,
            "KeyUnusable",
            "The key is not 64 hexadecimal digits.",
            "Make one with 'tideway init'."
        );
    }
    return SecretBox(Secret(std::move(*bytes)));
}

Result<SecretBox> SecretBox::open_key_file(const std::string& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));

    struct stat info {};

    if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
        return refuse_key(
            path,
            std::string("cannot be opened: ") + std::strerror(errno),
            "Make one with 'tideway init', or name the right file."
        );
    }
    TIDEWAY_TRY(check_owner(path, info));
    std::string text(256, '\0');
    const ssize_t count = ::read(file.get(), text.data(), text.size());
    if (count < 0) {
        return refuse_key(path, std::string("cannot be read: ") + std::strerror(errno), {});
    }
    text.resize(static_cast<std::size_t>(count));
    auto box = open_key_text(Secret(std::move(text)));
    if (!box) {
        return refuse_key(path, "does not hold 64 hexadecimal digits", "Name the right file.");
    }
    return box;
}

Status SecretBox::create_key_file(const std::string& path) {
    const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) {
        return refuse_key(
            path,
            errno == EEXIST ? "exists already"
                            : std::string("cannot be made: ") + std::strerror(errno),
            errno == EEXIST ? "It is kept: what is stored can only be read with it." : ""
        );
    }
    const Secret text(to_hex(random_bytes(kKeyBytes)) + "\n");
    const std::string_view bytes = text.reveal();
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count != static_cast<ssize_t>(bytes.size()) || ::fsync(file.get()) != 0) {
        const std::string why = std::strerror(errno);
        ::unlink(path.c_str());
        return refuse_key(path, "cannot be written: " + why, "Check the space on the disk.");
    }
    return {};
}

std::string SecretBox::seal(std::string_view purpose, const Secret& text) const {
    TIDEWAY_ASSERT(key_.reveal().size() == kKeyBytes);
    const std::string_view plain = text.reveal();
    const std::string nonce = random_bytes(kNonceBytes);
    const std::string bound = associated(purpose);
    std::string out = kVersion + nonce;
    const std::size_t start = out.size();
    out.resize(start + plain.size() + kTagBytes);
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int length = 0;
    const bool ok =
        cipher != nullptr &&
        EVP_EncryptInit_ex(
            cipher.get(), EVP_aes_256_gcm(), nullptr, as_bytes(key_.reveal()), as_bytes(nonce)
        ) == 1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &length, as_bytes(bound), as_int(bound.size())) ==
            1 &&
        EVP_EncryptUpdate(
            cipher.get(), as_bytes(out, start), &length, as_bytes(plain), as_int(plain.size())
        ) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), as_bytes(out, start + plain.size()), &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(
            cipher.get(),
            EVP_CTRL_GCM_GET_TAG,
            as_int(kTagBytes),
            as_bytes(out, start + plain.size())
        ) == 1;
    TIDEWAY_ASSERT(ok);
    return to_base64(out);
}

Result<Secret> SecretBox::open(std::string_view purpose, std::string_view sealed) const {
    TIDEWAY_ASSERT(key_.reveal().size() == kKeyBytes);
    std::optional<std::string> bytes = from_base64(sealed);
    if (!bytes || bytes->size() < 1 + kNonceBytes + kTagBytes || (*bytes)[0] != kVersion) {
        return unreadable();
    }
    const std::size_t start = 1 + kNonceBytes;
    const std::size_t size = bytes->size() - start - kTagBytes;
    const std::string bound = associated(purpose);
    std::string plain(size, '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int length = 0;
    unsigned char last[kTagBytes] = {};
    const bool ok =
        cipher != nullptr &&
        EVP_DecryptInit_ex(
            cipher.get(), EVP_aes_256_gcm(), nullptr, as_bytes(key_.reveal()), as_bytes(*bytes, 1)
        ) == 1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &length, as_bytes(bound), as_int(bound.size())) ==
            1 &&
        EVP_DecryptUpdate(
            cipher.get(), as_bytes(plain, 0), &length, as_bytes(*bytes, start), as_int(size)
        ) == 1 &&
        EVP_CIPHER_CTX_ctrl(
            cipher.get(), EVP_CTRL_GCM_SET_TAG, as_int(kTagBytes), as_bytes(*bytes, start + size)
        ) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), last, &length) == 1;
    Secret out(std::move(plain));
    return ok ? Result<Secret>(std::move(out)) : unreadable();
}

std::string SecretBox::seal_all(
    std::string_view purpose, const std::map<std::string, Secret, std::less<>>& secrets
) const {
    Json object = Json::object();
    for (const auto& [name, secret] : secrets) {
        object[name] = std::string(secret.reveal());
    }
    return seal(purpose, Secret(dump(object)));
}

}  // namespace tideway::connector
