# The two commands of a newcomer, and those of everyday work. CMake does the building; this only
# names the usual calls. Every target may be run again at any time.
.NOTPARALLEL:
.DEFAULT_GOAL := help
SHELL := /bin/bash

PROGRAM := build/release/src/cli/virnucpro
RESULTS := virnucpro_out
FILES :=
PREFIX := /usr/local

.PHONY: help dependencies configure predict install docs cuda test slow-test durability sanitize sanitize-threads format check-format tidy bench wheel wheel-cuda test-wheel sanitize-wheel dist test-dist test-reproducible test-container test-report test-tables test-multiqc test-wdl test-scale test-pull test-remote clean

help:
	@echo "make predict       build the program and run it on examples/ with the embedded model"
	@echo "make install       the program, its manual pages and completions, in PREFIX=/usr/local"
	@echo "make cuda          the program with its plug-in for NVIDIA GPUs, in build/release-cuda (needs nvcc)"
	@echo "make test          build everything and run the tests"
	@echo "make slow-test     the tests of published model sizes (minutes, gigabytes of memory)"
	@echo "make durability    50 kills in each test of tests/durability, and its largest inputs, 1000 flips (half an hour)"
	@echo "make sanitize      the tests under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make sanitize-threads  the tests of threads under ThreadSanitizer"
	@echo "make bench         the benchmarks"
	@echo "make wheel         the Python wheels, in build/wheels (WHEEL_PYTHONS='python3.11 python3.12'; PyPI)"
	@echo "make wheel-cuda    the Python wheel with the plug-in for NVIDIA GPUs, in build/wheels (nvcc, PyPI)"
	@echo "make test-wheel    the wheels, tested in fresh environments (PyPI)"
	@echo "make sanitize-wheel  the package's tests with all of it under AddressSanitizer (PyPI)"
	@echo "make docs          the documents as a site, in build/site (Python, PyPI)"
	@echo "make test-tables   the tables as bedtools, GenomeTools, sqlite3, DuckDB and jsonschema read them"
	@echo "make test-multiqc  the files for MultiQC, as the real one reads them (PyPI)"
	@echo "make test-wdl      the WDL files, checked and run by miniwdl without a container"
	@echo "make test-scale    the workflows for clusters, on a Slurm of three nodes on this machine (root, network)"
	@echo "make test-report   report.html in headless Chromium (Debian's chromium, selenium and axe of PyPI)"
	@echo "make test-pull     models pull against a real nginx, with 200 broken downloads (minutes; nginx is installed)"
	@echo "make test-remote   inputs at addresses: a server that cuts connections, and S3 by moto (PyPI)"
	@echo "make test-container  the steps of the container's file in a bare Debian (root, debootstrap, network)"
	@echo "make dist          what a release offers, in dist/: tarballs, Debian package, recipes, hashes"
	@echo "make test-dist     the tarball of make dist in bare Debian 11, 12 and 13 (root, debootstrap, network)"
	@echo "make test-reproducible  the program built twice in two folders, compared byte by byte"
	@echo "make format        format all C++ files (make check-format: only look)"
	@echo "make tidy          clang-tidy over src/ (FILES='a.cc b.cc': only these)"
	@echo "make clean         remove what these commands made"
	@echo "Packages that are missing are installed first, with apt-get."

dependencies:
	@scripts/install_dependencies.sh

configure: dependencies
	@cmake --preset release --log-level=WARNING

predict: configure
	@cmake --build --preset release --target virnucpro
	@$(PROGRAM) predict examples/genomes.fa examples/reads.fq.gz --output-dir $(RESULTS) --force
	@scripts/show_results.sh $(RESULTS)

install: configure
	@cmake --build --preset release --target virnucpro
	@cmake --install build/release --component program --prefix $(PREFIX)

docs:
	@scripts/install_dependencies.sh python3-venv
	@scripts/build_site.sh

cuda: dependencies
	@cmake --preset release-cuda --log-level=WARNING
	@cmake --build --preset release-cuda --target virnucpro virnucpro_cuda

