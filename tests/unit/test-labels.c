/* labels.c, imported.c, naming-labelled.c: what inventories say of assets, which of it counts, the groups that they make, and the
 * borders that groups do not cross. */
#include "config.h"

#include "map-fixture.h"
#include "unit.h"

#include <stdio.h>

static AmDecisionSet *set_new(void)
{
	AmDecisionSet *set = g_new0(AmDecisionSet, 1);
	set->imports = am_imports_new();
	set->labels = am_labels_new();
	set->leases = am_leases_new();
	return set;
}

static void set_free(AmDecisionSet *set)
{
	g_array_unref(set->imports);
	g_array_unref(set->labels);
	g_array_unref(set->leases);
	g_free(set);
}

static void import(AmDecisionSet *set, const char *source, const char *network)
{
	AmImport fresh = {.source = g_strdup(source), .network = g_strdup(network)};
	g_array_append_val(set->imports, fresh);
}

/* Of the last import; `who` is an address, a prefix, a MAC or a name. */
static AmLabel *say(AmDecisionSet *set, const char *who, const char *name, const char *value)
{
	AmLabel label = {.name = g_strdup(name), .value = g_strdup(value), .import = set->imports->len - 1};
	if (am_mac_parse(who, label.mac)) {
		label.of = AM_LABELLED_MAC;
	} else if (!am_prefix_parse(who, &label.prefix, NULL)) {
		label.of = AM_LABELLED_HOST;
		label.host = g_strdup(who);
	}
	g_array_append_val(set->labels, label);
	return &g_array_index(set->labels, AmLabel, set->labels->len - 1);
}

static void observe(GArray *told, const char *who, AmObservedKind kind, const char *value)
{
	AmObservation o = {.address = address(who),
			   .kind = (uint8_t)kind,
			   .first_ns = FIRST_DAY * DAY_NS,
			   .last_ns = (FIRST_DAY + 3) * DAY_NS,
			   .count = 1};
	g_strlcpy(o.value, value, sizeof o.value);
	g_array_append_val(told, o);
}

static AmMap *build(const Net *net, GArray *told, const AmDecisionSet *set)
{
	if (told != NULL)
		g_array_sort(told, am_observation_compare);
	return am_map_build(net->tallies, told, net->networks, set, NULL);
}

static const char *label_of(const AmMap *map, const char *who, const char *name)
{
	const char *value = am_asset_label(map, asset_of(map, who), name);
	return value != NULL ? value : "(none)";
}

static const char *group_of(const AmMap *map, const char *who)
{
	uint32_t group = asset_of(map, who)->group;
	return group != AM_NO_INDEX ? g_array_index(map->groups, AmGroup, group).name : "(none)";
}

static const char *name_of(const AmMap *map, const char *who)
{
	const AmAsset *asset = asset_of(map, who);
	return asset->n_names > 0 ? g_array_index(map->names, AmAssetName, asset->first_name).value : "(none)";
}

/* "name=value (source)" of all that does not count. g_free() */
static char *overruled(const AmMap *map, const char *who)
{
	const AmAsset *asset = asset_of(map, who);
	GString *text = g_string_new(NULL);
	for (uint32_t n = 0; n < asset->n_labels; n++) {
		const AmAssetLabel *label = &g_array_index(map->labels, AmAssetLabel, asset->first_label + n);
		if (label->overruled)
			g_string_append_printf(text, "%s=%s (%s);", label->name, label->value, label->source);
	}
	return g_string_free(text, FALSE);
}

/* Six clients that all do the same, and a server. */
static Net office(void)
{
	Net net = net_new();
	net_span(&net, 3);
	for (int n = 1; n <= 6; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		net_use(&net, client, "10.0.2.1", 443, 0, 3);
		net_use(&net, client, "10.0.2.2", 25, 0, 3);
	}
	return net;
}

