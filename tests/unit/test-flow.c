/* The connection table and its evidence, from packets built in code. */
#include "config.h"

#include "flow-feed.h"

static void whole(Flow *flow, double seconds, uint32_t client, uint32_t server)
{
	handshake(flow, seconds, client, server);
	tcp(flow, seconds + .03, TRUE, ACK, client + 1, server + 1, "hello");
	tcp(flow, seconds + .04, FALSE, ACK, server + 1, client + 6, "world!");
	tcp(flow, seconds + .05, TRUE, FIN | ACK, client + 6, server + 7, NULL);
	tcp(flow, seconds + .06, FALSE, FIN | ACK, server + 7, client + 7, NULL);
	tcp(flow, seconds + .07, TRUE, ACK, client + 7, server + 8, NULL);
}

static void test_whole_connection(void)
{
	Flow flow = flow_default();
	whole(&flow, 1000, 100, 0xfffffffe);
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->sequence, 1);
	CU_ASSERT_EQUAL(c->revision, 0);
	CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_STRING_EQUAL(c->conn_state, "SF");
	CU_ASSERT_EQUAL(c->evidence, AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_HANDSHAKE |
					     AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_FIN_LO | AM_EVIDENCE_FIN_HI);
	CU_ASSERT_EQUAL(c->port_lo, 40000);
	CU_ASSERT_EQUAL(c->port_hi, 80);
	CU_ASSERT_EQUAL(c->total.packets[0], 5);
	CU_ASSERT_EQUAL(c->total.packets[1], 3);
	CU_ASSERT_EQUAL(c->total.payload[0], 5);
	CU_ASSERT_EQUAL(c->total.payload[1], 6);
	CU_ASSERT_EQUAL(c->total.bytes[0], 5 * 40 + 5);
	CU_ASSERT_EQUAL(memcmp(&c->total, &c->delta, sizeof(c->total)), 0);
	CU_ASSERT_EQUAL(c->first_ns, INT64_C(1000000000000));
	CU_ASSERT_EQUAL(c->last_ns, INT64_C(1000070000000));
	CU_ASSERT_EQUAL(c->delta_hours, 1);
	flow_end(&flow);
}

/* One small story per row: packets as "who flags [payload]", and what must come out. */
typedef struct {
	const char *story; /* c or s, then flags of S A F R, then '+' for payload; separated by spaces */
	AmOutcome outcome;
	const char *conn_state;
	uint32_t with, without; /* evidence */
} Story;

static void tell(Flow *flow, const char *story)
{
	uint32_t next[2] = {1000, 5000};
	double seconds = 1000;
	g_auto(GStrv) words = g_strsplit(story, " ", -1);
	for (char **word = words; *word != NULL; word++, seconds += .01) {
		int side = (*word)[0] == 's';
		uint8_t flags = (strchr(*word, 'S') != NULL ? SYN : 0) | (strchr(*word, 'A') != NULL ? ACK : 0) |
				(strchr(*word, 'F') != NULL ? FIN : 0) | (strchr(*word, 'R') != NULL ? RST : 0);
		gboolean payload = strchr(*word, '+') != NULL;
		tcp(flow, seconds, side == 0, flags, next[side], (flags & ACK) != 0 ? next[!side] : 0,
		    payload ? "x" : NULL);
		next[side] += ((flags & (SYN | FIN)) != 0) + payload;
	}
}

