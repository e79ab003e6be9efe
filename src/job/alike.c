/* Finds inputs that look like the same capture in another shape, and those that saw the same time as an earlier run's. It only
 * warns: standard input and what merely looks alike are never refused.
 */
#include "config.h"

#include "alike.h"

#include <string.h>

#define NS_PER_US 1000
/* Captures that follow each other may overlap by what their writer had not sorted yet. */
#define OVERLAP_NS (2 * AM_NS_PER_S)

/* What an input looks like. */
typedef struct {
	const AmInput *input; /* borrowed */
	int64_t run;          /* 0: this one */
} Look;

static gboolean is_log(const AmInput *input)
{
	return am_input_is_log(input->kind);
}

static guint hash_look(gconstpointer data)
{
	const AmInput *input = ((const Look *)data)->input;
	gint64 first_us = input->first_ns / NS_PER_US, records = (gint64)input->records;
	return g_int64_hash(&first_us) * 31 + g_int64_hash(&records);
}

static gboolean same_look(gconstpointer a, gconstpointer b)
{
	const AmInput *x = ((const Look *)a)->input, *y = ((const Look *)b)->input;
	return is_log(x) == is_log(y) && x->records == y->records &&
	       x->first_ns / NS_PER_US == y->first_ns / NS_PER_US && x->last_ns / NS_PER_US == y->last_ns / NS_PER_US;
}

/* The first that looks so stays. */
static void add_look(GHashTable *looks, const AmInput *input, int64_t run)
{
	const Look look = {.input = input, .run = run};
	if (input->records > 0 && !g_hash_table_contains(looks, &look))
		g_hash_table_add(looks, g_memdup2(&look, sizeof look));
}

static const char *input_name(const AmInput *input)
{
	return strcmp(input->path, "-") == 0 ? "standard input" : input->path;
}

static char *warning_text(const AmInput *input, const Look *other, const char *db)
{
	const char *records = is_log(input) ? "log lines" : "packets";
	g_autofree char *alike =
		g_strdup_printf("%s looks like the same capture as %s", input_name(input), input_name(other->input));
	g_autofree char *why = g_strdup_printf("(same number of %s, same first and last time)", records);
	if (other->run != 0)
		return g_strdup_printf("%s of run %" G_GINT64_FORMAT ", which is in %s already %s: it counts twice; a "
				       "run cannot be taken out, so if it is the same, make a new database without it",
				       alike, (gint64)other->run, db, why);
	if (is_log(input))
		return g_strdup_printf("%s, read with it %s: it counts twice; if it is the same, make a new database "
				       "without it",
				       alike, why);
	return g_strdup_printf("%s, read with it %s: copies of a packet count once, so if it is the same, nothing is "
			       "gained by it",
			       alike, why);
}

/* One stray time stamp makes an input seem to last for years. */
static gboolean has_sound_times(const AmRun *run)
{
	return run->ledger.times_mended == 0 && run->ledger.clock_steps_back == 0;
}

/* The first of `looks` (Look) that saw packets at the same time, or NULL. */
static const Look *overlapping(const GArray *looks, const AmInput *input)
{
	for (guint n = 0; n < looks->len; n++) {
		const Look *look = &g_array_index(looks, Look, n);
		int64_t from = MAX(look->input->first_ns, input->first_ns),
			to = MIN(look->input->last_ns, input->last_ns);
		if (!is_log(look->input) && to > from && (uint64_t)to - (uint64_t)from > OVERLAP_NS)
			return look;
	}
	return NULL;
}

/* Within a run, copies of a packet count once, and sensors are apart; so it is captures of an earlier one that matter. */
static void warn_of_overlap(const GArray *inputs, const GArray *earlier, const char *db, GPtrArray *warnings)
{
	const AmInput *first = NULL;
	const Look *other = NULL;
	guint n_more = 0;
	for (guint n = 0; n < inputs->len; n++) {
		const AmInput *input = &g_array_index(inputs, AmInput, n);
		const Look *look = is_log(input) || input->records == 0 ? NULL : overlapping(earlier, input);
		if (look == NULL)
			continue;
		if (first != NULL) {
			n_more++;
			continue;
		}
		first = input;
		other = look;
	}
	if (first == NULL)
		return;
	g_autofree char *more = n_more > 0 ? g_strdup_printf(" and %u more", n_more) : g_strdup("");
	g_ptr_array_add(
		warnings,
		g_strdup_printf(
			"%s%s: from the same time as %s of run %" G_GINT64_FORMAT ", which is in %s already: "
			"what both saw counts twice; captures of one time belong into one run, which counts copies "
			"once, or, when they are from different places, each to a --sensor of its own",
			input_name(first), more, input_name(other->input), (gint64)other->run, db));
}

gboolean am_alike_warn(AmFacts *facts, const AmRun *run, const char *db, const GArray *inputs, GPtrArray *warnings,
		       GError **error)
{
	g_autoptr(GPtrArray) runs = am_facts_runs(facts, error);
	if (runs == NULL)
		return FALSE;
	g_autoptr(GHashTable) looks = g_hash_table_new_full(hash_look, same_look, g_free, NULL);
	g_autoptr(GArray) others = g_array_new(FALSE, FALSE, sizeof(Look));
	for (guint r = 0; r < runs->len; r++) {
		const AmRun *earlier = runs->pdata[r];
		if (strcmp(earlier->sensor, run->sensor) != 0 || strcmp(earlier->network, run->network) != 0)
			continue;
		for (guint n = 0; n < earlier->inputs->len; n++) {
			const Look look = {.input = &g_array_index(earlier->inputs, AmInput, n), .run = earlier->id};
			add_look(looks, look.input, look.run);
			if (has_sound_times(earlier))
				g_array_append_val(others, look);
		}
	}
	guint n_before = warnings->len;
	for (guint n = 0; n < inputs->len; n++) {
		const AmInput *input = &g_array_index(inputs, AmInput, n);
		const Look look = {.input = input}, *other = g_hash_table_lookup(looks, &look);
		if (other != NULL)
			g_ptr_array_add(warnings, warning_text(input, other, db));
		add_look(looks, input, 0);
	}
	if (warnings->len == n_before && has_sound_times(run))
		warn_of_overlap(inputs, others, db, warnings);
	return TRUE;
}
