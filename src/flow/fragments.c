/* IP fragments: only the first one of a datagram has ports; the later ones are counted where it is. Fed by shard.c; it
 * keeps who belongs to whom, never what they carry: nothing is put together again.
 *
 * A datagram is known by addresses, protocol and identification (RFC 791 3.2; RFC 8200 4.5 without the protocol), in its
 * network. The first fragment, with offset 0 and a whole transport header, is the only one that says anything. Overlaps
 * (RFC 1858, RFC 5722) are how a filter is shown one header and the host another: so who is first stays first, and what
 * contradicts it afterwards is counted and changes nothing. Later fragments that come before are held as counts.
 *
 * Bounded: a fixed number of datagrams, in sets of a few; when a set is full, the one that began first goes, and those
 * without a first fragment go before the others, so that a flood of later fragments only pushes out its like. All time is
 * packet time. */
#include "config.h"

#include "fragments.h"

#include <string.h>

#define N_WAYS 8
#define N_SETS (AM_FRAGMENTS_MAX / N_WAYS)
/* RFC 791 asks for 15 s, RFC 8200 for 60, counted from the fragment that comes first; hosts take 30. */
#define LIFETIME_NS (30 * AM_NS_PER_S)
#define SWEEP_NS AM_NS_PER_S
/* The largest datagram in fragments of 576 octets, which no link has to cut further, is 119 of them. */
#define MAX_HELD 128

/* Compared as octets: no padding in it. */
typedef struct {
	uint8_t source[16], destination[16];
	uint32_t id;
	uint16_t network;
	uint8_t family, protocol;
} DatagramKey;
_Static_assert(sizeof(DatagramKey) == 40, "keys are compared and hashed as octets");

/* What the first fragment said: another one that says the same is its copy, or of the next datagram with its number. */
typedef struct {
	AmFlowKey key;
	uint32_t tcp_sequence;
	uint8_t tcp_flags, direction;
} Meaning;

typedef struct {
	DatagramKey key;
	gboolean in_use, has_first;
	int64_t begin_ns;
	Meaning meaning;     /* with has_first */
	uint32_t first_size; /* octets of the datagram in the first fragment; the later ones begin behind them */
	uint32_t size;       /* of the datagram, by its last fragment; 0: not seen yet */
	uint32_t least, end; /* of what the later ones cover */
	uint32_t octets;     /* that came, copies included */
	AmHeldFragments held;
} Datagram;

struct AmFragments {
	uint64_t key0, key1;
	Datagram *datagrams; /* N_SETS * N_WAYS; NULL: there was no fragment yet */
	guint n_in_use;
	int64_t swept_ns;
	uint64_t held, lost, contradicting;
};

AmFragments *am_fragments_new(uint64_t key0, uint64_t key1)
{
	AmFragments *fragments = g_new0(AmFragments, 1);
	fragments->key0 = key0;
	fragments->key1 = key1;
	fragments->swept_ns = INT64_MIN;
	return fragments;
}

void am_fragments_free(AmFragments *fragments)
{
	if (fragments == NULL)
		return;
	g_free(fragments->datagrams);
	g_free(fragments);
}

static void forget(AmFragments *fragments, Datagram *datagram)
{
	fragments->lost += datagram->held.packets;
	fragments->held -= datagram->held.packets;
	fragments->n_in_use -= datagram->in_use ? 1 : 0;
	*datagram = (Datagram){0};
}

static inline gboolean is_old(const Datagram *datagram, int64_t now_ns)
{
	return datagram->begin_ns + LIFETIME_NS <= now_ns;
}

static void begin_anew(Datagram *datagram, int64_t now_ns)
{
	DatagramKey key = datagram->key;
	*datagram = (Datagram){.key = key, .in_use = TRUE, .begin_ns = now_ns, .least = UINT32_MAX};
}

/* The datagram of this fragment; a new one when there is none. Its key and time are set. */
static Datagram *find(AmFragments *fragments, const AmPacket *packet, int64_t now_ns)
{
	if (fragments->datagrams == NULL)
		fragments->datagrams = g_new0(Datagram, AM_FRAGMENTS_MAX);
	DatagramKey key = {.id = packet->fragment_id, .network = packet->network};
	memcpy(key.source, packet->tuple.source.bytes, 16);
	memcpy(key.destination, packet->tuple.destination.bytes, 16);
	key.family = packet->tuple.source.family;
	key.protocol = key.family == 4 ? packet->fragment_protocol : 0;
	uint64_t words[sizeof key / 8];
	memcpy(words, &key, sizeof key);
	uint64_t hash = am_flow_hash(fragments->key0, fragments->key1, words, G_N_ELEMENTS(words));
	Datagram *set = fragments->datagrams + hash % N_SETS * N_WAYS, *room = NULL;
	for (guint way = 0; way < N_WAYS; way++) {
		Datagram *datagram = &set[way];
		if (datagram->in_use && is_old(datagram, now_ns))
			forget(fragments, datagram);
		if (datagram->in_use && memcmp(&datagram->key, &key, sizeof key) == 0)
			return datagram;
		/* Free ones, then those without a first fragment, then by age. */
		if (room == NULL || datagram->in_use < room->in_use ||
		    (datagram->in_use == room->in_use &&
		     (datagram->has_first < room->has_first ||
		      (datagram->has_first == room->has_first && datagram->begin_ns < room->begin_ns))))
			room = datagram;
	}
	forget(fragments, room);
	room->key = key;
	begin_anew(room, now_ns);
	fragments->n_in_use++;
	return room;
}