static void test_stories(void)
{
	const uint32_t handshake_bit = AM_EVIDENCE_HANDSHAKE, midstream = AM_EVIDENCE_MIDSTREAM;
	const uint32_t went_on = AM_EVIDENCE_WENT_ON;
	const Story stories[] = {
		{"cS", AM_OUTCOME_SILENT, "S0", AM_EVIDENCE_SYN_LO, handshake_bit | midstream},
		{"cS cR", AM_OUTCOME_SILENT, "RSTOS0", AM_EVIDENCE_RST_LO, handshake_bit},
		{"cS sRA", AM_OUTCOME_REFUSED, "REJ", AM_EVIDENCE_RST_HI, handshake_bit},
		{"cS sSA", AM_OUTCOME_MIDSTREAM, "S1", AM_EVIDENCE_SYNACK_HI, handshake_bit},
		{"cS sSA cR", AM_OUTCOME_MIDSTREAM, "RSTO", AM_EVIDENCE_RST_LO, handshake_bit},
		{"cS sSA cA", AM_OUTCOME_MIDSTREAM, "S1", handshake_bit, midstream},
		{"cS sSA cA cRA", AM_OUTCOME_MIDSTREAM, "RSTO", handshake_bit, midstream},
		{"cS sSA cA cFA sFA cA", AM_OUTCOME_ACCEPTED, "SF", handshake_bit, midstream},
		{"cS sSA cA cFA sFA sR", AM_OUTCOME_ACCEPTED, "SF", AM_EVIDENCE_RST_HI, midstream},
		{"cS sSA cA cFA sR", AM_OUTCOME_REFUSED, "RSTR", AM_EVIDENCE_RST_HI, midstream},
		{"cS sSA cA+ sA", AM_OUTCOME_ACCEPTED, "S1", handshake_bit, 0},
		{"cS sSA cA+ sRA", AM_OUTCOME_REFUSED, "RSTR", handshake_bit, 0},
		{"cS sSA cA+ sA+ sRA", AM_OUTCOME_ACCEPTED, "RSTR", handshake_bit, 0},
		{"cS sSA cA+ sA+ cRA", AM_OUTCOME_ACCEPTED, "RSTO", handshake_bit, 0},
		{"cS sSA cA+ sA+ cFA", AM_OUTCOME_ACCEPTED, "S2", handshake_bit, 0},
		{"cS sSA cA+ sA+ sFA", AM_OUTCOME_ACCEPTED, "S3", handshake_bit, 0},
		{"cS sSA cA+ sA+", AM_OUTCOME_ACCEPTED, "S1", handshake_bit, 0},
		{"cS cF", AM_OUTCOME_SILENT, "SH", AM_EVIDENCE_FIN_LO, handshake_bit},
		{"cA+ sA+", AM_OUTCOME_ACCEPTED, "OTH", midstream, handshake_bit},
		{"cA+ sA", AM_OUTCOME_MIDSTREAM, "OTH", midstream, handshake_bit},
		{"cA+ sR", AM_OUTCOME_MIDSTREAM, "RSTRH", midstream, handshake_bit},
		{"cA", AM_OUTCOME_MIDSTREAM, "OTH", midstream, handshake_bit},
		{"cS cA cA+ cFA", AM_OUTCOME_MIDSTREAM, "SH", AM_EVIDENCE_SYN_LO, handshake_bit},
		{"sSA", AM_OUTCOME_MIDSTREAM, "OTH", AM_EVIDENCE_SYNACK_HI | midstream, handshake_bit | went_on},
		{"sSA cR", AM_OUTCOME_MIDSTREAM, "RSTO", AM_EVIDENCE_SYNACK_HI | midstream, handshake_bit | went_on},
		{"sSA sFA", AM_OUTCOME_MIDSTREAM, "SHR", AM_EVIDENCE_SYNACK_HI | went_on, handshake_bit},
		{"sSA sA+", AM_OUTCOME_MIDSTREAM, "OTH", AM_EVIDENCE_SYNACK_HI | went_on, handshake_bit},
		{"sSA sA", AM_OUTCOME_MIDSTREAM, "OTH", AM_EVIDENCE_SYNACK_HI,
		 handshake_bit | went_on}, /* a challenge */
		{"sSA sR", AM_OUTCOME_MIDSTREAM, "RSTRH", AM_EVIDENCE_SYNACK_HI, handshake_bit | went_on},
		{"sSA sA+ cR", AM_OUTCOME_MIDSTREAM, "RSTO", AM_EVIDENCE_SYNACK_HI, handshake_bit | went_on},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
		Flow flow = flow_default();
		const Story *s = &stories[i];
		tell(&flow, s->story);
		const AmConnection *c = flush(&flow, 1);
		if (c->outcome != s->outcome || strcmp(c->conn_state, s->conn_state) != 0)
			printf("story \"%s\": %s %s\n", s->story, am_outcome_name(c->outcome), c->conn_state);
		CU_ASSERT_EQUAL(c->outcome, s->outcome);
		CU_ASSERT_STRING_EQUAL(c->conn_state, s->conn_state);
		CU_ASSERT_EQUAL(c->evidence & s->with, s->with);
		CU_ASSERT_EQUAL(c->evidence & s->without, 0);
		flow_end(&flow);
	}
}

