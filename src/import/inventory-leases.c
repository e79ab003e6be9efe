/* The leases of dnsmasq (man dnsmasq, --dhcp-leasefile: time of expiry, MAC, address, name, client id) and of Kea (Kea ARM,
 * "Memfile": CSV with a header; the file grows, and of one lease every row was true in its time; "," in a field is "&#x2c").
 *
 * When a lease is told to be somebody's is known: not when it will have ended. So it is his from when it was given to when it was
 * last renewed; dnsmasq keeps neither, and what its file says was so when it was written. */
#include "config.h"

#include "inventory.h"

#include <stdlib.h>
#include <string.h>

static gboolean is_host_address(const char *text, AmAddress *ret_address)
{
	return am_address_parse(text, ret_address) && !am_address_is_multicast(ret_address) &&
	       !am_address_is_unspecified(ret_address) && !am_address_is_loopback(ret_address);
}

static gboolean parse_seconds(const char *text, gint64 *ret_seconds)
{
	return g_ascii_string_to_signed(text, 10, 0, G_MAXINT64 / AM_NS_PER_S, ret_seconds, NULL);
}

/* ---- dnsmasq */

static GPtrArray *words_of(char *line)
{
	GPtrArray *words = g_ptr_array_new();
	char *rest = NULL;
	for (char *word = strtok_r(line, " \t", &rest); word != NULL && words->len < 8;
	     word = strtok_r(NULL, " \t", &rest))
		g_ptr_array_add(words, word);
	return words;
}

static gboolean is_dnsmasq_line(const GPtrArray *words)
{
	gint64 seconds;
	AmAddress address;
	return words->len == 5 && parse_seconds(words->pdata[0], &seconds) &&
	       am_address_parse(words->pdata[2], &address);
}

static gboolean recognise_dnsmasq(const char *text, size_t size, const json_t *root)
{
	const char *at = text;
	g_autoptr(GString) line = g_string_new(NULL);
	if (root != NULL || !am_inventory_line(&at, text + size, line))
		return FALSE;
	g_autoptr(GPtrArray) words = words_of(line->str);
	return is_dnsmasq_line(words) || (words->len == 2 && strcmp(words->pdata[0], "duid") == 0);
}

/* Of IPv6 there is an id of the interface in place of a MAC. */
static void read_dnsmasq_line(AmInventorySink *sink, const GPtrArray *words)
{
	gint64 seconds;
	AmAddress address;
	uint8_t mac[6];
	int64_t snapshot_ns = am_inventory_options(sink)->snapshot_ns;
	if (!is_dnsmasq_line(words)) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_SYNTAX);
	} else if (!is_host_address(words->pdata[2], &address)) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_ADDRESS);
	} else if (!am_inventory_mac(words->pdata[1], mac)) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_MAC);
	} else {
		gboolean ends = parse_seconds(words->pdata[0], &seconds) && seconds > 0;
		int64_t told_ns = ends ? MIN(seconds * AM_NS_PER_S, snapshot_ns) : snapshot_ns;
		am_lease_add(sink, &address, mac, words->pdata[3], told_ns, told_ns);
	}
}

static gboolean read_dnsmasq(AmInventorySink *sink, const char *text, size_t size, const json_t *root, GError **error)
{
	(void)root;
	(void)error;
	const char *at = text;
	g_autoptr(GString) line = g_string_new(NULL);
	while (am_inventory_line(&at, text + size, line)) {
		g_autoptr(GPtrArray) words = words_of(line->str);
		if (words->len > 0 && strcmp(words->pdata[0], "duid") != 0) /* the server's own */
			read_dnsmasq_line(sink, words);
	}
	return TRUE;
}

/* ---- Kea */

typedef enum { ADDRESS, HWADDR, LIFETIME, EXPIRE, HOSTNAME, STATE, LEASE_TYPE, N_KEA } KeaColumn;
static const char *const kea_names[N_KEA] = {"address",  "hwaddr", "valid_lifetime", "expire",
					     "hostname", "state",  "lease_type"};
