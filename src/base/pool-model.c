/* Finding pools in a map. */
#include "config.h"

#include "allowmap/base.h"

const AmPool *am_pool_find(const AmMap *map, uint32_t network, const AmAddress *address)
{
	guint low = 0, high = map->pools->len;
	while (low < high) { /* the last one that begins at the address or before it */
		guint middle = low + (high - low) / 2;
		const AmPool *pool = &g_array_index(map->pools, AmPool, middle);
		if (pool->network < network ||
		    (pool->network == network && am_address_compare(&pool->prefix.address, address) <= 0))
			low = middle + 1;
		else
			high = middle;
	}
	const AmPool *pool = low > 0 ? &g_array_index(map->pools, AmPool, low - 1) : NULL;
	return pool != NULL && pool->network == network && am_prefix_contains(&pool->prefix, address) ? pool : NULL;
}
