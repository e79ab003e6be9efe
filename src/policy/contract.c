/* Many tuples (from, to, service) become few products (set of from × set of to × set of service), exactly: wherever two
 * products agree in two of the three, the third are joined. That contracts equal rows and equal columns of the matrix of
 * who may use what, until nothing agrees any more. The products stay disjoint, so their sizes always add up to the number
 * of tuples.
 *
 * A smallest cover cannot even be approximated (minimum biclique cover), and which of the three is joined first matters:
 * four orders are tried, the fewest products win, the first of them on a tie. O(n log n) in tuples for each round. */
#include "config.h"

#include "private.h"

#include <string.h>

typedef enum { FROM, TO, SERVICE } Dimension;

static void sets_init(AmNumberSets *sets, uint32_t n_singletons)
{
	sets->n_singletons = n_singletons;
	sets->first = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	sets->members = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_array_append_val(sets->first, sets->members->len);
	sets->n_slots = 1024;
	sets->slots = g_malloc(sets->n_slots * sizeof(uint32_t));
	memset(sets->slots, 0xff, sets->n_slots * sizeof(uint32_t));
}

static void sets_clear(AmNumberSets *sets)
{
	g_array_unref(sets->first);
	g_array_unref(sets->members);
	g_free(sets->slots);
}

AmSlice am_number_set(const AmNumberSets *sets, uint32_t id, uint32_t *storage)
{
	if (id >= sets->n_singletons)
		return am_slice(sets->first, sets->members, id - sets->n_singletons);
	*storage = id;
	return (AmSlice){storage, 1};
}

