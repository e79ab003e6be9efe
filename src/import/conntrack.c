/* Linux's connection tracking as text: `conntrack -L`, also with -o extended, id, timestamp, ktimestamp or labels;
 * /proc/net/nf_conntrack, which is the same as extended; and of `conntrack -E -o timestamp` the connections that ended
 * (conntrack(8), libnetfilter_conntrack's snprintf_default.c).
 *
 * Time. A list tells none but, with nf_conntrack_timestamp, for how long a connection has been open: its time is the
 * snapshot's, which whoever opens the log knows. A connection that began on an earlier day counts on the snapshot's day. An
 * event without its time is of no use.
 *
 * Direction. The original tuple is of who sent the first packet that was tracked. SYN_SENT and SYN_RECV prove a SYN; later
 * states nearly do: the kernel also takes up connections in their middle (nf_conntrack_tcp_loose), so there it is a protocol
 * role, and not even that where a system port seems to have called a higher one. NAT: the connection is the original one, as
 * the client knows it; what the reply tuple says of translation is not kept.
 *
 * Counters are there with nf_conntrack_acct only. Without them the state tells what must have passed at least: what is ASSURED
 * was answered and, unless it was reset, is taken to have exchanged an octet each way. */
#include "config.h"

#include "log.h"

#include "allowmap/model/packet.h"

#include <string.h>

typedef struct {
	AmLogValue src, dst, sport, dport, type, code, packets, bytes;
} Tuple;

typedef enum { EVENT_NONE, EVENT_OPEN, EVENT_ENDED } Event;

typedef struct {
	AmLogValue time, protocol, state, age;
	Event event;
	int n_tuples;
	Tuple tuples[2];
	gboolean unreplied, assured;
} Entry;

static gboolean read_pair(Entry *entry, const AmLogValue *word)
{
	const char *equals = memchr(word->text, '=', word->size);
	if (equals == NULL)
		return TRUE;
	AmLogValue name = {word->text, (size_t)(equals - word->text)};
	AmLogValue value = {equals + 1, word->size - name.size - 1};
	if (am_log_is(&name, "src") && ++entry->n_tuples > 2)
		return FALSE;
	if (am_log_is(&name, "delta-time"))
		entry->age = value;
	if (entry->n_tuples == 0)
		return TRUE;
	Tuple *tuple = &entry->tuples[entry->n_tuples - 1];
	const struct {
		const char *name;
		AmLogValue *value;
	} places[] = {
		{"src", &tuple->src},   {"dst", &tuple->dst},   {"sport", &tuple->sport},     {"dport", &tuple->dport},
		{"type", &tuple->type}, {"code", &tuple->code}, {"packets", &tuple->packets}, {"bytes", &tuple->bytes},
	};
	for (guint n = 0; n < G_N_ELEMENTS(places); n++) {
		if (am_log_is(&name, places[n].name))
			*places[n].value = value;
	}
	return TRUE;
}

/* "[1772409600.123456]" and "[DESTROY]", and what comes in other brackets: nothing that is used. */
static void read_bracket(Entry *entry, const AmLogValue *word)
{
	if (am_log_is(word, "[UNREPLIED]"))
		entry->unreplied = TRUE;
	else if (am_log_is(word, "[ASSURED]"))
		entry->assured = TRUE;
	else if (am_log_is(word, "[NEW]") || am_log_is(word, "[UPDATE]"))
		entry->event = EVENT_OPEN;
	else if (am_log_is(word, "[DESTROY]"))
		entry->event = EVENT_ENDED;
	else if (word->size > 2 && g_ascii_isdigit(word->text[1]) && word->text[word->size - 1] == ']')
		entry->time = (AmLogValue){word->text + 1, word->size - 2};
}

static gboolean is_state_word(const AmLogValue *word)
{
	for (size_t n = 0; n < word->size; n++) {
		if (!g_ascii_isupper(word->text[n]) && !g_ascii_isdigit(word->text[n]) && word->text[n] != '_')
			return FALSE;
	}
	return g_ascii_isupper(word->text[0]);
}

