/* base/: round trips of every text form, and the law of am_prefixes_minimise() against brute force. */
#include "config.h"

#include "allowmap/base.h"
#include "allowmap/model/packet.h"
#include "unit.h"

#include <string.h>

static void test_cursor(void)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
	AmCursor cursor = am_cursor(bytes, sizeof bytes);
	CU_ASSERT_EQUAL(am_cursor_u8(&cursor), 1);
	CU_ASSERT_EQUAL(am_cursor_u16(&cursor), 0x0203);
	CU_ASSERT_EQUAL(am_cursor_u32(&cursor), 0x04050607);
	CU_ASSERT_TRUE(cursor.ok);
	CU_ASSERT_EQUAL(am_cursor_u16(&cursor), 0);
	CU_ASSERT_FALSE(cursor.ok);
	/* One octet is left, yet the error sticks. */
	CU_ASSERT_EQUAL(am_cursor_u8(&cursor), 0);
	CU_ASSERT_PTR_NULL(am_cursor_take(&cursor, 0));
}

static void test_time_text(void)
{
	static const struct {
		const char *text;
		int64_t ns;
		int32_t day;
		int hour;
	} cases[] = {
		{"1970-01-01T00:00:00.000000001Z", 1, 0, 0},
		{"1969-12-31T23:59:59.999999999Z", -1, -1, 23},
		{"1969-12-31T00:00:00Z", -86400 * AM_NS_PER_S, -1, 0},
		{"1969-12-30T23:59:59.5Z", -86401 * AM_NS_PER_S + AM_NS_PER_S / 2, -2, 23},
		{"2026-03-02T00:00:00Z", 1772409600 * AM_NS_PER_S, 20514, 0},
		{"2026-03-02T13:14:15.123456789Z", 1772457255 * AM_NS_PER_S + 123456789, 20514, 13},
		{"2024-02-29T23:59:59.1Z", 1709251199 * AM_NS_PER_S + 100000000, 19782, 23},
	};
	for (size_t n = 0; n < G_N_ELEMENTS(cases); n++) {
		char text[AM_TIME_TEXT_SIZE];
		int64_t ns = 0;
		CU_ASSERT_STRING_EQUAL(am_time_text(cases[n].ns, text), cases[n].text);
		CU_ASSERT_TRUE(am_time_parse(cases[n].text, &ns));
		CU_ASSERT_EQUAL(ns, cases[n].ns);
		CU_ASSERT_EQUAL(am_time_day(cases[n].ns), cases[n].day);
		CU_ASSERT_EQUAL(am_time_hour(cases[n].ns), cases[n].hour);
	}
	char text[AM_TIME_TEXT_SIZE];
	CU_ASSERT_STRING_EQUAL(am_time_text(0, text), "-");
}

static void test_time_round_trip(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(4);
	for (int n = 0; n < 5000; n++) {
		int64_t was = (int64_t)((uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand)), is = 0;
		if (n < 2)
			was = n == 0 ? INT64_MIN + AM_NS_PER_S : INT64_MAX - AM_NS_PER_S;
		if (n % 3 == 0)
			was -= was % AM_NS_PER_S;
		char text[AM_TIME_TEXT_SIZE];
		CU_ASSERT_TRUE(am_time_parse(am_time_text(was, text), &is));
		CU_ASSERT_EQUAL(is, was);
		/* Unsigned, as the start of the first day of all lies before INT64_MIN. */
		uint64_t day_ns = UINT64_C(86400000000000), midnight = (uint64_t)am_time_day(was) * day_ns;
		uint64_t of_day = (uint64_t)was - midnight;
		CU_ASSERT_TRUE(of_day < day_ns);
		CU_ASSERT_EQUAL(am_time_hour(was), (int)(of_day / (day_ns / 24)));
	}
}