static void test_synack_needs_the_right_ack(void)
{
	Flow flow = flow_default();
	tcp(&flow, 1, TRUE, SYN, 100, 0, NULL);
	tcp(&flow, 1.1, FALSE, SYN | ACK, 900, 101, NULL);
	tcp(&flow, 1.2, TRUE, ACK, 101, 17, NULL); /* forged: never saw 900 */
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->evidence & AM_EVIDENCE_HANDSHAKE, 0);
	flow_end(&flow);
}

static void test_synack_first(void)
{
	Flow flow = flow_default();
	tcp(&flow, 1.000, FALSE, SYN | ACK, 900, 101, NULL);
	tcp(&flow, 1.002, TRUE, SYN, 100, 0, NULL);
	tcp(&flow, 1.003, TRUE, ACK, 101, 901, "GET");
	const AmConnection *c = flush(&flow, 1);
	CU_ASSERT_EQUAL(c->evidence & ~(uint32_t)AM_EVIDENCE_CUT,
			AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_HANDSHAKE | AM_EVIDENCE_FIRST_HI);
	CU_ASSERT_EQUAL(c->total.packets[0], 2);
	flow_end(&flow);
}

static void test_reuse(void)
{
	Flow flow = flow_default();
	whole(&flow, 1000, 100, 900);
	whole(&flow, 1001, 70000, 90000);                       /* closed: at once */
	tcp(&flow, 1002, FALSE, FIN | ACK, 90007, 70007, NULL); /* sent again: still the second */
	const AmConnection *c = flush(&flow, 2);
	CU_ASSERT_EQUAL(c[0].sequence, 1);
	CU_ASSERT_EQUAL(c[1].sequence, 9);
	CU_ASSERT_EQUAL(c[0].total.packets[0] + c[0].total.packets[1], 8);
	CU_ASSERT_EQUAL(c[1].total.packets[0] + c[1].total.packets[1], 9);
	CU_ASSERT_STRING_EQUAL(c[1].conn_state, "SF");
	flow_end(&flow);

	flow = flow_default(); /* a retried SYN after a RST is the same attempt, a new number a new one */
	tcp(&flow, 1, TRUE, SYN, 100, 0, NULL);
	tcp(&flow, 1.1, FALSE, RST | ACK, 0, 101, NULL);
	tcp(&flow, 1.5, TRUE, SYN, 100, 0, NULL);
	tcp(&flow, 1.6, FALSE, RST | ACK, 0, 101, NULL);
	tcp(&flow, 2, TRUE, SYN, 5555, 0, NULL);
	c = flush(&flow, 2);
	CU_ASSERT_EQUAL(c[0].total.packets[0], 2);
	CU_ASSERT_EQUAL(c[0].outcome, AM_OUTCOME_REFUSED);
	CU_ASSERT_EQUAL(c[1].outcome, AM_OUTCOME_SILENT);
	flow_end(&flow);

	flow = flow_default(); /* one forged SYN does not cut a live connection; a SYN after a pause is a new one */
	handshake(&flow, 1, 100, 900);
	tcp(&flow, 2, TRUE, ACK, 101, 901, "a");
	tcp(&flow, 2.1, TRUE, SYN, 77777, 0, NULL);
	tcp(&flow, 2.2, FALSE, ACK, 901, 102, "b");
	tcp(&flow, 60, TRUE, SYN, 99999, 0, NULL);
	c = flush(&flow, 2);
	CU_ASSERT_EQUAL(c[0].outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(c[0].total.packets[0], 4);
	CU_ASSERT_EQUAL(c[1].outcome, AM_OUTCOME_SILENT);
	flow_end(&flow);
}

static void test_expiry(void)
{
	Flow flow = flow_default();
	tcp(&flow, 100.5, TRUE, SYN, 1, 0, NULL);
	am_flow_shard_advance(flow.shard, INT64_C(160499999999), &flow.out);
	CU_ASSERT_EQUAL(flow.out.n, 0);
	am_flow_shard_advance(flow.shard, INT64_C(161000000000), &flow.out);
	CU_ASSERT_EQUAL(flow.out.n, 1);
	CU_ASSERT_EQUAL(flow.out.records[0].evidence & AM_EVIDENCE_CUT, 0);
	flow_end(&flow);

	/* Without advance() the boundaries are the same: idle for the timeout, then a new connection. */
	flow = flow_default();
	udp(&flow, 100, CLIENT, 5, SERVER, 6, "x", 1);
	udp(&flow, 159.9, CLIENT, 5, SERVER, 6, "x", 1);
	udp(&flow, 219.9, CLIENT, 5, SERVER, 6, "x", 1);
	const AmConnection *c = flush(&flow, 2);
	CU_ASSERT_EQUAL(c[0].total.packets[0], 2);
	CU_ASSERT_EQUAL(c[1].sequence, 3);
	CU_ASSERT_EQUAL(c[0].evidence & AM_EVIDENCE_CUT, 0);
	CU_ASSERT_EQUAL(c[1].evidence & AM_EVIDENCE_CUT, AM_EVIDENCE_CUT);
	flow_end(&flow);

	/* An established connection lives on its own timeout, though it was armed on the short one, and busy ones re-arm. */
	flow = flow_default();
	handshake(&flow, 0, 1, 2);
	for (int minute = 1; minute <= 120; minute++) {
		if (minute % 30 == 0)
			tcp(&flow, minute * 60, TRUE, ACK, 2, 3, "keep");
		am_flow_shard_advance(flow.shard, minute * 60 * AM_NS_PER_S, &flow.out);
	}
	CU_ASSERT_EQUAL(flow.out.n, 0);
	am_flow_shard_advance(flow.shard, 10799 * AM_NS_PER_S, &flow.out);
	CU_ASSERT_EQUAL(flow.out.n, 0);
	am_flow_shard_advance(flow.shard, 10801 * AM_NS_PER_S, &flow.out);
	CU_ASSERT_EQUAL(flow.out.n, 1);
	flow_end(&flow);
}

static void test_hostile_times(void)
{
	static const int64_t times[] = {INT64_MAX, INT64_MIN, 0, -1, 1, INT64_MAX - 1, INT64_C(1700000000000000000)};
	Flow flow = flow_default();
	for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
		TestPacket t;
		test_packet(&t, 0, AM_PROTO_UDP, CLIENT, (uint16_t)(1 + i), SERVER, 9, "x", 1);
		t.packet.time_ns = times[i];
		feed(&flow, &t);
		t.bytes[5] = 1; /* another IP identification: no copy */
		feed(&flow, &t);
	}
	am_flow_shard_advance(flow.shard, INT64_MIN, &flow.out);
	am_flow_shard_advance(flow.shard, INT64_MAX, &flow.out);
	am_flow_shard_flush(flow.shard, &flow.out);
	uint64_t packets = 0;
	for (size_t i = 0; i < flow.out.n; i++)
		packets += flow.out.records[i].delta.packets[0];
	CU_ASSERT_EQUAL(packets, 2 * G_N_ELEMENTS(times));
	CU_ASSERT_EQUAL(flow.out.n, G_N_ELEMENTS(times));
	flow_end(&flow);
}

