/* Decoding: what each header becomes, and that no cut or lie is read past. */
#include "config.h"

#include "allowmap/capture.h"
#include "decoding.h"
#include "decode-tcp.h"
#include "unit.h"

static void test_ipv4_options(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	ipv4(&f, 17, 8 + 8 + 3);
	f.bytes[14] = 0x47;
	fill(&f, 1, 8);
	udp(&f, 11);
	put(&f, "abc", 3);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.tuple.destination_port == 53);
	CU_ASSERT_FATAL(p.payload_size == 3);
	CU_ASSERT(memcmp(p.payload, "abc", 3) == 0);
	check_every_cut(&f, ETHERNET);
}

static void test_ipv4_malformed(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	tcp_packet(&f);
	AmPacket p;
	Frame g = f;
	g.bytes[14] = 0x65; /* version 6 under IPv4's EtherType */
	CU_ASSERT(decode(&g, &p) == AM_SKIP_IP_MALFORMED);
	g = f;
	g.bytes[14] = 0x44; /* header of 16 octets */
	CU_ASSERT(decode(&g, &p) == AM_SKIP_IP_MALFORMED);
	g = f;
	g.bytes[17] = 19; /* total length inside the header */
	CU_ASSERT(decode(&g, &p) == AM_SKIP_IP_MALFORMED);
	g = f;
	g.bytes[14] = 0x4f; /* a header longer than the packet */
	CU_ASSERT(decode(&g, &p) == AM_SKIP_IP_MALFORMED);
}

static void test_ipv4_no_length(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	tcp_packet(&f);
	f.bytes[16] = f.bytes[17] = 0;
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_tcp_packet(&p);
	check_every_cut(&f, ETHERNET);
	CU_ASSERT_FATAL(decode_as(&f, ETHERNET, f.size, 70014, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.ip_wire_size == 70000);
	CU_ASSERT(p.payload_size == 5);
	CU_ASSERT(p.payload_wire_size == 70000 - 40);
}

static void test_ipv4_fragments(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	ipv4(&f, 17, 16);
	f.bytes[20] = 0x20; /* more fragments */
	udp(&f, 3000);      /* of the whole datagram */
	fill(&f, 'x', 8);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.is_fragment);
	CU_ASSERT(p.tuple.destination_port == 53);
	CU_ASSERT(p.payload_size == 8);
	CU_ASSERT(p.payload_wire_size == 8);
	check_every_cut(&f, ETHERNET);
	CU_ASSERT(p.fragment_id == 0x1234 && p.fragment_protocol == 17 && p.fragment_at == 16);
	f.bytes[20] = 0; /* the same without the flag: a length that is not there */
	CU_ASSERT(decode(&f, &p) == AM_SKIP_L4_MALFORMED);
}

static void test_ipv4_later_fragments(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	ipv4(&f, 17, 16);
	f.bytes[20] = 0x20;
	f.bytes[21] = 2;
	udp(&f, 3000); /* looks like a header, and is not one */
	fill(&f, 'x', 8);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(!p.is_fragment && p.is_later_fragment && !p.is_last_fragment);
	CU_ASSERT(p.tuple.ip_protocol == AM_PROTO_UDP);
	CU_ASSERT(p.tuple.source_port == 0 && p.tuple.destination_port == 0);
	CU_ASSERT(p.fragment_id == 0x1234 && p.fragment_protocol == 17 && p.fragment_at == 16);
	CU_ASSERT(p.payload_wire_size == 16);
	check_every_cut(&f, ETHERNET);
	f.bytes[20] = 0;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.is_last_fragment);
	f.bytes[20] = 0x1f; /* ends past the largest datagram (CVE-1999-0128) */
	f.bytes[21] = 0xff;
	CU_ASSERT(decode(&f, &p) == AM_SKIP_IP_MALFORMED);
	f.bytes[20] = 0x20; /* 15 octets, and more to follow: that ends between two units */
	f.bytes[21] = 2;
	f.bytes[17] = 35;
	CU_ASSERT(decode(&f, &p) == AM_SKIP_IP_MALFORMED);
}

