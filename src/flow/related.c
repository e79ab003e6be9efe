/* The announcements of one shard: a hash table of fixed size, filled from the payloads of control connections and asked
 * when a connection begins. Fed by shard.c; the messages are read in announced-*.c. It knows nothing of what a relation is
 * worth.
 *
 * How long an announcement holds is packet time, from the control packet that made it (or made it again) to the first
 * packet of the connection. */
#include "config.h"

#include "related.h"

#include <string.h>

#define N_WAYS 8
#define N_BUCKETS 512
#define MINUTE_NS (60 * AM_NS_PER_S)

/* Whose endpoint, between which two hosts. With `call` it is a call that waits for its answer: `xid` is its number, and side
 * and port are the caller's. Hashed and compared as bytes. */
typedef struct {
	uint8_t lo[16], hi[16];
	uint32_t xid;
	uint16_t port, network;
	uint8_t family, ip_protocol, side, call;
	uint32_t zero;
} Key;
_Static_assert(sizeof(Key) == 48, "keys are compared and hashed as bytes");

typedef struct {
	Key key;
	int64_t until_ns; /* INT64_MIN: free */
	AmRelated related;
	/* Of a call: what it asks for. */
	uint8_t asked_protocol, asked_text;
} Entry;

struct AmRelatedTable {
	uint64_t key0, key1;
	Entry *entries; /* NULL until there is one */
	/* A bit for each port of an entry that is or was: mostly this is asked, and the entries, which are cold, are not. */
	uint64_t ports[1024];
};

/* FTP: until the transfer is begun, which a person may take his time for. TFTP: a server tries again for less. SIP: the
 * length of a call without a new offer. RPC: clients ask once, and come back as long as they run. */
static int64_t lifetime_ns(AmRelatedKind kind)
{
	switch (kind) {
	case AM_RELATED_FTP:
		return 5 * MINUTE_NS;
	case AM_RELATED_TFTP:
		return MINUTE_NS;
	case AM_RELATED_SIP:
		return 60 * MINUTE_NS;
	default:
		return 24 * 60 * MINUTE_NS;
	}
}

AmRelatedTable *am_related_table_new(uint64_t key0, uint64_t key1)
{
	AmRelatedTable *table = g_new0(AmRelatedTable, 1);
	table->key0 = key0;
	table->key1 = key1 ^ 0x72656c61746564; /* another hash than the connection table's */
	return table;
}

void am_related_table_free(AmRelatedTable *table)
{
	if (table == NULL)
		return;
	g_free(table->entries);
	g_free(table);
}

void am_related_table_forget(AmRelatedTable *table)
{
	g_clear_pointer(&table->entries, g_free);
	memset(table->ports, 0, sizeof table->ports);
}

static Entry *bucket_of(const AmRelatedTable *table, const Key *key)
{
	uint64_t words[sizeof *key / 8];
	memcpy(words, key, sizeof words);
	return &table->entries[am_flow_hash(table->key0, table->key1, words, G_N_ELEMENTS(words)) % N_BUCKETS * N_WAYS];
}

/* The entry of this key that still holds, or NULL. */
static Entry *find(const AmRelatedTable *table, const Key *key, int64_t now_ns)
{
	if ((table->ports[key->port / 64] >> key->port % 64 & 1) == 0)
		return NULL;
	Entry *bucket = bucket_of(table, key);
	for (int n = 0; n < N_WAYS; n++) {
		if (bucket[n].until_ns > now_ns && memcmp(&bucket[n].key, key, sizeof *key) == 0)
			return &bucket[n];
	}
	return NULL;
}

static void add(AmRelatedTable *table, const Entry *entry)
{
	if (table->entries == NULL) {
		table->entries = g_new0(Entry, N_BUCKETS * N_WAYS);
		for (int n = 0; n < N_BUCKETS * N_WAYS; n++)
			table->entries[n].until_ns = INT64_MIN;
	}
	Entry *bucket = bucket_of(table, &entry->key), *place = bucket;
	for (int n = 0; n < N_WAYS; n++) {
		if (bucket[n].until_ns != INT64_MIN && memcmp(&bucket[n].key, &entry->key, sizeof(Key)) == 0) {
			place = &bucket[n];
			break;
		}
		if (bucket[n].until_ns < place->until_ns)
			place = &bucket[n];
	}
	*place = *entry;
	table->ports[entry->key.port / 64] |= UINT64_C(1) << entry->key.port % 64;
}

