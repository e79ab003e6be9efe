/* The revision of a map: 16 hex digits that change when anything that the map is made of changes. Each tally is hashed by
 * its fields (never by its bytes: structs have padding) and the hashes are added, so that the order does not matter.
 */
#include "config.h"

#include "constants.h"
#include "work.h"

#include <stdio.h>
#include <string.h>

/* Part of every hash: to be raised when the rules of the map change, so that a new program gives a new revision. */
#define RULES_VERSION 4

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return am_mix_bytes(hash, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

static uint64_t mix_address(uint64_t hash, const AmAddress *address)
{
	return am_mix_bytes(hash, address, sizeof *address);
}

static uint64_t mix_prefix(uint64_t hash, const AmPrefix *prefix)
{
	return am_mix(mix_address(hash, &prefix->address), prefix->length);
}

static uint64_t hash_tally(const AmTally *tally)
{
	const AmTallyKey *key = &tally->key;
	uint64_t hash = am_mix(key->sensor, key->network);
	hash = am_mix(hash, (uint64_t)(uint32_t)key->day << 32 | (uint64_t)key->ip_protocol << 8 | key->side);
	hash = am_mix(hash, (uint64_t)key->port_lo << 16 | key->port_hi);
	hash = mix_address(mix_address(hash, &key->lo), &key->hi);
	hash = am_mix(am_mix(hash, tally->hours), tally->connections);
	hash = am_mix_bytes(hash, &tally->counts, sizeof tally->counts);
	hash = am_mix_bytes(hash, tally->outcomes, sizeof tally->outcomes);
	hash = am_mix_bytes(hash, tally->syn, sizeof tally->syn);
	hash = am_mix_bytes(hash, tally->synack, sizeof tally->synack);
	hash = am_mix_bytes(hash, tally->role_client, sizeof tally->role_client);
	hash = am_mix_bytes(hash, tally->first, sizeof tally->first);
	hash = am_mix_bytes(hash, tally->rst, sizeof tally->rst);
	hash = am_mix(am_mix(am_mix(hash, tally->handshake), tally->icmp_errors), tally->payload_both);
	hash = am_mix(am_mix(hash, (uint64_t)tally->first_ns), (uint64_t)tally->last_ns);
	hash = am_mix(am_mix(am_mix(hash, tally->first_outcome), tally->risks), tally->related);
	for (int n = 0; n < MIN(tally->n_l7, AM_TALLY_MAX_L7); n++) {
		hash = am_mix(hash, (uint64_t)tally->l7[n].connections << 8 | tally->l7[n].confidence);
		hash = mix_text(hash, tally->l7[n].name);
	}
	return mix_text(hash, tally->server_name);
}

/* Not how often: a capture in two files tells more often of what goes on from one to the other. */
static uint64_t hash_observation(const AmObservation *observation)
{
	uint64_t hash = am_mix(observation->network, observation->kind);
	hash = mix_text(mix_address(hash, &observation->address), observation->value);
	return am_mix(am_mix(hash, (uint64_t)observation->first_ns), (uint64_t)observation->last_ns);
}

static uint64_t mix_said(uint64_t hash, const AmSaid *said)
{
	hash = am_mix(am_mix(hash, (uint64_t)said->number), (uint64_t)said->at_ns);
	return am_mix(mix_text(mix_text(hash, said->who), said->why), (uint64_t)said->withdrawn);
}

static uint64_t mix_prefixes(uint64_t hash, const GArray *prefixes)
{
	hash = am_mix(hash, prefixes->len);
	for (guint n = 0; n < prefixes->len; n++)
		hash = mix_prefix(hash, &g_array_index(prefixes, AmPrefix, n));
	return hash;
}

static uint64_t mix_members(uint64_t hash, const GArray *members)
{
	hash = am_mix(hash, members->len);
	for (guint n = 0; n < members->len; n++) {
		const AmGroupMember *member = &g_array_index(members, AmGroupMember, n);
		hash = mix_text(mix_address(hash, &member->address), member->network);
		hash = am_mix_bytes(am_mix(hash, (uint64_t)member->has_mac), member->mac, sizeof member->mac);
	}
	return hash;
}

/* Leases are among the observations. */
static uint64_t hash_labels(const AmDecisionSet *decisions)
{
	uint64_t hash = 0;
	for (guint n = 0; decisions != NULL && decisions->labels != NULL && n < decisions->labels->len; n++) {
		const AmLabel *label = &g_array_index(decisions->labels, AmLabel, n);
		const AmImport *import = &g_array_index(decisions->imports, AmImport, label->import);
		hash = mix_text(mix_text(hash, import->source), import->network);
		hash = am_mix_bytes(mix_prefix(am_mix(hash, label->of), &label->prefix), label->mac, sizeof label->mac);
		hash = mix_text(mix_text(mix_text(hash, label->host), label->name), label->value);
		hash = am_mix(am_mix(hash, (uint64_t)label->from_ns), (uint64_t)label->until_ns);
	}
	return hash;
}

static uint64_t mix_declared(uint64_t hash, const AmDecisionSet *decisions)
{
	for (guint n = 0; decisions->declarations != NULL && n < decisions->declarations->len; n++) {
		const AmDeclaration *declared = decisions->declarations->pdata[n];
		hash = mix_text(am_mix(mix_said(hash, &declared->said), declared->kind), declared->network);
		hash = mix_prefixes(mix_prefixes(hash, declared->hosts), declared->peers);
		hash = am_mix(am_mix(hash, (uint64_t)declared->ip_protocol), (uint64_t)declared->port);
		hash = am_mix(am_mix(hash, (uint64_t)declared->from_ns), (uint64_t)declared->to_ns);
		hash = mix_text(hash, declared->ticket);
	}
	for (guint n = 0; decisions->group_edits != NULL && n < decisions->group_edits->len; n++) {
		const AmGroupEdit *edit = decisions->group_edits->pdata[n];
		hash = mix_text(am_mix(mix_said(hash, &edit->said), edit->kind), edit->name);
		hash = mix_members(mix_members(hash, edit->members), edit->anchors);
	}
	return hash;
}

static uint64_t hash_listed(const AmListedListener *listed)
{
	uint64_t hash = am_mix(listed->network, (uint64_t)listed->ip_protocol << 8 | listed->source);
	hash = mix_text(am_mix(mix_address(hash, &listed->address), listed->port), listed->program);
	hash = am_mix(am_mix(hash, (uint64_t)listed->first_ns), (uint64_t)listed->last_ns);
	return am_mix(hash, (uint64_t)listed->closed_ns);
}

static uint64_t hash_decisions(const AmDecisionSet *decisions)
{
	uint64_t hash = 0;
	for (guint n = 0; decisions != NULL && decisions->overrides != NULL && n < decisions->overrides->len; n++) {
		const AmOverride *override = &g_array_index(decisions->overrides, AmOverride, n);
		hash = mix_prefix(mix_prefix(mix_text(hash, override->network), &override->client), &override->server);
		hash = am_mix(am_mix(hash, (uint64_t) override->ip_protocol), (uint64_t) override->port);
		hash = mix_text(mix_text(am_mix(hash, override->verdict), override->who), override->why);
	}
	for (guint n = 0; decisions != NULL && decisions->hints != NULL && n < decisions->hints->len; n++) {
		const AmHint *hint = &g_array_index(decisions->hints, AmHint, n);
		hash = mix_prefix(mix_text(hash, hint->network), &hint->server);
		hash = am_mix(am_mix(hash, (uint64_t)hint->ip_protocol), (uint64_t)hint->port);
	}
	for (guint n = 0; decisions != NULL && decisions->middleboxes != NULL && n < decisions->middleboxes->len; n++) {
		const AmMiddleboxHint *hint = &g_array_index(decisions->middleboxes, AmMiddleboxHint, n);
		hash = am_mix(mix_address(mix_text(hash, hint->network), &hint->address), (uint64_t)hint->role);
	}
	hash = am_mix(hash, hash_labels(decisions));
	return decisions != NULL ? mix_declared(hash, decisions) : hash;
}

static uint64_t hash_relayed(const AmRelayed *relayed)
{
	uint64_t hash = am_mix_bytes(relayed->kind, relayed, AM_RELAYED_KEY_SIZE);
	return am_mix(am_mix(hash, relayed->connections), relayed->turned);
}

void am_revision_build(AmMapWork *work)
{
	uint64_t sum = 0, hash = am_mix(RULES_VERSION, work->tallies->len);
	for (guint n = 0; n < work->tallies->len; n++)
		sum += hash_tally(am_work_tally(work, n));
	for (guint n = 0; work->observations != NULL && n < work->observations->len; n++)
		sum += hash_observation(&g_array_index(work->observations, AmObservation, n));
	const GArray *listed = work->options != NULL ? work->options->listed : NULL;
	for (guint n = 0; listed != NULL && n < listed->len; n++)
		sum += hash_listed(&g_array_index(listed, AmListedListener, n));
	const GArray *relayed = work->options != NULL ? work->options->relayed : NULL;
	for (guint n = 0; relayed != NULL && n < relayed->len; n++)
		sum += hash_relayed(&g_array_index(relayed, AmRelayed, n));
	hash = am_mix(am_mix(hash, sum), hash_decisions(work->decisions));
	for (guint n = 0; n < work->map->networks->len; n++)
		hash = mix_text(hash, work->map->networks->pdata[n]);
	const GArray *inside = work->options != NULL ? work->options->inside : NULL;
	for (guint n = 0; inside != NULL && n < inside->len; n++)
		hash = mix_prefix(hash, &g_array_index(inside, AmPrefix, n));
	double cut = work->options != NULL && work->options->group_cut > 0 ? work->options->group_cut : AM_GROUP_CUT;
	hash = am_mix_bytes(hash, &cut, sizeof cut);
	snprintf(work->map->revision, sizeof work->map->revision, "%016" G_GINT64_MODIFIER "x", hash);
}
