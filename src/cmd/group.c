/* group: a person cuts groups otherwise than the map does: merges, splits, moves a host, gives a name. What is kept names
 * machines by address and MAC, so that it survives every new run and new captures.
 */
#include "config.h"

#include "declare.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Lists what people changed of groups, newest first; 'allowmap groups' lists the groups themselves.\n"
	"\n"
	"merge makes one group of several, and of whoever joins them later. split puts hosts of a group into one of\n"
	"their own. move puts a host into another group. name calls a group otherwise (web, db-prod: words of\n"
	"letters and digits, of at most 12 and then twice 8). A GROUP is a name or an id, a HOST is an address. What "
	"is\n"
	"kept names the machines by address and MAC, so it holds for new runs and captures; 'remove' takes back the\n"
	"decision of this number.\n"
	"\n"
	"Examples:\n"
	"  allowmap group merge web-443 web-443-b --name web --why 'one shop' --db office.db\n"
	"  allowmap group split clients-dns 10.1.0.7 10.1.0.8 --name kiosks\n"
	"  allowmap group move 10.1.0.9 web\n"
	"  allowmap group remove 5";

typedef struct {
	char *name, *network;
	AmDeclareArguments declare;
} Arguments;

/* ---- Groups and hosts of the map, as words name them */

static const AmGroup *find_group(const AmMap *map, const char *word, GError **error)
{
	for (guint n = 0; n < map->groups->len; n++) {
		const AmGroup *group = &g_array_index(map->groups, AmGroup, n);
		if (strcmp(group->name, word) == 0 || strcmp(group->id, word) == 0)
			return group;
	}
	am_cmd_usage_error(error, "there is no group '%s'; 'allowmap groups' lists them", word);
	return NULL;
}

/* Who is in the group of a sanctioned host is said by its declaration. */
static gboolean check_free(const AmMap *map, uint32_t group, const char *word, GError **error)
{
	if (group == AM_NO_INDEX || g_array_index(map->groups, AmGroup, group).sanctioned == NULL)
		return TRUE;
	am_cmd_usage_error(
		error, "%s: who is in the group of a declared scanner or monitoring is for 'allowmap expect' to say",
		word);
	return FALSE;
}

static uint32_t index_of(const AmMap *map, const AmGroup *group)
{
	return (uint32_t)(group - (const AmGroup *)map->groups->data);
}

static void add_member(const AmMap *map, uint32_t asset, GArray *members)
{
	AmGroupMember member;
	const AmAsset *who = &g_array_index(map->assets, AmAsset, asset);
	const AmEndpoint *endpoint = &g_array_index(map->endpoints, AmEndpoint, who->first_endpoint);
	memset(&member, 0, sizeof member);
	g_strlcpy(member.network, map->networks->pdata[endpoint->network], sizeof member.network);
	member.address = endpoint->address;
	member.has_mac = who->has_mac;
	if (who->has_mac)
		memcpy(member.mac, who->mac, sizeof member.mac);
	g_array_append_val(members, member);
}

static gboolean check_length(const GArray *members, GError **error)
{
	if (members->len <= AM_GROUP_EDIT_MAX_MEMBERS)
		return TRUE;
	am_cmd_usage_error(error, "at most %d hosts in one decision, please", AM_GROUP_EDIT_MAX_MEMBERS);
	return FALSE;
}

static gboolean add_group(const AmMap *map, const char *word, GArray *members, gboolean *ret_inside, GError **error)
{
	const AmGroup *group = find_group(map, word, error);
	if (group == NULL || !check_free(map, index_of(map, group), word, error))
		return FALSE;
	*ret_inside = FALSE; /* of one that an inventory made, both may be */
	for (guint n = 0; n < group->members->len; n++) {
		uint32_t asset = g_array_index(group->members, uint32_t, n);
		add_member(map, asset, members);
		*ret_inside |= g_array_index(map->assets, AmAsset, asset).inside;
	}
	return check_length(members, error);
}

/* The machine with this address; in which network has to be told where there are several. */
static gboolean find_host(const AmMap *map, const char *word, const char *network, uint32_t *ret_asset, GError **error)
{
	AmAddress address;
	guint found = 0;
	if (!am_address_parse(word, &address)) {
		am_cmd_usage_error(error, "'%s' is no address", word);
		return FALSE;
	}
	for (uint32_t n = 0; n < map->networks->len; n++) {
		uint32_t endpoint = am_map_find_endpoint(map, n, &address);
		if (endpoint == AM_NO_INDEX || (network != NULL && strcmp(network, map->networks->pdata[n]) != 0))
			continue;
		*ret_asset = g_array_index(map->endpoints, AmEndpoint, endpoint).asset;
		found++;
	}
	if (found == 1)
		return check_free(map, g_array_index(map->assets, AmAsset, *ret_asset).group, word, error);
	am_cmd_usage_error(error,
			   found == 0 ? "%s was not seen; 'allowmap assets' lists who was"
				      : "%s is in several networks; --network NAME says which is meant",
			   word);
	return FALSE;
}

