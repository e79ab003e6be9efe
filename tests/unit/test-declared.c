/* What people declared: an expected change answers only its doubts, exclusions hide no attack, scanners get rules of their own,
 * and groups that were cut by hand stay so. */
#include "config.h"

#include "allowmap/policy.h"
#include "map-fixture.h"
#include "unit.h"

#define NS(day, hour) ((int64_t)(FIRST_DAY + (day)) * DAY_NS + (hour)*HOUR_NS)

static AmDecisionSet set_new(void)
{
	return (AmDecisionSet){
		.overrides = g_array_new(FALSE, TRUE, sizeof(AmOverride)),
		.hints = g_array_new(FALSE, TRUE, sizeof(AmHint)),
		.declarations = g_ptr_array_new_with_free_func((GDestroyNotify)am_declaration_free),
		.group_edits = g_ptr_array_new_with_free_func((GDestroyNotify)am_group_edit_free),
	};
}

static void set_clear(AmDecisionSet *set)
{
	g_array_unref(set->overrides);
	g_array_unref(set->hints);
	g_ptr_array_unref(set->declarations);
	g_ptr_array_unref(set->group_edits);
}

static void add_prefix(GArray *prefixes, const char *text)
{
	AmPrefix prefix;
	CU_ASSERT_TRUE_FATAL(am_prefix_parse(text, &prefix, NULL));
	g_array_append_val(prefixes, prefix);
}

static AmSaid said(int64_t number)
{
	return (AmSaid){.number = number, .at_ns = NS(9, 0), .who = g_strdup("ann"), .why = g_strdup("go-live")};
}

static AmDeclaration *declare(AmDecisionSet *set, AmDeclaredKind kind, const char *host, int port)
{
	AmDeclaration *declaration = am_declaration_new(kind);
	declaration->said = said(1 + set->declarations->len);
	declaration->ticket = g_strdup("CHG-1");
	add_prefix(declaration->hosts, host);
	declaration->ip_protocol = port >= 0 ? AM_PROTO_TCP : -1;
	declaration->port = port;
	g_ptr_array_add(set->declarations, declaration);
	return declaration;
}

/* In the last fifth of ten days. */
static AmDeclaration *expect_change(AmDecisionSet *set, const char *host, int port)
{
	AmDeclaration *change = declare(set, AM_DECLARED_CHANGE, host, port);
	change->from_ns = NS(8, 0);
	change->to_ns = NS(9, 23);
	return change;
}

static AmMap *map_with(const Net *net, const AmDecisionSet *set)
{
	return am_map_build(net->tallies, NULL, net->networks, set, NULL);
}

static void once(Net *net, const char *client, const char *server, uint16_t port, AmOutcome outcome, int minute)
{
	uint64_t said_octets = outcome == AM_OUTCOME_ACCEPTED ? 500 : 0;
	net_add(net, (Talk){.client = client,
			    .server = server,
			    .ip_protocol = AM_PROTO_TCP,
			    .port = port,
			    .day = 9,
			    .hour = 10,
			    .minute = minute,
			    .outcome = outcome,
			    .payload = {said_octets, said_octets}});
}

/* Ten days; from the ninth on a new server that a known host uses, and one that looks in once. */
static Net release(void)
{
	Net net = net_new();
	net_span(&net, 10);
	net_use(&net, "10.0.1.1", "10.0.2.1", 443, 0, 10);
	net_use(&net, "10.0.1.1", "10.0.2.9", 8443, 8, 2);
	once(&net, "10.0.1.2", "10.0.2.9", 8443, AM_OUTCOME_ACCEPTED, 0);
	return net;
}

