/* Frames of each link layer, by hand: what is below IP. */
#include "config.h"

#include "allowmap/capture.h"
#include "decode-tcp.h"
#include "decoding.h"
#include "unit.h"

static void test_ethernet_tcp(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	tcp_packet(&f);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_tcp_packet(&p);
	CU_ASSERT(memcmp(p.source_mac, "\x02\x00\x00\x00\x00\x05", 6) == 0);
	CU_ASSERT(memcmp(p.destination_mac, "\x02\x00\x00\x00\x00\x0d", 6) == 0);
	CU_ASSERT(p.vlan == 0 && p.inner_vlan == 0);
	check_every_cut(&f, ETHERNET);
}

static void test_padding(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	tcp_packet(&f);
	fill(&f, 0xee, 6); /* up to the 60 octets of the shortest Ethernet frame, and more */
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_tcp_packet(&p);
}

static void test_vlan(void)
{
	static const uint16_t tags[] = {0x8100, 0x88a8, 0x9100, 0x9200};
	for (size_t n = 0; n < G_N_ELEMENTS(tags); n++) {
		Frame f = {0};
		ethernet(&f, tags[n]);
		put16(&f, 0xa00a); /* priority 5, VLAN 10 */
		put16(&f, 0x8100);
		put16(&f, 0x0014); /* VLAN 20 */
		put16(&f, 0x8100);
		put16(&f, 0x001e); /* a third one is stepped over */
		put16(&f, 0x0800);
		tcp_packet(&f);
		AmPacket p;
		CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
		check_tcp_packet(&p);
		CU_ASSERT(p.vlan == 10);
		CU_ASSERT(p.inner_vlan == 20);
		check_every_cut(&f, ETHERNET);
	}
}

static void test_too_many_tags(void)
{
	for (int n_tags = 8; n_tags <= 9; n_tags++) {
		Frame f = {0};
		ethernet(&f, 0x8100);
		for (int n = 1; n < n_tags; n++) {
			put16(&f, 1);
			put16(&f, 0x8100);
		}
		put16(&f, 1);
		put16(&f, 0x0800);
		tcp_packet(&f);
		AmPacket p;
		CU_ASSERT(decode(&f, &p) == (n_tags == 8 ? AM_SKIP_NONE : AM_SKIP_NESTED));
	}
}

static void test_mpls(void)
{
	Frame f = {0};
	ethernet(&f, 0x8847);
	put32(&f, 0x00010040); /* label 16, more follow */
	put32(&f, 0x00011140); /* label 17, bottom */
	tcp_packet(&f);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_tcp_packet(&p);
	check_every_cut(&f, ETHERNET);
}

static void test_mpls_pseudowire(void)
{
	Frame f = {0};
	ethernet(&f, 0x8847);
	put32(&f, 0x00010140);
	put32(&f, 0); /* control word */
	put(&f, "\x02\xaa\x00\x00\x00\x01\x02\xaa\x00\x00\x00\x02", 12);
	put16(&f, 0x8100);
	put16(&f, 7);
	put16(&f, 0x0800);
	tcp_packet(&f);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_tcp_packet(&p);
	CU_ASSERT(p.source_mac[1] == 0xaa);
	CU_ASSERT(p.vlan == 7);
	check_every_cut(&f, ETHERNET);
}

static void test_mpls_never_ends(void)
{
	Frame f = {0};
	ethernet(&f, 0x8847);
	fill(&f, 0, 400);
	AmPacket p;
	CU_ASSERT(decode(&f, &p) == AM_SKIP_NESTED);
}

static void test_pppoe(void)
{
	Frame f = {0};
	ethernet(&f, 0x8864);
	put32(&f, 0x11000001);
	put16(&f, 47);
	put16(&f, 0x0021);
	tcp_packet(&f);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_tcp_packet(&p);
	check_every_cut(&f, ETHERNET);
	f.bytes[15] = 0x09; /* discovery inside a session's EtherType */
	CU_ASSERT(decode(&f, &p) == AM_SKIP_NOT_IP);
}

