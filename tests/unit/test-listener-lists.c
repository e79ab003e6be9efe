/* listener-list.c and its formats: what ss, osquery and nmap tell of listeners, and what of it cannot be used. */
#include "config.h"

#include "allowmap/import.h"

#include "unit.h"

#include <string.h>

#define TAKEN (INT64_C(1772409600) * AM_NS_PER_S)

static GArray *hosts_of(const char *first, const char *second)
{
	GArray *hosts = g_array_new(FALSE, FALSE, sizeof(AmAddress));
	const char *texts[] = {first, second};
	for (int n = 0; n < 2; n++) {
		AmAddress address;
		if (texts[n] == NULL)
			continue;
		CU_ASSERT_TRUE_FATAL(am_address_parse(texts[n], &address));
		g_array_append_val(hosts, address);
	}
	return hosts;
}

static AmListenerList *read_list(AmListKind kind, const char *first, const char *second, const char *text,
				 GError **error)
{
	g_autoptr(GArray) hosts = hosts_of(first, second);
	const AmListenerOptions options = {.kind = kind, .hosts = hosts, .taken_ns = TAKEN};
	return am_import_listeners(text, strlen(text), &options, error);
}

/* "10.0.0.5 tcp/22 sshd", " closed" when it is; in their order, "; " between them. */
static char *entries_text(const AmListenerList *list)
{
	GString *text = g_string_new(NULL);
	for (guint n = 0; n < list->entries->len; n++) {
		const AmListEntry *entry = &g_array_index(list->entries, AmListEntry, n);
		char address[AM_ADDRESS_TEXT_SIZE], service[AM_SERVICE_TEXT_SIZE];
		g_string_append_printf(
			text, "%s%s %s%s%s%s", n > 0 ? "; " : "", am_address_text(&entry->address, address),
			am_service_text(entry->ip_protocol, entry->port, service), entry->program[0] != '\0' ? " " : "",
			entry->program, entry->is_open ? "" : " closed");
	}
	return g_string_free(text, FALSE);
}

