/* Fuzz target: any octets as one of the other connection logs, and as what is to be recognised. See replay.c for how to run
 * it; it needs src/import, src/base, jansson, and the embedded data.
 *
 * First octet: which log, from Suricata's on. Second: in pieces of how many octets it arrives (0 = at once). Then the log. */
#include "config.h"

#include "logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AmInputKind kind;
	const char *what;
	if (size < 2)
		return 0;
	if (am_log_recognise(data + 2, size - 2, &kind, &what))
		g_assert(am_input_is_log(kind) && what == NULL);
	kind = (AmInputKind)(AM_INPUT_SURICATA + data[0] % (AM_N_INPUT_KINDS - AM_INPUT_SURICATA));
	check_log(data + 2, size - 2, kind, data[1]);
	return 0;
}
