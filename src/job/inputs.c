/* Several files read as if they were one capture.
 *
 * Why: rotated files, and captures of several mirror ports at once, must give the same connections in whatever order
 * they are named. So each file is looked at once (identity, kind, time of the first packet), the files are put in the
 * order of those times, and their frames are merged. A file is open only from the moment when its first frame may be
 * next until its end, so that thousands of rotated files need few handles. Standard input can be opened only once and
 * stays open.
 */
#include "config.h"

#include "inputs.h"

#include "allowmap/import.h"

#include <string.h>

typedef struct {
	AmInput input;
	gboolean is_log;
	AmInputFile *file; /* NULL = not open now */
	AmFrame head;
	gboolean has_head;
	gboolean is_empty;  /* a capture without a single frame */
	uint64_t position;  /* octets consumed when it was closed */
	uint64_t n_unknown; /* frames of a link layer that is not decoded */
	uint32_t link_type; /* of the first of them */
} Source;

struct AmInputs {
	GPtrArray *sources; /* Source, in reading order */
	guint n_started;    /* captures before this index were opened */
	GPtrArray *active;  /* Source with a head, borrowed, in reading order: seldom more than a few */
	uint64_t size;
	uint64_t done;   /* octets of the sources that were closed at their end */
	Source *lending; /* whose head the caller holds */
};

static void source_free(gpointer data)
{
	Source *source = data;
	am_input_file_free(source->file);
	am_input_clear(&source->input);
	g_free(source);
}

void am_inputs_free(AmInputs *inputs)
{
	if (inputs == NULL)
		return;
	g_clear_pointer(&inputs->active, g_ptr_array_unref);
	g_clear_pointer(&inputs->sources, g_ptr_array_unref);
	g_free(inputs);
}

static void warn(AmIngestResult *result, char *text)
{
	g_ptr_array_add(result->warnings, text);
}

static char *kept_text(uint64_t records)
{
	if (records == 0)
		return g_strdup("there is no packet before it");
	if (records == 1)
		return g_strdup("the packet before it was kept");
	return g_strdup_printf("the %" G_GUINT64_FORMAT " packets before it were kept", records);
}

/* What is of no use to us is told with its number, so that it can be looked up; a capture that is nothing else is at fault. */
static void tell_unknown(const Source *source, AmIngestResult *result)
{
	static const char decoded[] = "only Ethernet, Linux cooked, PPP, HDLC, NFLOG, loopback and raw IP are decoded";
	uint64_t n = source->n_unknown, records = source->input.records;
	if (n == records)
		result->n_failed++;
	if (n == records)
		warn(result, g_strdup_printf("%s: nothing of it could be used: its packets are of link type %u, and %s",
					     source->input.path, source->link_type, decoded));
	else
		warn(result, g_strdup_printf("%s: %" G_GUINT64_FORMAT " of its %" G_GUINT64_FORMAT
					     " packets were skipped: they are of link type %u, and %s",
					     source->input.path, n, records, source->link_type, decoded));
}

/* Steps to the next frame of an open source. At its end, or when it fails, it is closed. */
static void source_advance(Source *source, AmIngestResult *result)
{
	g_autoptr(GError) error = NULL;
	int got = am_input_file_next(source->file, &source->head, &error);
	source->has_head = got == 1;
	if (got == 1)
		return;
	if (source->n_unknown > 0)
		tell_unknown(source, result);
	g_autofree char *kept = kept_text(source->input.records);
	if (got < 0) {
		result->n_failed++;
		warn(result, g_strdup_printf("%s: %s; %s", source->input.path, error->message, kept));
	} else if (am_input_file_was_cut(source->file)) {
		source->input.cut = TRUE;
		result->n_cut++;
		warn(result,
		     g_strdup_printf("%s: ends in the middle of a record (cut short); %s", source->input.path, kept));
	}
	source->position = am_input_file_position(source->file);
	g_clear_pointer(&source->file, am_input_file_free);
}