static void test_time_parse(void)
{
	int64_t ns = 0;
	CU_ASSERT_TRUE(am_time_parse("1772409600", &ns));
	CU_ASSERT_EQUAL(ns, 1772409600 * AM_NS_PER_S);
	CU_ASSERT_TRUE(am_time_parse("-1", &ns));
	CU_ASSERT_EQUAL(ns, -AM_NS_PER_S);
	CU_ASSERT_TRUE(am_time_parse("2026-03-02T01:00:00+01:00", &ns));
	CU_ASSERT_EQUAL(ns, 1772409600 * AM_NS_PER_S);
	CU_ASSERT_TRUE(am_time_parse("2026-03-02T00:00:59.9999999999999999999999Z", &ns));
	CU_ASSERT_EQUAL(ns, 1772409659 * AM_NS_PER_S + 999999999);
	static const char *const bad[] = {"",           "yesterday",  "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
					  "1.5",        "2026-03-02", "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
					  "9223372037", " 1",         "2026-03-02T00:00:00.Z"};
	for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
		int64_t untouched = 77;
		CU_ASSERT_FALSE(am_time_parse(bad[n], &untouched));
		CU_ASSERT_EQUAL(untouched, 77);
	}
}

static void test_clock(void)
{
	int64_t ns = 0;
	g_autoptr(GError) error = NULL;
	g_setenv("SOURCE_DATE_EPOCH", "1000", TRUE);
	CU_ASSERT_TRUE(am_clock(NULL, &ns, &error));
	CU_ASSERT_EQUAL(ns, 1000 * AM_NS_PER_S);
	CU_ASSERT_TRUE(am_clock("2000", &ns, &error));
	CU_ASSERT_EQUAL(ns, 2000 * AM_NS_PER_S);
	CU_ASSERT_FALSE(am_clock("noon", &ns, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_BASE_ERROR, AM_BASE_ERROR_INVALID));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "--now"));
	g_clear_error(&error);
	g_setenv("SOURCE_DATE_EPOCH", "noon", TRUE);
	CU_ASSERT_FALSE(am_clock(NULL, &ns, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_BASE_ERROR, AM_BASE_ERROR_INVALID));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "SOURCE_DATE_EPOCH"));
	g_clear_error(&error);
	g_unsetenv("SOURCE_DATE_EPOCH");
	gint64 before_us = g_get_real_time();
	CU_ASSERT_TRUE(am_clock(NULL, &ns, &error));
	CU_ASSERT_TRUE(ns >= before_us * 1000 && ns <= g_get_real_time() * 1000);
}

static void check_safe(const char *bytes, size_t size, const char *expected)
{
	char text[64];
	am_text_safe(text, sizeof text, bytes, size);
	CU_ASSERT_STRING_EQUAL(text, expected);
}

static void test_text_safe(void)
{
#define SAFE(from, to) check_safe(from, sizeof(from) - 1, to)
	SAFE("host-1.example.com", "host-1.example.com");
	SAFE("M\xc3\xbcnchen \xe6\x9d\xb1\xe4\xba\xac", "M\xc3\xbcnchen \xe6\x9d\xb1\xe4\xba\xac");
	SAFE("a\nb\tc\x1b[31m\x7f", "a?b?c?[31m?");
	SAFE("a\0b", "a?b");
	SAFE("\xff\xfe"
	     "ok",
	     "??ok");
	SAFE("\xc3", "?");                                                          /* cut inside a character */
	SAFE("\xc0\xaf", "??");                                                     /* overlong */
	SAFE("\xed\xa0\x80", "???");                                                /* a surrogate */
	SAFE("a\xc2\x85z\xc2\x9bz", "a?z?z");                                       /* C1 controls */
	SAFE("a\xe2\x80\xaez\xe2\x81\xa6z", "a?z?z");                               /* bidi overrides and isolates */
	SAFE("a\xe2\x80\x8bz\xe2\x80\xa8z\xe2\x80\xa9z\xef\xbb\xbfz", "a?z?z?z?z"); /* zero width, separators, BOM */
	SAFE("", "");
#undef SAFE
	check_safe(NULL, 0, "");
	/* Cut at whole characters, and the rest of the buffer is zero. */
	char small[6];
	memset(small, 'x', sizeof small);
	am_text_safe(small, sizeof small, "abc\xe6\x9d\xb1z", 7);
	CU_ASSERT_EQUAL(memcmp(small, "abc\0\0\0", 6), 0);
	am_text_safe(small, 1, "abc", 3);
	CU_ASSERT_EQUAL(small[0], '\0');
	am_text_safe(NULL, 0, "abc", 3);
}