static void test_day_split(void)
{
	const double midnight = 20000 * 86400.0;
	const AmFlowOptions options = {.seed = 7, .tcp_established_s = 7200};
	Flow flow = flow_new(&options);
	handshake(&flow, midnight - 3700, 100, 900);
	tcp(&flow, midnight - 1, TRUE, ACK, 101, 901, "abc");
	tcp(&flow, midnight + 1, FALSE, ACK, 901, 104, "defg");
	tcp(&flow, midnight + 0.5, TRUE, ACK, 104, 905, NULL); /* late by a moment: does not go back a day */
	tcp(&flow, midnight + 3601, FALSE, ACK, 905, 104, "h");
	const AmConnection *c = flush(&flow, 2);
	CU_ASSERT_EQUAL(c[0].sequence, 1);
	CU_ASSERT_EQUAL(c[0].revision, 0);
	CU_ASSERT_EQUAL(c[1].sequence, 1);
	CU_ASSERT_EQUAL(c[1].revision, 1);
	CU_ASSERT_EQUAL(c[0].delta.packets[0], 3);
	CU_ASSERT_EQUAL(c[0].delta.payload[0], 3);
	CU_ASSERT_EQUAL(c[0].delta_hours, 1u << 22 | 1u << 23);
	CU_ASSERT_EQUAL(c[1].delta.packets[0], 1);
	CU_ASSERT_EQUAL(c[1].delta.packets[1], 2);
	CU_ASSERT_EQUAL(c[1].delta.payload[1], 5);
	CU_ASSERT_EQUAL(c[1].total.payload[0], 3);
	CU_ASSERT_EQUAL(c[1].delta_hours, 1u << 0 | 1u << 1);
	CU_ASSERT_EQUAL(am_time_day(c[0].last_ns), 19999);
	CU_ASSERT_EQUAL(am_time_day(c[1].delta_first_ns), 20000);
	CU_ASSERT_EQUAL(am_time_day(c[1].first_ns), 19999);
	CU_ASSERT_EQUAL(c[1].outcome, AM_OUTCOME_ACCEPTED);
	flow_end(&flow);
}

