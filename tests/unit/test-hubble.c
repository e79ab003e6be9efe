/* Hubble's flow events: a connection from packets at several points, what tells the client, drops, messages, what is skipped and
 * why, hostile lines. */
#include "config.h"

#include "logs.h"

#define KIND AM_INPUT_HUBBLE
#define EVENT(time, verdict, src, dst, l4, more)                                                                       \
	"\"time\":\"2026-03-02T00:00:0" time "Z\",\"verdict\":\"" verdict                                              \
	"\",\"ethernet\":{\"source\":\"0a:00:00:00:00:01\"},"                                                          \
	"\"IP\":{\"source\":\"" src "\",\"destination\":\"" dst "\",\"ipVersion\":\"IPv4\"},\"l4\":{" l4               \
	"},\"source\":{\"ID\":1,\"identity\":7,\"labels\":[\"k8s:app=a\"],\"pod_name\":\"a\"},\"node_name\":"          \
	"\"n1\"" more
#define WRAPPED(time, verdict, src, dst, l4, more)                                                                     \
	"{\"flow\":{" EVENT(time, verdict, src, dst, l4,                                                               \
			    more) "},\"node_name\":\"n1\",\"time\":\"2026-03-02T00:00:09Z\"}\n"
#define TCP(sport, dport, flags)                                                                                       \
	"\"TCP\":{\"source_port\":" sport ",\"destination_port\":" dport ",\"flags\":{" flags "}}"
#define UDP(sport, dport) "\"UDP\":{\"source_port\":" sport ",\"destination_port\":" dport "}"
#define AT(point) ",\"Type\":\"L3_L4\",\"event_type\":{\"type\":4},\"trace_observation_point\":\"" point "\""
#define THERE AT("TO_STACK") ",\"is_reply\":false,\"traffic_direction\":\"EGRESS\""
#define THERE_TOO AT("TO_ENDPOINT") ",\"is_reply\":false,\"traffic_direction\":\"INGRESS\""
#define BACK AT("TO_ENDPOINT") ",\"is_reply\":true"

