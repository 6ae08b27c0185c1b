#!/usr/bin/env bash
# Opens report.html in headless Chromium: made-up runs of 10 to 210,000 records and a real one on examples/.
#
#   scripts/test_report.sh [SCREENSHOTS]     screenshots go to build/report_screenshots, unless named
#
# Skipped, by name, where Chromium or the Python packages cannot be had. ONLY=name runs the tests that bear it.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
screenshots=${1:-$top/build/report_screenshots}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
  "$top/scripts/install_dependencies.sh" chromium chromium-driver >/dev/null 2>&1 || true
fi
if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
  echo "SKIPPED report: Debian's chromium and chromium-driver are not here and cannot be installed"
  exit 0
fi
# Playwright, which axe-playwright-python names, is not needed: its file axe.min.js is.
if ! python3 -m venv "$work/venv" >/dev/null 2>&1 ||
   ! "$work/venv/bin/pip" install -q "selenium>=4.20" >/dev/null 2>&1 ||
   ! "$work/venv/bin/pip" install -q --no-deps axe-playwright-python==0.1.8 >/dev/null 2>&1; then
  echo "SKIPPED report: no Python venv with selenium and axe-playwright-python can be made here"
  exit 0
fi
axe=$(echo "$work"/venv/lib/python3*/site-packages/axe_playwright_python/axe.min.js)

"$top/build/release/tests/sample_pages" "$work/samples"
"$top/build/release/src/cli/virnucpro" predict --quiet "$top/examples/genomes.fa" "$top/examples/reads.fq.gz" -o "$work/results"
"$work/venv/bin/python" "$top/tests/browser/report_page_test.py" "$work/samples" "$screenshots" "$axe" "$work/results"