static void test_change(void)
{
	Net net = release();
	AmDecisionSet set = set_new();
	g_autoptr(AmMap) before = map_with(&net, &set);
	ASSERT_VERDICT(before, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(before, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443), AM_REASON_LATE));
	AmDeclaration *change = expect_change(&set, "10.0.2.9", -1);
	g_autoptr(AmMap) any = map_with(&net, &set);
	ASSERT_VERDICT(any, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443, ESSENTIAL);
	const AmEdge *edge = edge_of(any, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443);
	CU_ASSERT(has_reason(edge, AM_REASON_EXPECTED) && !has_reason(edge, AM_REASON_LATE));
	/* Said once, and not what was named: still a question. */
	ASSERT_VERDICT(any, "10.0.1.2", "10.0.2.9", AM_PROTO_TCP, 8443, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(any, "10.0.1.2", "10.0.2.9", AM_PROTO_TCP, 8443), AM_REASON_EXPECTED));
	AmDeclaredCount count = am_map_count_declared(any, change);
	CU_ASSERT(count.hosts == 1 && count.flows == 2 && count.changed == 2 && count.essential == 1);
	g_autofree char *text = am_map_explain_edge(any, &set, (uint32_t)(edge - (const AmEdge *)any->edges->data));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "expected change (decision 1): by ann"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "CHG-1: go-live"));
	CU_ASSERT_STRING_NOT_EQUAL(before->revision, any->revision);

	change->ip_protocol = AM_PROTO_TCP;
	change->port = 8443;
	g_autoptr(AmMap) named = map_with(&net, &set);
	ASSERT_VERDICT(named, "10.0.1.2", "10.0.2.9", AM_PROTO_TCP, 8443, ESSENTIAL);
	change->said.withdrawn = TRUE;
	g_autoptr(AmMap) after = map_with(&net, &set);
	ASSERT_VERDICT(after, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443, UNDECIDED);
	CU_ASSERT_EQUAL(edge_of(after, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443)->reasons,
			edge_of(before, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443)->reasons);
	set_clear(&set);
	net_clear(&net);
}

static void test_change_elsewhere(void)
{
	Net net = release();
	AmDecisionSet set = set_new();
	AmDeclaration *change = expect_change(&set, "10.0.2.9", 8444); /* another service */
	g_autoptr(AmMap) port = map_with(&net, &set);
	ASSERT_VERDICT(port, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443, UNDECIDED);
	change->port = 8443;
	change->to_ns = NS(8, 7); /* it began at eight */
	g_autoptr(AmMap) early = map_with(&net, &set);
	ASSERT_VERDICT(early, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443, UNDECIDED);
	change->to_ns = NS(8, 8);
	add_prefix(change->peers, "10.0.1.2"); /* with another host only */
	g_autoptr(AmMap) peer = map_with(&net, &set);
	ASSERT_VERDICT(peer, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443, UNDECIDED);
	add_prefix(change->peers, "10.0.1.0/31");
	g_autoptr(AmMap) both = map_with(&net, &set);
	ASSERT_VERDICT(both, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443, ESSENTIAL);
	change->network = g_strdup("branch");
	g_autoptr(AmMap) network = map_with(&net, &set);
	ASSERT_VERDICT(network, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 8443, UNDECIDED);
	set_clear(&set);
	net_clear(&net);
}

/* An intruder on the host that a change was declared for, in its window. */
static void test_change_is_no_cover(void)
{
	Net net = release();
	AmDecisionSet set = set_new();
	for (int n = 0; n < 12; n++) {
		g_autofree char *dead = g_strdup_printf("10.0.3.%d", n + 1);
		once(&net, "10.0.2.9", dead, 445, AM_OUTCOME_SILENT, 20 + n);
	}
	once(&net, "10.0.2.9", "10.0.2.1", 445, AM_OUTCOME_ACCEPTED, 26);
	net_use(&net, "10.0.2.9", "10.0.2.1", 22, 8, 2);
	net_use(&net, "10.0.2.9", "203.0.113.9", 443, 8, 2);
	expect_change(&set, "10.0.2.9", -1);
	expect_change(&set, "10.0.2.9", 445);
	expect_change(&set, "10.0.2.9", 22);
	g_autoptr(AmMap) map = map_with(&net, &set);
	ASSERT_VERDICT(map, "10.0.2.9", "10.0.3.4", AM_PROTO_TCP, 445, SUSPICIOUS);
	const AmEdge *success = edge_of(map, "10.0.2.9", "10.0.2.1", AM_PROTO_TCP, 445);
	CU_ASSERT_PTR_NOT_NULL_FATAL(success);
	CU_ASSERT_NOT_EQUAL(success->verdict, AM_VERDICT_ESSENTIAL);
	/* Whose only source scans; and outside, which nobody named. */
	ASSERT_VERDICT(map, "10.0.2.9", "10.0.2.1", AM_PROTO_TCP, 22, UNDECIDED);
	ASSERT_VERDICT(map, "10.0.2.9", "203.0.113.9", AM_PROTO_TCP, 443, UNDECIDED);
	CU_ASSERT_FALSE(has_reason(edge_of(map, "10.0.2.9", "203.0.113.9", AM_PROTO_TCP, 443), AM_REASON_EXPECTED));
	set_clear(&set);
	net_clear(&net);
}