static void assert_list(AmListKind kind, const char *first, const char *second, const char *text, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(AmListenerList) list = read_list(kind, first, second, text, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	g_autofree char *found = entries_text(list);
	CU_ASSERT_STRING_EQUAL(found, expected);
	uint64_t sum = 0;
	for (unsigned n = 0; n < AM_N_LIST_SKIPS; n++)
		sum += list->skipped[n];
	CU_ASSERT_EQUAL(sum, list->lines);
}

static void assert_skipped(AmListKind kind, const char *text, AmListSkip reason)
{
	g_autoptr(AmListenerList) list = read_list(kind, "10.0.0.5", NULL, text, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT_EQUAL(list->skipped[reason], 1);
}

static void assert_refused(AmListKind kind, const char *host, const char *text, const char *word)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(AmListenerList) list = read_list(kind, host, NULL, text, &error);
	CU_ASSERT_PTR_NULL(list);
	CU_ASSERT_TRUE(g_error_matches(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, word));
}

#define SSHD "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=812,fd=3))\n"

static void test_ss(void)
{
	assert_list(AM_LIST_SS, "10.0.0.5", NULL,
		    "Netid State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n" SSHD
		    "udp UNCONN 0 0 10.0.0.6%eth0:123 0.0.0.0:*\n"
		    "sctp LISTEN 0 9 *:3868 *:*\n",
		    "10.0.0.5 tcp/22 sshd; 10.0.0.5 sctp/3868; 10.0.0.6 udp/123");
	/* -H, no users, no Netid, CRLF, no last line end */
	assert_list(AM_LIST_SS, "10.0.0.5", NULL,
		    "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\r\nUNCONN 0 0 0.0.0.0:53 0.0.0.0:*",
		    "10.0.0.5 tcp/22; 10.0.0.5 udp/53");
	/* What -i adds to a socket is none. */
	assert_list(AM_LIST_SS, "10.0.0.5", NULL, SSHD "\t cubic cwnd:10\n\n", "10.0.0.5 tcp/22 sshd");
	/* A socket for each process: once. */
	assert_list(AM_LIST_SS, "10.0.0.5", NULL, SSHD SSHD, "10.0.0.5 tcp/22 sshd");
}

static void test_ss_addresses(void)
{
	const char *both = "tcp LISTEN 0 1 *:80 *:*\n", *six = "tcp LISTEN 0 1 [::]:80 [::]:*\n";
	assert_list(AM_LIST_SS, "10.0.0.5", "2001:db8::5", both, "10.0.0.5 tcp/80; 2001:db8::5 tcp/80");
	assert_list(AM_LIST_SS, "10.0.0.5", "2001:db8::5", "tcp LISTEN 0 1 :::80 :::*\n",
		    "10.0.0.5 tcp/80; 2001:db8::5 tcp/80");
	assert_list(AM_LIST_SS, "10.0.0.5", "2001:db8::5", six, "2001:db8::5 tcp/80");
	assert_list(AM_LIST_SS, "10.0.0.5", NULL, "tcp LISTEN 0 1 [::ffff:10.0.0.9]:80 *:*\n", "10.0.0.9 tcp/80");
	assert_list(AM_LIST_SS, "10.0.0.5", NULL, "udp UNCONN 0 0 [fe80::1]%eth0:546 [::]:*\n", "fe80::1 udp/546");
	assert_skipped(AM_LIST_SS, "tcp LISTEN 0 1 [::]:80 [::]:*\n" SSHD, AM_LIST_SKIP_FAMILY);
	assert_skipped(AM_LIST_SS, "tcp LISTEN 0 1 127.0.0.1:631 0.0.0.0:*\n" SSHD, AM_LIST_SKIP_LOOPBACK);
	assert_skipped(AM_LIST_SS, "tcp LISTEN 0 1 [::1]:631 [::]:*\n" SSHD, AM_LIST_SKIP_LOOPBACK);
	assert_skipped(AM_LIST_SS, "udp UNCONN 0 0 224.0.0.251:5353 0.0.0.0:*\n" SSHD, AM_LIST_SKIP_GROUP);
	assert_skipped(AM_LIST_SS, "tcp LISTEN 0 1 0.0.0.0:ssh 0.0.0.0:*\n" SSHD, AM_LIST_SKIP_NAMED);
	assert_skipped(AM_LIST_SS, "tcp LISTEN 0 1 web.lan:80 0.0.0.0:*\n" SSHD, AM_LIST_SKIP_NAMED);
	assert_skipped(AM_LIST_SS, "tcp LISTEN 0 1 0.0.0.0:65536 0.0.0.0:*\n" SSHD, AM_LIST_SKIP_NAMED);
	assert_skipped(AM_LIST_SS, "tcp LISTEN 0 1 0.0.0.0:0 0.0.0.0:*\n" SSHD, AM_LIST_SKIP_SERVICE);
	assert_skipped(AM_LIST_SS, "u_str LISTEN 0 1 /run/x 1 * 0\n" SSHD, AM_LIST_SKIP_SERVICE);
	assert_skipped(AM_LIST_SS, "tcp ESTAB 0 0 10.0.0.5:22 10.0.0.9:5\n" SSHD, AM_LIST_SKIP_STATE);
	assert_skipped(AM_LIST_SS, "tcp UNCONN 0 0 10.0.0.5:22 0.0.0.0:*\n" SSHD, AM_LIST_SKIP_STATE);
	assert_skipped(AM_LIST_SS, "tcp LISTEN zero 0 10.0.0.5:22 0.0.0.0:*\n" SSHD, AM_LIST_SKIP_SYNTAX);
	assert_skipped(AM_LIST_SS, "tcp LISTEN 0 1 10.0.0.5:22\n" SSHD, AM_LIST_SKIP_SYNTAX);
}

static void test_hostile_names(void)
{
	g_autoptr(AmListenerList) list =
		read_list(AM_LIST_SS, "10.0.0.5", NULL,
			  "tcp LISTEN 0 1 0.0.0.0:1 0.0.0.0:* "
			  "users:((\"\x1b[2J\xff<b>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",pid=1))\n",
			  NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	const char *program = g_array_index(list->entries, AmListEntry, 0).program;
	CU_ASSERT_TRUE(g_str_has_prefix(program, "?[2J?<b>aaa"));
	CU_ASSERT_EQUAL(strlen(program), AM_PROGRAM_SIZE - 1);
}

static void test_ss_refused(void)
{
	assert_refused(AM_LIST_SS, NULL, SSHD, "--host");
	assert_refused(AM_LIST_SS, "10.0.0.5", "what is this\nno list\n", "not what ss writes");
	g_autoptr(AmListenerList) list = read_list(AM_LIST_SS, "10.0.0.5", NULL, "", NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list); /* a host on which nothing listens */
	CU_ASSERT_EQUAL(list->entries->len, 0);
	CU_ASSERT_EQUAL_FATAL(list->whole->len, 1);
	CU_ASSERT_EQUAL(g_array_index(list->whole, AmListWhole, 0).at_ns, TAKEN);
}