static void test_text_safe_random(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);
	for (int n = 0; n < 5000; n++) {
		uint8_t bytes[40];
		char once[24], twice[24];
		size_t size = (size_t)g_rand_int_range(rand, 0, (int)sizeof bytes + 1);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)g_rand_int(rand);
		am_text_safe(once, sizeof once, bytes, size);
		CU_ASSERT_TRUE(g_utf8_validate(once, -1, NULL));
		for (const char *at = once; *at != '\0'; at++)
			CU_ASSERT_FALSE(g_ascii_iscntrl(*at));
		am_text_safe(twice, sizeof twice, once, strlen(once));
		CU_ASSERT_STRING_EQUAL(once, twice);
	}
}

static void test_names(void)
{
	for (unsigned n = 0; n < AM_N_VERDICTS; n++) {
		AmVerdict verdict = AM_N_VERDICTS;
		CU_ASSERT_TRUE(am_verdict_parse(am_verdict_name((AmVerdict)n), &verdict));
		CU_ASSERT_EQUAL(verdict, (AmVerdict)n);
	}
	AmVerdict untouched = AM_VERDICT_LOCAL;
	CU_ASSERT_FALSE(am_verdict_parse("ESSENTIAL", &untouched));
	CU_ASSERT_EQUAL(untouched, AM_VERDICT_LOCAL);
	for (unsigned n = 0; n <= AM_N_VERDICTS; n++) {
		AmVerdict verdict = AM_VERDICT_LOCAL;
		CU_ASSERT_TRUE(am_override_parse(am_override_name((AmVerdict)n), &verdict));
		CU_ASSERT_EQUAL(verdict, (AmVerdict)n);
	}
	CU_ASSERT_STRING_EQUAL(am_override_name(AM_OVERRIDE_WITHDRAWN), "withdrawn");
	CU_ASSERT_FALSE(am_verdict_parse("withdrawn", &untouched)); /* no verdict of an edge */
	CU_ASSERT_FALSE(am_override_parse("Withdrawn", &untouched));
	for (unsigned n = 0; n < AM_N_REASONS; n++) {
		CU_ASSERT_PTR_NOT_NULL(am_reason_name((AmReason)n));
		CU_ASSERT_PTR_NOT_NULL(am_reason_text((AmReason)n));
	}
	CU_ASSERT_TRUE(AM_N_REASONS <= 32); /* they are bits of 32 */
	CU_ASSERT_PTR_NULL(am_verdict_name(AM_N_VERDICTS));
	CU_ASSERT_PTR_NULL(am_reason_name(AM_N_REASONS));
	CU_ASSERT_PTR_NULL(am_reason_text(AM_N_REASONS));
	CU_ASSERT_PTR_NULL(am_outcome_name(AM_N_OUTCOMES));
	CU_ASSERT_PTR_NULL(am_l7_confidence_name(AM_N_L7_CONFIDENCES));
	CU_ASSERT_PTR_NULL(am_direction_name(AM_N_DIRECTIONS));
	CU_ASSERT_STRING_EQUAL(am_outcome_name(AM_OUTCOME_ONE_WAY), "one-way");
	CU_ASSERT_STRING_EQUAL(am_l7_confidence_name(AM_L7_DPI), "dpi");
	CU_ASSERT_STRING_EQUAL(am_direction_name(AM_DIRECTION_FIRST_PACKET), "first-packet");
}

