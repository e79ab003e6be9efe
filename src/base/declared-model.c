/* What people declared, as data: made, freed, named; used by store/, map/, report/, cmd/ and the tests. */
#include "config.h"

#include "allowmap/base.h"
#include "allowmap/model/declared.h"

#include <string.h>

static const char *const declared_names[] = {
#define X(id, name, text) name,
	AM_DECLARED_KINDS(X)
#undef X
};

static const char *const declared_texts[] = {
#define X(id, name, text) text,
	AM_DECLARED_KINDS(X)
#undef X
};

static const char *const edit_names[] = {
#define X(id, name) name,
	AM_GROUP_EDITS(X)
#undef X
};

const char *am_declared_name(AmDeclaredKind kind)
{
	return declared_names[kind];
}

const char *am_declared_kind_text(AmDeclaredKind kind)
{
	return declared_texts[kind];
}

const char *am_group_edit_name(AmGroupEditKind kind)
{
	return edit_names[kind];
}

static gboolean parse_name(const char *const *names, guint n_names, const char *name, guint *ret_index)
{
	for (guint n = 0; n < n_names; n++) {
		if (strcmp(names[n], name) != 0)
			continue;
		*ret_index = n;
		return TRUE;
	}
	return FALSE;
}

gboolean am_declared_parse(const char *name, AmDeclaredKind *ret_kind)
{
	guint index;
	gboolean found = parse_name(declared_names, AM_N_DECLARED_KINDS, name, &index);
	if (found)
		*ret_kind = (AmDeclaredKind)index;
	return found;
}

gboolean am_group_edit_parse(const char *name, AmGroupEditKind *ret_kind)
{
	guint index;
	gboolean found = parse_name(edit_names, AM_N_GROUP_EDITS, name, &index);
	if (found)
		*ret_kind = (AmGroupEditKind)index;
	return found;
}

static void said_clear(AmSaid *said)
{
	g_free(said->who);
	g_free(said->why);
	g_free(said->withdrawn_by);
	g_free(said->withdrawn_why);
}

AmDeclaration *am_declaration_new(AmDeclaredKind kind)
{
	AmDeclaration *declaration = g_new0(AmDeclaration, 1);
	declaration->kind = kind;
	declaration->hosts = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	declaration->peers = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	declaration->ip_protocol = declaration->port = -1;
	return declaration;
}

void am_declaration_free(AmDeclaration *declaration)
{
	if (declaration == NULL)
		return;
	said_clear(&declaration->said);
	g_array_unref(declaration->hosts);
	g_array_unref(declaration->peers);
	g_free(declaration->network);
	g_free(declaration->ticket);
	g_free(declaration);
}

AmGroupEdit *am_group_edit_new(AmGroupEditKind kind)
{
	AmGroupEdit *edit = g_new0(AmGroupEdit, 1);
	edit->kind = kind;
	edit->members = g_array_new(FALSE, FALSE, sizeof(AmGroupMember));
	edit->anchors = g_array_new(FALSE, FALSE, sizeof(AmGroupMember));
	return edit;
}

void am_group_edit_free(AmGroupEdit *edit)
{
	if (edit == NULL)
		return;
	said_clear(&edit->said);
	g_array_unref(edit->members);
	g_array_unref(edit->anchors);
	g_free(edit->name);
	g_free(edit);
}

AmTaps *am_taps_new(void)
{
	AmTaps *taps = g_new0(AmTaps, 1);
	taps->subnets = g_ptr_array_new_with_free_func(g_free);
	return taps;
}

void am_taps_free(AmTaps *taps)
{
	if (taps == NULL)
		return;
	said_clear(&taps->said);
	g_ptr_array_unref(taps->subnets);
	g_free(taps->visible);
	g_free(taps);
}

const AmTaps *am_taps_in_force(const GPtrArray *taps)
{
	const AmTaps *newest = taps != NULL && taps->len > 0 ? taps->pdata[taps->len - 1] : NULL;
	return newest != NULL && !newest->said.withdrawn ? newest : NULL;
}

/* ^[a-z][a-z0-9]{0,11}(-[a-z0-9]{1,8}){0,2}$ */
gboolean am_group_name_is_valid(const char *name)
{
	g_auto(GStrv) words = g_strsplit(name, "-", 4);
	guint n_words = g_strv_length(words);
	if (n_words == 0 || n_words > 3 || !g_ascii_islower(words[0][0]))
		return FALSE;
	for (guint n = 0; n < n_words; n++) {
		size_t length = strlen(words[n]);
		if (length == 0 || length > (n == 0 ? 12 : 8) ||
		    strspn(words[n], "abcdefghijklmnopqrstuvwxyz0123456789") != length)
			return FALSE;
	}
	return TRUE;
}