/* Sums of deltas are the total, whatever was put on record in between, and nothing is put on record twice. */
static void test_checkpoint(void)
{
	const double midnight = 20000 * 86400.0;
	Flow flow = flow_default();
	handshake(&flow, midnight - 100, 100, 900);
	am_flow_shard_checkpoint(flow.shard, (int64_t)((midnight - 160) * 1e9), &flow.out);
	CU_ASSERT_EQUAL(flow.out.n, 0); /* too young */
	for (int again = 0; again < 2; again++)
		am_flow_shard_checkpoint(flow.shard, (int64_t)((midnight - 40) * 1e9), &flow.out);
	CU_ASSERT_EQUAL(flow.out.n, 1); /* once */
	tcp(&flow, midnight - 30, TRUE, ACK, 101, 901, "abc");
	am_flow_shard_checkpoint(flow.shard, (int64_t)((midnight - 10) * 1e9), &flow.out);
	tcp(&flow, midnight + 1, FALSE, ACK, 901, 104, "defg"); /* the day's end finds nothing that is not on record */
	tcp(&flow, midnight + 2, TRUE, ACK, 104, 905, "h");
	am_flow_shard_checkpoint(flow.shard, (int64_t)((midnight + 60) * 1e9), &flow.out);
	const AmConnection *c = flush(&flow, 4);
	uint64_t packets = 0, payload = 0;
	for (uint32_t n = 0; n < 4; n++) {
		CU_ASSERT_EQUAL(c[n].sequence, 1);
		CU_ASSERT_EQUAL(c[n].revision, n);
		CU_ASSERT_EQUAL((c[n].evidence & AM_EVIDENCE_OPEN) != 0, n < 3);
		packets += c[n].delta.packets[0] + c[n].delta.packets[1];
		payload += c[n].delta.payload[0] + c[n].delta.payload[1];
		CU_ASSERT_EQUAL(am_time_day(c[n].delta_first_ns), n < 2 ? 19999 : 20000);
	}
	CU_ASSERT_EQUAL(c[1].delta_hours, 1u << 23);
	CU_ASSERT_EQUAL(c[2].delta_hours, 1u << 0);
	CU_ASSERT_EQUAL(c[3].delta_hours, 0);
	CU_ASSERT_EQUAL(packets, c[3].total.packets[0] + c[3].total.packets[1]);
	CU_ASSERT_EQUAL(payload, 8);
	flow_end(&flow);
}