static void test_encapsulation_names(void)
{
	for (int n = 1; n < AM_N_ENCAPSULATIONS; n++) {
		AmEncapsulation kind = AM_ENCAPSULATION_NONE;
		CU_ASSERT_TRUE(am_encapsulation_parse(am_encapsulation_name((AmEncapsulation)n), &kind));
		CU_ASSERT_EQUAL(kind, (AmEncapsulation)n);
		CU_ASSERT_PTR_NOT_NULL(am_encapsulation_text(kind));
	}
	AmEncapsulation untouched = AM_ENCAPSULATION_GRE;
	CU_ASSERT_FALSE(am_encapsulation_parse("VXLAN", &untouched));
	CU_ASSERT_EQUAL(untouched, AM_ENCAPSULATION_GRE);
	CU_ASSERT_PTR_NULL(am_encapsulation_name(AM_ENCAPSULATION_NONE));
	CU_ASSERT_PTR_NULL(am_encapsulation_name(AM_N_ENCAPSULATIONS));
	CU_ASSERT_TRUE(am_encapsulation_is_transit(AM_ENCAPSULATION_VXLAN));
	CU_ASSERT_FALSE(am_encapsulation_is_transit(AM_ENCAPSULATION_GRE));
	CU_ASSERT_FALSE(am_encapsulation_is_transit(AM_N_ENCAPSULATIONS));
	for (int n = 0; n < AM_N_NETWORK_REASONS; n++) {
		AmNetworkReason reason = AM_N_NETWORK_REASONS;
		CU_ASSERT_TRUE(am_network_reason_parse(am_network_reason_name((AmNetworkReason)n), &reason));
		CU_ASSERT_EQUAL(reason, (AmNetworkReason)n);
	}
}

static void test_protocols(void)
{
	for (int n = 0; n < 256; n++) {
		char text[8];
		int parsed = -1;
		CU_ASSERT_TRUE(am_protocol_parse(am_protocol_text((uint8_t)n, text), &parsed));
		CU_ASSERT_EQUAL(parsed, n);
	}
	char text[8];
	CU_ASSERT_STRING_EQUAL(am_protocol_text(AM_PROTO_ICMPV6, text), "icmpv6");
	CU_ASSERT_STRING_EQUAL(am_protocol_text(47, text), "47");
	char related[AM_RELATED_TEXT_SIZE];
	CU_ASSERT_STRING_EQUAL(am_related_text(0, related), "");
	CU_ASSERT_STRING_EQUAL(am_related_text(UINT32_MAX, related), "");
	CU_ASSERT_STRING_EQUAL(am_related_text(am_related(AM_RELATED_SUNRPC, 1, 132, 65535), related),
			       "sunrpc sctp/65535");
	static const char *const bad[] = {"", "TCP", "256", "-1", "gre", "6 "};
	for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
		int untouched = 77;
		CU_ASSERT_FALSE(am_protocol_parse(bad[n], &untouched));
		CU_ASSERT_EQUAL(untouched, 77);
	}
}

