/* Tells copies of a packet from packets that are sent again. A mirror port that shows both directions of two ports, or a
 * packet on both sides of a router, delivers each packet twice: the copies agree in all that the sender wrote, while TTL,
 * header checksum, DSCP, VLAN tags and MACs may differ, and either may come first. Fed by shard.c with every packet, before
 * anything is counted; both copies have the same addresses, so they meet in one shard.
 *
 * What a sender sends again looks alike, too: TCP data after a timeout (200 ms and more, RFC 6298) or after three
 * duplicate ACKs (a round trip, in a data centre 100 µs), SYNs (a second), DNS queries (seconds), the same reading of
 * a sensor. Three things tell them apart:
 * - The IP identification, which a sender gives anew to each packet of a connection. With one, equal packets within
 *   WINDOW_NS are copies. IPv6 has none, and Linux sends 0 where fragmenting is forbidden and no connected socket is
 *   behind the packet (SYN-ACK, RST, answers of UDP servers; RFC 6864 allows it).
 * - The place. A host's packets pass one point of the network with the same MACs, VLAN and TTL each time. So equal packets
 *   that differ in these were seen at two points, and are copies, within WINDOW_NS.
 * - Time, where there is neither: the copies of one mirror follow within micro- to milliseconds, NEAR_NS. What is sent
 *   again sooner than that, octet for octet (TCP time stamps are among them), is taken for a copy: a duplicate ACK or a
 *   second RST more or less changes no connection.
 *
 * Memory is bounded: sets of four places, the oldest gives way. The table begins small, so that it stays in the processor's
 * cache, and doubles when a packet that is still within the window would have to give way; at MAX_SETS it does give way,
 * and then copies are counted as packets, never the other way round. It depends on nothing but the packets. Of a keyed
 * hash 48 bits are compared, so one packet in 1e10, at most, is taken for a copy by accident. */
#include "config.h"

#include "duplicates.h"

#include "flow.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_NS (50 * INT64_C(1000000))
#define NEAR_NS (1 * INT64_C(1000000))
#define WAYS 4
/* Powers of two. The most: 16,384 packets, 330,000 a second and shard within the window. */
#define MIN_SETS 16
#define MAX_SETS 4096
/* Octets of the payload that are compared: from the beginning, and from the end. */
#define HEAD 64
#define TAIL 64
/* Of a packet that was cut: a tag more leaves some octets less. */
#define CUT_HEAD 8
#define CUT_SPARE 16

/* The octets of the hash that are kept; below them is where the packet was seen. */
#define HASH_MASK UINT64_C(0xffffffffffff0000)
#define HASH_USED (UINT64_C(1) << 63)

typedef struct {
	int64_t time_ns;
	uint64_t tag; /* HASH_MASK: of the packet; the rest: of the point. 0: an empty place */
} Place;

struct AmDuplicates {
	uint64_t key[2];
	Place (*sets)[WAYS];
	uint32_t n_sets;
};

AmDuplicates *am_duplicates_new(uint64_t seed)
{
	static const uint64_t what = UINT64_C(0x6475706c69636174);
	AmDuplicates *duplicates = g_new0(AmDuplicates, 1);
	duplicates->key[0] = am_flow_hash(seed, 1, &what, 1);
	duplicates->key[1] = am_flow_hash(seed, 2, &what, 1);
	/* A set is one cache line. */
	size_t size = sizeof(Place) * WAYS * MAX_SETS;
	duplicates->sets = aligned_alloc(sizeof(Place) * WAYS, size);
	if (duplicates->sets == NULL)
		g_error("no memory for %zu octets", size);
	memset(duplicates->sets, 0, size);
	duplicates->n_sets = MIN_SETS;
	return duplicates;
}

void am_duplicates_free(AmDuplicates *duplicates)
{
	if (duplicates == NULL)
		return;
	free(duplicates->sets);
	g_free(duplicates);
}

void am_duplicates_forget(AmDuplicates *duplicates)
{
	memset(duplicates->sets, 0, sizeof(Place) * WAYS * duplicates->n_sets);
	duplicates->n_sets = MIN_SETS;
}

/* Two words into the hash. Multiplying and folding is enough here: who does not know the key cannot aim, and who could would
 * only get his own packets dropped. */
