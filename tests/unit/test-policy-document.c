/* The policy document: what is written is read back, and what is wrong is refused at its place. */
#include "config.h"

#include "allowmap/export.h"
#include "allowmap/import.h"
#include "allowmap/policy.h"
#include "policy-random.h"
#include "unit.h"

#define FOLDER FIXTURES "/policy"

static AmPolicy *read_text(const char *text, size_t size, GError **error)
{
	g_autoptr(AmPolicy) policy = am_import_policy(text, size, error);
	if (policy == NULL || !am_policy_settle(policy, error))
		return NULL;
	return g_steal_pointer(&policy);
}

/* Written, read, and written again: the same bytes, the same meaning. */
static void check_round_trip(const AmPolicy *policy)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = am_export_policy(policy);
	g_autoptr(AmPolicy) again = read_text(text, strlen(text), &error);
	if (error != NULL)
		printf("%s\n", error->message);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	g_autofree char *text_again = am_export_policy(again);
	CU_ASSERT_STRING_EQUAL(text, text_again);
	CU_ASSERT(am_policy_equal(policy, again, &error));
}

static void add_metadata(GRand *rand, AmPolicy *policy)
{
	AmInput input = {
		.path = g_strdup("a \xff name"), .kind = AM_INPUT_PCAPNG, .size = 1, .first_ns = 1, .last_ns = -1};
	policy->tool_version = g_strdup("0.1.0");
	policy->generated_ns = (int64_t)g_rand_int(rand) * AM_NS_PER_S + 1;
	policy->granularity = AM_GRANULARITY_EXACT;
	policy->default_action = AM_DEFAULT_MONITOR;
	policy->undecided = g_rand_int(rand);
	g_strlcpy(policy->map_revision, "00112233445566ff", sizeof policy->map_revision);
	g_array_append_val(policy->inputs, input);
	for (guint n = 0; n < policy->groups->len; n++)
		((AmPolicyGroup *)policy->groups->pdata[n])->label = g_strdup("\x01 \"a\" \xc3\xa4\n");
	for (guint n = 0; n < policy->rules->len; n++) {
		AmRule *rule = policy->rules->pdata[n];
		rule->evidence = (AmRuleEvidence){.connections = UINT64_MAX,
						  .bytes = n,
						  .first_ns = 1,
						  .last_ns = 2,
						  .days = 3,
						  .direction = AM_DIRECTION_FIRST_PACKET,
						  .l7 = "tls.google",
						  .l7_confidence = AM_L7_PARTIAL,
						  .related = (uint8_t)(n % AM_N_RELATED_KINDS),
						  .edges = 4};
		rule->over_grant = UINT64_MAX;
		rule->origin = AM_ORIGIN_IMPORTED;
		rule->explicit_approval = n % 2 == 0;
		rule->comment = g_strdup("</script>");
		rule->expires_ns = (int64_t)g_rand_int(rand) * AM_NS_PER_S;
	}
}

/* Peers of random policies may be empty groups, but are never nobody: that is what the document can say. */
static void round_trip_of_random_policies(void)
{
	for (guint32 round = 0; round < WORLD_ROUNDS / 10; round++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(round);
		g_autoptr(AmPolicy) policy = world_random_policy(rand, round % 2 == 0);
		if (round % 3 == 0)
			add_metadata(rand, policy);
		am_policy_canonicalise(policy);
		check_round_trip(policy);
	}
}

