/* conntrack's lists and events: every field, what states prove, times, what is skipped and why, hostile lines. */
#include "config.h"

#include "logs.h"

#define KIND AM_INPUT_CONNTRACK
#define S AM_NS_PER_S

/* A connection through a translated address, with counters, for 5 seconds. */
#define NATTED                                                                                                         \
	"tcp      6 119 TIME_WAIT src=10.9.0.10 dst=10.9.0.99 sport=54164 dport=80 packets=7 bytes=445 src=10.9.0.2 "  \
	"dst=10.9.0.10 sport=8080 dport=54164 packets=5 bytes=3302 [ASSURED] mark=0 delta-time=5 use=1"

static void check_natted(const AmConnection *c)
{
	CU_ASSERT_EQUAL(c->sequence, 7);
	CU_ASSERT_EQUAL(c->network, 3);
	CU_ASSERT_STRING_EQUAL(log_address(&c->lo), "10.9.0.10");
	CU_ASSERT_STRING_EQUAL(log_address(&c->hi), "10.9.0.99"); /* as the client knows it */
	CU_ASSERT_EQUAL(c->port_lo, 54164);
	CU_ASSERT_EQUAL(c->port_hi, 80);
	CU_ASSERT_EQUAL(c->ip_protocol, AM_PROTO_TCP);
	CU_ASSERT_EQUAL(c->total.packets[0], 7);
	CU_ASSERT_EQUAL(c->total.packets[1], 5);
	CU_ASSERT_EQUAL(c->total.bytes[0], 445);
	CU_ASSERT_EQUAL(c->total.bytes[1], 3302);
	CU_ASSERT_EQUAL(c->total.payload[0], 445 - 7 * 52 - 8);
	CU_ASSERT_EQUAL(c->total.payload[1], 3302 - 5 * 52 - 8);
	CU_ASSERT_EQUAL(c->evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_CLIENT_LO |
					     AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(c->l7[0], '\0');
	CU_ASSERT_EQUAL(c->l7_confidence, AM_L7_NONE);
}

static void test_forms(void)
{
	AmConnection plain = read_one_of(NATTED "\n", KIND);
	check_natted(&plain);
	/* It began the day before the snapshot, of which it tells. */
	CU_ASSERT_EQUAL(plain.first_ns, LOG_SNAPSHOT_NS);
	CU_ASSERT_EQUAL(plain.last_ns, LOG_SNAPSHOT_NS);
	CU_ASSERT_EQUAL(plain.delta_hours, 1);
	AmConnection extended = read_one_of("ipv4     2 " NATTED " id=2606644265\n"
					    "conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.\n",
					    KIND);
	CU_ASSERT_EQUAL(memcmp(&plain, &extended, sizeof plain), 0);
	AmConnection kernel =
		read_one_of("ipv4     2 " NATTED " zone=0 [start=Mon Nov 30 18:56:18 2026] use=2\r\n", KIND);
	CU_ASSERT_EQUAL(memcmp(&plain, &kernel, sizeof plain), 0);
	AmConnection event = read_one_of("[1772409600.500000]\t [DESTROY] " NATTED "\n", KIND);
	check_natted(&event);
	CU_ASSERT_EQUAL(event.first_ns, LOG_SNAPSHOT_NS - 4 * S - S / 2);
	CU_ASSERT_EQUAL(event.last_ns, LOG_SNAPSHOT_NS + S / 2);
	CU_ASSERT_EQUAL(event.delta_hours, 1u << 23); /* it ended on the next day */
}

#define TCP(state, ports, counts, flags, back)                                                                         \
	"tcp 6 9 " state " src=10.0.0.1 dst=10.0.0.2 " ports counts flags                                              \
	" src=10.0.0.2 dst=10.0.0.1 sport=1 dport=2" back " mark=0 use=1\n"
#define PORTS "sport=40000 dport=22"

static void test_tcp_states(void)
{
	static const struct {
		const char *line;
		AmOutcome outcome;
		uint32_t has, lacks;
		uint64_t packets[2], payload[2];
	} cases[] = {
		{TCP("SYN_SENT", PORTS, "", " [UNREPLIED]", ""),
		 AM_OUTCOME_SILENT,
		 AM_EVIDENCE_SYN_LO,
		 AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_MIDSTREAM,
		 {1, 0},
		 {0, 0}},
		{TCP("SYN_SENT", PORTS, " packets=3 bytes=180", " [UNREPLIED]", " packets=0 bytes=0"),
		 AM_OUTCOME_SILENT,
		 AM_EVIDENCE_SYN_LO,
		 AM_EVIDENCE_CLIENT_LO,
		 {3, 0},
		 {0, 0}},
		{TCP("SYN_RECV", PORTS, "", "", ""),
		 AM_OUTCOME_MIDSTREAM,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI,
		 AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_CLIENT_LO,
		 {1, 1},
		 {0, 0}},
		{TCP("ESTABLISHED", PORTS, "", "", " [ASSURED]"),
		 AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_FIRST_LO,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_FIN_LO | AM_EVIDENCE_MIDSTREAM,
		 {2, 1},
		 {1, 1}},
		/* Counted, and not a word was said: it may come yet. */
		{TCP("ESTABLISHED", PORTS, " packets=2 bytes=112", "", " packets=1 bytes=60 [ASSURED]"),
		 AM_OUTCOME_MIDSTREAM,
		 AM_EVIDENCE_HANDSHAKE,
		 0,
		 {2, 1},
		 {0, 0}},
		{TCP("TIME_WAIT", PORTS, " packets=4 bytes=216", "", " packets=3 bytes=164 [ASSURED]"),
		 AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI,
		 0,
		 {4, 3},
		 {0, 0}},
		{TCP("CLOSE", PORTS, "", "", ""),
		 AM_OUTCOME_REFUSED,
		 AM_EVIDENCE_MIDSTREAM,
		 AM_EVIDENCE_HANDSHAKE,
		 {1, 1},
		 {0, 0}},
		{TCP("CLOSE", PORTS, "", "", " [ASSURED]"),
		 AM_OUTCOME_MIDSTREAM,
		 AM_EVIDENCE_HANDSHAKE,
		 0,
		 {2, 1},
		 {0, 0}},
		/* Taken up in its middle, it seems. */
		{TCP("ESTABLISHED", "sport=443 dport=50000", "", "", " [ASSURED]"),
		 AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_FIRST_LO,
		 AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_SYN_LO,
		 {2, 1},
		 {1, 1}},
		{TCP("ESTABLISHED", PORTS, "", " [UNREPLIED]", ""),
		 AM_OUTCOME_MIDSTREAM,
		 AM_EVIDENCE_MIDSTREAM,
		 AM_EVIDENCE_HANDSHAKE,
		 {1, 0},
		 {0, 0}},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmConnection c = read_one_of(cases[n].line, KIND);
		CU_ASSERT_EQUAL(c.outcome, cases[n].outcome);
		CU_ASSERT_EQUAL(c.evidence & cases[n].has, cases[n].has);
		CU_ASSERT_EQUAL(c.evidence & cases[n].lacks, 0);
		CU_ASSERT_EQUAL(memcmp(c.total.packets, cases[n].packets, sizeof c.total.packets), 0);
		CU_ASSERT_EQUAL(memcmp(c.total.payload, cases[n].payload, sizeof c.total.payload), 0);
		if (c.outcome != cases[n].outcome || (c.evidence & cases[n].lacks) != 0)
			fprintf(stderr, "case %u: outcome %u, evidence %x\n", n, c.outcome, c.evidence);
	}
}

static void test_others(void)
{
	AmConnection told =
		read_one_of("udp      17 29 src=10.9.0.1 dst=10.9.0.2 sport=46219 dport=514 packets=1 bytes=31 "
			    "[UNREPLIED] src=10.9.0.2 dst=10.9.0.1 sport=514 dport=46219 packets=0 bytes=0 use=1\n",
			    KIND);
	CU_ASSERT_EQUAL(told.outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_EQUAL(told.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_LO);
	CU_ASSERT_EQUAL(told.total.payload[0], 3);
	AmConnection asked =
		read_one_of("ipv6     10 udp      17 9 src=2001:db8::9 dst=2001:db8::1 sport=46219 dport=53 "
			    "src=2001:db8::1 dst=2001:db8::9 sport=53 dport=46219 mark=0 use=1\n",
			    KIND);
	CU_ASSERT_EQUAL(asked.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(asked.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_HI | AM_EVIDENCE_CLIENT_HI);
	CU_ASSERT_EQUAL(asked.total.packets[0], 1);
	CU_ASSERT_EQUAL(asked.total.payload[1], 1);
	AmConnection echo = read_one_of("icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 src=10.0.0.2 "
					"dst=10.0.0.1 type=0 code=0 id=7 mark=0 use=1\n",
					KIND);
	CU_ASSERT_EQUAL(echo.port_lo, 8 << 8);
	CU_ASSERT_EQUAL(echo.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_NOT_EQUAL(echo.evidence & AM_EVIDENCE_CLIENT_LO, 0);
	AmConnection gre =
		read_one_of("gre 47 29 timeout=30 stream_timeout=180 src=10.0.0.1 dst=10.0.0.2 srckey=0x0 "
			    "dstkey=0x1 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 srckey=0x1 dstkey=0x0 mark=0 use=1\n",
			    KIND);
	CU_ASSERT_EQUAL(gre.ip_protocol, 47);
	CU_ASSERT_EQUAL(gre.port_hi, 0);
	AmConnection unknown = read_one_of("unknown  112 599 src=10.0.0.1 dst=224.0.0.18 [UNREPLIED] src=224.0.0.18 "
					   "dst=10.0.0.1 mark=0 use=1\n",
					   KIND);
	CU_ASSERT_EQUAL(unknown.ip_protocol, 112);
	AmConnection sctp = read_one_of("sctp     132 3 COOKIE_WAIT src=10.0.0.1 dst=10.0.0.2 sport=5 dport=2905 "
					"[UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2905 dport=5 use=1\n",
					KIND);
	CU_ASSERT_EQUAL(sctp.outcome, AM_OUTCOME_SILENT);
	CU_ASSERT_EQUAL(sctp.port_hi, 2905);
}

#define UDP_BACK " src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1"

static void test_skipped(void)
{
	static const struct {
		const char *line;
		AmLogSkip reason;
	} cases[] = {
		{"hello", AM_LOG_SKIP_SYNTAX},
		{"udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 use=1", AM_LOG_SKIP_SYNTAX}, /* cut */
		{"udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK UDP_BACK, AM_LOG_SKIP_SYNTAX},
		{"17 udp src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_SYNTAX},
		{"[1.0] [NEW] udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_OTHER},
		{"[UPDATE] udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_OTHER},
		{"[DESTROY] udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_TIME},
		{"[1x] [DESTROY] udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_TIME},
		{"udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK " delta-time=9999999999",
		 AM_LOG_SKIP_TIME},
		{"udp 17 9 src=10.0.0.1 dst=2001:db8::1 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_ADDRESS},
		{"udp 17 9 src=10.0.0.1\x01 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_ADDRESS},
		{"udp 17 9 src=10.0.0.1 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_ADDRESS},
		{"udp x 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_SERVICE},
		{"udp 256 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_SERVICE},
		{"udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=65536" UDP_BACK, AM_LOG_SKIP_SERVICE},
		{"icmp 1 9 src=10.0.0.1 dst=10.0.0.2 code=0 id=1 src=10.0.0.2 dst=10.0.0.1 type=0",
		 AM_LOG_SKIP_SERVICE},
		{"udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 packets=-1 bytes=1" UDP_BACK, AM_LOG_SKIP_COUNT},
		{"udp 17 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK " bytes=99999999999999999999",
		 AM_LOG_SKIP_COUNT},
		{"tcp 6 9 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_STATE},
		{"tcp 6 9 LURKING src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2" UDP_BACK, AM_LOG_SKIP_STATE},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++)
		check_skipped(cases[n].line, KIND, cases[n].reason);
}

static void test_hostile(void)
{
	static const char nul[] = "udp 17 9 src=10.0.0.1\0 dst=10.0.0.2 sport=1 dport=2" UDP_BACK "\n\0\n[\n=\n[1.1]\n";
	Result result = read_log(nul, sizeof nul - 1, KIND, 3);
	CU_ASSERT_TRUE(result.ok);
	CU_ASSERT_EQUAL(result.lines, 5);
	CU_ASSERT_EQUAL(result.counts.skipped[AM_LOG_USED], 0);
	clear(&result);
	check_pieces(NATTED "\n" TCP("SYN_SENT", PORTS, "", " [UNREPLIED]", "") "[1.0] [NEW] x 1\n" NATTED, KIND);
}

static void test_recognised(void)
{
	static const struct {
		const char *text;
		gboolean is_ours;
	} cases[] = {
		{NATTED "\n", TRUE},
		{"ipv4     2 " NATTED, TRUE},
		{"    [NEW] " NATTED, TRUE},
		{"[1.5]\t[DESTROY] " NATTED, TRUE},
		{"conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.\n" NATTED "\n", TRUE},
		{"conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.\n", FALSE},
		{"nfct_labelmap_new: No such file or directory\n" NATTED "\n", TRUE},
		{"some src=1 dst=2 src=3 dst=4\n", FALSE},
		{"kernel: IN=eth0 OUT= SRC=10.0.0.1 DST=10.0.0.2 PROTO=TCP\n", FALSE},
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
		UNIT_TEST(test_forms),   UNIT_TEST(test_tcp_states), UNIT_TEST(test_others), UNIT_TEST(test_skipped),
		UNIT_TEST(test_hostile), UNIT_TEST(test_recognised), CU_TEST_INFO_NULL,
	};
	return unit_run("conntrack", tests);
}