#define ROW(address, port, protocol)                                                                                   \
	"{\"address\":\"" address "\",\"port\":" port ",\"protocol\":" protocol ",\"pid\":\"1\"}"

static void test_osqueryi(void)
{
	assert_list(
		AM_LIST_OSQUERY, "10.0.0.5", NULL,
		" [" ROW("0.0.0.0", "\"22\"", "\"6\"") "," ROW("::", "443", "6") "," ROW("10.0.0.6", "53", "17") "]",
		"10.0.0.5 tcp/22; 10.0.0.5 tcp/443; 10.0.0.6 udp/53");
	assert_list(AM_LIST_OSQUERY, "10.0.0.5", NULL,
		    "[{\"address\":\"0.0.0.0\",\"port\":\"22\",\"protocol\":\"6\",\"name\":\"sshd\"}]",
		    "10.0.0.5 tcp/22 sshd");
	assert_skipped(AM_LIST_OSQUERY, "[" ROW("0.0.0.0", "22", "6") "," ROW("", "0", "0") "]", AM_LIST_SKIP_SERVICE);
	assert_skipped(AM_LIST_OSQUERY, "[" ROW("0.0.0.0", "22", "6") "," ROW("127.0.0.1", "1", "6") "]",
		       AM_LIST_SKIP_LOOPBACK);
	assert_skipped(AM_LIST_OSQUERY, "[" ROW("0.0.0.0", "22", "6") "," ROW("0.0.0.0", "70000", "6") "]",
		       AM_LIST_SKIP_SYNTAX);
	assert_refused(AM_LIST_OSQUERY, NULL, "[" ROW("0.0.0.0", "22", "6") "]", "--host");
	assert_refused(AM_LIST_OSQUERY, "10.0.0.5", "[" ROW("0.0.0.0", "22", "6"), "line 1");
}

#define LINE(host, time, rest) "{\"hostIdentifier\":\"" host "\",\"unixTime\":" time "," rest "}\n"

