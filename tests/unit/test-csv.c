/* The CSV export: what is written is what is read back, a change never goes unseen, and no field is a formula. */
#include "config.h"

#include "allowmap/export.h"
#include "allowmap/import.h"

#include "policy-text.h"
#include "unit.h"

#include <string.h>

static const char header[] = "rule_id,status,from,from_addresses,to,to_addresses,protocol,ports,l7,direction,"
			     "connections,days,first,last,over_grant\r\n";

static char *write_it(const AmPolicy *policy)
{
	AmExportOptions options = {0};
	char *text = am_export_write(am_export_find("csv"), policy, &options, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

static const AmRule *find_rule(const AmPolicy *policy, const char *id)
{
	for (guint n = 0; n < policy->rules->len; n++) {
		if (strcmp(((AmRule *)policy->rules->pdata[n])->id, id) == 0)
			return policy->rules->pdata[n];
	}
	return NULL;
}

static void test_round_trip(void)
{
	for (guint32 seed = 0; seed < 2000; seed++) {
		g_autoptr(AmPolicy) policy = random_policy(seed, seed % 2 == 0);
		g_autofree char *text = write_it(policy);
		g_autoptr(GError) error = NULL;
		g_autoptr(AmPolicy) said = am_import_csv(text, strlen(text), &error);
		gboolean same = said != NULL && am_policy_equal(policy, said, &error);
		if (!same)
			g_printerr("seed %u: %s\n%s", seed, error->message, text);
		CU_ASSERT_TRUE_FATAL(same);
		for (guint n = 0; n < said->rules->len; n++) {
			const AmRule *there = said->rules->pdata[n], *here = find_rule(policy, there->id);
			CU_ASSERT_PTR_NOT_NULL_FATAL(here);
			CU_ASSERT_EQUAL(here->status, there->status);
			CU_ASSERT_EQUAL(here->evidence.connections, there->evidence.connections);
			CU_ASSERT_EQUAL(here->evidence.first_ns, there->evidence.first_ns);
			CU_ASSERT_EQUAL(here->evidence.last_ns, there->evidence.last_ns);
			CU_ASSERT_EQUAL(here->evidence.direction, there->evidence.direction);
			CU_ASSERT_EQUAL(here->over_grant, there->over_grant);
		}
	}
}

/* Only the columns that say what is permitted are changed. */
static void test_mutations(void)
{
	guint n_tried = 0;
	for (guint32 seed = 0; seed < 4000; seed++) {
		g_autoptr(AmPolicy) policy = random_policy(seed, TRUE);
		g_autofree char *text = write_it(policy);
		g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
		GRand *random = g_rand_new_with_seed(seed);
		guint which = (guint)g_rand_int_range(random, 0, (gint32)g_strv_length(lines));
		g_auto(GStrv) fields = g_strsplit(lines[which], ",", -1);
		static const guint columns[] = {3, 5, 6, 7};
		guint column = columns[g_rand_int_range(random, 0, G_N_ELEMENTS(columns))];
		gboolean is_rule = which > 0 && g_strv_length(fields) == 15;
		/* To ICMP, the addresses of the other family do not matter. */
		gboolean matters = is_rule && (column > 5 || !g_str_has_prefix(fields[6], "icmp"));
		char *at = matters ? fields[column] : NULL;
		if (at != NULL && strlen(at) > 0)
			at += g_rand_int_range(random, 0, (gint32)strlen(at));
		if (at != NULL && g_ascii_isalnum(*at)) {
			*at = (char)(*at == '9' ? '0' : *at + 1);
			g_free(lines[which]);
			lines[which] = g_strjoinv(",", fields);
			g_autofree char *other = g_strjoinv("\r\n", lines);
			g_autoptr(AmPolicy) said = am_import_csv(other, strlen(other), NULL);
			gboolean detected = said == NULL || !am_policy_equal(policy, said, NULL);
			if (!detected)
				g_printerr("seed %u:\n%s\n---\n%s", seed, text, other);
			CU_ASSERT_TRUE_FATAL(detected);
			n_tried++;
		}
		g_rand_free(random);
	}
	CU_ASSERT_TRUE(n_tried > 1000);
}

static void test_formulas(void)
{
	static const char *const names[] = {
		"=cmd|' /C calc'!A0", "+1", "-1", "@x", "'quoted", "a,b", "a\"b", "a\r\nb", "\tx"};
	for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
		g_autoptr(AmPolicy) policy = am_policy_new();
		AmPolicyGroup *group = am_policy_group_new(names[n]);
		AmPrefix prefix;
		am_prefix_parse("10.0.0.1", &prefix, NULL);
		g_array_append_val(group->members, prefix);
		g_ptr_array_add(policy->groups, group);
		AmRule *rule = am_rule_new();
		g_ptr_array_add(rule->from.groups, g_strdup(names[n]));
		rule->to.any = TRUE;
		rule->service.ip_protocol = 47;
		g_strlcpy(rule->evidence.l7, names[n], sizeof rule->evidence.l7);
		g_ptr_array_add(policy->rules, rule);
		am_policy_canonicalise(policy);
		g_autofree char *text = write_it(policy);
		for (const char *at = text; (at = strpbrk(at, ",\"\n")) != NULL; at++)
			CU_ASSERT_TRUE(at[1] == '\0' || strchr("=+-@\t", at[1]) == NULL);
		g_autoptr(AmPolicy) said = am_import_csv(text, strlen(text), NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(said);
		CU_ASSERT_TRUE(am_policy_equal(policy, said, NULL));
		CU_ASSERT_STRING_EQUAL(((AmRule *)said->rules->pdata[0])->evidence.l7, names[n]);
	}
}

/* What a spreadsheet makes of it when it saves it again. */
static void test_saved_again(void)
{
	g_autoptr(AmPolicy) policy = random_policy(11, TRUE);
	g_autofree char *text = write_it(policy);
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	for (guint n = 0; lines[n] != NULL && lines[n][0] != '\0'; n++) {
		g_auto(GStrv) fields = g_strsplit(lines[n], ",", -1);
		g_autofree char *joined = g_strjoinv("\",\"", fields);
		g_free(lines[n]);
		lines[n] = g_strdup_printf("\"%s\"", joined);
	}
	g_autofree char *quoted = g_strjoinv("\n", lines);
	g_autoptr(AmPolicy) said = am_import_csv(quoted, strlen(quoted), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(said);
	CU_ASSERT_TRUE(am_policy_equal(policy, said, NULL));
}

static void test_refused(void)
{
	static const char good[] = "r-0123456789ab,proposed,a,10.0.0.1/32,b,any,tcp,443 8000-8010,tls,handshake,1,1,"
				   "2026-03-02T00:00:00Z,,0\r\n";
	static const char *const bad[] = {
		"r-0123456789aX,proposed,a,10.0.0.1/32,b,any,tcp,443,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,rejected,a,10.0.0.1/32,b,any,tcp,443,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1,b,any,tcp,443,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/24,b,any,tcp,443,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32 ,b,any,tcp,443,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,tcp,65536,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,tcp,443 80,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,tcp,90-80,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,tcp,,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,gre,any,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,47,80,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,icmp,type,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,icmp,type 8.256,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,tcp,443,tls,guess,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,tcp,443,tls,handshake,1,1,yesterday,,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,tcp,443,tls,handshake,1,1,,,0,0\r\n",
		"r-0123456789ab,proposed,a,10.0.0.1/32,b,any,tcp,443,tls,handshake,1,1,,\r\n",
		"r-0123456789ab,proposed,\"a,10.0.0.1/32,b,any,tcp,443,tls,handshake,1,1,,,0\r\n",
		"r-0123456789ab,proposed,a\"b,10.0.0.1/32,b,any,tcp,443,tls,handshake,1,1,,,0\r\n",
	};
	g_autofree char *fine = g_strconcat(header, good, NULL);
	g_autoptr(AmPolicy) policy = am_import_csv(fine, strlen(fine), NULL);
	CU_ASSERT_PTR_NOT_NULL(policy);
	for (guint n = 0; n < G_N_ELEMENTS(bad); n++) {
		g_autofree char *text = g_strconcat(header, good, bad[n], NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(AmPolicy) said = am_import_csv(text, strlen(text), &error);
		if (said != NULL)
			g_printerr("taken: %s", bad[n]);
		CU_ASSERT_PTR_NULL(said);
		CU_ASSERT_TRUE(g_error_matches(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID));
		CU_ASSERT_TRUE(error != NULL && strstr(error->message, "line 3") != NULL);
	}
	g_autofree char *backwards = g_strconcat(header, good, bad[7], NULL);
	g_autoptr(GError) error = NULL;
	CU_ASSERT_PTR_NULL(am_import_csv(backwards, strlen(backwards), &error));
	CU_ASSERT_STRING_EQUAL(error->message,
			       "the CSV is not understood at line 3: ports: 90-80 ends before it begins");
	CU_ASSERT_PTR_NULL(am_import_csv("", 0, NULL));
	CU_ASSERT_PTR_NULL(am_import_csv(good, strlen(good), NULL));
	CU_ASSERT_PTR_NULL(am_import_csv(header, sizeof header, NULL)); /* a zero octet */
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_TEST(test_round_trip),  UNIT_TEST(test_mutations), UNIT_TEST(test_formulas),
		UNIT_TEST(test_saved_again), UNIT_TEST(test_refused),   CU_TEST_INFO_NULL,
	};
	return unit_run("csv", tests);
}
