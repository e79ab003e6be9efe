/* Suricata's eve.json: every field of a flow, its two directions as netflow, what is skipped and why, hostile lines. */
#include "config.h"

#include "logs.h"

#define KIND AM_INPUT_SURICATA
#define HEAD                                                                                                           \
	"{\"timestamp\":\"2026-03-02T00:20:00.000001+0100\",\"flow_id\":12345,\"in_iface\":\"eth0\",\"event_type\":"
#define ENDS(src, sport, dst, dport, proto)                                                                            \
	"\"src_ip\":\"" src "\",\"src_port\":" sport ",\"dest_ip\":\"" dst "\",\"dest_port\":" dport                   \
	",\"proto\":\"" proto "\","
#define FLOW(pkts, bytes, back_pkts, back_bytes)                                                                       \
	"\"flow\":{\"pkts_toserver\":" pkts ",\"pkts_toclient\":" back_pkts ",\"bytes_toserver\":" bytes               \
	",\"bytes_toclient\":" back_bytes ",\"start\":\"2026-03-02T00:10:00.123456+0100\",\"end\":"                    \
	"\"2026-03-02T00:10:02.5+0100\",\"age\":2,\"state\":\"closed\",\"reason\":\"timeout\",\"alerted\":false}"
#define TCP(ts, tc, state)                                                                                             \
	",\"tcp\":{\"tcp_flags\":\"1f\",\"tcp_flags_ts\":\"" ts "\",\"tcp_flags_tc\":\"" tc                            \
	"\",\"syn\":true,\"state\":\"" state "\"}}\n"

