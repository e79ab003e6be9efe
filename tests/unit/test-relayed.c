/* relayed.c, facts-relayed.c: which connections went on as others, and that it is kept. */
#include "config.h"

#include "relayed.h"
#include "store-facts.h"
#include "store.h"

#define MS (NS / 1000)

static AmRelayable leg(const char *client, uint16_t client_port, const char *server, uint16_t port, int64_t first_ns)
{
	return (AmRelayable){.client = store_address(client),
			     .server = store_address(server),
			     .client_port = client_port,
			     .server_port = port,
			     .first_ns = first_ns,
			     .last_ns = first_ns + NS,
			     .packets = {5, 5},
			     .payload = {400, 9000}};
}

/* The pair goes by ten times, `delay_ns` apart; what was found. */
static GArray *ten_times(AmRelayable front, AmRelayable back, int64_t delay_ns)
{
	AmRelayFinder *finder = am_relay_finder_new();
	for (int n = 0; n < 10; n++) {
		front.first_ns = T0 + n * 60 * NS;
		front.last_ns = front.first_ns + NS;
		back.first_ns = front.first_ns + delay_ns;
		back.last_ns = back.first_ns + NS;
		am_relay_finder_add(finder, delay_ns < 0 ? &back : &front);
		am_relay_finder_add(finder, delay_ns < 0 ? &front : &back);
	}
	GArray *list = am_relay_finder_list(finder);
	am_relay_finder_free(finder);
	return list;
}

static void test_kinds(void)
{
	AmRelayable front = leg("10.0.1.1", 40000, "10.0.2.100", 443, T0);
	AmRelayable kept = leg("10.0.1.1", 40000, "10.0.3.1", 8443, T0);
	AmRelayable translated = leg("192.0.2.1", 7000, "10.0.2.100", 443, T0);
	AmRelayable own = leg("10.0.2.4", 50000, "10.0.3.1", 8443, T0),
		    proxy = leg("10.0.2.100", 50000, "10.0.3.1", 80, T0);
	const struct {
		AmRelayable *back;
		AmRelayedKind kind;
		const char *front, *client, *server;
		uint16_t front_port, port;
	} cases[] = {
		{&kept, AM_RELAYED_SERVER_CHANGED, "10.0.2.100", NULL, "10.0.3.1", 443, 8443},
		{&translated, AM_RELAYED_CLIENT_CHANGED, "10.0.1.1", "192.0.2.1", NULL, 0, 0},
		{&own, AM_RELAYED_BOTH_CHANGED, "10.0.2.100", "10.0.2.4", "10.0.3.1", 443, 8443},
		{&proxy, AM_RELAYED_BOTH_CHANGED, "10.0.2.100", "10.0.2.100", NULL, 443, 80},
	};
	for (size_t n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autoptr(GArray) list = ten_times(front, *cases[n].back, MS);
		CU_ASSERT_EQUAL_FATAL(list->len, 1);
		const AmRelayed *found = &g_array_index(list, AmRelayed, 0);
		AmRelayed wanted = {.kind = (uint8_t)cases[n].kind,
				    .front = store_address(cases[n].front),
				    .front_port = cases[n].front_port,
				    .port = cases[n].port};
		if (cases[n].client != NULL)
			wanted.client = store_address(cases[n].client);
		if (cases[n].server != NULL)
			wanted.server = store_address(cases[n].server);
		CU_ASSERT_EQUAL(am_relayed_compare(found, &wanted), 0);
		CU_ASSERT_EQUAL(found->connections, 10);
		CU_ASSERT_EQUAL(found->turned, 0);
	}
}

static void test_unlike(void)
{
	AmRelayable front = leg("10.0.1.1", 40000, "10.0.2.100", 443, T0), back;
	back = leg("10.0.2.4", 50000, "10.0.3.1", 8443, T0);
	back.payload[1] += 10; /* of so many octets, headers would explain it */
	g_autoptr(GArray) headers = ten_times(front, back, MS);
	CU_ASSERT_EQUAL(headers->len, 1);
	front.payload[1] = 300; /* of so few, not */
	back.payload[1] = 310;
	g_autoptr(GArray) few = ten_times(front, back, MS);
	CU_ASSERT_EQUAL(few->len, 0);
	back.payload[1] = 300;
	g_autoptr(GArray) late = ten_times(front, back, NS / 2);
	CU_ASSERT_EQUAL(late->len, 0);
	back.network = 1;
	g_autoptr(GArray) elsewhere = ten_times(front, back, MS);
	CU_ASSERT_EQUAL(elsewhere->len, 0);
	/* The same server, at the same time, from two clients of one kind: but not packet by packet. */
	AmRelayable other = leg("10.0.1.2", 40001, "10.0.2.100", 443, T0);
	other.payload[1] = 300;
	g_autoptr(GArray) twins = ten_times(front, other, 50 * MS);
	CU_ASSERT_EQUAL(twins->len, 0);
}