static uint32_t hash_numbers(const uint32_t *numbers, uint32_t n)
{
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
	for (uint32_t k = 0; k < n; k++) {
		hash = (hash ^ numbers[k]) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

/* The slot of this set, or the free one where it belongs. */
static uint32_t *find_slot(AmNumberSets *sets, const uint32_t *numbers, uint32_t n)
{
	uint32_t at = hash_numbers(numbers, n) & (sets->n_slots - 1);
	for (;; at = (at + 1) & (sets->n_slots - 1)) {
		if (sets->slots[at] == AM_NO_INDEX)
			return &sets->slots[at];
		AmSlice other = am_slice(sets->first, sets->members, sets->slots[at] - sets->n_singletons);
		if (other.n == n && memcmp(other.at, numbers, n * sizeof *numbers) == 0)
			return &sets->slots[at];
	}
}

static void grow(AmNumberSets *sets)
{
	sets->n_slots *= 2;
	sets->slots = g_realloc(sets->slots, sets->n_slots * sizeof(uint32_t));
	memset(sets->slots, 0xff, sets->n_slots * sizeof(uint32_t));
	for (uint32_t set = 0; set + 1 < sets->first->len; set++) {
		AmSlice slice = am_slice(sets->first, sets->members, set);
		*find_slot(sets, slice.at, slice.n) = set + sets->n_singletons;
	}
}

/* The id of the set of these numbers (ascending, at least two). */
static uint32_t intern(AmNumberSets *sets, const GArray *numbers)
{
	uint32_t *slot = find_slot(sets, (const uint32_t *)(const void *)numbers->data, numbers->len);
	if (*slot != AM_NO_INDEX)
		return *slot;
	uint32_t id = *slot = sets->first->len - 1 + sets->n_singletons;
	g_array_append_vals(sets->members, numbers->data, numbers->len);
	g_array_append_val(sets->first, sets->members->len);
	if (sets->first->len > sets->n_slots / 2)
		grow(sets);
	return id;
}

/* A product while it is sorted: what must agree, what is joined, and where it was. */
typedef struct {
	uint64_t class;
	uint32_t a, b, joined, old;
} Entry;

static int compare_entries(gconstpointer left, gconstpointer right)
{
	const Entry *x = left, *y = right;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	if (x->b != y->b)
		return x->b < y->b ? -1 : 1;
	return x->joined < y->joined ? -1 : x->joined > y->joined;
}

int am_numbers_compare(gconstpointer a, gconstpointer b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

void am_numbers_unique(GArray *numbers)
{
	guint n = 0;
	g_array_sort(numbers, am_numbers_compare);
	for (guint next = 0; next < numbers->len; next++)
		if (n == 0 || g_array_index(numbers, uint32_t, n - 1) != g_array_index(numbers, uint32_t, next))
			g_array_index(numbers, uint32_t, n++) = g_array_index(numbers, uint32_t, next);
	g_array_set_size(numbers, n);
}

static GArray *sorted_entries(const GArray *products, Dimension dimension)
{
	GArray *entries = g_array_sized_new(FALSE, FALSE, sizeof(Entry), products->len);
	for (uint32_t n = 0; n < products->len; n++) {
		const AmGrant *tuple = &g_array_index(products, AmGrant, n);
		uint32_t values[] = {tuple->from, tuple->to, tuple->service};
		Entry entry = {tuple->class, values[(dimension + 1) % 3], values[(dimension + 2) % 3],
			       values[dimension], n};
		g_array_append_val(entries, entry);
	}
	g_array_sort(entries, compare_entries);
	return entries;
}

static uint32_t join(AmNumberSets *sets, const Entry *entries, uint32_t n, GArray *scratch)
{
	if (n == 1)
		return entries[0].joined;
	g_array_set_size(scratch, 0);
	for (uint32_t k = 0; k < n; k++) {
		uint32_t storage;
		AmSlice members = am_number_set(sets, entries[k].joined, &storage);
		g_array_append_vals(scratch, members.at, members.n);
	}
	g_array_sort(scratch, am_numbers_compare);
	return intern(sets, scratch);
}

/* One round over one dimension. Gives the products that remain; *ret_moved says where each old one went. */
static GArray *join_round(AmNumberSets *sets, const GArray *products, Dimension dimension, uint32_t *moved)
{
	g_autoptr(GArray) entries = sorted_entries(products, dimension);
	g_autoptr(GArray) scratch = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	GArray *joined = g_array_new(FALSE, TRUE, sizeof(AmGrant));
	for (guint n = 0; n < entries->len;) {
		const Entry *first = &g_array_index(entries, Entry, n);
		uint32_t run = 0;
		for (; n + run < entries->len; run++) {
			if (first[run].class != first->class || first[run].a != first->a || first[run].b != first->b)
				break;
			moved[first[run].old] = joined->len;
		}
		uint32_t values[3];
		values[dimension] = join(&sets[dimension], first, run, scratch);
		values[(dimension + 1) % 3] = first->a;
		values[(dimension + 2) % 3] = first->b;
		AmGrant product = {values[FROM], values[TO], values[SERVICE], first->class};
		g_array_append_val(joined, product);
		n += run;
	}
	return joined;
}

/* Joins over the three dimensions in this order, again and again, until a whole cycle changes nothing. */
static void contract_in_order(AmNumberSets *sets, const GArray *tuples, const Dimension order[3], GArray **ret_products,
			      GArray **ret_tuple_product)
{
	GArray *products = g_array_new(FALSE, TRUE, sizeof(AmGrant));
	GArray *where = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_autofree uint32_t *moved = g_new(uint32_t, tuples->len + 1);
	g_array_append_vals(products, tuples->data, tuples->len);
	for (uint32_t n = 0; n < tuples->len; n++)
		g_array_append_val(where, n);
	for (guint step = 0, unchanged = 0; unchanged < 3; step++) {
		GArray *joined = join_round(sets, products, order[step % 3], moved);
		unchanged = joined->len == products->len ? unchanged + 1 : 0;
		for (guint n = 0; n < where->len; n++)
			g_array_index(where, uint32_t, n) = moved[g_array_index(where, uint32_t, n)];
		g_array_unref(products);
		products = joined;
	}
	*ret_products = products;
	*ret_tuple_product = where;
}

AmContraction *am_contract(const GArray *tuples, uint32_t n_from, uint32_t n_to, uint32_t n_service)
{
	static const Dimension orders[][3] = {
		{SERVICE, TO, FROM}, {SERVICE, FROM, TO}, {TO, FROM, SERVICE}, {FROM, TO, SERVICE}};
	AmContraction *contraction = g_new0(AmContraction, 1);
	sets_init(&contraction->sets[FROM], n_from);
	sets_init(&contraction->sets[TO], n_to);
	sets_init(&contraction->sets[SERVICE], n_service);
	for (guint n = 0; n < G_N_ELEMENTS(orders); n++) {
		GArray *products, *where;
		contract_in_order(contraction->sets, tuples, orders[n], &products, &where);
		if (contraction->products == NULL || products->len < contraction->products->len) {
			GArray *worse = contraction->products, *worse_where = contraction->tuple_product;
			contraction->products = products;
			contraction->tuple_product = where;
			products = worse;
			where = worse_where;
		}
		g_clear_pointer(&products, g_array_unref);
		g_clear_pointer(&where, g_array_unref);
	}
	return contraction;
}

void am_contraction_free(AmContraction *contraction)
{
	if (contraction == NULL)
		return;
	for (int n = 0; n < 3; n++)
		sets_clear(&contraction->sets[n]);
	g_array_unref(contraction->products);
	g_array_unref(contraction->tuple_product);
	g_free(contraction);
}
