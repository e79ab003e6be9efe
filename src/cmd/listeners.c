/* listeners: the services that machines offer; and --import, which takes what hosts and scans tell of them. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Lists the services that machines offer, whether anybody needs them, and what is to be said against them.\n"
	"With --import it takes a list that a host or a scan gave instead: the text of 'ss -tulpn', osquery's\n"
	"listening_ports (osqueryi --json, or a results log), or the XML of 'nmap -oX'. What nobody was seen to use\n"
	"is then listed as never-used.\n"
	"\n"
	"Examples:\n"
	"  allowmap listeners --db office.db --port tcp/22 --format csv\n"
	"  ss -tulpn | allowmap listeners --import - --host 10.1.0.5 --db office.db";

typedef struct {
	char *path, *kind, *network, *at;
	char **hosts;
} Import;

static void import_clear(Import *import)
{
	char **strings[] = {&import->path, &import->kind, &import->network, &import->at};
	for (size_t n = 0; n < G_N_ELEMENTS(strings); n++)
		g_free(*strings[n]);
	g_strfreev(import->hosts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Import, import_clear)

static void import_add(GOptionContext *context, Import *import)
{
	const GOptionEntry entries[] = {
		{"import", 0, 0, G_OPTION_ARG_FILENAME, &import->path, "Take a list of listeners ('-': standard input)",
		 "FILE"},
		{"as", 0, 0, G_OPTION_ARG_STRING, &import->kind, "It is of ss, osquery or nmap (default: as it looks)",
		 "FORMAT"},
		{"host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &import->hosts,
		 "An address of the host whose list it is; repeatable (default: as the file is named)", "ADDRESS"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &import->network, "The host's address space (default: default)",
		 "NAME"},
		{"at", 0, 0, G_OPTION_ARG_STRING, &import->at, "When the list was made (default: the file's time)",
		 "TIME"},
		{0},
	};
	g_option_context_add_main_entries(context, entries, NULL);
}

/* "12 entries of ss, 9 used" and a line for each reason. */
static void tell(const char *path, const AmListenerList *list)
{
	am_cmd_say("%s: %" G_GUINT64_FORMAT " entr%s of %s, %" G_GUINT64_FORMAT " used", path, list->lines,
		   list->lines == 1 ? "y" : "ies", am_list_kind_name(list->kind), list->skipped[AM_LIST_USED]);
	for (unsigned n = AM_LIST_USED + 1; n < AM_N_LIST_SKIPS; n++) {
		if (list->skipped[n] > 0)
			am_cmd_say("  %" G_GUINT64_FORMAT " not used, %s: %s", list->skipped[n],
				   am_list_skip_name((AmListSkip)n), am_list_skip_text((AmListSkip)n));
	}
}

/* Before anything is read. */
static gboolean check(const Import *import, int64_t *ret_taken_ns, GError **error)
{
	AmListKind kind;
	AmAddress host;
	if (import->kind != NULL && !am_list_kind_parse(import->kind, &kind)) {
		am_cmd_usage_error(error, "--as %s: ss, osquery or nmap, please", import->kind);
		return FALSE;
	}
	for (char **text = import->hosts; text != NULL && *text != NULL; text++) {
		if (!am_address_parse(*text, &host)) {
			am_cmd_usage_error(error, "--host %s: an address, please", *text);
			return FALSE;
		}
	}
	if (import->at != NULL && !am_time_parse(import->at, ret_taken_ns)) {
		am_cmd_usage_error(error, "--at %s: a time, please, as 2026-03-02T06:00:00Z", import->at);
		return FALSE;
	}
	return am_cmd_check_name("network", import->network, error);
}

static gboolean take(const Import *import, const AmMapArguments *arguments, GError **error)
{
	AmListJobOptions options = {.db = arguments->db != NULL ? arguments->db : "allowmap.db",
				    .path = import->path,
				    .kind = import->kind,
				    .hosts = (const char *const *)import->hosts,
				    .network = import->network};
	if (!check(import, &options.taken_ns, error) || !am_clock(arguments->now, &options.now_ns, error))
		return FALSE;
	g_autoptr(GError) failure = NULL;
	g_autoptr(AmListenerList) list = am_job_import_listeners(&options, &failure);
	if (list != NULL) {
		tell(import->path, list);
	} else if (g_error_matches(failure, AM_STORE_ERROR, AM_STORE_ERROR_KNOWN)) {
		am_cmd_say("allowmap listeners: %s; nothing is added", failure->message);
	} else {
		g_propagate_error(error, g_steal_pointer(&failure));
		return FALSE;
	}
	return TRUE;
}

static gboolean run(const Import *import, const AmMapArguments *map_arguments, const AmListArguments *list_arguments,
		    GError **error)
{
	if (import->path != NULL)
		return take(import, map_arguments, error);
	if (import->kind != NULL || import->hosts != NULL || import->network != NULL || import->at != NULL) {
		am_cmd_usage_error(error, "--as, --host, --network and --at go with --import FILE");
		return FALSE;
	}
	return am_cmd_list("listeners", map_arguments, list_arguments, am_report_listeners, error);
}

int am_cmd_listeners(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(AmListArguments) list_arguments = {0};
	g_auto(Import) import = {0};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	am_map_arguments_add(context, &map_arguments);
	am_list_arguments_add(context, &list_arguments);
	import_add(context, &import);
	g_autoptr(GError) error = NULL;
	if (am_cmd_parse(context, description, &argc, &argv, 0, 0, &error) &&
	    run(&import, &map_arguments, &list_arguments, &error))
		return AM_EXIT_OK;
	return am_cmd_fail("listeners", error);
}