/* FALSE: no such line. */
static gboolean read_entry(const char *line, size_t size, Entry *entry)
{
	AmLogValue rest = {line, size}, word = am_log_word(&rest);
	memset(entry, 0, sizeof *entry);
	for (; word.text != NULL && word.text[0] == '['; word = am_log_word(&rest))
		read_bracket(entry, &word);
	if (am_log_is(&word, "ipv4") || am_log_is(&word, "ipv6")) {
		(void)am_log_word(&rest);
		word = am_log_word(&rest);
	}
	/* The protocol's name, which may be "unknown", and its number. */
	entry->protocol = am_log_word(&rest);
	if (word.text == NULL || !g_ascii_isalpha(word.text[0]))
		return FALSE;
	while ((word = am_log_word(&rest)).text != NULL) {
		if (word.text[0] == '[')
			read_bracket(entry, &word);
		else if (entry->n_tuples == 0 && entry->state.text == NULL && is_state_word(&word))
			entry->state = word;
		else if (!read_pair(entry, &word))
			return FALSE;
	}
	return entry->n_tuples == 2;
}

/* ---- What it says */

/* Reads what the original tuple says of the ends. */
static AmLogSkip read_ends(const Entry *entry, AmLogFlow *flow)
{
	const Tuple *tuple = &entry->tuples[0];
	uint64_t number;
	if (!am_log_address(&tuple->src, &flow->address[0]) || !am_log_address(&tuple->dst, &flow->address[1]) ||
	    flow->address[0].family != flow->address[1].family)
		return AM_LOG_SKIP_ADDRESS;
	if (!am_log_count(&entry->protocol, 255, &number))
		return AM_LOG_SKIP_SERVICE;
	flow->ip_protocol = (int)number;
	if (am_service_has_ports((uint8_t)number) &&
	    (!am_log_port(&tuple->sport, &flow->port[0]) || !am_log_port(&tuple->dport, &flow->port[1])))
		return AM_LOG_SKIP_SERVICE;
	return AM_LOG_USED;
}

static AmLogSkip read_times(const Entry *entry, int64_t snapshot_ns, AmLogFlow *flow)
{
	int64_t at_ns = snapshot_ns, age_ns = 0;
	if (entry->time.text != NULL && !am_log_seconds(&entry->time, &at_ns))
		return AM_LOG_SKIP_TIME;
	if (entry->event != EVENT_NONE && entry->time.text == NULL)
		return AM_LOG_SKIP_TIME;
	if (entry->age.text != NULL && (!am_log_seconds(&entry->age, &age_ns) || age_ns > at_ns))
		return AM_LOG_SKIP_TIME;
	flow->first_ns = at_ns - age_ns;
	flow->last_ns = at_ns;
	if (entry->event == EVENT_NONE && am_time_day(flow->first_ns) != am_time_day(at_ns))
		flow->first_ns = at_ns;
	return AM_LOG_USED;
}

/* *ret_counted: the kernel counted. */
static gboolean read_counts(const Entry *entry, AmLogFlow *flow, gboolean *ret_counted)
{
	*ret_counted = entry->tuples[0].packets.text != NULL;
	for (int end = 0; end < 2; end++) {
		if (!am_log_count_or_0(&entry->tuples[end].packets, INT64_MAX, &flow->packets[end]) ||
		    !am_log_count_or_0(&entry->tuples[end].bytes, INT64_MAX, &flow->ip_bytes[end]))
			return FALSE;
	}
	for (int end = 0; end < 2; end++)
		flow->payload[end] = am_log_payload(flow, end);
	return TRUE;
}

/* No flags are told, but there was a SYN and perhaps a RST among the packets. */
static void reckon_payload(AmLogFlow *flow, uint8_t flags)
{
	flow->tcp_flags[0] = flow->tcp_flags[1] = flags;
	for (int end = 0; end < 2; end++)
		flow->payload[end] = am_log_payload(flow, end);
	flow->tcp_flags[0] = flow->tcp_flags[1] = 0;
}