/* One that logs in here and there gets nothing by the change either, hours later. */
static void test_change_after_a_tour(void)
{
	static const uint16_t ports[] = {22, 3389, 445, 22, 5985};
	Net net = release();
	AmDecisionSet set = set_new();
	for (int n = 0; n < 5; n++) {
		g_autofree char *server = g_strdup_printf("10.0.5.%d", n + 1);
		net_use(&net, "10.0.1.1", server, 443, 0, 10);
		once(&net, "10.0.2.9", server, ports[n], AM_OUTCOME_ACCEPTED, 10 + n);
	}
	net_add(&net, (Talk){.client = "10.0.2.9",
			     .server = "10.0.5.1",
			     .ip_protocol = AM_PROTO_TCP,
			     .port = 9443,
			     .day = 9,
			     .hour = 16,
			     .payload = {500, 500}});
	expect_change(&set, "10.0.2.9", 9443);
	g_autoptr(AmMap) map = map_with(&net, &set);
	ASSERT_VERDICT(map, "10.0.2.9", "10.0.5.2", AM_PROTO_TCP, 3389, SUSPICIOUS);
	ASSERT_VERDICT(map, "10.0.2.9", "10.0.5.1", AM_PROTO_TCP, 9443, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(map, "10.0.2.9", "10.0.5.1", AM_PROTO_TCP, 9443), AM_REASON_EXPECTED));
	set_clear(&set);
	net_clear(&net);
}

/* Administration by one host alone is a question, declared or not. */
static void test_change_admin(void)
{
	Net net = release();
	AmDecisionSet set = set_new();
	net_use(&net, "10.0.1.1", "10.0.2.9", 22, 8, 2);
	expect_change(&set, "10.0.2.9", 22);
	g_autoptr(AmMap) map = map_with(&net, &set);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 22, UNDECIDED);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.1", "10.0.2.9", AM_PROTO_TCP, 22), AM_REASON_EXPECTED));
	set_clear(&set);
	net_clear(&net);
}

static void test_exclusion(void)
{
	Net net = release();
	AmDecisionSet set = set_new();
	for (int n = 0; n < 12; n++) {
		g_autofree char *dead = g_strdup_printf("10.0.3.%d", n + 1);
		once(&net, "10.0.1.9", dead, 445, AM_OUTCOME_SILENT, 20 + n);
	}
	AmDeclaration *exclusion = declare(&set, AM_DECLARED_EXCLUSION, "10.0.0.0/8", -1);
	g_autoptr(AmMap) map = map_with(&net, &set);
	ASSERT_VERDICT(map, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443, BACKGROUND);
	ASSERT_VERDICT(map, "10.0.1.9", "10.0.3.4", AM_PROTO_TCP, 445, SUSPICIOUS);
	CU_ASSERT(has_reason(edge_of(map, "10.0.1.9", "10.0.3.4", AM_PROTO_TCP, 445), AM_REASON_EXCLUDED));
	CU_ASSERT_EQUAL(map->n_verdicts[AM_VERDICT_ESSENTIAL], 0);
	CU_ASSERT_EQUAL(am_map_count_declared(map, exclusion).changed, map->edges->len);

	AmOverride yes = {.ip_protocol = -1, .port = -1, .verdict = AM_VERDICT_ESSENTIAL, .who = (char *)"ann"};
	CU_ASSERT(am_prefix_parse("10.0.1.1", &yes.client, NULL) && am_prefix_parse("10.0.2.1", &yes.server, NULL));
	g_array_append_val(set.overrides, yes);
	g_autoptr(AmMap) overridden = map_with(&net, &set);
	ASSERT_VERDICT(overridden, "10.0.1.1", "10.0.2.1", AM_PROTO_TCP, 443, ESSENTIAL);
	set_clear(&set);
	net_clear(&net);
}