/* An address goes before a MAC, that before a name, that before prefixes, the longest first; of two sources, the later. */
static void test_precedence(void)
{
	Net net = office();
	g_autoptr(GArray) told = g_array_new(FALSE, TRUE, sizeof(AmObservation));
	AmDecisionSet *set = set_new();
	observe(told, "10.0.1.1", AM_OBSERVED_MAC, "52:54:00:00:00:01");
	observe(told, "10.0.1.2", AM_OBSERVED_MAC, "52:54:00:00:00:02");
	observe(told, "10.0.1.3", AM_OBSERVED_DNS, "three.example");
	import(set, "old.csv", NULL);
	say(set, "10.0.0.0/16", "owner", "wide");
	say(set, "10.0.1.0/24", "owner", "narrow");
	say(set, "52:54:00:00:00:01", "owner", "by-mac");
	say(set, "52:54:00:00:00:02", "owner", "by-mac");
	say(set, "three", "owner", "by-name");
	say(set, "10.0.1.1", "owner", "old");
	say(set, "10.0.1.5", "owner", "same");
	import(set, "new.csv", NULL);
	say(set, "10.0.1.1", "owner", "new");
	say(set, "10.0.1.5", "owner", "same");
	say(set, "10.0.1.0/24", "owner", "newer");
	g_autoptr(AmMap) map = build(&net, told, set);
	CU_ASSERT_STRING_EQUAL(label_of(map, "10.0.1.1", "owner"), "new");
	CU_ASSERT_STRING_EQUAL(label_of(map, "10.0.1.2", "owner"), "by-mac");
	CU_ASSERT_STRING_EQUAL(label_of(map, "10.0.1.3", "owner"), "by-name");
	CU_ASSERT_STRING_EQUAL(label_of(map, "10.0.1.4", "owner"), "newer");
	CU_ASSERT_STRING_EQUAL(label_of(map, "10.0.1.5", "owner"), "same");
	CU_ASSERT_STRING_EQUAL(label_of(map, "10.0.2.1", "owner"), "wide");
	CU_ASSERT_STRING_EQUAL(label_of(map, "10.0.2.1", "application"), "(none)");
	g_autofree char *host = overruled(map, "10.0.1.1"), *subnet = overruled(map, "10.0.1.4"),
			*same = overruled(map, "10.0.1.5");
	CU_ASSERT_STRING_EQUAL(host, "owner=old (old.csv);owner=by-mac (old.csv);");
	CU_ASSERT_STRING_EQUAL(subnet, "owner=narrow (old.csv);");
	CU_ASSERT_STRING_EQUAL(same, "");
	set_free(set);
	net_clear(&net);
}

/* Not in another network, at another time, of another machine, or where a machine only calls itself so. */
static void test_does_not_hold(void)
{
	Net net = office();
	g_autoptr(GArray) told = g_array_new(FALSE, TRUE, sizeof(AmObservation));
	AmDecisionSet *set = set_new();
	observe(told, "10.0.1.3", AM_OBSERVED_MAC, "52:54:00:00:00:03");
	observe(told, "10.0.1.4", AM_OBSERVED_DHCP, "db1");
	observe(told, "10.0.1.5", AM_OBSERVED_DNS, "shared.example");
	observe(told, "10.0.1.6", AM_OBSERVED_DNS, "shared.example");
	import(set, "branch.csv", "branch");
	say(set, "10.0.1.1", "owner", "no");
	import(set, "all.csv", "default");
	say(set, "10.0.1.2", "owner", "no")->from_ns = (FIRST_DAY + 10) * DAY_NS;
	say(set, "10.0.1.2", "owner", "neither")->until_ns = (FIRST_DAY - 10) * DAY_NS;
	AmLabel *moved = say(set, "10.0.1.3", "owner", "no");
	memcpy(moved->mac, "\x52\x54\x00\x00\x00\x09", 6);
	say(set, "db1", "owner", "no");
	say(set, "shared.example", "owner", "no");
	say(set, "10.0.2.1", "owner", "yes")->from_ns = (FIRST_DAY + 1) * DAY_NS;
	g_autoptr(AmMap) map = build(&net, told, set);
	for (int n = 1; n <= 6; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		CU_ASSERT_STRING_EQUAL(label_of(map, client, "owner"), "(none)");
	}
	CU_ASSERT_STRING_EQUAL(label_of(map, "10.0.2.1", "owner"), "yes");
	set_free(set);
	net_clear(&net);
}

