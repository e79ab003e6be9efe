/* tally.c and ports.c: adding up, revisions, the cap on undirected ports; pure. */
#include "config.h"

#include "spill.h"
#include "store.h"
#include "tally.h"

typedef struct {
	GArray *sums, *l7;
	GStringChunk *names;
} Drained;

static gboolean take_sum(const AmSum *sum, const AmSumL7 *l7, guint n_l7, gpointer user_data, GError **error)
{
	(void)error;
	Drained *drained = user_data;
	AmSum copy = *sum;
	if (copy.server_name != NULL)
		copy.server_name = g_string_chunk_insert(drained->names, copy.server_name);
	g_array_append_val(drained->sums, copy);
	g_array_append_vals(drained->l7, l7, n_l7);
	return TRUE;
}

static Drained drained_new(void)
{
	return (Drained){g_array_new(FALSE, FALSE, sizeof(AmSum)), g_array_new(FALSE, FALSE, sizeof(AmSumL7)),
			 g_string_chunk_new(64)};
}

static Drained drain(AmSumTable *table)
{
	Drained drained = drained_new();
	CU_ASSERT_TRUE(am_sum_table_drain(table, take_sum, &drained, NULL));
	return drained;
}

static void drained_clear(Drained *drained)
{
	g_array_unref(drained->sums);
	g_array_unref(drained->l7);
	g_string_chunk_free(drained->names);
}

static const AmSum *sum_at(const Drained *drained, guint n)
{
	return &g_array_index(drained->sums, AmSum, n);
}

