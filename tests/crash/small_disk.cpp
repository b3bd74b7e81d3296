#include "tests/crash/small_disk.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace tideway::tests {

Result<std::unique_ptr<SmallDisk>> SmallDisk::mount(std::string place, std::int64_t bytes) {
    const std::string options = "size=" + std::to_string(bytes) + ",mode=0700";
    if (::mount("tmpfs", place.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
        return fail(ErrorKind::kUnavailable, "NotMounted", std::strerror(errno));
    }
    return std::unique_ptr<SmallDisk>(new SmallDisk(std::move(place)));
}

SmallDisk::~SmallDisk() {
    ::umount2(place_.c_str(), MNT_DETACH);
}

Status SmallDisk::fill() {
    const int file = ::open(filler().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::array<char, 4096> page{};
    while (file >= 0 && ::write(file, page.data(), page.size()) > 0) {
    }
    const int error = errno;
    ::close(file);
    if (error != ENOSPC) {
        return fail(ErrorKind::kInternal, "NotFilled", std::strerror(error));
    }
    return {};
}

Status SmallDisk::clear() {
    if (::unlink(filler().c_str()) != 0) {
        return fail(ErrorKind::kInternal, "NotCleared", std::strerror(errno));
    }
    return {};
}

}  // namespace tideway::tests
