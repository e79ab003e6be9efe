/* Who made a network interface, by its MAC: the IEEE's list, as contrib/update-oui packs it into data/oui.txt. Nothing of the
 * list is trusted to be well-formed: a line that is not is left out. Used by map/. */
#include "config.h"

#include "allowmap/base.h"

#include <stdlib.h>
#include <string.h>

#define N_SIZES 3

/* The registry's three sizes of a prefix, and how many digits of base64 that is. */
static const struct {
	guint bits, digits;
} sizes[N_SIZES] = {{24, 4}, {28, 5}, {36, 6}};

typedef struct {
	uint64_t prefix; /* as a number */
	uint32_t name;   /* offset into `names` */
} Entry;

struct AmVendors {
	GString *names; /* each with its NUL */
	GArray *entries[N_SIZES];
};

static int compare_entries(gconstpointer a, gconstpointer b)
{
	const Entry *x = a, *y = b;
	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

/* A digit of base64 (RFC 4648, 4); -1 for none. */
static int digit_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/* What is up to the next tab, or the end, is prefixes of one size. */
static void add_prefixes(AmVendors *vendors, guint size, const char *text, size_t length, uint32_t name)
{
	guint digits = sizes[size].digits;
	for (size_t at = 0; at + digits <= length; at += digits) {
		Entry entry = {.name = name};
		gboolean good = TRUE;
		for (guint d = 0; d < digits; d++) {
			int value = digit_value(text[at + d]);
			good = good && value >= 0;
			entry.prefix = entry.prefix << 6 | (uint64_t)(value & 0x3f);
		}
		entry.prefix >>= 6 * digits - sizes[size].bits;
		if (good)
			g_array_append_val(vendors->entries[size], entry);
	}
}

/* `name`: of the line before; becomes this one's. */
static void add_line(AmVendors *vendors, const char *line, size_t length, char name[AM_VENDOR_SIZE])
{
	const char *tab = memchr(line, '\t', length), *end = line + length;
	int shared = length > 0 ? digit_value(line[0]) : -1;
	if (tab == NULL || shared < 0 || (size_t)shared > strlen(name))
		return;
	size_t rest = (size_t)(tab - line) - 1;
	if ((size_t)shared + rest >= AM_VENDOR_SIZE)
		return;
	memcpy(name + shared, line + 1, rest);
	name[(size_t)shared + rest] = '\0';
	uint32_t at = (uint32_t)vendors->names->len;
	g_string_append_len(vendors->names, name, (gssize)strlen(name) + 1);
	for (guint size = 0; size < N_SIZES && tab != NULL; size++) {
		const char *begin = tab + 1;
		tab = memchr(begin, '\t', (size_t)(end - begin));
		add_prefixes(vendors, size, begin, (size_t)((tab != NULL ? tab : end) - begin), at);
	}
}

AmVendors *am_vendors_new(void)
{
	AmVendors *vendors = g_new0(AmVendors, 1);
	size_t left;
	const char *text = am_embedded("data/oui.txt", &left);
	char name[AM_VENDOR_SIZE] = "";
	vendors->names = g_string_new(NULL);
	for (guint size = 0; size < N_SIZES; size++)
		vendors->entries[size] = g_array_new(FALSE, FALSE, sizeof(Entry));
	while (text != NULL && left > 0) {
		const char *newline = memchr(text, '\n', left);
		size_t length = newline != NULL ? (size_t)(newline - text) : left;
		if (text[0] != '#')
			add_line(vendors, text, length, name);
		text += MIN(length + 1, left);
		left -= MIN(length + 1, left);
	}
	for (guint size = 0; size < N_SIZES; size++)
		g_array_sort(vendors->entries[size], compare_entries);
	return vendors;
}

void am_vendors_free(AmVendors *vendors)
{
	if (vendors == NULL)
		return;
	for (guint size = 0; size < N_SIZES; size++)
		g_array_unref(vendors->entries[size]);
	g_string_free(vendors->names, TRUE);
	g_free(vendors);
}

/* IEEE 802 8.2: bit 1 of the first octet marks what nobody registered, bit 0 a group. RFC 9542, 2.1: the IANA's prefix, which
 * VRRP (RFC 9568, 7.3) and others number machines of any make in. */
static gboolean is_registered(const uint8_t mac[6])
{
	return (mac[0] & 0x03) == 0 && !(mac[0] == 0x00 && mac[1] == 0x00 && mac[2] == 0x5e);
}

const char *am_vendors_find(const AmVendors *vendors, const uint8_t mac[6])
{
	uint64_t number = 0;
	if (!is_registered(mac))
		return NULL;
	for (int b = 0; b < 6; b++)
		number = number << 8 | mac[b];
	for (guint size = N_SIZES; size-- > 0;) {
		const GArray *entries = vendors->entries[size];
		uint64_t prefix = number >> (48 - sizes[size].bits);
		guint low = 0, high = entries->len;
		while (low < high) {
			guint middle = low + (high - low) / 2;
			if (g_array_index(entries, Entry, middle).prefix < prefix)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < entries->len && g_array_index(entries, Entry, low).prefix == prefix)
			return vendors->names->str + g_array_index(entries, Entry, low).name;
	}
	return NULL;
}
