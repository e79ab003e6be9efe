/* AWS VPC flow logs, and with them how directions and intervals become connections: every field, both formats, what two
 * interfaces log, what is refused, what is skipped and why, hostile lines. */
#include "config.h"

#include "logs.h"

#define KIND AM_INPUT_VPC_FLOW
#define S AM_NS_PER_S
#define V2(eni, src, dst, sport, dport, proto, packets, bytes, start, end, action)                                     \
	"2 123456789010 eni-" eni " " src " " dst " " sport " " dport " " proto " " packets " " bytes " " start        \
	" " end " " action " OK\n"

static void test_default_format(void)
{
	AmConnection c =
		read_one_of(V2("1", "10.0.0.9", "10.0.0.2", "40000", "443", "6", "7", "480", "1772409500", "1772409560",
			       "ACCEPT") V2("1", "10.0.0.2", "10.0.0.9", "443", "40000", "6", "6", "2300", "1772409500",
					    "1772409570", "ACCEPT") V2("1", "10.0.0.9", "10.0.0.2", "40000", "443", "6",
								       "1", "52", "1772409561", "1772409580", "ACCEPT"),
			    KIND);
	CU_ASSERT_EQUAL(c.sequence, 7);
	CU_ASSERT_EQUAL(c.network, 3);
	CU_ASSERT_STRING_EQUAL(log_address(&c.lo), "10.0.0.2");
	CU_ASSERT_STRING_EQUAL(log_address(&c.hi), "10.0.0.9");
	CU_ASSERT_EQUAL(c.port_lo, 443);
	CU_ASSERT_EQUAL(c.port_hi, 40000);
	CU_ASSERT_EQUAL(c.ip_protocol, AM_PROTO_TCP);
	CU_ASSERT_EQUAL(c.first_ns, 1772409500 * S);
	CU_ASSERT_EQUAL(c.last_ns, 1772409580 * S);
	CU_ASSERT_EQUAL(c.delta_hours, 1u << 23);
	CU_ASSERT_EQUAL(c.total.packets[0], 6);
	CU_ASSERT_EQUAL(c.total.packets[1], 8);
	CU_ASSERT_EQUAL(c.total.bytes[0], 2300);
	CU_ASSERT_EQUAL(c.total.bytes[1], 532);
	CU_ASSERT_EQUAL(c.total.payload[0], 2300 - 6 * 52);
	CU_ASSERT_EQUAL(c.total.payload[1], 532 - 8 * 52);
	CU_ASSERT_EQUAL(memcmp(&c.total, &c.delta, sizeof c.total), 0);
	/* Nothing tells who began. */
	CU_ASSERT_EQUAL(c.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_MIDSTREAM);
	CU_ASSERT_EQUAL(c.outcome, AM_OUTCOME_ACCEPTED);
	AmConnection exported =
		read_one_of("2026-03-02T00:00:00.000Z " V2("1", "2001:db8::1", "2001:db8::2", "40000", "514", "17", "1",
							   "148", "1772409600", "1772409660", "ACCEPT"),
			    KIND);
	CU_ASSERT_EQUAL(exported.outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_EQUAL(exported.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_LO);
	CU_ASSERT_EQUAL(exported.total.payload[0], 100);
	AmConnection gre =
		read_one_of(V2("1", "10.0.0.9", "10.0.0.2", "0", "0", "47", "7", "480", "1", "2", "ACCEPT"), KIND);
	CU_ASSERT_EQUAL(gre.ip_protocol, 47);
}

#define HEADER                                                                                                         \
	"version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags "      \
	"pkt-srcaddr pkt-dstaddr flow-direction log-status\n"
#define V5(eni, src, dst, sport, dport, packets, bytes, action, flags)                                                 \
	"5 eni-" eni " " src " " dst " " sport " " dport " 6 " packets " " bytes " 1772409500 1772409560 " action      \
	" " flags " - - egress OK\n"
#define THERE(packets, bytes, action, flags)                                                                           \
	V5("1", "10.0.0.1", "10.0.0.2", "40000", "22", packets, bytes, action, flags)
#define BACK(packets, bytes, action, flags)                                                                            \
	V5("1", "10.0.0.2", "10.0.0.1", "22", "40000", packets, bytes, action, flags)

static void test_tcp(void)
{
	static const struct {
		const char *lines;
		AmOutcome outcome;
		uint32_t has, lacks;
	} cases[] = {
		{THERE("7", "600", "ACCEPT", "3") BACK("6", "900", "ACCEPT", "19"), AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIN_LO |
			 AM_EVIDENCE_FIN_HI | AM_EVIDENCE_FIRST_LO,
		 AM_EVIDENCE_MIDSTREAM | AM_EVIDENCE_CLIENT_LO},
		/* In whatever order. */
		{BACK("6", "900", "ACCEPT", "19") THERE("7", "600", "ACCEPT", "3"), AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_FIRST_LO, AM_EVIDENCE_SYN_HI},
		/* SYN, SYN-ACK, and nobody knows whether it was confirmed. */
		{THERE("2", "112", "ACCEPT", "2") BACK("1", "60", "ACCEPT", "18"), AM_OUTCOME_MIDSTREAM,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI, AM_EVIDENCE_HANDSHAKE},
		{THERE("4", "216", "ACCEPT", "3") BACK("3", "164", "ACCEPT", "19"), AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_HANDSHAKE, 0},
		{THERE("1", "60", "ACCEPT", "2") BACK("1", "40", "ACCEPT", "4"), AM_OUTCOME_REFUSED,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_RST_HI, AM_EVIDENCE_HANDSHAKE},
		{THERE("3", "180", "ACCEPT", "2"), AM_OUTCOME_SILENT, AM_EVIDENCE_SYN_LO | AM_EVIDENCE_FIRST_LO,
		 AM_EVIDENCE_MIDSTREAM},
		{THERE("3", "180", "ACCEPT", "0"), AM_OUTCOME_SILENT, AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_MIDSTREAM,
		 AM_EVIDENCE_SYN_LO},
		{THERE("3", "180", "REJECT", "2"), AM_OUTCOME_PROHIBITED, AM_EVIDENCE_SYN_LO,
		 AM_EVIDENCE_ICMP_PROHIBITED},
		/* The rest of a long one. */
		{THERE("9", "900", "ACCEPT", "0") BACK("9", "1900", "ACCEPT", "0"), AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_MIDSTREAM, AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_FIRST_HI},
		/* An answer to a SYN that was not logged. */
		{BACK("1", "60", "ACCEPT", "18"), AM_OUTCOME_MIDSTREAM, AM_EVIDENCE_FIRST_HI | AM_EVIDENCE_MIDSTREAM,
		 AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYN_LO},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autofree char *text = g_strconcat(HEADER, cases[n].lines, NULL);
		AmConnection c = read_one_of(text, KIND);
		CU_ASSERT_EQUAL(c.outcome, cases[n].outcome);
		CU_ASSERT_EQUAL(c.evidence & cases[n].has, cases[n].has);
		CU_ASSERT_EQUAL(c.evidence & cases[n].lacks, 0);
		if (c.outcome != cases[n].outcome || (c.evidence & cases[n].has) != cases[n].has)
			fprintf(stderr, "case %u: outcome %u, evidence %x\n", n, c.outcome, c.evidence);
	}
}

/* Both ends log: the packets count once, a refusal at the other end is noted. */
static void test_two_interfaces(void)
{
	static const char text[] = HEADER THERE("3", "180", "ACCEPT", "2")
		V5("2", "10.0.0.1", "10.0.0.2", "40000", "22", "3", "180", "REJECT", "2")
			THERE("1", "60", "ACCEPT", "2");
	Result result = read_log(text, strlen(text), KIND, 9);
	CU_ASSERT_EQUAL_FATAL(result.all->len, 1);
	CU_ASSERT_EQUAL(result.lines, 3);
	CU_ASSERT_EQUAL(result.counts.skipped[AM_LOG_SKIP_REPEATED], 1);
	const AmConnection *c = &g_array_index(result.all, AmConnection, 0);
	CU_ASSERT_EQUAL(c->total.packets[0], 4);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_PROHIBITED);
	clear(&result);
	/* The addresses that the packets had, not the gateway's. */
	AmConnection inner =
		read_one_of("srcaddr dstaddr pkt_srcaddr ${pkt-dstaddr} srcport dstport protocol packets bytes "
			    "start end\n10.0.0.1 10.0.0.2 - 192.0.2.1 5 53 17 1 60 1 2\n",
			    KIND);
	CU_ASSERT_STRING_EQUAL(log_address(&inner.lo), "10.0.0.1");
	CU_ASSERT_STRING_EQUAL(log_address(&inner.hi), "192.0.2.1");
}

