/* Connections without TCP: UDP, ICMP and its errors, SCTP. */
#include "config.h"

#include "flow-feed.h"

/* An ICMP error from a router about a packet client → server. */
static void icmp_error(Flow *flow, double seconds, const char *router, uint8_t type, uint8_t code,
		       const TestPacket *about)
{
	TestPacket t;
	test_packet(&t, seconds, AM_PROTO_ICMP, router, 0, CLIENT, 0, about->bytes, 28);
	t.packet.icmp_type = type;
	t.packet.icmp_code = code;
	t.packet.has_quoted = TRUE;
	t.packet.quoted = about->packet.tuple;
	feed(flow, &t);
}

/* The same words of ICMPv6, and for datagrams. */
static void test_icmp6_errors(void)
{
	static const struct {
		uint8_t type, code;
		AmOutcome outcome;
		uint32_t errors;
	} cases[] = {
		{1, 0, AM_OUTCOME_REFUSED, 1},    {1, 1, AM_OUTCOME_PROHIBITED, 1}, {1, 4, AM_OUTCOME_REFUSED, 1},
		{1, 5, AM_OUTCOME_PROHIBITED, 1}, {2, 0, AM_OUTCOME_SILENT, 0},     {3, 0, AM_OUTCOME_SILENT, 1},
	};
	TestPacket query, t;
	test_packet(&query, 1, AM_PROTO_UDP, "2001:db8::1", 4000, "2001:db8::2", 53, dns_query, sizeof(dns_query) - 1);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Flow flow = flow_default();
		feed(&flow, &query);
		test_packet(&t, 1.1, AM_PROTO_ICMPV6, "2001:db8::fe", 0, "2001:db8::1", 0, query.bytes, 48);
		t.packet.icmp_type = cases[i].type;
		t.packet.icmp_code = cases[i].code;
		t.packet.has_quoted = TRUE;
		t.packet.quoted = query.packet.tuple;
		CU_ASSERT_EQUAL(am_flow_shard_of(&t.packet, 7), am_flow_shard_of(&query.packet, 7));
		feed(&flow, &t);
		const AmConnection *c = flush(&flow, 1);
		CU_ASSERT_EQUAL(c->outcome, cases[i].outcome);
		CU_ASSERT_EQUAL(c->icmp_errors, cases[i].errors);
		flow_end(&flow);
	}
	/* Whoever was answered before is not undone by an error, which anybody can forge. */
	Flow flow = flow_default();
	udp(&flow, 1, CLIENT, 4000, SERVER, 53, dns_query, sizeof(dns_query) - 1);
	udp(&flow, 1.1, SERVER, 53, CLIENT, 4000, dns_answer, sizeof(dns_answer) - 1);
	test_packet(&query, 1, AM_PROTO_UDP, CLIENT, 4000, SERVER, 53, dns_query, sizeof(dns_query) - 1);
	icmp_error(&flow, 1.2, SERVER, 3, 3, &query);
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(c->icmp_errors, 1);
	flow_end(&flow);
}

static void test_icmp_errors(void)
{
	static const struct {
		uint8_t type, code;
		AmOutcome outcome;
		uint32_t evidence, errors;
	} cases[] = {
		{3, 3, AM_OUTCOME_REFUSED, AM_EVIDENCE_ICMP_ERROR, 1},
		{3, 13, AM_OUTCOME_PROHIBITED, AM_EVIDENCE_ICMP_ERROR | AM_EVIDENCE_ICMP_PROHIBITED, 1},
		{11, 0, AM_OUTCOME_SILENT, AM_EVIDENCE_ICMP_ERROR, 1},
		{3, 4, AM_OUTCOME_SILENT, 0, 0}, /* fragmentation needed: no failure */
	};
	TestPacket syn;
	test_tcp(&syn, 1, CLIENT, 40000, SERVER, 80, SYN, 1, 0, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		Flow flow = flow_default();
		feed(&flow, &syn);
		icmp_error(&flow, 1.1, "10.0.0.254", cases[i].type, cases[i].code, &syn);
		const AmConnection *c = flush(&flow, 1);
		CU_ASSERT_EQUAL(c->outcome, cases[i].outcome);
		CU_ASSERT_EQUAL(c->icmp_errors, cases[i].errors);
		CU_ASSERT_EQUAL(c->evidence & (AM_EVIDENCE_ICMP_ERROR | AM_EVIDENCE_ICMP_PROHIBITED),
				cases[i].evidence);
		CU_ASSERT_EQUAL(c->total.packets[0] + c->total.packets[1], 1);
		CU_ASSERT_EQUAL(am_flow_shard_counters(flow.shard).recorded, 2);
		flow_end(&flow);
	}

	Flow flow = flow_default(); /* not known: a connection of its own */
	icmp_error(&flow, 1, "10.0.0.254", 3, 1, &syn);
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->ip_protocol, AM_PROTO_ICMP);
	CU_ASSERT_EQUAL(c->port_lo, 3 << 8 | 1);
	CU_ASSERT_EQUAL(c->port_hi, 3 << 8 | 1);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_EQUAL(c->evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI), 0);
	flow_end(&flow);
}

static void echo(TestPacket *t, double seconds, const char *source, const char *destination, uint8_t type)
{
	const uint8_t rest[16] = {0};
	test_packet(t, seconds, AM_PROTO_ICMP, source, 0, destination, 0, rest, sizeof(rest));
	memset(t->bytes + 20, 0, 8);
	t->bytes[20] = t->packet.icmp_type = type;
}

