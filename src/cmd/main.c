/* The program: a table of commands. Each is one file; see cmd.h for how to add one. */
#include "config.h"

#include "cmd.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
	gboolean
		outlives; /* goes on when nobody reads its words any more; the others end, as cat does: `flows | head` */
} Command;

static const Command commands[] = {
	{"analyze", am_cmd_analyze, "captures in, map, allow-lists and report out: all steps at once", TRUE},
	{"ingest", am_cmd_ingest, "read captures and connection logs into the facts", TRUE},
	{"capture", am_cmd_capture, "watch live interfaces, for as long as you like", TRUE},
	{"import", am_cmd_import, "read inventories and leases: names, owners, applications, roles", FALSE},
	{"status", am_cmd_status, "what was read, recorded and found", FALSE},
	{"assets", am_cmd_assets, "list the machines", FALSE},
	{"listeners", am_cmd_listeners, "list the services that are offered", FALSE},
	{"flows", am_cmd_flows, "list who talks to whom, with verdicts", FALSE},
	{"connections", am_cmd_connections, "list the connections behind the flows", FALSE},
	{"groups", am_cmd_groups, "list the groups that rules are written between", FALSE},
	{"networks", am_cmd_networks, "which address space is in which VLAN or tunnel", FALSE},
	{"group", am_cmd_group, "merge, split and name groups, move hosts, take that back", FALSE},
	{"expect", am_cmd_expect, "declare releases, scanners and monitoring", FALSE},
	{"exclude", am_cmd_exclude, "leave out what is nobody's business", FALSE},
	{"visibility", am_cmd_visibility_verb, "keep what is known of taps and subnets", FALSE},
	{"middlebox", am_cmd_middlebox, "list NAT, balancers and proxies, say where there is one", FALSE},
	{"explain", am_cmd_explain, "show the evidence behind a flow or a group", FALSE},
	{"verdict", am_cmd_verdict, "decide about a flow yourself, list that, take it back", FALSE},
	{"recommend", am_cmd_recommend, "write the least-privilege policy", FALSE},
	{"export", am_cmd_export, "write the policy as allow-lists for an enforcement tool", FALSE},
};

static void print_help(FILE *out)
{
	fprintf(out, "Usage: allowmap COMMAND [OPTION...]\n\n"
		     "Learns from mirrored traffic who needs to talk to whom, and writes the allow-lists that\n"
		     "permit exactly that. It never sends a packet to the network that it watches.\n\nCommands:\n");
	for (size_t n = 0; n < G_N_ELEMENTS(commands); n++)
		fprintf(out, "  %-12s %s\n", commands[n].name, commands[n].help);
	fprintf(out, "\nExample:\n  allowmap analyze office.pcapng -o office\n\n"
		     "'allowmap COMMAND --help' tells the options of a command.\n");
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write(), told as such */
	if (argc < 2) {
		print_help(stderr);
		return AM_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return AM_EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("allowmap %s (%s)\n", PACKAGE_VERSION, am_flow_dpi_version());
		return AM_EXIT_OK;
	}
	for (size_t n = 0; n < G_N_ELEMENTS(commands); n++) {
		if (strcmp(argv[1], commands[n].name) != 0)
			continue;
		g_autofree char *program = g_strdup_printf("allowmap %s", commands[n].name);
		g_set_prgname(program);
		argv[1] = program;
		if (commands[n].outlives)
			signal(SIGPIPE, SIG_IGN);
		return commands[n].run(argc - 1, argv + 1);
	}
	am_cmd_say("allowmap: there is no command '%s'; 'allowmap --help' lists them", argv[1]);
	return AM_EXIT_USAGE;
}
