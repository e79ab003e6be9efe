/* The whole way from files to facts: the same capture gives the same facts for any number of threads, in one file or
 * cut in two, in any order of the files; what is known is left out; what is broken is told and leaves sound facts. */
#include "config.h"

#include "allowmap/capture.h"
#include "allowmap/job.h"
#include "flow-packets.h"
#include "unit.h"

#include <glib/gstdio.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char sample[] = FIXTURES "/sample.pcapng.zst";
static char *folder;

static char *in_folder(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static void put32(FILE *file, uint32_t value)
{
	fwrite(&value, 4, 1, file);
}

/* The head of a nanosecond pcap in this machine's byte order. */
static void put_head(FILE *file, uint32_t link_type)
{
	put32(file, 0xa1b23c4d);
	put32(file, 4u << 16 | 2);
	put32(file, 0);
	put32(file, 0);
	put32(file, 262144);
	put32(file, link_type);
}

/* Frames first..last-1 of the sample as a capture; frame `wrong` has a time of the
 * year 2106. */
static char *write_with_wrong(const char *name, guint first, guint last, guint wrong)
{
	char *path = in_folder(name);
	FILE *file = fopen(path, "wb");
	g_autoptr(AmInputFile) input = am_input_file_open(sample, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(input);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	put_head(file, 1);
	AmFrame frame;
	for (guint n = 0; am_input_file_next(input, &frame, NULL) == 1; n++) {
		if (n < first || n >= last)
			continue;
		put32(file, n == wrong ? UINT32_MAX : (uint32_t)(frame.time_ns / AM_NS_PER_S));
		put32(file, (uint32_t)(frame.time_ns % AM_NS_PER_S));
		put32(file, frame.size);
		put32(file, frame.wire_size);
		fwrite(frame.bytes, 1, frame.size, file);
	}
	CU_ASSERT_EQUAL(fclose(file), 0);
	return path;
}

static char *write_part(const char *name, guint first, guint last)
{
	return write_with_wrong(name, first, last, UINT_MAX);
}

static gboolean ingest(const char *db, guint threads, const char *const *paths, AmIngestResult *result, GError **error)
{
	const AmIngestOptions options = {
		.db = db, .paths = paths, .threads = threads, .now_ns = AM_NS_PER_S, .flow = {.dpi = TRUE, .seed = 1}};
	return am_job_ingest(&options, result, error);
}

/* Ingests into a new database and gives its path. */
static char *facts_of(const char *name, guint threads, const char *const *paths)
{
	char *db = in_folder(name);
	AmIngestResult result;
	g_autoptr(GError) error = NULL;
	gboolean ok = ingest(db, threads, paths, &result, &error);
	CU_ASSERT_TRUE(ok);
	if (!ok)
		printf("%s: %s\n", name, error->message);
	else
		CU_ASSERT_EQUAL(result.n_failed, 0);
	am_ingest_result_clear(&result);
	return db;
}

static gboolean same_bytes(const char *a, const char *b)
{
	g_autofree char *x = NULL, *y = NULL;
	gsize n = 0, m = 0;
	CU_ASSERT_TRUE_FATAL(g_file_get_contents(a, &x, &n, NULL));
	CU_ASSERT_TRUE_FATAL(g_file_get_contents(b, &y, &m, NULL));
	return n == m && n > 0 && memcmp(x, y, n) == 0;
}

static gboolean collect(const AmConnection *connection, int64_t run, gpointer all)
{
	(void)run;
	g_array_append_val((GArray *)all, *connection);
	return TRUE;
}

/* Connections and tallies, without what names the inputs. */
static GArray *connections_in(const char *db)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(AmConnection));
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	CU_ASSERT_TRUE(am_facts_foreach_connection(facts, collect, all, NULL));
	return all;
}

