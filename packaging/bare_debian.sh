# For tests that run in bare systems made by debootstrap: sourced, with `what` naming the test. Ends the script, and says
# so by name, where such a system cannot be had: it needs root, debootstrap and a Debian mirror (MIRROR, by default that of
# this machine).
skip() { echo "SKIPPED $what: $1"; exit 0; }
[[ $EUID -eq 0 ]] || skip "debootstrap needs root"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"
mirror=${MIRROR:-$(grep -rhE '^(URIs:|deb )' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
  grep -oE 'https?://[^ ]+/debian/?' | head -n 1 || true)}
[[ -n "$mirror" ]] || skip "no mirror of Debian is known"

# bare_debian SUITE FOLDER: makes the system; its messages go to FOLDER.log.
bare_debian() {
  debootstrap --variant=minbase --no-check-gpg ${DEBOOTSTRAP_OPTIONS:-} "$1" "$2" "$mirror" > "$2.log" 2>&1
}