/* What comes by chance comes the other way round as well. */
static void test_turned(void)
{
	AmRelayFinder *finder = am_relay_finder_new();
	for (int n = 0; n < 40; n++) {
		AmRelayable a = leg("10.0.1.1", 40000, "10.0.2.100", 443, T0 + n * 60 * NS);
		AmRelayable b = leg("10.0.2.4", 50000, "10.0.3.1", 8443, a.first_ns + MS);
		am_relay_finder_add(finder, n % 2 == 0 ? &a : &b);
		if (n % 2 == 1)
			a.first_ns = b.first_ns;
		am_relay_finder_add(finder, n % 2 == 0 ? &b : &a);
	}
	g_autoptr(GArray) list = am_relay_finder_list(finder);
	CU_ASSERT_EQUAL_FATAL(list->len, 2);
	for (guint n = 0; n < 2; n++) {
		CU_ASSERT_EQUAL(g_array_index(list, AmRelayed, n).connections, 20);
		CU_ASSERT_EQUAL(g_array_index(list, AmRelayed, n).turned, 20);
	}
	am_relay_finder_free(finder);
}

/* A flood of pairs costs no more than so many, and those that come again stay. */
static void test_bounded(void)
{
	AmRelayFinder *finder = am_relay_finder_new();
	for (uint32_t n = 0; n < 100000; n++) {
		AmRelayable a = leg("10.0.1.1", 40000, "10.0.2.100", 443, T0 + n * NS);
		AmRelayable b = leg("10.0.2.4", 50000, "10.0.3.1", 8443, a.first_ns + MS);
		if (n % 1000 != 0) {
			memcpy(a.server.bytes + 1, &n, 3);
			a.client.bytes[0] = 11;
		}
		am_relay_finder_add(finder, &a);
		am_relay_finder_add(finder, &b);
	}
	g_autoptr(GArray) list = am_relay_finder_list(finder);
	CU_ASSERT_EQUAL_FATAL(list->len, 1);
	CU_ASSERT(g_array_index(list, AmRelayed, 0).connections > 60);
	am_relay_finder_free(finder);
}

static void add_pairs(AmConnection *out, guint n_pairs)
{
	for (guint n = 0; n < n_pairs; n++) {
		int64_t at = T0 + (int64_t)n * 60 * NS;
		out[2 * n] = store_connection(2 * n + 1, "10.0.1.1", (uint16_t)(40000 + n), "10.0.2.100", 443, at);
		out[2 * n + 1] =
			store_connection(2 * n + 2, "10.0.1.1", (uint16_t)(40000 + n), "10.0.3.1", 8443, at + MS);
		for (int side = 0; side < 2; side++) {
			out[2 * n].total.payload[side] = out[2 * n].delta.payload[side] = 500;
			out[2 * n + 1].total.payload[side] = out[2 * n + 1].delta.payload[side] = 500;
		}
	}
}

static guint count_relayed(const char *db, uint64_t *ret_connections)
{
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	g_autoptr(GArray) list = am_facts_relayed(facts, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	*ret_connections = list->len > 0 ? g_array_index(list, AmRelayed, 0).connections : 0;
	return list->len;
}

static void test_kept(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	AmConnection connections[12];
	uint64_t n;
	add_pairs(connections, 6);
	store_ok(db, "tap", NULL, connections, 12);
	CU_ASSERT_EQUAL(count_relayed(db, &n), 1);
	CU_ASSERT_EQUAL(n, 6);
	store_ok(db, "tap", NULL, connections, 12); /* runs are summed up */
	CU_ASSERT_EQUAL(count_relayed(db, &n), 1);
	CU_ASSERT_EQUAL(n, 12);
	for (int c = 0; c < 12; c++)
		connections[c].evidence |= AM_EVIDENCE_LOG; /* times of logs are not good enough */
	store_ok(db, "tap", "other", connections, 12);
	CU_ASSERT_EQUAL(count_relayed(db, &n), 1);
	store_sql(db, "UPDATE relayed SET kind = 9");
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	g_autoptr(GError) error = NULL;
	CU_ASSERT_PTR_NULL(am_facts_relayed(facts, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_FAILED));
	g_clear_pointer(&facts, am_facts_free);
	(void)store_clean(folder);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_kinds),   UNIT_TEST(test_unlike), UNIT_TEST(test_turned),
		UNIT_TEST(test_bounded), UNIT_TEST(test_kept),   {NULL, NULL},
	};
	return unit_run("relayed", tests);
}