/* Groups would permit in passing what was left out between two of their members. */
static void test_exclusion_parts(void)
{
	static const char *const clients[] = {"10.0.1.1", "10.0.1.2", "10.0.1.3"};
	static const char *const servers[] = {"10.0.2.1", "10.0.2.2"};
	Net net = net_new();
	AmDecisionSet set = set_new();
	net_span(&net, 5);
	for (guint c = 0; c < G_N_ELEMENTS(clients); c++)
		for (guint s = 0; s < G_N_ELEMENTS(servers); s++)
			net_use(&net, clients[c], servers[s], 443, 0, 5);
	add_prefix(declare(&set, AM_DECLARED_EXCLUSION, "10.0.1.3", 443)->peers, "10.0.2.2");
	g_autoptr(AmMap) map = map_with(&net, &set);
	const AmRecommendOptions options = {.granularity = AM_GRANULARITY_GROUP};
	g_autoptr(AmPolicy) policy = am_policy_recommend(map, &options);
	AmAddress client = address("10.0.1.3"), server = address("10.0.2.2"), other = address("10.0.2.1");
	CU_ASSERT_FALSE(am_policy_permits(policy, &client, &server, AM_PROTO_TCP, 443, NULL));
	CU_ASSERT_TRUE(am_policy_permits(policy, &client, &other, AM_PROTO_TCP, 443, NULL));
	set_clear(&set);
	net_clear(&net);
}

/* Two services with clients of their own, and a host that scans them and many dead ones. */
static Net scanned(void)
{
	Net net = net_new();
	net_span(&net, 10);
	for (int n = 1; n <= 4; n++) {
		g_autofree char *client = g_strdup_printf("10.0.1.%d", n);
		net_use(&net, client, "10.0.2.1", 443, 0, 10);
		net_use(&net, client, "10.0.2.2", 443, 0, 10);
		net_use(&net, client, "10.0.2.3", 5432, 0, 10);
	}
	net_use(&net, "10.0.9.9", "10.0.2.3", 5432, 0, 10); /* what it does besides */
	for (int n = 0; n < 12; n++) {
		g_autofree char *dead = g_strdup_printf("10.0.3.%d", n + 1);
		once(&net, "10.0.9.9", dead, 443, AM_OUTCOME_SILENT, 20 + n);
	}
	once(&net, "10.0.9.9", "10.0.2.1", 443, AM_OUTCOME_ACCEPTED, 22);
	once(&net, "10.0.9.9", "10.0.2.2", 443, AM_OUTCOME_ACCEPTED, 23);
	return net;
}

static guint count_explicit(const AmPolicy *policy)
{
	guint n_explicit = 0;
	for (guint n = 0; n < policy->rules->len; n++) {
		const AmRule *rule = policy->rules->pdata[n];
		n_explicit += rule->explicit_approval ? 1 : 0;
	}
	return n_explicit;
}

