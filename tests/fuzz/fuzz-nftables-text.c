/* Fuzz target: any octets as the text form of our nftables export. See replay.c for how to run it; it needs src/import,
 * src/export, src/policy, src/base, jansson, and the embedded data. */
#include "config.h"

#include "rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_rules(am_import_nftables_text, "nftables", FALSE, data, size);
	return 0;
}
