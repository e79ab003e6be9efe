/* import: inventories and leases into the decisions; which are there; and taking one back. */
#include "config.h"

#include "declare.h"

#include "allowmap/import.h"

#include <stdio.h>
#include <string.h>

static const char description[] =
	"Reads what you know of your machines: their names, owners, applications, environments, roles. A CSV whose "
	"first\n"
	"line names the columns, ansible-inventory --list, kubectl get pods,services,endpointslices,nodes -A -o json,\n"
	"NetBox (JSON of devices, virtual machines, ip-addresses, prefixes); and the leases of dnsmasq, Kea (memfile) "
	"and\n"
	"ISC dhcpd, so that a machine stays one when its address changes. '-' is standard input. What a role, or else "
	"a\n"
	"group, is said of becomes a group of the policy; no group crosses an application or an owner. Importing a "
	"source\n"
	"again puts the new content in the place of the old.\n"
	"\n"
	"Example:\n"
	"  allowmap import hosts.csv --map 'Cost centre=cost-centre' --db office.db\n"
	"  ansible-inventory --list | allowmap import - --source ansible --db office.db\n"
	"  allowmap import --list --db office.db\n"
	"  allowmap import --remove hosts.csv --why 'out of date' --db office.db";

typedef struct {
	char *format, *type, *source, *network, *who, *why, *remove;
	char **fields;
	gboolean list;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
	char **strings[] = {&arguments->format, &arguments->type, &arguments->source, &arguments->network,
			    &arguments->who,    &arguments->why,  &arguments->remove};
	for (size_t n = 0; n < G_N_ELEMENTS(strings); n++)
		g_free(*strings[n]);
	g_strfreev(arguments->fields);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

/* ---- Which are there */

static gboolean list(const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmFormat format = AM_FORMAT_TABLE;
	if (arguments->format != NULL && !am_format_parse(arguments->format, &format, error))
		return FALSE;
	g_autoptr(AmSnapshot) snapshot = am_declare_look_first(map_arguments, error);
	if (snapshot == NULL ||
	    !am_report_imports(snapshot->map, snapshot->decisions->imports, format, stdout, error) ||
	    !am_cmd_finish_output(error))
		return FALSE;
	if (snapshot->decisions->imports->len == 0)
		am_cmd_say("nothing has been imported for %s yet; 'allowmap import FILE' does",
			   am_declare_facts(map_arguments));
	return TRUE;
}

/* ---- Taking one back */

static gboolean take_back(const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmImport import = {.source = arguments->remove, .why = arguments->why};
	gboolean before = FALSE;
	import.who = arguments->who != NULL ? arguments->who : (char *)g_get_user_name();
	if (!am_clock(map_arguments->now, &import.at_ns, error))
		return FALSE;
	g_autoptr(AmDecisions) decisions = am_declare_open(map_arguments, error);
	if (decisions == NULL || !am_decisions_add_import(decisions, &import, NULL, &before, error))
		return FALSE;
	if (!before) {
		am_cmd_usage_error(error, "nothing was imported as '%s'; 'allowmap import --list' shows what was",
				   arguments->remove);
		return FALSE;
	}
	am_cmd_say("what %s said is taken back, by %s", arguments->remove, import.who);
	return TRUE;
}

/* ---- Importing */

static void say_unused(const AmImportedFile *file)
{
	const GPtrArray *unused = file->inventory->unused;
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint n = 0; n < MIN(unused->len, 12); n++)
		g_string_append_printf(names, "%s%s", n > 0 ? ", " : "", (const char *)unused->pdata[n]);
	if (unused->len > 12)
		g_string_append_printf(names, " and %u more", unused->len - 12);
	if (unused->len > 0)
		am_cmd_say("%s: columns that are not used: %s; --map COLUMN=LABEL makes a label of one", file->source,
			   names->str);
}

