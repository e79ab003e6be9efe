/* Fuzz target: any octets as Zeek's conn.log. See replay.c for how to run it; it needs src/import, src/base, jansson, and the
 * embedded data.
 *
 * First octet: bit 0 = JSON, else TSV; the others: in pieces of how many octets the log arrives (0 = at once). Then the
 * log. */
#include "config.h"

#include "logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	check_log(data + 1, size - 1, (data[0] & 1) != 0 ? AM_INPUT_ZEEK_JSON : AM_INPUT_ZEEK_TSV, data[0] >> 1);
	check_log(data + 1, size - 1, AM_INPUT_ZEEK_NAMES, data[0] >> 1);
	return 0;
}
