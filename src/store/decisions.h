/* Private to store/. */
#pragma once

#include "allowmap/store.h"
#include "database.h"

struct AmDecisions {
	AmDatabase *database; /* NULL: there is no file, and none was to be made */
	char *path;
};

/* Whether the log is whole: every entry's hash follows from the one before it, and every row of the other tables says
 * what its entry says. What was cut off at the end shows only against a head that was kept elsewhere. */
gboolean am_decisions_verify(AmDecisions *decisions, GError **error);

/* ---- For entries that are all of what they say, with no row elsewhere. */
/* Every entry's content begins with kind, time and who. To be freed with g_string_free(). */
GString *am_decisions_content(const char *kind, int64_t at_ns, const char *who);
void am_decisions_add_line(GString *content, const char *name, const char *value);
void am_decisions_add_number(GString *content, const char *name, int64_t value);
/* One entry more, in a transaction of its own. Takes `content`. */
gboolean am_decisions_append(AmDecisions *decisions, const char *kind, int64_t at_ns, const char *who, GString *content,
			     int64_t *ret_n, GError **error);
/* Sets what was declared; inside a transaction. */
gboolean am_declarations_read(AmDatabase *database, AmDecisionSet *set, GError **error);

/* Adds an entry to the log; *ret_n is its number. Between begin and end, which keeps it if all of it was `written`. */
gboolean am_decision_log(AmDatabase *database, const char *kind, int64_t at_ns, const char *who, const char *content,
			 int64_t *ret_n, GError **error);
gboolean am_decisions_begin(AmDecisions *decisions, GError **error);
gboolean am_decisions_end(AmDecisions *decisions, gboolean written, GError **error);
/* FALSE, with the error that says what is wrong with entry `n`. */
gboolean am_decisions_set_tampered(AmDatabase *database, int64_t n, const char *what, GError **error);

/* decisions-imports.c: those in force, into `set`; and whether they and their rows say what the log says. */
gboolean am_decisions_read_imports(AmDatabase *database, AmDecisionSet *set, GError **error);
gboolean am_decisions_verify_imports(AmDatabase *database, guint n_logged, GError **error);
/* decisions-middleboxes.c: adds what was said (AmMiddleboxHint), oldest first; inside a transaction. */
gboolean am_middlebox_hints_read(AmDatabase *database, GArray *hints, GError **error);
