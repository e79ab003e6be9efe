/* IPv6 in UDP: Teredo and AYIYA are found, what only looks like them stays what it is; and the outer packets of any tunnel are
 * told beside the inner one. */
#include "config.h"

#include "tunnels.h"

/* Is it the inner packet of these frames: 2001:0::1 to 2001:db8::2, or back? */
static gboolean is_inner6(const AmPacket *p)
{
	return p->tuple.source.family == 6 && p->tuple.ip_protocol == AM_PROTO_TCP && p->tuple.destination_port == 443;
}

static void check_inner6(const AmPacket *p, AmEncapsulation kind)
{
	CU_ASSERT(is_inner6(p));
	CU_ASSERT(p->encapsulation == kind && p->encapsulation_id == 0);
	CU_ASSERT_FATAL(p->payload_size == 5);
	CU_ASSERT(memcmp(p->payload, "hello", 5) == 0);
	CU_ASSERT_FATAL(layers.n == 1 && layers.n_tunnels == 1);
	const AmOuter *outer = &layers.outers[0];
	CU_ASSERT(outer->n_layers == 0 && outer->packet.carries == kind && outer->packet.tuple.ip_protocol == 17);
	CU_ASSERT(is_v4(&outer->packet.tuple.source, 1) && is_v4(&outer->packet.tuple.destination, 2));
	CU_ASSERT(layers.at[0].outer == outer->packet.ip);
}

static void put_prefix(Frame *f, uint32_t prefix, uint8_t last)
{
	put32(f, prefix);
	fill(f, 0, 11);
	put8(f, last);
}

static void inner_ipv6(Frame *f, uint32_t source, uint32_t destination)
{
	put32(f, 0x60000000);
	put16(f, 25);
	put16(f, 0x0640);
	put_prefix(f, source, 1);
	put_prefix(f, destination, 2);
	tcp(f, 5);
	put(f, "hello", 5);
}

#define TEREDO 0x20010000
#define NATIVE 0x20010db8
#define LINK_LOCAL 0xfe800000

/* Ports are 40000 and `port`, or the other way round. */
static Outer open_udp(Frame *f, uint16_t port, gboolean is_from)
{
	ethernet(f, 0x0800);
	Outer at = outer_udp(f, port);
	if (is_from) {
		set16(f, at.udp, port);
		set16(f, at.udp + 2, 40000);
	}
	return at;
}

static Frame teredo(uint16_t port, gboolean is_from, const char *before, size_t n_before, uint32_t source,
		    uint32_t destination)
{
	Frame f = {0};
	Outer at = open_udp(&f, port, is_from);
	put(&f, before, n_before);
	inner_ipv6(&f, source, destination);
	close_outer(&f, at);
	return f;
}

/* As check_tunnel_cuts(): reasons, perhaps the outer packet, reasons, the inner one. */
static void check_cuts(const Frame *f)
{
	int phase = 0;
	for (size_t size = 0; size <= f->size; size++) {
		AmPacket p;
		AmSkipReason skip = decode_as(f, ETHERNET, size, f->size, &p);
		int is = skip != AM_SKIP_NONE ? (phase == 0 ? 0 : 2) : is_inner6(&p) ? 3 : 1;
		if (skip == AM_SKIP_NONE)
			check_in_frame(&p, size);
		CU_ASSERT(is >= phase);
		phase = is;
	}
	CU_ASSERT(phase == 3);
}

/* It is what its ports say, and nothing is inside. */
static void check_plain(const Frame *f)
{
	AmPacket p;
	CU_ASSERT_FATAL(decode(f, &p) == AM_SKIP_NONE);
	CU_ASSERT(p.tuple.ip_protocol == AM_PROTO_UDP && is_v4(&p.tuple.source, 1) && is_v4(&p.tuple.destination, 2));
	CU_ASSERT(p.encapsulation == AM_ENCAPSULATION_NONE && layers.n == 0 && layers.n_tunnels == 0);
}

static void test_teredo(void)
{
	static const char origin[] = "\x00\x00\x12\x34\x01\x02\x03\x04";
	static const char authentication[] = "\x00\x01\x02\x03"
					     "idval"
					     "nonce123"
					     "\x00";
	static const char both[] = "\x00\x01\x00\x00"
				   "nonce123"
				   "\x00"
				   "\x00\x00\x12\x34\x01\x02\x03\x04";
	const Frame frames[] = {
		teredo(3544, FALSE, "", 0, TEREDO, NATIVE),
		teredo(3544, TRUE, "", 0, NATIVE, TEREDO),
		teredo(3544, TRUE, origin, 8, NATIVE, TEREDO),
		teredo(3544, FALSE, authentication, 18, LINK_LOCAL, 0xff020000),
		teredo(3544, TRUE, both, 21, LINK_LOCAL, LINK_LOCAL),
		teredo(50000, FALSE, "", 0, TEREDO, NATIVE), /* a client and a relay */
		teredo(50000, TRUE, "", 0, NATIVE, TEREDO),
	};
	for (guint n = 0; n < G_N_ELEMENTS(frames); n++) {
		const Frame *f = &frames[n];
		AmPacket p;
		CU_ASSERT_FATAL(decode(f, &p) == AM_SKIP_NONE);
		check_inner6(&p, AM_ENCAPSULATION_TEREDO);
		check_cuts(f);
		check_tunnel_lies(f);
	}
}