static inline uint64_t fold(const AmDuplicates *duplicates, uint64_t hash, uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product =
		(unsigned __int128)(hash ^ a ^ duplicates->key[0]) * (b ^ duplicates->key[1]);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t fold_bytes(const AmDuplicates *duplicates, uint64_t hash, const uint8_t *bytes, size_t size)
{
	uint64_t words[2];
	for (; size >= 16; size -= 16, bytes += 16) {
		memcpy(words, bytes, 16);
		hash = fold(duplicates, hash, words[0], words[1]);
	}
	if (size == 0)
		return hash;
	words[0] = words[1] = 0;
	memcpy(words, bytes, size);
	return fold(duplicates, hash, words[0], words[1]);
}

static inline uint64_t word(uint16_t a, uint16_t b, uint32_t c)
{
	return (uint64_t)a << 48 | (uint64_t)b << 32 | c;
}

/* RFC 9293: the options, of which the time stamps (RFC 7323) tell a segment from one that is sent again. */
static uint64_t fold_options(const AmDuplicates *duplicates, uint64_t hash, const AmPacket *packet)
{
	size_t header = packet->tuple.source.family == 4 ? (size_t)(packet->ip[0] & 0x0f) * 4 : 40;
	if (packet->payload == NULL || (packet->tuple.source.family == 6 && packet->ip[6] != AM_PROTO_TCP))
		return hash;
	size_t before = (size_t)(packet->payload - packet->ip);
	if (before <= header + 20 || before > packet->ip_size)
		return hash;
	return fold_bytes(duplicates, hash, packet->ip + header + 20, before - header - 20);
}

static uint64_t fold_payload(const AmDuplicates *duplicates, uint64_t hash, const AmPacket *packet)
{
	size_t size = packet->payload_size, head = MIN(size, HEAD);
	if (packet->payload == NULL)
		return hash;
	if (size < packet->payload_wire_size)
		return size < CUT_HEAD + CUT_SPARE ? hash : fold_bytes(duplicates, hash, packet->payload, CUT_HEAD);
	hash = fold_bytes(duplicates, hash, packet->payload, head);
	size_t tail = MIN(size - head, TAIL);
	return fold_bytes(duplicates, hash, packet->payload + size - tail, tail);
}

/* Of datagrams the payload is compared even where the identification agrees: a DHCP client writes its own IP headers, and
 * the same number in each. Of TCP, numbers and lengths say enough: the payload, which is cold memory here, is left alone. */
static uint64_t fold_transport(const AmDuplicates *duplicates, uint64_t hash, const AmPacket *packet, gboolean has_id)
{
	const AmTuple *tuple = &packet->tuple;
	uint32_t more = 0;
	switch (tuple->ip_protocol) {
	case AM_PROTO_TCP:
		hash = fold(duplicates, hash, (uint64_t)packet->tcp_sequence << 32 | packet->tcp_ack,
			    word(packet->tcp_flags, packet->tcp_window, 0));
		return has_id || packet->ip_size < packet->ip_wire_size ? hash : fold_options(duplicates, hash, packet);
	case AM_PROTO_ICMP:
	case AM_PROTO_ICMPV6:
	case AM_PROTO_SCTP:
		/* Identifier and sequence of an echo; the verification tag, not the checksum behind it. */
		if (packet->payload != NULL)
			memcpy(&more, packet->payload - (tuple->ip_protocol == AM_PROTO_SCTP ? 8 : 4), 4);
		hash = fold(duplicates, hash, more, word(packet->icmp_type, packet->icmp_code, 0));
		break;
	default:
		break;
	}
	return fold_payload(duplicates, hash, packet);
}

/* All that the sender wrote and no router changes. `ret_has_id`: the IP identification is among it. */
static uint64_t fingerprint(const AmDuplicates *duplicates, const AmPacket *packet, gboolean *ret_has_id)
{
	const AmTuple *tuple = &packet->tuple;
	uint64_t hash = 0, identification = 0;
	uint64_t source[2], destination[2];
	memcpy(source, tuple->source.bytes, 16);
	memcpy(destination, tuple->destination.bytes, 16);
	hash = fold(duplicates, packet->network, source[0], destination[0]);
	if (tuple->source.family == 4) {
		uint32_t id_and_offset;
		memcpy(&id_and_offset, packet->ip + 4, 4);
		identification = id_and_offset;
		*ret_has_id = packet->ip[4] != 0 || packet->ip[5] != 0;
	} else {
		hash = fold(duplicates, hash, source[1], destination[1]);
		*ret_has_id = FALSE;
	}
	if (packet->is_fragment) {
		/* RFC 8200, 4.5: IPv6 has one in its fragment header. */
		identification ^= (uint64_t)packet->fragment_id << 16;
		*ret_has_id = TRUE;
	}
	uint64_t ports = word(tuple->source_port, tuple->destination_port, packet->ip_wire_size);
	hash = fold(duplicates, hash, ports, identification << 8 | tuple->ip_protocol);
	return fold_transport(duplicates, hash, packet, *ret_has_id);
}

/* Where it was seen, as the low bits of a tag. */
static uint64_t point_of(const AmDuplicates *duplicates, const AmPacket *packet)
{
	uint64_t words[2] = {0, 0};
	uint8_t hops = packet->tuple.source.family == 4 ? packet->ip[8] : packet->ip[7];
	memcpy(words, packet->source_mac, 6);
	memcpy(words + 1, packet->destination_mac, 6);
	words[0] |= (uint64_t)packet->vlan << 48;
	words[1] |= (uint64_t)packet->inner_vlan << 48;
	return fold(duplicates, hops, words[0], words[1]) & ~HASH_MASK;
}

static inline int64_t apart(int64_t a_ns, int64_t b_ns)
{
	return a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns;
}

static inline uint32_t set_of(uint64_t tag, uint32_t n_sets)
{
	return (uint32_t)(tag >> 16) & (n_sets - 1);
}

/* Doubles the table in place: what is in a set stays, or goes to the same place of the set that is new for it. */
static void grow(AmDuplicates *duplicates)
{
	uint32_t before = duplicates->n_sets;
	duplicates->n_sets = 2 * before;
	for (uint32_t s = 0; s < before; s++) {
		for (int way = 0; way < WAYS; way++) {
			Place *place = &duplicates->sets[s][way];
			if (place->tag == 0 || set_of(place->tag, 2 * before) == s)
				continue;
			duplicates->sets[s + before][way] = *place;
			place->tag = 0;
		}
	}
}

/* The place that a new packet takes: an empty one, else that of the oldest. */
static Place *place_for(AmDuplicates *duplicates, uint64_t tag, int64_t time_ns)
{
	for (;;) {
		Place *set = duplicates->sets[set_of(tag, duplicates->n_sets)], *oldest = set;
		for (int way = 0; way < WAYS; way++) {
			if (set[way].tag == 0)
				return &set[way];
			if (set[way].time_ns < oldest->time_ns)
				oldest = &set[way];
		}
		if (duplicates->n_sets == MAX_SETS || apart(time_ns, oldest->time_ns) > WINDOW_NS)
			return oldest;
		grow(duplicates);
	}
}

AmFingerprint am_duplicates_fingerprint(const AmDuplicates *duplicates, const AmPacket *packet)
{
	AmFingerprint print;
	print.tag = (fingerprint(duplicates, packet, &print.has_id) & HASH_MASK) | HASH_USED;
	/* With an identification it does not matter where. */
	print.tag |= print.has_id ? 0 : point_of(duplicates, packet);
	__builtin_prefetch(duplicates->sets[set_of(print.tag, duplicates->n_sets)]);
	return print;
}

gboolean am_duplicates_seen(AmDuplicates *duplicates, AmFingerprint print, int64_t time_ns)
{
	Place *set = duplicates->sets[set_of(print.tag, duplicates->n_sets)];
	for (int way = 0; way < WAYS; way++) {
		if (((set[way].tag ^ print.tag) & HASH_MASK) != 0)
			continue;
		int64_t apart_ns = apart(time_ns, set[way].time_ns);
		if (apart_ns <= NEAR_NS || (apart_ns <= WINDOW_NS && (print.has_id || set[way].tag != print.tag)))
			return TRUE;
		set[way] = (Place){time_ns, print.tag}; /* sent again: its own copies may follow */
		return FALSE;
	}
	*place_for(duplicates, print.tag, time_ns) = (Place){time_ns, print.tag};
	return FALSE;
}