/* What is listed as a service is taken as one, of every protocol. */
static void test_services(void)
{
	static const uint16_t ports[] = {0, 1, 53, 255, 256, 8 << 8, 8 << 8 | 3, 443, 32768, 65535};
	for (int protocol = 0; protocol < 256; protocol++) {
		gboolean has_port = am_service_has_ports((uint8_t)protocol) || am_service_is_icmp((uint8_t)protocol);
		for (size_t n = 0; n < G_N_ELEMENTS(ports); n++) {
			char text[AM_SERVICE_TEXT_SIZE];
			int ip_protocol = -1, port = -1;
			CU_ASSERT_TRUE(am_service_parse(am_service_text((uint8_t)protocol, ports[n], text),
							&ip_protocol, &port));
			CU_ASSERT_EQUAL(ip_protocol, protocol);
			CU_ASSERT_EQUAL(port, has_port ? ports[n] : 0);
		}
	}
	static const struct {
		const char *text;
		int ip_protocol, port;
	} shorter[] = {{"icmp/8", 1, 8 << 8},
		       {"icmpv6/128", 58, 128 << 8},
		       {"1/8.1", 1, 8 << 8 | 1},
		       {"6/443", 6, 443},
		       {"47", 47, 0},
		       {"112", 112, 0}};
	for (size_t n = 0; n < G_N_ELEMENTS(shorter); n++) {
		int ip_protocol = -1, port = -1;
		CU_ASSERT_TRUE(am_service_parse(shorter[n].text, &ip_protocol, &port));
		CU_ASSERT_EQUAL(ip_protocol, shorter[n].ip_protocol);
		CU_ASSERT_EQUAL(port, shorter[n].port);
	}
	static const char *const bad[] = {
		"",           "/",        "tcp",      "icmp",  "tcp/",     "tcp/65536", "tcp/-1",  "tcp/ 1",
		"tcp/+1",     "tcp/4.3",  "tcp/80/1", "icmp/", "icmp/256", "icmp/8.",   "icmp/.0", "icmp/8.256",
		"icmp/8.0.0", "47/0",     "ip",       "ip/",   "ip/256",   "ip/6",      "ip/tcp",  "ip/tcp/80",
		"ip/1",       "ip/ip/47", "ip/47/0",  "IP/47", "gre",      " 47",       "any"};
	for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
		int ip_protocol = 77, port = 77;
		CU_ASSERT_FALSE(am_service_parse(bad[n], &ip_protocol, &port));
		CU_ASSERT_EQUAL(ip_protocol, 77);
		CU_ASSERT_EQUAL(port, 77);
	}
}

/* What is embedded is what lies in the source tree: the same bytes, and a NUL behind them. */
static void test_embedded(void)
{
	guint n = 0;
	for (const char *path; (path = am_embedded_path("", n)) != NULL; n++) {
		size_t size = 0, size_of_file = 0;
		const char *bytes = am_embedded(path, &size);
		CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
		g_autofree char *file = g_build_filename(FIXTURES, "..", "..", path, NULL);
		g_autofree char *contents = NULL;
		CU_ASSERT_TRUE_FATAL(g_file_get_contents(file, &contents, &size_of_file, NULL));
		CU_ASSERT_EQUAL_FATAL(size, size_of_file);
		CU_ASSERT_TRUE(size > 0);
		CU_ASSERT_EQUAL(memcmp(bytes, contents, size), 0);
		CU_ASSERT_EQUAL(bytes[size], '\0');
	}
	CU_ASSERT_TRUE(n > 0);
	CU_ASSERT_PTR_NULL(am_embedded("data/none", NULL));
	CU_ASSERT_PTR_NULL(am_embedded_path("none/", 0));
	const char *first = am_embedded_path("sql/", 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	CU_ASSERT_TRUE(g_str_has_prefix(first, "sql/"));
}

/* Standard error of a test run is no terminal: nothing may be printed, and nothing may break. */
static void test_progress(void)
{
	am_progress_free(NULL);
	g_autoptr(AmProgress) progress = am_progress_new("testing", 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(progress);
	am_progress_set(progress, 0, 0);
	am_progress_set(progress, 10, 10);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_cursor),
		UNIT_TEST(test_time_text),
		UNIT_TEST(test_time_round_trip),
		UNIT_TEST(test_time_parse),
		UNIT_TEST(test_clock),
		UNIT_TEST(test_text_safe),
		UNIT_TEST(test_text_safe_random),
		UNIT_TEST(test_names),
		UNIT_TEST(test_encapsulation_names),
		UNIT_TEST(test_protocols),
		UNIT_TEST(test_services),
		UNIT_TEST(test_embedded),
		UNIT_TEST(test_progress),
		{NULL, NULL},
	};
	return unit_run("base", tests);
}
