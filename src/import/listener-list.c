/* Lists of listeners: from a text of one of three formats to entries with a host, an address and a port. What the formats have in
 * common: where a socket is bound, what is counted, the order of what comes out.
 *
 * Fed by a job with the whole text; nothing here opens files or knows the time. */
#include "config.h"

#include "listener-list.h"

#include <string.h>

/* ---- Entries */

void am_list_skip(AmListReader *reader, AmListSkip reason)
{
	reader->list->lines++;
	reader->list->skipped[reason]++;
}

gboolean am_list_address(const char *text, size_t size, AmAddress *ret_address)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	char copy[AM_ADDRESS_TEXT_SIZE];
	AmAddress address;
	if (size == 0 || size >= sizeof copy || memchr(text, '\0', size) != NULL)
		return FALSE;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (!am_address_parse(copy, &address))
		return FALSE;
	if (address.family == 6 && memcmp(address.bytes, mapped, sizeof mapped) == 0)
		address = am_address_ipv4(address.bytes + sizeof mapped);
	*ret_address = address;
	return TRUE;
}

static void add_entry(AmListReader *reader, const AmListSocket *socket, const AmAddress *address)
{
	AmListEntry entry = {.host = socket->host,
			     .address = *address,
			     .ip_protocol = socket->ip_protocol,
			     .is_open = !socket->is_closed,
			     .port = socket->port,
			     .at_ns = socket->at_ns};
	if (socket->program_size > 0)
		am_text_safe(entry.program, sizeof entry.program, socket->program, socket->program_size);
	g_array_append_val(reader->list->entries, entry);
}

/* The host's addresses, where they are told; else it goes by one. */
static guint add_everywhere(AmListReader *reader, const AmListSocket *socket)
{
	const GArray *hosts = reader->options->hosts;
	gboolean told = FALSE;
	guint added = 0;
	for (guint n = 0; hosts != NULL && n < hosts->len; n++)
		told = told || am_address_compare(&g_array_index(hosts, AmAddress, n), &socket->host) == 0;
	for (guint n = 0; n < (told ? hosts->len : 1); n++) {
		const AmAddress *address = told ? &g_array_index(hosts, AmAddress, n) : &socket->host;
		if (address->family != socket->address.family && !socket->wide)
			continue;
		add_entry(reader, socket, address);
		added++;
	}
	return added;
}

void am_list_add(AmListReader *reader, const AmListSocket *socket)
{
	AmListSkip reason = AM_LIST_USED;
	if (reader->list->entries->len >= AM_LIST_MAX_ENTRIES)
		reason = AM_LIST_SKIP_MANY;
	else if (socket->port == 0)
		reason = AM_LIST_SKIP_SERVICE;
	else if (am_address_is_loopback(&socket->address))
		reason = AM_LIST_SKIP_LOOPBACK;
	else if (am_address_is_multicast(&socket->address))
		reason = AM_LIST_SKIP_GROUP;
	else if (!am_address_is_unspecified(&socket->address))
		add_entry(reader, socket, &socket->address);
	else if (add_everywhere(reader, socket) == 0)
		reason = AM_LIST_SKIP_FAMILY;
	am_list_skip(reader, reason);
}

void am_list_add_whole(AmListReader *reader, const AmAddress *host, int64_t at_ns)
{
	AmListWhole whole = {.host = *host, .at_ns = at_ns};
	if (reader->list->whole->len < AM_LIST_MAX_ENTRIES)
		g_array_append_val(reader->list->whole, whole);
}

/* ---- Order */