static void test_osquery_results(void)
{
	const char *log = LINE("10.0.0.7", "1772409600",
			       "\"action\":\"added\",\"columns\":" ROW("0.0.0.0", "\"80\"", "\"6\""))
		LINE("10.0.0.7", "\"1772413200\"", "\"action\":\"removed\",\"columns\":" ROW("0.0.0.0", "80", "6"))
			LINE("10.0.0.7", "1772413200", "\"columns\":{\"uid\":\"0\"}")
				LINE("web1", "1772413201", "\"snapshot\":[" ROW("0.0.0.0", "443", "6") "]") LINE(
					"web2", "1772413201",
					"\"diffResults\":{\"added\":[" ROW("0.0.0.0", "25", "6") "]}")
					LINE("10.0.0.7", "0", "\"columns\":" ROW("0.0.0.0", "81", "6")) "{broken\n";
	assert_list(AM_LIST_OSQUERY, "10.0.0.5", NULL, log,
		    "10.0.0.5 tcp/443; 10.0.0.7 tcp/80; 10.0.0.7 tcp/80 closed");
	g_autoptr(AmListenerList) list = read_list(AM_LIST_OSQUERY, "10.0.0.5", NULL, log, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT_EQUAL(list->skipped[AM_LIST_SKIP_QUERY], 1);
	CU_ASSERT_EQUAL(list->skipped[AM_LIST_SKIP_HOST], 1); /* --host is one host's */
	CU_ASSERT_EQUAL(list->skipped[AM_LIST_SKIP_TIME], 1);
	CU_ASSERT_EQUAL(list->skipped[AM_LIST_SKIP_SYNTAX], 1);
	CU_ASSERT_EQUAL(list->whole->len, 0); /* the broken line may be of what is missed */
	g_autoptr(AmListenerList) snapshot =
		read_list(AM_LIST_OSQUERY, "10.0.0.5", NULL,
			  LINE("web1", "1772413201", "\"snapshot\":[" ROW("0.0.0.0", "443", "6") "]"), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(snapshot);
	CU_ASSERT_EQUAL_FATAL(snapshot->whole->len, 1);
	CU_ASSERT_EQUAL(g_array_index(snapshot->whole, AmListWhole, 0).at_ns, INT64_C(1772413201) * AM_NS_PER_S);
}

#define PORT(protocol, port, state, service)                                                                           \
	"<port protocol=\"" protocol "\" portid=\"" port "\"><state state=\"" state "\"/>" service "</port>"
#define HOST(ports)                                                                                                    \
	"<?xml version=\"1.0\"?><!DOCTYPE nmaprun><nmaprun start=\"1772409600\"><host endtime=\"1772409700\">"         \
	"<address addr=\"52:54:00:00:00:01\" addrtype=\"mac\"/><address addr=\"10.0.0.1\" addrtype=\"ipv4\"/>"         \
	"<ports><extraports state=\"closed\" count=\"9\"/>" ports "</ports></host></nmaprun>"

static void test_nmap(void)
{
	const char *scan = HOST(
		PORT("tcp", "22", "open", "<service name=\"ssh\" product=\"OpenSSH &lt;9&gt;\" method=\"probed\"/>")
			PORT("tcp", "23", "open", "<service name=\"telnet\" method=\"table\"/>")
				PORT("tcp", "80", "closed", "") PORT("udp", "161", "open|filtered", ""));
	assert_list(AM_LIST_NMAP, NULL, NULL, scan,
		    "10.0.0.1 tcp/22 OpenSSH <9>; 10.0.0.1 tcp/23; 10.0.0.1 tcp/80 closed");
	g_autoptr(AmListenerList) list = read_list(AM_LIST_NMAP, "10.0.0.9", NULL, scan, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT_EQUAL(list->skipped[AM_LIST_SKIP_STATE], 1);
	CU_ASSERT_EQUAL(list->whole->len, 0);
	CU_ASSERT_EQUAL(g_array_index(list->entries, AmListEntry, 0).at_ns, INT64_C(1772409700) * AM_NS_PER_S);
	assert_skipped(AM_LIST_NMAP, HOST(PORT("tcp", "22", "open", "") PORT("tcp", "x", "open", "")),
		       AM_LIST_SKIP_SYNTAX);
	assert_skipped(AM_LIST_NMAP, HOST(PORT("tcp", "22", "open", "") PORT("ip", "4", "open", "")),
		       AM_LIST_SKIP_SERVICE);
	assert_refused(AM_LIST_NMAP, NULL, "<html><nmaprun/></html>", "not nmap's");
	assert_refused(AM_LIST_NMAP, NULL, "<nmaprun><host>", "");
	assert_refused(AM_LIST_NMAP, NULL, "<!DOCTYPE nmaprun [<!ENTITY a \"b\">]><nmaprun start=\"&a;\"/>", "");
}

/* Cut anywhere, it keeps the ports before; never more, never a crash. */
static void test_nmap_cut(void)
{
	const char *scan = HOST(PORT("tcp", "22", "open", "") PORT("tcp", "23", "open", ""));
	guint most = 0;
	for (size_t size = 0; size < strlen(scan); size++) {
		const AmListenerOptions options = {.kind = AM_LIST_NMAP, .taken_ns = TAKEN};
		g_autoptr(GError) error = NULL;
		g_autoptr(AmListenerList) list = am_import_listeners(scan, size, &options, &error);
		CU_ASSERT_EQUAL(list == NULL, error != NULL);
		CU_ASSERT_TRUE(list == NULL || (list->entries->len >= most && list->skipped[AM_LIST_SKIP_SYNTAX] == 1));
		most = list != NULL ? list->entries->len : most;
	}
	CU_ASSERT_EQUAL(most, 2);
}

static void test_recognise(void)
{
	static const struct {
		const char *text;
		int kind; /* -1: none */
	} cases[] = {
		{SSHD, AM_LIST_SS},
		{"Netid State Recv-Q Send-Q Local", AM_LIST_SS},
		{"State Recv-Q Send-Q Local", AM_LIST_SS},
		{"\n [{\"address\"", AM_LIST_OSQUERY},
		{"{\"name\"", AM_LIST_OSQUERY},
		{"<?xml version=\"1.0\"?>\n<!DOCTYPE nmaprun>\n<nmaprun", AM_LIST_NMAP},
		{"<html>", -1},
		{"# Nmap 7.93 scan initiated\nHost: 10.0.0.1 ()\n", -1},
		{"State of the art", -1},
		{"", -1},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmListKind kind = AM_N_LIST_KINDS;
		gboolean known = am_listeners_recognise(cases[n].text, strlen(cases[n].text), &kind);
		CU_ASSERT_EQUAL(known, cases[n].kind >= 0);
		CU_ASSERT_TRUE(!known || (int)kind == cases[n].kind);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_ss),
		UNIT_TEST(test_ss_addresses),
		UNIT_TEST(test_hostile_names),
		UNIT_TEST(test_ss_refused),
		UNIT_TEST(test_osqueryi),
		UNIT_TEST(test_osquery_results),
		UNIT_TEST(test_nmap),
		UNIT_TEST(test_nmap_cut),
		UNIT_TEST(test_recognise),
		{NULL, NULL},
	};
	return unit_run("listener-lists", tests);
}