static void test_names(void)
{
	Net net = office();
	g_autoptr(GArray) told = g_array_new(FALSE, TRUE, sizeof(AmObservation));
	AmDecisionSet *set = set_new();
	observe(told, "10.0.1.1", AM_OBSERVED_DNS, "learned.example");
	observe(told, "10.0.1.1", AM_OBSERVED_PTR, "learned.example");
	import(set, "old.csv", NULL);
	say(set, "10.0.1.1", "name", "Old One");
	import(set, "new.csv", NULL);
	say(set, "10.0.1.1", "name", "one");
	say(set, "10.0.1.2", "name", "one");
	g_autoptr(AmMap) map = build(&net, told, set);
	CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.1.1"), "one");
	CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.1.2"), "one");
	const AmAsset *asset = asset_of(map, "10.0.1.1");
	CU_ASSERT_EQUAL_FATAL(asset->n_names, 4);
	CU_ASSERT_STRING_EQUAL(g_array_index(map->names, AmAssetName, asset->first_name + 1).value, "Old One");
	CU_ASSERT_STRING_EQUAL(g_array_index(map->names, AmAssetName, asset->first_name + 2).value, "learned.example");
	set_free(set);
	net_clear(&net);
}

/* What an inventory says a machine is for goes before what it does, whether that parts alike ones or joins others. */
static void test_roles(void)
{
	Net net = office();
	AmDecisionSet *set = set_new();
	import(set, "hosts.csv", NULL);
	say(set, "10.0.1.1", "role", "Web_Front-end");
	say(set, "10.0.2.1", "role", "Web_Front-end");
	say(set, "10.0.1.2", "group", "kiosk");
	say(set, "10.0.1.3", "group", "kiosk");
	say(set, "10.0.1.3", "role", "a-role-with-many-parts");
	say(set, "10.0.1.200", "role", "kiosk"); /* not there */
	g_autoptr(AmMap) map = build(&net, NULL, set);
	CU_ASSERT_STRING_EQUAL(group_of(map, "10.0.1.1"), "web-front-end");
	CU_ASSERT_STRING_EQUAL(group_of(map, "10.0.2.1"), "web-front-end");
	CU_ASSERT_STRING_EQUAL(group_of(map, "10.0.1.2"), "kiosk");
	CU_ASSERT_EQUAL(strncmp(group_of(map, "10.0.1.3"), "a-role-", 7), 0);
	CU_ASSERT_EQUAL(strlen(group_of(map, "10.0.1.3")), 13);
	CU_ASSERT_STRING_EQUAL(group_of(map, "10.0.1.4"), group_of(map, "10.0.1.5"));
	CU_ASSERT_STRING_NOT_EQUAL(group_of(map, "10.0.1.4"), "kiosk");
	const AmGroup *web = &g_array_index(map->groups, AmGroup, asset_of(map, "10.0.1.1")->group);
	CU_ASSERT_EQUAL(web->members->len, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(web->why, "an inventory calls Web_Front-end"));
	/* Its id stays, whatever its members do. */
	net_use(&net, "10.0.1.1", "10.0.2.2", 9999, 0, 3);
	g_autoptr(AmMap) later = build(&net, NULL, set);
	const AmGroup *again = &g_array_index(later->groups, AmGroup, asset_of(later, "10.0.1.1")->group);
	CU_ASSERT_STRING_EQUAL(again->id, web->id);
	CU_ASSERT_STRING_NOT_EQUAL(later->revision, map->revision);
	set_free(set);
	net_clear(&net);
}

