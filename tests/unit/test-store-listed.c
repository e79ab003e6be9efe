/* facts-listed.c: lists of listeners, and what they say together. */
#include "config.h"

#include "store-facts.h"

static AmListenerList *list_of(AmListKind kind, const char *host, int64_t at_ns, gboolean is_whole)
{
	AmListenerList *list = am_listener_list_new(kind);
	AmListWhole whole = {.host = store_address(host), .at_ns = at_ns};
	if (is_whole)
		g_array_append_val(list->whole, whole);
	return list;
}

static void add_port(AmListenerList *list, const char *host, uint16_t port, int64_t at_ns, gboolean is_open,
		     const char *program)
{
	AmListEntry entry = {.host = store_address(host),
			     .address = store_address(host),
			     .ip_protocol = 6,
			     .is_open = is_open != FALSE,
			     .port = port,
			     .at_ns = at_ns};
	g_strlcpy(entry.program, program, sizeof entry.program);
	g_array_append_val(list->entries, entry);
	list->lines++;
	list->skipped[AM_LIST_USED]++;
}

static gboolean keep(const char *db, const char *sha256, const char *network, const AmListenerList *list,
		     GError **error)
{
	const AmListInput input = {.path = "10.0.0.5.ss", .sha256 = sha256, .network = network, .imported_ns = T0};
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_WRITE, error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	return am_facts_add_listeners(facts, &input, list, error);
}

static GArray *listed_in(const char *db)
{
	g_autoptr(AmFacts) facts = am_facts_open(db, AM_FACTS_READ, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	GArray *all = am_facts_listed(facts, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	return all;
}

static const AmListedListener *listed_at(const GArray *all, guint n)
{
	CU_ASSERT_TRUE_FATAL(n < all->len);
	return &g_array_index(all, AmListedListener, n);
}

/* What a later whole list of the host does not name closed then; what one names again is open. */
static void test_whole(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	for (int day = 0; day < 3; day++) {
		int64_t at = T0 + day * DAY;
		g_autofree char *hash = g_strdup_printf("%d", day);
		g_autoptr(AmListenerList) list = list_of(AM_LIST_SS, "10.0.0.5", at, TRUE);
		add_port(list, "10.0.0.5", 22, at, TRUE, day == 0 ? "dropbear" : "sshd");
		if (day == 0)
			add_port(list, "10.0.0.5", 23, at, TRUE, "telnetd");
		if (day != 1)
			add_port(list, "10.0.0.5", 80, at, TRUE, "");
		CU_ASSERT_TRUE(keep(db, hash, NULL, list, NULL));
	}
	g_autoptr(GArray) all = listed_in(db);
	CU_ASSERT_EQUAL(all->len, 3);
	const AmListedListener *ssh = listed_at(all, 0), *telnet = listed_at(all, 1), *web = listed_at(all, 2);
	CU_ASSERT_EQUAL(ssh->source, AM_LISTENER_HOST);
	CU_ASSERT_STRING_EQUAL(ssh->program, "sshd");
	CU_ASSERT_EQUAL(ssh->first_ns, T0);
	CU_ASSERT_EQUAL(ssh->last_ns, T0 + 2 * DAY);
	CU_ASSERT_EQUAL(ssh->closed_ns, 0);
	CU_ASSERT_EQUAL(telnet->port, 23);
	CU_ASSERT_EQUAL(telnet->closed_ns, T0 + DAY);
	CU_ASSERT_EQUAL(web->port, 80);
	CU_ASSERT_EQUAL(web->closed_ns, 0);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* A scan closes what it names as closed, and nothing else; it does not speak for the host. */
static void test_scan(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(AmListenerList) first = list_of(AM_LIST_NMAP, "10.0.0.5", T0, FALSE);
	g_autoptr(AmListenerList) second = list_of(AM_LIST_NMAP, "10.0.0.5", T0 + DAY, FALSE);
	g_autoptr(AmListenerList) host = list_of(AM_LIST_SS, "10.0.0.5", T0 + 2 * DAY, TRUE);
	add_port(first, "10.0.0.5", 22, T0, TRUE, "");
	add_port(first, "10.0.0.5", 80, T0, TRUE, "");
	add_port(first, "10.0.0.5", 81, T0, FALSE, "");
	add_port(second, "10.0.0.5", 80, T0 + DAY, FALSE, "");
	CU_ASSERT_TRUE(keep(db, "b", NULL, second, NULL)); /* in any order */
	CU_ASSERT_TRUE(keep(db, "a", NULL, first, NULL));
	CU_ASSERT_TRUE(keep(db, "c", NULL, host, NULL));
	g_autoptr(GArray) all = listed_in(db);
	CU_ASSERT_EQUAL(all->len, 2);
	CU_ASSERT_EQUAL(listed_at(all, 0)->source, AM_LISTENER_SCAN);
	CU_ASSERT_EQUAL(listed_at(all, 0)->closed_ns, 0);
	CU_ASSERT_EQUAL(listed_at(all, 1)->closed_ns, T0 + DAY);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* The same list again, of the same network and host, is known; of another network it is another. */
static void test_known(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(GError) error = NULL;
	g_autoptr(AmListenerList) list = list_of(AM_LIST_SS, "10.0.0.5", T0, TRUE);
	add_port(list, "10.0.0.5", 22, T0, TRUE, "");
	CU_ASSERT_TRUE(keep(db, "a", NULL, list, NULL));
	CU_ASSERT_FALSE(keep(db, "a", NULL, list, &error));
	CU_ASSERT_TRUE(g_error_matches(error, AM_STORE_ERROR, AM_STORE_ERROR_KNOWN));
	CU_ASSERT_TRUE(keep(db, "a", "blue", list, NULL));
	g_autoptr(GArray) all = listed_in(db);
	CU_ASSERT_EQUAL(all->len, 2);
	CU_ASSERT_EQUAL(listed_at(all, 0)->network, 0);
	CU_ASSERT_EQUAL(listed_at(all, 1)->network, 1);
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

/* A network that came with a list stays when an unfinished run, which brought another, is removed. */
static void test_networks(void)
{
	char *folder = store_folder();
	g_autofree char *db = db_in(folder);
	g_autoptr(AmRun) run = store_run("one", "red");
	g_autoptr(AmListenerList) list = list_of(AM_LIST_SS, "10.0.0.5", T0, TRUE);
	uint32_t network;
	AmFacts *facts = am_facts_open(db, AM_FACTS_WRITE, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	CU_ASSERT_TRUE_FATAL(am_facts_begin_run(facts, run, &network, NULL));
	am_facts_free(facts); /* as if it had been killed */
	CU_ASSERT_TRUE(keep(db, "a", "blue", list, NULL));
	facts = am_facts_open(db, AM_FACTS_READ, NULL);
	g_autoptr(GPtrArray) networks = am_facts_networks(facts, NULL);
	am_facts_free(facts);
	CU_ASSERT_PTR_NOT_NULL_FATAL(networks);
	CU_ASSERT_EQUAL_FATAL(networks->len, 2);
	CU_ASSERT_STRING_EQUAL(networks->pdata[1], "blue");
	CU_ASSERT_EQUAL(store_clean(folder), 1);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_whole),    UNIT_TEST(test_scan), UNIT_TEST(test_known),
		UNIT_TEST(test_networks), {NULL, NULL},
	};
	return unit_run("store-listed", tests);
}