/* ---- What each word makes of its arguments */

static gboolean fill_merge(const AmMap *map, char **words, AmGroupEdit *edit, GError **error)
{
	gboolean first_inside = FALSE, inside;
	if (words[0] == NULL || words[1] == NULL) {
		am_cmd_usage_error(error, "group merge GROUP GROUP...: two groups at least");
		return FALSE;
	}
	for (guint n = 0; words[n] != NULL; n++) {
		for (guint other = 0; other < n; other++)
			if (find_group(map, words[other], NULL) == find_group(map, words[n], NULL)) {
				am_cmd_usage_error(error, "%s and %s are one group", words[other], words[n]);
				return FALSE;
			}
		if (!add_group(map, words[n], edit->members, &inside, error))
			return FALSE;
		first_inside = n == 0 ? inside : first_inside;
		if (inside != first_inside) {
			am_cmd_usage_error(error, "%s and %s: one is inside, the other outside", words[0], words[n]);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean fill_split(const AmMap *map, char **words, const char *network, AmGroupEdit *edit, GError **error)
{
	if (words[0] == NULL || words[1] == NULL) {
		am_cmd_usage_error(error, "group split GROUP HOST...: one host at least");
		return FALSE;
	}
	const AmGroup *group = find_group(map, words[0], error);
	for (char **word = words + 1; group != NULL && *word != NULL; word++) {
		uint32_t asset = 0;
		if (!find_host(map, *word, network, &asset, error))
			return FALSE;
		uint32_t own = g_array_index(map->assets, AmAsset, asset).group;
		if (own == AM_NO_INDEX || &g_array_index(map->groups, AmGroup, own) != group) {
			am_cmd_usage_error(error, "%s is not in the group %s", *word, words[0]);
			return FALSE;
		}
		add_member(map, asset, edit->members);
	}
	if (group != NULL && edit->members->len >= group->members->len) {
		am_cmd_usage_error(error, "these are all members of %s: nothing is left to split them from", words[0]);
		return FALSE;
	}
	return group != NULL;
}

static gboolean fill_move(const AmMap *map, char **words, const char *network, AmGroupEdit *edit, GError **error)
{
	uint32_t asset = 0;
	gboolean inside;
	if (words[0] == NULL || words[1] == NULL || words[2] != NULL) {
		am_cmd_usage_error(error, "group move HOST GROUP, please");
		return FALSE;
	}
	if (!find_host(map, words[0], network, &asset, error) ||
	    !add_group(map, words[1], edit->anchors, &inside, error))
		return FALSE;
	if (g_array_index(map->assets, AmAsset, asset).inside != inside) {
		am_cmd_usage_error(error, "%s is %s, and the group %s is not", words[0], inside ? "outside" : "inside",
				   words[1]);
		return FALSE;
	}
	const AmGroup *group = find_group(map, words[1], error);
	uint32_t own = g_array_index(map->assets, AmAsset, asset).group;
	if (own != AM_NO_INDEX && &g_array_index(map->groups, AmGroup, own) == group) {
		am_cmd_usage_error(error, "%s is in the group %s already", words[0], words[1]);
		return FALSE;
	}
	add_member(map, asset, edit->members);
	return TRUE;
}

static gboolean fill_name(const AmMap *map, char **words, AmGroupEdit *edit, GError **error)
{
	gboolean inside;
	if (words[0] == NULL || words[1] == NULL || words[2] != NULL) {
		am_cmd_usage_error(error, "group name GROUP NAME, please");
		return FALSE;
	}
	edit->name = g_strdup(words[1]);
	return add_group(map, words[0], edit->anchors, &inside, error);
}

static gboolean fill(const AmMap *map, char **words, const Arguments *arguments, AmGroupEdit *edit, GError **error)
{
	switch (edit->kind) {
	case AM_GROUP_EDIT_MERGE:
		return fill_merge(map, words, edit, error);
	case AM_GROUP_EDIT_SPLIT:
		return fill_split(map, words, arguments->network, edit, error);
	case AM_GROUP_EDIT_MOVE:
		return fill_move(map, words, arguments->network, edit, error);
	default:
		return fill_name(map, words, edit, error);
	}
}

static gboolean check_group_name(const AmMap *map, const char *name, GError **error)
{
	if (name == NULL)
		return TRUE;
	if (!am_group_name_is_valid(name)) {
		am_cmd_usage_error(error,
				   "'%s' is no name for a group: web, db-prod, app-2-eu, please (words of lower case "
				   "letters and digits, of at most 12, 8 and 8; the first begins with a letter)",
				   name);
		return FALSE;
	}
	if (find_group(map, name, NULL) == NULL)
		return TRUE;
	am_cmd_usage_error(error, "there is a group '%s' already", name);
	return FALSE;
}

/* ---- The verb's words */

/* Where the edit's hosts, or those that it was about, are now. */
static void tell_effect(const AmMap *map, const AmGroupEdit *edit, int64_t number)
{
	const GArray *members = edit->members->len > 0 ? edit->members : edit->anchors;
	const AmGroupMember *first = &g_array_index(members, AmGroupMember, 0);
	for (uint32_t n = 0; n < map->networks->len; n++) {
		uint32_t endpoint = am_map_find_endpoint(map, n, &first->address);
		if (endpoint == AM_NO_INDEX || strcmp(map->networks->pdata[n], first->network) != 0)
			continue;
		uint32_t asset = g_array_index(map->endpoints, AmEndpoint, endpoint).asset;
		uint32_t own = g_array_index(map->assets, AmAsset, asset).group;
		if (own == AM_NO_INDEX)
			continue;
		const AmGroup *group = &g_array_index(map->groups, AmGroup, own);
		am_cmd_say("decision %" G_GINT64_FORMAT ", said %s: the group is %s (%s), of %u member%s; 'allowmap "
			   "recommend' goes by it",
			   (gint64)number, edit->said.who, group->name, group->id, group->members->len,
			   group->members->len == 1 ? "" : "s");
	}
}

static gboolean change(AmGroupEditKind kind, char **words, const AmMapArguments *map_arguments,
		       const Arguments *arguments, GError **error)
{
	g_autoptr(AmGroupEdit) edit = am_group_edit_new(kind);
	AmSaid said;
	int64_t number;
	if (arguments->name != NULL && kind != AM_GROUP_EDIT_MERGE && kind != AM_GROUP_EDIT_SPLIT) {
		am_cmd_usage_error(error, "--name is for 'merge' and 'split'");
		return FALSE;
	}
	if (!am_declare_said(map_arguments, &arguments->declare, &said, error))
		return FALSE;
	g_autoptr(AmSnapshot) before = am_cmd_snapshot(map_arguments, error);
	edit->name = g_strdup(arguments->name);
	if (before == NULL || !fill(before->map, words, arguments, edit, error) ||
	    !check_group_name(before->map, edit->name, error))
		return FALSE;
	edit->said = (AmSaid){.who = g_strdup(said.who), .why = g_strdup(said.why), .at_ns = said.at_ns};
	g_autoptr(AmDecisions) decisions = am_declare_open(map_arguments, error);
	if (decisions == NULL || !am_decisions_add_group_edit(decisions, edit, &number, error))
		return FALSE;
	g_autoptr(AmSnapshot) after = am_cmd_snapshot(map_arguments, error);
	if (after == NULL)
		return FALSE;
	tell_effect(after->map, edit, number);
	return TRUE;
}

static gboolean list(const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmFormat format;
	g_autoptr(AmSnapshot) snapshot = am_declare_list(map_arguments, &arguments->declare, &format, error);
	if (snapshot == NULL || !am_report_group_edits(snapshot->decisions->group_edits, format, stdout, error) ||
	    !am_cmd_finish_output(error))
		return FALSE;
	if (snapshot->decisions->group_edits->len == 0)
		am_cmd_say("nobody has changed a group yet; 'allowmap groups' lists them");
	return TRUE;
}

static gboolean take_back(const char *number, const AmMapArguments *map_arguments, const Arguments *arguments,
			  GError **error)
{
	g_autoptr(AmSnapshot) snapshot = am_declare_look(map_arguments, error);
	const AmSaid *said = NULL;
	if (snapshot == NULL)
		return FALSE;
	for (guint n = 0; n < snapshot->decisions->group_edits->len; n++) {
		const AmGroupEdit *edit = snapshot->decisions->group_edits->pdata[n];
		if (edit->said.number == am_declare_number(number))
			said = &edit->said;
	}
	return am_declare_take_back("group", number, said, map_arguments, &arguments->declare, error);
}

static gboolean run(char **words, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmGroupEditKind kind;
	if (words[0] != NULL && am_group_edit_parse(words[0], &kind))
		return change(kind, words + 1, map_arguments, arguments, error);
	if (words[0] == NULL || (strcmp(words[0], "list") == 0 && words[1] == NULL))
		return list(map_arguments, arguments, error);
	if (strcmp(words[0], "remove") == 0 && words[1] != NULL && words[2] == NULL)
		return take_back(words[1], map_arguments, arguments, error);
	am_cmd_usage_error(error, "group list, merge, split, move, name, or remove NUMBER: see --help");
	return FALSE;
}

static void arguments_clear(Arguments *arguments)
{
	g_free(arguments->name);
	g_free(arguments->network);
	am_declare_arguments_clear(&arguments->declare);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

int am_cmd_group(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(Arguments) a = {0};
	const GOptionEntry entries[] = {
		{"name", 0, 0, G_OPTION_ARG_STRING, &a.name, "What the new group is called", "NAME"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &a.network, "Hosts are in this address space", "NAME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(
		"[list] | merge GROUP... | split GROUP HOST... | move HOST GROUP | name GROUP NAME | remove NUMBER");
	g_option_context_add_main_entries(context, entries, NULL);
	am_declare_arguments_add(context, &a.declare);
	am_map_arguments_add(context, &map_arguments);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, G_MAXINT, &error) &&
	    run(argv + 1, &map_arguments, &a, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("group", error);
}
