#!/bin/bash
# The Debian package as an administrator has it: installed into a Debian made for it, started as its
# unit says, used, upgraded, removed, purged.
#   package_test.sh <build folder>          exit code 77: this machine cannot, and the reason
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_folder=$(cd "$here/../.." && pwd)
data=/var/lib/tideway
passed=0
failed=0

skip() {
    echo "Skipped: $1"
    exit 77
}

# In the Debian of the test, as its root.
inside() { chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

# expect <sentence> <command>...: what the command says is shown where it fails.
expect() {
    local sentence=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok      $sentence"
        passed=$((passed + 1))
    else
        echo "FAILED  $sentence"
        echo "        ${said//$'\n'/$'\n        '}"
        failed=$((failed + 1))
    fi
}

# says <text> <command>...: whatever its exit code is.
says() {
    local text=$1 said
    shift
    said=$("$@" 2>&1) || true
    echo "$said"
    [[ $said == *"$text"* ]]
}

same() { [[ $1 == "$2" ]] || { echo "'$1' is not '$2'" && return 1; }; }
refuses() { if "$@"; then return 1; fi; }
# Until it holds, for 20 s.
soon() {
    local tries
    for ((tries = 0; tries < 100; ++tries)); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.2
    done
    "$@"
}

as_service() { inside setpriv --reuid tideway --regid tideway --clear-groups "$@"; }
tideway() { inside tideway "$@"; }
process() { cat "$root/run/systemd/stand-in.pid"; }
serves() { tideway --json flows list >/dev/null; }
owner_and_mode() { inside stat -c '%U %a' "$1"; }
runs_kept() { tideway --json runs list --status Succeeded | grep -c '"flow": "teaching/hello"'; }

# ---------------------------------------------------------------- what is shown

installs() {
    inside dpkg -i /packages/first.deb >"$work/said" 2>&1 || { cat "$work/said" && exit 1; }
    expect "installing says where the environment is and what is next" \
        grep -q "$data. Next: /usr/share/doc/tideway/install.md" "$work/said"
    expect "what it says to read is there" test -s "$root/usr/share/doc/tideway/install.md"
    expect "the program needs no library that the package does not name" \
        says "tideway 0." tideway --version
    expect "the service has a user who cannot sign in" \
        says "$data:/usr/sbin/nologin" inside getent passwd tideway
    expect "the service is turned on" says enabled inside systemctl is-enabled tideway
    expect "the service runs" soon serves
    expect "the first start made an environment, which only the service reads" \
        same "$(owner_and_mode $data)" "tideway 700"
    expect "the secret key too" same "$(owner_and_mode $data/secret.key)" "tideway 600"
    expect "the token is not in the log" refuses grep -q twy_ "$root/run/systemd/stand-in.log"
    expect "the process has no capabilities" grep -q '^CapEff:\s*0*$' "$root/proc/$(process)/status"
    expect "the manual page has the help of every command" \
        says "New runs from the events of old ones" zcat "$root/usr/share/man/man1/tideway.1.gz"
}

# The name of each pack that came, one a line.
shipped_packs() { (cd "$root/usr/share/tideway/packs" && ls -- */pack.json) | cut -d / -f 1; }

is_used() {
    local pack
    for pack in $(shipped_packs); do
        expect "the pack $pack passes its cases where it was installed" \
            tideway test "/usr/share/tideway/packs/$pack"
    done
    expect "root finds the environment without naming it, and nothing is wrong" tideway doctor
    expect "somebody else is told whose it is" says "sudo -u tideway" \
        inside setpriv --reuid nobody --clear-groups tideway runs list
    expect "root cannot make files that the service cannot read" says "sudo -u tideway" \
        tideway restore /nowhere
    # As docs/install.md says, and the teaching flows beside them.
    as_service cp -r /usr/share/tideway/packs $data/
    as_service cp -r /usr/share/doc/tideway/examples/teaching $data/packs/
    as_service sed -i 's|"packs": \[\]|"packs": ["/var/lib/tideway/packs/teaching"]|' $data/config.json
    inside systemctl restart tideway
    expect "it starts again with a pack" soon serves
    expect "a flow is turned on" tideway flows on hello
    expect "a flow runs" tideway flows run hello --set name=Contoso
    expect "its run is in history" soon runs_kept
    expect "a backup is made while it runs" tideway backup /var/backups/before.db
}

is_upgraded() {
    local old key
    old=$(process)
    key=$(sha256sum <"$root$data/secret.key")
    expect "the package is upgraded" inside dpkg -i /packages/second.deb
    expect "the service was started again" refuses same "$(process)" "$old"
    expect "it serves" soon serves
    expect "history is kept" same "$(runs_kept)" 1
    expect "the secret key is kept" same "$(sha256sum <"$root$data/secret.key")" "$key"
    expect "the program of the package serves" says "ok       server" tideway doctor
    inside systemctl stop tideway
    expect "a backup is restored by the user of the service" restores
    inside systemctl start tideway
    expect "it serves the backup" soon serves
}

restores() {
    inside install -m 0600 -o tideway /var/backups/before.db $data/before.db
    as_service tideway restore $data/before.db
}

is_turned_off() {
    inside systemctl disable tideway
    inside systemctl stop tideway
    expect "an upgrade of a service that is off" inside dpkg -i /packages/second.deb
    expect "leaves it off" refuses inside systemctl is-active tideway
    inside systemctl enable tideway
    inside systemctl start tideway
    expect "turned on again it serves" soon serves
}

is_removed() {
    expect "removing says that the environment stays" \
        says "stays in $data" inside dpkg --remove tideway
    expect "the service is stopped" refuses inside systemctl is-active tideway
    expect "the program is gone" test ! -e "$root/usr/bin/tideway"
    expect "the store is there" test -s "$root$data/tideway.db"
    expect "the package is installed again" inside dpkg -i /packages/second.deb
    expect "it serves again" soon serves
    expect "with the history that it had" same "$(runs_kept)" 1
}

is_purged() {
    expect "purging says what it removes" \
        says "Removing Tideway's environment in $data" inside dpkg --purge tideway
    expect "the data are gone" test ! -e "$root$data"
    expect "nothing else is left" same \
        "$(find "$root/etc/systemd" "$root/usr" -name '*tideway*' | head -n 3)" ""
}

# What the Containerfile does after the build: the package without a service, then its CMD.
starts_as_a_container() {
    local command
    command=$(sed -n 's/^CMD \["sh", "-c", "\(.*\)"\]$/\1/p' "$source_folder/packaging/Containerfile")
    rm -r "$root/run/systemd/system"
    expect "the package is installed where no systemd is" inside dpkg -i /packages/second.deb
    expect "and makes no key" test ! -e "$root$data/secret.key"
    as_service env TIDEWAY_DATA=$data sh -c "$command" >"$work/container.log" 2>&1 </dev/null &
    expect "the command of the container serves" soon serves
    expect "triggers listen for the world" says '"trigger_address": "0.0.0.0"' \
        cat "$root$data/config.json"
    expect "its health check passes" as_service env TIDEWAY_DATA=$data sh -c \
        "$(sed -n 's/^HEALTHCHECK .*CMD //p' "$source_folder/packaging/Containerfile")"
}

unit_is_sound() {
    if ! command -v systemd-analyze >/dev/null; then
        echo "        (systemd-analyze is not here: the unit is not verified)"
        return
    fi
    # Of this machine's systemd, which has the units that ours names; the program is in the other Debian.
    sed "s|=/usr/bin/|=$root/usr/bin/|" "$root/usr/lib/systemd/system/tideway.service" >"$work/tideway.service"
    expect "systemd understands the unit" systemd-analyze verify --man=no "$work/tideway.service"
    expect "systemd finds the service well confined" systemd-analyze security --offline=true \
        --threshold=20 --no-pager "$work/tideway.service"
}

# ---------------------------------------------------------------- the worlds it runs in

# With a network, processes and mounts of its own, so that ports and services are nobody else's.
play() {
    root=$1
    work=$2
    ip link set lo up
    mount -t proc proc "$root/proc"
    installs
    unit_is_sound
    is_used
    is_upgraded
    is_turned_off
    is_removed
    is_purged
    starts_as_a_container
    echo "$passed passed, $failed failed"
    ((failed == 0))
}

make_packages() {
    local name version
    for name in first second; do
        version=$([[ $name == first ]] || echo 99.0.0)
        cpack --config "$build/CPackConfig.cmake" -B "$work/$name" \
            ${version:+-D CPACK_PACKAGE_VERSION=$version} >"$work/cpack.log" 2>&1 ||
            { cat "$work/cpack.log" && exit 1; }
        mv "$work/$name"/*.deb "$work/$name.deb"
    done
}

# What the package depends on, by name.
dependencies() {
    dpkg-deb -f "$work/first.deb" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/ //g'
}

make_debian() {
    debootstrap --variant=minbase --include="$(dependencies)" bookworm "$root" >"$work/debootstrap.log" 2>&1 ||
        { tail -n 3 "$work/debootstrap.log" && skip "a Debian cannot be made here (is there a network?)"; }
    mkdir "$root/packages"
    mv "$work/first.deb" "$work/second.deb" "$root/packages"
    mkdir -p "$root/run/systemd/system" # by this the maintainer scripts know systemd
    install -m 0755 "$here/systemctl" "$root/usr/local/bin/systemctl"
}

if [[ ${1:-} == --inside ]]; then
    play "$2" "$3"
    exit
fi

build=${1:?usage: package_test.sh <build folder>}
((EUID == 0)) || skip "only root can make a Debian to install into"
for tool in cpack debootstrap dpkg-shlibdeps ip setpriv; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
unshare --net --mount --pid --fork true 2>/dev/null || skip "this machine makes no name spaces"
work=$(mktemp -d)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT
make_packages
make_debian
unshare --net --mount --pid --fork --kill-child "${BASH_SOURCE[0]}" --inside "$root" "$work"
