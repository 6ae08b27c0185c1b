#!/bin/sh
# Starts the program with the C library that it was linked with, which lies beside it: so it runs where the system's is
# older, or another one. The folder may be anywhere, and this script may be called through links.
here=$(dirname -- "$(readlink -f -- "$0")")
lib=$here/../lib/virnucpro
# Where this system keeps its certificates; only `virnucpro models pull` asks for them.
if [ -z "${SSL_CERT_FILE:-}" ] && [ ! -e /etc/ssl/certs/ca-certificates.crt ]; then
  for file in /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    if [ -e "$file" ]; then SSL_CERT_FILE=$file; export SSL_CERT_FILE; break; fi
  done
fi
exec "$lib/ld-linux-x86-64.so.2" --argv0 "$0" --library-path "$lib" "$lib/virnucpro" "$@"
