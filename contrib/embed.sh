#!/bin/sh
# embed.sh TOP FILE... : the files as one C source on standard output, so that the binary runs from anywhere.
# Each becomes a byte array with a final NUL that its size does not count.
set -e
top=$1
shift
printf '/* Made by contrib/embed.sh from data/ and sql/. */\n#include "embedded.h"\n'
n=0
for f in "$@"; do
	printf 'static const char bytes_%d[] = {' "$n"
	od -An -v -tx1 "$top/$f" | sed 's/ \([0-9a-f][0-9a-f]\)/(char)0x\1,/g'
	printf '0};\n'
	n=$((n + 1))
done
printf 'const AmEmbeddedFile am_embedded_files[] = {\n'
n=0
for f in "$@"; do
	printf '\t{"%s", bytes_%d, sizeof bytes_%d - 1},\n' "$f" "$n" "$n"
	n=$((n + 1))
done
printf '\t{0, 0, 0},\n};\n'
