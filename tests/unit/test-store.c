/* The facts: everything that must hold of what goes in and comes out. */
#include "config.h"

#include "store-facts.h"

/* ---- What goes in comes out */

static void test_connection_round_trip(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	AmConnection c = store_connection(77, "2001:db8::1", 50000, "2001:db8::2", 443, T0);
	c.vlan = 10;
	c.inner_vlan = 4094;
	c.encapsulation = AM_ENCAPSULATION_GTP;
	c.encapsulation_id = UINT32_MAX;
	c.tls_version = 0x0304;
	c.tcp_flags[0] = 0x1b;
	c.tcp_flags[1] = 0xff;
	c.icmp_errors = 3;
	c.risks = UINT64_C(1) << 63 | 5;
	c.name_kind = AM_NAME_TLS_SNI;
	c.l7_confidence = AM_L7_DPI;
	memcpy(c.mac_lo, "\x02\x00\x00\x00\x00\x01", 6);
	g_strlcpy(c.l7, "tls.example", sizeof c.l7);
	g_strlcpy(c.alpn, "h2", sizeof c.alpn);
	memset(c.server_name, 'x', sizeof c.server_name - 1);
	store_ok(db, "offline", NULL, &c, 1);
	g_autoptr(GArray) read = connections_of(db);
	CU_ASSERT_EQUAL_FATAL(read->len, 1);
	memset(&c.delta, 0, sizeof c.delta); /* what is not kept by the connection */
	c.delta_first_ns = 0;
	c.delta_hours = 0;
	CU_ASSERT_EQUAL(memcmp(read->data, &c, sizeof c), 0);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_run_round_trip(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(GError) error = NULL;
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_WRITE, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	g_autoptr(AmRun) run = store_run("offline", "branch");
	uint32_t network = 99;
	CU_ASSERT_TRUE(am_facts_begin_run(facts, run, &network, &error));
	CU_ASSERT_EQUAL(run->id, 1);
	CU_ASSERT_EQUAL(network, 1);
	run->finished_ns = T0 + NS;
	run->ledger =
		(AmLedger){.read = 10, .recorded = 7, .log_lines = 4, .connections = 2, .connections_given_up = 1};
	run->ledger.skipped[AM_SKIP_NOT_IP] = 3;
	run->ledger.log_reasons[AM_LOG_SKIP_OTHER] = 2;
	run->ledger.log_reasons[AM_LOG_SKIP_LOST] = 1;
	run->ledger.tcp_bytes_seen = 1000;
	run->ledger.tcp_bytes_unseen = 10;
	run->ledger.tcp_one_way = 1;
	run->ledger.tcp_bytes_one_way = 500;
	run->inputs = g_array_new(FALSE, TRUE, sizeof(AmInput));
	AmInput input = {
		.path = g_strdup("a.pcap"), .kind = AM_INPUT_PCAPNG, .size = 123, .records = 10, .first_ns = T0};
	input.cut = TRUE;
	g_strlcpy(input.sha256, "abcd", sizeof input.sha256);
	g_array_append_val(run->inputs, input);
	CU_ASSERT_TRUE(am_facts_check_input(facts, run, &input, &error)); /* not finished yet */
	CU_ASSERT_TRUE(am_facts_finish_run(facts, run, &error));

	g_autoptr(GPtrArray) runs = am_facts_runs(facts, &error);
	CU_ASSERT_EQUAL_FATAL(runs->len, 1);
	const AmRun *read = runs->pdata[0];
	CU_ASSERT_EQUAL(read->id, 1);
	CU_ASSERT_STRING_EQUAL(read->sensor, run->sensor);
	CU_ASSERT_STRING_EQUAL(read->network, "branch");
	CU_ASSERT_EQUAL(read->started_ns, T0);
	CU_ASSERT_EQUAL(read->finished_ns, T0 + NS);
	CU_ASSERT_STRING_EQUAL(read->parameters, "{}");
	CU_ASSERT_STRING_EQUAL(read->dpi_version, "none");
	CU_ASSERT_EQUAL(memcmp(&read->ledger, &run->ledger, sizeof run->ledger), 0);
	CU_ASSERT_EQUAL_FATAL(read->inputs->len, 1);
	const AmInput *read_input = &g_array_index(read->inputs, AmInput, 0);
	CU_ASSERT_STRING_EQUAL(read_input->path, "a.pcap");
	CU_ASSERT_STRING_EQUAL(read_input->sha256, "abcd");
	CU_ASSERT_EQUAL(read_input->kind, AM_INPUT_PCAPNG);
	CU_ASSERT_EQUAL(read_input->size, 123);
	CU_ASSERT_EQUAL(read_input->records, 10);
	CU_ASSERT_TRUE(read_input->cut);

	CU_ASSERT_FALSE(am_facts_check_input(facts, run, &input, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_KNOWN);
	g_autoptr(AmRun) other = store_run("offline", "default");
	CU_ASSERT_TRUE(am_facts_check_input(facts, other, &input, &error)); /* another address space */
	g_autoptr(AmRun) named = store_run("offline", "branch");
	CU_ASSERT_FALSE(am_facts_check_input(facts, named, &input, &error)); /* by the sensor's name */
	ASSERT_ERROR(error, AM_STORE_ERROR_KNOWN);
	g_clear_pointer(&facts, am_facts_free);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_sensor_uuid(void)
{
	char uuid[AM_UUID_TEXT_SIZE], again[AM_UUID_TEXT_SIZE];
	CU_ASSERT_TRUE(am_sensor_uuid("offline", uuid));
	CU_ASSERT_TRUE(g_uuid_string_is_valid(uuid));
	CU_ASSERT_EQUAL(uuid[14], '5');
	CU_ASSERT_PTR_NOT_NULL(strchr("89ab", uuid[19]));
	CU_ASSERT_STRING_EQUAL(uuid, "51f6b739-7a68-5636-bc74-525bed93e267"); /* as Python's uuid.uuid5() gives it */
	CU_ASSERT_TRUE(am_sensor_uuid("Offline", again));
	CU_ASSERT_STRING_NOT_EQUAL(uuid, again);
	CU_ASSERT_FALSE(am_sensor_uuid("6BA7B810-9DAD-11D1-80B4-00C04FD430C8", again));
	CU_ASSERT_STRING_EQUAL(again, "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
}

/* ---- Keys */

static void test_two_sensors(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	AmConnection c = store_connection(1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
	store_ok(db, "north", NULL, &c, 1);
	store_ok(db, "south", NULL, &c, 1);
	store_ok(db, "north", NULL, &c, 1);
	g_autoptr(GArray) tallies = tallies_of(db);
	CU_ASSERT_EQUAL_FATAL(tallies->len, 2); /* by sensor; runs of a sensor are added up */
	CU_ASSERT_EQUAL(TALLY(tallies, 0).key.sensor, 1);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).connections, 2);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).counts.bytes[1], 1800);
	CU_ASSERT_EQUAL(TALLY(tallies, 1).key.sensor, 2);
	CU_ASSERT_EQUAL(TALLY(tallies, 1).connections, 1);
	g_autoptr(GArray) connections = connections_of(db);
	CU_ASSERT_EQUAL(connections->len, 3);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_two_networks(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	AmConnection c = store_connection(1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
	store_ok(db, "offline", NULL, &c, 1);
	store_ok(db, "offline", "branch", &c, 1);
	g_autoptr(GArray) tallies = tallies_of(db);
	CU_ASSERT_EQUAL_FATAL(tallies->len, 2);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).key.network, 0);
	CU_ASSERT_EQUAL(TALLY(tallies, 1).key.network, 1);
	CU_ASSERT_EQUAL(TALLY(tallies, 1).connections, 1);
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	g_autoptr(GPtrArray) networks = am_facts_networks(facts, NULL);
	CU_ASSERT_EQUAL_FATAL(networks->len, 2);
	CU_ASSERT_STRING_EQUAL(networks->pdata[0], "default");
	CU_ASSERT_STRING_EQUAL(networks->pdata[1], "branch");
	g_clear_pointer(&facts, am_facts_free);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* ---- An unfinished run */

static void test_unfinished(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(GError) error = NULL;
	AmConnection c = store_connection(1, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
	store_ok(db, "offline", NULL, &c, 1);

	/* Everything is committed and spilled at once, and then it stops. */
	AmFacts *facts = am_facts_open(db, AM_FACTS_WRITE, &error);
	facts->limits = (AmFactsLimits){.rows = 1, .sums = 1, .names = 10};
	g_autoptr(AmRun) run = store_run("other", "branch");
	uint32_t network;
	CU_ASSERT_TRUE(am_facts_begin_run(facts, run, &network, &error));
	for (guint n = 1; n <= 5; n++) {
		AmConnection lost = store_connection(n, "10.0.0.3", 40000, "10.0.0.4", (uint16_t)n, T0);
		lost.network = network;
		g_strlcpy(lost.l7, "lost", sizeof lost.l7);
		CU_ASSERT_TRUE(am_facts_add_connections(facts, &lost, 1, &error));
	}
	int64_t in_file = 0;
	CU_ASSERT_TRUE(am_database_pragma(facts->database, "page_count", &in_file, NULL));
	am_facts_free(facts);

	g_autoptr(GArray) connections = connections_of(db);
	CU_ASSERT_EQUAL(connections->len, 1);
	g_autoptr(GArray) tallies = tallies_of(db);
	CU_ASSERT_EQUAL(tallies->len, 1);
	AmFacts *reader = am_facts_open(db, AM_FACTS_READ, &error);
	g_autoptr(GPtrArray) runs = am_facts_runs(reader, &error);
	CU_ASSERT_EQUAL(runs->len, 1);
	g_autoptr(GPtrArray) networks = am_facts_networks(reader, &error);
	CU_ASSERT_EQUAL(networks->len, 1);
	am_facts_free(reader);

	/* The retry: same run, and nothing is left of the first attempt. */
	facts = am_facts_open(db, AM_FACTS_WRITE, &error);
	CU_ASSERT_TRUE(am_facts_begin_run(facts, run, &network, &error));
	CU_ASSERT_EQUAL(run->id, 2);
	CU_ASSERT_EQUAL(network, 1);
	CU_ASSERT_TRUE(am_facts_finish_run(facts, run, &error));
	am_facts_free(facts);
	g_autoptr(GArray) after = connections_of(db);
	CU_ASSERT_EQUAL(after->len, 1);
	g_autoptr(GArray) tallies_after = tallies_of(db);
	CU_ASSERT_EQUAL_FATAL(tallies_after->len, 1);
	CU_ASSERT_EQUAL(memcmp(tallies->data, tallies_after->data, sizeof(AmTally)), 0);
	sqlite3 *raw;
	CU_ASSERT_EQUAL(sqlite3_open(db, &raw), SQLITE_OK);
	static const char *const tables[] = {"l7_names"};
	for (guint n = 0; n < G_N_ELEMENTS(tables); n++) {
		g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", tables[n]);
		sqlite3_stmt *statement;
		CU_ASSERT_EQUAL(sqlite3_prepare_v2(raw, sql, -1, &statement, NULL), SQLITE_OK);
		CU_ASSERT_EQUAL(sqlite3_step(statement), SQLITE_ROW);
		CU_ASSERT_EQUAL(sqlite3_column_int(statement, 0), 0);
		sqlite3_finalize(statement);
	}
	sqlite3_close(raw);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* ---- Revisions */

static void test_revision(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	AmConnection c[3];
	c[0] = store_connection(5, "10.0.0.1", 40000, "10.0.0.2", 443, T0);
	c[0].outcome = AM_OUTCOME_MIDSTREAM;
	c[0].related = am_related(AM_RELATED_FTP, 1, 6, 21);
	c[1] = store_connection(6, "10.0.0.1", 40001, "10.0.0.2", 443, T0 + NS);
	c[1].related = am_related(AM_RELATED_SIP, 0, 17, 5060);
	c[2] = c[0];
	c[2].revision = 1;
	c[2].outcome = AM_OUTCOME_ACCEPTED;
	g_strlcpy(c[2].l7, "tls", sizeof c[2].l7);
	c[2].total.packets[0] = 13;
	c[2].delta = (AmCounts){.packets = {10, 0}};
	c[2].delta_first_ns = c[2].last_ns = T0 + DAY;
	/* Also when the first record was committed and its tally spilled long ago. */
	AmFactsLimits limits = {.rows = 1, .sums = 1, .names = 10};
	g_autoptr(GError) error = NULL;
	CU_ASSERT_TRUE(store(db, "offline", NULL, c, 3, &limits, &error));
	g_autoptr(GArray) connections = connections_of(db);
	CU_ASSERT_EQUAL_FATAL(connections->len, 2);
	const AmConnection *last = &g_array_index(connections, AmConnection, 0);
	CU_ASSERT_EQUAL(last->sequence, 5);
	CU_ASSERT_EQUAL(last->revision, 1);
	CU_ASSERT_EQUAL(last->outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(last->total.packets[0], 13);
	CU_ASSERT_EQUAL(last->related, c[0].related);
	CU_ASSERT_EQUAL(g_array_index(connections, AmConnection, 1).related, c[1].related);
	g_autoptr(GArray) tallies = tallies_of(db);
	CU_ASSERT_EQUAL_FATAL(tallies->len, 2);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).connections, 2);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).outcomes[AM_OUTCOME_ACCEPTED], 2);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).outcomes[AM_OUTCOME_MIDSTREAM], 0);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).first_outcome, AM_OUTCOME_ACCEPTED);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).counts.packets[0], 6);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).related, c[1].related); /* the largest */
	CU_ASSERT_EQUAL(TALLY(tallies, 1).related, c[0].related);
	CU_ASSERT_EQUAL_FATAL(TALLY(tallies, 0).n_l7, 1);
	CU_ASSERT_STRING_EQUAL(TALLY(tallies, 0).l7[0].name, "tls");
	CU_ASSERT_EQUAL(TALLY(tallies, 1).connections, 0);
	CU_ASSERT_EQUAL(TALLY(tallies, 1).counts.packets[0], 10);
	/* A revision that comes too late is refused. */
	c[0].revision = 1;
	c[2].revision = 2;
	AmConnection backwards[] = {c[2], c[0]};
	CU_ASSERT_FALSE(store(db, "offline", NULL, backwards, 2, NULL, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* ---- Direction unknown: both ports stay, so that the map can turn the edge when it learns more */

/* Records wait in memory: one that wins over another that waits, more than can wait, and one that cannot be added. */
static void test_many_wait(void)
{
	enum { N = 1000 };
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autofree AmConnection *c = g_new0(AmConnection, N + 2);
	for (guint n = 0; n < N; n++)
		c[n] = store_connection(n, "10.0.0.1", (uint16_t)(40000 + n), "10.0.0.2", 443, T0 + n * NS);
	c[N] = c[N - 2];
	c[N].revision = 1;
	c[N].total.packets[1] = 77;
	c[N].delta = (AmCounts){.packets = {0, 74}};
	g_autoptr(GError) error = NULL;
	CU_ASSERT_TRUE(store(db, "offline", NULL, c, N + 1, NULL, &error));
	g_autoptr(GArray) connections = connections_of(db);
	CU_ASSERT_EQUAL_FATAL(connections->len, N);
	for (guint n = 0; n < N; n++) {
		const AmConnection *is = &g_array_index(connections, AmConnection, n);
		CU_ASSERT_EQUAL(is->sequence, n);
		CU_ASSERT_EQUAL(is->revision, n == N - 2);
		CU_ASSERT_EQUAL(is->total.packets[1], n == N - 2 ? 77 : 3);
	}
	g_autoptr(GArray) tallies = tallies_of(db);
	CU_ASSERT_EQUAL_FATAL(tallies->len, 1);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).connections, N);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).counts.packets[1], 3 * N + 74);
	/* The same connection twice: nothing of the run stays. */
	c[N] = c[3];
	CU_ASSERT_FALSE(store(db, "offline", NULL, c, N + 1, NULL, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	g_autoptr(GArray) left = connections_of(db);
	CU_ASSERT_EQUAL(left->len, N);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

static void test_flipped_direction(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	AmConnection c = store_datagram(1, "10.0.0.1", 5060, "10.0.0.2", 30000, T0);
	c.ip_protocol = 6;
	c.outcome = AM_OUTCOME_MIDSTREAM;
	store_ok(db, "offline", NULL, &c, 1);
	/* On another day a handshake shows that lo, not the sender of the first packet, is the server. */
	c.evidence = AM_EVIDENCE_SYN_HI | AM_EVIDENCE_SYNACK_LO | AM_EVIDENCE_FIRST_HI;
	c.first_ns = c.delta_first_ns = c.last_ns = T0 + DAY;
	store_ok(db, "offline", NULL, &c, 1);
	g_autoptr(GArray) tallies = tallies_of(db);
	CU_ASSERT_EQUAL_FATAL(tallies->len, 2);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).key.side, AM_SIDE_NONE);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).key.port_lo, 5060);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).key.port_hi, 30000);
	CU_ASSERT_EQUAL(TALLY(tallies, 0).first[0], 1);
	CU_ASSERT_EQUAL(TALLY(tallies, 1).key.side, AM_SIDE_LO);
	CU_ASSERT_EQUAL(TALLY(tallies, 1).key.port_lo, 5060);
	CU_ASSERT_EQUAL(TALLY(tallies, 1).key.port_hi, 0);
	CU_ASSERT_EQUAL(TALLY(tallies, 1).synack[0], 1);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* The cap holds over several runs of a day, and over what was spilled in between. */
