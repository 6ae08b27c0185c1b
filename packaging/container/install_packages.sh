#!/bin/sh
# Installs the Debian packages that one stage of the container needs, and forgets the lists.
#   install_packages.sh build|run
set -eu
case "$1" in
  build)
    # The same list as `make dependencies` has, without what only tests and benchmarks need.
    packages="ca-certificates cmake g++ make ninja-build pkg-config libdnnl-dev libhwy-dev libhts-dev libcurl4-gnutls-dev libcli11-dev libspdlog-dev
      libfmt-dev nlohmann-json3-dev libyaml-cpp-dev libsqlite3-dev libhdf5-dev libssl-dev zlib1g-dev libeigen3-dev libcairo2-dev
      libfreetype-dev ocl-icd-opencl-dev"
    ;;
  run)
    # What the program links; minimap2 and samtools for the step that aligns reads to contigs; python3 for the
    # WDL task of viral-pipelines, which rewrites tables with it.
    packages="libdnnl2 libhwy1 libhts3 libcurl3-gnutls ca-certificates libspdlog1.10 libfmt9 libyaml-cpp0.7 libsqlite3-0 libhdf5-103-1 libcairo2 libfreetype6 libssl3 zlib1g libgomp1
      minimap2 samtools python3-minimal"
    ;;
  *) echo "usage: $0 build|run" >&2; exit 2 ;;
esac
apt-get update -qq
# shellcheck disable=SC2086  # a list of names
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
rm -rf /var/lib/apt/lists/*
