/* Adaptive inspection: most connections of a network go to few listeners, and each of these speaks one protocol. A
 * listener whose last AGREE full inspections said the same is inspected in full only every SAMPLE-th time from then on;
 * a sample that says something else puts it back to the beginning. Protocols that carry a server name are inspected
 * briefly instead of not at all, since the name differs between connections.
 *
 * Fed by shard.c, a sampler per shard, with connections in the order of the shard's packets, so that what is inspected
 * does not depend on threads. Bounded: LISTENERS entries, and an entry that is not settled gives way to a new one in its
 * place; so a scan costs inspections, never memory or a wrong word. Somebody who speaks another protocol to a settled
 * listener is seen with probability 1/SAMPLE a connection: who needs more uses full inspection, the default.
 */
#include "config.h"

#include "sampler.h"

#include "flow.h"

#define LISTENERS 4096 /* a power of two */
#define PROBES 8
#define AGREE 32
#define SAMPLE 16

typedef struct {
	AmListenerKey key;
	uint16_t master, app;
	uint8_t confidence, name;
	gboolean carries_names; /* app may differ by connection */
	gboolean brief_differs; /* what was said first is not always what is said at last */
	uint32_t agreed, asked;
} Listener;

struct AmSampler {
	uint64_t key0, key1;
	Listener listeners[LISTENERS];
};

AmSampler *am_sampler_new(uint64_t key0, uint64_t key1)
{
	AmSampler *sampler = g_new0(AmSampler, 1);
	sampler->key0 = key0;
	sampler->key1 = key1;
	return sampler;
}

void am_sampler_free(AmSampler *sampler)
{
	g_free(sampler);
}

static gboolean is_same(const AmListenerKey *a, const AmListenerKey *b)
{
	return a->port == b->port && a->ip_protocol == b->ip_protocol && a->network == b->network &&
	       memcmp(&a->server, &b->server, sizeof a->server) == 0;
}

static gboolean is_settled(const Listener *listener)
{
	return listener->agreed >= AGREE;
}

/* Its entry; or NULL, with the entry that it may take in `ret_free`, if any. */
static Listener *find(AmSampler *sampler, const AmListenerKey *key, Listener **ret_free)
{
	uint64_t words[3];
	memcpy(words, key->server.bytes, 16);
	words[2] = (uint64_t)key->network << 40 | (uint64_t)key->server.family << 32 |
		   (uint64_t)key->ip_protocol << 16 | key->port;
	uint64_t hash = am_flow_hash(sampler->key0, sampler->key1, words, 3);
	*ret_free = NULL;
	for (guint probe = 0; probe < PROBES; probe++) {
		Listener *listener = &sampler->listeners[(hash + probe) & (LISTENERS - 1)];
		if (is_same(&listener->key, key))
			return listener;
		if (*ret_free == NULL && !is_settled(listener))
			*ret_free = listener;
	}
	return NULL;
}

AmInspection am_sampler_ask(AmSampler *sampler, const AmListenerKey *key, AmDpiSlot *ret_learned)
{
	Listener *vacant;
	Listener *listener = find(sampler, key, &vacant);
	if (listener == NULL || !is_settled(listener) || ++listener->asked % SAMPLE == 0)
		return AM_INSPECT_FULL;
	if (listener->carries_names)
		return listener->brief_differs ? AM_INSPECT_FULL : AM_INSPECT_BRIEF;
	*ret_learned = (AmDpiSlot){.master = listener->master,
				   .app = listener->app,
				   .name = listener->name,
				   .confidence = MIN(listener->confidence, AM_L7_PARTIAL),
				   .done = TRUE};
	return AM_INSPECT_NONE;
}

/* With a server name, the application may differ between connections; the protocol below it may not. */
static gboolean agrees(const Listener *listener, const AmDpiSlot *found, gboolean carries_names)
{
	if (listener->carries_names != carries_names || listener->name != found->name ||
	    listener->confidence != found->confidence)
		return FALSE;
	return carries_names ? am_classifier_base(found) == listener->master
			     : found->master == listener->master && found->app == listener->app;
}

void am_sampler_tell(AmSampler *sampler, const AmListenerKey *key, const AmDpiSlot *found)
{
	Listener *vacant;
	Listener *listener = find(sampler, key, &vacant);
	gboolean carries_names = am_classifier_carries_names(found);
	if (listener == NULL && vacant == NULL)
		return;
	if (listener == NULL || !agrees(listener, found, carries_names)) {
		if (listener == NULL)
			listener = vacant;
		*listener = (Listener){.key = *key,
				       .master = carries_names ? am_classifier_base(found) : found->master,
				       .app = found->app,
				       .confidence = found->confidence,
				       .name = found->name,
				       .carries_names = carries_names};
	}
	if (carries_names && found->first_app != found->app)
		listener->brief_differs = TRUE;
	listener->agreed = MIN(listener->agreed + 1, AGREE);
}