static void test_crowded(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	AmFactsLimits limits = {.rows = 10, .sums = 10, .names = 10};
	for (guint run = 0; run < 3; run++) {
		AmConnection c[20];
		for (guint n = 0; n < G_N_ELEMENTS(c); n++) {
			c[n] = store_datagram(n + 1, "10.0.0.1", (uint16_t)(600 + 20 * run + n), "10.0.0.2", 514, T0);
			g_strlcpy(c[n].l7, "syslog", sizeof c[n].l7);
			g_strlcpy(c[n].server_name, "loghost", sizeof c[n].server_name);
		}
		CU_ASSERT_TRUE(store(db, "offline", NULL, c, G_N_ELEMENTS(c), &limits, NULL));
		g_autoptr(GArray) tallies = tallies_of(db);
		uint64_t connections = 0, l7 = 0;
		for (guint n = 0; n < tallies->len; n++) {
			connections += TALLY(tallies, n).connections;
			l7 += TALLY(tallies, n).l7[0].connections;
			CU_ASSERT_STRING_EQUAL(TALLY(tallies, n).server_name, "loghost");
		}
		CU_ASSERT_EQUAL(connections, 20 * (run + 1));
		CU_ASSERT_EQUAL(l7, connections);
		static const guint expected[] = {20, 1, 21};
		CU_ASSERT_EQUAL_FATAL(tallies->len, expected[run]);
		if (run == 1) {
			CU_ASSERT_EQUAL(TALLY(tallies, 0).key.side, AM_SIDE_HI);
			CU_ASSERT_EQUAL(TALLY(tallies, 0).key.port_hi, 514);
		}
	}
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* ---- Spilling, and the same bytes */

static AmConnection *mixed(guint n, GRand *random)
{
	AmConnection *connections = g_new(AmConnection, n);
	for (guint c = 0; c < n; c++) {
		char hi[32], lo[32];
		g_snprintf(lo, sizeof lo, "10.0.0.%u", 1 + (guint)g_rand_int_range(random, 0, 4));
		g_snprintf(hi, sizeof hi, "10.0.1.%u", 1 + (guint)g_rand_int_range(random, 0, 4));
		uint16_t port_lo = (uint16_t)g_rand_int_range(random, 1024, 1100);
		int64_t first_ns = T0 + g_rand_int_range(random, 0, 3) * DAY + c * NS;
		connections[c] = c % 2 == 0
					 ? store_connection(c + 1, lo, port_lo, hi, (uint16_t)(440 + c % 7), first_ns)
					 : store_datagram(c + 1, lo, port_lo, hi, (uint16_t)(510 + c % 2), first_ns);
		connections[c].risks = c % 5;
		g_snprintf(connections[c].l7, AM_L7_SIZE, "l7-%u", c % 6);
		if (c % 3 == 0)
			g_snprintf(connections[c].server_name, AM_SERVER_NAME_SIZE, "name-%u", c % 10);
		if (c % 9 == 8) { /* a later record of one that came before */
			connections[c] = connections[c - 5];
			connections[c].revision = 1;
			connections[c].outcome = AM_OUTCOME_REFUSED;
			connections[c].delta_first_ns = connections[c].last_ns = connections[c].first_ns + DAY;
		}
	}
	return connections;
}

static void test_spill_equals_memory(void)
{
	char *folder = store_folder();
	g_autofree char *in_memory = db_in(folder), *spilled = g_build_filename(folder, "spilled.db", NULL);
	GRand *random = g_rand_new_with_seed(11);
	g_autofree AmConnection *connections = mixed(2000, random);
	g_rand_free(random);
	g_autoptr(GError) error = NULL;
	CU_ASSERT_TRUE(store(in_memory, "offline", NULL, connections, 2000, NULL, &error));
	AmFactsLimits limits = {.rows = 170, .sums = 60, .names = 100};
	CU_ASSERT_TRUE(store(spilled, "offline", NULL, connections, 2000, &limits, &error));
	g_autoptr(GArray) a = tallies_of(in_memory), b = tallies_of(spilled);
	CU_ASSERT_TRUE(a->len > 200);
	CU_ASSERT_EQUAL_FATAL(a->len, b->len);
	guint different = 0;
	for (guint n = 0; n < a->len; n++)
		different += memcmp(&TALLY(a, n), &TALLY(b, n), sizeof(AmTally)) != 0;
	CU_ASSERT_EQUAL(different, 0);
	g_autoptr(GArray) c = connections_of(in_memory), d = connections_of(spilled);
	CU_ASSERT_EQUAL_FATAL(c->len, d->len);
	CU_ASSERT_EQUAL(memcmp(c->data, d->data, c->len * sizeof(AmConnection)), 0);
	CU_ASSERT_EQUAL(store_clean(folder), 2);
}

static void test_same_bytes(void)
{
	char *folder = store_folder();
	gchar *bytes[2] = {NULL, NULL};
	gsize size[2] = {0, 0};
	for (guint round = 0; round < 2; round++) {
		g_autofree char *db = db_in(folder);
		GRand *random = g_rand_new_with_seed(12);
		g_autofree AmConnection *connections = mixed(1000, random);
		g_rand_free(random);
		AmFactsLimits limits = {.rows = 170, .sums = 60, .names = 100};
		CU_ASSERT_TRUE(store(db, "offline", "branch", connections, 1000, &limits, NULL));
		CU_ASSERT_TRUE(store(db, "other", NULL, connections, 1000, NULL, NULL));
		CU_ASSERT_TRUE(g_file_get_contents(db, &bytes[round], &size[round], NULL));
		g_unlink(db);
	}
	CU_ASSERT_EQUAL_FATAL(size[0], size[1]);
	CU_ASSERT_EQUAL(memcmp(bytes[0], bytes[1], size[0]), 0);
	g_free(bytes[0]);
	g_free(bytes[1]);
	CU_ASSERT_EQUAL(store_clean(folder), 0);
}

/* ---- Encapsulations */

static void add_seen(GArray *all, AmEncapsulation kind, int64_t id, AmNetworkReason reason, const char *network)
{
	AmEncapsulated seen = {.kind = (uint8_t)kind, .id = id, .reason = (uint8_t)reason, .packets = 5, .bytes = 500};
	seen.first_ns = T0;
	seen.last_ns = T0 + NS;
	seen.undecided = 2;
	seen.network = g_strdup(network);
	if (kind != AM_ENCAPSULATION_VLAN) {
		seen.source = store_address("192.0.2.1");
		seen.destination = store_address("2001:db8::2");
	}
	g_array_append_val(all, seen);
}

/* Counts of one run add up, what it decided last stands; and networks come with the run that names them. */
static void test_encapsulated(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(GError) error = NULL;
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_WRITE, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	g_autoptr(AmRun) run = store_run("offline", NULL);
	uint32_t network = 99, again = 98;
	CU_ASSERT_FALSE(am_facts_network(facts, "vxlan-7", &network, &error)); /* no run */
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	CU_ASSERT_TRUE(am_facts_begin_run(facts, run, &network, &error));
	CU_ASSERT_TRUE(am_facts_network(facts, "vxlan-7", &network, &error));
	CU_ASSERT_TRUE(am_facts_network(facts, "vxlan-7", &again, &error));
	CU_ASSERT_EQUAL(network, 1);
	CU_ASSERT_EQUAL(again, 1);
	g_autoptr(GArray) early = am_encapsulated_array_new(), late = am_encapsulated_array_new();
	add_seen(early, AM_ENCAPSULATION_VXLAN, 7, AM_NETWORK_MIRROR, "default");
	add_seen(late, AM_ENCAPSULATION_VXLAN, 7, AM_NETWORK_TRANSIT, "vxlan-7");
	add_seen(late, AM_ENCAPSULATION_VLAN, 10, AM_NETWORK_ATTRIBUTE, "default");
	add_seen(late, AM_ENCAPSULATION_GTP, AM_ENCAPSULATION_OTHERS, AM_NETWORK_SET, "mobile");
	CU_ASSERT_TRUE(am_facts_add_encapsulated(facts, early, &error));
	CU_ASSERT_TRUE(am_facts_add_encapsulated(facts, late, &error));
	run->finished_ns = T0 + NS;
	CU_ASSERT_TRUE(am_facts_finish_run(facts, run, &error));
	g_autoptr(GArray) read = am_facts_encapsulated(facts, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(read);
	CU_ASSERT_EQUAL_FATAL(read->len, 3);
	const AmEncapsulated *gtp = &g_array_index(read, AmEncapsulated, 0), *vlan = gtp + 1, *vxlan = gtp + 2;
	CU_ASSERT_STRING_EQUAL(gtp->sensor, run->sensor);
	CU_ASSERT_EQUAL(gtp->id, AM_ENCAPSULATION_OTHERS);
	CU_ASSERT_STRING_EQUAL(gtp->network, "mobile");
	CU_ASSERT_EQUAL(vlan->kind, AM_ENCAPSULATION_VLAN);
	CU_ASSERT_EQUAL(vlan->source.family, 0);
	CU_ASSERT_EQUAL(vxlan->packets, 10);
	CU_ASSERT_EQUAL(vxlan->bytes, 1000);
	CU_ASSERT_EQUAL(vxlan->undecided, 4);
	CU_ASSERT_EQUAL(vxlan->reason, AM_NETWORK_TRANSIT);
	CU_ASSERT_STRING_EQUAL(vxlan->network, "vxlan-7");
	CU_ASSERT_EQUAL(vxlan->source.family, 4);
	CU_ASSERT_EQUAL(vxlan->destination.family, 6);
	CU_ASSERT_EQUAL(vxlan->first_ns, T0);
	CU_ASSERT_EQUAL(vxlan->last_ns, T0 + NS);
	/* A run that does not finish leaves none of it. */
	g_autoptr(AmRun) lost = store_run("offline", NULL);
	CU_ASSERT_TRUE(am_facts_begin_run(facts, lost, &network, &error));
	CU_ASSERT_TRUE(am_facts_network(facts, "lost", &network, &error));
	CU_ASSERT_TRUE(am_facts_add_encapsulated(facts, early, &error));
	g_clear_pointer(&facts, am_facts_free);
	store_ok(db, "offline", NULL, NULL, 0);
	facts = am_facts_open(db, AM_FACTS_READ, &error);
	g_autoptr(GArray) kept = am_facts_encapsulated(facts, &error);
	g_autoptr(GPtrArray) names = am_facts_networks(facts, &error);
	CU_ASSERT_EQUAL(kept->len, 3);
	CU_ASSERT_EQUAL(names->len, 2);
	g_clear_pointer(&facts, am_facts_free);
	store_sql(db, "UPDATE encapsulations SET kind = 'carrier pigeon' WHERE id = 7");
	facts = am_facts_open(db, AM_FACTS_READ, &error);
	CU_ASSERT_PTR_NULL(am_facts_encapsulated(facts, &error));
	ASSERT_ERROR(error, AM_STORE_ERROR_FAILED);
	g_clear_pointer(&facts, am_facts_free);
	store_clean(folder);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_connection_round_trip),
		UNIT_TEST(test_run_round_trip),
		UNIT_TEST(test_sensor_uuid),
		UNIT_TEST(test_two_sensors),
		UNIT_TEST(test_two_networks),
		UNIT_TEST(test_encapsulated),
		UNIT_TEST(test_unfinished),
		UNIT_TEST(test_revision),
		UNIT_TEST(test_many_wait),
		UNIT_TEST(test_flipped_direction),
		UNIT_TEST(test_crowded),
		UNIT_TEST(test_spill_equals_memory),
		UNIT_TEST(test_same_bytes),
		{NULL, NULL},
	};
	return unit_run("store", tests);
}