static void test_icmp_echo(void)
{
	TestPacket t;
	Flow flow = flow_default();
	echo(&t, 1, SERVER, CLIENT, 8);
	feed(&flow, &t);
	echo(&t, 1.1, CLIENT, SERVER, 0);
	feed(&flow, &t);
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->port_lo, 8 << 8);
	CU_ASSERT_EQUAL(c->port_hi, 8 << 8);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(c->evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI), AM_EVIDENCE_CLIENT_HI);
	flow_end(&flow);

	flow = flow_default(); /* unanswered, then reported unreachable by its quoted type */
	echo(&t, 1, CLIENT, SERVER, 8);
	feed(&flow, &t);
	icmp_error(&flow, 1.5, "10.0.0.254", 3, 1, &t);
	c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_REFUSED);
	CU_ASSERT_EQUAL(c->icmp_errors, 1);
	flow_end(&flow);
}

/* Sent to a group, an answer answers nobody: the group is no client. */
static void test_no_client_is_a_group(void)
{
	const uint8_t bootp_reply[240] = {2, 1, 6, [236] = 0x63, 0x82, 0x53, 0x63};
	const struct {
		const char *to;
		uint32_t role;
	} cases[] = {{"192.168.1.9", AM_EVIDENCE_CLIENT_HI}, {"255.255.255.255", 0}, {"239.1.1.1", 0}};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		TestPacket t;
		Flow flow = flow_default();
		test_packet(&t, 1, AM_PROTO_UDP, "10.0.0.1", 67, cases[i].to, 68, bootp_reply, sizeof bootp_reply);
		feed(&flow, &t);
		const AmConnection *c = flush(&flow, 1);
		CU_ASSERT_EQUAL(c->evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI), cases[i].role);
		flow_end(&flow);
	}
}

static void test_udp_outcomes(void)
{
	Flow flow = flow_default();
	udp(&flow, 1, CLIENT, 4000, SERVER, 53, dns_query, sizeof(dns_query) - 1);
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_SILENT);
	CU_ASSERT_STRING_EQUAL(c->conn_state, "S0");
	CU_ASSERT_EQUAL(c->evidence, AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_CUT);
	flow_end(&flow);

	flow = flow_default();
	udp(&flow, 1, CLIENT, 4000, SERVER, 53, dns_query, sizeof(dns_query) - 1);
	udp(&flow, 1.1, SERVER, 53, CLIENT, 4000, dns_answer, sizeof(dns_answer) - 1);
	c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_STRING_EQUAL(c->conn_state, "SF");
	flow_end(&flow);

	flow = flow_default(); /* only the answer was seen: its sender is the server */
	udp(&flow, 1.1, SERVER, 53, CLIENT, 4000, dns_answer, sizeof(dns_answer) - 1);
	c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_STRING_EQUAL(c->conn_state, "SHR");
	CU_ASSERT_EQUAL(c->evidence & (AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI), AM_EVIDENCE_CLIENT_LO);
	flow_end(&flow);

	flow = flow_default();
	udp(&flow, 1, CLIENT, 4000, SERVER, 514, "<13>Nov 23 09:00:00 host app: hello", 35);
	udp(&flow, 2, CLIENT, 4000, SERVER, 8125, "a.b:1|c", 7);
	c = flush(&flow, 2);
	CU_ASSERT_EQUAL(c[0].outcome, AM_OUTCOME_ONE_WAY);
	CU_ASSERT_EQUAL(c[0].evidence & AM_EVIDENCE_CLIENT_LO, AM_EVIDENCE_CLIENT_LO);
	CU_ASSERT_EQUAL(c[1].outcome, AM_OUTCOME_ONE_WAY);
	flow_end(&flow);
}

static void sctp(Flow *flow, double seconds, gboolean up, uint8_t chunk, const void *rest, size_t size)
{
	uint8_t payload[128] = {chunk, 0, (uint8_t)((size + 4) >> 8), (uint8_t)(size + 4)};
	TestPacket t;
	memcpy(payload + 4, rest, size);
	test_packet(&t, seconds, AM_PROTO_SCTP, up ? CLIENT : SERVER, up ? 5000 : 36412, up ? SERVER : CLIENT,
		    up ? 36412 : 5000, payload, (size + 7) & ~(size_t)3);
	t.packet.sctp_chunk = chunk;
	feed(flow, &t);
}

static void test_sctp(void)
{
	const uint8_t data[20] = {0};
	Flow flow = flow_default();
	sctp(&flow, 1, TRUE, 1, data, 16);
	sctp(&flow, 1.1, FALSE, 2, data, 16);
	sctp(&flow, 1.2, TRUE, 10, data, 16);
	sctp(&flow, 1.3, FALSE, 11, data, 0);
	sctp(&flow, 1.4, TRUE, 0, data, 17); /* 12 octets of DATA header, 5 of data */
	sctp(&flow, 1.5, FALSE, 3, data, 12);
	sctp(&flow, 1.6, TRUE, 7, data, 4);
	sctp(&flow, 1.7, FALSE, 8, data, 0);
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->evidence, AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_HANDSHAKE |
					     AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(c->total.payload[0], 5);
	CU_ASSERT_EQUAL(c->total.payload[1], 0);
	flow_end(&flow);

	flow = flow_default();
	sctp(&flow, 1, TRUE, 1, data, 16);
	sctp(&flow, 1.1, FALSE, 6, data, 0);
	c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_REFUSED);
	flow_end(&flow);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_TEST(test_icmp_errors),
		UNIT_TEST(test_icmp6_errors),
		UNIT_TEST(test_icmp_echo),
		UNIT_TEST(test_no_client_is_a_group),
		UNIT_TEST(test_udp_outcomes),
		UNIT_TEST(test_sctp),
		{NULL, NULL},
	};
	return unit_run("flow-datagrams", tests);
}