static void test_tiny_fragment(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	ipv4(&f, 6, 8);
	f.bytes[20] = 0x20;
	fill(&f, 0, 8);
	AmPacket p;
	CU_ASSERT(decode(&f, &p) == AM_SKIP_L4_TRUNCATED);
	Frame g = {0}; /* a SYN whose options are in the next fragment */
	ethernet(&g, 0x0800);
	ipv4(&g, 6, 24);
	g.bytes[20] = 0x20;
	tcp(&g, 10);
	g.size = 14 + 20 + 24;
	CU_ASSERT_FATAL(decode(&g, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.is_fragment);
	CU_ASSERT(p.tuple.destination_port == 443);
	CU_ASSERT(p.payload == NULL && p.payload_wire_size == 0);
}

static void test_ipv6_extensions(void)
{
	Frame f = {0};
	ethernet(&f, 0x86dd);
	ipv6(&f, 0, 8 + 16 + 8 + 12 + 8 + 8 + 4);
	put(&f, "\x2b\x00\x05\x02\x00\x00\x01\x00", 8);                  /* hop-by-hop, then routing */
	put(&f, "\x3c\x01\x00\x00\x00\x00\x00\x00\0\0\0\0\0\0\0\0", 16); /* then destination options */
	put(&f, "\x33\x00\x01\x04\x00\x00\x00\x00", 8);                  /* then AH */
	put(&f, "\x2c\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01", 12); /* then a fragment header */
	put(&f, "\x11\xff\x00\x00\x00\x00\x00\x09", 8);                  /* atomic (RFC 6946); then UDP */
	udp(&f, 12);
	put(&f, "ping", 4);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(is_v6(&p.tuple.source, 1));
	CU_ASSERT(is_v6(&p.tuple.destination, 2));
	CU_ASSERT(p.tuple.ip_protocol == AM_PROTO_UDP);
	CU_ASSERT(p.tuple.destination_port == 53);
	CU_ASSERT(!p.is_fragment);
	CU_ASSERT_FATAL(p.payload_size == 4);
	CU_ASSERT(memcmp(p.payload, "ping", 4) == 0);
	check_every_cut(&f, ETHERNET);
	size_t fragment = 14 + 40 + 8 + 16 + 8 + 12;
	f.bytes[fragment + 3] = 1; /* more fragments */
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.is_fragment);
	CU_ASSERT(p.fragment_id == 9 && p.fragment_protocol == AM_PROTO_UDP && p.fragment_at == 12);
	f.bytes[fragment + 3] = 8;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(!p.is_fragment && p.is_later_fragment && p.is_last_fragment);
	CU_ASSERT(p.fragment_id == 9 && p.fragment_at == 8 && p.payload_wire_size == 12);
	CU_ASSERT(p.tuple.source_port == 0 && p.tuple.destination_port == 0);
	check_every_cut(&f, ETHERNET);
}