static void test_cap_keeps_established(void)
{
	const AmFlowOptions options = {.seed = 7, .max_flows = 64 * AM_FLOW_SHARDS, .max_unanswered = 1000000};
	Flow flow = flow_new(&options);
	handshake(&flow, 1, 100, 900);
	tcp(&flow, 1.5, TRUE, ACK, 101, 901, "data");
	const uint32_t flood = 20000;
	for (uint32_t i = 0; i < flood; i++) {
		TestPacket t;
		char source[32];
		g_snprintf(source, sizeof(source), "172.16.%u.%u", i / 250 % 250, i % 250 + 1);
		test_tcp(&t, 2 + i * .0001, source, (uint16_t)(1024 + i % 60000), SERVER, 80, SYN, i, 0, NULL);
		feed(&flow, &t);
	}
	tcp(&flow, 5, FALSE, ACK, 901, 105, "still here");
	AmFlowCounters counters = am_flow_shard_counters(flow.shard);
	CU_ASSERT_EQUAL(counters.recorded, flood + 5);
	CU_ASSERT_EQUAL(counters.connections, flood + 1);
	CU_ASSERT_EQUAL(counters.given_up, flood + 1 - 64);
	CU_ASSERT_EQUAL(flow.out.n, flood + 1 - 64);
	for (size_t i = 0; i < flow.out.n; i++)
		CU_ASSERT_EQUAL(flow.out.records[i].evidence & AM_EVIDENCE_CUT, AM_EVIDENCE_CUT);
	am_flow_shard_flush(flow.shard, &flow.out);
	const AmConnection *kept = &flow.out.records[flood + 1 - 64];
	CU_ASSERT_EQUAL(kept->sequence, 1);
	CU_ASSERT_EQUAL(kept->total.packets[1], 2);
	CU_ASSERT_EQUAL(kept->outcome, AM_OUTCOME_ACCEPTED);
	flow_end(&flow);
}

static void test_shard_of(void)
{
	TestPacket there, back, about;
	uint32_t used = 0;
	for (int i = 1; i < 200; i++) {
		char source[32];
		g_snprintf(source, sizeof(source), i % 2 ? "10.9.0.%d" : "2001:db8::%d", i);
		const char *destination = i % 2 ? "10.0.0.9" : "2001:db8::ffff";
		test_packet(&there, 1, AM_PROTO_UDP, source, 1000, destination, 53, "x", 1);
		test_packet(&back, 1, AM_PROTO_TCP, destination, 80, source, 3000, "x", 1);
		test_packet(&about, 1, AM_PROTO_ICMP, "10.7.7.7", 0, source, 0, NULL, 0);
		about.packet.has_quoted = TRUE;
		about.packet.quoted = there.packet.tuple;
		uint32_t shard = am_flow_shard_of(&there.packet, 42);
		CU_ASSERT(shard < AM_FLOW_SHARDS);
		CU_ASSERT_EQUAL(shard, am_flow_shard_of(&back.packet, 42));
		CU_ASSERT_EQUAL(shard, am_flow_shard_of(&about.packet, 42));
		used |= 1u << shard;
	}
	CU_ASSERT_EQUAL(used, (1u << AM_FLOW_SHARDS) - 1);
}