/* An address that counts as outside is one of its role all the same. */
static void test_outside(void)
{
	Net net = office();
	net_use(&net, "198.51.100.7", "10.0.2.1", 443, 0, 3);
	net_use(&net, "198.51.100.8", "10.0.2.1", 443, 0, 3);
	AmDecisionSet *set = set_new();
	import(set, "hosts.csv", NULL);
	say(set, "198.51.100.7", "role", "staff");
	say(set, "10.0.1.1", "role", "staff");
	g_autoptr(AmMap) map = build(&net, NULL, set);
	CU_ASSERT_STRING_EQUAL(group_of(map, "198.51.100.7"), "staff");
	CU_ASSERT_STRING_EQUAL(group_of(map, "10.0.1.1"), "staff");
	CU_ASSERT_STRING_EQUAL(group_of(map, "198.51.100.8"), "visitors-web");
	for (guint n = 0; n < map->groups->len; n++) {
		const AmGroup *group = &g_array_index(map->groups, AmGroup, n);
		for (guint m = 0; m < group->members->len; m++) {
			uint32_t member = g_array_index(group->members, uint32_t, m);
			CU_ASSERT_EQUAL(g_array_index(map->assets, AmAsset, member).group, n);
		}
	}
	set_free(set);
	net_clear(&net);
}

/* Names that no target would take, or that say the same in the letters that are left. */
static void test_group_names(void)
{
	static const struct {
		const char *role, *wanted; /* a prefix of it, where it ends in "-" */
	} cases[] = {
		{"DB", "db"},
		{"x; drop", "x-drop"},
		{"42", "group-42"},
		{"\xc3\xa4", "group-"},
		{"Db!", "db-"},
		{"9lives", "group-9lives"},
		{"averyveryverylongword", "averyveryver-"},
	};
	g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GRegex) pattern = g_regex_new("^[a-z][a-z0-9]{0,11}(-[a-z0-9]{1,8}){0,2}$", 0, 0, NULL);
	Net net = net_new();
	net_span(&net, 3);
	AmDecisionSet *set = set_new();
	import(set, "hosts.csv", NULL);
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%u", n + 1);
		net_use(&net, client, "10.0.2.1", 443, (int)n / 3, 3);
		say(set, client, "role", cases[n].role);
	}
	g_autoptr(AmMap) map = build(&net, NULL, set);
	for (guint n = 0; n < G_N_ELEMENTS(cases); n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%u", n + 1);
		const char *name = group_of(map, client), *wanted = cases[n].wanted;
		CU_ASSERT_TRUE(g_regex_match(pattern, name, 0, NULL));
		CU_ASSERT_TRUE(g_hash_table_add(taken, g_strdup(name)));
		gboolean hashed = g_str_has_suffix(wanted, "-");
		CU_ASSERT_TRUE(g_str_has_prefix(name, wanted));
		CU_ASSERT_EQUAL(strlen(name), strlen(wanted) + (hashed ? 6 : 0));
	}
	set_free(set);
	net_clear(&net);
}

