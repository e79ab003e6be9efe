/* Words of inventories: what columns are called, how MACs, names and environments are written. */
#include "config.h"

#include "inventory.h"

#include <string.h>

#define MAX_LINE 65536

/* The first of each row is ours. */
static const char *const synonyms[][14] = {
	{"address", "ip", "ip_address", "ip_addresses", "ipaddress", "ip_addr", "addresses", "ipv4", "ipv6",
	 "ipv4_address", "ipv6_address", "primary_ip", "primary_ip4", "primary_ip6"},
	{"address", "prefix", "cidr", "subnet", "host_ip", "ansible_host", "management_ip", "private_ip"},
	{"mac", "mac_address", "macaddress", "mac_addr", "hwaddr", "hardware_address", "ethernet_address"},
	{AM_LABEL_NAME, "hostname", "host", "host_name", "fqdn", "dns_name", "device", "device_name", "server",
	 "server_name", "computer", "computer_name", "asset_name", "vm_name"},
	{AM_LABEL_OWNER, "team", "contact", "owner_name", "owned_by", "technical_owner", "business_owner",
	 "responsible", "managed_by", "support_group", "tenant"},
	{AM_LABEL_APPLICATION, "app", "application_name", "app_name", "business_application", "business_service",
	 "application_service"},
	{AM_LABEL_ENVIRONMENT, "env", "environment_name", "stage", "deployment_environment"},
	{AM_LABEL_CRITICALITY, "business_criticality", "criticality_level", "crit", "importance"},
	{AM_LABEL_ROLE, "function", "server_role", "device_role", "host_role", "purpose"},
	{AM_LABEL_GROUP, "groups", "group_name", "host_group", "hostgroup", "host_groups"},
};

/* "IP Address" and "ip-address" are "ip_address". */
static char *plain(const char *column)
{
	g_autofree char *lower = g_ascii_strdown(column, -1);
	g_strdelimit(g_strstrip(lower), " -./", '_');
	return g_steal_pointer(&lower);
}

gboolean am_inventory_mapped(const AmInventoryOptions *options, const char *column, char ret_field[AM_LABEL_NAME_SIZE])
{
	g_autofree char *wanted = plain(column);
	for (guint n = 0; options->fields != NULL && options->fields[n] != NULL; n++) {
		const char *field = strrchr(options->fields[n], '=');
		if (field == NULL)
			continue;
		g_autofree char *own = g_strndup(options->fields[n], (gsize)(field - options->fields[n]));
		g_autofree char *given = plain(own);
		if (strcmp(given, wanted) != 0)
			continue;
		g_strlcpy(ret_field, field + 1, AM_LABEL_NAME_SIZE);
		return TRUE;
	}
	return FALSE;
}

gboolean am_inventory_field(const AmInventoryOptions *options, const char *column, char ret_field[AM_LABEL_NAME_SIZE])
{
	if (am_inventory_mapped(options, column, ret_field))
		return TRUE;
	g_autofree char *wanted = plain(column);
	for (guint row = 0; row < G_N_ELEMENTS(synonyms); row++) {
		for (guint n = 0; n < G_N_ELEMENTS(synonyms[row]) && synonyms[row][n] != NULL; n++) {
			if (strcmp(synonyms[row][n], wanted) != 0)
				continue;
			g_strlcpy(ret_field, synonyms[row][0], AM_LABEL_NAME_SIZE);
			return TRUE;
		}
	}
	return FALSE;
}

gboolean am_inventory_check_fields(const char *const *fields, GError **error)
{
	for (guint n = 0; fields != NULL && fields[n] != NULL; n++) {
		const char *field = strrchr(fields[n], '=');
		size_t size = field != NULL ? strlen(field + 1) : 0;
		if (field != NULL && field > fields[n] && size > 0 && size < AM_LABEL_NAME_SIZE &&
		    g_ascii_isalnum(field[1]) && strspn(field + 1, "abcdefghijklmnopqrstuvwxyz0123456789._/-") == size)
			continue;
		g_set_error(
			error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
			"'%s': COLUMN=FIELD, please; the field is address, mac, name, or a label of at most %d small "
			"letters, digits, '.', '_', '/' and '-'",
			fields[n], AM_LABEL_NAME_SIZE - 1);
		return FALSE;
	}
	return TRUE;
}

gboolean am_inventory_mac(const char *text, uint8_t ret_mac[6])
{
	uint8_t mac[6] = {0};
	guint n = 0;
	for (; *text != '\0'; text++) {
		if (n % 2 == 0 && n > 0 && strchr(":-.", *text) != NULL)
			continue;
		int digit = g_ascii_xdigit_value(*text);
		if (digit < 0 || n == 12)
			return FALSE;
		mac[n / 2] = (uint8_t)(mac[n / 2] << 4 | digit);
		n++;
	}
	static const uint8_t none[6];
	if (n != 12 || (mac[0] & 1) != 0 || memcmp(mac, none, sizeof mac) == 0)
		return FALSE;
	memcpy(ret_mac, mac, sizeof mac);
	return TRUE;
}

gboolean am_inventory_is_environment(const char *text)
{
	static const char *const words[] = {"prod",        "production",  "prd",     "live",    "staging",
					    "stage",       "stg",         "preprod", "uat",     "test",
					    "testing",     "tst",         "qa",      "dev",     "devel",
					    "development", "integration", "sandbox", "pre-prod"};
	for (guint n = 0; n < G_N_ELEMENTS(words); n++) {
		if (g_ascii_strcasecmp(text, words[n]) == 0)
			return TRUE;
	}
	return FALSE;
}

char *am_inventory_host(const char *text)
{
	size_t size = text != NULL ? strlen(text) : 0;
	if (size > 0 && text[size - 1] == '.')
		size--;
	if (size == 0 || size >= 96)
		return NULL;
	for (size_t n = 0; n < size; n++) {
		if (!g_ascii_isalnum(text[n]) && strchr("._-", text[n]) == NULL)
			return NULL;
	}
	return g_ascii_strdown(text, (gssize)size);
}

const char *am_inventory_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

gboolean am_inventory_line(const char **at, const char *end, GString *line)
{
	if (*at == end)
		return FALSE;
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	size_t size = (size_t)((stop != NULL ? stop : end) - *at);
	g_string_truncate(line, 0);
	if (size <= MAX_LINE && memchr(*at, '\0', size) == NULL)
		g_string_append_len(line, *at, (gssize)size);
	g_strstrip(line->str);
	line->len = strlen(line->str);
	*at = stop != NULL ? stop + 1 : end;
	return TRUE;
}