/* What became of the file's entries. */
static void say_file(const AmImportedFile *file)
{
	const AmInventory *inventory = file->inventory;
	g_autoptr(GString) text = g_string_new(NULL);
	g_string_append_printf(
		text, "%s: %s; %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " entries used: ", file->source,
		am_inventory_kind_name(inventory->kind), inventory->skipped[AM_INVENTORY_USED], inventory->entries);
	if (inventory->labels->len > 0 || inventory->leases->len == 0)
		g_string_append_printf(text, "%u labels", inventory->labels->len);
	if (inventory->leases->len > 0)
		g_string_append_printf(text, "%s%u leases", inventory->labels->len > 0 ? ", " : "",
				       inventory->leases->len);
	for (int reason = 1; reason < AM_N_INVENTORY_SKIPS; reason++) {
		if (inventory->skipped[reason] > 0)
			g_string_append_printf(text, "; %" G_GUINT64_FORMAT " %s", inventory->skipped[reason],
					       am_inventory_skip_text((AmInventorySkip)reason));
	}
	if (inventory->contradictions > 0)
		g_string_append_printf(text,
				       "; %" G_GUINT64_FORMAT " label%s otherwise than an entry before, which counts",
				       inventory->contradictions, inventory->contradictions == 1 ? " says" : "s say");
	if (file->before)
		g_string_append(text, "; in place of what was imported before");
	if (inventory->labels->len + inventory->leases->len == 0)
		g_string_append(text, "; nothing is imported");
	am_cmd_say("%s", text->str);
	say_unused(file);
}

/* How many machines it is about. */
static gboolean say_effect(const AmMapArguments *map_arguments, const AmImportResult *result, GError **error)
{
	const char *db = am_declare_facts(map_arguments);
	if (!g_file_test(db, G_FILE_TEST_EXISTS))
		return TRUE;
	g_autoptr(AmSnapshot) snapshot = am_declare_look(map_arguments, error);
	for (guint n = 0; snapshot != NULL && n < result->files->len; n++) {
		const AmImportedFile *file = result->files->pdata[n];
		uint64_t machines = am_report_count_labelled(snapshot->map, file->source);
		if (file->inventory->labels->len > 0)
			am_cmd_say("%s: labels %" G_GUINT64_FORMAT " of the %u machines in %s", file->source, machines,
				   snapshot->map->assets->len, db);
	}
	return snapshot != NULL;
}

