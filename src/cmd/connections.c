/* connections: the evidence itself, one line a connection. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>

static const char description[] =
	"Lists connections in the order in which they began; as JSON, one object a line. Client and server are told\n"
	"with what the whole map knows.\n"
	"\n"
	"Example:\n"
	"  allowmap connections --db office.db --asset 10.1.0.5 --port tcp/443 --format json | jq .server_name";

typedef struct {
	const AmMap *map;
	AmConnectionLister *lister;
} Listing;

static gboolean add(const AmConnection *connection, int64_t run, gpointer user_data)
{
	(void)run;
	Listing *listing = user_data;
	AmDirection level;
	int client = am_map_client_of(listing->map, connection, &level);
	return am_connection_lister_add(listing->lister, connection, client, level);
}

static gboolean list(const AmMapArguments *map_arguments, const AmListArguments *list_arguments, GError **error)
{
	AmListOptions options;
	if (!am_cmd_list_options(list_arguments, &options, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_cmd_snapshot(map_arguments, error);
	if (snapshot == NULL)
		return FALSE;
	g_autoptr(AmFacts) facts =
		am_facts_open(map_arguments->db != NULL ? map_arguments->db : "allowmap.db", AM_FACTS_READ, error);
	if (facts == NULL)
		return FALSE;
	Listing listing = {.map = snapshot->map};
	listing.lister = am_connection_lister_new(snapshot->map, &options, stdout, error);
	if (listing.lister == NULL)
		return FALSE;
	gboolean read = am_facts_foreach_connection(facts, add, &listing, error);
	AmListed listed;
	gboolean written = am_connection_lister_finish(listing.lister, &listed, read ? error : NULL);
	if (!read || !written || !am_cmd_finish_output(error))
		return FALSE;
	am_cmd_note_listed("connections", map_arguments, list_arguments, snapshot->map, &listed);
	return TRUE;
}

int am_cmd_connections(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(AmListArguments) list_arguments = {0};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	am_map_arguments_add(context, &map_arguments);
	am_list_arguments_add(context, &list_arguments);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 0, &error) &&
	    list(&map_arguments, &list_arguments, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("connections", error);
}
