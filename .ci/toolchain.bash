# Sourced by examples/demo, tests/run and .ci/lint, from the root of the repository: what has to be
# installed and how the program is built. Second and later calls do nothing but look.
# shellcheck shell=bash

say() { printf '%s\n' "-- $*"; }

# need_packages <group>...: installs what is missing of the groups in .ci/packages.
need_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "error: this system has no apt-get; Tideway is built on Debian 12." >&2
        echo "  Install what corresponds to: ${missing[*]}" >&2
        exit 1
    fi
    if ((EUID != 0)); then
        echo "error: ${#missing[@]} Debian packages are missing, and only root may install them." >&2
        echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    say "installing ${#missing[@]} packages: ${missing[*]}"
    local apt=(apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    local log
    log=$(mktemp)
    if ! { "${apt[@]}" update &&
        DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends \
            "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "error: the packages could not be installed; what apt-get said is above." >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}

# Packages of the groups that are neither installed nor replaced by a command, one a line.
missing_packages() {
    local installed group package instead wanted
    installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null || true)
    while read -r group package instead; do
        for wanted in "$@"; do
            if [[ $group == "$wanted" ]] && ! grep -qx "ii *$package" <<<"$installed" &&
                ! { [[ -n $instead ]] && command -v "$instead" >/dev/null; }; then
                echo "$package"
            fi
        done
    done <.ci/packages
}

# configure <preset> <folder>: runs cmake unless the folder is configured; ninja runs it again by
# itself when a CMakeLists.txt changes.
configure() {
    local preset=$1 folder=$2 options=()
    if [[ $folder/build.ninja -nt CMakePresets.json ]] &&
        grep -qsx "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$folder/CMakeCache.txt"; then
        return
    fi
    say "configuring $folder"
    # A cache of another place, or of a configuration that failed, is of no use.
    rm -f "$folder/CMakeCache.txt"
    if command -v ccache >/dev/null; then
        options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    fi
    cmake --preset "$preset" "${options[@]}" --log-level=WARNING >/dev/null
}

# build <folder> [<target>]: builds what has changed.
build() {
    local folder=$1 target=${2:-all}
    # Where ccache is there, clones of one machine share what they compile.
    export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
    if [[ -t 1 ]]; then
        NINJA_STATUS="[%f/%t] " ninja -C "$folder" -j "$(jobs_here)" "$target"
    else
        NINJA_STATUS="[%p] " ninja -C "$folder" -j "$(jobs_here)" "$target" | tenths
    fi
}

# One job a processor, and no more than one for each GiB of memory.
jobs_here() {
    local processors gibibytes
    processors=$(nproc)
    gibibytes=$(awk '/^MemTotal:/ { print int($2 / 1048576) + 1 }' /proc/meminfo)
    echo $((processors < gibibytes ? processors : gibibytes))
}

# Of ninja's progress, one line for every tenth; everything else as it is.
tenths() {
    local line tenth last=-1
    while IFS= read -r line; do
        if [[ $line =~ ^\[\ *[0-9]+%\]\ Re- ]]; then
            continue # ninja looks whether cmake has to run again
        elif [[ $line =~ ^\[\ *([0-9]+)%\] ]]; then
            tenth=$((BASH_REMATCH[1] / 10))
            if ((tenth > last)); then
                last=$tenth
                say "building ${BASH_REMATCH[1]}%"
            fi
        elif [[ $line != "ninja: Entering directory"* && $line != "ninja: no work to do." ]]; then
            printf '%s\n' "$line"
        fi
    done
}
