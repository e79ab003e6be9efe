/* What people declared (model/declared.h): expected changes, sanctioned scanners, exclusions, changes to groups, taps. It is
 * lists of hosts mostly, and kept in the log only: an entry's content is all that was said, so that no second copy can differ
 * from it, and the chain of hashes vouches for it as it is. The content is read back strictly; a line that is not known, or a
 * value that cannot be, means that the file is damaged.
 *
 * A withdrawal is an entry that names the number of another one.
 */
#include "config.h"

#include "decisions.h"

#include "allowmap/base.h"

#include <stdio.h>
#include <string.h>

#define MAX_LINE_NAME 16

/* ---- Writing */

static const char *or_nothing(const char *text)
{
	return text != NULL ? text : "";
}

static void add_prefixes(GString *content, const char *name, const GArray *prefixes)
{
	for (guint n = 0; n < prefixes->len; n++) {
		g_autofree char *text = am_prefix_text(&g_array_index(prefixes, AmPrefix, n));
		am_decisions_add_line(content, name, text);
	}
}

static void add_members(GString *content, const char *name, const GArray *members)
{
	for (guint n = 0; n < members->len; n++) {
		const AmGroupMember *member = &g_array_index(members, AmGroupMember, n);
		const uint8_t *mac = member->mac;
		char address[AM_ADDRESS_TEXT_SIZE], text[18] = "-";
		if (member->has_mac)
			snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
				 mac[4], mac[5]);
		am_address_text(&member->address, address);
		g_autofree char *value = g_strdup_printf("%s %s %s", address, text, member->network);
		am_decisions_add_line(content, name, value);
	}
}

static gboolean append(AmDecisions *decisions, const char *kind, const AmSaid *said, GString *content,
		       int64_t *ret_number, GError **error)
{
	am_decisions_add_line(content, "why", or_nothing(said->why));
	return am_decisions_append(decisions, kind, said->at_ns, or_nothing(said->who), content, ret_number, error);
}

gboolean am_decisions_add_declaration(AmDecisions *decisions, const AmDeclaration *declaration, int64_t *ret_number,
				      GError **error)
{
	const AmSaid *said = &declaration->said;
	GString *content = am_decisions_content("declaration", said->at_ns, or_nothing(said->who));
	am_decisions_add_line(content, "as", am_declared_name(declaration->kind));
	if (declaration->network != NULL)
		am_decisions_add_line(content, "network", declaration->network);
	add_prefixes(content, "host", declaration->hosts);
	add_prefixes(content, "peer", declaration->peers);
	if (declaration->ip_protocol >= 0)
		am_decisions_add_number(content, "protocol", declaration->ip_protocol);
	if (declaration->port >= 0)
		am_decisions_add_number(content, "port", declaration->port);
	if (declaration->from_ns != 0)
		am_decisions_add_number(content, "from", declaration->from_ns);
	if (declaration->to_ns != 0)
		am_decisions_add_number(content, "to", declaration->to_ns);
	am_decisions_add_line(content, "ticket", or_nothing(declaration->ticket));
	return append(decisions, "declaration", said, content, ret_number, error);
}

gboolean am_decisions_add_group_edit(AmDecisions *decisions, const AmGroupEdit *edit, int64_t *ret_number,
				     GError **error)
{
	GString *content = am_decisions_content("group-edit", edit->said.at_ns, or_nothing(edit->said.who));
	am_decisions_add_line(content, "does", am_group_edit_name(edit->kind));
	add_members(content, "member", edit->members);
	add_members(content, "anchor", edit->anchors);
	if (edit->name != NULL)
		am_decisions_add_line(content, "name", edit->name);
	return append(decisions, "group-edit", &edit->said, content, ret_number, error);
}

gboolean am_decisions_add_taps(AmDecisions *decisions, const AmTaps *taps, int64_t *ret_number, GError **error)
{
	GString *content = am_decisions_content("taps", taps->said.at_ns, or_nothing(taps->said.who));
	for (guint n = 0; n < taps->subnets->len; n++)
		am_decisions_add_line(content, "subnet", taps->subnets->pdata[n]);
	if (taps->visible != NULL)
		am_decisions_add_line(content, "visible", taps->visible);
	return append(decisions, "taps", &taps->said, content, ret_number, error);
}

gboolean am_decisions_withdraw(AmDecisions *decisions, int64_t number, const char *who, const char *why, int64_t at_ns,
			       GError **error)
{
	const AmSaid said = {.at_ns = at_ns, .who = (char *)who, .why = (char *)why};
	GString *content = am_decisions_content("withdrawal", at_ns, or_nothing(who));
	int64_t n;
	am_decisions_add_number(content, "entry", number);
	return append(decisions, "withdrawal", &said, content, &n, error);
}

/* ---- Reading: an entry is a list of (name, value), each line taken by the first that knows it. */

typedef struct {
	char name[MAX_LINE_NAME];
	char *value;
	gboolean taken;
} Line;

