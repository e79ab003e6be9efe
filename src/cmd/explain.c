/* explain: the evidence behind a flow, or what holds a group together. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Shows what stands for and against a flow, or why the members of a group belong together.\n"
	"\n"
	"Examples:\n"
	"  allowmap explain flow 10.1.0.5 10.2.0.9 tcp/443 --db office.db\n"
	"  allowmap explain group web-443 --db office.db";

/* Every network where both ends are known: overlapping address spaces may give more than one answer. */
static guint explain_flows(const AmSnapshot *snapshot, const AmAddress *client, const AmAddress *server,
			   int ip_protocol, int port)
{
	guint found = 0;
	for (uint32_t network = 0; network < snapshot->map->networks->len; network++) {
		uint32_t from = am_map_find_endpoint(snapshot->map, network, client);
		uint32_t to = am_map_find_endpoint(snapshot->map, network, server);
		if (from == AM_NO_INDEX || to == AM_NO_INDEX)
			continue;
		uint32_t edge = am_map_find_edge(snapshot->map, from, to, (uint8_t)ip_protocol, (uint16_t)port);
		if (edge == AM_NO_INDEX)
			continue;
		g_autofree char *text = am_map_explain_edge(snapshot->map, snapshot->decisions, edge);
		fputs(text, stdout);
		found++;
	}
	return found;
}

static gboolean explain_flow(const AmSnapshot *snapshot, char **words, GError **error)
{
	AmAddress client, server;
	int ip_protocol, port;
	if (!am_address_parse(words[0], &client) || !am_address_parse(words[1], &server)) {
		am_cmd_usage_error(error, "explain flow CLIENT SERVER SERVICE: CLIENT and SERVER are addresses");
		return FALSE;
	}
	if (!am_cmd_parse_service(words[2], &ip_protocol, &port, error))
		return FALSE;
	if (explain_flows(snapshot, &client, &server, ip_protocol, port) > 0)
		return TRUE;
	g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT,
		    "no flow from %s to %s on %s was seen; 'allowmap flows --asset %s' lists what was", words[0],
		    words[1], words[2], words[0]);
	return FALSE;
}

static gboolean explain_group(const AmSnapshot *snapshot, const char *name, GError **error)
{
	const AmMap *map = snapshot->map;
	for (guint n = 0; n < map->groups->len; n++) {
		const AmGroup *group = &g_array_index(map->groups, AmGroup, n);
		if (strcmp(group->name, name) != 0 && strcmp(group->id, name) != 0)
			continue;
		printf("%s (%s), %u members\n  %s\n", group->name, group->id, group->members->len, group->why);
		if (group->decided != NULL)
			printf("  %s\n", group->decided);
		for (guint m = 0; m < group->members->len; m++) {
			const AmAsset *asset =
				&g_array_index(map->assets, AmAsset, g_array_index(group->members, uint32_t, m));
			for (uint32_t e = asset->first_endpoint; e != AM_NO_INDEX;) {
				char text[AM_ADDRESS_TEXT_SIZE];
				const AmEndpoint *endpoint = &g_array_index(map->endpoints, AmEndpoint, e);
				printf("  %s\n", am_address_text(&endpoint->address, text));
				e = endpoint->next;
			}
		}
		return TRUE;
	}
	g_set_error(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT, "there is no group '%s'; 'allowmap groups' lists them",
		    name);
	return FALSE;
}

static gboolean explain(const AmMapArguments *arguments, int n_words, char **words, GError **error)
{
	gboolean is_flow = strcmp(words[0], "flow") == 0;
	if ((!is_flow && strcmp(words[0], "group") != 0) || n_words != (is_flow ? 4 : 2)) {
		am_cmd_usage_error(error, "explain flow CLIENT SERVER SERVICE, or explain group GROUP: see --help");
		return FALSE;
	}
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(arguments, error);
	if (snapshot == NULL)
		return FALSE;
	gboolean ok = is_flow ? explain_flow(snapshot, words + 1, error) : explain_group(snapshot, words[1], error);
	return ok && am_cmd_finish_output(error);
}

int am_cmd_explain(int argc, char **argv)
{
	g_auto(AmMapArguments) arguments = {0};
	g_autoptr(GOptionContext) context = g_option_context_new("flow CLIENT SERVER SERVICE | group GROUP");
	am_map_arguments_add(context, &arguments);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 2, 4, &error) &&
	    explain(&arguments, argc - 1, argv + 1, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("explain", error);
}