static gboolean is_same(const Meaning *a, const Meaning *b)
{
	return memcmp(&a->key, &b->key, AM_KEY_SIZE) == 0 && a->direction == b->direction &&
	       a->tcp_flags == b->tcp_flags && a->tcp_sequence == b->tcp_sequence;
}

/* All of it came: who begins anew with this identification means another datagram. */
static gboolean is_whole(const Datagram *datagram)
{
	return datagram->size != 0 && datagram->octets >= datagram->size;
}

AmFragmentFate am_fragments_first(AmFragments *fragments, const AmPacket *packet, int64_t now_ns, const AmFlowKey *key,
				  int direction, AmHeldFragments *ret_held)
{
	Datagram *datagram = find(fragments, packet, now_ns);
	const Meaning meaning = {.key = *key,
				 .tcp_sequence = packet->tcp_sequence,
				 .tcp_flags = packet->tcp_flags,
				 .direction = (uint8_t)direction};
	*ret_held = (AmHeldFragments){0};
	if (datagram->has_first && is_whole(datagram))
		begin_anew(datagram, now_ns);
	if (datagram->has_first)
		return is_same(&datagram->meaning, &meaning) ? AM_FRAGMENT_JOINS : AM_FRAGMENT_CONTRADICTS;
	uint32_t size = packet->fragment_at;
	if (datagram->least < size || (datagram->size != 0 && datagram->size < size)) {
		/* What came before lies over it: the first one is the one that counts. */
		fragments->held -= datagram->held.packets;
		fragments->contradicting += datagram->held.packets;
		begin_anew(datagram, datagram->begin_ns);
	}
	*ret_held = datagram->held;
	fragments->held -= datagram->held.packets;
	datagram->held = (AmHeldFragments){0};
	datagram->has_first = TRUE;
	datagram->meaning = meaning;
	datagram->first_size = size;
	datagram->octets += size;
	return AM_FRAGMENT_JOINS;
}

/* Does it fit to what was seen of the datagram? Notes its place when it does. */
static gboolean fits(Datagram *datagram, const AmPacket *packet)
{
	uint32_t begin = packet->fragment_at, end = begin + packet->payload_wire_size;
	if (datagram->has_first && begin < datagram->first_size)
		return FALSE;
	if (datagram->size != 0 && (end > datagram->size || (packet->is_last_fragment && end != datagram->size)))
		return FALSE;
	if (packet->is_last_fragment && end < datagram->end)
		return FALSE;
	if (packet->is_last_fragment)
		datagram->size = end;
	datagram->least = MIN(datagram->least, begin);
	datagram->end = MAX(datagram->end, end);
	datagram->octets += end - begin;
	return TRUE;
}

AmFragmentFate am_fragments_later(AmFragments *fragments, const AmPacket *packet, int64_t now_ns, AmFlowKey *ret_key,
				  int *ret_direction)
{
	Datagram *datagram = find(fragments, packet, now_ns);
	if (!fits(datagram, packet))
		return AM_FRAGMENT_CONTRADICTS;
	if (datagram->has_first) {
		*ret_key = datagram->meaning.key;
		*ret_direction = datagram->meaning.direction;
		return AM_FRAGMENT_JOINS;
	}
	if (datagram->held.packets == MAX_HELD)
		return AM_FRAGMENT_LOST;
	fragments->held++;
	datagram->held.packets++;
	datagram->held.bytes += packet->ip_wire_size;
	datagram->held.payload += packet->payload_wire_size;
	return AM_FRAGMENT_HELD;
}

void am_fragments_advance(AmFragments *fragments, int64_t now_ns)
{
	if (fragments->n_in_use == 0 || now_ns - SWEEP_NS < fragments->swept_ns)
		return;
	fragments->swept_ns = now_ns;
	for (guint n = 0; n < AM_FRAGMENTS_MAX; n++)
		if (fragments->datagrams[n].in_use && is_old(&fragments->datagrams[n], now_ns))
			forget(fragments, &fragments->datagrams[n]);
}

void am_fragments_clear(AmFragments *fragments)
{
	for (guint n = 0; fragments->datagrams != NULL && n < AM_FRAGMENTS_MAX; n++)
		forget(fragments, &fragments->datagrams[n]);
	fragments->swept_ns = INT64_MIN;
}

uint64_t am_fragments_held(const AmFragments *fragments)
{
	return fragments->held;
}

void am_fragments_take_counts(AmFragments *fragments, uint64_t *ret_lost, uint64_t *ret_contradicting)
{
	*ret_lost = fragments->lost;
	*ret_contradicting = fragments->contradicting;
	fragments->lost = fragments->contradicting = 0;
}
