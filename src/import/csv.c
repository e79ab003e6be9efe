/* The CSV export, read back: RFC 4180, the columns that export/csv.c writes, in that order. Line ends may be what a
 * spreadsheet made of them. The addresses say what a rule permits; the group names beside them are for the reader's eye. */
#include "config.h"

#include "csv-field.h"

#include "allowmap/import.h"
#include "allowmap/model/packet.h"

#include <string.h>

typedef enum {
	RULE_ID,
	STATUS,
	FROM,
	FROM_ADDRESSES,
	TO,
	TO_ADDRESSES,
	PROTOCOL,
	PORTS,
	L7,
	DIRECTION,
	CONNECTIONS,
	DAYS,
	FIRST,
	LAST,
	OVER_GRANT,
	N_COLUMNS,
} Column;

static const char *const column_names[N_COLUMNS] = {
	"rule_id", "status",    "from",        "from_addresses", "to",    "to_addresses", "protocol",   "ports",
	"l7",      "direction", "connections", "days",           "first", "last",         "over_grant",
};

typedef struct {
	const char *at, *end;
	guint line;
	GString *fields[N_COLUMNS];
	char why[64]; /* what is wrong with the column, where more than its name can be said */
} CsvReader;

/* All fields of a line, the sign that it is no formula taken away. */
static gboolean read_fields(CsvReader *csv)
{
	csv->line++;
	for (guint n = 0; n < N_COLUMNS; n++) {
		if (n > 0 && (csv->at == csv->end || *csv->at++ != ','))
			return FALSE;
		if (!am_csv_field(&csv->at, csv->end, ',', csv->fields[n]))
			return FALSE;
		if (csv->fields[n]->str[0] == '\'')
			g_string_erase(csv->fields[n], 0, 1);
	}
	return am_csv_line_end(&csv->at, csv->end);
}

static gboolean read_addresses(AmPeer *peer, const char *text)
{
	peer->any = strcmp(text, "any") == 0;
	if (peer->any || text[0] == '\0')
		return TRUE;
	g_auto(GStrv) parts = g_strsplit(text, " ", -1);
	for (guint n = 0; parts[n] != NULL; n++) {
		AmPrefix prefix;
		if (strchr(parts[n], '/') == NULL || !am_prefix_parse(parts[n], &prefix, NULL))
			return FALSE;
		g_array_append_val(peer->prefixes, prefix);
	}
	return TRUE;
}

static gboolean read_number(const char *text, guint64 most, guint64 *ret_number)
{
	return g_ascii_string_to_unsigned(text, 10, 0, most, ret_number, NULL);
}

/* "443" or "8000-8010" */
static gboolean add_ports(GArray *ports, char *text, char why[64])
{
	guint64 low, high;
	char *dash = strchr(text, '-');
	if (dash != NULL)
		*dash = '\0';
	if (!read_number(text, UINT16_MAX, &low) || !read_number(dash != NULL ? dash + 1 : text, UINT16_MAX, &high))
		return FALSE;
	AmPortRange range = {(uint16_t)low, (uint16_t)high};
	gboolean in_order = ports->len == 0 || g_array_index(ports, AmPortRange, ports->len - 1).high < low;
	if (low > high)
		g_snprintf(why, 64, ": %u-%u ends before it begins", range.low, range.high);
	g_array_append_val(ports, range);
	return in_order && low <= high;
}

/* "8" or "3.4", after the word "type" */
static gboolean add_type(GArray *types, char *text)
{
	guint64 type, code = 0;
	char *dot = strchr(text, '.');
	if (dot != NULL)
		*dot = '\0';
	if (!read_number(text, 255, &type) || (dot != NULL && !read_number(dot + 1, 255, &code)))
		return FALSE;
	AmIcmpType both = {(uint8_t)type, dot != NULL ? (int16_t)code : -1};
	g_array_append_val(types, both);
	return TRUE;
}

static gboolean read_service(AmService *service, const char *protocol, const char *text, char why[64])
{
	int ip_protocol;
	if (!am_protocol_parse(protocol, &ip_protocol))
		return FALSE;
	service->ip_protocol = (uint8_t)ip_protocol;
	if (strcmp(text, "any") == 0)
		return TRUE;
	gboolean has_types = ip_protocol == AM_PROTO_ICMP || ip_protocol == AM_PROTO_ICMPV6;
	if (!has_types && ip_protocol != AM_PROTO_TCP && ip_protocol != AM_PROTO_UDP && ip_protocol != AM_PROTO_SCTP)
		return FALSE;
	g_auto(GStrv) parts = g_strsplit(text, " ", -1);
	for (guint n = 0; parts[n] != NULL; n++) {
		if (!has_types) {
			if (!add_ports(service->ports, parts[n], why))
				return FALSE;
			continue;
		}
		if (strcmp(parts[n], "type") != 0 || parts[n + 1] == NULL || !add_type(service->types, parts[++n]))
			return FALSE;
	}
	return parts[0] != NULL;
}