static void test_scanner(void)
{
	Net net = scanned();
	AmDecisionSet set = set_new();
	g_autoptr(AmMap) before = map_with(&net, &set);
	ASSERT_VERDICT(before, "10.0.9.9", "10.0.3.4", AM_PROTO_TCP, 443, SUSPICIOUS);
	CU_ASSERT_NOT_EQUAL(edge_of(before, "10.0.9.9", "10.0.2.1", AM_PROTO_TCP, 443)->verdict, AM_VERDICT_ESSENTIAL);
	AmDeclaration *scanner = declare(&set, AM_DECLARED_SCANNER, "10.0.9.9", -1);
	g_autoptr(AmMap) map = map_with(&net, &set);
	ASSERT_VERDICT(map, "10.0.9.9", "10.0.3.4", AM_PROTO_TCP, 443, BACKGROUND);
	ASSERT_VERDICT(map, "10.0.9.9", "10.0.2.1", AM_PROTO_TCP, 443, ESSENTIAL);
	CU_ASSERT(has_reason(edge_of(map, "10.0.9.9", "10.0.2.1", AM_PROTO_TCP, 443), AM_REASON_SANCTIONED));
	uint64_t sum = 0;
	for (int v = 0; v < AM_N_VERDICTS; v++)
		sum += map->n_verdicts[v];
	CU_ASSERT_EQUAL(sum, map->edges->len);
	uint32_t own = asset_of(map, "10.0.9.9")->group;
	CU_ASSERT_NOT_EQUAL_FATAL(own, AM_NO_INDEX);
	const AmGroup *group = &g_array_index(map->groups, AmGroup, own);
	CU_ASSERT_STRING_EQUAL(group->name, "scanner");
	CU_ASSERT_EQUAL(group->members->len, 1);

	const AmRecommendOptions options = {.granularity = AM_GRANULARITY_GROUP};
	g_autoptr(AmPolicy) old = am_policy_recommend(before, &options);
	g_autoptr(AmPolicy) policy = am_policy_recommend(map, &options);
	CU_ASSERT_EQUAL(count_explicit(old), 0);
	CU_ASSERT_EQUAL(count_explicit(policy), 2);
	AmAddress from = address("10.0.9.9"), to = address("10.0.2.1"), client = address("10.0.1.1");
	const AmRule *rule = NULL;
	CU_ASSERT_TRUE_FATAL(am_policy_permits(policy, &from, &to, AM_PROTO_TCP, 443, &rule));
	CU_ASSERT(rule->explicit_approval && rule->origin == AM_ORIGIN_DECLARED);
	CU_ASSERT_STRING_EQUAL(rule->ticket, "CHG-1");
	CU_ASSERT_EQUAL(rule->from.groups->len, 1);
	CU_ASSERT_TRUE_FATAL(am_policy_permits(policy, &client, &to, AM_PROTO_TCP, 443, &rule));
	CU_ASSERT_FALSE(rule->explicit_approval);
	CU_ASSERT_EQUAL(am_policy_withhold(policy), 2);
	CU_ASSERT_EQUAL(am_policy_withhold(policy), 0);
	CU_ASSERT_TRUE(am_policy_permits(policy, &client, &to, AM_PROTO_TCP, 443, NULL));

	scanner->to_ns = NS(9, 0); /* what it does after that is not its order */
	g_autoptr(AmMap) over = map_with(&net, &set);
	ASSERT_VERDICT(over, "10.0.9.9", "10.0.3.4", AM_PROTO_TCP, 443, SUSPICIOUS);
	set_clear(&set);
	net_clear(&net);
}

