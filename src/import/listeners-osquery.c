/* osquery's table listening_ports (osquery.io/schema): the rows of a query that was asked by hand (osqueryi --json), an array of
 * objects; or lines of a results log, each an object (osquery's documentation, "Logging"):
 *
 *   {"name": ..., "hostIdentifier": ..., "unixTime": ..., "action": "added", "columns": {ROW}}     an event
 *   {..., "diffResults": {"added": [ROW...], "removed": [ROW...]}}                               a batch
 *   {..., "action": "snapshot", "snapshot": [ROW...]}                                             all there is
 *
 * A row: {"address": "0.0.0.0", "port": "22", "protocol": "6", "family": "2", "pid": ...}; a query that joins the processes may
 * have "name", too. Which query it is, the columns tell. */
#include "config.h"

#include "listener-list.h"

#include "allowmap/model/packet.h"

#include <jansson.h>
#include <string.h>

typedef struct {
	AmListReader *reader;
	AmAddress host;
	int64_t at_ns;
	char *told_host; /* the identifier that --host stands for; NULL = none so far */
} Log;

/* A number, or a text of digits. */
static gboolean read_number(const json_t *value, uint64_t most, uint64_t *ret_number)
{
	if (json_is_integer(value)) {
		json_int_t number = json_integer_value(value);
		if (number < 0 || (uint64_t)number > most)
			return FALSE;
		*ret_number = (uint64_t)number;
		return TRUE;
	}
	const char *text = json_string_value(value);
	guint64 number;
	if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, most, &number, NULL))
		return FALSE;
	*ret_number = number;
	return TRUE;
}

static AmListSkip read_row(const json_t *row, AmListSocket *socket)
{
	const json_t *address = json_object_get(row, "address"), *name = json_object_get(row, "name");
	uint64_t port, ip_protocol;
	if (!json_is_string(address) || !read_number(json_object_get(row, "port"), UINT16_MAX, &port) ||
	    !read_number(json_object_get(row, "protocol"), UINT8_MAX, &ip_protocol))
		return AM_LIST_SKIP_SYNTAX;
	if (port == 0 || (ip_protocol != AM_PROTO_TCP && ip_protocol != AM_PROTO_UDP && ip_protocol != AM_PROTO_SCTP))
		return AM_LIST_SKIP_SERVICE;
	const char *text = json_string_value(address);
	const char *percent = strchr(text, '%');
	size_t size = percent != NULL ? (size_t)(percent - text) : json_string_length(address);
	if (!am_list_address(text, size, &socket->address))
		return AM_LIST_SKIP_SYNTAX;
	socket->wide = socket->address.family == 6;
	socket->port = (uint16_t)port;
	socket->ip_protocol = (uint8_t)ip_protocol;
	if (json_is_string(name)) {
		socket->program = json_string_value(name);
		socket->program_size = json_string_length(name);
	}
	return AM_LIST_USED;
}

static void add_row(const Log *log, const json_t *row, gboolean is_closed)
{
	AmListSocket socket = {.host = log->host, .at_ns = log->at_ns, .is_closed = is_closed};
	AmListSkip reason = read_row(row, &socket);
	if (reason == AM_LIST_USED)
		am_list_add(log->reader, &socket);
	else
		am_list_skip(log->reader, reason);
}

static void add_rows(const Log *log, const json_t *rows, gboolean is_closed)
{
	for (size_t n = 0; n < json_array_size(rows); n++)
		add_row(log, json_array_get(rows, n), is_closed);
}

/* The host of --host, if that is told. */
static gboolean use_told_host(Log *log)
{
	const GArray *hosts = log->reader->options->hosts;
	if (hosts == NULL || hosts->len == 0)
		return FALSE;
	log->host = g_array_index(hosts, AmAddress, 0);
	return TRUE;
}

static gboolean find_host(Log *log, const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "hostIdentifier"));
	if (name == NULL)
		return use_told_host(log);
	if (am_list_address(name, strlen(name), &log->host))
		return TRUE;
	if (log->told_host == NULL)
		log->told_host = g_strdup(name);
	return strcmp(log->told_host, name) == 0 && use_told_host(log);
}

static gboolean is_of_ports(const json_t *row)
{
	return json_object_get(row, "port") != NULL && json_object_get(row, "protocol") != NULL &&
	       json_object_get(row, "address") != NULL;
}

/* Of a list without rows it is not known which query it is. */
static gboolean are_of_ports(const json_t *rows)
{
	return json_array_size(rows) > 0 && is_of_ports(json_array_get(rows, 0));
}

static void read_results(Log *log, const json_t *line)
{
	const json_t *columns = json_object_get(line, "columns"), *snapshot = json_object_get(line, "snapshot");
	const json_t *batch = json_object_get(line, "diffResults");
	const json_t *added = json_object_get(batch, "added"), *removed = json_object_get(batch, "removed");
	const char *action = json_string_value(json_object_get(line, "action"));
	uint64_t seconds = 0;
	if (!is_of_ports(columns) && !are_of_ports(snapshot) && !are_of_ports(added) && !are_of_ports(removed)) {
		am_list_skip(log->reader, AM_LIST_SKIP_QUERY);
		return;
	}
	if (!read_number(json_object_get(line, "unixTime"), INT64_MAX / AM_NS_PER_S, &seconds) || seconds == 0) {
		am_list_skip(log->reader, AM_LIST_SKIP_TIME);
		return;
	}
	if (!find_host(log, line)) {
		am_list_skip(log->reader, AM_LIST_SKIP_HOST);
		return;
	}
	log->at_ns = (int64_t)seconds * AM_NS_PER_S;
	if (columns != NULL)
		add_row(log, columns, action != NULL && strcmp(action, "removed") == 0);
	add_rows(log, added, FALSE);
	add_rows(log, removed, TRUE);
	if (snapshot == NULL)
		return;
	add_rows(log, snapshot, FALSE);
	am_list_add_whole(log->reader, &log->host, log->at_ns);
}

static void read_lines(Log *log, const char *text, size_t size)
{
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t length = end != NULL ? (size_t)(end - text) : size;
		if (length > 0 && *text != '\r') {
			json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
			if (json_is_object(line))
				read_results(log, line);
			else
				am_list_skip(log->reader, AM_LIST_SKIP_SYNTAX);
			json_decref(line);
		}
		text += MIN(length + 1, size);
		size -= MIN(length + 1, size);
	}
}

gboolean am_list_read_osquery(AmListReader *reader, const char *text, size_t size, GError **error)
{
	Log log = {.reader = reader, .at_ns = reader->options->taken_ns};
	size_t first = 0;
	while (first < size && g_ascii_isspace(text[first]))
		first++;
	if (first == size || text[first] != '[') {
		read_lines(&log, text + first, size - first);
		g_free(log.told_host);
		return TRUE;
	}
	json_error_t failure;
	json_t *rows = json_loadb(text, size, JSON_REJECT_DUPLICATES, &failure);
	if (rows == NULL) {
		g_autofree char *why = am_text_safe_dup(failure.text);
		g_set_error(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID, "line %d: %s", failure.line, why);
		return FALSE;
	}
	if (use_told_host(&log)) {
		add_rows(&log, rows, FALSE);
		am_list_add_whole(reader, &log.host, log.at_ns);
	} else {
		am_list_skip(reader, AM_LIST_SKIP_HOST);
	}
	json_decref(rows);
	return TRUE;
}