test: configure
	@cmake --build --preset release
	@scripts/run_tests.sh release

# The test preset leaves out the label `slow`, so these go by folder.
slow-test: configure
	@cmake --build --preset release
	@ctest --test-dir build/release --label-regex slow --output-on-failure --no-tests=error

# SEED=2 kills at other moments.
durability: configure
	@cmake --build --preset release
	@VIRNUCPRO_DURABILITY_KILLS=50 VIRNUCPRO_DURABILITY_FLIPS=1000 VIRNUCPRO_DURABILITY_LONG=1 VIRNUCPRO_DURABILITY_SEED=$(or $(SEED),1) \
		ctest --test-dir build/release --label-regex durability --verbose --no-tests=error

sanitize: dependencies
	@cmake --preset asan-ubsan --log-level=WARNING
	@cmake --build --preset asan-ubsan
	@scripts/run_tests.sh asan-ubsan

sanitize-threads: dependencies
	@cmake --preset tsan --log-level=WARNING
	@cmake --build --preset tsan
	@scripts/run_tests.sh tsan

bench: configure
	@cmake --build --preset release
	@set -e; for program in build/release/bench/*_bench; do echo "== $$program"; $$program; done

# As far as they are there: 3.11, and one from 3.12 on.
WHEEL_PYTHONS = $(foreach python,python3.11 python3.12,$(shell $(python) -c 'import sys; print(sys.executable)' 2>/dev/null))
wheel: dependencies
	@packaging/wheel/build.sh $(WHEEL_PYTHONS)

wheel-cuda: cuda
	@packaging/wheel/build_cuda.sh

test-wheel: wheel
	@set -e; for python in $(WHEEL_PYTHONS); do packaging/wheel/test.sh $$python; done
	@packaging/wheel/test_bare.sh

sanitize-wheel: dependencies
	@packaging/wheel/test_sanitized.sh $(firstword $(WHEEL_PYTHONS))

test-multiqc: configure
	@cmake --build --preset release --target virnucpro
	@tests/multiqc/test.sh $(PROGRAM)

test-wdl: configure
	@cmake --build --preset release --target virnucpro
	@workflows/wdl/test.sh

test-scale: configure
	@cmake --build --preset release --target virnucpro virnucpro_faulty
	@scripts/install_dependencies.sh slurm-wlm munge || echo "Slurm cannot be installed here; its tests will say so."
	@workflows/shared_folder/test.sh
	@workflows/slurm/test.sh
	@workflows/snakemake/test.sh
	@workflows/nextflow/test.sh

test-tables: configure
	@cmake --build --preset release --target virnucpro
	@tests/tables/test.sh

dist: configure
	@cmake --build --preset release --target virnucpro virnucpro_api
	@URL=$(URL) packaging/dist.sh build/release

test-dist: dist
	@packaging/tarball/test.sh dist/virnucpro-*-linux-x86_64.tar.gz $(PROGRAM)

test-reproducible: dependencies
	@packaging/test_reproducible.sh

test-report: configure
	@cmake --build --preset release --target virnucpro sample_pages
	@scripts/test_report.sh

test-pull: configure
	@cmake --build --preset release --target virnucpro
	@tests/pull/run.sh $(PROGRAM)

test-remote: configure
	@cmake --build --preset release --target virnucpro
	@tests/remote/run.sh $(PROGRAM)

test-container: configure
	@packaging/container/test.sh

format:
	@scripts/install_dependencies.sh
	@scripts/format.sh

check-format:
	@scripts/install_dependencies.sh
	@scripts/format.sh --check

tidy:
	@scripts/install_dependencies.sh clang-tidy
	@cmake --preset tsan --log-level=WARNING
	@scripts/tidy.sh build/tsan $(FILES)

# Only what the targets above made: other build folders may lie beside them.
clean:
	rm -rf build/release build/release-cuda build/asan-ubsan build/tsan build/site build/site-tools build/wheels build/wheel_work build/wheel_tools build/cp3* $(RESULTS)
