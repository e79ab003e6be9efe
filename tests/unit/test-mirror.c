/* What mirror ports do to packets, from frames to connections: one conversation, and what must still be known of it after
 * each fault. */
#include "config.h"

#include <allowmap/capture.h>
#include <allowmap/flow.h>

#include <stdio.h>
#include <string.h>

#include "frames.h"
#include "unit.h"

#define N_FRAMES 9
#define MAX_FRAMES (2 * N_FRAMES)
#define MS INT64_C(1000000)

typedef struct {
	Frame frame;
	int64_t time_ns;
	uint32_t wire_size;
} Captured;

typedef struct {
	Captured frames[MAX_FRAMES];
	size_t n;
} Capture;

#define REQUEST "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

/* 10.0.0.1:40000 asks 10.0.0.2:80. */
static void add(Capture *capture, gboolean up, uint8_t flags, uint32_t sequence, uint32_t ack, const char *payload)
{
	Captured *c = &capture->frames[capture->n];
	Frame *f = &c->frame;
	size_t size = strlen(payload);
	*f = (Frame){.size = 0};
	ethernet(f, 0x0800);
	ipv4(f, 6, 20 + size);
	f->bytes[18] = (uint8_t)(capture->n + 1); /* IP identification */
	put16(f, up ? 40000 : 80);
	put16(f, up ? 80 : 40000);
	put32(f, sequence);
	put32(f, ack);
	put16(f, (uint16_t)(0x5000 | flags));
	put16(f, 512);
	put32(f, 0);
	put(f, payload, size);
	if (!up) {
		f->bytes[29] = 2;
		f->bytes[33] = 1;
	}
	c->wire_size = (uint32_t)f->size;
	c->time_ns = INT64_C(1700000000) * AM_NS_PER_S + (int64_t)capture->n * 2 * MS;
	capture->n++;
}

static Capture conversation(void)
{
	const uint32_t request = sizeof(REQUEST) - 1, answer = sizeof(ANSWER) - 1;
	Capture c = {.n = 0};
	add(&c, TRUE, AM_TCP_SYN, 100, 0, "");
	add(&c, FALSE, AM_TCP_SYN | AM_TCP_ACK, 900, 101, "");
	add(&c, TRUE, AM_TCP_ACK, 101, 901, "");
	add(&c, TRUE, AM_TCP_ACK, 101, 901, REQUEST);
	add(&c, FALSE, AM_TCP_ACK, 901, 101 + request, "");
	add(&c, FALSE, AM_TCP_ACK, 901, 101 + request, ANSWER);
	add(&c, TRUE, AM_TCP_FIN | AM_TCP_ACK, 101 + request, 901 + answer, "");
	add(&c, FALSE, AM_TCP_FIN | AM_TCP_ACK, 901 + answer, 102 + request, "");
	add(&c, TRUE, AM_TCP_ACK, 102 + request, 902 + answer, "");
	g_assert(c.n == N_FRAMES);
	return c;
}

/* ---- faults */
static void none(Capture *c)
{
	(void)c;
}

static void remove_frames(Capture *c, gboolean (*is_gone)(const Captured *frame))
{
	size_t kept = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (!is_gone(&c->frames[i]))
			c->frames[kept++] = c->frames[i];
	}
	c->n = kept;
}

static gboolean is_syn(const Captured *c)
{
	return (c->frame.bytes[47] & AM_TCP_SYN) != 0;
}

static gboolean is_up(const Captured *c)
{
	return c->frame.bytes[29] == 1;
}

static gboolean is_down(const Captured *c)
{
	return !is_up(c);
}

static void no_syn(Capture *c)
{
	remove_frames(c, is_syn);
}

static void only_client(Capture *c)
{
	remove_frames(c, is_down);
}

static void only_server(Capture *c)
{
	remove_frames(c, is_up);
}

static void second_half(Capture *c)
{
	c->n -= 5;
	memmove(c->frames, c->frames + 5, c->n * sizeof(c->frames[0]));
}

static void swap(Capture *c, size_t first)
{
	Captured other = c->frames[first];
	c->frames[first] = c->frames[first + 1];
	c->frames[first + 1] = other;
}

static void synack_first(Capture *c)
{
	swap(c, 0);
}

/* Also in time: the later ones claim the earlier times. */
static void swap_all(Capture *c)
{
	for (size_t i = 0; i + 1 < c->n; i += 2) {
		int64_t time_ns = c->frames[i].time_ns;
		swap(c, i);
		c->frames[i + 1].time_ns = c->frames[i].time_ns;
		c->frames[i].time_ns = time_ns;
	}
}

static void time_goes_back(Capture *c)
{
	for (size_t i = 1; i < c->n; i += 2)
		c->frames[i].time_ns -= 3 * MS;
}

static void cut_to(Capture *c, size_t octets)
{
	for (size_t i = 0; i < c->n; i++)
		c->frames[i].frame.size = MIN(c->frames[i].frame.size, octets);
}

static void cut_in_payload(Capture *c)
{
	cut_to(c, 68);
}

static void cut_to_headers(Capture *c)
{
	cut_to(c, 54);
}

/* Offloaded checksums: of the pseudo header, or none; never verified. */
static void odd_checksums(Capture *c)
{
	for (size_t i = 0; i < c->n; i++) {
		memset(c->frames[i].frame.bytes + 24, 0xa5, 2);
		memset(c->frames[i].frame.bytes + 50, 0x5a, 2);
	}
}