/* Two files under one name would be one in the place of the other. */
static gboolean check_sources(char **paths, const Arguments *arguments, GError **error)
{
	for (guint n = 0; paths[n] != NULL; n++) {
		g_autofree char *name = g_path_get_basename(paths[n]);
		for (guint k = 0; k < n; k++) {
			g_autofree char *other = g_path_get_basename(paths[k]);
			if (arguments->source == NULL && strcmp(name, other) != 0)
				continue;
			am_cmd_usage_error(
				error,
				"%s and %s would both be the source '%s', one in the place of the other; import "
				"them one by one, each with a --source of its own",
				paths[k], paths[n], arguments->source != NULL ? arguments->source : name);
			return FALSE;
		}
		if (strcmp(paths[n], "-") == 0 && arguments->source == NULL) {
			am_cmd_usage_error(error, "standard input has no name; --source NAME gives it one");
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean fill(char **paths, const AmMapArguments *map_arguments, const Arguments *arguments,
		     AmImportOptions *ret_options, GError **error)
{
	AmImportOptions options = {.db = am_declare_facts(map_arguments),
				   .decisions = map_arguments->decisions,
				   .paths = (const char *const *)paths,
				   .source = arguments->source,
				   .network = arguments->network,
				   .why = arguments->why,
				   .kind = -1,
				   .fields = (const char *const *)arguments->fields,
				   .sandbox = TRUE};
	AmInventoryKind kind;
	options.who = arguments->who != NULL ? arguments->who : g_get_user_name();
	if (arguments->type != NULL && !am_inventory_kind_parse(arguments->type, &kind)) {
		g_autoptr(GString) names = g_string_new(NULL);
		for (int n = 0; n < AM_N_INVENTORY_KINDS; n++)
			g_string_append_printf(names, "%s%s", n > 0 ? ", " : "",
					       am_inventory_kind_name((AmInventoryKind)n));
		am_cmd_usage_error(error, "--type takes one of: %s", names->str);
		return FALSE;
	}
	if (arguments->type != NULL)
		options.kind = (int)kind;
	if (!am_cmd_check_name("source", arguments->source, error) ||
	    !am_cmd_check_name("network", arguments->network, error) || !check_sources(paths, arguments, error) ||
	    !am_clock(map_arguments->now, &options.now_ns, error))
		return FALSE;
	g_autoptr(GError) reason = NULL;
	if (!am_inventory_check_fields(options.fields, &reason)) {
		am_cmd_usage_error(error, "--map %s", reason->message);
		return FALSE;
	}
	*ret_options = options;
	return TRUE;
}

static int import(char **paths, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	AmImportOptions options;
	if (!fill(paths, map_arguments, arguments, &options, error))
		return -1;
	AmImportResult result;
	gboolean ok = am_job_import(&options, &result, error);
	for (guint n = 0; n < result.warnings->len; n++)
		am_cmd_say("allowmap import: %s", (const char *)result.warnings->pdata[n]);
	for (guint n = 0; n < result.files->len; n++)
		say_file(result.files->pdata[n]);
	ok = ok && (result.files->len == 0 || say_effect(map_arguments, &result, error));
	int status = result.n_failed > 0 ? AM_EXIT_ENVIRONMENT : AM_EXIT_OK;
	am_import_result_clear(&result);
	return ok ? status : -1;
}

static int run(char **words, const AmMapArguments *map_arguments, const Arguments *arguments, GError **error)
{
	gboolean imports = !arguments->list && arguments->remove == NULL;
	if (arguments->list + (arguments->remove != NULL) + (words[0] != NULL) != 1) {
		am_cmd_usage_error(error, "import FILE..., import --list, or import --remove SOURCE: see --help");
		return -1;
	}
	if (!imports && (arguments->type != NULL || arguments->source != NULL || arguments->network != NULL ||
			 arguments->fields != NULL)) {
		am_cmd_usage_error(error, "--type, --source, --network and --map are for FILE...");
		return -1;
	}
	if (!arguments->list && arguments->format != NULL) {
		am_cmd_usage_error(error, "--format is for --list");
		return -1;
	}
	if (imports)
		return import(words, map_arguments, arguments, error);
	gboolean ok =
		arguments->list ? list(map_arguments, arguments, error) : take_back(map_arguments, arguments, error);
	return ok ? AM_EXIT_OK : -1;
}

int am_cmd_import(int argc, char **argv)
{
	g_auto(AmMapArguments) map_arguments = {0};
	g_auto(Arguments) a = {0};
	const GOptionEntry entries[] = {
		{"list", 0, 0, G_OPTION_ARG_NONE, &a.list, "List what was imported", NULL},
		{"remove", 0, 0, G_OPTION_ARG_STRING, &a.remove, "Take back what this source said", "SOURCE"},
		{"type", 0, 0, G_OPTION_ARG_STRING, &a.type,
		 "csv, ansible, kubernetes, netbox, dnsmasq, kea or isc-dhcp (default: as the content tells)", "TYPE"},
		{"source", 0, 0, G_OPTION_ARG_STRING, &a.source, "What to call it (default: the file's name)", "NAME"},
		{"map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &a.fields,
		 "What a column, variable or custom field holds: address, mac, name, or a label (repeatable)",
		 "COLUMN=FIELD"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &a.network, "Only of this address space (default: of all)",
		 "NAME"},
		{"format", 0, 0, G_OPTION_ARG_STRING, &a.format, "Of --list: table (default), json or csv", "FORMAT"},
		{"why", 0, 0, G_OPTION_ARG_STRING, &a.why, "The reason, kept with the decision", "TEXT"},
		{"by", 0, 0, G_OPTION_ARG_STRING, &a.who, "Who decides (default: the user's name)", "NAME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("FILE... | --list | --remove SOURCE");
	g_option_context_add_main_entries(context, entries, NULL);
	am_map_arguments_add(context, &map_arguments);
	g_autoptr(GError) error = NULL;
	int status = -1;
	if (am_cmd_parse(context, description, &argc, &argv, 0, G_MAXINT, &error))
		status = run(argv + 1, &map_arguments, &a, &error);
	return status >= 0 ? status : am_cmd_fail("import", error);
}
