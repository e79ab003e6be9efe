/* Zeek's conn.log, both forms: exact values, what is skipped and counted, what is refused. */
#include "config.h"

#include "allowmap/import.h"

#include "logs.h"
#include "unit.h"

#include <string.h>

#define HEADER_START                                                                                                   \
	"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"                   \
	"#open\t2026-03-02-00-00-00\n"
#define HEADER                                                                                                         \
	HEADER_START "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\t"        \
		     "orig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\t"  \
		     "orig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\tip_proto\n"

/* The only connection of a log with this one record. */
static AmConnection read_one(const char *record)
{
	g_autofree char *text = g_strconcat(HEADER, record, "\n", NULL);
	Result result = read_log(text, strlen(text), AM_INPUT_ZEEK_TSV, SIZE_MAX);
	AmConnection connection;
	memset(&connection, 0, sizeof connection);
	CU_ASSERT_TRUE_FATAL(result.ok);
	CU_ASSERT_EQUAL_FATAL(result.all->len, 1);
	connection = g_array_index(result.all, AmConnection, 0);
	CU_ASSERT_EQUAL(result.lines, 1);
	clear(&result);
	return connection;
}

static void test_tcp(void)
{
	AmConnection c = read_one("1772409599.123456789\tC1\t10.0.0.9\t40000\t10.0.0.2\t443\ttcp\tssl,http\t3602.5\t100"
				  "\t2000\tSF\tT\tT\t0\tShADadFf\t7\t480\t6\t2300\t-\t6");
	CU_ASSERT_EQUAL(c.sequence, 7);
	CU_ASSERT_EQUAL(c.network, 3);
	CU_ASSERT_STRING_EQUAL(log_address(&c.lo), "10.0.0.2");
	CU_ASSERT_STRING_EQUAL(log_address(&c.hi), "10.0.0.9");
	CU_ASSERT_EQUAL(c.port_lo, 443);
	CU_ASSERT_EQUAL(c.port_hi, 40000);
	CU_ASSERT_EQUAL(c.ip_protocol, AM_PROTO_TCP);
	CU_ASSERT_EQUAL(c.first_ns, INT64_C(1772409599123456789));
	CU_ASSERT_EQUAL(c.last_ns, INT64_C(1772413201623456789));
	CU_ASSERT_EQUAL(c.total.packets[0], 6);
	CU_ASSERT_EQUAL(c.total.packets[1], 7);
	CU_ASSERT_EQUAL(c.total.bytes[0], 2300);
	CU_ASSERT_EQUAL(c.total.bytes[1], 480);
	CU_ASSERT_EQUAL(c.total.payload[0], 2000);
	CU_ASSERT_EQUAL(c.total.payload[1], 100);
	CU_ASSERT_EQUAL(memcmp(&c.total, &c.delta, sizeof c.total), 0);
	CU_ASSERT_EQUAL(c.delta_first_ns, c.first_ns);
	CU_ASSERT_EQUAL(c.delta_hours, 1u << 23); /* it ends on the next day */
	CU_ASSERT_EQUAL(c.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYNACK_LO |
					    AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI |
					    AM_EVIDENCE_FIRST_HI | AM_EVIDENCE_CLIENT_HI);
	CU_ASSERT_EQUAL(c.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_STRING_EQUAL(c.conn_state, "SF");
	CU_ASSERT_STRING_EQUAL(c.l7, "http");
	CU_ASSERT_EQUAL(c.l7_confidence, AM_L7_DPI);
	CU_ASSERT_EQUAL(c.tcp_flags[0], AM_TCP_SYN | AM_TCP_ACK | AM_TCP_FIN);
}

#define TCP(state, history, orig, resp, orig_packets, resp_packets)                                                    \
	"1\tC\t10.0.0.1\t40000\t10.0.0.2\t22\ttcp\t-\t-\t" orig "\t" resp "\t" state "\tT\tT\t0\t" history             \
	"\t" orig_packets "\t100\t" resp_packets "\t100\t-\t6"

static void test_outcomes(void)
{
	static const struct {
		const char *record;
		AmOutcome outcome;
		uint32_t has, lacks;
	} cases[] = {
		{TCP("S0", "S", "-", "-", "3", "0"), AM_OUTCOME_SILENT, AM_EVIDENCE_SYN_LO,
		 AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_CLIENT_LO},
		{TCP("S0", "-", "-", "-", "3", "0"), AM_OUTCOME_SILENT, AM_EVIDENCE_SYN_LO, AM_EVIDENCE_HANDSHAKE},
		{TCP("REJ", "Sr", "0", "0", "1", "1"), AM_OUTCOME_REFUSED, AM_EVIDENCE_SYN_LO | AM_EVIDENCE_RST_HI,
		 AM_EVIDENCE_HANDSHAKE},
		{TCP("REJ", "-", "0", "0", "1", "1"), AM_OUTCOME_REFUSED, AM_EVIDENCE_RST_HI, AM_EVIDENCE_HANDSHAKE},
		{TCP("S1", "ShA", "0", "0", "2", "1"), AM_OUTCOME_MIDSTREAM, AM_EVIDENCE_HANDSHAKE, 0},
		{TCP("S1", "ShADd", "9", "0", "3", "2"), AM_OUTCOME_ACCEPTED, AM_EVIDENCE_HANDSHAKE, 0},
		{TCP("RSTO", "ShADdR", "9", "9", "3", "2"), AM_OUTCOME_ACCEPTED, AM_EVIDENCE_RST_LO, 0},
		{TCP("RSTR", "ShADr", "9", "0", "3", "2"), AM_OUTCOME_REFUSED, AM_EVIDENCE_RST_HI, 0},
		{TCP("SH", "SADF", "26", "0", "11", "0"), AM_OUTCOME_MIDSTREAM, AM_EVIDENCE_SYN_LO,
		 AM_EVIDENCE_HANDSHAKE},
		{TCP("SHR", "^hadf", "0", "403", "0", "5"), AM_OUTCOME_MIDSTREAM,
		 AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_FIRST_HI | AM_EVIDENCE_MIDSTREAM | AM_EVIDENCE_WENT_ON,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_CLIENT_LO},
		{TCP("OTH", "^h", "0", "0", "0", "1"), AM_OUTCOME_MIDSTREAM, AM_EVIDENCE_SYNACK_HI,
		 AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_WENT_ON},
		{TCP("OTH", "DadA", "5", "0", "3", "2"), AM_OUTCOME_MIDSTREAM, AM_EVIDENCE_MIDSTREAM,
		 AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_SYN_LO},
		{TCP("OTH", "-", "5", "5", "3", "2"), AM_OUTCOME_ACCEPTED, AM_EVIDENCE_MIDSTREAM,
		 AM_EVIDENCE_CLIENT_LO},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmConnection c = read_one(cases[n].record);
		CU_ASSERT_EQUAL(c.outcome, cases[n].outcome);
		CU_ASSERT_EQUAL(c.evidence & cases[n].has, cases[n].has);
		CU_ASSERT_EQUAL(c.evidence & cases[n].lacks, 0);
		CU_ASSERT_NOT_EQUAL(c.evidence & AM_EVIDENCE_LOG, 0);
		CU_ASSERT_EQUAL(c.l7[0], '\0');
	}
}

static void test_datagrams(void)
{
	AmConnection dns =
		read_one("1\tC\t10.0.0.1\t5353\t10.0.0.2\t53\tudp\tdns\t0.01\t30\t90\tSF\tT\tT\t0\tDd\t1\t58\t"
			 "1\t118\t-\t17");
	CU_ASSERT_EQUAL(dns.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(dns.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_CLIENT_LO);
	AmConnection alone =
		read_one("1\tC\t10.0.0.1\t5353\t10.0.0.2\t514\tudp\t-\t-\t-\t-\tS0\tT\tT\t0\tD\t1\t58\t0\t0\t-\t17");
	CU_ASSERT_EQUAL(alone.outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_EQUAL(alone.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_LO);
	AmConnection flipped =
		read_one("1\tC\t10.0.0.1\t5353\t10.0.0.2\t514\tudp\t-\t-\t9\t9\tSF\tT\tT\t0\t^dD\t1\t58\t1\t58\t-\t17");
	CU_ASSERT_EQUAL(flipped.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_HI);
}

static void test_icmp(void)
{
	AmConnection echo =
		read_one("1\tC\t2001:db8::9\t128\t2001:db8::1\t129\ticmp\t-\t1\t64\t64\tOTH\tT\tT\t0\t-\t2\t120"
			 "\t2\t120\t-\t58");
	CU_ASSERT_EQUAL(echo.ip_protocol, AM_PROTO_ICMPV6);
	CU_ASSERT_EQUAL(echo.port_lo, 128 << 8);
	CU_ASSERT_EQUAL(echo.port_hi, 128 << 8);
	CU_ASSERT_EQUAL(echo.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_NOT_EQUAL(echo.evidence & AM_EVIDENCE_CLIENT_HI, 0);
	/* The answer was seen first: who answers was asked. */
	AmConnection answer =
		read_one("1\tC\t10.0.0.1\t0\t10.0.0.2\t8\ticmp\t-\t1\t64\t0\tOTH\tT\tT\t0\t-\t2\t120\t0\t0\t-\t1");
	CU_ASSERT_EQUAL(answer.port_lo, 8 << 8);
	CU_ASSERT_NOT_EQUAL(answer.evidence & AM_EVIDENCE_CLIENT_HI, 0);
	CU_ASSERT_EQUAL(answer.evidence & AM_EVIDENCE_CLIENT_LO, 0);
	AmConnection silent =
		read_one("1\tC\t10.0.0.1\t8\t10.0.0.2\t0\ticmp\t-\t1\t64\t0\tOTH\tT\tT\t0\t-\t2\t120\t0\t0\t-\t1");
	CU_ASSERT_EQUAL(silent.outcome, AM_OUTCOME_SILENT);
	AmConnection unreachable =
		read_one("1\tC\t10.0.0.1\t3\t10.0.0.2\t13\ticmp\t-\t-\t-\t-\tOTH\tT\tT\t0\t-\t1\t56\t0\t0\t-\t1");
	CU_ASSERT_EQUAL(unreachable.port_lo, 3 << 8 | 13);
	CU_ASSERT_EQUAL(unreachable.outcome, AM_OUTCOME_ONE_WAY);
	/* To itself: lo and hi are one address, and the roles must not follow what Zeek calls ports. */
	AmConnection own =
		read_one("1\tC\t10.0.0.1\t8\t10.0.0.1\t0\ticmp\t-\t1\t64\t64\tOTH\tT\tT\t0\t-\t2\t120\t2\t120\t-\t1");
	CU_ASSERT_NOT_EQUAL(own.evidence & AM_EVIDENCE_CLIENT_LO, 0);
}

static void test_other_protocols(void)
{
	AmConnection sctp =
		read_one("1\tC\t10.0.0.8\t0\t10.0.0.5\t0\tunknown_transport\t-\t0.08\t0\t0\tOTH\tT\tT\t0\t-\t37"
			 "\t33256\t37\t33524\t-\t132");
	CU_ASSERT_EQUAL(sctp.ip_protocol, AM_PROTO_SCTP);
	AmConnection gre =
		read_one("1\tC\t10.0.0.8\t5\t10.0.0.5\t6\tunknown_transport\t-\t0.08\t0\t0\tOTH\tT\tT\t0\t-\t37"
			 "\t33256\t37\t33524\t-\t47");
	CU_ASSERT_EQUAL(gre.ip_protocol, 47);
	CU_ASSERT_EQUAL(gre.port_lo, 0);
	CU_ASSERT_EQUAL(gre.port_hi, 0);
}

static void test_services(void)
{
	static const char *const cases[][2] = {
		{"ssl", "tls"},       {"krb,smb,gssapi", "smb"}, {"gssapi,ntlm,dce_rpc", "dce-rpc"},
		{"imap,ssl", "imap"}, {"-ssl,http", "http"},     {"b_a\\x09D", "b-a-x09d"},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autofree char *record =
			g_strdup_printf("1\tC\t10.0.0.1\t40000\t10.0.0.2\t22\ttcp\t%s\t1\t5\t5\tSF\tT\tT\t0"
					"\tShADadFf\t5\t100\t5\t100\t-\t6",
					cases[n][0]);
		AmConnection c = read_one(record);
		CU_ASSERT_STRING_EQUAL(c.l7, cases[n][1]);
	}
}

static const char tsv[] = HEADER
	"1772409599.5\tC1\t10.0.0.9\t40000\t10.0.0.2\t443\ttcp\tssl\t1.000000001\t100\t2000\tSF\tT\tT\t0\tShADadFf"
	"\t7\t480\t6\t2300\t-\t6\n"
	"1772409600\tC2\tfe80::1\t40000\t2001:db8::2\t53\tudp\t-\t-\t-\t-\tS0\tT\tT\t0\tD\t1\t70\t0\t0\t(empty)\t17\n";
static const char json[] =
	"{\"ts\":1772409599.5,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.9\",\"id.orig_p\":40000,\"id.resp_h\":\"10.0.0.2\","
	"\"id.resp_p\":443,\"proto\":\"tcp\",\"service\":\"s\\u0073l\",\"duration\":1.000000001,\"orig_bytes\":100,"
	"\"resp_bytes\":2000,\"conn_state\":\"SF\",\"local_orig\":true,\"missed_bytes\":0,\"history\":\"ShADadFf\","
	"\"orig_pkts\":7,\"orig_ip_bytes\":480,\"resp_pkts\":6,\"resp_ip_bytes\":2300,\"tunnel_parents\":[\"a\",[]]}\n"
	"{ \"ts\" : \"2026-03-02T00:00:00Z\" , \"id.orig_h\":\"fe80::1\",\"id.orig_p\":40000,\"id.resp_h\":"
	"\"2001:db8::2\",\"id.resp_p\":53,\"proto\":\"udp\",\"service\":null,\"conn_state\":\"S0\",\"history\":\"D\","
	"\"orig_pkts\":1,\"orig_ip_bytes\":70,\"x\":{\"y\":{\"z\":[1,2,{}]}} }\n";

static void test_forms_agree(void)
{
	Result reference = read_log(tsv, strlen(tsv), AM_INPUT_ZEEK_TSV, SIZE_MAX);
	CU_ASSERT_TRUE_FATAL(reference.ok);
	CU_ASSERT_EQUAL_FATAL(reference.all->len, 2);
	CU_ASSERT_EQUAL(g_array_index(reference.all, AmConnection, 1).sequence, 8);
	CU_ASSERT_EQUAL(g_array_index(reference.all, AmConnection, 0).last_ns, INT64_C(1772409600500000001));
	for (size_t step = 1; step < 200; step = step * 3 + 1) {
		Result again = read_log(tsv, strlen(tsv), AM_INPUT_ZEEK_TSV, step);
		Result other = read_log(json, strlen(json), AM_INPUT_ZEEK_JSON, step);
		CU_ASSERT_TRUE_FATAL(again.ok && other.ok);
		CU_ASSERT_EQUAL(other.skipped, 0);
		CU_ASSERT_EQUAL_FATAL(again.all->len, 2);
		CU_ASSERT_EQUAL_FATAL(other.all->len, 2);
		CU_ASSERT_EQUAL(memcmp(reference.all->data, again.all->data, 2 * sizeof(AmConnection)), 0);
		CU_ASSERT_EQUAL(memcmp(reference.all->data, other.all->data, 2 * sizeof(AmConnection)), 0);
		clear(&again);
		clear(&other);
	}
	clear(&reference);
}

static void test_new_header(void)
{
	static const char text[] = HEADER
		"1\tC\t10.0.0.1\t40000\t10.0.0.2\t22\ttcp\t-\t1\t5\t5\tSF\tT\tT\t0\tShADadFf\t5\t100\t5\t100\t-\t6\n"
		"#close\t2026-03-02-00-00-01\n"
		"#separator ,\n#unset_field,NIL\n#path,conn\n"
		"#fields,id.resp_p,id.resp_h,id.orig_p,id.orig_h,ts,proto,conn_state,vlan,inner_vlan,orig_l2_addr,"
		"service\n"
		"#types,port,addr,port,addr,time,enum,string,int,int,string,string\r\n"
		"22,10.0.0.2,40001,10.0.0.1,2,tcp,S0,12,NIL,02:00:00:00:00:0a,NIL\r\n";
	Result result = read_log(text, strlen(text), AM_INPUT_ZEEK_TSV, 11);
	CU_ASSERT_TRUE_FATAL(result.ok);
	CU_ASSERT_EQUAL_FATAL(result.all->len, 2);
	const AmConnection *c = &g_array_index(result.all, AmConnection, 1);
	CU_ASSERT_EQUAL(c->port_lo, 40001);
	CU_ASSERT_EQUAL(c->vlan, 12);
	CU_ASSERT_EQUAL(c->inner_vlan, 0);
	CU_ASSERT_EQUAL(c->mac_lo[5], 10);
	CU_ASSERT_EQUAL(c->l7[0], '\0');
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_SILENT);
	clear(&result);
}

static void test_unusable_lines(void)
{
	GString *text = g_string_new(HEADER);
	const char *good =
		"1\tC\t10.0.0.1\t40000\t10.0.0.2\t22\ttcp\t-\t1\t5\t5\tSF\tT\tT\t0\tS\t5\t100\t5\t100\t-\t6\n";
	static const char *const bad[] = {
		"1\tC\t10.0.0.1\t40000\t10.0.0.2\t22\ttcp\t-\t1\t5\t5\tSF\tT\tT\t0\tS\t5\t100\t5\t100\t-\n", /* short */
		"1\tC\t10.0.0.1\t40000\t10.0.0.2\t22\ttcp\t-\t1\t5\t5\tSF\tT\tT\t0\tS\t5\t100\t5\t100\t-\t6\t7\n",
		"XXX.X\tC\t10.0.0.1\t4\t10.0.0.2\t22\ttcp\t-\t1\t5\t5\tSF\tT\tT\t0\tS\t5\t100\t5\t100\t-\t6\n",
		"1\tC\t10.0.0.1\t65536\t10.0.0.2\t22\ttcp\t-\t1\t5\t5\tSF\tT\tT\t0\tS\t5\t100\t5\t100\t-\t6\n",
		"1\tC\t10.0.0.1\t4\t2001:db8::1\t22\ttcp\t-\t1\t5\t5\tSF\tT\tT\t0\tS\t5\t100\t5\t100\t-\t6\n",
		"1\tC\t10.0.0.1\t4\t10.0.0.2\t22\tunknown_transport\t-\t1\t5\t5\tSF\tT\tT\t0\tS\t5\t100\t5\t100\t-\t-"
		"\n",
		"1\tC\t10.0.0.1\t4\t10.0.0.2\t22\ttcp\t-\t-1\t5\t5\tSF\tT\tT\t0\tS\t5\t100\t5\t100\t-\t6\n",
		"1\tC\t10.0.0.1\t4\t10.0.0.2\t22\ttcp\t-\t1\t99999999999999999999\t5\tSF\tT\tT\t0\tS\t5\t1\t5\t1\t-"
		"\t6\n",
		/* A state is a word: it is listed and put into reports as it is. */
		"1\tC\t10.0.0.1\t4\t10.0.0.2\t22\ttcp\t-\t1\t5\t5\tS\x1b[0m\tT\tT\t0\tS\t5\t100\t5\t100\t-\t6\n",
		"1\tC\t10.0.0.1\t4\t10.0.0.2\t22\ttcp\t-\t1\t5\t5\tS\xc5\tT\tT\t0\tS\t5\t100\t5\t100\t-\t6\n",
		"9999999999999\tC\t10.0.0.1\t4\t10.0.0.2\t22\ttcp\t-\t1\t5\t5\tSF\tT\tT\t0\tS\t5\t1\t5\t1\t-\t6\n",
	};
	for (guint n = 0; n < G_N_ELEMENTS(bad); n++)
		g_string_append(text, bad[n]);
	g_string_append(text, good);
	for (guint n = 0; n < 200000; n++) /* one line that is longer than a line may be */
		g_string_append_c(text, 'x');
	g_string_append_printf(text, "\n\n%s", good);
	for (size_t step = 1000; step < 1000000; step *= 10) {
		Result result = read_log(text->str, text->len, AM_INPUT_ZEEK_TSV, step);
		CU_ASSERT_TRUE(result.ok);
		CU_ASSERT_EQUAL(result.all->len, 2);
		CU_ASSERT_EQUAL(result.lines, G_N_ELEMENTS(bad) + 3);
		CU_ASSERT_EQUAL(result.skipped, G_N_ELEMENTS(bad) + 1);
		clear(&result);
	}
	g_string_free(text, TRUE);
}

static void test_unusable_json(void)
{
	static const char *const bad[] = {
		"{}",
		"{\"ts\":1",
		"[1]",
		"{\"ts\":1,\"ts\":2}",
		"{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}",
		"{\"_path\":\"dns\",\"ts\":1,\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1,\"id.resp_h\":\"10.0.0.2\","
		"\"id.resp_p\":2,\"proto\":\"udp\",\"conn_state\":\"S0\"}",
		"{\"ts\":1e9,\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1,\"id.resp_h\":\"10.0.0.2\",\"id.resp_p\":2,"
		"\"proto\":\"udp\",\"conn_state\":\"S0\"}",
	};
	for (guint n = 0; n < G_N_ELEMENTS(bad); n++) {
		Result result = read_log(bad[n], strlen(bad[n]), AM_INPUT_ZEEK_JSON, SIZE_MAX);
		CU_ASSERT_TRUE(result.ok);
		CU_ASSERT_EQUAL(result.lines, 1);
		CU_ASSERT_EQUAL(result.skipped, 1);
		clear(&result);
	}
}

static void test_refused(void)
{
	static const char *const bad[] = {
		"1\tC\t10.0.0.1\n", HEADER_START "#fields\tts\tuid\n", "#separator \\x09\n#path\tdns\n",
		"#separator \n",    HEADER_START "#fields\tts\tts\n",
	};
	for (guint n = 0; n < G_N_ELEMENTS(bad); n++) {
		Result result = read_log(bad[n], strlen(bad[n]), AM_INPUT_ZEEK_TSV, SIZE_MAX);
		CU_ASSERT_FALSE(result.ok);
		CU_ASSERT_TRUE(g_error_matches(result.error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID));
		clear(&result);
	}
	Result empty = read_log("", 0, AM_INPUT_ZEEK_TSV, SIZE_MAX);
	CU_ASSERT_TRUE(empty.ok);
	CU_ASSERT_EQUAL(empty.lines, 0);
	clear(&empty);
}

static void test_recognised(void)
{
	static const struct {
		const char *text;
		int kind; /* -1: none */
	} cases[] = {
		{"#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tproto\tconn_state\n", AM_INPUT_ZEEK_TSV},
		{"#fields\tts\tid.orig_h\torig_bytes\n1\t2\t3\n", AM_INPUT_ZEEK_TSV},
		{"{\"ts\":1.5,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"conn_state\":\"SF\"}\n", AM_INPUT_ZEEK_JSON},
		{"{ \"_path\": \"conn\", \"id.orig_h\": \"::1\", \"orig_pkts\": 4 }", AM_INPUT_ZEEK_JSON},
		{"#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n", -1},
		{"{\"ts\":1,\"id.orig_h\":\"10.0.0.1\",\"query\":\"a\"}\n", -1},
		{"{}", -1},
		{"", -1},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmInputKind kind = AM_INPUT_PCAP;
		const char *what;
		size_t size = strlen(cases[n].text);
		gboolean found = am_log_recognise((const uint8_t *)cases[n].text, size, &kind, &what);
		CU_ASSERT_EQUAL(found, cases[n].kind >= 0);
		CU_ASSERT_EQUAL(found ? (int)kind : -1, cases[n].kind);
		gboolean is_zeek = !found && strstr(cases[n].text, "id.orig_h") != NULL;
		CU_ASSERT_EQUAL(is_zeek, what != NULL && strstr(what, "a Zeek log of another kind") != NULL);
	}
}

/* What was read before the source failed was handed over, and the error is the source's. */
static void test_reader_fails(void)
{
	Source source = {tsv, strlen(tsv), 100, TRUE};
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(AmConnection));
	g_autoptr(GError) error = NULL;
	const AmLogOptions options = {.kind = AM_INPUT_ZEEK_TSV, .first_sequence = 1};
	AmLogCounts counts;
	CU_ASSERT_FALSE(
		am_import_log((AmByteReader){read_source, &source}, &options, collect, observe, all, &counts, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_BASE_ERROR, AM_BASE_ERROR_INVALID));
	CU_ASSERT_EQUAL(all->len, 2);
	CU_ASSERT_EQUAL(counts.lines, 2);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_tcp),
		UNIT_TEST(test_outcomes),
		UNIT_TEST(test_datagrams),
		UNIT_TEST(test_icmp),
		UNIT_TEST(test_other_protocols),
		UNIT_TEST(test_services),
		UNIT_TEST(test_forms_agree),
		UNIT_TEST(test_new_header),
		UNIT_TEST(test_unusable_lines),
		UNIT_TEST(test_unusable_json),
		UNIT_TEST(test_refused),
		UNIT_TEST(test_reader_fails),
		UNIT_TEST(test_recognised),
		CU_TEST_INFO_NULL,
	};
	return unit_run("conn-log", tests);
}