/* Looks at one path: identity, kind, first frame. NULL = left out, with a warning. */
static Source *look_at(const char *path, gboolean whole_hash, AmFacts *facts, const AmRun *run, AmIngestResult *result)
{
	g_autoptr(GError) error = NULL;
	Source *source = g_new0(Source, 1);
	if (!am_input_identify(path, whole_hash, &source->input, &error)) {
		warn(result, g_strdup(error->message));
		result->n_failed++;
		source_free(source);
		return NULL;
	}
	if (source->input.sha256[0] != '\0' && !am_facts_check_input(facts, run, &source->input, &error)) {
		warn(result, g_strdup(error->message));
		if (g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_KNOWN))
			result->n_known++;
		else
			result->n_failed++;
		source_free(source);
		return NULL;
	}
	source->file = am_input_file_open(path, am_log_recognise, &error);
	if (source->file == NULL) {
		warn(result, g_strdup(error->message));
		result->n_failed++;
		source_free(source);
		return NULL;
	}
	source->input.kind = am_input_file_kind(source->file);
	source->is_log = am_input_is_log(source->input.kind);
	return source;
}

/* Reads the first frame for its time, and closes what can be opened again. */
static void peek_first(Source *source, AmIngestResult *result)
{
	gboolean reopen = source->input.sha256[0] != '\0'; /* neither standard input nor a pipe */
	if (source->is_log) {
		if (reopen)
			g_clear_pointer(&source->file, am_input_file_free);
		return;
	}
	source_advance(source, result);
	source->is_empty = !source->has_head;
	source->input.first_ns = source->has_head ? source->head.time_ns : 0;
	if (source->has_head && reopen) {
		source->has_head = FALSE;
		g_clear_pointer(&source->file, am_input_file_free);
	}
}

/* Captures by time, then logs; equal ones by what they hold, so that the order of the paths does not matter. */
static int compare_sources(gconstpointer a, gconstpointer b)
{
	const Source *x = *(Source *const *)a, *y = *(Source *const *)b;
	if (x->is_log != y->is_log)
		return x->is_log ? 1 : -1;
	if (x->input.first_ns != y->input.first_ns)
		return x->input.first_ns < y->input.first_ns ? -1 : 1;
	int by_hash = strcmp(x->input.sha256, y->input.sha256);
	return by_hash != 0 ? by_hash : strcmp(x->input.path, y->input.path);
}

/* The same bytes named twice (a folder and a file in it, a copy) count once. */
static void drop_repeated(GPtrArray *sources, AmIngestResult *result)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint n = 0; n < sources->len;) {
		const AmInput *input = &((Source *)sources->pdata[n])->input;
		if (input->sha256[0] == '\0' ||
		    g_hash_table_add(seen, g_strdup_printf("%s %" G_GUINT64_FORMAT, input->sha256, input->size))) {
			n++;
			continue;
		}
		warn(result, g_strdup_printf("%s: the same content is named twice; it is read once", input->path));
		result->n_known++;
		g_ptr_array_remove_index(sources, n);
	}
}

/* The database that is being written may lie in the folder that is read: it is no input unless it is named. */
static void drop_own(GPtrArray *files, const char *const *paths, const char *db)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".lock"};
	g_autofree char *decisions = am_decisions_path_for(db);
	g_autoptr(GHashTable) own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint n = 0; n < G_N_ELEMENTS(suffixes); n++) {
		g_autofree char *of_facts = g_strconcat(db, suffixes[n], NULL);
		g_autofree char *of_decisions = g_strconcat(decisions, suffixes[n], NULL);
		g_hash_table_add(own, g_canonicalize_filename(of_facts, NULL));
		g_hash_table_add(own, g_canonicalize_filename(of_decisions, NULL));
	}
	for (guint n = 0; n < files->len;) {
		g_autofree char *path = g_canonicalize_filename(files->pdata[n], NULL);
		if (g_hash_table_contains(own, path) && !g_strv_contains(paths, files->pdata[n]))
			g_ptr_array_remove_index(files, n);
		else
			n++;
	}
}

/* Of a single file its own reason is the error; other warnings, as of the sandbox, stay. */
static void set_nothing(guint n_files, AmIngestResult *result, GError **error)
{
	guint n = result->warnings->len;
	g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT, "%s",
		    n_files == 0   ? "the folder holds nothing but the database; name captures"
		    : n_files == 1 ? (const char *)result->warnings->pdata[n - 1]
				   : "none of the inputs could be used; each one's reason is above");
	if (n_files == 1)
		g_ptr_array_set_size(result->warnings, (gint)n - 1);
}

