/* Merging classes of hosts: average link on IDF-Jaccard likeness (ALGORITHMS §3). Fed by groups.c; knows no hosts, only
 * sets of features.
 *
 * What several hosts serve tells more of what they are for than what they use: it weighs more. A service that one host alone
 * offers cannot say whom that host belongs to, and weighs no more than what is used.
 *
 * However alike, two clusters stay apart when each has a habit that the other has not: staff with one file service, students
 * with another. Of enough hosts on both sides that is no chance, and no average over all else that they share makes up for it.
 *
 * No quadratic step. Pairs come from a prefix-filter join (AllPairs, Bayardo et al., WWW 2007; PPJoin, Xiao et al., WWW
 * 2008): features are ordered rarest first, and two sets can be as alike as t only when they share one of the first
 * features that carry all but t of their weight. Pairs less alike than half of what merges two classes count as nothing in
 * the averages: they can only keep clusters apart a little longer, never join what an exact average would not.
 */
#include "config.h"

#include "groups.h"

#include <math.h>
#include <string.h>

typedef struct {
	uint32_t a, b; /* a < b */
	double likeness;
} Pair;

typedef struct {
	const GArray *classes;
	GHashTable *rank;  /* feature → position, rarest first, + 1 */
	double *weight;    /* by rank */
	GPtrArray *ranked; /* GArray of uint32_t ranks, ascending, per class */
	double *total;     /* weight of each class */
} Join;

typedef struct {
	AmFeature feature;
	uint32_t hosts;
} Frequency;

static int compare_frequencies(gconstpointer a, gconstpointer b)
{
	const Frequency *x = a, *y = b;
	if (x->hosts != y->hosts)
		return x->hosts < y->hosts ? -1 : 1;
	return x->feature < y->feature ? -1 : x->feature > y->feature;
}

static int compare_u32(gconstpointer a, gconstpointer b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static const AmClass *class_at(const GArray *classes, guint n)
{
	return &g_array_index(classes, AmClass, n);
}

static void rank_features(Join *join, uint32_t n_hosts)
{
	g_autoptr(GHashTable) counts = g_hash_table_new(NULL, NULL);
	g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(Frequency));
	for (guint c = 0; c < join->classes->len; c++) {
		const AmClass *class = class_at(join->classes, c);
		for (guint n = 0; n < class->features->len; n++) {
			gpointer key = GUINT_TO_POINTER(g_array_index(class->features, AmFeature, n));
			guint hosts = GPOINTER_TO_UINT(g_hash_table_lookup(counts, key));
			g_hash_table_insert(counts, key, GUINT_TO_POINTER(hosts + class->members->len));
		}
	}
	GHashTableIter iter;
	gpointer key, value;
	g_hash_table_iter_init(&iter, counts);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		Frequency frequency = {GPOINTER_TO_UINT(key), GPOINTER_TO_UINT(value)};
		g_array_append_val(order, frequency);
	}
	g_array_sort(order, compare_frequencies);
	join->rank = g_hash_table_new(NULL, NULL);
	join->weight = g_new(double, MAX(order->len, 1));
	for (guint n = 0; n < order->len; n++) {
		const Frequency *frequency = &g_array_index(order, Frequency, n);
		g_hash_table_insert(join->rank, GUINT_TO_POINTER(frequency->feature), GUINT_TO_POINTER(n + 1));
		join->weight[n] = log(1 + (double)n_hosts / frequency->hosts);
		if ((frequency->feature & AM_FEATURE_USES) == 0 && frequency->hosts > 1)
			join->weight[n] *= AM_GROUP_SERVES_WEIGHT;
	}
}

static void rank_classes(Join *join)
{
	join->ranked = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	join->total = g_new0(double, MAX(join->classes->len, 1));
	for (guint c = 0; c < join->classes->len; c++) {
		const AmClass *class = class_at(join->classes, c);
		GArray *ranks = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), class->features->len);
		for (guint n = 0; n < class->features->len; n++) {
			gpointer key = GUINT_TO_POINTER(g_array_index(class->features, AmFeature, n));
			uint32_t rank = GPOINTER_TO_UINT(g_hash_table_lookup(join->rank, key)) - 1;
			g_array_append_val(ranks, rank);
		}
		g_array_sort(ranks, compare_u32);
		for (guint n = 0; n < ranks->len; n++)
			join->total[c] += join->weight[g_array_index(ranks, uint32_t, n)];
		g_ptr_array_add(join->ranked, ranks);
	}
}