static gboolean same_facts(const char *a, const char *b)
{
	g_autoptr(AmFacts) x = am_facts_open(a, AM_FACTS_READ, NULL), y = am_facts_open(b, AM_FACTS_READ, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	CU_ASSERT_PTR_NOT_NULL_FATAL(y);
	g_autoptr(GArray) tallies = am_facts_tallies(x, NULL), others = am_facts_tallies(y, NULL);
	g_autoptr(GArray) connections = connections_in(a), other_connections = connections_in(b);
	CU_ASSERT_TRUE(tallies->len > 100);
	CU_ASSERT_TRUE(connections->len > 1000);
	return tallies->len == others->len &&
	       memcmp(tallies->data, others->data, tallies->len * sizeof(AmTally)) == 0 &&
	       connections->len == other_connections->len &&
	       memcmp(connections->data, other_connections->data, connections->len * sizeof(AmConnection)) == 0;
}

static void a_wrong_time_ends_nothing(void)
{
	g_autofree char *right = write_part("right.pcap", 0, UINT_MAX);
	g_autofree char *wrong = write_with_wrong("wrong.pcap", 0, UINT_MAX, 3000);
	const char *const right_paths[] = {right, NULL}, *const wrong_paths[] = {wrong, NULL};
	g_autofree char *expected = facts_of("right.db", 2, right_paths), *got = facts_of("wrong.db", 2, wrong_paths);
	g_autoptr(GArray) connections = connections_in(expected), others = connections_in(got);
	CU_ASSERT_TRUE(connections->len > 1000);
	CU_ASSERT_EQUAL(connections->len, others->len);
	g_autoptr(AmFacts) facts = am_facts_open(got, AM_FACTS_READ, NULL);
	g_autoptr(GPtrArray) runs = am_facts_runs(facts, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(runs);
	const AmRun *run = runs->pdata[0];
	CU_ASSERT_EQUAL(run->ledger.times_mended, 1);
	CU_ASSERT_EQUAL(run->ledger.clock_steps_back, 0);
	for (guint n = 0; n < others->len; n++)
		CU_ASSERT_TRUE(g_array_index(others, AmConnection, n).last_ns < INT64_C(4000000000) * AM_NS_PER_S);
}

static void threads_make_no_difference(void)
{
	const char *const paths[] = {sample, NULL};
	g_autofree char *one = facts_of("t1.db", 1, paths);
	for (guint threads = 2; threads <= 8; threads += threads == 3 ? 5 : 1) {
		g_autofree char *name = g_strdup_printf("t%u.db", threads);
		g_autofree char *many = facts_of(name, threads, paths);
		CU_ASSERT_TRUE(same_bytes(one, many));
	}
}

#define N_CLIENTS 100

/* So many clients are told a port by an FTP server, and one half of them uses it, the other one another port. */
static char *write_announcements(const char *name)
{
	char *path = in_folder(name);
	FILE *file = fopen(path, "wb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	put_head(file, 101);
	for (uint16_t n = 0; n < 2 * N_CLIENTS; n++) {
		TestPacket t;
		g_autofree char *client = g_strdup_printf("10.1.0.%u", n % N_CLIENTS);
		if (n < N_CLIENTS)
			test_tcp(&t, 0, "10.0.0.2", 21, client, 40000, AM_TCP_ACK, 1, 1, "227 (10,0,0,2,19,136)\r\n");
		else
			test_tcp(&t, 0, client, 40001, "10.0.0.2", 5000 + n % 2, AM_TCP_SYN, 1, 0, NULL);
		put32(file, 1700000000u + n / 10);
		put32(file, n);
		put32(file, t.packet.ip_size);
		put32(file, t.packet.ip_size);
		fwrite(t.bytes, 1, t.packet.ip_size, file);
	}
	CU_ASSERT_EQUAL(fclose(file), 0);
	return path;
}

/* Who announced and who follows are in the same shard, whichever thread has it. */
static void announcements_reach_every_thread(void)
{
	g_autofree char *capture = write_announcements("ftp.pcap");
	const char *const paths[] = {capture, NULL};
	g_autofree char *one = facts_of("a1.db", 1, paths);
	g_autoptr(GArray) connections = connections_in(one);
	guint n_related = 0;
	for (guint n = 0; n < connections->len; n++)
		n_related +=
			g_array_index(connections, AmConnection, n).related == am_related(AM_RELATED_FTP, 0, 6, 21);
	CU_ASSERT_EQUAL(connections->len, 2 * N_CLIENTS);
	CU_ASSERT_EQUAL(n_related, N_CLIENTS / 2);
	for (guint threads = 2; threads <= 8; threads++) {
		g_autofree char *name = g_strdup_printf("a%u.db", threads);
		g_autofree char *many = facts_of(name, threads, paths);
		CU_ASSERT_TRUE(same_bytes(one, many));
	}
}

static void files_and_their_order_make_no_difference(void)
{
	g_autofree char *whole = write_part("whole.pcap", 0, G_MAXUINT);
	g_autofree char *head = write_part("head.pcap", 0, 3000), *tail = write_part("tail.pcap", 3000, G_MAXUINT);
	const char *const in_one[] = {whole, NULL}, *const in_order[] = {head, tail, NULL},
			  *const turned[] = {tail, head, NULL};
	g_autofree char *a = facts_of("whole.db", 2, in_one), *b = facts_of("parts.db", 2, in_order),
			*c = facts_of("turned.db", 2, turned);
	CU_ASSERT_TRUE(same_facts(a, b));
	CU_ASSERT_TRUE(same_bytes(b, c));
}

static void known_inputs_are_left_out(void)
{
	const char *const paths[] = {sample, NULL};
	g_autofree char *db = facts_of("known.db", 2, paths);
	AmIngestResult result;
	CU_ASSERT_TRUE(ingest(db, 2, paths, &result, NULL));
	CU_ASSERT_PTR_NULL(result.run);
	CU_ASSERT_EQUAL(result.n_known, 1);
	CU_ASSERT_EQUAL(result.n_failed, 0);
	am_ingest_result_clear(&result);
}

static void the_ledger_balances(void)
{
	const char *const paths[] = {sample, NULL};
	g_autofree char *db = in_folder("ledger.db");
	AmIngestResult result;
	CU_ASSERT_TRUE_FATAL(ingest(db, 2, paths, &result, NULL));
	const AmLedger *ledger = &result.run->ledger;
	uint64_t sum = ledger->recorded;
	for (guint r = 0; r < AM_N_SKIP_REASONS; r++)
		sum += ledger->skipped[r];
	CU_ASSERT_EQUAL(ledger->read, 7350);
	CU_ASSERT_EQUAL(ledger->read, sum);
	CU_ASSERT_TRUE(ledger->skipped[AM_SKIP_NOT_IP] > 0); /* ARP */
	CU_ASSERT_TRUE(ledger->connections > 1000);
	am_ingest_result_clear(&result);
}

static void broken_inputs_are_told(void)
{
	g_autofree char *text = in_folder("text.txt"), *empty = in_folder("empty.pcap"), *db = in_folder("bad.db");
	CU_ASSERT_TRUE(g_file_set_contents(text, "this is not a capture\n", -1, NULL));
	CU_ASSERT_TRUE(g_file_set_contents(empty, "", 0, NULL));
	const char *const alone[] = {text, NULL}, *const among[] = {text, sample, empty, "/nowhere/at-all.pcap", NULL};
	AmIngestResult result;
	g_autoptr(GError) error = NULL;
	CU_ASSERT_FALSE(ingest(db, 2, alone, &result, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_JOB_ERROR, AM_JOB_ERROR_INPUT));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, text));
	am_ingest_result_clear(&result);
	CU_ASSERT_TRUE(ingest(db, 2, among, &result, NULL));
	CU_ASSERT_EQUAL(result.n_failed, 3);
	CU_ASSERT_EQUAL(result.warnings->len, 3);
	CU_ASSERT_EQUAL(result.run->inputs->len, 1);
	am_ingest_result_clear(&result);
}

static void a_cut_capture_keeps_what_was_read(void)
{
	g_autofree char *whole = write_part("full.pcap", 0, 500), *cut = in_folder("cut.pcap"),
			*db = in_folder("cut.db");
	g_autofree char *bytes = NULL;
	gsize size = 0;
	CU_ASSERT_TRUE_FATAL(g_file_get_contents(whole, &bytes, &size, NULL));
	CU_ASSERT_TRUE(g_file_set_contents(cut, bytes, (gssize)size - 7, NULL));
	const char *const paths[] = {cut, NULL};
	AmIngestResult result;
	CU_ASSERT_TRUE_FATAL(ingest(db, 1, paths, &result, NULL));
	CU_ASSERT_EQUAL(result.n_cut, 1);
	CU_ASSERT_EQUAL(result.run->ledger.read, 499);
	CU_ASSERT_TRUE(g_array_index(result.run->inputs, AmInput, 0).cut);
	am_ingest_result_clear(&result);
}

/* The sample's frames inside of VXLAN, with each of two numbers, as a mirror sends it (from one address to another), or as
 * overlays do: from the host of the sender to that of the receiver, told by their MAC addresses. */
static char *write_overlay(const char *name, gboolean is_mirror)
{
	char *path = in_folder(name);
	FILE *file = fopen(path, "wb");
	g_autoptr(AmInputFile) input = am_input_file_open(sample, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(input);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	put_head(file, 1);
	AmFrame frame;
	while (am_input_file_next(input, &frame, NULL) == 1) {
		for (uint8_t vni = 1; vni <= (is_mirror ? 1 : 2); vni++) {
			uint8_t head[50] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45};
			uint32_t size = frame.size + sizeof head, wire_size = frame.wire_size + sizeof head;
			head[16] = (uint8_t)((wire_size - 14) >> 8);
			head[17] = (uint8_t)(wire_size - 14);
			head[22] = 64;
			head[23] = 17;
			memcpy(head + 26, "\xc0\0\2\1\xc0\0\2\2", 8);
			if (!is_mirror) {
				head[29] = frame.bytes[11];
				head[33] = frame.bytes[5] == frame.bytes[11] ? 0xee : frame.bytes[5];
				if (frame.bytes[0] & 1)
					memcpy(head + 30, "\xef\1\1\1", 4);
			}
			head[34] = 0xc0;
			head[36] = 4789 >> 8;
			head[37] = 4789 & 0xff;
			head[38] = (uint8_t)((wire_size - 34) >> 8);
			head[39] = (uint8_t)(wire_size - 34);
			head[42] = 8;
			head[48] = vni;
			put32(file, (uint32_t)(frame.time_ns / AM_NS_PER_S));
			put32(file, (uint32_t)(frame.time_ns % AM_NS_PER_S));
			put32(file, size);
			put32(file, wire_size);
			fwrite(head, 1, sizeof head, file);
			fwrite(frame.bytes, 1, frame.size, file);
		}
	}
	CU_ASSERT_EQUAL(fclose(file), 0);
	return path;
}

/* How many of the connections in one network are in the other facts' default one, but for the order in which they began. */
static guint count_same(const GArray *connections, uint32_t network, const GArray *plain)
{
	guint n_same = 0, at = 0;
	for (guint n = 0; n < connections->len; n++) {
		const AmConnection *c = &g_array_index(connections, AmConnection, n);
		if (c->network != network)
			continue;
		const AmConnection *p = &g_array_index(plain, AmConnection, MIN(at, plain->len - 1));
		at++;
		n_same += am_address_compare(&c->lo, &p->lo) == 0 && am_address_compare(&c->hi, &p->hi) == 0 &&
			  c->port_lo == p->port_lo && c->port_hi == p->port_hi && c->outcome == p->outcome &&
			  c->evidence == p->evidence && memcmp(&c->total, &p->total, sizeof c->total) == 0;
	}
	return n_same;
}

/* Ingests into a database that there may be; how many warnings say that an input looks like another one. */
static guint count_alike(const char *db, const char *const *paths, const char *says)
{
	AmIngestResult result;
	CU_ASSERT_TRUE_FATAL(ingest(db, 2, paths, &result, NULL));
	CU_ASSERT_EQUAL(result.n_failed, 0);
	CU_ASSERT_EQUAL(result.n_known, 0);
	guint n_alike = 0;
	for (guint n = 0; n < result.warnings->len; n++)
		n_alike += strstr(result.warnings->pdata[n], says) != NULL;
	CU_ASSERT_EQUAL(n_alike, result.warnings->len);
	am_ingest_result_clear(&result);
	return n_alike;
}

/* The same packets in another file format have another hash: they are read, and told. */
static void the_same_in_another_shape_is_told(void)
{
	g_autofree char *db = in_folder("alike.db"), *plain = write_part("alike.pcap", 0, UINT_MAX),
			*half = write_part("half.pcap", 0, 3000), *rest = write_part("rest.pcap", 3000, UINT_MAX);
	g_autofree char *earlier =
		g_strdup_printf("alike.pcap looks like the same capture as %s of run 1, which is in ", sample);
	const char *const first[] = {sample, NULL}, *const again[] = {plain, NULL}, *const parts[] = {half, rest, NULL};
	CU_ASSERT_EQUAL(count_alike(db, first, ""), 0);
	CU_ASSERT_EQUAL(count_alike(db, again, earlier), 1);
	CU_ASSERT_EQUAL(count_alike(db, parts, "half.pcap and 1 more: from the same time as "), 1);
	g_autofree char *by_parts = in_folder("alike-parts.db");
	CU_ASSERT_EQUAL(count_alike(by_parts, parts, ""), 0);
	/* In one run: packets are told from their copies, so that the facts are the same. */
	const char *const both[] = {sample, plain, NULL};
	g_autofree char *twice = in_folder("alike-twice.db"), *once = facts_of("alike-once.db", 2, first);
	CU_ASSERT_EQUAL(count_alike(twice, both, "read with it"), 1);
	g_autoptr(GArray) connections = connections_in(once), others = connections_in(twice);
	CU_ASSERT_EQUAL(connections->len, others->len);
	CU_ASSERT_EQUAL(count_same(others, 0, connections), connections->len);
	/* Without a packet, nothing is alike. */
	g_autofree char *empty_db = in_folder("alike-none.db");
	for (uint32_t link_type = 1; link_type < 102; link_type += 100) {
		g_autofree char *name = g_strdup_printf("empty-%u.pcap", link_type), *empty = in_folder(name);
		FILE *file = fopen(empty, "wb");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		put_head(file, link_type);
		CU_ASSERT_EQUAL(fclose(file), 0);
		const char *const paths[] = {empty, NULL};
		CU_ASSERT_EQUAL(count_alike(empty_db, paths, ""), 0);
	}
}

/* Another network's machines, and another sensor's view, are others. */
static void another_network_is_not_alike(void)
{
	g_autofree char *db = in_folder("apart.db"), *plain = write_part("apart.pcap", 0, 500),
			*cut = write_part("apart-2.pcap", 0, 501);
	const char *const paths[] = {plain, NULL}, *const others[] = {cut, NULL};
	CU_ASSERT_EQUAL(count_alike(db, paths, ""), 0);
	CU_ASSERT_EQUAL(count_alike(db, others, "apart-2.pcap: from the same time as "), 1); /* one packet more */
	AmIngestOptions options = {.db = db, .paths = paths, .now_ns = AM_NS_PER_S, .network = "blue"};
	AmIngestResult result;
	CU_ASSERT_TRUE(am_job_ingest(&options, &result, NULL));
	CU_ASSERT_EQUAL(result.warnings->len, 0);
	am_ingest_result_clear(&result);
}

/* How many are between the ends of the overlay: both directions, in the run's own network, each a connection of its own. */
static guint count_outers(const GArray *connections)
{
	guint n_outers = 0;
	uint64_t packets = 0;
	for (guint n = 0; n < connections->len; n++) {
		const AmConnection *c = &g_array_index(connections, AmConnection, n);
		if (strcmp(c->l7, "vxlan") != 0)
			continue;
		n_outers++;
		packets += c->total.packets[0] + c->total.packets[1];
		CU_ASSERT_EQUAL(c->network, 0);
		CU_ASSERT_EQUAL(c->encapsulation, AM_ENCAPSULATION_NONE);
		CU_ASSERT_EQUAL(c->port_lo + c->port_hi, 4789);
		CU_ASSERT_EQUAL(c->outcome, AM_OUTCOME_ACCEPTED);
		CU_ASSERT_TRUE(c->total.packets[0] == 0 || c->total.packets[1] == 0);
		/* The sender is the client. */
		CU_ASSERT_EQUAL((c->evidence & AM_EVIDENCE_CLIENT_LO) != 0, c->port_hi == 4789);
		CU_ASSERT_EQUAL((c->evidence & AM_EVIDENCE_CLIENT_HI) != 0, c->port_lo == 4789);
	}
	CU_ASSERT_TRUE(n_outers >= 2);
	CU_ASSERT_TRUE(packets > 10000 && packets <= 14700);
	return n_outers;
}

static void a_mirror_is_no_network(void)
{
	g_autofree char *plain = write_part("unwrapped.pcap", 0, UINT_MAX),
			*mirror = write_overlay("mirror.pcap", TRUE);
	const char *const plain_paths[] = {plain, NULL}, *const mirror_paths[] = {mirror, NULL};
	g_autofree char *expected = facts_of("unwrapped.db", 2, plain_paths),
			*got = facts_of("mirror.db", 2, mirror_paths);
	g_autoptr(GArray) connections = connections_in(expected), others = connections_in(got);
	CU_ASSERT_EQUAL(connections->len, others->len);
	CU_ASSERT_EQUAL(count_same(others, 0, connections), connections->len);
	CU_ASSERT_EQUAL(g_array_index(others, AmConnection, 0).encapsulation, AM_ENCAPSULATION_VXLAN);
	g_autoptr(AmFacts) facts = am_facts_open(got, AM_FACTS_READ, NULL);
	g_autoptr(GPtrArray) networks = am_facts_networks(facts, NULL);
	CU_ASSERT_EQUAL(networks->len, 1);
}

static void overlays_are_networks(void)
{
	g_autofree char *plain = write_part("inside.pcap", 0, UINT_MAX),
			*overlay = write_overlay("overlay.pcap", FALSE);
	const char *const plain_paths[] = {plain, NULL}, *const overlay_paths[] = {overlay, NULL};
	g_autofree char *expected = facts_of("inside.db", 2, plain_paths), *one = facts_of("o1.db", 1, overlay_paths),
			*many = facts_of("o3.db", 3, overlay_paths);
	CU_ASSERT_TRUE(same_bytes(one, many));
	g_autoptr(GArray) connections = connections_in(expected), others = connections_in(one);
	g_autoptr(AmNetworkList) list = am_job_networks(one, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT_EQUAL_FATAL(list->seen->len, 2);
	for (guint n = 0; n < 2; n++) {
		const AmEncapsulated *seen = &g_array_index(list->seen, AmEncapsulated, n);
		CU_ASSERT_EQUAL(seen->reason, AM_NETWORK_TRANSIT);
		CU_ASSERT_EQUAL(seen->packets, 7350);
		CU_ASSERT_EQUAL(seen->undecided, 0);
		CU_ASSERT_EQUAL(count_same(others, n + 1, connections), connections->len);
	}
	CU_ASSERT_EQUAL(others->len, 2 * connections->len + count_outers(others));
}

/* What somebody said before goes before what is seen. */
static void the_network_table_decides(void)
{
	g_autofree char *overlay = write_overlay("said.pcap", FALSE), *db = in_folder("said.db");
	g_autofree char *beside = am_decisions_path_for(db);
	g_autoptr(AmDecisions) decisions = am_decisions_open(beside, TRUE, NULL);
	AmNetworkRule rule = {.kind = AM_ENCAPSULATION_VXLAN, .id = 1, .network = (char *)"default"};
	CU_ASSERT_TRUE(am_decisions_add_network(decisions, &rule, NULL));
	rule = (AmNetworkRule){.sensor = (char *)"offline", .kind = AM_ENCAPSULATION_VXLAN, .id = 2};
	rule.network = (char *)"blue";
	CU_ASSERT_TRUE(am_decisions_add_network(decisions, &rule, NULL));
	const char *const paths[] = {overlay, NULL};
	AmIngestResult result;
	CU_ASSERT_TRUE_FATAL(ingest(db, 2, paths, &result, NULL));
	am_ingest_result_clear(&result);
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	g_autoptr(GPtrArray) networks = am_facts_networks(facts, NULL);
	CU_ASSERT_EQUAL_FATAL(networks->len, 2);
	CU_ASSERT_STRING_EQUAL(networks->pdata[1], "blue");
	g_autoptr(GArray) connections = connections_in(db);
	guint n_blue = 0;
	for (guint n = 0; n < connections->len; n++)
		n_blue += g_array_index(connections, AmConnection, n).network == 1;
	CU_ASSERT_EQUAL(2 * n_blue + count_outers(connections), connections->len);
}

/* Lines of logs come after all packets of all frames: no two records are one. */
static void logs_after_tunnels(void)
{
	g_autofree char *overlay = write_overlay("with-log.pcap", FALSE), *log = in_folder("conn.log");
	FILE *file = fopen(log, "wb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs("#separator "
	      "\\x09\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state\torig_pkts\t"
	      "resp_pkts\torig_ip_bytes\tresp_ip_bytes\n",
	      file);
	for (guint n = 0; n < 20000; n++)
		fprintf(file, "%u.0\t10.9.%u.%u\t40000\t10.9.0.1\t53\tudp\tSF\t1\t1\t60\t60\n", 1772600000 + n,
			1 + n / 250, n % 250);
	CU_ASSERT_EQUAL(fclose(file), 0);
	const char *const one[] = {overlay, NULL}, *const both[] = {overlay, log, NULL};
	g_autofree char *alone = facts_of("no-log.db", 1, one), *db = facts_of("with-log.db", 1, both);
	g_autoptr(GArray) connections = connections_in(alone), with = connections_in(db);
	CU_ASSERT_EQUAL(with->len, connections->len + 20000);
}

/* The clock goes back with the first frame of a chunk of 4096, or of several chunks on end. */
static void a_step_back_anywhere(void)
{
	for (guint n_first = 4095; n_first <= 4097; n_first++) {
		g_autofree char *name = g_strdup_printf("back-%u", n_first), *path = in_folder(name),
				*db_name = g_strdup_printf("%s.db", name);
		FILE *file = fopen(path, "wb");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		put32(file, 0xa1b23c4d);
		put32(file, 4u << 16 | 2);
		put32(file, 0);
		put32(file, 0);
		put32(file, 262144);
		put32(file, 1);
		for (guint n = 0; n < n_first + 16000; n++) {
			static const uint8_t octets[] = {2,    0, 0,  0,  0, 1, 2,    0,    0, 0,  0, 2, 8,  0,
							 0x45, 0, 0,  28, 0, 0, 0,    0,    9, 17, 0, 0, 10, 0,
							 0,    1, 10, 0,  0, 2, 0x9c, 0x40, 0, 53, 0, 8, 0,  0};
			uint8_t frame[sizeof octets];
			memcpy(frame, octets, sizeof octets);
			frame[18] = (uint8_t)(n >> 8);
			frame[19] = (uint8_t)n;
			put32(file, (n < n_first ? 1772600000 : 1772000000) + n);
			put32(file, 0);
			put32(file, sizeof frame);
			put32(file, sizeof frame);
			fwrite(frame, 1, sizeof frame, file);
		}
		CU_ASSERT_EQUAL(fclose(file), 0);
		g_autofree char *db = in_folder(db_name);
		const char *const paths[] = {path, NULL};
		AmIngestResult result;
		CU_ASSERT_TRUE_FATAL(ingest(db, 2, paths, &result, NULL));
		CU_ASSERT_EQUAL(result.run->ledger.read, n_first + 16000);
		CU_ASSERT_EQUAL(result.run->ledger.recorded, n_first + 16000);
		CU_ASSERT_EQUAL(result.run->ledger.clock_steps_back, 1);
		am_ingest_result_clear(&result);
		g_autoptr(GArray) connections = connections_in(db);
		CU_ASSERT_EQUAL(connections->len, 2);
	}
}

static void remove_folder(void)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
		g_autofree char *path = in_folder(name);
		g_remove(path);
	}
	g_rmdir(folder);
	g_free(folder);
}

int main(void)
{
	const CU_TestInfo tests[] = {
		UNIT_TEST(a_wrong_time_ends_nothing),
		UNIT_TEST(threads_make_no_difference),
		UNIT_TEST(announcements_reach_every_thread),
		UNIT_TEST(files_and_their_order_make_no_difference),
		UNIT_TEST(known_inputs_are_left_out),
		UNIT_TEST(the_same_in_another_shape_is_told),
		UNIT_TEST(another_network_is_not_alike),
		UNIT_TEST(the_ledger_balances),
		UNIT_TEST(broken_inputs_are_told),
		UNIT_TEST(a_cut_capture_keeps_what_was_read),
		UNIT_TEST(a_mirror_is_no_network),
		UNIT_TEST(overlays_are_networks),
		UNIT_TEST(logs_after_tunnels),
		UNIT_TEST(a_step_back_anywhere),
		UNIT_TEST(the_network_table_decides),
		{NULL, NULL},
	};
	folder = g_dir_make_tmp("allowmap-test-XXXXXX", NULL);
	int status = unit_run("ingest", tests);
	remove_folder();
	return status;
}
