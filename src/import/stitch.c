/* Puts connections together from records of their directions and intervals. See stitch.h for what belongs together, and what
 * bounds it. The order in which connections are handed over depends on the log alone. */
#include "config.h"

#include "stitch.h"

#include "allowmap/model/packet.h"

#include <string.h>
#include <sys/random.h>

#define GAP_NS (15 * 60 * AM_NS_PER_S)
#define MAX_OPEN 65536

/* Without holes: it is hashed as it stands, with a random number, so that nobody can choose addresses that collide. */
typedef struct {
	uint64_t seed;
	int32_t ip_protocol, day;
	uint16_t port[2];     /* of ICMP both are what is asked */
	AmAddress address[2]; /* lo, hi */
	uint8_t unused[2];
} Key;
_Static_assert(sizeof(Key) == 56, "a key has no holes");

/* Index 0 is lo→hi. */
typedef struct Entry Entry;
struct Entry {
	Key key;
	Entry *older, *newer;
	int64_t heard_ns; /* the log's clock when it was heard of last */
	uint64_t packets[2], ip_bytes[2], payload[2];
	int64_t first_ns[2], last_ns[2];
	uint32_t point[2];
	uint32_t hours;
	gboolean seen[2], passed[2], refused; /* passed: at `point` */
	gboolean client[2];                   /* was said to be it */
	gboolean syn_alone[2];                /* in a record without ACK */
	uint8_t tcp_flags[2], icmp_type[2], icmp_code[2];
	uint8_t first; /* whose record came first */
	char l7[AM_L7_SIZE];
};

struct AmLogStitch {
	AmLogStitchRules rules;
	uint64_t seed;
	GHashTable *open; /* Entry, by its key */
	Entry *oldest, *newest;
	int64_t clock_ns; /* the latest time in the log */
};

static guint hash_key(gconstpointer data)
{
	const uint8_t *bytes = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t n = 0; n < sizeof(Key); n++)
		hash = (hash ^ bytes[n]) * UINT64_C(0x100000001b3);
	return (guint)(hash ^ hash >> 32);
}

static gboolean same_key(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(Key)) == 0;
}

AmLogStitch *am_log_stitch_new(AmLogStitchRules rules)
{
	AmLogStitch *stitch = g_new0(AmLogStitch, 1);
	stitch->rules = rules;
	if (getrandom(&stitch->seed, sizeof stitch->seed, GRND_NONBLOCK) != sizeof stitch->seed)
		stitch->seed = (uintptr_t)stitch; /* early at boot: better than nothing */
	stitch->open = g_hash_table_new_full(hash_key, same_key, NULL, g_free);
	return stitch;
}

void am_log_stitch_free(AmLogStitch *stitch)
{
	if (stitch == NULL)
		return;
	g_hash_table_unref(stitch->open);
	g_free(stitch);
}

/* ---- From an entry to a connection */

/* Who sent the SYN, where both directions show one or it may be a SYN-ACK; -1: nobody that is known. */
static int opener_of(const AmLogStitch *stitch, const Entry *entry)
{
	gboolean any[2];
	for (int side = 0; side < 2; side++)
		any[side] = (entry->tcp_flags[side] & AM_TCP_SYN) != 0;
	if (entry->syn_alone[0] != entry->syn_alone[1])
		return entry->syn_alone[1];
	if ((stitch->rules & AM_LOG_STITCH_FIRST_BEGAN) != 0 && any[entry->first])
		return entry->first;
	if ((stitch->rules & AM_LOG_STITCH_TIMES) != 0 && any[0] && any[1] && entry->first_ns[0] != entry->first_ns[1])
		return entry->first_ns[1] < entry->first_ns[0];
	return -1;
}

/* Who sent the first packet; -1: not known. */
static int beginner_of(const AmLogStitch *stitch, const Entry *entry, int opener)
{
	if (opener >= 0)
		return opener;
	if (entry->packets[0] == 0 || entry->packets[1] == 0)
		return entry->packets[0] == 0;
	if ((stitch->rules & AM_LOG_STITCH_FIRST_BEGAN) != 0)
		return entry->first;
	if ((stitch->rules & AM_LOG_STITCH_TIMES) != 0 && entry->first_ns[0] != entry->first_ns[1])
		return entry->first_ns[1] < entry->first_ns[0];
	return -1;
}