#define KEA_DECLINED 1
#define KEA_PREFIX "2" /* lease_type: a network that was delegated */

/* Where each column is; -1 = there is none. FALSE: not Kea's. */
static gboolean read_kea_header(const char *line, int columns[N_KEA])
{
	g_auto(GStrv) names = g_strsplit(line, ",", -1);
	for (int k = 0; k < N_KEA; k++) {
		columns[k] = -1;
		for (int n = 0; names[n] != NULL; n++)
			columns[k] = columns[k] < 0 && strcmp(names[n], kea_names[k]) == 0 ? n : columns[k];
	}
	return columns[ADDRESS] >= 0 && columns[LIFETIME] >= 0 && columns[EXPIRE] >= 0 && columns[HWADDR] >= 0;
}

static gboolean recognise_kea(const char *text, size_t size, const json_t *root)
{
	const char *at = text;
	int columns[N_KEA];
	g_autoptr(GString) line = g_string_new(NULL);
	return root == NULL && am_inventory_line(&at, text + size, line) && read_kea_header(line->str, columns);
}

static const char *kea_field(char **fields, guint n_fields, int column)
{
	return column >= 0 && (guint)column < n_fields ? fields[column] : NULL;
}

static void read_kea_row(AmInventorySink *sink, const char *line, const int columns[N_KEA])
{
	g_auto(GStrv) fields = g_strsplit(line, ",", -1);
	const char *values[N_KEA];
	guint n_fields = g_strv_length(fields);
	gint64 lifetime, expire, state = 0;
	AmAddress address;
	uint8_t mac[6];
	for (int k = 0; k < N_KEA; k++)
		values[k] = kea_field(fields, n_fields, columns[k]);
	if (values[ADDRESS] == NULL || values[HWADDR] == NULL || values[LIFETIME] == NULL || values[EXPIRE] == NULL ||
	    (columns[STATE] >= 0 && (values[STATE] == NULL || !parse_seconds(values[STATE], &state)))) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_SYNTAX);
	} else if (state == KEA_DECLINED) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_ENDED);
	} else if (g_strcmp0(values[LEASE_TYPE], KEA_PREFIX) == 0) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_OTHER);
	} else if (!is_host_address(values[ADDRESS], &address)) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_ADDRESS);
	} else if (!am_inventory_mac(values[HWADDR], mac)) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_MAC);
	} else if (!parse_seconds(values[LIFETIME], &lifetime) || !parse_seconds(values[EXPIRE], &expire) ||
		   lifetime > expire) {
		am_entry_skip(sink, AM_INVENTORY_SKIP_TIME);
	} else {
		int64_t told_ns = (expire - lifetime) * AM_NS_PER_S;
		am_lease_add(sink, &address, mac, values[HOSTNAME], told_ns, told_ns);
	}
}

static gboolean read_kea(AmInventorySink *sink, const char *text, size_t size, const json_t *root, GError **error)
{
	(void)root;
	const char *at = text;
	int columns[N_KEA];
	g_autoptr(GString) line = g_string_new(NULL);
	if (!am_inventory_line(&at, text + size, line) || !read_kea_header(line->str, columns)) {
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			    "the first line does not name the columns of Kea's leases");
		return FALSE;
	}
	while (am_inventory_line(&at, text + size, line)) {
		int again[N_KEA];
		if (line->len > 0 && !read_kea_header(line->str, again)) /* files that were put together */
			read_kea_row(sink, line->str, columns);
	}
	return TRUE;
}

const AmInventoryFormat am_inventory_dnsmasq = {AM_INVENTORY_DNSMASQ, recognise_dnsmasq, FALSE, read_dnsmasq};
const AmInventoryFormat am_inventory_kea = {AM_INVENTORY_KEA, recognise_kea, FALSE, read_kea};