/* Two orders, two tickets: no rule is of both. And what calls home is no order's business. */
static void test_scanners_apart(void)
{
	Net net = scanned();
	AmDecisionSet set = set_new();
	for (int n = 0; n < 12; n++) {
		g_autofree char *dead = g_strdup_printf("10.0.3.%d", n + 1);
		once(&net, "10.0.9.10", dead, 443, AM_OUTCOME_SILENT, 20 + n);
	}
	once(&net, "10.0.9.10", "10.0.2.1", 443, AM_OUTCOME_ACCEPTED, 22);
	once(&net, "10.0.9.10", "10.0.2.2", 443, AM_OUTCOME_ACCEPTED, 23);
	for (int day = 0; day < 10; day++)
		net_add(&net, (Talk){.client = "10.0.9.10",
				     .server = "203.0.113.7",
				     .ip_protocol = AM_PROTO_TCP,
				     .port = 443,
				     .day = day,
				     .n_hours = 24,
				     .connections = 288,
				     .payload = {288 * 200, 288 * 100}});
	declare(&set, AM_DECLARED_SCANNER, "10.0.9.9", -1);
	AmDeclaration *other = declare(&set, AM_DECLARED_SCANNER, "10.0.9.10", -1);
	other->ticket[4] = '2';
	add_prefix(other->peers, "10.0.0.0/8");
	add_prefix(other->peers, "203.0.113.0/24");
	g_autoptr(AmMap) map = map_with(&net, &set);
	ASSERT_VERDICT(map, "10.0.9.10", "203.0.113.7", AM_PROTO_TCP, 443, SUSPICIOUS);
	CU_ASSERT(has_reason(edge_of(map, "10.0.9.10", "203.0.113.7", AM_PROTO_TCP, 443), AM_REASON_BEACON));
	const AmRecommendOptions options = {.granularity = AM_GRANULARITY_GROUP};
	g_autoptr(AmPolicy) policy = am_policy_recommend(map, &options);
	AmAddress from[2] = {address("10.0.9.9"), address("10.0.9.10")}, to = address("10.0.2.1");
	const AmRule *rules[2] = {NULL, NULL};
	for (int n = 0; n < 2; n++) {
		CU_ASSERT_TRUE_FATAL(am_policy_permits(policy, &from[n], &to, AM_PROTO_TCP, 443, &rules[n]));
		CU_ASSERT_EQUAL(rules[n]->from.groups->len, 1);
	}
	CU_ASSERT_STRING_EQUAL(rules[0]->ticket, "CHG-1");
	CU_ASSERT_STRING_EQUAL(rules[1]->ticket, "CHG-2");
	set_clear(&set);
	net_clear(&net);
}

/* ---- Groups */

static AmGroupMember member(const char *text)
{
	AmGroupMember who;
	memset(&who, 0, sizeof who);
	g_strlcpy(who.network, "default", sizeof who.network);
	who.address = address(text);
	return who;
}

static AmGroupEdit *edit(AmDecisionSet *set, AmGroupEditKind kind, const char *members, const char *anchors,
			 const char *name)
{
	AmGroupEdit *change = am_group_edit_new(kind);
	GArray *const lists[] = {change->members, change->anchors};
	const char *const texts[] = {members, anchors};
	for (int list = 0; list < 2; list++) {
		g_auto(GStrv) words = g_strsplit(texts[list], " ", -1);
		for (char **word = words; *word != NULL; word++) {
			if (**word == '\0')
				continue;
			AmGroupMember who = member(*word);
			g_array_append_val(lists[list], who);
		}
	}
	change->said = said(10 + set->group_edits->len);
	change->name = g_strdup(name);
	g_ptr_array_add(set->group_edits, change);
	return change;
}

static const AmGroup *group_of(const AmMap *map, const char *text)
{
	uint32_t group = asset_of(map, text)->group;
	CU_ASSERT_NOT_EQUAL_FATAL(group, AM_NO_INDEX);
	return &g_array_index(map->groups, AmGroup, group);
}

/* Two kinds of clients, each of a service of its own. */
static Net two_groups(int n_clients)
{
	Net net = net_new();
	net_span(&net, 5);
	for (int n = 1; n <= n_clients; n++) {
		g_autofree char *a = g_strdup_printf("10.0.1.%d", n), *b = g_strdup_printf("10.0.4.%d", n);
		net_use(&net, a, "10.0.2.1", 443, 0, 5);
		net_use(&net, a, "10.0.2.1", 8080, 0, 5);
		net_use(&net, b, "10.0.2.2", 5432, 0, 5);
	}
	return net;
}