static double likeness(const Join *join, uint32_t a, uint32_t b)
{
	const GArray *x = join->ranked->pdata[a], *y = join->ranked->pdata[b];
	double shared = 0;
	for (guint i = 0, j = 0; i < x->len && j < y->len;) {
		uint32_t p = g_array_index(x, uint32_t, i), q = g_array_index(y, uint32_t, j);
		if (p == q)
			shared += join->weight[p];
		i += p <= q;
		j += q <= p;
	}
	double together = join->total[a] + join->total[b] - shared;
	return together > 0 ? shared / together : 0;
}

/* How many of its rarest features a class must be looked up by: those before the rest weighs less than `floor` of all. */
static guint prefix_of(const Join *join, uint32_t class, double floor)
{
	const GArray *ranks = join->ranked->pdata[class];
	double rest = join->total[class];
	guint n = 0;
	while (n < ranks->len && rest >= floor * join->total[class] - 1e-9)
		rest -= join->weight[g_array_index(ranks, uint32_t, n++)];
	return n;
}

/* No group crosses the border of an application or owner, and what people said a host is for stands. */
static gboolean may_merge(const Join *join, uint32_t a, uint32_t b)
{
	const AmClass *x = class_at(join->classes, a), *y = class_at(join->classes, b);
	return x->realm == y->realm && x->role == 0 && y->role == 0;
}

/* All pairs that are at least `floor` alike. */
static GArray *join_pairs(const Join *join, double floor)
{
	guint n_classes = join->classes->len;
	GArray *pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
	g_autoptr(GPtrArray) index = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	guint n_features = g_hash_table_size(join->rank);
	for (guint n = 0; n < n_features; n++)
		g_ptr_array_add(index, g_array_new(FALSE, FALSE, sizeof(uint32_t)));
	g_autofree uint32_t *seen_by = g_new0(uint32_t, MAX(n_classes, 1));
	for (uint32_t c = 0; c < n_classes; c++) {
		const GArray *ranks = join->ranked->pdata[c];
		guint prefix = prefix_of(join, c, floor);
		for (guint n = 0; n < prefix; n++) {
			GArray *list = index->pdata[g_array_index(ranks, uint32_t, n)];
			for (guint k = 0; k < list->len; k++) {
				uint32_t other = g_array_index(list, uint32_t, k);
				if (seen_by[other] == c + 1 || !may_merge(join, c, other))
					continue;
				seen_by[other] = c + 1;
				/* Sets whose weights differ too much cannot be alike. */
				if (MIN(join->total[c], join->total[other]) <
				    floor * MAX(join->total[c], join->total[other]))
					continue;
				Pair pair = {other, c, likeness(join, other, c)};
				if (pair.likeness >= floor)
					g_array_append_val(pairs, pair);
			}
			g_array_append_val(list, c);
		}
	}
	return pairs;
}

/* ---- Habits: what nearly all hosts of a cluster do. */

typedef struct {
	GPtrArray *counts; /* per cluster: GHashTable rank + 1 → hosts; empty once it went into another */
	GPtrArray *lists;  /* per cluster: GArray of uint32_t, the ranks of its habits */
} Habits;

static guint count_of(const Habits *habits, uint32_t cluster, uint32_t rank)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(habits->counts->pdata[cluster], GUINT_TO_POINTER(rank + 1)));
}

static Habits habits_new(const Join *join)
{
	Habits habits = {.counts = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref),
			 .lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref)};
	for (guint c = 0; c < join->classes->len; c++) {
		GArray *ranks = join->ranked->pdata[c];
		GHashTable *counts = g_hash_table_new(NULL, NULL);
		gpointer hosts = GUINT_TO_POINTER(class_at(join->classes, c)->members->len);
		for (guint n = 0; n < ranks->len; n++)
			g_hash_table_insert(counts, GUINT_TO_POINTER(g_array_index(ranks, uint32_t, n) + 1), hosts);
		g_ptr_array_add(habits.counts, counts);
		g_ptr_array_add(habits.lists, g_array_copy(ranks));
	}
	return habits;
}

static void habits_clear(Habits *habits)
{
	g_ptr_array_unref(habits->counts);
	g_ptr_array_unref(habits->lists);
}

/* b goes into a, of `size` hosts then. The smaller table goes into the larger; nothing but habits of one of the two can be
 * one of both together. */