/* Alike, and of one role even: no group crosses an application or an owner. */
static void test_borders(void)
{
	Net net = office();
	AmDecisionSet *set = set_new();
	g_autoptr(AmMap) before = build(&net, NULL, NULL);
	for (int n = 2; n <= 6; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		CU_ASSERT_STRING_EQUAL(group_of(before, client), group_of(before, "10.0.1.1"));
	}
	import(set, "hosts.csv", NULL);
	say(set, "10.0.1.1", "application", "shop");
	say(set, "10.0.1.2", "application", "shop");
	say(set, "10.0.1.3", "application", "crm");
	say(set, "10.0.1.4", "application", "crm");
	say(set, "10.0.1.4", "owner", "ann");
	say(set, "10.0.1.1", "environment", "prod"); /* is no border */
	g_autoptr(AmMap) map = build(&net, NULL, set);
	CU_ASSERT_STRING_EQUAL(group_of(map, "10.0.1.1"), group_of(map, "10.0.1.2"));
	CU_ASSERT_STRING_EQUAL(group_of(map, "10.0.1.5"), group_of(map, "10.0.1.6"));
	static const char *const parted[] = {"10.0.1.1", "10.0.1.3", "10.0.1.4", "10.0.1.5"};
	for (guint a = 0; a < G_N_ELEMENTS(parted); a++) {
		for (guint b = 0; b < a; b++)
			CU_ASSERT_STRING_NOT_EQUAL(group_of(map, parted[a]), group_of(map, parted[b]));
	}
	for (int n = 1; n <= 6; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		say(set, client, "role", "client");
	}
	g_autoptr(AmMap) roles = build(&net, NULL, set);
	CU_ASSERT_STRING_EQUAL(group_of(roles, "10.0.1.1"), "client");
	CU_ASSERT_STRING_EQUAL(group_of(roles, "10.0.1.2"), "client");
	CU_ASSERT_STRING_EQUAL(group_of(roles, "10.0.1.3"), "client-crm");
	CU_ASSERT_STRING_EQUAL(group_of(roles, "10.0.1.4"), "client-ann"); /* of crm, too */
	for (guint a = 0; a < G_N_ELEMENTS(parted); a++) {
		for (guint b = 0; b < a; b++)
			CU_ASSERT_STRING_NOT_EQUAL(group_of(roles, parted[a]), group_of(roles, parted[b]));
	}
	/* What the two have in common tells them not apart. */
	say(set, "10.0.1.2", "owner", "bob");
	g_autoptr(AmMap) owners = build(&net, NULL, set);
	CU_ASSERT_STRING_EQUAL(group_of(owners, "10.0.1.1"), "client");
	CU_ASSERT_STRING_EQUAL(group_of(owners, "10.0.1.2"), "client-bob");
	set_free(set);
	net_clear(&net);
}

static void lease(AmDecisionSet *set, const char *who, const char *mac, const char *host, int day)
{
	AmLease fresh = {.address = address(who),
			 .host = g_strdup(host),
			 .first_ns = (FIRST_DAY + day) * DAY_NS,
			 .last_ns = (FIRST_DAY + day) * DAY_NS + HOUR_NS,
			 .import = set->imports->len - 1};
	g_assert(am_mac_parse(mac, fresh.mac));
	g_array_append_val(set->leases, fresh);
}

/* A machine that moved from address to address is one, as its server's leases tell; in another network they tell nothing. */
static void test_leases(void)
{
	for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
		Net net = net_new();
		net_span(&net, 3);
		net_use(&net, "10.0.1.1", "10.0.2.1", 443, 0, 1);
		net_use(&net, "10.0.1.2", "10.0.2.1", 443, 1, 1);
		net_use(&net, "10.0.1.3", "10.0.2.1", 443, 1, 1);
		AmDecisionSet *set = set_new();
		import(set, "leases", elsewhere ? "branch" : NULL);
		lease(set, "10.0.1.1", "52:54:00:00:00:01", "pc7", 0);
		lease(set, "10.0.1.2", "52:54:00:00:00:01", "pc7", 1);
		lease(set, "10.0.1.3", "52:54:00:00:00:03", NULL, 1);
		lease(set, "10.0.1.99", "52:54:00:00:00:04", "never-seen", 1);
		g_autoptr(AmMap) map = build(&net, NULL, set);
		const AmAsset *one = asset_of(map, "10.0.1.1");
		CU_ASSERT_EQUAL(one == asset_of(map, "10.0.1.2"), !elsewhere);
		CU_ASSERT_PTR_NOT_EQUAL(one, asset_of(map, "10.0.1.3"));
		CU_ASSERT_STRING_EQUAL(name_of(map, "10.0.1.1"), elsewhere ? "(none)" : "pc7");
		CU_ASSERT_EQUAL(one->has_mac, !elsewhere);
		set_free(set);
		net_clear(&net);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_precedence), UNIT_TEST(test_does_not_hold), UNIT_TEST(test_names),
		UNIT_TEST(test_roles),      UNIT_TEST(test_group_names),   UNIT_TEST(test_borders),
		UNIT_TEST(test_leases),     UNIT_TEST(test_outside),       {NULL, NULL},
	};
	return unit_run("labels", tests);
}