static void test_ipv6_odd(void)
{
	AmPacket p;
	Frame mobility = {0};
	ethernet(&mobility, 0x86dd);
	ipv6(&mobility, 135, 16);
	put(&mobility, "\x3b\x01\x05\x00\x00\x00\x00\x00\0\0\0\0\0\0\0\0", 16);
	CU_ASSERT_FATAL(decode(&mobility, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.tuple.ip_protocol == 135);
	CU_ASSERT(p.tuple.source_port == 0 && p.tuple.destination_port == 0);
	CU_ASSERT(p.payload_size == 16);
	mobility.bytes[54] = 17; /* something rides on it: an all-zero UDP header but for its length */
	mobility.bytes[55] = 0;
	mobility.bytes[67] = 8;
	CU_ASSERT_FATAL(decode(&mobility, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.tuple.ip_protocol == AM_PROTO_UDP);

	Frame none = {0};
	ethernet(&none, 0x86dd);
	ipv6(&none, 59, 0);
	fill(&none, 0, 6);
	CU_ASSERT_FATAL(decode(&none, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.tuple.ip_protocol == 59);
	CU_ASSERT(p.ip_wire_size == 40);

	Frame chain = {0};
	ethernet(&chain, 0x86dd);
	ipv6(&chain, 60, 8 * 40);
	for (int n = 0; n < 40; n++)
		put(&chain, "\x3c\x00\x01\x04\x00\x00\x00\x00", 8);
	CU_ASSERT(decode(&chain, &p) == AM_SKIP_NESTED);

	Frame jumbo = {0};
	ethernet(&jumbo, 0x86dd);
	ipv6(&jumbo, 6, 0); /* segmentation offload leaves the length at 0 */
	tcp(&jumbo, 5);
	put(&jumbo, "hello", 5);
	CU_ASSERT_FATAL(decode(&jumbo, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.payload_size == 5);
	check_every_cut(&jumbo, ETHERNET);

	/* An extension header that ends outside of the packet, though not of the frame. */
	Frame outside = {0};
	ethernet(&outside, 0x86dd);
	ipv6(&outside, 60, 8);
	put(&outside, "\x11\x01\x01\x04\x00\x00\x00\x00", 8);
	fill(&outside, 0, 40);
	CU_ASSERT(decode(&outside, &p) == AM_SKIP_IP_TRUNCATED);
	Frame ah = {0};
	ethernet(&ah, 0x86dd);
	ipv6(&ah, 51, 16);
	put(&ah, "\x11\x00\x00\x00\x00\x00\x00\x00", 8); /* 8 octets: the least that a header can have */
	udp(&ah, 8);
	CU_ASSERT(decode(&ah, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.tuple.destination_port == 53);
}

static void test_tcp_header(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	ipv4(&f, 6, 40 + 5);
	tcp(&f, 10);
	put(&f, "hello", 5);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.payload_size == 5);
	check_every_cut(&f, ETHERNET);
	/* Cut inside the options: ports and flags are known, nothing of the payload is there. */
	CU_ASSERT_FATAL(decode_as(&f, ETHERNET, 14 + 20 + 24, f.size, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.tuple.destination_port == 443);
	CU_ASSERT(p.payload == NULL && p.payload_size == 0);
	CU_ASSERT(p.payload_wire_size == 5);
	Frame g = f;
	g.bytes[46] = 0x40; /* an offset inside the header */
	CU_ASSERT(decode(&g, &p) == AM_SKIP_L4_MALFORMED);
	g.bytes[46] = 0xf0; /* one behind the packet's end */
	CU_ASSERT(decode(&g, &p) == AM_SKIP_L4_MALFORMED);
}

static void test_udp_length(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	ipv4(&f, 17, 8 + 10);
	udp(&f, 8 + 6); /* less than IP has: 4 octets of padding */
	fill(&f, 'x', 10);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.payload_size == 6);
	CU_ASSERT(p.payload_wire_size == 6);
	check_every_cut(&f, ETHERNET);
	f.bytes[39] = 0; /* "all there is" */
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.payload_size == 10);
	f.bytes[39] = 7;
	CU_ASSERT(decode(&f, &p) == AM_SKIP_L4_MALFORMED);
	f.bytes[39] = 19;
	CU_ASSERT(decode(&f, &p) == AM_SKIP_L4_MALFORMED);
}

static void test_sctp(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	ipv4(&f, 132, 16 + 16);
	sctp(&f, 1, 20); /* INIT */
	fill(&f, 0, 16);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.tuple.ip_protocol == AM_PROTO_SCTP);
	CU_ASSERT(p.tuple.source_port == 40000);
	CU_ASSERT(p.tuple.destination_port == 3868);
	CU_ASSERT(p.sctp_chunk == 1);
	CU_ASSERT(p.payload_size == 20);
	check_every_cut(&f, ETHERNET);
	f.bytes[14 + 20 + 15] = 3; /* a chunk shorter than its header */
	CU_ASSERT(decode(&f, &p) == AM_SKIP_L4_MALFORMED);
	f.bytes[17] = 20 + 12; /* no chunk at all */
	CU_ASSERT(decode(&f, &p) == AM_SKIP_L4_MALFORMED);
}

static void test_icmp(void)
{
	static const uint8_t errors[] = {3, 4, 5, 11, 12};
	Frame f = {0};
	ethernet(&f, 0x0800);
	ipv4(&f, 1, 8 + 20 + 8);
	put32(&f, 0x03010000); /* host unreachable */
	put32(&f, 0);
	size_t quoted = f.size;
	ipv4(&f, 17, 200); /* of which 8 octets are quoted */
	udp(&f, 200);
	AmPacket p;
	for (size_t n = 0; n < G_N_ELEMENTS(errors); n++) {
		f.bytes[34] = errors[n];
		CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
		CU_ASSERT(p.icmp_type == errors[n] && p.icmp_code == 1);
		CU_ASSERT(p.tuple.source_port == 0 && p.tuple.destination_port == 0);
		CU_ASSERT_FATAL(p.has_quoted);
		CU_ASSERT(is_v4(&p.quoted.source, 1));
		CU_ASSERT(is_v4(&p.quoted.destination, 2));
		CU_ASSERT(p.quoted.ip_protocol == 17);
		CU_ASSERT(p.quoted.source_port == 40000 && p.quoted.destination_port == 53);
	}
	check_every_cut(&f, ETHERNET);
	CU_ASSERT_FATAL(decode_as(&f, ETHERNET, quoted + 23, f.size, &p) == AM_SKIP_NONE);
	CU_ASSERT(!p.has_quoted); /* one octet of the ports is missing */
	CU_ASSERT(p.quoted.source.family == 0);
	CU_ASSERT_FATAL(decode_as(&f, ETHERNET, quoted + 24, f.size, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.has_quoted);
	f.bytes[quoted + 7] = 1; /* a later fragment is quoted: no ports there */
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(!p.has_quoted);
	f.bytes[34] = 8; /* an echo request carries anything */
	f.bytes[quoted + 7] = 0;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(!p.has_quoted);
	CU_ASSERT(p.payload_size == 28);
}

static void test_icmpv6(void)
{
	Frame f = {0};
	ethernet(&f, 0x86dd);
	ipv6(&f, 58, 8 + 40 + 8 + 20);
	put32(&f, 0x01040000); /* port unreachable */
	put32(&f, 0);
	ipv6(&f, 60, 8 + 20);
	put(&f, "\x06\x00\x01\x04\x00\x00\x00\x00", 8);
	tcp(&f, 5);
	AmPacket p;
	for (uint8_t type = 1; type <= 4; type++) {
		f.bytes[54] = type;
		CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
		CU_ASSERT(p.tuple.ip_protocol == AM_PROTO_ICMPV6);
		CU_ASSERT(p.icmp_type == type && p.icmp_code == 4);
		CU_ASSERT_FATAL(p.has_quoted);
		CU_ASSERT(is_v6(&p.quoted.source, 1));
		CU_ASSERT(p.quoted.ip_protocol == 6 && p.quoted.destination_port == 443);
	}
	check_every_cut(&f, ETHERNET);
	f.bytes[54] = 135; /* neighbour solicitation */
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(!p.has_quoted);
}

static void test_other_protocol(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	ipv4(&f, 89, 12);
	fill(&f, 2, 12);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.tuple.ip_protocol == 89);
	CU_ASSERT(p.tuple.source_port == 0 && p.tuple.destination_port == 0);
	CU_ASSERT(p.payload_size == 12);
	check_every_cut(&f, ETHERNET);
}

/* Whatever a single octet says, nothing outside is read, and what comes out lies inside. */
static void test_every_octet_lies(void)
{
	Frame f = {0};
	ethernet(&f, 0x8100);
	put16(&f, 5);
	put16(&f, 0x86dd);
	ipv6(&f, 0, 8 + 8 + 8 + 40 + 20);
	put(&f, "\x2c\x00\x05\x02\x00\x00\x01\x00", 8);
	put(&f, "\x3a\x00\x00\x00\x00\x00\x00\x09", 8);
	put32(&f, 0x01040000);
	put32(&f, 0);
	ipv6(&f, 6, 20);
	tcp(&f, 5);
	unsigned n_packets = 0, n_skipped = 0;
	for (size_t at = 0; at < f.size; at++) {
		for (unsigned value = 0; value < 256; value++) {
			Frame g = f;
			g.bytes[at] = (uint8_t)value;
			AmPacket p;
			if (decode(&g, &p) == AM_SKIP_NONE) {
				check_in_frame(&p, g.size);
				n_packets++;
			} else {
				n_skipped++;
			}
		}
	}
	CU_ASSERT(n_packets > 10000);
	CU_ASSERT(n_skipped > 1000);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_ipv4_options),
		UNIT_TEST(test_ipv4_malformed),
		UNIT_TEST(test_ipv4_no_length),
		UNIT_TEST(test_ipv4_fragments),
		UNIT_TEST(test_ipv4_later_fragments),
		UNIT_TEST(test_tiny_fragment),
		UNIT_TEST(test_ipv6_extensions),
		UNIT_TEST(test_ipv6_odd),
		UNIT_TEST(test_tcp_header),
		UNIT_TEST(test_udp_length),
		UNIT_TEST(test_sctp),
		UNIT_TEST(test_icmp),
		UNIT_TEST(test_icmpv6),
		UNIT_TEST(test_other_protocol),
		UNIT_TEST(test_every_octet_lies),
		{NULL, NULL},
	};
	return unit_run("decode", tests);
}