static void set_ends(const Entry *entry, int beginner, AmLogFlow *flow)
{
	for (int end = 0; end < 2; end++) {
		int side = beginner == 1 ? !end : end;
		flow->address[end] = entry->key.address[side];
		flow->port[end] = entry->key.port[side];
		flow->packets[end] = entry->packets[side];
		flow->ip_bytes[end] = entry->ip_bytes[side];
		flow->payload[end] = entry->payload[side];
		flow->tcp_flags[end] = entry->tcp_flags[side];
	}
	for (int end = 0; end < 2; end++)
		flow->payload[end] = MAX(flow->payload[end], am_log_payload(flow, end));
	gboolean one_way = !entry->seen[0] || !entry->seen[1];
	int only = entry->seen[0] ? 0 : 1;
	flow->first_ns = one_way ? entry->first_ns[only] : MIN(entry->first_ns[0], entry->first_ns[1]);
	flow->last_ns = one_way ? entry->last_ns[only] : MAX(entry->last_ns[0], entry->last_ns[1]);
	flow->hours = entry->hours;
}

/* TCP of which no flags are told and only one side sent, without a word: nobody answered. */
static gboolean is_unanswered(const AmLogFlow *flow)
{
	return (flow->packets[0] == 0 || flow->packets[1] == 0) && flow->payload[0] + flow->payload[1] == 0 &&
	       (flow->tcp_flags[0] | flow->tcp_flags[1]) == 0;
}

/* By the type that who began sent, or else by what came back. */
static void tell_icmp(const Entry *entry, int beginner, gboolean answered, AmLogFlow *flow)
{
	const uint32_t clients = AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI;
	int side = beginner == 1;
	gboolean came_back = !entry->seen[side];
	if (came_back)
		side = !side;
	am_log_icmp(flow, entry->icmp_type[side], entry->icmp_code[side], answered);
	if (came_back && (flow->evidence & clients) != 0)
		flow->evidence ^= clients;
}

static gboolean hand_over(AmLogStitch *stitch, const Entry *entry, AmLogSink *sink, GError **error)
{
	AmLogFlow flow = {.ip_protocol = entry->key.ip_protocol};
	gboolean is_tcp = flow.ip_protocol == AM_PROTO_TCP;
	int opener = is_tcp ? opener_of(stitch, entry) : -1, beginner = beginner_of(stitch, entry, opener);
	set_ends(entry, beginner, &flow);
	gboolean answered = flow.packets[0] != 0 && flow.packets[1] != 0;
	flow.outcome = answered ? AM_OUTCOME_ACCEPTED : AM_OUTCOME_ONE_WAY;
	if (beginner >= 0)
		flow.evidence |= AM_EVIDENCE_FIRST_LO;
	if (am_service_is_icmp((uint8_t)flow.ip_protocol)) {
		tell_icmp(entry, beginner, answered, &flow);
	} else if (is_tcp) {
		am_log_tcp(&flow, opener >= 0 ? 0 : -1);
		if (is_unanswered(&flow))
			flow.outcome = AM_OUTCOME_SILENT;
	} else if (answered && (stitch->rules & AM_LOG_STITCH_FIRST_BEGAN) != 0) {
		flow.evidence |= AM_EVIDENCE_CLIENT_LO;
	}
	memcpy(flow.l7, entry->l7, sizeof flow.l7);
	if (flow.l7[0] != '\0' && !am_service_is_icmp((uint8_t)flow.ip_protocol) &&
	    (stitch->rules & AM_LOG_STITCH_FIRST_BEGAN) != 0)
		flow.evidence |= AM_EVIDENCE_CLIENT_LO;
	if (entry->client[0] != entry->client[1] && !am_service_is_icmp((uint8_t)flow.ip_protocol))
		flow.evidence |= am_log_bit(AM_EVIDENCE_CLIENT_LO, entry->client[beginner == 1] ? 0 : 1);
	if (entry->refused && (flow.payload[0] == 0 || flow.payload[1] == 0))
		flow.outcome = AM_OUTCOME_PROHIBITED;
	return am_log_emit(sink, &flow, error);
}

/* ---- Open entries, by when they were heard of */

static void take_out(AmLogStitch *stitch, Entry *entry)
{
	if (entry->older != NULL)
		entry->older->newer = entry->newer;
	else
		stitch->oldest = entry->newer;
	if (entry->newer != NULL)
		entry->newer->older = entry->older;
	else
		stitch->newest = entry->older;
}

static void put_last(AmLogStitch *stitch, Entry *entry)
{
	entry->older = stitch->newest;
	entry->newer = NULL;
	if (stitch->newest != NULL)
		stitch->newest->newer = entry;
	else
		stitch->oldest = entry;
	stitch->newest = entry;
	entry->heard_ns = stitch->clock_ns;
}

static gboolean end_oldest(AmLogStitch *stitch, AmLogSink *sink, GError **error)
{
	Entry *entry = stitch->oldest;
	gboolean ok = hand_over(stitch, entry, sink, error);
	take_out(stitch, entry);
	g_hash_table_remove(stitch->open, &entry->key);
	return ok;
}

