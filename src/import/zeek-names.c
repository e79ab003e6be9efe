/* Zeek's logs beside conn.log that tell what addresses are called: dns, dhcp, ssl, ntlm and kerberos, in both forms (Zeek manual,
 * "dns.log", ...). They make observations and no connections: those are in conn.log. Which log a line is of is told by the
 * columns that it has. Names are what somebody said, as in packets: the map weighs them. */
#include "config.h"

#include "zeek-tsv.h"

#include "allowmap/model/observation.h"

#include <string.h>

#define MAX_ANSWERS 8 /* of a JSON array that are read */
#define MAX_NAME 256  /* RFC 1035, 3.1, as text */
#define DNS_PORT 53

#define COLUMNS(X)                                                                                                     \
	X(TS, "ts")                                                                                                    \
	X(ORIG_H, "id.orig_h")                                                                                         \
	X(RESP_H, "id.resp_h")                                                                                         \
	X(RESP_P, "id.resp_p")                                                                                         \
	X(QUERY, "query")                                                                                              \
	X(QTYPE, "qtype_name")                                                                                         \
	X(ANSWERS, "answers")                                                                                          \
	X(ANSWER_0, "answers.0")                                                                                       \
	X(ANSWER_1, "answers.1")                                                                                       \
	X(ANSWER_2, "answers.2")                                                                                       \
	X(ANSWER_3, "answers.3")                                                                                       \
	X(ANSWER_4, "answers.4")                                                                                       \
	X(ANSWER_5, "answers.5")                                                                                       \
	X(ANSWER_6, "answers.6")                                                                                       \
	X(ANSWER_7, "answers.7")                                                                                       \
	X(SERVER_NAME, "server_name")                                                                                  \
	X(MAC, "mac")                                                                                                  \
	X(ASSIGNED, "assigned_addr")                                                                                   \
	X(HOST_NAME, "host_name")                                                                                      \
	X(NTLM_DNS, "server_dns_computer_name")                                                                        \
	X(NTLM_NB, "server_nb_computer_name")                                                                          \
	X(CLIENT, "client")

typedef enum {
#define X(id, name) COLUMN_##id,
	COLUMNS(X)
#undef X
		N_COLUMNS,
} Column;

static const char *const names[] = {
#define X(id, name) name,
	COLUMNS(X)
#undef X
};

typedef struct {
	AmZeekTsv *tsv;
} Reader;

/* What a line's observations have in common, on their way out. */
typedef struct {
	AmLogSink *sink;
	GError **error;
	int64_t time_ns;
	gboolean failed;
} Teller;

/* A name or MAC, of any octets; what is not one tells nothing. */
static void tell(Teller *teller, const AmAddress *address, AmObservedKind kind, const AmLogValue *value)
{
	AmObservation observation;
	if (teller->failed || value->text == NULL ||
	    !am_observation_fill(&observation, address, kind, value->text, value->size))
		return;
	observation.first_ns = observation.last_ns = teller->time_ns;
	observation.count = 1;
	teller->failed = !am_log_observe(teller->sink, &observation, teller->error);
}

/* The answers of a question for an address: names on the way to it, where an alias led on, then addresses, which belong to the last
 * of the names. Of a reverse question, the names. */
typedef struct {
	AmLogValue query, owner;
	AmAddress reversed; /* family 0: no reverse question */
} Dns;

static void tell_answer(Teller *teller, Dns *dns, AmLogValue answer)
{
	AmAddress address;
	if (dns->reversed.family != 0) {
		tell(teller, &dns->reversed, AM_OBSERVED_PTR, &answer);
	} else if (am_log_address(&answer, &address)) {
		tell(teller, &address, AM_OBSERVED_DNS, &dns->owner);
		if (dns->owner.text != dns->query.text)
			tell(teller, &address, AM_OBSERVED_ALIAS, &dns->query);
	} else if (answer.size > 0) {
		dns->owner = answer;
	}
}

static gboolean tell_dns(const Reader *reader, Teller *teller, const AmLogValue *values)
{
	char query[MAX_NAME];
	Dns dns = {values[COLUMN_QUERY], values[COLUMN_QUERY], {0}};
	uint16_t port = DNS_PORT;
	/* mDNS and LLMNR are in the same log; their answers are of one who may be anybody. */
	if (values[COLUMN_RESP_P].text != NULL && (!am_log_port(&values[COLUMN_RESP_P], &port) || port != DNS_PORT))
		return FALSE;
	if (am_log_is(&values[COLUMN_QTYPE], "PTR") &&
	    (!am_log_copy(&dns.query, query, sizeof query) || !am_address_parse_reverse(query, &dns.reversed)))
		return FALSE;
	gboolean any = FALSE;
	for (int n = 0; n < MAX_ANSWERS && values[COLUMN_ANSWER_0 + n].text != NULL; n++, any = TRUE)
		tell_answer(teller, &dns, values[COLUMN_ANSWER_0 + n]);
	AmLogValue rest = values[COLUMN_ANSWERS];
	if (reader->tsv == NULL || rest.text == NULL)
		return any;
	const char *separator = reader->tsv->set_separator;
	for (AmLogValue answer; (answer = am_log_part(&rest, separator, strlen(separator))).text != NULL;)
		tell_answer(teller, &dns, answer);
	return TRUE;
}

