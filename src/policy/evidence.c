/* The evidence of a rule, summed over the edges that it is for. Fed by recommend.c. */
#include "config.h"

#include "private.h"

#include <string.h>

typedef struct {
	uint64_t connections;
	uint8_t confidence;
	char name[AM_L7_SIZE];
} L7Count;

GArray *am_l7_counts_new(void)
{
	return g_array_new(FALSE, TRUE, sizeof(L7Count));
}

static void count_l7(GArray *counts, const AmEdge *edge)
{
	for (int n = 0; n < edge->n_l7; n++) {
		const AmTallyL7 *l7 = &edge->l7[n];
		guint at = 0;
		while (at < counts->len && strcmp(g_array_index(counts, L7Count, at).name, l7->name) != 0)
			at++;
		if (at == counts->len) {
			L7Count fresh = {0};
			g_strlcpy(fresh.name, l7->name, sizeof fresh.name);
			g_array_append_val(counts, fresh);
		}
		L7Count *count = &g_array_index(counts, L7Count, at);
		count->connections += l7->connections;
		count->confidence = MAX(count->confidence, l7->confidence);
	}
}

void am_rule_evidence_add(AmRuleEvidence *evidence, GArray *counts, const AmEdge *edge)
{
	count_l7(counts, edge);
	gboolean is_first = evidence->edges++ == 0;
	if (edge->client_view == AM_CLIENT_HIDDEN)
		evidence->client = AM_CLIENT_HIDDEN;
	evidence->connections += edge->connections;
	evidence->bytes += edge->counts.bytes[0] + edge->counts.bytes[1];
	if (is_first || edge->first_ns < evidence->first_ns)
		evidence->first_ns = edge->first_ns;
	if (is_first || edge->last_ns > evidence->last_ns)
		evidence->last_ns = edge->last_ns;
	/* Which days they were is not kept; the edge that was seen most often stands for the rule. */
	evidence->days = MAX(evidence->days, edge->days);
	if (is_first || edge->direction > evidence->direction)
		evidence->direction = edge->direction;
}

void am_rule_evidence_set_l7(AmRuleEvidence *evidence, const GArray *counts)
{
	const L7Count *best = NULL;
	for (guint n = 0; n < counts->len; n++) {
		const L7Count *count = &g_array_index(counts, L7Count, n);
		if (best == NULL || count->connections > best->connections ||
		    (count->connections == best->connections && strcmp(count->name, best->name) < 0))
			best = count;
	}
	if (best == NULL)
		return;
	g_strlcpy(evidence->l7, best->name, sizeof evidence->l7);
	evidence->l7_confidence = best->confidence;
}
