/* Making and freeing what is known of visibility, and reading one subnet's row of it: used by map/, policy/ and report/. */
#include "config.h"

#include "allowmap/base.h"

#include <string.h>

AmVisibility *am_visibility_new(void)
{
	AmVisibility *seen = g_new0(AmVisibility, 1);
	seen->subnets = g_array_new(FALSE, TRUE, sizeof(AmSubnet));
	seen->pairs = g_array_new(FALSE, TRUE, sizeof(AmSubnetPair));
	seen->row_first = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	seen->row_pairs = g_array_new(FALSE, TRUE, sizeof(uint32_t));
	seen->unseen = g_array_new(FALSE, TRUE, sizeof(AmSubnetPair));
	seen->half_seen = g_array_new(FALSE, TRUE, sizeof(AmHalfSeen));
	seen->taps = g_array_new(FALSE, TRUE, sizeof(AmTap));
	return seen;
}

void am_visibility_free(AmVisibility *visibility)
{
	if (visibility == NULL)
		return;
	g_array_unref(visibility->subnets);
	g_array_unref(visibility->pairs);
	g_array_unref(visibility->row_first);
	g_array_unref(visibility->row_pairs);
	g_array_unref(visibility->unseen);
	g_array_unref(visibility->half_seen);
	g_array_unref(visibility->taps);
	g_free(visibility);
}

const char *am_visibility_name(AmVisibilityClass class)
{
	static const char *const names[AM_N_VISIBILITIES] = {"none", "one-way", "both", "declared"};
	return names[class];
}

uint32_t am_visibility_row_size(const AmVisibility *visibility, uint32_t subnet)
{
	const AmSubnet *row = &g_array_index(visibility->subnets, AmSubnet, subnet);
	return row->block_end - row->block_first + 1;
}

void am_visibility_row(const AmVisibility *visibility, uint32_t subnet, uint8_t *ret_row)
{
	const AmSubnet *subnets = (const AmSubnet *)(const void *)visibility->subnets->data, *own = &subnets[subnet];
	uint32_t n_subnets = own->block_end - own->block_first;
	const uint32_t *first = &g_array_index(visibility->row_first, uint32_t, subnet);
	for (uint32_t n = 0; n < n_subnets; n++) {
		gboolean declared = own->declared || subnets[own->block_first + n].declared;
		ret_row[n] = declared ? AM_VISIBILITY_DECLARED : AM_VISIBILITY_NONE;
	}
	ret_row[n_subnets] =
		own->declared || visibility->outside_declared ? AM_VISIBILITY_DECLARED : AM_VISIBILITY_NONE;
	for (uint32_t n = first[0]; n < first[1]; n++) {
		const AmSubnetPair *pair = &g_array_index(visibility->pairs, AmSubnetPair,
							  g_array_index(visibility->row_pairs, uint32_t, n));
		uint32_t other = pair->a == subnet ? pair->b : pair->a;
		ret_row[other == AM_SUBNET_OUTSIDE ? n_subnets : other - own->block_first] = pair->class;
	}
}
