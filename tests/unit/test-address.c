/* Addresses and prefixes: text, order, containment, the smallest cover. */
#include "config.h"

#include "allowmap/base.h"
#include "unit.h"

#include <string.h>

static AmAddress address(const char *text)
{
	AmAddress result = {0};
	CU_ASSERT_TRUE_FATAL(am_address_parse(text, &result));
	return result;
}

static AmPrefix prefix(const char *text)
{
	AmPrefix result = {0};
	CU_ASSERT_TRUE_FATAL(am_prefix_parse(text, &result, NULL));
	return result;
}

static void test_address_text(void)
{
	/* RFC 5952 §4 and §5: input, canonical text. */
	static const char *const cases[][2] = {
		{"10.1.0.5", "10.1.0.5"},
		{"2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"0:0:0:0:0:0:0:0", "::"},
		{"::1", "::1"},
		{"fe80::A", "fe80::a"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	char text[AM_ADDRESS_TEXT_SIZE];
	for (size_t n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmAddress parsed = address(cases[n][0]);
		CU_ASSERT_STRING_EQUAL(am_address_text(&parsed, text), cases[n][1]);
	}
	static const char *const bad[] = {"",         "10.1.0",        "10.1.0.256", "010.1.0.5", "10.1.0.5 ",  " ::1",
					  "::1%eth0", "1:2:3:4:5:6:7", "host",       "1::2::3",   "10.1.0.5/32"};
	for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
		AmAddress untouched = {.family = 99};
		CU_ASSERT_FALSE(am_address_parse(bad[n], &untouched));
		CU_ASSERT_EQUAL(untouched.family, 99);
	}
	AmAddress none = {0};
	CU_ASSERT_STRING_EQUAL(am_address_text(&none, text), "");
}

static void test_address_round_trip(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	for (int n = 0; n < 2000; n++) {
		uint8_t bytes[16];
		for (int i = 0; i < 16; i++)
			bytes[i] = g_rand_int_range(rand, 0, 3) == 0 ? (uint8_t)g_rand_int(rand) : 0;
		AmAddress was = n % 2 == 0 ? am_address_ipv4(bytes) : am_address_ipv6(bytes);
		char text[AM_ADDRESS_TEXT_SIZE];
		AmAddress is = address(am_address_text(&was, text));
		CU_ASSERT_EQUAL(am_address_compare(&was, &is), 0);
	}
}

static void test_address_order(void)
{
	/* Ascending: none < IPv4 < IPv6, numerically inside a family. */
	AmAddress sorted[] = {
		{0},           address("0.0.0.0"), address("9.255.0.0"), address("10.0.0.0"), address("200.0.0.1"),
		address("::"), address("::1"),     address("fe80::1")};
	for (size_t a = 0; a < G_N_ELEMENTS(sorted); a++) {
		for (size_t b = 0; b < G_N_ELEMENTS(sorted); b++) {
			int order = am_address_compare(&sorted[a], &sorted[b]);
			CU_ASSERT_EQUAL((order > 0) - (order < 0), (a > b) - (a < b));
		}
	}
}

static void test_address_kinds(void)
{
	static const struct {
		const char *text;
		gboolean multicast, link_local, unspecified, loopback;
	} cases[] = {
		{"223.255.255.255", 0, 0, 0, 0},
		{"224.0.0.0", 1, 0, 0, 0},
		{"239.255.255.255", 1, 0, 0, 0},
		{"240.0.0.0", 0, 0, 0, 0},
		{"255.255.255.255", 1, 0, 0, 0},
		{"255.255.255.254", 0, 0, 0, 0},
		{"169.254.0.1", 0, 1, 0, 0},
		{"169.253.0.1", 0, 0, 0, 0},
		{"0.0.0.0", 0, 0, 1, 0},
		{"127.8.8.8", 0, 0, 0, 1},
		{"ff02::1", 1, 0, 0, 0},
		{"fe80::1", 0, 1, 0, 0},
		{"febf::1", 0, 1, 0, 0},
		{"fec0::1", 0, 0, 0, 0},
		{"::", 0, 0, 1, 0},
		{"::1", 0, 0, 0, 1},
		{"2001:db8::1", 0, 0, 0, 0},
	};
	for (size_t n = 0; n < G_N_ELEMENTS(cases); n++) {
		AmAddress a = address(cases[n].text);
		CU_ASSERT_EQUAL(am_address_is_multicast(&a), cases[n].multicast);
		CU_ASSERT_EQUAL(am_address_is_link_local(&a), cases[n].link_local);
		CU_ASSERT_EQUAL(am_address_is_unspecified(&a), cases[n].unspecified);
		CU_ASSERT_EQUAL(am_address_is_loopback(&a), cases[n].loopback);
		CU_ASSERT_EQUAL(am_address_bits(&a), a.family == 4 ? 32 : 128);
	}
}

static void test_prefix_parse(void)
{
	static const char *const good[][2] = {{"10.0.0.0/8", "10.0.0.0/8"},       {"10.1.0.5", "10.1.0.5/32"},
					      {"0.0.0.0/0", "0.0.0.0/0"},         {"2001:DB8::/32", "2001:db8::/32"},
					      {"2001:db8::1", "2001:db8::1/128"}, {"::/0", "::/0"}};
	for (size_t n = 0; n < G_N_ELEMENTS(good); n++) {
		AmPrefix parsed = prefix(good[n][0]);
		g_autofree char *text = am_prefix_text(&parsed);
		CU_ASSERT_STRING_EQUAL(text, good[n][1]);
	}
	static const char *const bad[] = {"10.0.0.1/8",
					  "10.0.0.0/33",
					  "::/129",
					  "10.0.0.0/",
					  "/8",
					  "10.0.0.0/+8",
					  "10.0.0.0/ 8",
					  "10.0.0.0/8/8",
					  "2001:db8::1/64",
					  "",
					  "10.0.0.0/18446744073709551624"};
	for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
		AmPrefix untouched = {.length = 77};
		g_autoptr(GError) error = NULL;
		CU_ASSERT_FALSE(am_prefix_parse(bad[n], &untouched, &error));
		CU_ASSERT_TRUE(g_error_matches(error, AM_BASE_ERROR, AM_BASE_ERROR_INVALID));
		CU_ASSERT_EQUAL(untouched.length, 77);
	}
	/* Host bits: the message says what was probably meant. */
	g_autoptr(GError) error = NULL;
	AmPrefix unused;
	CU_ASSERT_FALSE(am_prefix_parse("10.1.2.3/23", &unused, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "10.1.2.0/23"));
}

/* By single bits, so that it shares nothing with the code under test. */
static gboolean contains_bitwise(const AmPrefix *p, const AmAddress *a)
{
	gboolean same = p->address.family == a->family;
	for (unsigned bit = 0; bit < p->length; bit++)
		same &= ((p->address.bytes[bit / 8] ^ a->bytes[bit / 8]) >> (7 - bit % 8) & 1) == 0;
	return same;
}

static void test_prefix_contains(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(2);
	for (int n = 0; n < 5000; n++) {
		AmAddress a = {.family = n % 2 == 0 ? 4 : 6}, b;
		int bits = am_address_bits(&a), length = g_rand_int_range(rand, 0, bits + 1);
		for (int i = 0; i < bits / 8; i++)
			a.bytes[i] = (uint8_t)g_rand_int(rand);
		b = a;
		int flip = g_rand_int_range(rand, 0, bits);
		b.bytes[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
		AmPrefix p = {.address = a, .length = (uint8_t)length};
		for (int bit = length; bit < bits; bit++)
			p.address.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		CU_ASSERT_TRUE(am_prefix_contains(&p, &a));
		CU_ASSERT_EQUAL(am_prefix_contains(&p, &b), contains_bitwise(&p, &b));
		CU_ASSERT_EQUAL(am_prefix_contains(&p, &b), flip >= length);
	}
	AmPrefix all4 = prefix("0.0.0.0/0");
	AmAddress zero6 = address("::");
	CU_ASSERT_FALSE(am_prefix_contains(&all4, &zero6));
	AmPrefix host = am_prefix_host(&zero6);
	CU_ASSERT_EQUAL(host.length, 128);
	CU_ASSERT_TRUE(am_prefix_contains(&host, &zero6));
}

/* The universe: the 256 addresses of a /24 or a /120. */
static AmAddress nth_address(uint8_t family, unsigned n)
{
	AmAddress a = address(family == 4 ? "192.0.2.0" : "2001:db8::");
	a.bytes[family == 4 ? 3 : 15] = (uint8_t)n;
	return a;
}

/* How many prefixes cover exactly the members of [from, from + size): 1 if all, 0 if none, else the sum of both halves.
 */
static unsigned fewest(const gboolean *member, unsigned from, unsigned size)
{
	unsigned n = 0;
	for (unsigned i = 0; i < size; i++)
		n += member[from + i] ? 1 : 0;
	if (n == 0 || n == size)
		return n == 0 ? 0 : 1;
	return fewest(member, from, size / 2) + fewest(member, from + size / 2, size / 2);
}

static void check_minimal(GRand *rand, uint8_t family)
{
	gboolean member[256] = {FALSE};
	uint8_t bits = family == 4 ? 32 : 128;
	g_autoptr(GArray) prefixes = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	int n = g_rand_int_range(rand, 0, 120);
	for (int i = 0; i < n; i++) {
		unsigned host_bits = g_rand_int_range(rand, 0, 3) == 0 ? (unsigned)g_rand_int_range(rand, 0, 7) : 0;
		unsigned first = (unsigned)g_rand_int_range(rand, 0, 256) >> host_bits << host_bits;
		AmPrefix p = {.address = nth_address(family, first), .length = (uint8_t)(bits - host_bits)};
		g_array_append_val(prefixes, p);
		for (unsigned k = 0; k < 1u << host_bits; k++)
			member[first + k] = TRUE;
	}
	am_prefixes_minimise(prefixes);
	CU_ASSERT_EQUAL(prefixes->len, fewest(member, 0, 256));
	for (unsigned k = 0; k < 256; k++) {
		AmAddress a = nth_address(family, k);
		unsigned covered = 0;
		for (guint i = 0; i < prefixes->len; i++)
			covered += contains_bitwise(&g_array_index(prefixes, AmPrefix, i), &a) ? 1 : 0;
		CU_ASSERT_EQUAL(covered, member[k] ? 1 : 0);
	}
	for (guint i = 1; i < prefixes->len; i++)
		CU_ASSERT_TRUE(am_prefix_compare(&g_array_index(prefixes, AmPrefix, i - 1),
						 &g_array_index(prefixes, AmPrefix, i)) < 0);
}

static void test_minimise_random(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);
	for (int n = 0; n < 500; n++)
		check_minimal(rand, n % 2 == 0 ? 4 : 6);
}

static void check_minimise(const char *from, const char *to)
{
	g_auto(GStrv) texts = g_strsplit(from, " ", 0);
	g_autoptr(GArray) prefixes = g_array_new(FALSE, FALSE, sizeof(AmPrefix));
	for (char **text = texts; *text != NULL; text++) {
		AmPrefix p = prefix(*text);
		g_array_append_val(prefixes, p);
	}
	am_prefixes_minimise(prefixes);
	g_autoptr(GString) result = g_string_new(NULL);
	for (guint n = 0; n < prefixes->len; n++) {
		g_autofree char *text = am_prefix_text(&g_array_index(prefixes, AmPrefix, n));
		g_string_append_printf(result, "%s%s", n > 0 ? " " : "", text);
	}
	CU_ASSERT_STRING_EQUAL(result->str, to);
}

static void test_minimise_cases(void)
{
	check_minimise("10.0.0.1 10.0.0.0", "10.0.0.0/31");
	check_minimise("10.0.0.1 10.0.0.2", "10.0.0.1/32 10.0.0.2/32");
	check_minimise("10.0.0.3 10.0.0.3 10.0.0.2 10.0.0.0/31 10.0.0.4/30", "10.0.0.0/29");
	check_minimise("128.0.0.0/1 0.0.0.0/1 ::1", "0.0.0.0/0 ::1/128");
	check_minimise("8000::/1 ::/1 255.0.0.0/8", "255.0.0.0/8 ::/0");
	check_minimise("10.0.0.0/8 10.9.9.9", "10.0.0.0/8");
	check_minimise("2001:db8:0:1::/64 2001:db8::/64", "2001:db8::/63");
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_TEST(test_address_text),    UNIT_TEST(test_address_round_trip), UNIT_TEST(test_address_order),
		UNIT_TEST(test_address_kinds),   UNIT_TEST(test_prefix_parse),       UNIT_TEST(test_prefix_contains),
		UNIT_TEST(test_minimise_random), UNIT_TEST(test_minimise_cases),     {NULL, NULL},
	};
	return unit_run("address", tests);
}