static int compare_times(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_keys(const AmListEntry *x, const AmListEntry *y)
{
	int order = am_address_compare(&x->host, &y->host);
	if (order == 0)
		order = am_address_compare(&x->address, &y->address);
	if (order == 0)
		order = (int)x->ip_protocol - (int)y->ip_protocol;
	if (order == 0)
		order = (int)x->port - (int)y->port;
	return order != 0 ? order : compare_times(x->at_ns, y->at_ns);
}

/* Of what is told twice the first one stays: open before closed, with a program before none. */
static int compare_entries(gconstpointer a, gconstpointer b)
{
	const AmListEntry *x = a, *y = b;
	int order = compare_keys(x, y);
	if (order == 0)
		order = (int)y->is_open - (int)x->is_open;
	if (order == 0)
		order = (x->program[0] == '\0') - (y->program[0] == '\0');
	return order != 0 ? order : strcmp(x->program, y->program);
}

static int compare_whole(gconstpointer a, gconstpointer b)
{
	const AmListWhole *x = a, *y = b;
	int order = am_address_compare(&x->host, &y->host);
	return order != 0 ? order : compare_times(x->at_ns, y->at_ns);
}

/* What could not be read may be what is missed. */
static gboolean is_legible(const AmListenerList *list)
{
	return list->skipped[AM_LIST_SKIP_SYNTAX] + list->skipped[AM_LIST_SKIP_NAMED] +
		       list->skipped[AM_LIST_SKIP_MANY] ==
	       0;
}

static void settle(AmListenerList *list)
{
	guint kept = 0;
	if (!is_legible(list))
		g_array_set_size(list->whole, 0);
	g_array_sort(list->entries, compare_entries);
	for (guint n = 0; n < list->entries->len; n++) {
		AmListEntry entry = g_array_index(list->entries, AmListEntry, n);
		if (kept == 0 || compare_keys(&g_array_index(list->entries, AmListEntry, kept - 1), &entry) != 0)
			g_array_index(list->entries, AmListEntry, kept++) = entry;
	}
	g_array_set_size(list->entries, kept);
	g_array_sort(list->whole, compare_whole);
	kept = 0;
	for (guint n = 0; n < list->whole->len; n++) {
		AmListWhole whole = g_array_index(list->whole, AmListWhole, n);
		if (kept == 0 || compare_whole(&g_array_index(list->whole, AmListWhole, kept - 1), &whole) != 0)
			g_array_index(list->whole, AmListWhole, kept++) = whole;
	}
	g_array_set_size(list->whole, kept);
}

/* ---- Formats */

gboolean am_listeners_recognise(const char *text, size_t size, AmListKind *ret_kind)
{
	while (size > 0 && g_ascii_isspace(*text)) {
		text++;
		size--;
	}
	if (size > 0 && (*text == '[' || *text == '{'))
		*ret_kind = AM_LIST_OSQUERY;
	else if (size > 0 && *text == '<' && g_strstr_len(text, (gssize)MIN(size, 16384), "<nmaprun") != NULL)
		*ret_kind = AM_LIST_NMAP;
	else if (am_list_is_ss(text, size))
		*ret_kind = AM_LIST_SS;
	else
		return FALSE;
	return TRUE;
}

static gboolean read_list(AmListReader *reader, const char *text, size_t size, GError **error)
{
	switch (reader->options->kind) {
	case AM_LIST_SS:
		return am_list_read_ss(reader, text, size, error);
	case AM_LIST_OSQUERY:
		return am_list_read_osquery(reader, text, size, error);
	case AM_LIST_NMAP:
		return am_list_read_nmap(reader, text, size, error);
	case AM_N_LIST_KINDS:
		break;
	}
	g_assert_not_reached();
}

AmListenerList *am_import_listeners(const char *text, size_t size, const AmListenerOptions *options, GError **error)
{
	g_autoptr(AmListenerList) list = am_listener_list_new(options->kind);
	AmListReader reader = {options, list};
	if (!read_list(&reader, text, size, error))
		return NULL;
	if (list->lines > 0 && list->skipped[AM_LIST_SKIP_SYNTAX] == list->lines) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "it is not what %s writes: not one of its entries can be read",
			    am_list_kind_name(options->kind));
		return NULL;
	}
	if (list->lines > 0 && list->skipped[AM_LIST_SKIP_HOST] == list->lines) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "it does not tell the address of the host whose list it is: say --host ADDRESS");
		return NULL;
	}
	settle(list);
	return g_steal_pointer(&list);
}
