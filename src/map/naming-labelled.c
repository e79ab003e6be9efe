/* Names of groups that an inventory made: its word, in the letters that every enforcement target takes. Where that does not
 * say all of it, or is taken, its application or owner stands behind it, or else six digits of a hash of the word, and of the application and owner, tell it apart: the same in
 * every map. Fed by naming.c.
 */
#include "config.h"

#include "groups.h"

#include "allowmap/base.h"

#include <stdio.h>
#include <string.h>

/* AmGroup.name: a part of up to 12 letters and digits, and up to two more of 8. */
#define FIRST_PART 12
#define NEXT_PART 8
#define MAX_PARTS 3

typedef struct {
	char parts[MAX_PARTS][FIRST_PART + 1];
	guint n;
	gboolean cut; /* it does not say all */
} Parts;

static gboolean is_letter(char c)
{
	return g_ascii_isalnum(c);
}

/* "Web_Frontend / prod" → web, frontend, prod. */
static Parts split(const char *role)
{
	Parts parts = {.n = 0};
	for (const char *at = role; *at != '\0';) {
		if (!is_letter(*at)) {
			parts.cut = parts.cut || (*at & 0x80) != 0; /* a letter of another alphabet */
			at++;
			continue;
		}
		size_t size = 0, most = parts.n == 0 ? FIRST_PART : NEXT_PART;
		while (is_letter(at[size]))
			size++;
		if (parts.n == MAX_PARTS) {
			parts.cut = TRUE;
			break;
		}
		char *part = parts.parts[parts.n++];
		for (size_t n = 0; n < MIN(size, most); n++)
			part[n] = g_ascii_tolower(at[n]);
		parts.cut = parts.cut || size > most;
		at += size;
	}
	return parts;
}

/* A name begins with a letter. */
static const char *lead(const Parts *parts)
{
	return parts->n == 0 || g_ascii_isdigit(parts->parts[0][0]) ? "group" : NULL;
}

static void write_plain(const Parts *parts, char name[32])
{
	g_strlcpy(name, lead(parts) != NULL ? lead(parts) : "", 32);
	for (guint n = 0; n < parts->n; n++) {
		if (name[0] != '\0')
			g_strlcat(name, "-", 32);
		g_strlcat(name, parts->parts[n], 32);
	}
}

/* As many of the first parts as leave room for the hash. */
static void write_hashed(const Parts *parts, uint64_t mark, char name[32])
{
	const char *leads = lead(parts);
	g_strlcpy(name, leads != NULL ? leads : "", 32);
	for (guint n = 0; n < parts->n && n + (leads != NULL) < MAX_PARTS - 1; n++) {
		char part[NEXT_PART + 1];
		g_strlcpy(part, parts->parts[n], sizeof part);
		if (name[0] != '\0')
			g_strlcat(name, "-", 32);
		g_strlcat(name, n == 0 && leads == NULL ? parts->parts[n] : part, 32);
	}
	g_autofree char *hash = g_strdup_printf("-%06x", (unsigned)(mark >> 40) & 0xffffff);
	g_strlcat(name, hash, 32);
}

/* FALSE: it does not say all, or is taken. */
static gboolean name_plain(AmGroup *group, const char *role, GHashTable *taken)
{
	Parts parts = split(role);
	gboolean leads = lead(&parts) != NULL;
	if (parts.cut || parts.n + leads > MAX_PARTS || (leads && parts.n > 0 && strlen(parts.parts[0]) > NEXT_PART))
		return FALSE;
	write_plain(&parts, group->name);
	return !g_hash_table_contains(taken, group->name);
}

/* A member of the group that has this name, or NULL. */
static const AmAsset *holder_of(const AmMap *map, const AmGroup *except, const char *name)
{
	for (guint g = 0; name[0] != '\0' && g < map->groups->len; g++) {
		const AmGroup *group = &g_array_index(map->groups, AmGroup, g);
		if (group != except && strcmp(group->name, name) == 0)
			return &g_array_index(map->assets, AmAsset, g_array_index(group->members, uint32_t, 0));
	}
	return NULL;
}

/* Its role; where another group has that, with the application or the owner that parts the two. */
static gboolean name_by_words(const AmMapWork *work, AmGroup *group, uint32_t member, GHashTable *taken)
{
	static const char *const labels[] = {AM_LABEL_APPLICATION, AM_LABEL_OWNER};
	const AmMap *map = work->map;
	if (name_plain(group, work->roles[member], taken))
		return TRUE;
	const AmAsset *asset = &g_array_index(map->assets, AmAsset, member);
	const AmAsset *holder = holder_of(map, group, group->name);
	for (guint n = 0; holder != NULL && n < G_N_ELEMENTS(labels); n++) {
		const char *own = am_asset_label(map, asset, labels[n]);
		if (own == NULL || g_strcmp0(own, am_asset_label(map, holder, labels[n])) == 0)
			continue;
		g_autofree char *words = g_strdup_printf("%s %s", work->roles[member], own);
		if (name_plain(group, words, taken))
			return TRUE;
	}
	return FALSE;
}

static void name_hashed(const AmMapWork *work, AmGroup *group, uint32_t member, GHashTable *taken)
{
	Parts parts = split(work->roles[member]);
	uint64_t mark = am_labels_group_mark(work, member);
	for (;; mark = am_mix(mark, 1)) {
		write_hashed(&parts, mark, group->name);
		if (!g_hash_table_contains(taken, group->name))
			return;
	}
}

void am_naming_labelled(AmMapWork *work, const uint32_t *order, GHashTable *taken)
{
	for (guint n = 0; n < work->map->groups->len; n++) {
		AmGroup *group = &g_array_index(work->map->groups, AmGroup, order[n]);
		uint32_t member = am_labels_speaker(work, group->members);
		if (work->roles[member] == NULL || group->made ||
		    group->name[0] != '\0') /* a person made or named it */
			continue;
		if (!name_by_words(work, group, member, taken))
			name_hashed(work, group, member, taken);
		g_hash_table_add(taken, g_strdup(group->name));
	}
}