/* At least so many packets, and an octet in each direction that has words. */
static void suppose(AmLogFlow *flow, uint64_t there, uint64_t back, gboolean words)
{
	flow->packets[0] = there;
	flow->packets[1] = back;
	flow->payload[0] = words && there > 0;
	flow->payload[1] = words && back > 0;
}

/* TCP's states, of which those from ESTABLISHED on say that both sides spoke. */
typedef enum { TCP_NONE, TCP_SYN_SENT, TCP_SYN_RECV, TCP_ESTABLISHED, TCP_ENDING, TCP_ENDED, TCP_CLOSE } TcpState;

static gboolean tcp_state(const AmLogValue *word, TcpState *ret_state)
{
	static const struct {
		const char *word;
		TcpState state;
	} states[] = {
		{"NONE", TCP_NONE},       {"SYN_SENT", TCP_SYN_SENT}, {"SYN_SENT2", TCP_SYN_SENT},
		{"LISTEN", TCP_SYN_SENT}, {"SYN_RECV", TCP_SYN_RECV}, {"ESTABLISHED", TCP_ESTABLISHED},
		{"FIN_WAIT", TCP_ENDING}, {"CLOSE_WAIT", TCP_ENDING}, {"LAST_ACK", TCP_ENDED},
		{"TIME_WAIT", TCP_ENDED}, {"CLOSE", TCP_CLOSE},
	};
	for (guint n = 0; n < G_N_ELEMENTS(states); n++) {
		if (!am_log_is(word, states[n].word))
			continue;
		*ret_state = states[n].state;
		return TRUE;
	}
	return FALSE;
}

static gboolean seems_turned_round(const AmLogFlow *flow)
{
	return flow->port[0] < 1024 && flow->port[1] >= 1024;
}

static AmOutcome tcp_outcome(const Entry *entry, const AmLogFlow *flow, TcpState state)
{
	if (flow->payload[0] > 0 && flow->payload[1] > 0)
		return AM_OUTCOME_ACCEPTED;
	if (entry->unreplied)
		return state == TCP_SYN_SENT ? AM_OUTCOME_SILENT : AM_OUTCOME_MIDSTREAM;
	if (state == TCP_CLOSE)
		return entry->assured ? AM_OUTCOME_MIDSTREAM : AM_OUTCOME_REFUSED;
	return entry->assured && (state == TCP_ENDING || state == TCP_ENDED) ? AM_OUTCOME_ACCEPTED
									     : AM_OUTCOME_MIDSTREAM;
}

static AmLogSkip tell_tcp(const Entry *entry, gboolean counted, AmLogFlow *flow)
{
	/* An event of an end tells no state where the kernel is old. */
	TcpState state = entry->assured ? TCP_ESTABLISHED : TCP_NONE;
	if (entry->state.text == NULL ? entry->event != EVENT_ENDED : !tcp_state(&entry->state, &state))
		return AM_LOG_SKIP_STATE;
	gboolean opened = entry->assured && state >= TCP_ESTABLISHED;
	reckon_payload(flow, state == TCP_CLOSE ? AM_TCP_SYN | AM_TCP_RST : AM_TCP_SYN);
	if (!counted)
		suppose(flow, opened ? 2 : 1, entry->unreplied ? 0 : 1, opened && state != TCP_CLOSE);
	if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		flow->evidence |= AM_EVIDENCE_SYN_LO;
	if (state == TCP_SYN_RECV)
		flow->evidence |= AM_EVIDENCE_SYNACK_HI;
	if (opened)
		flow->evidence |= AM_EVIDENCE_HANDSHAKE;
	if (opened && !seems_turned_round(flow))
		flow->evidence |= AM_EVIDENCE_CLIENT_LO;
	if (state == TCP_ENDED)
		flow->evidence |= AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI;
	if ((flow->evidence & (AM_EVIDENCE_SYN_LO | AM_EVIDENCE_HANDSHAKE)) == 0)
		flow->evidence |= AM_EVIDENCE_MIDSTREAM;
	flow->outcome = tcp_outcome(entry, flow, state);
	return AM_LOG_USED;
}