static Key key_of(const AmFlowKey *flow, uint8_t ip_protocol, int side, uint16_t port)
{
	Key key = {.port = port,
		   .network = flow->network,
		   .family = flow->family,
		   .ip_protocol = ip_protocol,
		   .side = (uint8_t)side};
	memcpy(key.lo, flow->lo, sizeof key.lo);
	memcpy(key.hi, flow->hi, sizeof key.hi);
	return key;
}

/* The caller's side of a call, or of what answers it. */
static Key call_key(const AmFlowKey *flow, int caller, uint32_t xid)
{
	Key key = key_of(flow, flow->ip_protocol, caller, caller == 0 ? flow->port_lo : flow->port_hi);
	key.xid = xid;
	key.call = 1;
	return key;
}

static void read_sunrpc(AmRelatedTable *table, int server, const AmFlowKey *key, const AmPacket *packet, int direction,
			int64_t now_ns, AmAnnounced *announced)
{
	if (direction != server) {
		AmPortCall call = am_sunrpc_call(packet);
		Entry entry = {.key = call_key(key, direction, call.xid),
			       .until_ns = now_ns + MINUTE_NS,
			       .asked_protocol = call.ip_protocol,
			       .asked_text = call.is_text != FALSE};
		if (call.ip_protocol != 0)
			add(table, &entry);
		return;
	}
	uint32_t xid;
	if (!am_sunrpc_reply_to(packet, &xid))
		return;
	Key wanted = call_key(key, !direction, xid);
	Entry *entry = find(table, &wanted, now_ns);
	if (entry == NULL)
		return;
	const AmPortCall call = {xid, entry->asked_protocol, entry->asked_text};
	am_announced_sunrpc(packet, &call, announced);
	entry->until_ns = INT64_MIN; /* a call is answered once */
}

/* A well-known port is announced by nobody who means well (RFC 2577, 3); programs of SunRPC do have such ports. */
static gboolean is_allowed(AmRelatedKind kind, uint16_t port)
{
	return port >= 1024 || kind == AM_RELATED_SUNRPC;
}

void am_related_table_read(AmRelatedTable *table, AmRelatedKind kind, int server, const AmFlowKey *key,
			   const AmPacket *packet, int direction, int64_t now_ns)
{
	AmAnnounced announced = {0};
	gboolean from_server = direction == server;
	if (kind == AM_RELATED_FTP)
		am_announced_ftp(packet, from_server, &announced);
	else if (kind == AM_RELATED_TFTP && !from_server)
		am_announced_tftp(packet, &announced);
	else if (kind == AM_RELATED_MSRPC && from_server)
		am_announced_msrpc(packet, &announced);
	else if (kind == AM_RELATED_SUNRPC)
		read_sunrpc(table, server, key, packet, direction, now_ns, &announced);
	else if (kind == AM_RELATED_SIP)
		am_announced_sip(packet, &announced);
	for (guint n = 0; n < announced.n; n++) {
		if (!is_allowed(kind, announced.at[n].port))
			continue;
		uint16_t port = server == 0 ? key->port_lo : key->port_hi;
		const Entry entry = {.key = key_of(key, announced.at[n].ip_protocol, direction, announced.at[n].port),
				     .until_ns = now_ns + lifetime_ns(kind),
				     .related = am_related(kind, server, key->ip_protocol, port)};
		add(table, &entry);
	}
}

AmRelated am_related_table_find(const AmRelatedTable *table, const AmFlowKey *key, const AmPacket *packet,
				int direction, int64_t now_ns)
{
	int server;
	if (table->entries == NULL || (key->ip_protocol != AM_PROTO_TCP && key->ip_protocol != AM_PROTO_UDP) ||
	    am_related_control(key, &server) != AM_RELATED_NONE)
		return 0;
	/* Who is called is announced. Of the first packet that is its destination, unless it is an answer, or the beginning
	 * was missed, or both ends were announced (RTP). */
	gboolean opens =
		key->ip_protocol == AM_PROTO_TCP && (packet->tcp_flags & (AM_TCP_SYN | AM_TCP_ACK)) == AM_TCP_SYN;
	int sides[2] = {!direction, direction};
	for (int n = 0; n < (opens ? 1 : 2); n++) {
		Key wanted = key_of(key, key->ip_protocol, sides[n], sides[n] == 0 ? key->port_lo : key->port_hi);
		const Entry *entry = find(table, &wanted, now_ns);
		if (entry == NULL)
			continue;
		if (am_related_kind(entry->related) != AM_RELATED_TFTP || am_is_tftp_transfer(packet))
			return entry->related;
	}
	return 0;
}
