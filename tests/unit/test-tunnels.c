/* Tunnels: what is inside is found, what is no tunnel stays what it is, and no cut or lie is read past. */
#include "config.h"

#include "tunnels.h"

/* ---- VXLAN */

static Frame vxlan(uint16_t port)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	Outer at = outer_udp(&f, port);
	put32(&f, 0x08000000);
	put32(&f, 5001 << 8);
	inner_frame(&f);
	close_outer(&f, at);
	return f;
}

static void test_vxlan(void)
{
	static const uint16_t ports[] = {4789, 4790, 8472};
	for (guint n = 0; n < G_N_ELEMENTS(ports); n++) {
		Frame f = vxlan(ports[n]);
		AmPacket p;
		CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
		check_inner(&p, AM_ENCAPSULATION_VXLAN, 5001);
		check_macs(&p, TRUE);
		CU_ASSERT(layers.n == 1 && layers.n_tunnels == 1);
		CU_ASSERT(layers.at[0].outer == p.ip - 14 - 8 - 8 - 20);
		check_tunnel_cuts(&f);
		check_tunnel_lies(&f);
		check_ordinary(&f, ABOVE_UDP, 0x00);  /* no VNI */
		check_ordinary(&f, ABOVE_UDP, 0x0c);  /* a flag of something else (VXLAN-GPE) */
		check_ordinary(&f, ABOVE_UDP + 2, 1); /* reserved */
		check_ordinary(&f, ABOVE_UDP + 7, 1); /* reserved */
		check_ordinary(&f, 36, 0x40);         /* another port */
		f.bytes[ABOVE_UDP] = 0x88;            /* with a group policy */
		f.bytes[ABOVE_UDP + 3] = 9;
		CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
		check_inner(&p, AM_ENCAPSULATION_VXLAN, 5001);
	}
}

static void test_vxlan_gpe(void)
{
	Frame f = vxlan(4790);
	AmPacket p;
	f.bytes[ABOVE_UDP] = 0x0c;
	f.bytes[ABOVE_UDP + 3] = 3;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_VXLAN, 5001);
	check_macs(&p, TRUE);
	check_tunnel_cuts(&f);
	check_tunnel_lies(&f);
	check_ordinary(&f, ABOVE_UDP + 3, 4); /* a service header */
	check_ordinary(&f, ABOVE_UDP + 3, 0); /* nothing */
	check_ordinary(&f, ABOVE_UDP + 1, 1); /* reserved */
	check_ordinary(&f, ABOVE_UDP, 0x0e);  /* another flag */
	Frame ip = {0};
	ethernet(&ip, 0x0800);
	Outer at = outer_udp(&ip, 4790);
	put32(&ip, 0x0c000001);
	put32(&ip, 5002 << 8);
	inner_tcp(&ip);
	close_outer(&ip, at);
	CU_ASSERT_FATAL(decode(&ip, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_VXLAN, 5002);
	check_macs(&p, FALSE);
	check_tunnel_cuts(&ip);
}

/* The answer to a request that came from a port that VXLAN has, and a message that is too short for a frame. */
static void test_udp_on_a_tunnel_port(void)
{
	static const uint16_t ports[] = {4789, 4790, 8472, 6081, 2152};
	for (guint n = 0; n < G_N_ELEMENTS(ports); n++) {
		Frame f = {0};
		ethernet(&f, 0x0800);
		Outer at = outer_udp(&f, ports[n]);
		put(&f, "\x1a\x2b\x81\x80\0\1\0\1\0\0\0\0\3www\0\0\1\0\1", 21);
		close_outer(&f, at);
		check_ordinary(&f, ABOVE_UDP, 0x1a);
		check_every_cut(&f, ETHERNET);
		f.size = ABOVE_UDP;
		close_outer(&f, at);
		check_ordinary(&f, 0, 2);
	}
	Frame small = {0};
	ethernet(&small, 0x0800);
	Outer at = outer_udp(&small, 4789);
	put32(&small, 0x08000000);
	put32(&small, 1 << 8);
	fill(&small, 0, 13); /* a frame has 14 */
	close_outer(&small, at);
	check_ordinary(&small, 0, 2);
}

