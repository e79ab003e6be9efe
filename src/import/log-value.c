/* Values in the lines of connection logs: numbers, times, addresses, words, and the names of application protocols. Fed by
 * the formats with what stands between two separators: any octets, of any number. */
#include "config.h"

#include "log.h"

#include <string.h>

gboolean am_log_copy(const AmLogValue *value, char *text, size_t size)
{
	if (value->text == NULL || value->size >= size || memchr(value->text, '\0', value->size) != NULL)
		return FALSE;
	memcpy(text, value->text, value->size);
	text[value->size] = '\0';
	return TRUE;
}

gboolean am_log_is(const AmLogValue *value, const char *text)
{
	return value->text != NULL && value->size == strlen(text) && memcmp(value->text, text, value->size) == 0;
}

gboolean am_log_count(const AmLogValue *value, uint64_t most, uint64_t *ret_count)
{
	uint64_t count = 0;
	if (value->text == NULL || value->size == 0)
		return FALSE;
	for (size_t n = 0; n < value->size; n++) {
		unsigned digit = (unsigned char)value->text[n] - '0';
		if (digit > 9 || count > (most - digit) / 10)
			return FALSE;
		count = count * 10 + digit;
	}
	*ret_count = count;
	return TRUE;
}

gboolean am_log_count_or_0(const AmLogValue *value, uint64_t most, uint64_t *ret_count)
{
	if (value->text != NULL)
		return am_log_count(value, most, ret_count);
	*ret_count = 0;
	return TRUE;
}

gboolean am_log_port(const AmLogValue *value, uint16_t *ret_port)
{
	uint64_t port;
	if (!am_log_count(value, UINT16_MAX, &port))
		return FALSE;
	*ret_port = (uint16_t)port;
	return TRUE;
}

gboolean am_log_seconds(const AmLogValue *value, int64_t *ret_ns)
{
	if (value->text == NULL)
		return FALSE;
	const char *dot = memchr(value->text, '.', value->size);
	size_t whole = dot != NULL ? (size_t)(dot - value->text) : value->size;
	AmLogValue seconds_text = {value->text, whole};
	uint64_t seconds;
	if (!am_log_count(&seconds_text, INT64_MAX / AM_NS_PER_S - 1, &seconds))
		return FALSE;
	int64_t ns = (int64_t)seconds * AM_NS_PER_S, unit = AM_NS_PER_S / 10;
	for (size_t n = whole + 1; n < value->size; n++, unit /= 10) {
		unsigned digit = (unsigned char)value->text[n] - '0';
		if (digit > 9)
			return FALSE;
		ns += (int64_t)digit * unit;
	}
	*ret_ns = ns;
	return dot == NULL || whole + 1 < value->size;
}

gboolean am_log_time(const AmLogValue *value, int64_t *ret_ns)
{
	char text[64];
	int64_t ns;
	if (am_log_seconds(value, ret_ns))
		return TRUE;
	if (!am_log_copy(value, text, sizeof text) || strchr(text, 'T') == NULL || !am_time_parse(text, &ns) || ns < 0)
		return FALSE;
	*ret_ns = ns;
	return TRUE;
}

gboolean am_log_address(const AmLogValue *value, AmAddress *ret_address)
{
	char text[AM_ADDRESS_TEXT_SIZE];
	return am_log_copy(value, text, sizeof text) && am_address_parse(text, ret_address);
}

AmLogValue am_log_part(AmLogValue *rest, const char *separator, size_t separator_size)
{
	AmLogValue part = *rest;
	if (part.text == NULL)
		return part;
	const char *end = memmem(rest->text, rest->size, separator, separator_size);
	if (end == NULL) {
		rest->text = NULL;
		return part;
	}
	part.size = (size_t)(end - rest->text);
	rest->text = end + separator_size;
	rest->size -= part.size + separator_size;
	return part;
}