/* What lies more than a quarter of an hour, or midnight, apart is not one connection. */
static void test_gaps(void)
{
	static const char text[] = V2("1", "10.0.0.9", "10.0.0.2", "123", "123", "17", "1", "76", "1772360000",
				      "1772360060", "ACCEPT") V2("1", "10.0.0.2", "10.0.0.9", "123", "123", "17", "1",
								 "76", "1772360500", "1772360900", "ACCEPT")
		V2("1", "10.0.0.2", "10.0.0.9", "123", "123", "17", "1", "76", "1772362000", "1772362060", "ACCEPT")
			V2("1", "10.0.0.8", "10.0.0.2", "1", "2", "17", "1", "76", "1772409590", "1772409599", "ACCEPT")
				V2("1", "10.0.0.8", "10.0.0.2", "1", "2", "17", "1", "76", "1772409601", "1772409660",
				   "ACCEPT");
	Result result = read_log(text, strlen(text), KIND, SIZE_MAX);
	CU_ASSERT_EQUAL_FATAL(result.all->len, 4);
	const AmConnection *all = (const AmConnection *)result.all->data;
	CU_ASSERT_EQUAL(all[0].total.packets[0] + all[0].total.packets[1], 2);
	CU_ASSERT_EQUAL(all[0].outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(all[0].delta_hours, 1u << 10); /* 10:13 to 10:28 */
	CU_ASSERT_EQUAL(all[1].outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_EQUAL(all[2].last_ns, 1772409599 * S);
	CU_ASSERT_EQUAL(all[3].first_ns, 1772409601 * S);
	for (guint n = 0; n < 4; n++)
		CU_ASSERT_EQUAL(all[n].sequence, 7 + n);
	clear(&result);
}

/* More connections at once than are held: the oldest end, none is lost, and the order is that of the log. */
static void test_many(void)
{
	GString *text = g_string_new(NULL);
	guint n_lines = 70000;
	for (guint n = 0; n < n_lines; n++)
		g_string_append_printf(
			text, "2 1 eni-1 10.%u.%u.1 172.16.0.1 1000 53 17 1 60 1772409500 1772409560 ACCEPT OK\n",
			n >> 8 & 255, n & 255);
	Result result = read_log(text->str, text->len, KIND, SIZE_MAX);
	CU_ASSERT_EQUAL(result.counts.skipped[AM_LOG_USED], n_lines);
	guint packets = 0;
	for (guint n = 0; n < result.all->len; n++) {
		const AmConnection *c = &g_array_index(result.all, AmConnection, n);
		packets += (guint)c->total.packets[0];
		CU_ASSERT_EQUAL_FATAL(c->sequence, 7 + n);
	}
	CU_ASSERT_EQUAL(packets, n_lines);
	Result again = read_log(text->str, text->len, KIND, 4096);
	CU_ASSERT_EQUAL_FATAL(again.all->len, result.all->len);
	CU_ASSERT_EQUAL(memcmp(again.all->data, result.all->data, result.all->len * sizeof(AmConnection)), 0);
	clear(&again);
	clear(&result);
	g_string_free(text, TRUE);
}

static void test_skipped(void)
{
	static const struct {
		const char *line;
		AmLogSkip reason;
	} cases[] = {
		{"2 1 eni-1 - - - - - - - 1431280876 1431280934 - NODATA", AM_LOG_SKIP_OTHER},
		{"2 1 eni-1 - - - - - - - 1431280876 1431280934 - SKIPDATA", AM_LOG_SKIP_LOST},
		{"2 1 eni-1 - - - - - - - 1431280876 1431280934 - OK", AM_LOG_SKIP_ADDRESS},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 17 1 60 1 2 ACCEPT", AM_LOG_SKIP_SYNTAX},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 17 1 60 1 2 ACCEPT OK OK", AM_LOG_SKIP_SYNTAX},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 17 1 60 x 2 ACCEPT OK", AM_LOG_SKIP_TIME},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 17 1 60 3 2 ACCEPT OK", AM_LOG_SKIP_TIME},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 17 1 60 3 99999999999999 ACCEPT OK", AM_LOG_SKIP_TIME},
		{"2 1 eni-1 10.0.0.1 fe80::1 1 2 17 1 60 1 2 ACCEPT OK", AM_LOG_SKIP_ADDRESS},
		{"2 1 eni-1 10.0.0.1 10.0.0.\xff 1 2 17 1 60 1 2 ACCEPT OK", AM_LOG_SKIP_ADDRESS},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 65536 17 1 60 1 2 ACCEPT OK", AM_LOG_SKIP_SERVICE},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 256 1 60 1 2 ACCEPT OK", AM_LOG_SKIP_SERVICE},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 0 0 1 1 60 1 2 ACCEPT OK", AM_LOG_SKIP_SERVICE}, /* ICMP of what type? */
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 17 -1 60 1 2 ACCEPT OK", AM_LOG_SKIP_COUNT},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 17 1 99999999999999999999 1 2 ACCEPT OK", AM_LOG_SKIP_COUNT},
		{"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 17 1 60 1 2 MAYBE OK", AM_LOG_SKIP_STATE},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++)
		check_skipped(cases[n].line, KIND, cases[n].reason);
}