/* Random datagrams among some tuples at random times; how many connections each tuple makes is counted by hand. Run with
 * advance() often, seldom and never: the same connections. */
static void test_boundaries_against_a_model(void)
{
	for (int every = 1; every <= 1000; every *= 10) {
		Flow flow = flow_default();
		double last[400], seconds = 1000;
		uint32_t expected = 0, state = 12345;
		for (int i = 0; i < 400; i++)
			last[i] = -1e9;
		for (int n = 0; n < 20000; n++) {
			state = state * 1664525 + 1013904223;
			seconds += state % 977 == 0 ? 130 : .25;
			int who = (int)(state >> 8) % 400;
			TestPacket t;
			test_packet(&t, seconds, AM_PROTO_UDP, state >> 20 & 1 ? CLIENT : "10.0.0.3",
				    (uint16_t)(1 + who), SERVER, 7, "x", 1);
			/* two sources: two tuples for one `who`; keep one each */
			if ((state >> 20 & 1) != (uint32_t)(who & 1))
				continue;
			expected += seconds - last[who] >= 60;
			last[who] = seconds;
			feed(&flow, &t);
			if (every < 1000 && n % every == 0)
				am_flow_shard_advance(flow.shard, (int64_t)(seconds * 1e9), &flow.out);
		}
		am_flow_shard_flush(flow.shard, &flow.out);
		CU_ASSERT_EQUAL(flow.out.n, expected);
		flow_end(&flow);
	}
}

static void test_same_input_same_bytes(void)
{
	AmConnectionBatch first = {0};
	for (int run = 0; run < 2; run++) {
		/* The second run feeds its shards one after the other instead of in turn. */
		const AmFlowOptions options = {.seed = 9, .dpi = TRUE};
		Flow shards[2] = {flow_new(&options), flow_new(&options)};
		for (int pass = 0; pass < 2; pass++) {
			for (int i = 0; i < 300; i++) {
				if (run == 0 ? pass == 1 : i % 2 != pass)
					continue;
				shards[i % 2].ordinal = (uint64_t)i;
				udp(&shards[i % 2], 10 + i, CLIENT, (uint16_t)(2000 + i % 50), SERVER, 53, dns_query,
				    sizeof(dns_query) - 1);
			}
		}
		for (int s = 0; s < 2; s++)
			am_flow_shard_flush(shards[s].shard, &shards[s].out);
		if (run == 0) {
			first = shards[0].out;
			shards[0].out = (AmConnectionBatch){0};
		} else {
			CU_ASSERT_EQUAL_FATAL(first.n, shards[0].out.n);
			CU_ASSERT_EQUAL(memcmp(first.records, shards[0].out.records, first.n * sizeof(AmConnection)),
					0);
		}
		flow_end(&shards[0]);
		flow_end(&shards[1]);
	}
	am_connection_batch_clear(&first);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_whole_connection),
		UNIT_TEST(test_stories),
		UNIT_TEST(test_synack_needs_the_right_ack),
		UNIT_TEST(test_synack_first),
		UNIT_TEST(test_reuse),
		UNIT_TEST(test_expiry),
		UNIT_TEST(test_hostile_times),
		UNIT_TEST(test_day_split),
		UNIT_TEST(test_checkpoint),
		UNIT_TEST(test_cap_keeps_established),
		UNIT_TEST(test_shard_of),
		UNIT_TEST(test_boundaries_against_a_model),
		UNIT_TEST(test_same_input_same_bytes),
		CU_TEST_INFO_NULL,
	};
	return unit_run("flow", tests);
}
