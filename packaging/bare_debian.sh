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

# connect ROOT: it reaches the mirror as this machine does (proxies, and snapshots whose dates are old), and has /proc,
# until disconnect ROOT.
connect() {
  grep -lE 'Proxy|Check-Valid|Check-Date' /etc/apt/apt.conf.d/* 2>/dev/null | xargs -r cp -t "$1/etc/apt/apt.conf.d/"
  cp /etc/resolv.conf "$1/etc/resolv.conf"
  mkdir -p "$1/proc" && mount -t proc proc "$1/proc"
}
disconnect() { umount -q "$1/proc" 2>/dev/null || true; }

# in_connected ROOT COMMAND...: runs it there, with nothing of this environment but the proxies.
in_connected() { local root=$1; shift; env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
  http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" chroot "$root" "$@"; }
