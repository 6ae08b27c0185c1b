#!/usr/bin/env bash
# Installs the Debian 12 packages that building and testing need, as far as they are missing.
#
#   scripts/install_dependencies.sh [PACKAGE...]   also these, such as clang-tidy
#   scripts/install_dependencies.sh --list         print the names and change nothing
#
# Needs no network and changes nothing when all are there. THIRD_PARTY.md says what each is for.
set -euo pipefail

packages=(
  build-essential cmake ninja-build pkg-config ccache
  libdnnl-dev libhwy-dev                              # src/backend/cpu
  ocl-icd-opencl-dev                                  # Debian's oneDNN asks for it
  libhts-dev                                          # src/sequence
  libcurl4-gnutls-dev                                 # src/download; the flavour that libhts-dev needs
  nlohmann-json3-dev                                  # src/tokenizer, src/weights, src/report and others
  libhdf5-dev                                         # src/embeddings
  libsqlite3-dev                                      # src/run
  libeigen3-dev                                       # src/training
  libcairo2-dev libfreetype-dev                       # src/plot
  libyaml-cpp-dev                                     # src/config
  libcli11-dev                                        # src/cli
  libspdlog-dev                                       # src/cli/terminal
  libfmt-dev libssl-dev                               # src/base
  zlib1g-dev                                          # src/weights, src/sequence, src/page, src/report
  libgtest-dev libgmock-dev libbenchmark-dev          # tests, bench
  sqlite3                                             # tests/unit/run: the stock program reads what a killed run left
  clang-format                                        # make format, make check-format
)

if [[ "${1:-}" == "--list" ]]; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi
packages+=("$@")

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This system has no apt-get. Please install what these Debian packages hold:" >&2
  printf '  %s\n' "${packages[@]}" >&2
  echo "Going on: CMake will say what it cannot find." >&2
  exit 0
fi

is_installed() {
  [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == "installed" ]]
}

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  echo "Dependencies: all ${#packages[@]} packages are installed."
  exit 0
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "These packages are missing, and installing them takes root or sudo. Please run as root:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "Dependencies: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
# --no-remove: rather stop than take a package away that somebody uses (libhts-dev and
# libcurl4-openssl-dev cannot be installed side by side).
if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-remove --no-install-recommends "${missing[@]}"; then
  echo "The packages could not be installed. Where apt-get would have to remove a package, it was" >&2
  echo "stopped: libhts-dev needs libcurl4-gnutls-dev, which excludes libcurl4-openssl-dev." >&2
  exit 1
fi