static void test_refused(void)
{
	static const char *const bad[] = {"version srcaddr dstaddr\n", HEADER "srcaddr srcaddr dstaddr\n"};
	for (guint n = 0; n < G_N_ELEMENTS(bad); n++) {
		Result result = read_log(bad[n], strlen(bad[n]), KIND, SIZE_MAX);
		CU_ASSERT_FALSE(result.ok);
		CU_ASSERT_TRUE(g_error_matches(result.error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID));
		clear(&result);
	}
	/* What came before is handed over all the same. */
	static const char late[] = HEADER THERE("3", "180", "ACCEPT", "2") "version srcaddr dstaddr\n";
	Result result = read_log(late, strlen(late), KIND, SIZE_MAX);
	CU_ASSERT_FALSE(result.ok);
	CU_ASSERT_EQUAL(result.all->len, 1);
	clear(&result);
}

static void test_hostile(void)
{
	static const char text[] =
		"2\0 1 eni-1 10.0.0.1 10.0.0.2 1 2 17 1 60 1 2 ACCEPT OK\n\0\n \n2 1 eni-1 ::1\0 ::1 1 2 17 1 60 "
		"1 2 ACCEPT OK\n"
		"2 1 e 10.0.0.1 10.0.0.1 2 2 17 9223372036854775807 9223372036854775807 1 2 ACCEPT OK\n"
		"2 1 e 10.0.0.1 10.0.0.1 2 2 17 9223372036854775807 9223372036854775807 1 2 ACCEPT OK\n";
	Result result = read_log(text, sizeof text - 1, KIND, 5);
	CU_ASSERT_TRUE(result.ok);
	CU_ASSERT_EQUAL(result.lines, 6);
	CU_ASSERT_EQUAL(result.counts.skipped[AM_LOG_USED], 3);
	CU_ASSERT_EQUAL_FATAL(result.all->len, 2);
	CU_ASSERT_EQUAL(g_array_index(result.all, AmConnection, 1).total.packets[0], INT64_MAX);
	clear(&result);
	check_pieces(V2("1", "10.0.0.9", "10.0.0.2", "1", "2", "6", "7", "480", "1", "2", "ACCEPT")
			     V2("1", "10.0.0.2", "10.0.0.9", "2", "1", "6", "7", "480", "1", "2", "ACCEPT"),
		     KIND);
}