/* A change of meaning between writing and reading is found; one of metadata is none. */
static void mutations_in_the_document(void)
{
	guint n_found = 0;
	for (guint32 round = 0; round < WORLD_ROUNDS / 10; round++) {
		g_autoptr(GRand) rand = g_rand_new_with_seed(round);
		g_autoptr(AmPolicy) policy = world_random_policy(rand, FALSE);
		am_policy_canonicalise(policy);
		g_autofree char *text = am_export_policy(policy);
		g_autoptr(AmPolicy) changed = read_text(text, strlen(text), NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(changed);
		add_metadata(rand, changed);
		CU_ASSERT(am_policy_equal(policy, changed, NULL));
		world_mutate(rand, changed, FALSE);
		World before, after;
		world_fill(&before, policy);
		world_fill(&after, changed);
		gboolean same = memcmp(&before, &after, sizeof before) == 0;
		CU_ASSERT_EQUAL(am_policy_equal(policy, changed, NULL), same);
		n_found += !same;
	}
	CU_ASSERT(n_found > WORLD_ROUNDS / 40);
}

static void accepted_documents(void)
{
	g_autoptr(GDir) folder = g_dir_open(FOLDER "/accept", 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
	guint n_files = 0;
	for (const char *name = g_dir_read_name(folder); name != NULL; name = g_dir_read_name(folder), n_files++) {
		g_autofree char *path = g_build_filename(FOLDER "/accept", name, NULL);
		g_autofree char *text = NULL;
		gsize size = 0;
		g_autoptr(GError) error = NULL;
		CU_ASSERT_FATAL(g_file_get_contents(path, &text, &size, NULL));
		g_autoptr(AmPolicy) policy = read_text(text, size, &error);
		if (policy == NULL)
			printf("%s: %s\n", name, error->message);
		CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
		check_round_trip(policy);
	}
	CU_ASSERT(n_files >= 10);
}

/* Each line of expected.tsv: a document, and how the error begins. */
static void rejected_documents(void)
{
	g_autofree char *list = NULL;
	CU_ASSERT_FATAL(g_file_get_contents(FOLDER "/expected.tsv", &list, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(list, "\n", -1);
	guint n_files = 0;
	for (guint n = 0; lines[n] != NULL && lines[n][0] != '\0'; n++, n_files++) {
		g_auto(GStrv) columns = g_strsplit(lines[n], "\t", 2);
		CU_ASSERT_FATAL(g_strv_length(columns) == 2);
		g_autofree char *path = g_build_filename(FOLDER, columns[0], NULL);
		g_autofree char *text = NULL;
		gsize size = 0;
		g_autoptr(GError) error = NULL;
		CU_ASSERT_FATAL(g_file_get_contents(path, &text, &size, NULL));
		g_autoptr(AmPolicy) policy = read_text(text, size, &error);
		CU_ASSERT_PTR_NULL(policy);
		CU_ASSERT_FATAL(error != NULL);
		if (!g_str_has_prefix(error->message, columns[1]))
			printf("%s: %s\n", columns[0], error->message);
		CU_ASSERT(g_str_has_prefix(error->message, columns[1]));
		CU_ASSERT(g_error_matches(error, AM_IMPORT_ERROR, AM_IMPORT_ERROR_INVALID) ||
			  g_error_matches(error, AM_POLICY_ERROR, AM_POLICY_ERROR_INVALID));
	}
	CU_ASSERT(n_files >= 90);
}

/* The document of a policy without anything, in full: the order of its properties is part of the format. */
static void the_smallest_document(void)
{
	g_autoptr(AmPolicy) policy = am_policy_new();
	g_autofree char *text = am_export_policy(policy);
	CU_ASSERT_STRING_EQUAL(text, "{\n"
				     " \"format\": \"allowmap-policy\",\n"
				     " \"version\": 1,\n"
				     " \"generated\": {\n"
				     "  \"tool\": \"allowmap\",\n"
				     "  \"granularity\": \"group\",\n"
				     "  \"undecided\": 0,\n"
				     "  \"inputs\": []\n"
				     " },\n"
				     " \"default\": \"deny\",\n"
				     " \"groups\": {},\n"
				     " \"rules\": []\n"
				     "}\n");
}

/* The accepted documents with one octet changed, taken away or doubled: read or refused, never a crash; what is read can be
 * written and read again. */
static void damaged_documents(void)
{
	g_autofree char *text = NULL;
	gsize size = 0;
	CU_ASSERT_FATAL(g_file_get_contents(FOLDER "/accept/full.json", &text, &size, NULL));
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	guint n_read = 0;
	for (guint round = 0; round < WORLD_ROUNDS / 2; round++) {
		g_autofree char *damaged = g_memdup2(text, size);
		gsize at = (gsize)g_rand_int_range(rand, 0, (int)size), length = size;
		if (round % 3 == 0)
			memmove(damaged + at, damaged + at + 1, --length - at);
		else
			damaged[at] =
				(char)g_rand_int_range(rand, round % 3 == 1 ? ' ' : 0, round % 3 == 1 ? 127 : 256);
		g_autoptr(GError) error = NULL;
		g_autoptr(AmPolicy) policy = read_text(damaged, length, &error);
		CU_ASSERT_EQUAL(policy == NULL, error != NULL);
		if (policy != NULL)
			check_round_trip(policy);
		n_read += policy != NULL;
	}
	CU_ASSERT(n_read > 0 && n_read < WORLD_ROUNDS / 2);
}

int main(void)
{
	const CU_TestInfo tests[] = {UNIT_TEST(the_smallest_document),
				     UNIT_TEST(round_trip_of_random_policies),
				     UNIT_TEST(mutations_in_the_document),
				     UNIT_TEST(accepted_documents),
				     UNIT_TEST(rejected_documents),
				     UNIT_TEST(damaged_documents),
				     {NULL, NULL}};
	return unit_run("policy-document", tests);
}
