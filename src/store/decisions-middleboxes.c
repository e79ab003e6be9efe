/* What people said of middleboxes. It is in the log only: an entry's content is all that was said, and the chain of hashes vouches
 * for it. It is read back strictly: a line that is not known, or a value that cannot be, means that the file is damaged. */
#include "config.h"

#include "decisions.h"

#include "allowmap/base.h"

#include <string.h>

#define KIND "middlebox"

static const char *or_nothing(const char *text)
{
	return text != NULL ? text : "";
}

gboolean am_decisions_add_middlebox(AmDecisions *decisions, const AmMiddleboxHint *hint, GError **error)
{
	char address[AM_ADDRESS_TEXT_SIZE];
	int64_t n;
	GString *content = am_decisions_content(KIND, hint->at_ns, or_nothing(hint->who));
	if (hint->network != NULL)
		am_decisions_add_line(content, "network", hint->network);
	am_decisions_add_line(content, "address", am_address_text(&hint->address, address));
	am_decisions_add_line(content, "role", am_middlebox_role_name(hint->role));
	am_decisions_add_line(content, "why", or_nothing(hint->why));
	return am_decisions_append(decisions, KIND, hint->at_ns, or_nothing(hint->who), content, &n, error);
}

/* One line, without its end; `line` is overwritten. FALSE when it is none of ours. */
static gboolean read_line(char *line, AmMiddleboxHint *hint)
{
	char *space = strchr(line, ' ');
	if (space == NULL)
		return FALSE;
	*space = '\0';
	g_autofree char *value = g_strcompress(space + 1);
	if (strcmp(line, "kind") == 0 || strcmp(line, "at") == 0 || strcmp(line, "who") == 0)
		return TRUE; /* the entry's own columns have them */
	if (strcmp(line, "address") == 0 && hint->address.family == 0)
		return am_address_parse(value, &hint->address);
	if (strcmp(line, "role") == 0 && hint->role < 0)
		return am_middlebox_role_parse(value, &hint->role);
	char **text = strcmp(line, "network") == 0 ? &hint->network : strcmp(line, "why") == 0 ? &hint->why : NULL;
	if (text == NULL || *text != NULL)
		return FALSE;
	*text = g_steal_pointer(&value);
	return TRUE;
}

static void read_content(AmColumns *columns, const char *content, AmMiddleboxHint *hint)
{
	g_auto(GStrv) lines = g_strsplit(or_nothing(content), "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		if (!(line[1] == NULL && **line == '\0') && !read_line(*line, hint))
			columns->damaged = TRUE;
	}
	if (hint->who == NULL || hint->why == NULL || hint->address.family == 0 || hint->role < 0)
		columns->damaged = TRUE;
}

gboolean am_middlebox_hints_read(AmDatabase *database, GArray *hints, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "decisions-middleboxes", error);
	if (statement == NULL)
		return FALSE;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		AmMiddleboxHint hint = {.role = -1, .at_ns = am_column_int(&columns)};
		hint.who = am_column_text(&columns);
		g_autofree char *content = am_column_text(&columns);
		read_content(&columns, content, &hint);
		g_array_append_val(hints, hint);
		if (!am_columns_check(&columns, database, error)) {
			sqlite3_reset(statement);
			return FALSE;
		}
	}
	return code == SQLITE_DONE;
}