static void test_tcp(void)
{
	static const char text[] =
		WRAPPED("0.5", "FORWARDED", "10.0.0.9", "10.0.0.2", TCP("40000", "443", "\"SYN\":true"), THERE)
			WRAPPED("0.6", "FORWARDED", "10.0.0.9", "10.0.0.2", TCP("40000", "443", "\"SYN\":true"),
				THERE_TOO) WRAPPED("1", "FORWARDED", "10.0.0.2", "10.0.0.9",
						   TCP("443", "40000", "\"SYN\":true,\"ACK\":true"), BACK)
				WRAPPED("2", "FORWARDED", "10.0.0.9", "10.0.0.2",
					TCP("40000", "443", "\"ACK\":true,\"PSH\":true"), THERE)
					WRAPPED("3", "FORWARDED", "10.0.0.2", "10.0.0.9",
						TCP("443", "40000", "\"ACK\":true,\"PSH\":true"), BACK)
						WRAPPED("4", "FORWARDED", "10.0.0.9", "10.0.0.2",
							TCP("40000", "443", "\"ACK\":true,\"FIN\":true"), THERE);
	Result result = read_log(text, strlen(text), KIND, 77);
	CU_ASSERT_EQUAL_FATAL(result.all->len, 1);
	CU_ASSERT_EQUAL(result.lines, 6);
	CU_ASSERT_EQUAL(result.counts.skipped[AM_LOG_SKIP_REPEATED], 1); /* at the other end */
	AmConnection c = g_array_index(result.all, AmConnection, 0);
	clear(&result);
	CU_ASSERT_STRING_EQUAL(log_address(&c.lo), "10.0.0.2");
	CU_ASSERT_EQUAL(c.port_lo, 443);
	CU_ASSERT_EQUAL(c.port_hi, 40000);
	CU_ASSERT_EQUAL(c.first_ns, LOG_SNAPSHOT_NS + AM_NS_PER_S / 2);
	CU_ASSERT_EQUAL(c.last_ns, LOG_SNAPSHOT_NS + 4 * AM_NS_PER_S);
	CU_ASSERT_EQUAL(c.total.packets[0], 2);
	CU_ASSERT_EQUAL(c.total.packets[1], 3);
	CU_ASSERT_EQUAL(c.total.bytes[0], 0);
	CU_ASSERT_EQUAL(c.total.payload[0], 1);
	CU_ASSERT_EQUAL(c.total.payload[1], 1);
	CU_ASSERT_EQUAL(c.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(c.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYNACK_LO |
					    AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIN_HI | AM_EVIDENCE_FIRST_HI |
					    AM_EVIDENCE_CLIENT_HI);
}

static void test_client(void)
{
	/* A SYN alone names who opens; without any flags, who does not reply is the client. */
	AmConnection syn = read_one_of(
		WRAPPED("1", "FORWARDED", "10.0.0.1", "10.0.0.2", TCP("40000", "443", "\"SYN\":true"), AT("TO_STACK")),
		KIND);
	CU_ASSERT_EQUAL(syn.outcome, AM_OUTCOME_SILENT);
	CU_ASSERT_EQUAL(syn.evidence, (uint32_t)AM_EVIDENCE_LOG | AM_EVIDENCE_SYN_LO | AM_EVIDENCE_FIRST_LO);
	AmConnection rest = read_one_of("{" EVENT("1", "FORWARDED", "10.0.0.1", "10.0.0.2",
						  TCP("443", "40000", "\"ACK\":true,\"PSH\":true"), BACK) "}\n",
					KIND);
	CU_ASSERT_EQUAL(rest.evidence & (AM_EVIDENCE_CLIENT_HI | AM_EVIDENCE_CLIENT_LO), AM_EVIDENCE_CLIENT_HI);
	AmConnection old = read_one_of(
		"{" EVENT("1", "FORWARDED", "10.0.0.1", "10.0.0.2", UDP("53", "4000"), ",\"reply\":true") "}\n", KIND);
	CU_ASSERT_EQUAL(old.evidence & (AM_EVIDENCE_CLIENT_HI | AM_EVIDENCE_CLIENT_LO), AM_EVIDENCE_CLIENT_HI);
	AmConnection dns = read_one_of(
		WRAPPED("1", "FORWARDED", "10.0.0.1", "10.0.0.2", UDP("4000", "53"), THERE) WRAPPED(
			"1", "FORWARDED", "10.0.0.1", "10.0.0.2", UDP("4000", "53"),
			",\"Type\":\"L7\",\"is_reply\":false,\"l7\":{\"type\":\"REQUEST\",\"dns\":{\"query\":\"a.\"}}")
			WRAPPED("2", "FORWARDED", "10.0.0.2", "10.0.0.1", UDP("53", "4000"), BACK),
		KIND);
	CU_ASSERT_EQUAL(dns.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(dns.total.packets[0], 1);
	CU_ASSERT_EQUAL(dns.total.payload[0], 1);
	CU_ASSERT_STRING_EQUAL(dns.l7, "dns");
	CU_ASSERT_EQUAL(dns.evidence & AM_EVIDENCE_CLIENT_LO, AM_EVIDENCE_CLIENT_LO);
}

static void test_drops(void)
{
	/* It left, and was dropped where it came to. */
	AmConnection c =
		read_one_of(WRAPPED("1", "FORWARDED", "10.0.0.1", "10.0.0.2", TCP("40000", "22", "\"SYN\":true"), THERE)
				    WRAPPED("2", "DROPPED", "10.0.0.1", "10.0.0.2", TCP("40000", "22", "\"SYN\":true"),
					    ",\"Type\":\"L3_L4\",\"event_type\":{\"type\":1,\"sub_type\":133},\"drop_"
					    "reason_desc\":\"POLICY_DENIED\""),
			    KIND);
	CU_ASSERT_EQUAL(c.outcome, AM_OUTCOME_PROHIBITED);
	CU_ASSERT_EQUAL(c.total.packets[0], 1);
	CU_ASSERT_NOT_EQUAL(c.evidence & AM_EVIDENCE_SYN_LO, 0);
	AmConnection alone = read_one_of(WRAPPED("2", "DROPPED", "10.0.0.1", "10.0.0.2", UDP("5", "6"), ""), KIND);
	CU_ASSERT_EQUAL(alone.outcome, AM_OUTCOME_PROHIBITED);
	CU_ASSERT_EQUAL(alone.total.packets[0], 1);
}

static void test_icmp(void)
{
	/* Type and code 0 are left out. */
	AmConnection echo =
		read_one_of(WRAPPED("1", "FORWARDED", "10.0.0.9", "10.0.0.2", "\"ICMPv4\":{\"type\":8}", THERE)
				    WRAPPED("1", "FORWARDED", "10.0.0.2", "10.0.0.9", "\"ICMPv4\":{}", BACK),
			    KIND);
	CU_ASSERT_EQUAL(echo.ip_protocol, AM_PROTO_ICMP);
	CU_ASSERT_EQUAL(echo.port_lo, 8 << 8);
	CU_ASSERT_EQUAL(echo.outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(echo.evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI), AM_EVIDENCE_CLIENT_HI);
	AmConnection answer =
		read_one_of(WRAPPED("1", "FORWARDED", "10.0.0.2", "10.0.0.9", "\"ICMPv4\":{}", BACK), KIND);
	CU_ASSERT_EQUAL(answer.evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI), AM_EVIDENCE_CLIENT_HI);
	AmConnection v6 = read_one_of(
		"{" EVENT("1", "FORWARDED", "2001:db8::1", "2001:db8::2", "\"ICMPv6\":{\"type\":128}", "") "}", KIND);
	CU_ASSERT_EQUAL(v6.ip_protocol, AM_PROTO_ICMPV6);
	CU_ASSERT_EQUAL(v6.port_lo, 128 << 8);
}

static void test_skipped(void)
{
	static const struct {
		const char *line;
		AmLogSkip reason;
	} cases[] = {
		{"{\"node_status\":{\"state_change\":\"NODE_CONNECTED\"}}", AM_LOG_SKIP_OTHER},
		{"{\"lost_events\":{\"source\":\"PERF_EVENT_RING_BUFFER\",\"num_events_lost\":\"7\"}}",
		 AM_LOG_SKIP_LOST},
		{WRAPPED("1", "TRANSLATED", "10.0.0.1", "10.0.0.2", UDP("1", "2"), ",\"Type\":\"SOCK\""),
		 AM_LOG_SKIP_OTHER},
		{"{\"flow\":{\"verdict\":\"FORWARDED\"}", AM_LOG_SKIP_SYNTAX},
		{"[]", AM_LOG_SKIP_SYNTAX},
		{WRAPPED("x", "FORWARDED", "10.0.0.1", "10.0.0.2", UDP("1", "2"), ""), AM_LOG_SKIP_TIME},
		{WRAPPED("1", "FORWARDED", "10.0.0.1", "", UDP("1", "2"), ""), AM_LOG_SKIP_ADDRESS},
		{WRAPPED("1", "FORWARDED", "10.0.0.1", "fe80::1", UDP("1", "2"), ""), AM_LOG_SKIP_ADDRESS},
		{WRAPPED("1", "FORWARDED", "10.0.0.1", "10.0.0.2", UDP("1", "70000"), ""), AM_LOG_SKIP_SERVICE},
		{WRAPPED("1", "FORWARDED", "10.0.0.1", "10.0.0.2", "", ""), AM_LOG_SKIP_SERVICE},
		{WRAPPED("1", "FORWARDED", "10.0.0.1", "10.0.0.2", "\"ICMPv6\":{}", ""), AM_LOG_SKIP_SERVICE},
		{WRAPPED("1", "FORWARDED", "10.0.0.1", "10.0.0.2", "\"ICMPv4\":{\"type\":-1}", ""),
		 AM_LOG_SKIP_SERVICE},
		{WRAPPED("1", "PERHAPS", "10.0.0.1", "10.0.0.2", UDP("1", "2"), ""), AM_LOG_SKIP_STATE},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++)
		check_skipped(cases[n].line, KIND, cases[n].reason);
}

static void test_hostile(void)
{
	static const char deep[] =
		"{\"flow\":{\"l4\":{\"TCP\":{\"flags\":{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":{\"i\":"
		"{\"j\":{\"k\":{\"l\":{\"m\":{\"n\":{}}}}}}}}}}}}}}}}}}}";
	check_skipped(deep, KIND, AM_LOG_SKIP_SYNTAX);
	check_pieces(WRAPPED("1", "FORWARDED", "10.0.0.9", "10.0.0.2", UDP("4000", "53"), THERE)
			     WRAPPED("2", "DROPPED", "10.0.0.2", "10.0.0.9", UDP("53", "4000"), BACK),
		     KIND);
}

static void test_recognised(void)
{
	static const char *const ours[] = {
		WRAPPED("1", "FORWARDED", "10.0.0.9", "10.0.0.2", UDP("4000", "53"), THERE),
		"{" EVENT("1", "DROPPED", "10.0.0.9", "10.0.0.2", UDP("4000", "53"), "") "}"};
	AmInputKind kind = AM_INPUT_PCAP;
	const char *what;
	for (guint n = 0; n < G_N_ELEMENTS(ours); n++) {
		CU_ASSERT_TRUE(am_log_recognise((const uint8_t *)ours[n], strlen(ours[n]), &kind, &what));
		CU_ASSERT_EQUAL(kind, KIND);
	}
	static const char other[] = "{\"verdict\":\"guilty\"}";
	CU_ASSERT_FALSE(am_log_recognise((const uint8_t *)other, strlen(other), &kind, &what));
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_tcp),     UNIT_TEST(test_client),  UNIT_TEST(test_drops),      UNIT_TEST(test_icmp),
		UNIT_TEST(test_skipped), UNIT_TEST(test_hostile), UNIT_TEST(test_recognised), CU_TEST_INFO_NULL,
	};
	return unit_run("hubble", tests);
}
