# Read by the scripts beside it: places, pinned versions, and how to install a package.
# shellcheck shell=sh

# A bare machine may not say where home is.
: "${HOME:=$(getent passwd "$(id -u)" | cut -d : -f 6)}"
export HOME

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/platen"
tools="$cache/tools"
target="$root/target"
wasm_triple=wasm32-unknown-unknown

# Places in the tree depend on where the build goes, so a folder set elsewhere does not count here: neither in the
# environment nor in a person's own cargo configuration.
unset CARGO_BUILD_TARGET_DIR CARGO_BUILD_TARGET
CARGO_TARGET_DIR="$target"
export CARGO_TARGET_DIR
PATH="$PATH:$HOME/.cargo/bin"
export PATH

binaryen_version=132.0.0
binaryen="$tools/binaryen-$binaryen_version"
wasm_opt="$binaryen/node_modules/.bin/wasm-opt"

# An environment for each list of packages.
python_env_of() { printf '%s/python-%s\n' "$tools" "$(cksum <"$root/.ci/$1" | cut -d ' ' -f 1)"; }
python_env=$(python_env_of python.txt)
bench_python_env=$(python_env_of bench-python.txt)
lab_python_env=$(python_env_of lab-python.txt)
decoders_python_env=$(python_env_of decoders-python.txt)

# Other people's databases that the machine lacks, unpacked and not installed.
peers="$tools/peers"

say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf 'set-up: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

toolchain_field() { sed -n "s/^$1 *= *\"\\(.*\\)\"/\\1/p" "$root/$2" | head -n 1; }
channel=$(toolchain_field channel rust-toolchain.toml)
oldest_rust=$(toolchain_field rust-version Cargo.toml)

can_be_root() { [ "$(id -u)" = 0 ] || { have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; }

as_root() {
    can_be_root || return 1
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_updated=no
apt_update() {
    [ "$apt_updated" = no ] || return 0
    say "reading the list of the distribution's packages"
    as_root apt-get update -qq >&2 || true
    apt_updated=yes
}

# The version that the distribution would install, without epoch and revision; empty if there is none.
apt_candidate() {
    have apt-cache || return 0
    apt-cache policy "$1" 2>/dev/null |
        sed -n 's/^ *Candidate: *//p' | sed 's/^(none)$//; s/^[0-9]*://; s/[+~-].*//'
}

apt_has() {
    have apt-get || return 1
    [ -n "$(apt_candidate "$1")" ] || apt_update
    [ -n "$(apt_candidate "$1")" ]
}

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Installs those of the packages that are missing.
apt_install() {
    have apt-get || return 1
    missing=''
    for package in "$@"; do
        installed "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if ! can_be_root; then
        say "neither root nor sudo here; a person who may must run: apt-get install$missing"
        return 1
    fi
    say "installing the distribution's packages:$missing"
    # shellcheck disable=SC2086
    set -- $missing
    for package in "$@"; do
        apt_has "$package" || return 1
    done
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 install -y -qq "$@" >&2 && return 0
    apt_update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 install -y -qq "$@" >&2
}

# --- which compiler builds the dashboard for the browser -------------------------------------------

# Without the switch rustup would start a long, silent download here; set-up does that in the open.
rust_works() {
    (cd "$root" && export RUSTUP_AUTO_INSTALL=0 && cargo --version && rustc --version) >/dev/null 2>&1
}

# The pinned Rust may be there under another name (stable, say), and its own name out of reach.
if [ -z "${RUSTUP_TOOLCHAIN:-}" ] && have rustup && ! rust_works; then
    for name in $(rustup toolchain list 2>/dev/null | sed 's/ .*//'); do
        if [ "$(rustup run "$name" rustc --version 2>/dev/null | awk '{ print $2 }')" = "$channel" ]; then
            export RUSTUP_TOOLCHAIN="$name"
            break
        fi
    done
fi

# Whether the compiler that builds everything else can build for the browser too.
own_wasm() {
    sysroot=$(cd "$root" && rustc --print sysroot 2>/dev/null) || return 1
    ls "$sysroot/lib/rustlib/$wasm_triple/lib/"libstd-*.rlib >/dev/null 2>&1
}

# The library for the distribution's compiler is bound to that exact compiler, hence the name.
distribution_sysroot() {
    [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] || return 1
    printf '%s/wasm32-std-%s\n' "$tools" "$(/usr/bin/rustc -vV | cksum | cut -d ' ' -f 1)"
}

distribution_linker() {
    major=$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
    linker="/usr/lib/llvm-$major/bin/wasm-ld"
    [ -x "$linker" ] && printf '%s\n' "$linker"
}

distribution_wasm() {
    sysroot=$(distribution_sysroot) || return 1
    distribution_linker >/dev/null && [ -f "$sysroot/complete" ]
}

# --- where the browser is ----------------------------------------------------------------------------

find_chromium() {
    for name in "${PLATEN_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        [ -n "$name" ] && command -v "$name" && return 0
    done
    return 1
}

find_chromedriver() {
    for name in "${PLATEN_CHROMEDRIVER:-}" chromedriver /usr/lib/chromium-browser/chromedriver; do
        [ -n "$name" ] && command -v "$name" && return 0
    done
    return 1
}
