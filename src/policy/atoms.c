/* Sets of intervals, split into atoms (Yang and Lam, ToN 2016): wherever any set begins or ends, so that no set cuts an
 * atom. Atoms of the same zone that lie in exactly the same sets are one class, and what is true of one value of a class
 * is true of all. Everything that compares policies or asks them goes over classes instead of addresses.
 *
 * The classes are told apart by their whole list of sets, never by a hash alone: a proof must not hang on a collision. */
#include "config.h"

#include "private.h"

#include <string.h>

typedef struct {
	uint32_t zone;
	uint32_t n;
	const void *bytes;
} Key;

static guint key_hash(gconstpointer data)
{
	const Key *key = data;
	const uint32_t *words = key->bytes;
	uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ key->zone;
	for (uint32_t n = 0; n < key->n; n++) {
		hash = (hash ^ words[n]) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	return (guint)hash;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const Key *x = a, *y = b;
	return x->zone == y->zone && x->n == y->n &&
	       (x->n == 0 || memcmp(x->bytes, y->bytes, x->n * sizeof(uint32_t)) == 0);
}

static void unref_array(gpointer array)
{
	g_array_unref(array);
}

static GArray *numbers(void)
{
	return g_array_new(FALSE, TRUE, sizeof(uint32_t));
}

void am_atoms_init(AmAtoms *atoms)
{
	memset(atoms, 0, sizeof *atoms);
	atoms->sets = g_array_new(FALSE, FALSE, sizeof(GArray *));
	atoms->ids = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
	atoms->atoms = g_array_new(FALSE, FALSE, sizeof(AmAtom));
	atoms->class_atom = numbers();
	atoms->class_first = numbers();
	atoms->class_sets = numbers();
	atoms->set_first = numbers();
	atoms->set_classes = numbers();
}

void am_atoms_clear(AmAtoms *atoms)
{
	for (guint n = 0; n < atoms->sets->len; n++)
		g_array_unref(g_array_index(atoms->sets, GArray *, n));
	g_array_unref(atoms->sets);
	g_hash_table_unref(atoms->ids);
	unref_array(atoms->atoms);
	unref_array(atoms->class_atom);
	unref_array(atoms->class_first);
	unref_array(atoms->class_sets);
	unref_array(atoms->set_first);
	unref_array(atoms->set_classes);
}

uint32_t am_atoms_add(AmAtoms *atoms, GArray *intervals)
{
	Key key = {.n = (uint32_t)(intervals->len * sizeof(AmInterval) / sizeof(uint32_t)), .bytes = intervals->data};
	gpointer found;
	if (g_hash_table_lookup_extended(atoms->ids, &key, NULL, &found)) {
		g_array_unref(intervals);
		return GPOINTER_TO_UINT(found);
	}
	uint32_t id = atoms->sets->len;
	g_array_append_val(atoms->sets, intervals);
	Key *kept = g_new(Key, 1);
	*kept = key;
	g_hash_table_insert(atoms->ids, kept, GUINT_TO_POINTER(id));
	return id;
}

/* A set begins or ends before `at`. `past_end` marks the value after the last one of the zone. */
typedef struct {
	uint32_t zone;
	gboolean past_end;
	AmWide at;
	uint32_t set;
	gboolean begins;
} Event;

static int compare_events(gconstpointer a, gconstpointer b)
{
	const Event *x = a, *y = b;
	if (x->zone != y->zone)
		return x->zone < y->zone ? -1 : 1;
	if (x->past_end != y->past_end)
		return x->past_end ? 1 : -1;
	int by_value = am_wide_compare(x->at, y->at);
	return by_value != 0 ? by_value : x->set < y->set ? -1 : x->set > y->set;
}

static GArray *all_events(const AmAtoms *atoms)
{
	GArray *events = g_array_new(FALSE, FALSE, sizeof(Event));
	for (uint32_t set = 0; set < atoms->sets->len; set++) {
		const GArray *intervals = g_array_index(atoms->sets, GArray *, set);
		for (guint n = 0; n < intervals->len; n++) {
			const AmInterval *interval = &g_array_index(intervals, AmInterval, n);
			g_assert(am_wide_compare(interval->low, interval->high) <=
				 0); /* else it ends before it begins */
			Event begin = {interval->zone, FALSE, interval->low, set, TRUE};
			Event end = {interval->zone, FALSE, interval->high, set, FALSE};
			end.at.low++;
			end.at.high += end.at.low == 0;
			end.past_end = end.at.low == 0 && end.at.high == 0;
			g_array_append_val(events, begin);
			g_array_append_val(events, end);
		}
	}
	g_array_sort(events, compare_events);
	return events;
}

/* Puts `set` into the ascending list, or takes it out. */
static void toggle(GArray *active, uint32_t set, gboolean begins)
{
	guint low = 0, high = active->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		if (g_array_index(active, uint32_t, middle) < set)
			low = middle + 1;
		else
			high = middle;
	}
	if (begins)
		g_array_insert_val(active, low, set);
	else
		g_array_remove_index(active, low);
}