static AmLogSkip tell_other(const Entry *entry, gboolean counted, AmLogFlow *flow)
{
	uint64_t type, code;
	if (!counted)
		suppose(flow, 1, entry->unreplied ? 0 : 1, TRUE);
	if (am_service_is_icmp((uint8_t)flow->ip_protocol)) {
		if (!am_log_count(&entry->tuples[0].type, 255, &type) ||
		    !am_log_count(&entry->tuples[0].code, 255, &code))
			return AM_LOG_SKIP_SERVICE;
		am_log_icmp(flow, (uint8_t)type, (uint8_t)code, !entry->unreplied);
		return AM_LOG_USED;
	}
	flow->outcome = !entry->unreplied                    ? AM_OUTCOME_ACCEPTED
			: flow->ip_protocol == AM_PROTO_SCTP ? AM_OUTCOME_SILENT
							     : AM_OUTCOME_ONE_WAY;
	if (!entry->unreplied)
		flow->evidence |= AM_EVIDENCE_CLIENT_LO;
	return AM_LOG_USED;
}

static AmLogSkip read_flow(const Entry *entry, int64_t snapshot_ns, AmLogFlow *flow)
{
	gboolean counted;
	memset(flow, 0, sizeof *flow);
	AmLogSkip skip = read_times(entry, snapshot_ns, flow);
	if (skip == AM_LOG_USED)
		skip = read_ends(entry, flow);
	if (skip != AM_LOG_USED)
		return skip;
	if (!read_counts(entry, flow, &counted))
		return AM_LOG_SKIP_COUNT;
	flow->evidence = AM_EVIDENCE_FIRST_LO;
	return flow->ip_protocol == AM_PROTO_TCP ? tell_tcp(entry, counted, flow) : tell_other(entry, counted, flow);
}

/* ---- Lines */

/* conntrack says on standard error how many it has shown; who sends both to one file has that, too. */
static gboolean is_closing_line(const char *line, size_t size)
{
	return size >= 11 && memcmp(line, "conntrack v", 11) == 0;
}

static gpointer begin(const AmLogOptions *options)
{
	return g_memdup2(&options->snapshot_ns, sizeof options->snapshot_ns);
}

static int line(gpointer state, char *text, size_t size, AmLogSink *sink, GError **error)
{
	Entry entry;
	AmLogFlow flow;
	if (is_closing_line(text, size))
		return AM_LOG_COMMENT;
	if (!read_entry(text, size, &entry))
		return AM_LOG_SKIP_SYNTAX;
	if (entry.event == EVENT_OPEN)
		return AM_LOG_SKIP_OTHER;
	AmLogSkip skip = read_flow(&entry, *(const int64_t *)state, &flow);
	if (skip != AM_LOG_USED)
		return (int)skip;
	return am_log_emit(sink, &flow, error) ? AM_LOG_USED : AM_LOG_FAILED;
}

/* An entry among the first lines; before it may come what conntrack has to say. */
static gboolean recognise(const char *text, size_t size)
{
	for (int n = 0; n < 8 && size > 0; n++) {
		const char *end = memchr(text, '\n', size);
		size_t length = end != NULL ? (size_t)(end - text) : size;
		Entry entry;
		AmAddress address;
		if (read_entry(text, length, &entry) && am_log_address(&entry.tuples[0].src, &address) &&
		    am_log_address(&entry.tuples[0].dst, &address))
			return TRUE;
		text += MIN(length + 1, size);
		size -= MIN(length + 1, size);
	}
	return FALSE;
}

const AmLogFormat am_log_conntrack = {
	.kind = AM_INPUT_CONNTRACK, .recognise = recognise, .begin = begin, .line = line, .free = g_free};