static void test_llc(void)
{
	Frame f = {0};
	ethernet(&f, 53); /* a length */
	put(&f, "\xaa\xaa\x03\x00\x00\x00\x08\x00", 8);
	tcp_packet(&f);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_tcp_packet(&p);
	check_every_cut(&f, ETHERNET);
	f.bytes[19] = 0x0c; /* Cisco's OUI: its protocol ids are not EtherTypes */
	CU_ASSERT(decode(&f, &p) == AM_SKIP_NOT_IP);
	memcpy(f.bytes + 14, "\x42\x42\x03", 3); /* spanning tree */
	CU_ASSERT(decode(&f, &p) == AM_SKIP_NOT_IP);
}

static void test_not_ip(void)
{
	Frame f = {0};
	ethernet(&f, 0x0806);
	fill(&f, 0, 46);
	AmPacket p;
	CU_ASSERT(decode(&f, &p) == AM_SKIP_NOT_IP);
	CU_ASSERT(decode_as(&f, ETHERNET, 13, 60, &p) == AM_SKIP_LINK_TRUNCATED);
	CU_ASSERT(decode_as(&f, ETHERNET, 0, 0, &p) == AM_SKIP_LINK_TRUNCATED);
	CU_ASSERT(decode_as(&f, 147, f.size, f.size, &p) == AM_SKIP_LINK_TYPE);
}

static void test_cooked(void)
{
	Frame v1 = {0}, v2 = {0};
	put(&v1, "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x05\x00\x00\x08\x00", 16);
	tcp_packet(&v1);
	put(&v2, "\x08\x00\x00\x00\x00\x00\x00\x02\x00\x01\x00\x06\x02\x00\x00\x00\x00\x05\x00\x00", 20);
	tcp_packet(&v2);
	AmPacket p;
	CU_ASSERT_FATAL(decode_as(&v1, 113, v1.size, v1.size, &p) == AM_SKIP_NONE);
	check_tcp_packet(&p);
	CU_ASSERT(memcmp(p.source_mac, "\x02\x00\x00\x00\x00\x05", 6) == 0);
	check_every_cut(&v1, 113);
	CU_ASSERT_FATAL(decode_as(&v2, 276, v2.size, v2.size, &p) == AM_SKIP_NONE);
	check_tcp_packet(&p);
	CU_ASSERT(memcmp(p.source_mac, "\x02\x00\x00\x00\x00\x05", 6) == 0);
	check_every_cut(&v2, 276);
	v1.bytes[2] = 0x03; /* ARPHRD_NETLINK */
	v1.bytes[3] = 0x38;
	CU_ASSERT(decode_as(&v1, 113, v1.size, v1.size, &p) == AM_SKIP_NOT_IP);
}

static void test_raw(void)
{
	static const uint32_t types[] = {101, 12, 14, 228};
	Frame f = {0}, g = {0};
	tcp_packet(&f);
	ipv6(&g, 6, 20);
	tcp(&g, 5);
	AmPacket p;
	for (size_t n = 0; n < G_N_ELEMENTS(types); n++) {
		CU_ASSERT_FATAL(decode_as(&f, types[n], f.size, f.size, &p) == AM_SKIP_NONE);
		check_tcp_packet(&p);
		check_every_cut(&f, types[n]);
	}
	check_every_cut(&g, 101);
	check_every_cut(&g, 229);
	CU_ASSERT(decode_as(&f, 229, f.size, f.size, &p) == AM_SKIP_IP_MALFORMED);
	CU_ASSERT(decode_as(&g, 228, g.size, g.size, &p) == AM_SKIP_IP_MALFORMED);
	f.bytes[0] = 0x75;
	CU_ASSERT(decode_as(&f, 101, f.size, f.size, &p) == AM_SKIP_IP_MALFORMED);
}

/* Attributes as the kernel logs them: packet header (1), time stamp (3), payload (9), all in one byte order. */
static void nflog(Frame *f, gboolean is_little, uint8_t family)
{
	static const uint16_t attributes[][2] = {{8, 1}, {9, 0x15}, {4 + 45, 9}};
	put8(f, family);
	put(f, "\0\0\5", 3);
	for (guint n = 0; n < G_N_ELEMENTS(attributes); n++) {
		for (guint half = 0; half < 2; half++)
			put16(f, is_little ? GUINT16_SWAP_LE_BE(attributes[n][half]) : attributes[n][half]);
		if (n + 1 < G_N_ELEMENTS(attributes))
			fill(f, 0, (attributes[n][0] - 1u) / 4 * 4);
	}
}