static void test_move(void)
{
	Net net = two_groups(4);
	AmDecisionSet set = set_new();
	g_autoptr(AmMap) before = map_with(&net, &set);
	const char *old_id = group_of(before, "10.0.4.1")->id;
	CU_ASSERT_STRING_NOT_EQUAL(old_id, group_of(before, "10.0.1.1")->id);
	AmGroupEdit *move = edit(&set, AM_GROUP_EDIT_MOVE, "10.0.1.1", "10.0.4.1 10.0.4.2 10.0.4.3 10.0.4.4", NULL);
	g_autoptr(AmMap) moved = map_with(&net, &set);
	CU_ASSERT_PTR_EQUAL(group_of(moved, "10.0.1.1"), group_of(moved, "10.0.4.1"));
	CU_ASSERT_PTR_NOT_EQUAL(group_of(moved, "10.0.1.1"), group_of(moved, "10.0.1.2"));
	CU_ASSERT_STRING_EQUAL(group_of(moved, "10.0.1.1")->id, old_id); /* that it was moved to stays itself */
	CU_ASSERT_STRING_EQUAL(group_of(moved, "10.0.1.2")->id, group_of(before, "10.0.1.2")->id);
	CU_ASSERT_PTR_NOT_NULL_FATAL(group_of(moved, "10.0.1.1")->decided);
	CU_ASSERT_PTR_NOT_NULL(strstr(group_of(moved, "10.0.1.1")->decided, "moved here by ann"));
	CU_ASSERT_PTR_NULL(group_of(moved, "10.0.1.2")->decided);
	net_use(&net, "10.0.4.9", "10.0.2.2", 5432, 0, 5); /* a new capture */
	g_autoptr(AmMap) later = map_with(&net, &set);
	CU_ASSERT_PTR_EQUAL(group_of(later, "10.0.1.1"), group_of(later, "10.0.4.9"));
	move->said.withdrawn = TRUE;
	g_autoptr(AmMap) back = map_with(&net, &set);
	CU_ASSERT_PTR_EQUAL(group_of(back, "10.0.1.1"), group_of(back, "10.0.1.2"));
	set_clear(&set);
	net_clear(&net);
}

static void test_merge_and_name(void)
{
	Net net = two_groups(4);
	AmDecisionSet set = set_new();
	edit(&set, AM_GROUP_EDIT_MERGE, "10.0.1.1 10.0.1.2 10.0.1.3 10.0.1.4 10.0.4.1 10.0.4.2 10.0.4.3 10.0.4.4", "",
	     "desks");
	g_autoptr(AmMap) merged = map_with(&net, &set);
	CU_ASSERT_PTR_EQUAL(group_of(merged, "10.0.1.1"), group_of(merged, "10.0.4.4"));
	CU_ASSERT_EQUAL(group_of(merged, "10.0.1.1")->members->len, 8);
	CU_ASSERT_STRING_EQUAL(group_of(merged, "10.0.1.1")->name, "desks");
	net_use(&net, "10.0.4.9", "10.0.2.2", 5432, 0, 5); /* who joins one of them is in it */
	g_autoptr(AmMap) later = map_with(&net, &set);
	CU_ASSERT_EQUAL(group_of(later, "10.0.4.9")->members->len, 9);
	CU_ASSERT_STRING_EQUAL(group_of(later, "10.0.4.9")->id, group_of(merged, "10.0.1.1")->id);
	edit(&set, AM_GROUP_EDIT_NAME, "", "10.0.2.2", "desks"); /* the newest has the name */
	g_autoptr(AmMap) named = map_with(&net, &set);
	CU_ASSERT_STRING_EQUAL(group_of(named, "10.0.2.2")->name, "desks");
	CU_ASSERT_STRING_NOT_EQUAL(group_of(named, "10.0.1.1")->name, "desks");
	for (guint g = 0; g < named->groups->len; g++)
		CU_ASSERT_TRUE(am_group_name_is_valid(g_array_index(named->groups, AmGroup, g).name));
	set_clear(&set);
	net_clear(&net);
}

