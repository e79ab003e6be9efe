/* Pairs of the digest put together to arcs between parties. Fed by the digest; graph.c draws them. */
#include "config.h"

#include "arcs.h"

#include <string.h>

/* So few arcs can be read as they are. */
#define MAX_UNFOLDED 24
/* A service is folded when a fifth of the parties, and at least so many, are on its other side. */
#define LEAST_MANY 4

static void arc_free(gpointer data)
{
	AmArc *arc = data;
	g_array_free(arc->services, TRUE);
	g_free(arc);
}

static void party_free(gpointer data)
{
	AmParty *party = data;
	g_array_free(party->served, TRUE);
	g_array_free(party->used, TRUE);
	g_free(party);
}

static int compare_services(gconstpointer a, gconstpointer b)
{
	const AmArcService *x = a, *y = b;
	if (x->connections != y->connections)
		return x->connections < y->connections ? 1 : -1;
	return x->ip_protocol != y->ip_protocol ? x->ip_protocol - y->ip_protocol : x->port - y->port;
}

static int compare_folded(gconstpointer a, gconstpointer b)
{
	const AmArcService *x = a, *y = b;
	return x->others != y->others ? (x->others < y->others ? 1 : -1) : compare_services(a, b);
}

static int compare_arcs(gconstpointer a, gconstpointer b)
{
	const AmArc *x = *(AmArc *const *)a, *y = *(AmArc *const *)b;
	if (x->connections != y->connections)
		return x->connections < y->connections ? 1 : -1;
	int order = strcmp(x->client, y->client);
	return order != 0 ? order : strcmp(x->server, y->server);
}

static AmParty *find_party(GHashTable *parties, const char *name)
{
	AmParty *party = g_hash_table_lookup(parties, name);
	if (party == NULL) {
		party = g_new0(AmParty, 1);
		party->name = name;
		party->served = g_array_new(FALSE, FALSE, sizeof(AmArcService));
		party->used = g_array_new(FALSE, FALSE, sizeof(AmArcService));
		g_hash_table_insert(parties, (gpointer)name, party);
	}
	return party;
}

/* The digest's pairs lie by client, server, service: those of one arc are neighbours. */
static void collect(AmArcs *all, const AmDigest *digest)
{
	AmArc *arc = NULL;
	for (guint i = 0; i < digest->pairs->len; i++) {
		const AmPairSum *pair = g_ptr_array_index(digest->pairs, i);
		if (arc == NULL || strcmp(arc->client, pair->client) != 0 || strcmp(arc->server, pair->server) != 0) {
			arc = g_new0(AmArc, 1);
			arc->client = pair->client;
			arc->server = pair->server;
			arc->services = g_array_new(FALSE, FALSE, sizeof(AmArcService));
			g_ptr_array_add(all->arcs, arc);
			find_party(all->parties, pair->client);
			find_party(all->parties, pair->server);
		}
		AmArcService service = {pair->ip_protocol, pair->port, 1, pair->sum.connections, pair->sum.busiest};
		g_array_append_val(arc->services, service);
		arc->connections += pair->sum.connections;
	}
	for (guint i = 0; i < digest->map->groups->len; i++) {
		const AmGroup *group = &g_array_index(digest->map->groups, AmGroup, i);
		AmParty *party = g_hash_table_lookup(all->parties, group->name);
		if (party != NULL)
			party->assets = group->members->len;
	}
}

static AmArcService *find_service(const GArray *services, const AmArcService *like)
{
	for (guint i = 0; i < services->len; i++) {
		AmArcService *service = &g_array_index(services, AmArcService, i);
		if (service->ip_protocol == like->ip_protocol && service->port == like->port)
			return service;
	}
	return NULL;
}

/* Adds the arc's services to a party's, each with one party more on the other side. */
static void count_services(GArray *services, const AmArc *arc)
{
	for (guint i = 0; i < arc->services->len; i++) {
		const AmArcService *one = &g_array_index(arc->services, AmArcService, i);
		AmArcService *found = find_service(services, one);
		if (found == NULL) {
			g_array_append_val(services, *one);
			continue;
		}
		found->others++;
		found->connections += one->connections;
		if (one->busiest->connections > found->busiest->connections)
			found->busiest = one->busiest;
	}
}

/* Takes from the arc what is folded into one of its ends. */
static void strip_arc(AmArcs *all, AmArc *arc, const AmParty *client, const AmParty *server)
{
	for (guint i = arc->services->len; i-- > 0;) {
		const AmArcService *one = &g_array_index(arc->services, AmArcService, i);
		if (find_service(server->served, one) == NULL && find_service(client->used, one) == NULL)
			continue;
		all->folded += one->connections;
		arc->connections -= one->connections;
		g_array_remove_index(arc->services, i);
	}
}

static void keep_many(GArray *services, guint many)
{
	for (guint i = services->len; i-- > 0;)
		if (g_array_index(services, AmArcService, i).others < many)
			g_array_remove_index(services, i);
	g_array_sort(services, compare_folded);
}

static void fold(AmArcs *all)
{
	if (all->arcs->len <= MAX_UNFOLDED)
		return;
	all->many = MAX(LEAST_MANY, g_hash_table_size(all->parties) / 5);
	for (guint i = 0; i < all->arcs->len; i++) {
		const AmArc *arc = g_ptr_array_index(all->arcs, i);
		if (strcmp(arc->client, arc->server) == 0)
			continue;
		count_services(find_party(all->parties, arc->server)->served, arc);
		count_services(find_party(all->parties, arc->client)->used, arc);
	}
	GHashTableIter iter;
	gpointer party;
	g_hash_table_iter_init(&iter, all->parties);
	while (g_hash_table_iter_next(&iter, NULL, &party)) {
		keep_many(((AmParty *)party)->served, all->many);
		keep_many(((AmParty *)party)->used, all->many);
	}
	for (guint i = all->arcs->len; i-- > 0;) {
		AmArc *arc = g_ptr_array_index(all->arcs, i);
		if (strcmp(arc->client, arc->server) == 0)
			continue;
		strip_arc(all, arc, find_party(all->parties, arc->client), find_party(all->parties, arc->server));
		if (arc->services->len == 0)
			g_ptr_array_remove_index(all->arcs, i);
	}
}

AmArcs *am_arcs_new(const AmDigest *digest)
{
	AmArcs *all = g_new0(AmArcs, 1);
	all->arcs = g_ptr_array_new_with_free_func(arc_free);
	all->parties = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, party_free);
	collect(all, digest);
	all->all = all->arcs->len;
	fold(all);
	for (guint i = 0; i < all->arcs->len; i++)
		g_array_sort(((AmArc *)g_ptr_array_index(all->arcs, i))->services, compare_services);
	g_ptr_array_sort(all->arcs, compare_arcs);
	return all;
}

void am_arcs_free(AmArcs *arcs)
{
	if (arcs == NULL)
		return;
	g_ptr_array_free(arcs->arcs, TRUE);
	g_hash_table_unref(arcs->parties);
	g_free(arcs);
}