static gboolean end_old_ones(AmLogStitch *stitch, AmLogSink *sink, GError **error)
{
	while (stitch->oldest != NULL &&
	       (g_hash_table_size(stitch->open) >= MAX_OPEN || stitch->oldest->heard_ns + GAP_NS < stitch->clock_ns)) {
		if (!end_oldest(stitch, sink, error))
			return FALSE;
	}
	return TRUE;
}

gboolean am_log_stitch_finish(AmLogStitch *stitch, AmLogSink *sink, GError **error)
{
	while (stitch->oldest != NULL) {
		if (!end_oldest(stitch, sink, error))
			return FALSE;
	}
	return TRUE;
}

/* ---- Records */

/* Gives the side of the sender. */
static int key_of(const AmLogStitch *stitch, const AmLogPart *part, Key *ret_key)
{
	AmLogFlow asked = {.ip_protocol = part->ip_protocol};
	memset(ret_key, 0, sizeof *ret_key);
	memcpy(asked.port, part->port, sizeof asked.port);
	if (part->has_icmp)
		am_log_icmp(&asked, part->icmp_type, part->icmp_code, FALSE);
	int order = am_address_compare(&part->address[0], &part->address[1]);
	if (order == 0)
		order = (int)asked.port[0] - (int)asked.port[1];
	int sender = order > 0;
	for (int side = 0; side < 2; side++) {
		ret_key->address[side] = part->address[side == sender ? 0 : 1];
		ret_key->port[side] = asked.port[side == sender ? 0 : 1];
	}
	ret_key->seed = stitch->seed;
	ret_key->ip_protocol = part->ip_protocol;
	ret_key->day = am_time_day(part->first_ns);
	return sender;
}

/* The hours from the first to the last time, as far as they are of the first one's day. */
static uint32_t hours_of(const AmLogPart *part)
{
	int first = am_time_hour(part->first_ns), last = 23;
	if (am_time_day(part->last_ns) == am_time_day(part->first_ns))
		last = am_time_hour(part->last_ns);
	uint32_t hours = 0;
	for (int hour = first; hour <= last; hour++)
		hours |= 1u << hour;
	return hours;
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static void count(Entry *entry, int side, const AmLogPart *part)
{
	/* What passed a point was counted there. */
	if (part->is_aside && entry->passed[side]) {
		entry->payload[side] = MAX(entry->payload[side], part->payload);
		return;
	}
	entry->packets[side] = add_capped(entry->packets[side], part->packets);
	entry->ip_bytes[side] = add_capped(entry->ip_bytes[side], part->ip_bytes);
	entry->payload[side] = add_capped(entry->payload[side], part->payload);
}

static int add_to(Entry *entry, int side, const AmLogPart *part)
{
	entry->refused = entry->refused || part->refused;
	if (part->client != AM_LOG_CLIENT_UNKNOWN)
		entry->client[part->client == AM_LOG_CLIENT_SENDS ? side : !side] = TRUE;
	if (entry->l7[0] == '\0')
		memcpy(entry->l7, part->l7, sizeof entry->l7);
	if (!part->is_aside && entry->passed[side] && entry->point[side] != part->point)
		return AM_LOG_SKIP_REPEATED;
	gboolean is_new = !entry->seen[side];
	count(entry, side, part);
	if (!part->is_aside) {
		entry->passed[side] = TRUE;
		entry->point[side] = part->point;
	}
	entry->seen[side] = TRUE;
	entry->first_ns[side] = is_new ? part->first_ns : MIN(entry->first_ns[side], part->first_ns);
	entry->last_ns[side] = is_new ? part->last_ns : MAX(entry->last_ns[side], part->last_ns);
	entry->tcp_flags[side] |= part->tcp_flags;
	if ((part->tcp_flags & (AM_TCP_SYN | AM_TCP_ACK)) == AM_TCP_SYN)
		entry->syn_alone[side] = TRUE;
	entry->icmp_type[side] = part->icmp_type;
	entry->icmp_code[side] = part->icmp_code;
	entry->hours |= hours_of(part);
	return AM_LOG_USED;
}

int am_log_stitch_add(AmLogStitch *stitch, const AmLogPart *part, AmLogSink *sink, GError **error)
{
	Key key;
	if (part->last_ns < part->first_ns)
		return AM_LOG_SKIP_TIME;
	stitch->clock_ns = MAX(stitch->clock_ns, part->last_ns);
	int side = key_of(stitch, part, &key);
	if (!end_old_ones(stitch, sink, error))
		return AM_LOG_FAILED;
	Entry *entry = g_hash_table_lookup(stitch->open, &key);
	if (entry == NULL) {
		entry = g_new0(Entry, 1);
		entry->key = key;
		entry->first = (uint8_t)side;
		g_hash_table_insert(stitch->open, &entry->key, entry);
	} else {
		take_out(stitch, entry);
	}
	put_last(stitch, entry);
	return add_to(entry, side, part);
}
