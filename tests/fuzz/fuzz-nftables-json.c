/* Fuzz target: any octets as the JSON form of our nftables export. Needs what fuzz-nftables-text.c needs. */
#include "config.h"

#include "rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_rules(am_import_nftables_json, "nftables", TRUE, data, size);
	return 0;
}
