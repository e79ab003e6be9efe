#!/bin/sh
# schema.sh: data/policy.schema.json, judged by a validator that is not ours (ajv), agrees with the reader on the documents
# under tests/fixtures/policy, and accepts what allowmap itself writes. Skipped (77) without node and ajv; to have them:
#   npm install --prefix DIR ajv@8 ajv-formats@2 && NODE_PATH=DIR/node_modules make check
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
allowmap=${ALLOWMAP:-./allowmap}
export TZ=UTC LC_ALL=C SOURCE_DATE_EPOCH=1772600000
node -e 'require("ajv/dist/2020"); require("ajv-formats")' 2>/dev/null || {
	echo "no node with ajv and ajv-formats: skipped"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
own=
if [ -x "$allowmap" ]; then
	"$allowmap" analyze "$srcdir/tests/fixtures/sample.pcapng.zst" -o "$work/out" >"$work/log" 2>&1 || {
		cat "$work/log"
		exit 1
	}
	own=$work/out/policy.json
fi
cat >"$work/check.js" <<'EOF'
const fs = require("fs"), path = require("path");
const Ajv = require("ajv/dist/2020"), formats = require("ajv-formats");
const [schema, folder, own] = process.argv.slice(2);
const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
formats(ajv);
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema)));
let checked = 0, wrong = 0;
function check(file, expected) {
	let document;
	try { document = JSON.parse(fs.readFileSync(file)); } catch (e) { return; } // not JSON: not the schema's to judge
	const valid = validate(document);
	checked++;
	if (valid === expected) return;
	wrong++;
	console.log(`FAILED: ${file}: the schema says ${valid ? "valid" : ajv.errorsText(validate.errors)}`);
}
for (const [sub, expected] of [["accept", true], ["reject", false], ["reject-reader", true]])
	for (const name of fs.readdirSync(path.join(folder, sub)).sort())
		check(path.join(folder, sub, name), expected);
if (own) check(own, true);
console.log(`${checked} documents, ${wrong} wrong`);
process.exit(wrong === 0 && checked > 80 ? 0 : 1);
EOF
node "$work/check.js" "$srcdir/data/policy.schema.json" "$srcdir/tests/fixtures/policy" $own