static gboolean read_direction(const char *text, AmDirection *ret_direction)
{
	for (int n = 0; n < AM_N_DIRECTIONS; n++) {
		if (strcmp(am_direction_name((AmDirection)n), text) != 0)
			continue;
		*ret_direction = (AmDirection)n;
		return TRUE;
	}
	return FALSE;
}

static gboolean read_status(const char *text, AmRuleStatus *ret_status)
{
	gboolean approved = strcmp(text, "approved") == 0;
	*ret_status = approved ? AM_STATUS_APPROVED : AM_STATUS_PROPOSED;
	return approved || strcmp(text, "proposed") == 0;
}

static gboolean read_id(char id[15], const char *text)
{
	g_strlcpy(id, text, 15);
	return g_str_has_prefix(text, "r-") && strlen(text) == 14 && strspn(text + 2, "0123456789abcdef") == 12;
}

static gboolean read_time(const char *text, int64_t *ret_ns)
{
	return text[0] == '\0' || am_time_parse(text, ret_ns);
}

/* The rule of the line, or the column that is wrong. */
static Column set_rule(AmRule *rule, GString *const fields[N_COLUMNS], char why[64])
{
	AmRuleEvidence *evidence = &rule->evidence;
	guint64 days;
	if (!read_id(rule->id, fields[RULE_ID]->str))
		return RULE_ID;
	if (!read_status(fields[STATUS]->str, &rule->status))
		return STATUS;
	if (!read_addresses(&rule->from, fields[FROM_ADDRESSES]->str))
		return FROM_ADDRESSES;
	if (!read_addresses(&rule->to, fields[TO_ADDRESSES]->str))
		return TO_ADDRESSES;
	if (!read_service(&rule->service, fields[PROTOCOL]->str, fields[PORTS]->str, why))
		return PORTS;
	if (g_strlcpy(evidence->l7, fields[L7]->str, sizeof evidence->l7) >= sizeof evidence->l7)
		return L7;
	if (!read_direction(fields[DIRECTION]->str, &evidence->direction))
		return DIRECTION;
	if (!read_number(fields[CONNECTIONS]->str, G_MAXUINT64, &evidence->connections))
		return CONNECTIONS;
	if (!read_number(fields[DAYS]->str, UINT32_MAX, &days))
		return DAYS;
	evidence->days = (uint32_t)days;
	if (!read_time(fields[FIRST]->str, &evidence->first_ns))
		return FIRST;
	if (!read_time(fields[LAST]->str, &evidence->last_ns))
		return LAST;
	return read_number(fields[OVER_GRANT]->str, G_MAXUINT64, &rule->over_grant) ? N_COLUMNS : OVER_GRANT;
}

static gboolean fail(const CsvReader *csv, const char *what, GError **error)
{
	g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "the CSV is not understood at line %u: %s%s",
		    csv->line, what, csv->why);
	return FALSE;
}

static gboolean read_all(CsvReader *csv, AmPolicy *policy, GError **error)
{
	if (!read_fields(csv))
		return fail(csv, "it is no line of the columns that are exported", error);
	for (guint n = 0; n < N_COLUMNS; n++) {
		if (strcmp(csv->fields[n]->str, column_names[n]) != 0)
			return fail(csv, "the columns are not those that are exported", error);
	}
	while (csv->at < csv->end) {
		if (!read_fields(csv))
			return fail(csv, "it is no line of the columns that are exported", error);
		g_autoptr(AmRule) rule = am_rule_new();
		Column wrong = set_rule(rule, csv->fields, csv->why);
		if (wrong != N_COLUMNS)
			return fail(csv, column_names[wrong], error);
		g_ptr_array_add(policy->rules, g_steal_pointer(&rule));
	}
	return TRUE;
}

AmPolicy *am_import_csv(const char *text, size_t size, GError **error)
{
	CsvReader csv = {.at = text, .end = text + size};
	g_autoptr(AmPolicy) policy = am_policy_new();
	if (size > 0 && memchr(text, '\0', size) != NULL) {
		g_set_error_literal(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "the CSV holds a zero octet");
		return NULL;
	}
	for (guint n = 0; n < N_COLUMNS; n++)
		csv.fields[n] = g_string_new(NULL);
	gboolean ok = read_all(&csv, policy, error);
	for (guint n = 0; n < N_COLUMNS; n++)
		g_string_free(csv.fields[n], TRUE);
	return ok ? g_steal_pointer(&policy) : NULL;
}
