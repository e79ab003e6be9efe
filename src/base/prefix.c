/* CIDR blocks: text, containment, and the smallest set of them that covers exactly the same addresses. */
#include "config.h"

#include "allowmap/base.h"

#include <string.h>

#define SUBNET_IPV4 24
#define SUBNET_IPV6 64

/* Clears the bits past `length`; TRUE when any was set. */
static gboolean mask(AmAddress *address, unsigned length)
{
	gboolean changed = FALSE;
	for (unsigned byte = 0; byte < am_address_bits(address) / 8u; byte++) {
		unsigned keep = length >= byte * 8 + 8 ? 8 : length <= byte * 8 ? 0 : length - byte * 8;
		uint8_t kept = (uint8_t)(address->bytes[byte] & (0xff00u >> keep));
		changed |= kept != address->bytes[byte];
		address->bytes[byte] = kept;
	}
	return changed;
}

gboolean am_prefix_parse(const char *text, AmPrefix *ret_prefix, GError **error)
{
	const char *slash = strchr(text, '/');
	g_autofree char *address = slash != NULL ? g_strndup(text, (gsize)(slash - text)) : g_strdup(text);
	AmPrefix prefix = {0};
	guint64 length = 0;
	gboolean ok = am_address_parse(address, &prefix.address);
	if (ok && slash == NULL)
		length = am_address_bits(&prefix.address);
	else
		ok = ok &&
		     g_ascii_string_to_unsigned(slash + 1, 10, 0, am_address_bits(&prefix.address), &length, NULL);
	if (!ok) {
		g_set_error(error, AM_BASE_ERROR, AM_BASE_ERROR_INVALID,
			    "'%s' is not an address or CIDR, such as 10.0.0.0/8 or 2001:db8::1", text);
		return FALSE;
	}
	prefix.length = (uint8_t)length;
	if (mask(&prefix.address, prefix.length)) {
		g_autofree char *meant = am_prefix_text(&prefix);
		g_set_error(error, AM_BASE_ERROR, AM_BASE_ERROR_INVALID, "%s has host bits set; was %s meant?", text,
			    meant);
		return FALSE;
	}
	*ret_prefix = prefix;
	return TRUE;
}

AmPrefix am_prefix_host(const AmAddress *address)
{
	return (AmPrefix){.address = *address, .length = am_address_bits(address)};
}

AmPrefix am_prefix_cut(const AmAddress *address, uint8_t length)
{
	AmPrefix prefix = {.address = *address, .length = length};
	mask(&prefix.address, length);
	return prefix;
}

AmPrefix am_prefix_subnet(const AmAddress *address)
{
	return am_prefix_cut(address, address->family == 4 ? SUBNET_IPV4 : SUBNET_IPV6);
}

gboolean am_prefix_contains(const AmPrefix *prefix, const AmAddress *address)
{
	if (prefix->address.family != address->family)
		return FALSE;
	unsigned whole = prefix->length / 8u, rest = prefix->length % 8u;
	if (memcmp(prefix->address.bytes, address->bytes, whole) != 0)
		return FALSE;
	return rest == 0 || ((prefix->address.bytes[whole] ^ address->bytes[whole]) & (0xff00u >> rest) & 0xff) == 0;
}

char *am_prefix_text(const AmPrefix *prefix)
{
	char text[AM_ADDRESS_TEXT_SIZE];
	return g_strdup_printf("%s/%u", am_address_text(&prefix->address, text), prefix->length);
}

int am_prefix_compare(const AmPrefix *a, const AmPrefix *b)
{
	int by_address = am_address_compare(&a->address, &b->address);
	return by_address != 0 ? by_address : (int)a->length - (int)b->length;
}

static int compare(gconstpointer a, gconstpointer b)
{
	return am_prefix_compare(a, b);
}

/* Two halves of one block, in order? */
static gboolean are_halves(const AmPrefix *low, const AmPrefix *high)
{
	if (low->length != high->length || low->length == 0 || low->address.family != high->address.family)
		return FALSE;
	AmAddress parent = high->address;
	mask(&parent, low->length - 1u);
	return am_address_compare(&parent, &low->address) == 0 &&
	       am_address_compare(&low->address, &high->address) != 0;
}

/* A stack of disjoint, ascending blocks: what is contained in the top is dropped, and two halves become their parent.
 */
void am_prefixes_minimise(GArray *prefixes)
{
	g_array_sort(prefixes, compare);
	AmPrefix *stack = (AmPrefix *)(void *)prefixes->data;
	guint n = 0;
	for (guint next = 0; next < prefixes->len; next++) {
		AmPrefix prefix = stack[next];
		if (n > 0 && stack[n - 1].length <= prefix.length && am_prefix_contains(&stack[n - 1], &prefix.address))
			continue;
		stack[n++] = prefix;
		while (n > 1 && are_halves(&stack[n - 2], &stack[n - 1])) {
			stack[n - 2].length--;
			n--;
		}
	}
	g_array_set_size(prefixes, n);
}