/* The class of these sets in this zone; a new one when there is none yet. */
static uint32_t class_of(AmAtoms *atoms, GHashTable *classes, const GArray *active, uint32_t zone)
{
	Key key = {zone, active->len, active->data};
	gpointer found;
	if (g_hash_table_lookup_extended(classes, &key, NULL, &found))
		return GPOINTER_TO_UINT(found);
	uint32_t class = atoms->n_classes++;
	g_array_append_val(atoms->class_first, atoms->class_sets->len);
	g_array_append_val(atoms->class_atom, atoms->atoms->len);
	g_array_append_vals(atoms->class_sets, active->data, active->len);
	Key *kept = g_malloc(sizeof(Key) + active->len * sizeof(uint32_t));
	*kept = (Key){zone, active->len, kept + 1};
	memcpy(kept + 1, active->data, active->len * sizeof(uint32_t));
	g_hash_table_insert(classes, kept, GUINT_TO_POINTER(class));
	return class;
}

/* From the lists by class, the lists by set. */
static void invert(AmAtoms *atoms)
{
	uint32_t n_sets = atoms->sets->len;
	g_array_set_size(atoms->set_first, n_sets + 1);
	uint32_t *first = (uint32_t *)(void *)atoms->set_first->data;
	for (guint n = 0; n < atoms->class_sets->len; n++)
		first[g_array_index(atoms->class_sets, uint32_t, n) + 1]++;
	for (uint32_t set = 0; set < n_sets; set++)
		first[set + 1] += first[set];
	g_array_set_size(atoms->set_classes, atoms->class_sets->len);
	g_autofree uint32_t *next = g_memdup2(first, (n_sets + 1) * sizeof *first);
	for (uint32_t class = 0; class < atoms->n_classes; class ++) {
		AmSlice sets = am_slice(atoms->class_first, atoms->class_sets, class);
		for (uint32_t n = 0; n < sets.n; n++)
			g_array_index(atoms->set_classes, uint32_t, next[sets.at[n]]++) = class;
	}
}

void am_atoms_split(AmAtoms *atoms)
{
	g_autoptr(GArray) events = all_events(atoms);
	g_autoptr(GArray) active = numbers();
	g_autoptr(GHashTable) classes = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
	for (guint n = 0; n < events->len;) {
		Event here = g_array_index(events, Event, n);
		for (; n < events->len; n++) {
			const Event *event = &g_array_index(events, Event, n);
			if (event->zone != here.zone || event->past_end != here.past_end ||
			    am_wide_compare(event->at, here.at) != 0)
				break;
			toggle(active, event->set, event->begins);
		}
		if (active->len == 0)
			continue;
		/* Something is still open, so another event of this zone follows: it ends the atom. */
		AmWide end = g_array_index(events, Event, n).at;
		end.high -= end.low == 0;
		end.low--;
		AmAtom atom = {{here.zone, here.at, end}, class_of(atoms, classes, active, here.zone)};
		g_array_append_val(atoms->atoms, atom);
	}
	g_array_append_val(atoms->class_first, atoms->class_sets->len);
	invert(atoms);
}

uint32_t am_atoms_find(const AmAtoms *atoms, uint32_t zone, AmWide value)
{
	guint low = 0, high = atoms->atoms->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		const AmAtom *atom = &g_array_index(atoms->atoms, AmAtom, middle);
		if (atom->interval.zone > zone ||
		    (atom->interval.zone == zone && am_wide_compare(atom->interval.low, value) > 0))
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0)
		return AM_NO_INDEX;
	const AmAtom *atom = &g_array_index(atoms->atoms, AmAtom, low - 1);
	gboolean inside = atom->interval.zone == zone && am_wide_compare(value, atom->interval.high) <= 0;
	return inside ? atom->class : AM_NO_INDEX;
}

AmSlice am_slice(const GArray *first, const GArray *values, uint32_t index)
{
	uint32_t from = g_array_index(first, uint32_t, index), to = g_array_index(first, uint32_t, index + 1);
	/* An empty array has no data, and nothing may be added to NULL. */
	return to > from ? (AmSlice){(const uint32_t *)(const void *)values->data + from, to - from}
			 : (AmSlice){NULL, 0};
}

gboolean am_slice_has(AmSlice slice, uint32_t value)
{
	uint32_t low = 0, high = slice.n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (slice.at[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low < slice.n && slice.at[low] == value;
}
