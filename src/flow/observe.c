/* A shard's table of what was observed: each (address, kind, value) once, with its times and how often. Given out at a
 * checkpoint, at the end, or when it is full; what is done with it depends on the shard's packets alone. Fed by
 * observe-names.c and, for MACs, by record.c. */
#include "config.h"

#include "observe.h"

#include <stdio.h>
#include <string.h>

#define N_SLOTS (2 * AM_OBSERVER_MAX) /* a power of two */
#define N_MACS 1024u                  /* a power of two: of whose addresses are counted, at most half of it */

_Static_assert(AM_OBSERVATION_KEY_SIZE % 8 == 0, "hashed in whole words");

typedef struct {
	uint8_t mac[6]; /* zeros: free */
	uint16_t addresses;
} Crowd;

struct AmObserver {
	uint64_t key0, key1;
	AmObservation *entries; /* AM_OBSERVER_MAX, made at the first */
	uint16_t *slots;        /* index + 1; 0 = empty */
	uint32_t n;
	Crowd *crowds;
	uint32_t n_crowds;
	AmSystems *systems; /* made at the first */
};

AmObserver *am_observer_new(uint64_t key0, uint64_t key1)
{
	AmObserver *observer = g_new0(AmObserver, 1);
	observer->key0 = key0;
	observer->key1 = key1;
	return observer;
}

void am_observer_forget(AmObserver *observer)
{
	g_clear_pointer(&observer->entries, g_free);
	g_clear_pointer(&observer->slots, g_free);
	g_clear_pointer(&observer->crowds, g_free);
	g_clear_pointer(&observer->systems, g_free);
	observer->n = observer->n_crowds = 0;
}

void am_observer_free(AmObserver *observer)
{
	if (observer == NULL)
		return;
	am_observer_forget(observer);
	g_free(observer);
}

void am_observer_give_out(AmObserver *observer, AmConnectionBatch *out)
{
	if (observer->n == 0)
		return;
	am_connection_batch_add_observations(out, observer->entries, observer->n);
	memset(observer->slots, 0, N_SLOTS * sizeof *observer->slots);
	observer->n = 0;
	/* What comes again is new to the table, not to its MAC. */
	for (uint32_t c = 0; observer->crowds != NULL && c < N_MACS; c++) {
		if (observer->crowds[c].addresses < AM_OBSERVER_CROWD)
			observer->crowds[c].addresses = 0;
	}
}

/* Where an observation with this key is, or would be. */
static uint16_t *find(AmObserver *observer, const AmObservation *key)
{
	if (observer->entries == NULL) {
		observer->entries = g_new(AmObservation, AM_OBSERVER_MAX);
		observer->slots = g_new0(uint16_t, N_SLOTS);
	}
	uint64_t words[AM_OBSERVATION_KEY_SIZE / 8];
	memcpy(words, key, sizeof words);
	uint32_t at = (uint32_t)am_flow_hash(observer->key0, observer->key1, words, G_N_ELEMENTS(words));
	for (;; at++) {
		uint16_t *slot = &observer->slots[at % N_SLOTS];
		if (*slot == 0 || memcmp(&observer->entries[*slot - 1], key, AM_OBSERVATION_KEY_SIZE) == 0)
			return slot;
	}
}

/* TRUE: it was not there. */
static gboolean add(AmObserver *observer, const AmObservation *observation, AmConnectionBatch *out)
{
	uint16_t *slot = find(observer, observation);
	if (*slot != 0) {
		AmObservation *there = &observer->entries[*slot - 1];
		there->first_ns = MIN(there->first_ns, observation->first_ns);
		there->last_ns = MAX(there->last_ns, observation->last_ns);
		there->count += observation->count;
		return FALSE;
	}
	if (observer->n == AM_OBSERVER_MAX) {
		am_observer_give_out(observer, out);
		slot = find(observer, observation);
	}
	observer->entries[observer->n++] = *observation;
	*slot = (uint16_t)observer->n;
	return TRUE;
}

static AmObservation observation_of(uint16_t network, const AmAddress *address, AmObservedKind kind, int64_t first_ns,
				    int64_t last_ns)
{
	return (AmObservation){.network = network,
			       .address = *address,
			       .kind = (uint8_t)kind,
			       .first_ns = first_ns,
			       .last_ns = last_ns,
			       .count = 1};
}