static void test_what_is_inside(void)
{
	AmPacket p;
	Frame arp = vxlan(4789);
	set16(&arp, ABOVE_UDP + 8 + 12, 0x0806);
	CU_ASSERT(decode(&arp, &p) == AM_SKIP_NOT_IP);
	CU_ASSERT(layers.n == 1 && layers.at[0].kind == AM_ENCAPSULATION_VXLAN);
	Frame wrong = vxlan(4789);
	wrong.bytes[ABOVE_UDP + 8 + 14] = 0x55; /* no version of IP */
	CU_ASSERT(decode(&wrong, &p) == AM_SKIP_IP_MALFORMED);
	Frame tcp = vxlan(4789);
	tcp.bytes[ABOVE_UDP + 8 + 14 + 20 + 12] = 0x10; /* a TCP header of 4 octets */
	CU_ASSERT(decode(&tcp, &p) == AM_SKIP_L4_MALFORMED);
	Frame padded = vxlan(4789); /* what is behind the outer packet is no part of the inner one */
	padded.bytes[ABOVE_UDP + 8 + 14 + 3] = 60;
	fill(&padded, 0xee, 30);
	CU_ASSERT_FATAL(decode(&padded, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.payload_size == 5 && p.payload_wire_size == 20);
}

/* ---- GENEVE */

static void test_geneve(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	Outer at = outer_udp(&f, 6081);
	put32(&f, 0x05006558); /* five words of options */
	put32(&f, 77 << 8);
	put32(&f, 0x01020301);
	put32(&f, 0xdeadbeef);
	put32(&f, 0x01080002);
	fill(&f, 1, 8);
	inner_frame(&f);
	close_outer(&f, at);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_GENEVE, 77);
	check_macs(&p, TRUE);
	check_tunnel_cuts(&f);
	check_tunnel_lies(&f);
	check_ordinary(&f, ABOVE_UDP, 0x45);      /* version 1 */
	check_ordinary(&f, ABOVE_UDP + 1, 1);     /* reserved */
	check_ordinary(&f, ABOVE_UDP + 2, 0x11);  /* another protocol */
	check_ordinary(&f, ABOVE_UDP + 7, 1);     /* reserved */
	check_ordinary(&f, ABOVE_UDP + 11, 9);    /* an option longer than all */
	check_ordinary(&f, ABOVE_UDP, 0x04);      /* an option that is not whole */
	check_ordinary(&f, ABOVE_UDP + 11, 0x21); /* reserved */
	f.bytes[ABOVE_UDP + 1] = 0x80;            /* a control packet is one all the same */
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	Frame ip = {0}; /* without Ethernet */
	ethernet(&ip, 0x0800);
	at = outer_udp(&ip, 6081);
	put32(&ip, 0x00000800);
	put32(&ip, 78 << 8);
	inner_tcp(&ip);
	close_outer(&ip, at);
	CU_ASSERT_FATAL(decode(&ip, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_GENEVE, 78);
	check_macs(&p, FALSE);
	check_tunnel_cuts(&ip);
	check_ordinary(&ip, ABOVE_UDP + 8, 0x65); /* IPv6 in what is said to be IPv4 */
	set16(&ip, ABOVE_UDP + 2, 0x0806);
	CU_ASSERT(decode(&ip, &p) == AM_SKIP_NOT_IP);
}

/* ---- GRE */

static Frame gre(uint16_t flags, uint16_t type, uint32_t key, void (*inner)(Frame *f))
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	Outer at = outer(&f, 47);
	put16(&f, flags);
	put16(&f, type);
	if ((flags & 0x8000) != 0)
		put32(&f, 0xabcd0000);
	if ((flags & 0x2000) != 0)
		put32(&f, key);
	if ((flags & 0x1000) != 0)
		put32(&f, 99);
	inner(&f);
	close_outer(&f, at);
	return f;
}

