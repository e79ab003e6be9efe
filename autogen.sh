#!/bin/sh
# Makes ./configure. Needs autoconf, automake, pkg-config.
set -e
cd "$(dirname "$0")"
autoreconf --force --install --warnings=none
echo "now: mkdir -p build && cd build && ../configure && make"