static void test_recognised(void)
{
	static const struct {
		const char *text;
		gboolean is_ours;
	} cases[] = {
		{HEADER, TRUE},
		{"${version} ${srcaddr} ${dstaddr}\r\n", TRUE},
		{"2 123456789010 eni-1 - - - - - - - 1431280876 1431280934 - NODATA\n", TRUE},
		{V2("1", "10.0.0.9", "10.0.0.2", "0", "0", "47", "7", "480", "1", "2", "ACCEPT"), TRUE},
		{"2026-03-02T00:00:00.000Z " V2("1", "10.0.0.9", "10.0.0.2", "0", "0", "47", "7", "480", "1", "2",
						"ACCEPT"),
		 TRUE},
		{"2 123456789010 eth-1 - - - - - - - 1431280876 1431280934 - NODATA\n", FALSE},
		{"1 2 3 4 5 6 7 8 9 10 11 12 13 14\n", FALSE},
		{"srcaddr,dstaddr\n", FALSE},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmInputKind kind = AM_INPUT_PCAP;
		const char *what;
		gboolean found = am_log_recognise((const uint8_t *)cases[n].text, strlen(cases[n].text), &kind, &what);
		CU_ASSERT_EQUAL(found && kind == KIND, cases[n].is_ours);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_default_format), UNIT_TEST(test_tcp),
		UNIT_TEST(test_two_interfaces), UNIT_TEST(test_gaps),
		UNIT_TEST(test_many),           UNIT_TEST(test_skipped),
		UNIT_TEST(test_refused),        UNIT_TEST(test_hostile),
		UNIT_TEST(test_recognised),     CU_TEST_INFO_NULL,
	};
	return unit_run("vpc-flow", tests);
}
