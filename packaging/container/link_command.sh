#!/bin/sh
# Puts the published container's command in its place: /opt/virnucpro_cli.py is the program in $1 under another name.
set -eu
mkdir -p /opt
ln -sf "$1/bin/virnucpro" /opt/virnucpro_cli.py