static void test_nflog(void)
{
	AmPacket p;
	for (int is_little = 0; is_little < 2; is_little++) {
		Frame f = {0};
		nflog(&f, is_little, 2);
		tcp_packet(&f);
		fill(&f, 0, 3); /* padding */
		CU_ASSERT_FATAL(decode_as(&f, 239, f.size, f.size, &p) == AM_SKIP_NONE);
		check_tcp_packet(&p);
		check_every_cut(&f, 239);
		f.bytes[5] = f.bytes[4] = 0; /* an attribute without a length */
		CU_ASSERT(decode_as(&f, 239, f.size, f.size, &p) == AM_SKIP_LINK_TRUNCATED);
	}
	Frame bridge = {0};
	nflog(&bridge, TRUE, 7);
	tcp_packet(&bridge);
	CU_ASSERT(decode_as(&bridge, 239, bridge.size, bridge.size, &p) == AM_SKIP_NOT_IP);
}

static void test_null(void)
{
	static const uint8_t ipv6_families[] = {10, 24, 28, 30};
	AmPacket p;
	for (int is_little = 0; is_little < 2; is_little++) {
		Frame f = {0};
		put32(&f, is_little ? 0x02000000 : 2);
		tcp_packet(&f);
		CU_ASSERT_FATAL(decode_as(&f, 0, f.size, f.size, &p) == AM_SKIP_NONE);
		check_tcp_packet(&p);
		check_every_cut(&f, 0);
		check_every_cut(&f, 108);
		for (size_t n = 0; n < G_N_ELEMENTS(ipv6_families); n++) {
			Frame g = {0};
			put32(&g, is_little ? (uint32_t)ipv6_families[n] << 24 : ipv6_families[n]);
			ipv6(&g, 17, 8);
			udp(&g, 8);
			check_every_cut(&g, 0);
		}
		f.bytes[is_little ? 0 : 3] = 17;
		CU_ASSERT(decode_as(&f, 0, f.size, f.size, &p) == AM_SKIP_NOT_IP);
	}
}

static void test_ppp(void)
{
	static const struct {
		uint32_t link_type;
		const char *head;
		size_t size;
	} kinds[] = {{9, "\xff\x03\x00\x21", 4},
		     {9, "\x00\x21", 2},
		     {9, "\x21", 1},
		     {50, "\xff\x03\x00\x21", 4},
		     {50, "\x0f\x00\x08\x00", 4},
		     {104, "\x8f\x00\x08\x00", 4},
		     {51, "\x11\x00\x00\x01\x00\x2f\x00\x21", 8}};
	AmPacket p;
	for (size_t n = 0; n < G_N_ELEMENTS(kinds); n++) {
		Frame f = {0};
		put(&f, kinds[n].head, kinds[n].size);
		tcp_packet(&f);
		CU_ASSERT_FATAL(decode_as(&f, kinds[n].link_type, f.size, f.size, &p) == AM_SKIP_NONE);
		check_tcp_packet(&p);
		check_every_cut(&f, kinds[n].link_type);
	}
	Frame lcp = {0};
	put32(&lcp, 0xff03c021);
	fill(&lcp, 0, 20);
	CU_ASSERT(decode_as(&lcp, 9, lcp.size, lcp.size, &p) == AM_SKIP_NOT_IP);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_TEST(test_ethernet_tcp),
		UNIT_TEST(test_padding),
		UNIT_TEST(test_vlan),
		UNIT_TEST(test_too_many_tags),
		UNIT_TEST(test_mpls),
		UNIT_TEST(test_mpls_pseudowire),
		UNIT_TEST(test_mpls_never_ends),
		UNIT_TEST(test_pppoe),
		UNIT_TEST(test_llc),
		UNIT_TEST(test_not_ip),
		UNIT_TEST(test_cooked),
		UNIT_TEST(test_raw),
		UNIT_TEST(test_nflog),
		UNIT_TEST(test_null),
		UNIT_TEST(test_ppp),
		{NULL, NULL},
	};
	return unit_run("decode-link", tests);
}