static gboolean tell_dhcp(Teller *teller, const AmLogValue *values)
{
	AmAddress address;
	if (!am_log_address(&values[COLUMN_ASSIGNED], &address))
		return FALSE;
	tell(teller, &address, AM_OBSERVED_LEASE, &values[COLUMN_MAC]);
	tell(teller, &address, AM_OBSERVED_DHCP, &values[COLUMN_HOST_NAME]);
	return values[COLUMN_MAC].text != NULL || values[COLUMN_HOST_NAME].text != NULL;
}

/* "WS-17$/LAB.TEST": the account of the machine that asks. */
static gboolean tell_kerberos(Teller *teller, const AmLogValue *values)
{
	AmAddress address;
	AmLogValue client = values[COLUMN_CLIENT];
	const char *end = client.text != NULL ? memchr(client.text, '$', client.size) : NULL;
	if (end == NULL || !am_log_address(&values[COLUMN_ORIG_H], &address))
		return FALSE;
	AmLogValue name = {client.text, (size_t)(end - client.text)};
	if (memchr(name.text, '/', name.size) != NULL)
		return FALSE;
	tell(teller, &address, AM_OBSERVED_KERBEROS, &name);
	return TRUE;
}

static gboolean tell_server(Teller *teller, const AmLogValue *values)
{
	AmAddress address;
	if (!am_log_address(&values[COLUMN_RESP_H], &address))
		return FALSE;
	AmLogValue ntlm = values[COLUMN_NTLM_DNS].text != NULL ? values[COLUMN_NTLM_DNS] : values[COLUMN_NTLM_NB];
	tell(teller, &address, AM_OBSERVED_HOST, &values[COLUMN_SERVER_NAME]);
	tell(teller, &address, AM_OBSERVED_NTLM, &ntlm);
	return values[COLUMN_SERVER_NAME].text != NULL || ntlm.text != NULL;
}

static int use(const Reader *reader, const AmLogValue *values, AmLogSink *sink, GError **error)
{
	Teller teller = {.sink = sink, .error = error};
	gboolean used;
	if (!am_log_time(&values[COLUMN_TS], &teller.time_ns))
		return AM_LOG_SKIP_TIME;
	if (values[COLUMN_QUERY].text != NULL)
		used = tell_dns(reader, &teller, values);
	else if (values[COLUMN_ASSIGNED].text != NULL)
		used = tell_dhcp(&teller, values);
	else if (values[COLUMN_CLIENT].text != NULL)
		used = tell_kerberos(&teller, values);
	else
		used = tell_server(&teller, values);
	return teller.failed ? AM_LOG_FAILED : used ? AM_LOG_USED : AM_LOG_SKIP_OTHER;
}

static gpointer begin(const AmLogOptions *options)
{
	(void)options;
	return g_new0(Reader, 1);
}

static void reader_free(gpointer state)
{
	Reader *reader = state;
	g_free(reader->tsv);
	g_free(reader);
}

static int read_tsv(Reader *reader, const char *line, size_t size, AmLogSink *sink, GError **error)
{
	AmLogValue values[N_COLUMNS];
	if (reader->tsv == NULL)
		reader->tsv = am_zeek_tsv_new(names, G_N_ELEMENTS(names));
	if (line[0] == '#')
		return am_zeek_tsv_directive(reader->tsv, line, size, error) ? AM_LOG_COMMENT : AM_LOG_FAILED;
	if (reader->tsv->n_fields == 0) {
		g_set_error_literal(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID,
				    "the log has no #fields line before its records");
		return AM_LOG_FAILED;
	}
	return am_zeek_tsv_values(reader->tsv, line, size, values) ? use(reader, values, sink, error)
								   : AM_LOG_SKIP_SYNTAX;
}

static int read_line(gpointer state, char *line, size_t size, AmLogSink *sink, GError **error)
{
	Reader *reader = state;
	AmLogValue values[N_COLUMNS];
	if (line[0] != '{')
		return read_tsv(reader, line, size, sink, error);
	return am_log_json(line, size, names, G_N_ELEMENTS(names), values) ? use(reader, values, sink, error)
									   : AM_LOG_SKIP_SYNTAX;
}

/* The columns by which each log is known; of conn.log, which is asked first, nothing is here. */
static gboolean recognise(const char *text, size_t size)
{
	static const char *const known[][2] = {{"query", "qtype_name"},
					       {"assigned_addr", "lease_time"},
					       {"server_name", "cipher"},
					       {"hostname", "server_nb_computer_name"},
					       {"request_type", "client"}};
	const char *line = am_zeek_is_tsv(text, size) ? memmem(text, size, "#fields", strlen("#fields")) : text;
	if (line == NULL || (line == text && !am_log_is_zeek(text, size) && !(size > 0 && text[0] == '{')))
		return FALSE;
	size_t left = size - (size_t)(line - text);
	const char *end = memchr(line, '\n', left);
	left = end != NULL ? (size_t)(end - line) : left;
	if (memmem(line, left, "ts", 2) == NULL || memmem(line, left, "uid", 3) == NULL)
		return FALSE;
	for (guint n = 0; n < G_N_ELEMENTS(known); n++)
		if (memmem(line, left, known[n][0], strlen(known[n][0])) != NULL &&
		    memmem(line, left, known[n][1], strlen(known[n][1])) != NULL)
			return TRUE;
	return FALSE;
}

const AmLogFormat am_log_zeek_names = {
	.kind = AM_INPUT_ZEEK_NAMES, .recognise = recognise, .begin = begin, .line = read_line, .free = reader_free};