static void test_split(void)
{
	Net net = two_groups(4);
	AmDecisionSet set = set_new();
	edit(&set, AM_GROUP_EDIT_SPLIT, "10.0.1.1 10.0.1.2 10.9.9.9", "", "kiosks"); /* one is not there */
	edit(&set, AM_GROUP_EDIT_MOVE, "10.0.1.3", "10.0.1.1 10.0.1.2", NULL);
	g_autoptr(AmMap) map = map_with(&net, &set);
	CU_ASSERT_STRING_EQUAL(group_of(map, "10.0.1.3")->name, "kiosks");
	CU_ASSERT_EQUAL(group_of(map, "10.0.1.3")->members->len, 3);
	CU_ASSERT_EQUAL(group_of(map, "10.0.1.4")->members->len, 1);
	/* Nobody of those is there: nothing is done, nothing is lost. */
	edit(&set, AM_GROUP_EDIT_MOVE, "10.0.1.4", "10.9.9.9", NULL);
	edit(&set, AM_GROUP_EDIT_MERGE, "10.9.9.9 10.9.9.8", "", NULL);
	edit(&set, AM_GROUP_EDIT_NAME, "", "10.9.9.9", "gone");
	g_autoptr(AmMap) same = map_with(&net, &set);
	CU_ASSERT_EQUAL(same->groups->len, map->groups->len);
	for (guint g = 0; g < same->groups->len; g++)
		CU_ASSERT_STRING_EQUAL(g_array_index(same->groups, AmGroup, g).id,
				       g_array_index(map->groups, AmGroup, g).id);
	set_clear(&set);
	net_clear(&net);
}

static void add_mac(GArray *observations, const char *text, uint8_t last, int day)
{
	AmObservation observation;
	memset(&observation, 0, sizeof observation);
	observation.address = address(text);
	observation.kind = AM_OBSERVED_MAC;
	g_snprintf(observation.value, sizeof observation.value, "00:50:56:00:00:%02x", last);
	observation.first_ns = NS(day, 0);
	observation.last_ns = NS(day, 23);
	observation.count = 100;
	g_array_append_val(observations, observation);
}

/* A machine that was moved keeps its group under another address; who has its old one does not get it. */
static void test_mac(void)
{
	Net net = two_groups(4);
	AmDecisionSet set = set_new();
	g_autoptr(GArray) observations = g_array_new(FALSE, TRUE, sizeof(AmObservation));
	add_mac(observations, "10.0.1.1", 7, 0);
	add_mac(observations, "10.0.1.2", 8, 0);
	g_array_sort(observations, am_observation_compare);
	AmGroupEdit *move = edit(&set, AM_GROUP_EDIT_MOVE, "10.0.1.1", "10.0.4.1 10.0.4.2 10.0.4.3 10.0.4.4", NULL);
	AmGroupMember *who = &g_array_index(move->members, AmGroupMember, 0);
	const uint8_t mac[6] = {0, 0x50, 0x56, 0, 0, 8}; /* of what is 10.0.1.2 by now */
	memcpy(who->mac, mac, sizeof mac);
	who->has_mac = TRUE;
	g_autoptr(AmMap) map = am_map_build(net.tallies, observations, net.networks, &set, NULL);
	CU_ASSERT_TRUE(asset_of(map, "10.0.1.1")->has_mac && asset_of(map, "10.0.1.2")->has_mac);
	CU_ASSERT_PTR_EQUAL(group_of(map, "10.0.1.2"), group_of(map, "10.0.4.1"));
	CU_ASSERT_PTR_NOT_EQUAL(group_of(map, "10.0.1.1"), group_of(map, "10.0.4.1"));
	who->mac[5] = 9; /* a machine that is not there */
	g_autoptr(AmMap) none = am_map_build(net.tallies, observations, net.networks, &set, NULL);
	CU_ASSERT_PTR_NOT_EQUAL(group_of(none, "10.0.1.1"), group_of(none, "10.0.4.1"));
	set_clear(&set);
	net_clear(&net);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_change),
		UNIT_TEST(test_change_elsewhere),
		UNIT_TEST(test_change_is_no_cover),
		UNIT_TEST(test_change_after_a_tour),
		UNIT_TEST(test_change_admin),
		UNIT_TEST(test_exclusion),
		UNIT_TEST(test_exclusion_parts),
		UNIT_TEST(test_scanner),
		UNIT_TEST(test_scanners_apart),
		UNIT_TEST(test_move),
		UNIT_TEST(test_merge_and_name),
		UNIT_TEST(test_split),
		UNIT_TEST(test_mac),
		{NULL, NULL},
	};
	return unit_run("declared", tests);
}