static void test_side(void)
{
	AmConnection c = store_connection(1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
	const struct {
		uint32_t evidence;
		AmSide side;
	} cases[] = {
		{AM_EVIDENCE_SYN_LO, AM_SIDE_HI},
		{AM_EVIDENCE_SYN_HI, AM_SIDE_LO},
		{AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYNACK_HI, AM_SIDE_HI},
		{AM_EVIDENCE_SYNACK_LO | AM_EVIDENCE_HANDSHAKE, AM_SIDE_LO},
		{AM_EVIDENCE_SYNACK_HI | AM_EVIDENCE_HANDSHAKE, AM_SIDE_HI},
		{AM_EVIDENCE_SYN_LO | AM_EVIDENCE_CLIENT_HI, AM_SIDE_HI},
		{AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI, AM_SIDE_NONE},
		{AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYNACK_LO, AM_SIDE_NONE},
		{AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYNACK_LO | AM_EVIDENCE_HANDSHAKE, AM_SIDE_LO},
		{AM_EVIDENCE_SYN_LO | AM_EVIDENCE_SYN_HI | AM_EVIDENCE_CLIENT_LO, AM_SIDE_HI},
		{AM_EVIDENCE_CLIENT_LO, AM_SIDE_HI},
		{AM_EVIDENCE_CLIENT_HI, AM_SIDE_LO},
		{AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_CLIENT_HI, AM_SIDE_NONE},
		{AM_EVIDENCE_FIRST_LO, AM_SIDE_NONE},
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		c.evidence = cases[n].evidence;
		CU_ASSERT_EQUAL(am_side_of(&c), cases[n].side);
	}
}

/* Backscatter looks like this: nobody asked, nobody went on. */
static void test_side_of_lone_synack(void)
{
	const uint32_t lone = AM_EVIDENCE_SYNACK_LO | AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_MIDSTREAM;
	AmConnection c = store_connection(1, "10.0.0.1", 443, "10.0.0.2", 40000, T0);
	c.evidence = lone;
	CU_ASSERT_EQUAL(am_side_of(&c), AM_SIDE_NONE);
	c.evidence = lone | AM_EVIDENCE_RST_HI; /* refused by who never asked */
	CU_ASSERT_EQUAL(am_side_of(&c), AM_SIDE_NONE);
	c.evidence = lone | AM_EVIDENCE_WENT_ON; /* a mirror that shows one direction */
	CU_ASSERT_EQUAL(am_side_of(&c), AM_SIDE_LO);
	AmSumTable *table = am_sum_table_new(100);
	am_sum_table_add(table, &c, 0, NULL, 0);
	Drained drained = drain(table);
	CU_ASSERT_EQUAL(sum_at(&drained, 0)->n[AM_SUM_HANDSHAKE], 1);
	drained_clear(&drained);
	am_sum_table_free(table);
}

static void test_refusals_are_no_probes(void)
{
	AmSum sum = {.key = {.ip_protocol = AM_PROTO_TCP, .port_lo = 51944, .port_hi = 51950},
		     .counts = {.packets = {1, 0}, .bytes = {40, 0}}};
	sum.n[AM_SUM_CONNECTIONS] = sum.n[AM_SUM_FIRST] = 1;
	CU_ASSERT_EQUAL(am_port_pair_of(&sum).probed, AM_SIDE_HI); /* an ACK scan, say */
	sum.n[AM_SUM_RST] = 1;
	CU_ASSERT_EQUAL(am_port_pair_of(&sum).probed, AM_SIDE_NONE);
	sum.n[AM_SUM_SYNACK] = 1; /* a reflector */
	CU_ASSERT_EQUAL(am_port_pair_of(&sum).probed, AM_SIDE_HI);
}

static void test_choice(void)
{
	const AmPortPair pairs[] = {{1000, 514, 0}, {1001, 514, 0}, {514, 80, 0}, {2000, 3000, 0}, {4000, 4000, 0}};
	AmPortChoice *choice = am_port_choice_new(pairs, G_N_ELEMENTS(pairs));
	CU_ASSERT_EQUAL(am_port_choice_side(choice, (AmPortPair){.lo = 7, .hi = 514}),
			AM_SIDE_HI); /* repeats on its side */
	CU_ASSERT_EQUAL(am_port_choice_side(choice, (AmPortPair){.lo = 514, .hi = 9}),
			AM_SIDE_HI); /* does not repeat on that one */
	CU_ASSERT_EQUAL(am_port_choice_side(choice, (AmPortPair){.lo = 2000, .hi = 3000}), AM_SIDE_LO);
	CU_ASSERT_EQUAL(am_port_choice_side(choice, (AmPortPair){.lo = 3000, .hi = 2000}), AM_SIDE_HI);
	CU_ASSERT_EQUAL(am_port_choice_side(choice, (AmPortPair){.lo = 4000, .hi = 4000}), AM_SIDE_LO);
	am_port_choice_free(choice);
}

static void test_add(void)
{
	AmSumTable *table = am_sum_table_new(100);
	AmConnection c = store_connection(1, "10.0.0.1", 40000, "10.0.0.2", 443, T0 + 5 * NS);
	g_strlcpy(c.server_name, "later.example", sizeof c.server_name);
	am_sum_table_add(table, &c, 7, NULL, 0);
	c = store_connection(2, "10.0.0.1", 40001, "10.0.0.2", 443, T0);
	c.outcome = AM_OUTCOME_REFUSED;
	c.evidence = AM_EVIDENCE_SYN_LO | AM_EVIDENCE_FIRST_LO | AM_EVIDENCE_RST_HI;
	c.total = c.delta = (AmCounts){.packets = {1, 1}, .bytes = {40, 40}};
	c.risks = 4;
	g_strlcpy(c.server_name, "earlier.example", sizeof c.server_name);
	am_sum_table_add(table, &c, 0, NULL, 0);
	Drained drained = drain(table);
	CU_ASSERT_EQUAL_FATAL(drained.sums->len, 1);
	const AmSum *sum = sum_at(&drained, 0);
	CU_ASSERT_EQUAL(sum->key.side, AM_SIDE_HI);
	CU_ASSERT_EQUAL(sum->key.port_lo, 0);
	CU_ASSERT_EQUAL(sum->key.port_hi, 443);
	CU_ASSERT_EQUAL(sum->key.day, 20514);
	CU_ASSERT_EQUAL(sum->hours, 1u << 10);
	CU_ASSERT_EQUAL(sum->n[AM_SUM_CONNECTIONS], 2);
	CU_ASSERT_EQUAL(sum->n[AM_SUM_OUTCOME + AM_OUTCOME_ACCEPTED], 1);
	CU_ASSERT_EQUAL(sum->n[AM_SUM_OUTCOME + AM_OUTCOME_REFUSED], 1);
	CU_ASSERT_EQUAL(sum->n[AM_SUM_SYN], 2);
	CU_ASSERT_EQUAL(sum->n[AM_SUM_SYN + 1], 0);
	CU_ASSERT_EQUAL(sum->n[AM_SUM_SYNACK + 1], 1);
	CU_ASSERT_EQUAL(sum->n[AM_SUM_HANDSHAKE], 1);
	CU_ASSERT_EQUAL(sum->n[AM_SUM_RST + 1], 1);
	CU_ASSERT_EQUAL(sum->n[AM_SUM_PAYLOAD_BOTH], 1);
	CU_ASSERT_EQUAL(sum->counts.packets[0], 4);
	CU_ASSERT_EQUAL(sum->counts.bytes[1], 940);
	CU_ASSERT_EQUAL(sum->first_ns, T0);
	CU_ASSERT_EQUAL(sum->last_ns, T0 + 6 * NS);
	CU_ASSERT_EQUAL(sum->first_outcome, AM_OUTCOME_REFUSED);
	CU_ASSERT_EQUAL(sum->risks, 4);
	CU_ASSERT_STRING_EQUAL(sum->server_name, "earlier.example");
	CU_ASSERT_EQUAL_FATAL(drained.l7->len, 1);
	CU_ASSERT_EQUAL(g_array_index(drained.l7, AmSumL7, 0).l7, 7);
	CU_ASSERT_EQUAL(g_array_index(drained.l7, AmSumL7, 0).connections, 1);
	drained_clear(&drained);
	drained = drain(table);
	CU_ASSERT_EQUAL(drained.sums->len, 0);
	drained_clear(&drained);
	am_sum_table_free(table);
}

/* A connection over midnight: packets on both days, the connection, its outcome and evidence on the first one. */
static void test_revision(void)
{
	AmSumTable *table = am_sum_table_new(100);
	AmConnection first = store_connection(1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
	first.outcome = AM_OUTCOME_MIDSTREAM;
	first.total.payload[1] = 0;
	AmConnection second = first;
	second.revision = 1;
	second.outcome = AM_OUTCOME_ACCEPTED;
	second.evidence |= AM_EVIDENCE_CLIENT_LO | AM_EVIDENCE_RST_HI;
	second.total.payload[1] = 5;
	second.icmp_errors = 2;
	second.delta = (AmCounts){.packets = {10, 20}};
	second.delta_first_ns = T0 + DAY;
	second.last_ns = T0 + DAY + NS;
	am_sum_table_add(table, &first, 0, NULL, 0);
	am_sum_table_add(table, &second, 3, &first, 0);
	Drained drained = drain(table);
	CU_ASSERT_EQUAL_FATAL(drained.sums->len, 2);
	const AmSum *begun = sum_at(&drained, 0), *went_on = sum_at(&drained, 1);
	CU_ASSERT_EQUAL(begun->n[AM_SUM_CONNECTIONS], 1);
	CU_ASSERT_EQUAL(begun->n[AM_SUM_OUTCOME + AM_OUTCOME_MIDSTREAM], 0);
	CU_ASSERT_EQUAL(begun->n[AM_SUM_OUTCOME + AM_OUTCOME_ACCEPTED], 1);
	CU_ASSERT_EQUAL(begun->n[AM_SUM_SYN], 1);
	CU_ASSERT_EQUAL(begun->n[AM_SUM_CLIENT], 1);
	CU_ASSERT_EQUAL(begun->n[AM_SUM_RST + 1], 1);
	CU_ASSERT_EQUAL(begun->n[AM_SUM_PAYLOAD_BOTH], 1);
	CU_ASSERT_EQUAL(begun->n[AM_SUM_ICMP_ERRORS], 2);
	CU_ASSERT_EQUAL(begun->first_outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(begun->counts.packets[0], 3);
	CU_ASSERT_EQUAL(went_on->key.day, begun->key.day + 1);
	CU_ASSERT_EQUAL(went_on->counts.packets[1], 20);
	CU_ASSERT_EQUAL(went_on->first_ns, T0 + DAY);
	for (guint n = 0; n < AM_N_SUMS; n++)
		CU_ASSERT_EQUAL(went_on->n[n], 0);
	CU_ASSERT_EQUAL_FATAL(drained.l7->len, 1);
	CU_ASSERT_EQUAL(g_array_index(drained.l7, AmSumL7, 0).key.day, begun->key.day);
	drained_clear(&drained);
	am_sum_table_free(table);
}

/* The side becomes known between two records: the connection moves, the packets that were counted stay. */
static void test_side_found_late(void)
{
	AmSumTable *table = am_sum_table_new(100);
	AmConnection first = store_datagram(1, "10.0.0.1", 500, "10.0.0.2", 501, T0);
	AmConnection second = first;
	second.revision = 1;
	second.evidence |= AM_EVIDENCE_CLIENT_HI;
	second.delta_first_ns = T0 + DAY;
	second.last_ns = T0 + DAY;
	am_sum_table_add(table, &first, 0, NULL, 0);
	am_sum_table_add(table, &second, 0, &first, 0);
	Drained drained = drain(table);
	CU_ASSERT_EQUAL_FATAL(drained.sums->len, 3);
	CU_ASSERT_EQUAL(sum_at(&drained, 0)->key.side, AM_SIDE_NONE);
	CU_ASSERT_EQUAL(sum_at(&drained, 0)->n[AM_SUM_CONNECTIONS], 0);
	CU_ASSERT_EQUAL(sum_at(&drained, 0)->counts.packets[0], 1);
	CU_ASSERT_EQUAL(sum_at(&drained, 1)->key.side, AM_SIDE_LO);
	CU_ASSERT_EQUAL(sum_at(&drained, 1)->n[AM_SUM_CONNECTIONS], 1);
	CU_ASSERT_EQUAL(sum_at(&drained, 1)->n[AM_SUM_OUTCOME + AM_OUTCOME_ONE_WAY], 1);
	CU_ASSERT_EQUAL(sum_at(&drained, 1)->counts.packets[0], 0);
	CU_ASSERT_EQUAL(sum_at(&drained, 2)->key.day, sum_at(&drained, 0)->key.day + 1);
	drained_clear(&drained);
	am_sum_table_free(table);
}

static void test_crowded(void)
{
	for (guint n_ports = AM_MAX_UNDIRECTED; n_ports <= AM_MAX_UNDIRECTED + 40; n_ports += 40) {
		AmSumTable *table = am_sum_table_new(1000);
		for (guint n = 0; n < n_ports; n++) {
			AmConnection c = store_datagram(n + 1, "10.0.0.1", (uint16_t)(300 + n), "10.0.0.2", 514, T0);
			am_sum_table_add(table, &c, 5, NULL, 0);
		}
		Drained drained = drain(table);
		if (n_ports == AM_MAX_UNDIRECTED) {
			CU_ASSERT_EQUAL(drained.sums->len, n_ports);
			CU_ASSERT_EQUAL(sum_at(&drained, 0)->key.side, AM_SIDE_NONE);
		} else {
			CU_ASSERT_EQUAL_FATAL(drained.sums->len, 1);
			CU_ASSERT_EQUAL(sum_at(&drained, 0)->key.side, AM_SIDE_HI);
			CU_ASSERT_EQUAL(sum_at(&drained, 0)->key.port_hi, 514);
			CU_ASSERT_EQUAL(sum_at(&drained, 0)->n[AM_SUM_CONNECTIONS], n_ports);
			CU_ASSERT_EQUAL(sum_at(&drained, 0)->counts.packets[0], n_ports);
			CU_ASSERT_EQUAL_FATAL(drained.l7->len, 1);
			CU_ASSERT_EQUAL(g_array_index(drained.l7, AmSumL7, 0).connections, n_ports);
		}
		drained_clear(&drained);
		am_sum_table_free(table);
	}
}

/* Any order of the same connections gives the same sums. */
/* Probes from one port to many are told by the ports that they go to, however many; the leftovers of a server are not. */
static void test_crowd_of_probes(void)
{
	const struct {
		uint8_t ip_protocol;
		uint16_t from;
		uint32_t evidence;
		uint64_t packets[2], payload;
		gboolean probes;
	} cases[] = {
		{AM_PROTO_UDP, 62025, 0, {1, 0}, 0, TRUE},
		{AM_PROTO_UDP, 62025, 0, {1, 0}, 12, FALSE},
		{AM_PROTO_TCP, 62025, 0, {1, 0}, 0, TRUE},
		{AM_PROTO_TCP, 62025, AM_EVIDENCE_RST_HI, {1, 1}, 0, TRUE},
		{AM_PROTO_TCP, 62025, 0, {1, 1}, 0, FALSE},
		{AM_PROTO_TCP, 443, 0, {1, 0}, 0, FALSE},
		{AM_PROTO_TCP, 443, AM_EVIDENCE_SYNACK_LO, {1, 0}, 0, TRUE}, /* backscatter */
	};
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		const guint n_ports = AM_MAX_UNDIRECTED + 40;
		AmSumTable *table = am_sum_table_new(1000);
		for (guint p = 0; p < n_ports; p++) {
			AmConnection c =
				store_datagram(p + 1, "10.0.0.1", cases[n].from, "10.0.0.2", (uint16_t)(2000 + p), T0);
			c.ip_protocol = cases[n].ip_protocol;
			c.evidence = AM_EVIDENCE_FIRST_LO | cases[n].evidence;
			memcpy(c.total.packets, cases[n].packets, sizeof c.total.packets);
			c.total.payload[0] = cases[n].payload;
			c.delta = c.total;
			am_sum_table_add(table, &c, 0, NULL, 0);
		}
		Drained drained = drain(table);
		CU_ASSERT_EQUAL(drained.sums->len, cases[n].probes ? n_ports : 1);
		CU_ASSERT_EQUAL(sum_at(&drained, 0)->key.side, cases[n].probes ? AM_SIDE_HI : AM_SIDE_LO);
		drained_clear(&drained);
		am_sum_table_free(table);
	}
}

static void test_order(void)
{
	GRand *random = g_rand_new_with_seed(7);
	AmConnection connections[300];
	for (guint n = 0; n < G_N_ELEMENTS(connections); n++) {
		uint16_t lo = (uint16_t)(1024 + n % 150);
		connections[n] = n % 3 == 0 ? store_connection(n + 1, "10.0.0.1", lo, "10.0.0.2", 443, T0 + n)
					    : store_datagram(n + 1, "10.0.0.1", lo, "10.0.0.3", 514, T0 + n);
	}
	Drained expected = {0};
	for (guint round = 0; round < 10; round++) {
		AmSumTable *table = am_sum_table_new(1000);
		for (guint n = 0; n < G_N_ELEMENTS(connections); n++)
			am_sum_table_add(table, &connections[n], n % 3, NULL, 0);
		Drained drained = drain(table);
		am_sum_table_free(table);
		if (round == 0) {
			expected = drained;
			CU_ASSERT_EQUAL(expected.sums->len, 2);
		} else {
			CU_ASSERT_EQUAL_FATAL(drained.sums->len, expected.sums->len);
			CU_ASSERT_EQUAL(
				memcmp(drained.sums->data, expected.sums->data, sizeof(AmSum) * drained.sums->len), 0);
			drained_clear(&drained);
		}
		for (guint n = G_N_ELEMENTS(connections) - 1; n > 0; n--) {
			guint other = (guint)g_rand_int_range(random, 0, (gint)n + 1);
			AmConnection c = connections[n];
			connections[n] = connections[other];
			connections[other] = c;
		}
	}
	drained_clear(&expected);
	g_rand_free(random);
}

static void test_full(void)
{
	AmSumTable *table = am_sum_table_new(50);
	guint n = 0;
	for (; !am_sum_table_is_full(table) && n < 1000; n++) {
		g_autofree char *lo = g_strdup_printf("10.0.%u.1", n);
		AmConnection c = store_connection(n + 1, lo, 40000, "192.168.0.1", 443, T0);
		am_sum_table_add(table, &c, 1, NULL, 0);
	}
	CU_ASSERT_EQUAL(n, 50);
	Drained drained = drain(table);
	CU_ASSERT_EQUAL(drained.sums->len, 50);
	for (guint s = 1; s < drained.sums->len; s++)
		CU_ASSERT_TRUE(am_sum_key_compare(&sum_at(&drained, s - 1)->key, &sum_at(&drained, s)->key) < 0);
	CU_ASSERT_FALSE(am_sum_table_is_full(table));
	drained_clear(&drained);
	am_sum_table_free(table);
}

/* Spilled in pieces of any length, the sums are those of one table. */
static void test_spill(void)
{
	char *folder = store_folder();
	g_autofree char *path = g_build_filename(folder, "facts.db", NULL);
	for (guint piece = 1; piece <= 400; piece *= 7) {
		g_autoptr(AmSpill) spill = am_spill_new(path, NULL);
		AmSumTable *whole = am_sum_table_new(1000), *part = am_sum_table_new(1000);
		for (guint n = 0; n < 400; n++) {
			g_autofree char *lo = g_strdup_printf("10.0.%u.1", n * 37 % 29);
			AmConnection c = store_connection(n + 1, lo, 40000, "192.168.0.1", 443, T0 - n % 5 * NS);
			c.outcome = n % AM_N_OUTCOMES;
			if (n % 4 == 0)
				g_snprintf(c.server_name, sizeof c.server_name, "name-%u", n);
			am_sum_table_add(whole, &c, n % 6, NULL, 0);
			am_sum_table_add(part, &c, n % 6, NULL, 0);
			if (n % piece == 0)
				CU_ASSERT_TRUE_FATAL(am_spill_add(spill, part, NULL));
		}
		CU_ASSERT_TRUE_FATAL(am_spill_add(spill, part, NULL));
		Drained expected = drain(whole), merged = drained_new();
		CU_ASSERT_TRUE(am_spill_merge(spill, take_sum, &merged, NULL));
		CU_ASSERT_EQUAL(expected.sums->len, 29);
		CU_ASSERT_EQUAL_FATAL(merged.sums->len, expected.sums->len);
		CU_ASSERT_EQUAL_FATAL(merged.l7->len, expected.l7->len);
		for (guint n = 0; n < merged.sums->len; n++) {
			AmSum *sum = &g_array_index(merged.sums, AmSum, n),
			      *wanted = &g_array_index(expected.sums, AmSum, n);
			CU_ASSERT_EQUAL(g_strcmp0(sum->server_name, wanted->server_name), 0);
			sum->server_name = wanted->server_name;
			CU_ASSERT_EQUAL(memcmp(sum, wanted, sizeof *sum), 0);
		}
		for (guint n = 0; n < merged.l7->len; n++) {
			const AmSumL7 *l7 = &g_array_index(merged.l7, AmSumL7, n),
				      *wanted = &g_array_index(expected.l7, AmSumL7, n);
			CU_ASSERT_EQUAL(am_sum_key_compare(&l7->key, &wanted->key), 0);
			CU_ASSERT_EQUAL(l7->l7, wanted->l7);
			CU_ASSERT_EQUAL(l7->connections, wanted->connections);
		}
		drained_clear(&expected);
		drained_clear(&merged);
		am_sum_table_free(whole);
		am_sum_table_free(part);
	}
	/* Nothing but the folder is left to remove. */
	CU_ASSERT_EQUAL(store_clean(folder), 0);
}

static void test_icmp(void)
{
	AmSumTable *table = am_sum_table_new(50);
	AmConnection c = store_datagram(1, "10.0.0.1", 8 << 8, "10.0.0.2", 8 << 8, T0);
	c.ip_protocol = 1;
	c.evidence |= AM_EVIDENCE_CLIENT_LO;
	am_sum_table_add(table, &c, 0, NULL, 0);
	Drained drained = drain(table);
	CU_ASSERT_EQUAL_FATAL(drained.sums->len, 1);
	CU_ASSERT_EQUAL(sum_at(&drained, 0)->key.side, AM_SIDE_HI);
	CU_ASSERT_EQUAL(sum_at(&drained, 0)->key.port_hi, 8 << 8);
	CU_ASSERT_EQUAL(sum_at(&drained, 0)->key.port_lo, 0);
	drained_clear(&drained);
	am_sum_table_free(table);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_side),
		UNIT_TEST(test_side_of_lone_synack),
		UNIT_TEST(test_choice),
		UNIT_TEST(test_refusals_are_no_probes),
		UNIT_TEST(test_add),
		UNIT_TEST(test_revision),
		UNIT_TEST(test_side_found_late),
		UNIT_TEST(test_crowded),
		UNIT_TEST(test_crowd_of_probes),
		UNIT_TEST(test_order),
		UNIT_TEST(test_full),
		UNIT_TEST(test_spill),
		UNIT_TEST(test_icmp),
		{NULL, NULL},
	};
	return unit_run("store-tally", tests);
}