/* Segmentation offload: the kernel fills the total length in after the capture. */
static void no_length(Capture *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->frames[i].frame.size > 60)
			memset(c->frames[i].frame.bytes + 16, 0, 2);
	}
}

static void twice(Capture *c)
{
	for (size_t i = c->n; i-- > 0;) {
		c->frames[2 * i] = c->frames[2 * i + 1] = c->frames[i];
		c->frames[2 * i + 1].time_ns += MS / 1000;
	}
	c->n *= 2;
}

/* The copy from behind the router comes first. */
static void routed(Capture *c)
{
	twice(c);
	for (size_t i = 0; i < c->n; i += 2) {
		uint8_t *bytes = c->frames[i].frame.bytes;
		bytes[5] = bytes[11] = 0x77;
		bytes[22]--;
		bytes[24] ^= 1;
	}
}

/* ---- what must be known */
#define SYN_BITS (AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_HANDSHAKE)
typedef struct {
	const char *what;
	void (*fault)(Capture *capture);
	AmOutcome outcome;
	uint32_t evidence; /* at least */
	gboolean is_whole; /* same counts as without the fault */
} Case;

static const Case cases[] = {
	{"no fault", none, AM_OUTCOME_ACCEPTED, SYN_BITS | AM_EVIDENCE_CLIENT_LO, TRUE},
	{"SYN-ACK before SYN", synack_first, AM_OUTCOME_ACCEPTED, SYN_BITS, TRUE},
	{"all pairs swapped", swap_all, AM_OUTCOME_ACCEPTED, SYN_BITS, TRUE},
	{"time goes back", time_goes_back, AM_OUTCOME_ACCEPTED, SYN_BITS, TRUE},
	{"no SYN", no_syn, AM_OUTCOME_ACCEPTED, AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_MIDSTREAM, FALSE},
	{"begun before", second_half, AM_OUTCOME_MIDSTREAM, AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_MIDSTREAM, FALSE},
	{"client only", only_client, AM_OUTCOME_MIDSTREAM, AM_EVIDENCE_SYN_LO | AM_EVIDENCE_CLIENT_LO, FALSE},
	{"server only", only_server, AM_OUTCOME_MIDSTREAM, AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_CLIENT_LO, FALSE},
	{"cut in the payload", cut_in_payload, AM_OUTCOME_ACCEPTED, SYN_BITS, TRUE},
	{"cut behind the headers", cut_to_headers, AM_OUTCOME_ACCEPTED, SYN_BITS, TRUE},
	{"checksums of offload", odd_checksums, AM_OUTCOME_ACCEPTED, SYN_BITS | AM_EVIDENCE_CLIENT_LO, TRUE},
	{"lengths of offload", no_length, AM_OUTCOME_ACCEPTED, SYN_BITS | AM_EVIDENCE_CLIENT_LO, TRUE},
	{"mirrored twice", twice, AM_OUTCOME_ACCEPTED, SYN_BITS | AM_EVIDENCE_CLIENT_LO, TRUE},
	{"both sides of a router", routed, AM_OUTCOME_ACCEPTED, SYN_BITS | AM_EVIDENCE_CLIENT_LO, TRUE},
};

static void run(const Capture *capture, AmConnectionBatch *out, AmFlowCounters *ret_counters)
{
	const AmFlowOptions options = {.seed = 5};
	g_autoptr(AmFlowShard) shard = am_flow_shard_new(&options, NULL);
	for (size_t i = 0; i < capture->n; i++) {
		const Captured *c = &capture->frames[i];
		AmFrame frame = {.time_ns = c->time_ns,
				 .bytes = c->frame.bytes,
				 .size = (uint32_t)c->frame.size,
				 .wire_size = c->wire_size,
				 .link_type = 1};
		AmPacket packet;
		AmLayers layers;
		CU_ASSERT_EQUAL(am_decode(&frame, &packet, &layers), AM_SKIP_NONE);
		am_flow_shard_packet(shard, &packet, i + 1, out);
	}
	am_flow_shard_flush(shard, out);
	*ret_counters = am_flow_shard_counters(shard);
}

static void test_faults(void)
{
	Capture plain = conversation();
	AmConnectionBatch expected = {0};
	AmFlowCounters counters;
	run(&plain, &expected, &counters);
	CU_ASSERT_EQUAL_FATAL(expected.n, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const Case *c = &cases[i];
		Capture capture = conversation();
		c->fault(&capture);
		AmConnectionBatch out = {0};
		run(&capture, &out, &counters);
		CU_ASSERT_EQUAL_FATAL(out.n, 1);
		const AmConnection *got = &out.records[0];
		if (got->outcome != c->outcome || (got->evidence & c->evidence) != c->evidence)
			printf("%s: %s %x\n", c->what, am_outcome_name(got->outcome), got->evidence);
		CU_ASSERT_EQUAL(got->outcome, c->outcome);
		CU_ASSERT_EQUAL(got->evidence & c->evidence, c->evidence);
		CU_ASSERT_EQUAL(got->evidence & (AM_EVIDENCE_SYN_HI | AM_EVIDENCE_CLIENT_HI | AM_EVIDENCE_SYNACK_LO),
				0);
		CU_ASSERT_EQUAL(counters.tcp_bytes_unseen, 0);
		if (c->is_whole)
			CU_ASSERT_EQUAL(memcmp(&got->total, &expected.records[0].total, sizeof(got->total)), 0);
		am_connection_batch_clear(&out);
	}
	am_connection_batch_clear(&expected);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_faults),
		CU_TEST_INFO_NULL,
	};
	return unit_run("mirror", tests);
}