static void test_tcp(void)
{
	AmConnection c = read_one_of(
		HEAD "\"flow\",\"vlan\":[12,34]," ENDS(
			"10.0.0.9", "40000", "10.0.0.2", "443",
			"TCP") "\"app_proto\":\"tls\",\"app_proto_orig\":\"smtp\"," FLOW("7", "1060", "6", "2500")
			TCP("1b", "1b", "closed"),
		KIND);
	CU_ASSERT_EQUAL(c.sequence, 7);
	CU_ASSERT_EQUAL(c.network, 3);
	CU_ASSERT_STRING_EQUAL(log_address(&c.lo), "10.0.0.2");
	CU_ASSERT_STRING_EQUAL(log_address(&c.hi), "10.0.0.9");
	CU_ASSERT_EQUAL(c.port_lo, 443);
	CU_ASSERT_EQUAL(c.port_hi, 40000);
	CU_ASSERT_EQUAL(c.ip_protocol, AM_PROTO_TCP);
	CU_ASSERT_EQUAL(c.vlan, 12);
	CU_ASSERT_EQUAL(c.inner_vlan, 34);
	CU_ASSERT_EQUAL(c.first_ns, INT64_C(1772406600123456000));
	CU_ASSERT_EQUAL(c.last_ns, INT64_C(1772406602500000000));
	CU_ASSERT_EQUAL(c.delta_hours, 1u << 23);
	CU_ASSERT_EQUAL(c.total.packets[0], 6);
	CU_ASSERT_EQUAL(c.total.packets[1], 7);
	/* 14 octets of Ethernet and 4 of each tag are no IP; 52 of each packet and 8 more of a SYN are headers. */
	CU_ASSERT_EQUAL(c.total.bytes[0], 2500 - 6 * 22);
	CU_ASSERT_EQUAL(c.total.bytes[1], 1060 - 7 * 22);
	CU_ASSERT_EQUAL(c.total.payload[0], 2500 - 6 * (22 + 52) - 8);
	CU_ASSERT_EQUAL(c.total.payload[1], 1060 - 7 * (22 + 52) - 8);
	CU_ASSERT_EQUAL(memcmp(&c.total, &c.delta, sizeof c.total), 0);
	CU_ASSERT_EQUAL(c.tcp_flags[0], 0x1b);
	CU_ASSERT_EQUAL(c.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYNACK_LO |
					    AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI |
					    AM_EVIDENCE_FIRST_HI | AM_EVIDENCE_CLIENT_HI);
	CU_ASSERT_EQUAL(c.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_STRING_EQUAL(c.l7, "smtp"); /* what is spoken inside TLS names it */
	CU_ASSERT_EQUAL(c.l7_confidence, AM_L7_DPI);
	CU_ASSERT_EQUAL(c.conn_state[0], '\0');
}

#define TCP_FLOW(app, ts, tc, pkts, bytes, back_pkts, back_bytes)                                                      \
	HEAD "\"flow\"," ENDS("10.0.0.1", "40000", "10.0.0.2", "22", "TCP") "\"app_proto\":\"" app "\"," FLOW(         \
		pkts, bytes, back_pkts, back_bytes) TCP(ts, tc, "closed")

static void test_outcomes(void)
{
	static const struct {
		const char *line;
		AmOutcome outcome;
		uint32_t has, lacks;
		const char *l7;
	} cases[] = {
		/* A SYN that nobody answered. */
		{TCP_FLOW("unknown", "02", "00", "3", "222", "0", "0"), AM_OUTCOME_SILENT,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_FIRST_LO,
		 AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_MIDSTREAM, ""},
		/* Refused: RST with ACK. */
		{TCP_FLOW("failed", "02", "14", "1", "74", "1", "60"), AM_OUTCOME_REFUSED,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_RST_HI, AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_SYNACK_HI, ""},
		/* SYN, SYN-ACK, RST: a scan. */
		{TCP_FLOW("unknown", "06", "12", "2", "114", "1", "60"), AM_OUTCOME_MIDSTREAM,
		 AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_RST_LO, AM_EVIDENCE_HANDSHAKE, ""},
		/* Opened and closed without a word, with timestamps. */
		{TCP_FLOW("unknown", "13", "13", "4", "272", "3", "206"), AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIN_LO, AM_EVIDENCE_CLIENT_LO, ""},
		/* Not followed: Suricata knows the first packet alone. */
		{TCP_FLOW("failed", "00", "00", "9", "1369", "7", "5372"), AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_MIDSTREAM | AM_EVIDENCE_FIRST_LO, AM_EVIDENCE_SYN_LO | AM_EVIDENCE_CLIENT_LO, ""},
		/* No SYN, but the protocol tells. */
		{TCP_FLOW("dcerpc", "18", "18", "9", "1369", "7", "5372"), AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_MIDSTREAM | AM_EVIDENCE_CLIENT_LO, AM_EVIDENCE_SYN_LO, "dce-rpc"},
		/* A SYN-ACK of a connection that began before Suricata did. */
		{TCP_FLOW("ssh", "18", "1a", "9", "1369", "7", "5372"), AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_MIDSTREAM | AM_EVIDENCE_CLIENT_LO, AM_EVIDENCE_SYNACK_HI, "ssh"},
		{TCP_FLOW("krb5", "1b", "1b", "9", "1369", "7", "5372"), AM_OUTCOME_ACCEPTED, AM_EVIDENCE_SYN_LO,
		 AM_EVIDENCE_MIDSTREAM, "kerberos"},
		{TCP_FLOW("bittorrent-dht", "1b", "1b", "9", "1369", "7", "5372"), AM_OUTCOME_ACCEPTED,
		 AM_EVIDENCE_SYN_LO, 0, "bittorrent"},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmConnection c = read_one_of(cases[n].line, KIND);
		CU_ASSERT_EQUAL(c.outcome, cases[n].outcome);
		CU_ASSERT_EQUAL(c.evidence & cases[n].has, cases[n].has);
		CU_ASSERT_EQUAL(c.evidence & cases[n].lacks, 0);
		CU_ASSERT_STRING_EQUAL(c.l7, cases[n].l7);
		if (c.outcome != cases[n].outcome || (c.evidence & cases[n].has) != cases[n].has)
			fprintf(stderr, "case %u: outcome %u, evidence %x\n", n, c.outcome, c.evidence);
	}
	/* Packets that are too small for timestamps have none: 40 octets each, 52 with the SYN. */
	AmConnection bare = read_one_of(TCP_FLOW("http", "1b", "1b", "6", "346", "5", "378"), KIND);
	CU_ASSERT_EQUAL(bare.total.payload[0], 346 - 6 * 54 - 12);
	CU_ASSERT_EQUAL(bare.total.payload[1], 378 - 5 * 66 - 8);
}

static void test_datagrams(void)
{
	AmConnection dns =
		read_one_of(HEAD "\"flow\"," ENDS("10.0.0.1", "5353", "10.0.0.2", "53",
						  "UDP") "\"app_proto\":\"dns\"," FLOW("1", "72", "1", "132") "}",
			    KIND);
	CU_ASSERT_EQUAL(dns.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(dns.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_CLIENT_LO);
	CU_ASSERT_EQUAL(dns.total.bytes[0], 58);
	CU_ASSERT_EQUAL(dns.total.payload[0], 30);
	AmConnection alone =
		read_one_of(HEAD "\"flow\"," ENDS("2001:db8::1", "5353", "2001:db8::2", "514",
						  "UDP") "\"app_proto\":\"failed\"," FLOW("1", "72", "0", "0") "}",
			    KIND);
	CU_ASSERT_EQUAL(alone.outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_EQUAL(alone.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_FIRST_LO);
	CU_ASSERT_EQUAL(alone.total.payload[0], 72 - 14 - 48);
	/* Frames without a link layer's header. */
	AmConnection raw =
		read_one_of(HEAD "\"flow\"," ENDS("10.0.0.1", "5353", "10.0.0.2", "514",
						  "UDP") "\"app_proto\":\"failed\"," FLOW("1", "30", "0", "0") "}",
			    KIND);
	CU_ASSERT_EQUAL(raw.total.bytes[0], 30);
}

#define ICMP(src, dst, proto, type, code, pkts, back)                                                                  \
	HEAD "\"flow\",\"src_ip\":\"" src "\",\"dest_ip\":\"" dst "\",\"proto\":\"" proto "\",\"icmp_type\":" type     \
	     ",\"icmp_code\":" code ",\"response_icmp_type\":0," FLOW(pkts, "98", back, "98") "}"

static void test_icmp(void)
{
	AmConnection echo = read_one_of(ICMP("10.0.0.9", "10.0.0.1", "ICMP", "8", "0", "1", "1"), KIND);
	CU_ASSERT_EQUAL(echo.ip_protocol, AM_PROTO_ICMP);
	CU_ASSERT_EQUAL(echo.port_lo, 8 << 8);
	CU_ASSERT_EQUAL(echo.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_NOT_EQUAL(echo.evidence & AM_EVIDENCE_CLIENT_HI, 0);
	AmConnection answer = read_one_of(ICMP("2001:db8::1", "2001:db8::2", "IPv6-ICMP", "129", "0", "1", "0"), KIND);
	CU_ASSERT_EQUAL(answer.ip_protocol, AM_PROTO_ICMPV6);
	CU_ASSERT_EQUAL(answer.port_lo, 128 << 8);
	CU_ASSERT_NOT_EQUAL(answer.evidence & AM_EVIDENCE_CLIENT_HI, 0);
	CU_ASSERT_EQUAL(answer.outcome, AM_OUTCOME_ONE_WAY);
	AmConnection silent = read_one_of(ICMP("10.0.0.1", "10.0.0.2", "ICMP", "8", "0", "1", "0"), KIND);
	CU_ASSERT_EQUAL(silent.outcome, AM_OUTCOME_SILENT);
	AmConnection gre =
		read_one_of(HEAD "\"flow\",\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"10.0.0.2\",\"proto\":\"GRE\"," FLOW(
				    "9", "998", "9", "998") "}",
			    KIND);
	CU_ASSERT_EQUAL(gre.ip_protocol, 47);
	CU_ASSERT_EQUAL(gre.port_lo, 0);
	AmConnection number =
		read_one_of(HEAD "\"flow\",\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"10.0.0.2\",\"proto\":\"099\"," FLOW(
				    "9", "998", "9", "998") "}",
			    KIND);
	CU_ASSERT_EQUAL(number.ip_protocol, 99);
}

#define NET(start, end, pkts, bytes)                                                                                   \
	"\"netflow\":{\"pkts\":" pkts ",\"bytes\":" bytes ",\"start\":\"" start "\",\"end\":\"" end                    \
	"\",\"age\":2,\"min_ttl\":64,\"max_ttl\":64}"
#define NET_TS                                                                                                         \
	HEAD "\"netflow\"," ENDS("10.0.0.9", "40000", "10.0.0.2", "443", "TCP") "\"app_proto\":\"tls\"," NET(          \
		"2026-03-01T23:10:00.1+0000", "2026-03-01T23:10:02+0000", "7",                                         \
		"1060") ",\"tcp\":{\"tcp_flags\":\"1b\"}}\n"
#define NET_TC                                                                                                         \
	HEAD "\"netflow\"," ENDS("10.0.0.2", "443", "10.0.0.9", "40000", "TCP") "\"app_proto\":\"tls\"," NET(          \
		"2026-03-01T23:10:00.1+0000", "2026-03-01T23:10:02+0000", "6",                                         \
		"2500") ",\"tcp\":{\"tcp_flags\":\"1b\"}}\n"

static void test_netflow(void)
{
	AmConnection c = read_one_of(NET_TS NET_TC, KIND);
	CU_ASSERT_EQUAL(c.port_lo, 443);
	CU_ASSERT_EQUAL(c.total.packets[0], 6);
	CU_ASSERT_EQUAL(c.total.packets[1], 7);
	CU_ASSERT_EQUAL(c.total.bytes[1], 1060 - 7 * 14);
	CU_ASSERT_EQUAL(c.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYNACK_LO |
					    AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI |
					    AM_EVIDENCE_FIRST_HI | AM_EVIDENCE_CLIENT_HI);
	CU_ASSERT_EQUAL(c.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_STRING_EQUAL(c.l7, "tls");
	/* Both kinds tell the same connections: the first of them counts. */
	static const char flow[] = TCP_FLOW("ssh", "1b", "1b", "9", "1369", "7", "5372");
	g_autofree char *both = g_strconcat(flow, NET_TS, NET_TC, NULL),
			*turned = g_strconcat(NET_TS, NET_TC, flow, NULL);
	Result first = read_log(both, strlen(both), KIND, SIZE_MAX), second = read_log(turned, strlen(turned), KIND, 7);
	CU_ASSERT_EQUAL_FATAL(first.all->len, 1);
	CU_ASSERT_STRING_EQUAL(g_array_index(first.all, AmConnection, 0).l7, "ssh");
	CU_ASSERT_EQUAL(first.counts.skipped[AM_LOG_SKIP_OTHER], 2);
	CU_ASSERT_EQUAL_FATAL(second.all->len, 1);
	CU_ASSERT_STRING_EQUAL(g_array_index(second.all, AmConnection, 0).l7, "tls");
	CU_ASSERT_EQUAL(second.counts.skipped[AM_LOG_SKIP_OTHER], 1);
	CU_ASSERT_EQUAL(second.counts.skipped[AM_LOG_USED], 2);
	clear(&first);
	clear(&second);
}

static void test_skipped(void)
{
	static const struct {
		const char *line;
		AmLogSkip reason;
	} cases[] = {
		{HEAD "\"alert\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "TCP") "\"alert\":{\"severity\":1}}",
		 AM_LOG_SKIP_OTHER},
		{HEAD "\"stats\",\"stats\":{\"uptime\":9}}", AM_LOG_SKIP_OTHER},
		{HEAD "7}", AM_LOG_SKIP_OTHER},
		{"{\"timestamp\":1}", AM_LOG_SKIP_SYNTAX},
		{"[]", AM_LOG_SKIP_SYNTAX},
		{HEAD "\"flow\"", AM_LOG_SKIP_SYNTAX},
		{HEAD "\"flow\",\"src_ip\":\"10.0.0.1\",\"src_ip\":\"10.0.0.1\"}", AM_LOG_SKIP_SYNTAX},
		{HEAD "\"flow\",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]}", AM_LOG_SKIP_SYNTAX},
		{HEAD "\"flow\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "TCP") "\"flow\":{\"start\":\"never\"}}",
		 AM_LOG_SKIP_TIME},
		{HEAD "\"flow\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "TCP") "\"flow\":7}", AM_LOG_SKIP_TIME},
		{HEAD "\"flow\"," ENDS("10.0.0.1", "1", "2001:db8::1", "2", "TCP") FLOW("1", "60", "0", "0") "}",
		 AM_LOG_SKIP_ADDRESS},
		{HEAD "\"flow\"," ENDS("10.0.0.1\\u0000", "1", "10.0.0.2", "2", "TCP") FLOW("1", "60", "0", "0") "}",
		 AM_LOG_SKIP_ADDRESS},
		{HEAD "\"flow\"," ENDS("10.0.0.1", "65536", "10.0.0.2", "2", "TCP") FLOW("1", "60", "0", "0") "}",
		 AM_LOG_SKIP_SERVICE},
		{HEAD "\"flow\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "XYZ") FLOW("1", "60", "0", "0") "}",
		 AM_LOG_SKIP_SERVICE},
		{HEAD "\"flow\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "ICMP") FLOW("1", "60", "0", "0") "}",
		 AM_LOG_SKIP_SERVICE},
		{HEAD "\"flow\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "TCP") FLOW("-1", "60", "0", "0") "}",
		 AM_LOG_SKIP_COUNT},
		{HEAD "\"flow\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "TCP")
			 FLOW("1", "99999999999999999999", "0", "0") "}",
		 AM_LOG_SKIP_COUNT},
		{HEAD "\"flow\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "TCP") FLOW("1", "60", "0", "0")
			 TCP("0x", "00", "new"),
		 AM_LOG_SKIP_STATE},
		{HEAD "\"netflow\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "UDP")
			 NET("2026-03-01T23:10:00.1+0000", "2026-03-01T23:10:00+0000", "1", "60") "}",
		 AM_LOG_SKIP_TIME},
		{HEAD "\"netflow\"," ENDS("10.0.0.1", "1", "10.0.0.2", "2", "UDP")
			 NET("2026-03-01T23:10:00.1+0000", "2026-03-01T23:10:01+0000", "x", "60") "}",
		 AM_LOG_SKIP_COUNT},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++)
		check_skipped(cases[n].line, KIND, cases[n].reason);
}

/* Names of protocols reach listings and rules' evidence: nothing but letters, digits and "-" may pass. */
static void test_hostile_names(void)
{
	AmConnection c =
		read_one_of(TCP_FLOW("a\\u001b[0m\\ud800\xff,tls", "1b", "1b", "9", "1369", "7", "5372"), KIND);
	CU_ASSERT_STRING_EQUAL(c.l7, "");
	c = read_one_of(TCP_FLOW("a\\u001b[0m\\ud800\xff_", "1b", "1b", "9", "1369", "7", "5372"), KIND);
	CU_ASSERT_STRING_EQUAL(c.l7, "a--0m---");
}

static void test_pieces(void)
{
	check_pieces(HEAD "\"dns\"}\n" NET_TS NET_TC HEAD "\"netflow\"}\r\n\n", KIND);
	check_pieces(TCP_FLOW("ssh", "1b", "1b", "9", "1369", "7", "5372") HEAD
		     "\"stats\"}\n" TCP_FLOW("ssh", "02", "00", "1", "60", "0", "0"),
		     KIND);
}

static void test_recognised(void)
{
	static const struct {
		const char *text;
		gboolean is_ours;
	} cases[] = {
		{HEAD "\"alert\"}\n", TRUE},
		{"\xef\xbb\xbf" HEAD "\"flow\"}\n", TRUE},
		{"{\"timestamp\":\"2026-03-02T00:00:00Z\",\"event_type\":\"stats\",\"stats\":{\"uptime\":1", TRUE},
		{"{\"timestamp\":\"2026-03-02T00:00:00Z\",\"event_type\":\"login\",\"user\":\"a\"}\n", FALSE},
		{"{\"event_type\":\"flow\"}\n{\"timestamp\":1,\"flow_id\":1}\n", FALSE},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmInputKind kind = AM_INPUT_PCAP;
		const char *what = NULL;
		gboolean found = am_log_recognise((const uint8_t *)cases[n].text, strlen(cases[n].text), &kind, &what);
		CU_ASSERT_EQUAL(found && kind == KIND, cases[n].is_ours);
		CU_ASSERT_EQUAL(what != NULL, !cases[n].is_ours);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_tcp),           UNIT_TEST(test_outcomes),
		UNIT_TEST(test_datagrams),     UNIT_TEST(test_icmp),
		UNIT_TEST(test_netflow),       UNIT_TEST(test_skipped),
		UNIT_TEST(test_hostile_names), UNIT_TEST(test_pieces),
		UNIT_TEST(test_recognised),    CU_TEST_INFO_NULL,
	};
	return unit_run("suricata", tests);
}