static void join_habits(Habits *habits, uint32_t a, uint32_t b, uint64_t size)
{
	gpointer *counts = habits->counts->pdata;
	if (g_hash_table_size(counts[a]) < g_hash_table_size(counts[b])) {
		gpointer swap = counts[a];
		counts[a] = counts[b];
		counts[b] = swap;
	}
	GHashTableIter iter;
	gpointer key, value;
	g_hash_table_iter_init(&iter, counts[b]);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		guint hosts = GPOINTER_TO_UINT(g_hash_table_lookup(counts[a], key)) + GPOINTER_TO_UINT(value);
		g_hash_table_insert(counts[a], key, GUINT_TO_POINTER(hosts));
	}
	g_hash_table_remove_all(counts[b]);
	GArray *all = habits->lists->pdata[a];
	const GArray *others = habits->lists->pdata[b];
	g_array_append_vals(all, others->data, others->len);
	g_array_sort(all, compare_u32);
	guint kept = 0;
	for (guint n = 0; n < all->len; n++) {
		uint32_t rank = g_array_index(all, uint32_t, n);
		if ((kept == 0 || g_array_index(all, uint32_t, kept - 1) != rank) &&
		    count_of(habits, a, rank) >= AM_GROUP_HABIT_SHARE * (double)size)
			g_array_index(all, uint32_t, kept++) = rank;
	}
	g_array_set_size(all, kept);
}

/* Has a a habit that hardly any of the `size` hosts of b has? */
static gboolean has_own_habit(const Habits *habits, uint32_t a, uint32_t b, uint64_t size)
{
	const GArray *list = habits->lists->pdata[a];
	for (guint n = 0; n < list->len; n++) {
		if (count_of(habits, b, g_array_index(list, uint32_t, n)) <= (1 - AM_GROUP_HABIT_SHARE) * (double)size)
			return TRUE;
	}
	return FALSE;
}

/* ---- Clustering: a heap of pairs of clusters, of which outdated ones are dropped when they come up. */

typedef struct {
	double average;
	uint32_t a, b;
	uint32_t version; /* of a plus of b, when it was put in */
} Candidate;

typedef struct {
	GPtrArray *near; /* per cluster: GHashTable other → double * (sum over pairs of members) */
	uint64_t *size;
	uint32_t *version; /* raised by each merge */
	gboolean *gone;
	GArray *heap; /* Candidate, best first */
} Clusters;

/* Best first: more alike, then lower numbers. */
static gboolean comes_before(const Candidate *x, const Candidate *y)
{
	if (x->average != y->average)
		return x->average > y->average;
	return x->a != y->a ? x->a < y->a : x->b < y->b;
}

static void heap_push(GArray *heap, Candidate candidate)
{
	g_array_append_val(heap, candidate);
	Candidate *at = (Candidate *)heap->data;
	for (guint n = heap->len - 1; n > 0 && comes_before(&at[n], &at[(n - 1) / 2]); n = (n - 1) / 2) {
		Candidate swap = at[n];
		at[n] = at[(n - 1) / 2];
		at[(n - 1) / 2] = swap;
	}
}

static Candidate heap_pop(GArray *heap)
{
	Candidate *at = (Candidate *)heap->data, best = at[0];
	at[0] = at[heap->len - 1];
	g_array_set_size(heap, heap->len - 1);
	for (guint n = 0;;) {
		guint child = 2 * n + 1;
		if (child >= heap->len)
			break;
		if (child + 1 < heap->len && comes_before(&at[child + 1], &at[child]))
			child++;
		if (!comes_before(&at[child], &at[n]))
			break;
		Candidate swap = at[n];
		at[n] = at[child];
		at[child] = swap;
		n = child;
	}
	return best;
}

static void offer(Clusters *clusters, uint32_t a, uint32_t b, double sum)
{
	Candidate candidate = {.average = sum / ((double)clusters->size[a] * (double)clusters->size[b]),
			       .a = MIN(a, b),
			       .b = MAX(a, b),
			       .version = clusters->version[a] + clusters->version[b]};
	heap_push(clusters->heap, candidate);
}

static void set_near(Clusters *clusters, uint32_t a, uint32_t b, double sum)
{
	for (int side = 0; side < 2; side++) {
		GHashTable *near = clusters->near->pdata[side == 0 ? a : b];
		gpointer key = GUINT_TO_POINTER((side == 0 ? b : a) + 1);
		double *known = g_hash_table_lookup(near, key);
		if (known != NULL)
			*known = sum;
		else
			g_hash_table_insert(near, key, g_memdup2(&sum, sizeof sum));
	}
}

