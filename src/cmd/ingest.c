/* ingest: captures and connection logs into the facts. */
#include "config.h"

#include "cmd.h"

#include <stdio.h>

static const char description[] =
	"Reads pcap and pcapng, and connection logs: Zeek conn.log (and, for names, dns, dhcp, ssl, ntlm and "
	"kerberos.log),\n"
	"Suricata eve.json, conntrack -L, AWS VPC flow logs, Hubble, nfdump; also compressed (gz, zst, xz, bz2). '-' "
	"is\n"
	"standard input, a folder means all files\n"
	"in it. Several files are taken in the order of their times. A file that is known already is left out, so\n"
	"the same folder can be ingested again and again.\n"
	"\n"
	"Example:\n"
	"  allowmap ingest --db office.db captures/\n"
	"  zcat huge.pcap.gz | allowmap ingest --db office.db -";

static void print_result(const AmIngestResult *result, const char *db)
{
	if (result->run == NULL) {
		am_cmd_say("nothing new: every input is in %s already", db);
		return;
	}
	const AmLedger *ledger = &result->run->ledger;
	fprintf(stderr,
		"%" G_GUINT64_FORMAT " packets read, %" G_GUINT64_FORMAT " recorded, %" G_GUINT64_FORMAT
		" skipped; %" G_GUINT64_FORMAT " connections",
		ledger->read, ledger->recorded, ledger->read - ledger->recorded, ledger->connections);
	if (ledger->log_lines > 0)
		fprintf(stderr, "; %" G_GUINT64_FORMAT " log lines, %" G_GUINT64_FORMAT " of them not used",
			ledger->log_lines, ledger->log_skipped);
	am_cmd_say(" -> %s", db);
}

static int ingest(const AmIngestArguments *arguments, const char *db, const char *decisions, const char *now,
		  char **paths, GError **error)
{
	AmIngestOptions options;
	if (!am_cmd_ingest_options(arguments, db, now, (const char *const *)paths, &options, error))
		return -1;
	options.sandbox = TRUE;
	options.decisions = decisions;
	am_cmd_tell_interruption("ingest");
	AmIngestResult result;
	gboolean ok = am_job_ingest(&options, &result, error);
	int status = am_cmd_ingest_outcome("ingest", &result, arguments->strict);
	if (ok)
		print_result(&result, db);
	am_ingest_result_clear(&result);
	return ok ? status : -1;
}

int am_cmd_ingest(int argc, char **argv)
{
	g_autofree char *db = NULL, *decisions = NULL, *now = NULL;
	g_auto(AmIngestArguments) arguments = {0};
	const GOptionEntry entries[] = {
		{"db", 0, 0, G_OPTION_ARG_FILENAME, &db, "The facts, made when missing (default: allowmap.db)", "FILE"},
		{"decisions", 0, 0, G_OPTION_ARG_FILENAME, &decisions,
		 "The decisions, for what 'networks set' says (default: beside the facts)", "FILE"},
		{"now", 0, 0, G_OPTION_ARG_STRING, &now, "The time to go by (RFC 3339; also SOURCE_DATE_EPOCH)",
		 "TIME"},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("FILE...");
	g_option_context_add_main_entries(context, entries, NULL);
	am_ingest_arguments_add(context, &arguments);
	g_autoptr(GError) error = NULL;
	int status = -1;
	if (am_cmd_parse(context, description, &argc, &argv, 1, G_MAXINT, &error))
		status = ingest(&arguments, db != NULL ? db : "allowmap.db", decisions, now, argv + 1, &error);
	return status >= 0 ? status : am_cmd_fail("ingest", error);
}