static void test_gre(void)
{
	static const uint16_t flags[] = {0, 0x8000, 0x2000, 0x1000, 0xb000};
	AmPacket p;
	for (guint n = 0; n < G_N_ELEMENTS(flags); n++) {
		uint32_t id = (flags[n] & 0x2000) != 0 ? 0x12345678 : 0;
		Frame f = gre(flags[n], 0x0800, 0x12345678, inner_tcp);
		CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
		check_inner(&p, AM_ENCAPSULATION_GRE, id);
		check_macs(&p, FALSE);
		check_tunnel_cuts(&f);
		check_tunnel_lies(&f);
		f = gre(flags[n], 0x6558, 0x00000678, inner_frame); /* no VSID: reserved */
		CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
		check_inner(&p, AM_ENCAPSULATION_GRE, id & 0xfff);
		check_macs(&p, TRUE);
		check_tunnel_cuts(&f);
	}
	Frame f = gre(0, 0x0800, 0, inner_tcp);
	check_ordinary(&f, ABOVE_IP, 0x40);     /* source routes */
	check_ordinary(&f, ABOVE_IP, 0x01);     /* recursion */
	check_ordinary(&f, ABOVE_IP + 1, 0x02); /* version 2 */
	check_ordinary(&f, ABOVE_IP + 1, 0x08); /* reserved */
	check_ordinary(&f, ABOVE_IP + 2, 0x88); /* a protocol that is not known */
	check_ordinary(&f, ABOVE_IP + 3, 0x01);
	check_ordinary(&f, ABOVE_IP + 4, 0x65); /* no IPv4 */
	Frame alive = gre(0, 0, 0, inner_tcp);  /* a keep-alive (protocol 0) */
	check_ordinary(&alive, 0, 2);
}

static void test_nvgre(void)
{
	AmPacket p;
	Frame f = gre(0x2000, 0x6558, 0x00138909, inner_frame);
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_NVGRE, 0x001389);
	check_macs(&p, TRUE);
	check_tunnel_cuts(&f);
}

static void mpls_tcp(Frame *f)
{
	put32(f, 16 << 12 | 64);
	put32(f, 777 << 12 | 0x100 | 64);
	inner_tcp(f);
}

static void test_mpls_in_gre(void)
{
	AmPacket p;
	Frame f = gre(0, 0x8847, 0, mpls_tcp);
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_MPLS, 777);
	CU_ASSERT(layers.n == 2 && layers.at[0].kind == AM_ENCAPSULATION_GRE && layers.at[1].outer == NULL);
	check_tunnel_cuts(&f);
	check_tunnel_lies(&f);
}

static void ppp_tcp(Frame *f)
{
	put(f, "\xff\x03\x00\x21", 4);
	inner_tcp(f);
}

static void test_pptp(void)
{
	AmPacket p;
	Frame f = gre(0x3001, 0x880b, 0x00310042, ppp_tcp);
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_PPTP, 0x42);
	check_tunnel_cuts(&f);
	check_tunnel_lies(&f);
	check_ordinary(&f, ABOVE_IP + 15, 0xfd); /* compressed, or encrypted */
	check_ordinary(&f, ABOVE_IP, 0x10);      /* without a key */
	check_ordinary(&f, ABOVE_IP + 2, 0x08);  /* no PPP */
}

/* ---- ERSPAN */

static void erspan2_frame(Frame *f)
{
	put32(f, 0x1064f805); /* VLAN 100, class 7, tagged as it was, session 5 */
	put32(f, 0x00000001);
	inner_frame(f);
}

static void erspan3_frame(Frame *f)
{
	put32(f, 0x20640007);
	put32(f, 123456);
	put32(f, 0);
	inner_frame(f);
}

static void erspan3_ip(Frame *f)
{
	put32(f, 0x20000008);
	put32(f, 123456);
	put32(f, 2 << 10 | 1); /* frame type IP, and the optional header */
	fill(f, 0x5a, 8);
	inner_tcp(f);
}