static void test_not_teredo(void)
{
	Frame f = teredo(3544, FALSE, "", 0, NATIVE, NATIVE); /* nobody has an address of it */
	check_plain(&f);
	f = teredo(50000, FALSE, "\x00\x00\x12\x34\x01\x02\x03\x04", 8, TEREDO, NATIVE); /* only servers tell origins */
	check_plain(&f);
	f = teredo(50000, FALSE, "", 0, LINK_LOCAL, NATIVE); /* only servers are asked */
	check_plain(&f);
	for (guint n = 0; n < 2; n++) {
		const Frame good = teredo(n == 0 ? 3544 : 50000, FALSE, "", 0, TEREDO, NATIVE);
		f = good;
		f.bytes[ABOVE_UDP + 5]++; /* longer than what is there */
		check_plain(&f);
		f = good;
		f.bytes[ABOVE_UDP + 5]--; /* something behind it */
		check_plain(&f);
		f = good;
		f.bytes[ABOVE_UDP] = 0x40;
		check_plain(&f);
		f = good;
		f.bytes[ABOVE_UDP + 6] = 59; /* a bubble */
		check_plain(&f);
	}
	f = teredo(3544, FALSE,
		   "\x00\x01\xff\xff"
		   "nonce123"
		   "\x00",
		   13, TEREDO, NATIVE); /* longer than the datagram */
	check_plain(&f);
}

/* An identity of 16 octets, a signature of 5 words. */
static Frame ayiya(gboolean is_from, uint8_t protocol)
{
	Frame f = {0};
	Outer at = open_udp(&f, 5072, is_from);
	put(&f, "\x42\x52\x11", 3);
	put8(&f, protocol);
	put32(&f, 1234567890);
	fill(&f, 'i', 16);
	fill(&f, 's', 20);
	if (protocol == 4)
		inner_tcp(&f);
	else
		inner_ipv6(&f, NATIVE, NATIVE);
	close_outer(&f, at);
	return f;
}

static void test_ayiya(void)
{
	for (guint n = 0; n < 2; n++) {
		Frame f = ayiya(n == 1, 41);
		AmPacket p;
		CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
		check_inner6(&p, AM_ENCAPSULATION_AYIYA);
		check_cuts(&f);
		check_tunnel_lies(&f);
		static const struct {
			size_t at;
			uint8_t value;
		} lies[] = {{0, 0x43}, {0, 0xf2}, {1, 0x53}, {1, 0xf2}, {2, 0x31},
			    {2, 0x10}, {2, 0x12}, {3, 59},   {3, 4}};
		for (guint i = 0; i < G_N_ELEMENTS(lies); i++) {
			Frame g = f;
			g.bytes[ABOVE_UDP + lies[i].at] = lies[i].value;
			check_plain(&g);
		}
	}
	Frame f = ayiya(FALSE, 4);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	check_inner(&p, AM_ENCAPSULATION_AYIYA, 0);
	check_tunnel_cuts(&f);
}

/* Each tunnel's own packet, as it was sent, with what is outside of it. */
static void test_outers(void)
{
	Frame f = {0};
	ethernet(&f, 0x8100);
	put32(&f, 0x00050800);
	Outer first = outer(&f, 47), second = {0};
	put32(&f, 0x00000800);
	second = outer_udp(&f, 4789);
	put32(&f, 0x08000000);
	put32(&f, 7 << 8);
	inner_frame(&f);
	close_outer(&f, second);
	close_outer(&f, first);
	AmPacket p;
	CU_ASSERT_FATAL(decode(&f, &p) == AM_SKIP_NONE);
	CU_ASSERT(is_inner(&p) && p.carries == AM_ENCAPSULATION_NONE && p.follows == 0);
	CU_ASSERT_FATAL(layers.n_tunnels == 2 && layers.n == 3);
	const AmOuter *gre = &layers.outers[0], *vxlan = &layers.outers[1];
	CU_ASSERT(gre->packet.tuple.ip_protocol == 47 && gre->packet.carries == AM_ENCAPSULATION_GRE);
	CU_ASSERT(gre->packet.vlan == 5 && gre->packet.encapsulation == AM_ENCAPSULATION_NONE && gre->n_layers == 1);
	CU_ASSERT(vxlan->packet.tuple.source_port == 40000 && vxlan->packet.tuple.destination_port == 4789);
	CU_ASSERT(vxlan->packet.carries == AM_ENCAPSULATION_VXLAN && vxlan->packet.vlan == 0 && vxlan->n_layers == 2);
	CU_ASSERT(vxlan->packet.encapsulation == AM_ENCAPSULATION_GRE && vxlan->packet.time_ns == 7);
	check_in_frame(&gre->packet, f.size);
	check_in_frame(&vxlan->packet, f.size);
}

/* A tunnel's packet is told even when what it carries is none. */
static void test_outer_alone(void)
{
	Frame f = {0};
	ethernet(&f, 0x0800);
	Outer at = outer_udp(&f, 4789);
	put32(&f, 0x08000000);
	put32(&f, 7 << 8);
	ethernet(&f, 0x0806);
	fill(&f, 0, 28);
	close_outer(&f, at);
	AmPacket p;
	CU_ASSERT(decode(&f, &p) == AM_SKIP_NOT_IP);
	CU_ASSERT_FATAL(layers.n_tunnels == 1);
	CU_ASSERT(layers.outers[0].packet.tuple.destination_port == 4789);
	check_in_frame(&layers.outers[0].packet, f.size);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_teredo), UNIT_TEST(test_not_teredo),  UNIT_TEST(test_ayiya),
		UNIT_TEST(test_outers), UNIT_TEST(test_outer_alone), {NULL, NULL},
	};
	return unit_run("teredo", tests);
}