AmInputs *am_inputs_open(const char *const *paths, const char *db, gboolean whole_hash, AmFacts *facts,
			 const AmRun *run, AmIngestResult *result, GError **error)
{
	g_autoptr(GPtrArray) files = am_input_expand(paths, error);
	if (files == NULL)
		return NULL;
	drop_own(files, paths, db);
	g_autoptr(AmInputs) inputs = g_new0(AmInputs, 1);
	inputs->sources = g_ptr_array_new_with_free_func(source_free);
	inputs->active = g_ptr_array_new();
	for (guint n = 0; n < files->len; n++) {
		Source *source = look_at(files->pdata[n], whole_hash, facts, run, result);
		if (source == NULL)
			continue;
		peek_first(source, result);
		g_ptr_array_add(inputs->sources, source);
	}
	g_ptr_array_sort(inputs->sources, compare_sources);
	drop_repeated(inputs->sources, result);
	for (guint n = 0; n < inputs->sources->len; n++)
		inputs->size += ((Source *)inputs->sources->pdata[n])->input.size;
	if (inputs->sources->len == 0 && result->n_known == 0) {
		set_nothing(files->len, result, error);
		return NULL;
	}
	return g_steal_pointer(&inputs);
}

guint am_inputs_count(const AmInputs *inputs)
{
	return inputs->sources->len;
}

uint64_t am_inputs_size(const AmInputs *inputs)
{
	return inputs->size;
}

uint64_t am_inputs_position(const AmInputs *inputs)
{
	uint64_t position = inputs->done;
	for (guint n = 0; n < inputs->active->len; n++)
		position += am_input_file_position(((Source *)inputs->active->pdata[n])->file);
	return position;
}

/* Makes a source active: opens it (standard input is open already) and reads its first frame. */
static void start_source(AmInputs *inputs, Source *source, AmIngestResult *result)
{
	if (!source->has_head) {
		g_autoptr(GError) error = NULL;
		source->file = am_input_file_open(source->input.path, am_log_recognise, &error);
		if (source->file == NULL) {
			warn(result, g_strdup(error->message));
			result->n_failed++;
			return;
		}
		source_advance(source, result);
	}
	if (source->has_head)
		g_ptr_array_add(inputs->active, source);
}

static Source *earliest(const AmInputs *inputs)
{
	Source *best = NULL;
	for (guint n = 0; n < inputs->active->len; n++) {
		Source *source = inputs->active->pdata[n];
		if (best == NULL || source->head.time_ns < best->head.time_ns)
			best = source;
	}
	return best;
}

/* Starts every capture whose first frame may be the next one. */
static Source *start_due(AmInputs *inputs, AmIngestResult *result)
{
	Source *best = earliest(inputs);
	while (inputs->n_started < inputs->sources->len) {
		Source *source = inputs->sources->pdata[inputs->n_started];
		if (source->is_log || (best != NULL && source->input.first_ns > best->head.time_ns))
			break;
		inputs->n_started++;
		if (!source->is_empty)
			start_source(inputs, source, result);
		best = earliest(inputs);
	}
	return best;
}

gboolean am_inputs_next(AmInputs *inputs, AmIngestResult *result, AmFrame *ret_frame)
{
	Source *lent = inputs->lending;
	if (lent != NULL) {
		source_advance(lent, result);
		if (!lent->has_head) {
			inputs->done += lent->position;
			g_ptr_array_remove(inputs->active, lent);
		}
	}
	Source *source = start_due(inputs, result);
	inputs->lending = source;
	if (source == NULL)
		return FALSE;
	AmInput *input = &source->input;
	input->records++;
	input->last_ns = input->records == 1 ? source->head.time_ns : MAX(input->last_ns, source->head.time_ns);
	input->first_ns = MIN(input->first_ns, source->head.time_ns);
	*ret_frame = source->head;
	return TRUE;
}

void am_inputs_link_unknown(AmInputs *inputs)
{
	Source *lent = inputs->lending;
	if (lent->n_unknown++ == 0)
		lent->link_type = lent->head.link_type;
}

AmInputFile *am_inputs_open_log(AmInputs *inputs, guint n, AmInput **ret_input, GError **error)
{
	Source *source = inputs->sources->pdata[n];
	if (!source->is_log)
		return NULL;
	*ret_input = &source->input;
	if (source->file != NULL)
		return g_steal_pointer(&source->file);
	return am_input_file_open(source->input.path, am_log_recognise, error);
}

GArray *am_inputs_steal(AmInputs *inputs)
{
	GArray *array = g_array_new(FALSE, TRUE, sizeof(AmInput));
	g_array_set_clear_func(array, (GDestroyNotify)am_input_clear);
	for (guint n = 0; n < inputs->sources->len; n++) {
		Source *source = inputs->sources->pdata[n];
		g_array_append_val(array, source->input);
		memset(&source->input, 0, sizeof source->input);
	}
	return array;
}