AmLogValue am_log_word(AmLogValue *rest)
{
	size_t n = 0;
	while (n < rest->size && (rest->text[n] == ' ' || rest->text[n] == '\t'))
		n++;
	size_t start = n;
	while (n < rest->size && rest->text[n] != ' ' && rest->text[n] != '\t')
		n++;
	AmLogValue word = {n > start ? rest->text + start : NULL, n - start};
	rest->text += n;
	rest->size -= n;
	return word;
}

/* ---- Application protocols */

/* What a log calls it, what we call it, and whether it is what is spoken inside another (then the other names it). */
typedef struct {
	const char *theirs, *name;
	gboolean is_carrier;
} L7Name;

/* Zeek's and Suricata's. What is not listed keeps its name, "_" replaced by "-"; NULL is none. */
static const L7Name l7_names[] = {
	{"dce_rpc", "dce-rpc", TRUE},
	{"dcerpc", "dce-rpc", TRUE},
	{"dnp3_tcp", "dnp3", FALSE},
	{"dnp3_udp", "dnp3", FALSE},
	{"doh2", "doh", FALSE},
	{"enip", "ethernet-ip", FALSE},
	{"failed", NULL, FALSE},
	{"gssapi", "gssapi", TRUE},
	{"ike", "ipsec", FALSE},
	{"ikev2", "ipsec", FALSE},
	{"jabber", "xmpp", FALSE},
	{"krb", "kerberos", TRUE},
	{"krb5", "kerberos", TRUE},
	{"krb_tcp", "kerberos", TRUE},
	{"krb_udp", "kerberos", TRUE},
	{"ldap_tcp", "ldap", FALSE},
	{"ldap_udp", "ldap", FALSE},
	{"ntlm", "ntlm", TRUE},
	{"pgsql", "postgresql", FALSE},
	{"portmapper", "sunrpc", FALSE},
	{"rfb", "vnc", FALSE},
	{"spnego", "spnego", TRUE},
	{"ssl", "tls", TRUE},
	{"tls", "tls", TRUE},
	{"bittorrent-dht", "bittorrent", FALSE},
	{"unknown", NULL, FALSE},
};

static const L7Name *find_l7(const char *name)
{
	for (guint n = 0; n < G_N_ELEMENTS(l7_names); n++) {
		if (strcmp(l7_names[n].theirs, name) == 0)
			return &l7_names[n];
	}
	return NULL;
}

/* Names come in no order, "-ssl" being one that Zeek gave up: a carrier counts only when there is nothing else; among equals
 * the first by name. */
gboolean am_log_l7(const AmLogValue *value, char ret_l7[AM_L7_SIZE])
{
	char text[256];
	gboolean best_is_carrier = TRUE;
	memset(ret_l7, 0, AM_L7_SIZE);
	if (!am_log_copy(value, text, sizeof text))
		return FALSE;
	g_auto(GStrv) parts = g_strsplit(text, ",", 16);
	for (guint n = 0; parts[n] != NULL; n++) {
		char name[AM_L7_SIZE];
		const L7Name *known = find_l7(parts[n]);
		gboolean is_carrier = known != NULL && known->is_carrier;
		if (!g_ascii_isalpha(parts[n][0]) || (known != NULL && known->name == NULL))
			continue;
		g_strlcpy(name, known != NULL ? known->name : parts[n], sizeof name);
		g_strcanon(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", '-');
		for (char *at = name; *at != '\0'; at++)
			*at = g_ascii_tolower(*at);
		gboolean better = ret_l7[0] == '\0' || (best_is_carrier && !is_carrier) ||
				  (best_is_carrier == is_carrier && strcmp(name, ret_l7) < 0);
		if (!better)
			continue;
		best_is_carrier = is_carrier;
		memset(ret_l7, 0, AM_L7_SIZE);
		g_strlcpy(ret_l7, name, AM_L7_SIZE);
	}
	return ret_l7[0] != '\0';
}