static void clear_line(gpointer line)
{
	g_free(((Line *)line)->value);
}

/* NULL when it is none of ours. */
static GArray *split(const char *content)
{
	g_autoptr(GArray) lines = g_array_new(FALSE, TRUE, sizeof(Line));
	g_array_set_clear_func(lines, clear_line);
	for (const char *at = content, *end; *at != '\0'; at = end + 1) {
		const char *space = strchr(at, ' ');
		end = strchr(at, '\n');
		if (end == NULL || space == NULL || space > end || space - at >= MAX_LINE_NAME || space == at)
			return NULL;
		Line line = {.taken = FALSE};
		memcpy(line.name, at, (size_t)(space - at));
		g_autofree char *escaped = g_strndup(space + 1, (size_t)(end - space - 1));
		g_array_append_val(lines, line);
		g_array_index(lines, Line, lines->len - 1).value = g_strcompress(escaped);
	}
	return g_steal_pointer(&lines);
}

/* The next one of this name from `*at` on, or NULL. */
static const char *take(GArray *lines, const char *name, guint *at)
{
	for (; *at < lines->len; ++*at) {
		Line *line = &g_array_index(lines, Line, *at);
		if (line->taken || strcmp(line->name, name) != 0)
			continue;
		line->taken = TRUE;
		return line->value;
	}
	return NULL;
}

static const char *take_one(GArray *lines, const char *name)
{
	guint at = 0;
	return take(lines, name, &at);
}

/* FALSE when it is there and out of its range. Sets nothing when it is not there. */
static gboolean take_number(GArray *lines, const char *name, int64_t least, int64_t most, int64_t *ret_value)
{
	gint64 value;
	const char *text = take_one(lines, name);
	if (text == NULL)
		return TRUE;
	if (!g_ascii_string_to_signed(text, 10, least, most, &value, NULL))
		return FALSE;
	*ret_value = value;
	return TRUE;
}

static gboolean all_taken(const GArray *lines)
{
	for (guint n = 0; n < lines->len; n++)
		if (!g_array_index(lines, Line, n).taken)
			return FALSE;
	return TRUE;
}

static gboolean read_said(GArray *lines, int64_t number, const char *kind, AmSaid *said)
{
	int64_t at_ns = INT64_MIN;
	const char *written = take_one(lines, "kind"), *who = take_one(lines, "who"), *why = take_one(lines, "why");
	if (g_strcmp0(written, kind) != 0 || who == NULL || why == NULL ||
	    !take_number(lines, "at", INT64_MIN + 1, INT64_MAX, &at_ns) || at_ns == INT64_MIN)
		return FALSE;
	said->number = number;
	said->at_ns = at_ns;
	said->who = g_strdup(who);
	said->why = g_strdup(why);
	return TRUE;
}

static gboolean read_prefixes(GArray *lines, const char *name, GArray *prefixes)
{
	guint at = 0;
	for (const char *text; (text = take(lines, name, &at)) != NULL;) {
		AmPrefix prefix;
		if (prefixes->len == AM_DECLARED_MAX_PREFIXES || !am_prefix_parse(text, &prefix, NULL))
			return FALSE;
		g_array_append_val(prefixes, prefix);
	}
	return TRUE;
}

static gboolean read_declaration(GArray *lines, AmDeclaration *declaration)
{
	int64_t protocol = -1, port = -1;
	const char *as = take_one(lines, "as"), *ticket = take_one(lines, "ticket");
	declaration->network = g_strdup(take_one(lines, "network"));
	declaration->ticket = g_strdup(ticket);
	gboolean ok = as != NULL && am_declared_parse(as, &declaration->kind) && ticket != NULL &&
		      read_prefixes(lines, "host", declaration->hosts) &&
		      read_prefixes(lines, "peer", declaration->peers) && declaration->hosts->len > 0 &&
		      take_number(lines, "protocol", 0, UINT8_MAX, &protocol) &&
		      take_number(lines, "port", 0, UINT16_MAX, &port) &&
		      take_number(lines, "from", INT64_MIN, INT64_MAX, &declaration->from_ns) &&
		      take_number(lines, "to", INT64_MIN, INT64_MAX, &declaration->to_ns);
	declaration->ip_protocol = (int)protocol;
	declaration->port = (int)port;
	return ok;
}

/* "ADDRESS MAC NETWORK"; MAC may be "-". */
static gboolean parse_member(const char *text, AmGroupMember *ret_member)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 3);
	AmGroupMember member;
	unsigned mac[6];
	int end = 0;
	memset(&member, 0, sizeof member);
	if (g_strv_length(words) != 3 || strlen(words[2]) >= sizeof member.network ||
	    !am_address_parse(words[0], &member.address))
		return FALSE;
	g_strlcpy(member.network, words[2], sizeof member.network);
	member.has_mac = strcmp(words[1], "-") != 0;
	if (member.has_mac && (sscanf(words[1], "%2x:%2x:%2x:%2x:%2x:%2x%n", &mac[0], &mac[1], &mac[2], &mac[3],
				      &mac[4], &mac[5], &end) != 6 ||
			       end != 17 || words[1][end] != '\0'))
		return FALSE;
	for (int n = 0; n < 6 && member.has_mac; n++)
		member.mac[n] = (uint8_t)mac[n];
	*ret_member = member;
	return TRUE;
}