void am_observer_add(AmObserver *observer, uint16_t network, const AmAddress *address, AmObservedKind kind,
		     const char *value, int64_t time_ns, AmConnectionBatch *out)
{
	AmObservation observation;
	if (!am_observation_fill(&observation, address, kind, value, strlen(value)))
		return;
	observation.network = network;
	observation.first_ns = observation.last_ns = time_ns;
	observation.count = 1;
	(void)add(observer, &observation, out);
}

/* What is counted of this MAC; NULL when there is no room for another one. */
static Crowd *crowd_of(AmObserver *observer, const uint8_t mac[6])
{
	static const uint8_t none[6];
	if (observer->crowds == NULL)
		observer->crowds = g_new0(Crowd, N_MACS);
	uint64_t word = 0;
	memcpy(&word, mac, 6);
	uint32_t at = (uint32_t)am_flow_hash(observer->key0, observer->key1, &word, 1);
	for (;; at++) {
		Crowd *crowd = &observer->crowds[at % N_MACS];
		if (memcmp(crowd->mac, mac, 6) == 0)
			return crowd;
		if (memcmp(crowd->mac, none, 6) != 0)
			continue;
		if (observer->n_crowds == N_MACS / 2)
			return NULL;
		observer->n_crowds++;
		memcpy(crowd->mac, mac, 6);
		return crowd;
	}
}

void am_observer_add_of(AmObserver *observer, uint16_t network, const AmAddress *address, AmObservedKind kind,
			const char *value, const uint8_t sender[6], int64_t time_ns, AmConnectionBatch *out)
{
	static const uint8_t none[6];
	Crowd *crowd = memcmp(sender, none, 6) != 0 ? crowd_of(observer, sender) : NULL;
	size_t size = strlen(value);
	if (crowd == NULL || crowd->addresses >= AM_OBSERVER_CROWD || size == 0 || size >= AM_OBSERVED_SIZE ||
	    (address->family != 0 && (am_address_is_unspecified(address) || am_address_is_multicast(address) ||
				      am_address_is_loopback(address))))
		return;
	AmObservation observation = observation_of(network, address, kind, time_ns, time_ns);
	memcpy(observation.value, value, size);
	if (add(observer, &observation, out))
		crowd->addresses++;
}

void am_observer_add_mac(AmObserver *observer, uint16_t network, const AmAddress *address, const uint8_t mac[6],
			 int64_t first_ns, int64_t last_ns, AmConnectionBatch *out)
{
	static const uint8_t none[6];
	if (memcmp(mac, none, 6) == 0 || (mac[0] & 1) != 0 || am_address_is_unspecified(address) ||
	    am_address_is_multicast(address) || am_address_is_loopback(address))
		return;
	Crowd *crowd = crowd_of(observer, mac);
	if (crowd != NULL && crowd->addresses >= AM_OBSERVER_CROWD)
		return;
	AmObservation observation = observation_of(network, address, AM_OBSERVED_MAC, first_ns, last_ns);
	am_mac_text(mac, observation.value);
	if (add(observer, &observation, out) && crowd != NULL)
		crowd->addresses++;
}

static void add_system(AmObserver *observer, uint16_t network, const AmAddress *address, const AmSystemBefore *seen,
		       AmConnectionBatch *out)
{
	AmObservation observation = observation_of(network, address, AM_OBSERVED_SYSTEM, seen->first_ns, seen->last_ns);
	g_strlcpy(observation.value, seen->system, sizeof observation.value);
	observation.count = seen->count;
	(void)add(observer, &observation, out);
}

void am_observer_add_system(AmObserver *observer, uint16_t network, const AmAddress *address, const char *system,
			    int64_t first_ns, int64_t last_ns, AmConnectionBatch *out)
{
	uint64_t words[3] = {network};
	AmSystemBefore before, now = {.first_ns = first_ns, .last_ns = last_ns, .count = 1};
	if (observer->systems == NULL)
		observer->systems = am_systems_new();
	memcpy(&words[1], address->bytes, sizeof address->bytes);
	uint32_t hash = (uint32_t)am_flow_hash(observer->key0, observer->key1, words, G_N_ELEMENTS(words));
	if (!am_systems_add(observer->systems, hash, network, address, system, first_ns, last_ns, &before))
		return;
	if (before.count > 0)
		add_system(observer, network, address, &before, out);
	g_strlcpy(now.system, system, sizeof now.system);
	add_system(observer, network, address, &now, out);
}
