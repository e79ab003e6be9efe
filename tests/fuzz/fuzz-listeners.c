/* Fuzz target: any octets as each kind of list of listeners. Needs what fuzz-nftables-text.c needs.
 *
 * Beyond not crashing: every entry is accounted for, and what comes out is in order and in bounds. */
#include "config.h"

#include "allowmap/import.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entries(const AmListenerList *list)
{
	for (guint n = 0; n < list->entries->len; n++) {
		const AmListEntry *entry = &g_array_index(list->entries, AmListEntry, n);
		g_assert(entry->port != 0 && am_service_has_ports(entry->ip_protocol));
		g_assert(entry->address.family == 4 || entry->address.family == 6);
		g_assert(!am_address_is_unspecified(&entry->address) && !am_address_is_loopback(&entry->address));
		g_assert(memchr(entry->program, '\0', sizeof entry->program) != NULL);
		g_assert(g_utf8_validate(entry->program, -1, NULL));
		if (n > 0)
			g_assert(am_address_compare(&entry[-1].host, &entry->host) <= 0);
	}
}

static void check(AmListKind kind, const GArray *hosts, const uint8_t *data, size_t size)
{
	const AmListenerOptions options = {.kind = kind, .hosts = hosts, .taken_ns = AM_NS_PER_S};
	g_autoptr(GError) error = NULL;
	g_autoptr(AmListenerList) list = am_import_listeners((const char *)data, size, &options, &error);
	g_assert((list == NULL) == (error != NULL));
	if (list == NULL)
		return;
	uint64_t sum = 0;
	for (unsigned n = 0; n < AM_N_LIST_SKIPS; n++)
		sum += list->skipped[n];
	g_assert(sum == list->lines);
	check_entries(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(AmAddress));
	AmAddress address;
	AmListKind kind;
	(void)am_listeners_recognise((const char *)data, size, &kind);
	check(AM_LIST_OSQUERY, NULL, data, size);
	if (am_address_parse("10.0.0.5", &address))
		g_array_append_val(hosts, address);
	if (am_address_parse("2001:db8::5", &address))
		g_array_append_val(hosts, address);
	for (unsigned n = 0; n < AM_N_LIST_KINDS; n++)
		check((AmListKind)n, hosts, data, size);
	return 0;
}