/* b goes into a. */
static void join_clusters(Clusters *clusters, uint32_t a, uint32_t b)
{
	GHashTable *near_a = clusters->near->pdata[a], *near_b = clusters->near->pdata[b];
	g_hash_table_remove(near_a, GUINT_TO_POINTER(b + 1));
	GHashTableIter iter;
	gpointer key, value;
	g_hash_table_iter_init(&iter, near_b);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		uint32_t other = GPOINTER_TO_UINT(key) - 1;
		if (other == a)
			continue;
		g_hash_table_remove(clusters->near->pdata[other], GUINT_TO_POINTER(b + 1));
		const double *known = g_hash_table_lookup(near_a, key);
		set_near(clusters, a, other, *(double *)value + (known != NULL ? *known : 0));
	}
	g_hash_table_remove_all(near_b);
	clusters->size[a] += clusters->size[b];
	clusters->gone[b] = TRUE;
	clusters->version[a]++;
	g_hash_table_iter_init(&iter, near_a);
	while (g_hash_table_iter_next(&iter, &key, &value))
		offer(clusters, a, GPOINTER_TO_UINT(key) - 1, *(double *)value);
}

static Clusters clusters_new(const GArray *classes, const GArray *pairs)
{
	guint n_classes = classes->len;
	Clusters clusters = {.near = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref),
			     .size = g_new(uint64_t, MAX(n_classes, 1)),
			     .version = g_new0(uint32_t, MAX(n_classes, 1)),
			     .gone = g_new0(gboolean, MAX(n_classes, 1)),
			     .heap = g_array_new(FALSE, FALSE, sizeof(Candidate))};
	for (guint n = 0; n < n_classes; n++) {
		g_ptr_array_add(clusters.near, g_hash_table_new_full(NULL, NULL, NULL, g_free));
		clusters.size[n] = class_at(classes, n)->members->len;
	}
	for (guint n = 0; n < pairs->len; n++) {
		const Pair *pair = &g_array_index(pairs, Pair, n);
		double sum = pair->likeness * (double)clusters.size[pair->a] * (double)clusters.size[pair->b];
		set_near(&clusters, pair->a, pair->b, sum);
		offer(&clusters, pair->a, pair->b, sum);
	}
	return clusters;
}

static void clusters_clear(Clusters *clusters)
{
	g_ptr_array_unref(clusters->near);
	g_free(clusters->size);
	g_free(clusters->version);
	g_free(clusters->gone);
	g_array_unref(clusters->heap);
}

static gboolean stay_apart(const Clusters *clusters, const Habits *habits, uint32_t a, uint32_t b)
{
	return MIN(clusters->size[a], clusters->size[b]) >= AM_GROUP_HABIT_HOSTS &&
	       has_own_habit(habits, a, b, clusters->size[b]) && has_own_habit(habits, b, a, clusters->size[a]);
}

static uint32_t *cluster(const Join *join, const GArray *pairs, double least)
{
	const GArray *classes = join->classes;
	Clusters clusters = clusters_new(classes, pairs);
	Habits habits = habits_new(join);
	uint32_t *head = g_new(uint32_t, MAX(classes->len, 1));
	for (guint n = 0; n < classes->len; n++)
		head[n] = n;
	while (clusters.heap->len > 0) {
		Candidate best = heap_pop(clusters.heap);
		if (best.average < least)
			break;
		if (clusters.gone[best.a] || clusters.gone[best.b] ||
		    best.version != clusters.version[best.a] + clusters.version[best.b] ||
		    stay_apart(&clusters, &habits, best.a, best.b))
			continue;
		join_clusters(&clusters, best.a, best.b);
		join_habits(&habits, best.a, best.b, clusters.size[best.a]);
		head[best.b] = best.a;
	}
	for (guint n = 0; n < classes->len; n++)
		head[n] = head[head[n]]; /* a head is always lower, and settled by now */
	clusters_clear(&clusters);
	habits_clear(&habits);
	return head;
}

uint32_t *am_merge_classes(const GArray *classes, uint32_t n_hosts, double cut)
{
	Join join = {.classes = classes};
	double least = 1 - cut;
	rank_features(&join, n_hosts);
	rank_classes(&join);
	g_autoptr(GArray) pairs = join_pairs(&join, least / 2);
	uint32_t *head = cluster(&join, pairs, least);
	g_hash_table_unref(join.rank);
	g_ptr_array_unref(join.ranked);
	g_free(join.weight);
	g_free(join.total);
	return head;
}