static void test_erspan(void)
{
	AmPacket p;
	Frame one = gre(0, 0x88be, 0, inner_frame);
	CU_ASSERT_FATAL(decode(&one, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_ERSPAN, 0);
	check_macs(&p, TRUE);
	CU_ASSERT(p.vlan == 0 && layers.n == 1);
	check_tunnel_cuts(&one);
	check_tunnel_lies(&one);
	Frame two = gre(0x1000, 0x88be, 0, erspan2_frame);
	CU_ASSERT_FATAL(decode(&two, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_ERSPAN, 5);
	CU_ASSERT(p.vlan == 100 && layers.n == 2 && layers.at[1].kind == AM_ENCAPSULATION_VLAN);
	check_tunnel_cuts(&two);
	check_tunnel_lies(&two);
	check_ordinary(&two, ABOVE_IP + 8, 0x30); /* version 3 */
	Frame three = gre(0x1000, 0x22eb, 0, erspan3_frame);
	CU_ASSERT_FATAL(decode(&three, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_ERSPAN, 7);
	CU_ASSERT(p.vlan == 100);
	check_tunnel_cuts(&three);
	check_tunnel_lies(&three);
	check_ordinary(&three, ABOVE_IP + 8, 0x10);        /* version 1 */
	check_ordinary(&three, ABOVE_IP + 8 + 10, 7 << 2); /* frames of another kind */
	Frame ip = gre(0x1000, 0x22eb, 0, erspan3_ip);
	CU_ASSERT_FATAL(decode(&ip, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_ERSPAN, 8);
	check_macs(&p, FALSE);
	check_tunnel_cuts(&ip);
}

/* The frame inside has its own tag, which is the one that counts. */
static void test_inner_vlan(void)
{
	Frame f = {0};
	ethernet(&f, 0x88a8);
	put16(&f, 9);
	put16(&f, 0x8100);
	put16(&f, 10);
	put16(&f, 0x0800);
	Outer at = outer(&f, 47);
	put32(&f, 0x100088be);
	put32(&f, 1);
	put32(&f, 0x10641805);
	put32(&f, 0);
	put(&f, "\x06\0\0\0\0\x0d\x06\0\0\0\0\x05", 12);
	put32(&f, 0x81000014);
	put16(&f, 0x0800);
	inner_tcp(&f);
	close_outer(&f, at);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_ERSPAN, 5);
	CU_ASSERT(p.vlan == 20 && p.inner_vlan == 0);
	static const struct {
		AmEncapsulation kind;
		uint32_t id;
	} expected[] = {{AM_ENCAPSULATION_VLAN, 9},
			{AM_ENCAPSULATION_INNER_VLAN, 10},
			{AM_ENCAPSULATION_ERSPAN, 5},
			{AM_ENCAPSULATION_VLAN, 20}};
	CU_ASSERT_FATAL(layers.n == G_N_ELEMENTS(expected));
	for (guint n = 0; n < layers.n; n++) {
		CU_ASSERT(layers.at[n].kind == expected[n].kind && layers.at[n].id == expected[n].id);
		CU_ASSERT((layers.at[n].outer != NULL) == (n == 2));
	}
	check_tunnel_cuts(&f);
}

/* ---- IP in IP */

static void inner_v6(Frame *f)
{
	ipv6(f, 17, 12);
	udp(f, 12);
	put(f, "ping", 4);
}

static void test_ip_in_ip(void)
{
	AmPacket p;
	Frame four = {0};
	ethernet(&four, 0x0800);
	Outer at = outer(&four, 4);
	inner_tcp(&four);
	close_outer(&four, at);
	CU_ASSERT_FATAL(decode(&four, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_IPIP, 0);
	check_macs(&p, FALSE);
	check_tunnel_cuts(&four);
	check_tunnel_lies(&four);
	check_ordinary(&four, ABOVE_IP, 0x65);
	Frame six = {0};
	ethernet(&six, 0x0800);
	at = outer(&six, 41);
	inner_v6(&six);
	close_outer(&six, at);
	CU_ASSERT_FATAL(decode(&six, &p) == AM_SKIP_NONE);
	CU_ASSERT(is_v6(&p.tuple.source, 1) && is_v6(&p.tuple.destination, 2));
	CU_ASSERT(p.tuple.destination_port == 53 && p.payload_size == 4);
	CU_ASSERT(p.encapsulation == AM_ENCAPSULATION_SIXINFOUR);
	check_ordinary(&six, ABOVE_IP, 0x45);
	Frame four_in_six = {0};
	ethernet(&four_in_six, 0x86dd);
	at = (Outer){.ip = four_in_six.size};
	ipv6(&four_in_six, 60, 0);
	put(&four_in_six, "\4\0\4\1\4\1\1\0", 8); /* the tunnel's encapsulation limit, RFC 2473 4.1.1 */
	inner_tcp(&four_in_six);
	close_outer(&four_in_six, at);
	CU_ASSERT_FATAL(decode(&four_in_six, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_IPIP, 0);
	CU_ASSERT(layers.at[0].outer[0] >> 4 == 6);
	check_tunnel_cuts(&four_in_six);
	check_tunnel_lies(&four_in_six);
}

/* ---- GTP-U */

static Frame gtp(uint8_t flags, const void *more, uint16_t size)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	Outer at = outer_udp(&f, 2152);
	put8(&f, flags);
	put8(&f, 255);
	put16(&f, (uint16_t)(size + 45));
	put32(&f, 0xcafe0001);
	put(&f, more, size);
	inner_tcp(&f);
	close_outer(&f, at);
	return f;
}

static void test_gtp(void)
{
	AmPacket p;
	Frame f = gtp(0x30, "", 0);
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_GTP, 0xcafe0001);
	check_tunnel_cuts(&f);
	check_tunnel_lies(&f);
	check_ordinary(&f, ABOVE_UDP, 0x50);     /* version 2 */
	check_ordinary(&f, ABOVE_UDP, 0x20);     /* GTP' */
	check_ordinary(&f, ABOVE_UDP + 1, 1);    /* an echo request */
	check_ordinary(&f, ABOVE_UDP + 3, 60);   /* longer than it is */
	check_ordinary(&f, ABOVE_UDP + 8, 0x75); /* no IP */
	Frame sequence = gtp(0x32, "\x12\x34\0\0", 4);
	CU_ASSERT_FATAL(decode(&sequence, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_GTP, 0xcafe0001);
	check_tunnel_cuts(&sequence);
	/* A PDU session container of one word, then one of two. */
	Frame extended = gtp(0x34, "\0\0\0\x85\1\0\5\x85\2\0\0\0\0\0\0\0", 16);
	CU_ASSERT_FATAL(decode(&extended, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_GTP, 0xcafe0001);
	check_tunnel_cuts(&extended);
	check_tunnel_lies(&extended);
	check_ordinary(&extended, ABOVE_UDP + 12, 0);    /* an extension without a length */
	check_ordinary(&extended, ABOVE_UDP + 16, 0x40); /* one that is longer than all */
}

/* ---- One in another */

static void test_nested(void)
{
	for (guint depth = 1; depth <= AM_MAX_TUNNELS + 1; depth++) {
		Frame f = {0};
		Outer at[AM_MAX_TUNNELS + 1];
		ethernet(&f, 0x0800);
		for (guint n = 0; n < depth; n++) {
			at[n] = outer(&f, 47);
			put32(&f, 0x20000800);
			put32(&f, n + 1);
		}
		inner_tcp(&f);
		for (guint n = 0; n < depth; n++)
			close_outer(&f, at[n]);
		AmPacket p;
		AmSkipReason skip = decode(&f, &p);
		CU_ASSERT(layers.n == MIN(depth, AM_MAX_TUNNELS) && layers.n_tunnels == layers.n);
		for (guint n = 0; n < layers.n; n++)
			CU_ASSERT(layers.at[n].id == n + 1);
		if (depth > AM_MAX_TUNNELS) {
			CU_ASSERT(skip == AM_SKIP_NESTED);
			continue;
		}
		CU_ASSERT_FATAL(skip == AM_SKIP_NONE);
		check_inner(&p, AM_ENCAPSULATION_GRE, depth);
		check_in_frame(&p, f.size);
	}
}

static void test_mirrored_overlay(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	Outer mirror = outer(&f, 47);
	put32(&f, 0x000088be);
	ethernet(&f, 0x0800);
	Outer overlay = outer_udp(&f, 4789);
	put32(&f, 0x08000000);
	put32(&f, 42 << 8);
	inner_frame(&f);
	close_outer(&f, overlay);
	close_outer(&f, mirror);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_VXLAN, 42);
	CU_ASSERT(layers.n == 2 && layers.at[0].kind == AM_ENCAPSULATION_ERSPAN);
	check_tunnel_lies(&f);
}

/* More tags than are noted: they are followed all the same. */
static void test_many_layers(void)
{
	Frame f = {0};
	Outer at[AM_MAX_TUNNELS];
	guint n_layers = 0;
	for (guint n = 0; n <= AM_MAX_TUNNELS; n++) {
		ethernet(&f, 0x8100);
		put32(&f, 0x00058100);
		put32(&f, 0x00068847);
		put32(&f, 99 << 12 | 0x100);
		n_layers += 3;
		if (n == AM_MAX_TUNNELS)
			break;
		at[n] = outer(&f, 47);
		put32(&f, 0x00006558);
		n_layers++;
	}
	inner_tcp(&f);
	for (guint n = 0; n < AM_MAX_TUNNELS; n++)
		close_outer(&f, at[n]);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(is_inner(&p));
	CU_ASSERT(n_layers > AM_MAX_LAYERS && layers.n == AM_MAX_LAYERS && layers.n_tunnels == AM_MAX_TUNNELS);
}

/* ---- Fragments: of the tunnel's packets, and of those in it */

static void test_fragments(void)
{
	AmPacket p;
	Frame first = vxlan(4789); /* the first fragment of a large one: it has all the headers */
	first.bytes[20] = 0x20;
	set16(&first, ABOVE_IP + 4, 1400);
	set16(&first, ABOVE_UDP + 8 + 14 + 2, 1360);
	CU_ASSERT_FATAL(decode(&first, &p) == AM_SKIP_NONE);
	CU_ASSERT(is_inner(&p) && !p.is_fragment);
	CU_ASSERT(p.ip_wire_size == 1360 && p.payload_wire_size == 1320 && p.payload_size == 5);
	Frame later = vxlan(4789);
	later.bytes[21] = 5;
	CU_ASSERT_FATAL(decode(&later, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.is_later_fragment && is_v4(&p.tuple.source, 1) && layers.n == 0);
	Frame in = vxlan(4789);
	in.bytes[ABOVE_UDP + 8 + 14 + 7] = 5;
	CU_ASSERT_FATAL(decode(&in, &p) == AM_SKIP_NONE);
	CU_ASSERT(is_inner(&p) && p.is_later_fragment && p.fragment_at == 40 && p.tuple.destination_port == 0);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_vxlan),
		UNIT_TEST(test_vxlan_gpe),
		UNIT_TEST(test_udp_on_a_tunnel_port),
		UNIT_TEST(test_what_is_inside),
		UNIT_TEST(test_geneve),
		UNIT_TEST(test_gre),
		UNIT_TEST(test_nvgre),
		UNIT_TEST(test_mpls_in_gre),
		UNIT_TEST(test_pptp),
		UNIT_TEST(test_erspan),
		UNIT_TEST(test_inner_vlan),
		UNIT_TEST(test_ip_in_ip),
		UNIT_TEST(test_gtp),
		UNIT_TEST(test_nested),
		UNIT_TEST(test_mirrored_overlay),
		UNIT_TEST(test_many_layers),
		UNIT_TEST(test_fragments),
		{NULL, NULL},
	};
	return unit_run("tunnels", tests);
}