static gboolean read_members(GArray *lines, const char *name, GArray *members)
{
	guint at = 0;
	for (const char *text; (text = take(lines, name, &at)) != NULL;) {
		AmGroupMember member;
		if (members->len == AM_GROUP_EDIT_MAX_MEMBERS || !parse_member(text, &member))
			return FALSE;
		g_array_append_val(members, member);
	}
	return TRUE;
}

static gboolean read_group_edit(GArray *lines, AmGroupEdit *edit)
{
	const char *does = take_one(lines, "does"), *name = take_one(lines, "name");
	edit->name = g_strdup(name);
	return does != NULL && am_group_edit_parse(does, &edit->kind) && read_members(lines, "member", edit->members) &&
	       read_members(lines, "anchor", edit->anchors) && (name == NULL || am_group_name_is_valid(name));
}

static gboolean read_taps(GArray *lines, AmTaps *taps)
{
	guint at = 0;
	for (const char *text; (text = take(lines, "subnet", &at)) != NULL;)
		g_ptr_array_add(taps->subnets, g_strdup(text));
	taps->visible = g_strdup(take_one(lines, "visible"));
	return TRUE;
}

static AmSaid *find_said(const AmDecisionSet *set, int64_t number)
{
	GPtrArray *const lists[] = {set->declarations, set->group_edits, set->taps};
	for (guint list = 0; list < G_N_ELEMENTS(lists); list++)
		for (guint n = 0; n < lists[list]->len; n++) {
			AmSaid *said = lists[list]->pdata[n]; /* the first of what each holds */
			if (said->number == number)
				return said;
		}
	return NULL;
}

/* The first withdrawal is the one that counts. */
static gboolean read_withdrawal(GArray *lines, const AmDecisionSet *set)
{
	int64_t entry = 0, at_ns = 0;
	const char *kind = take_one(lines, "kind"), *who = take_one(lines, "who"), *why = take_one(lines, "why");
	if (g_strcmp0(kind, "withdrawal") != 0 || who == NULL || why == NULL ||
	    !take_number(lines, "at", INT64_MIN, INT64_MAX, &at_ns) ||
	    !take_number(lines, "entry", 1, INT64_MAX, &entry))
		return FALSE;
	AmSaid *said = find_said(set, entry);
	if (said != NULL && !said->withdrawn) {
		said->withdrawn = TRUE;
		said->withdrawn_ns = at_ns;
		said->withdrawn_by = g_strdup(who);
		said->withdrawn_why = g_strdup(why);
	}
	return said != NULL;
}

static gboolean read_entry(GArray *lines, int64_t number, const char *kind, AmDecisionSet *set)
{
	gboolean ok;
	if (strcmp(kind, "declaration") == 0) {
		AmDeclaration *declaration = am_declaration_new(AM_DECLARED_CHANGE);
		g_ptr_array_add(set->declarations, declaration);
		ok = read_said(lines, number, kind, &declaration->said) && read_declaration(lines, declaration);
	} else if (strcmp(kind, "group-edit") == 0) {
		AmGroupEdit *edit = am_group_edit_new(AM_GROUP_EDIT_MERGE);
		g_ptr_array_add(set->group_edits, edit);
		ok = read_said(lines, number, kind, &edit->said) && read_group_edit(lines, edit);
	} else if (strcmp(kind, "taps") == 0) {
		AmTaps *taps = am_taps_new();
		g_ptr_array_add(set->taps, taps);
		ok = read_said(lines, number, kind, &taps->said) && read_taps(lines, taps);
	} else {
		ok = read_withdrawal(lines, set);
	}
	return ok && all_taken(lines);
}

gboolean am_declarations_read(AmDatabase *database, AmDecisionSet *set, GError **error)
{
	sqlite3_stmt *statement = am_database_statement(database, "decisions-declared", error);
	if (statement == NULL)
		return FALSE;
	int code;
	while ((code = am_database_step(database, statement, error)) == SQLITE_ROW) {
		AmColumns columns = {.statement = statement};
		int64_t number = am_column_int(&columns);
		g_autofree char *kind = am_column_text(&columns);
		g_autofree char *content = am_column_text(&columns);
		g_autoptr(GArray) lines = kind != NULL && content != NULL ? split(content) : NULL;
		if (lines == NULL || !read_entry(lines, number, kind, set))
			columns.damaged = TRUE;
		if (!am_columns_check(&columns, database, error))
			return FALSE;
	}
	return code == SQLITE_DONE;
}
