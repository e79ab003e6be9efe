/* Names of the kinds of observations, and of assets. */
#include "config.h"

#include "allowmap/base.h"
#include "allowmap/model/observation.h"

#include <string.h>

_Static_assert(offsetof(AmObservation, first_ns) == AM_OBSERVATION_KEY_SIZE, "keys are compared as octets");

static const char *const names[AM_N_OBSERVED] = {
#define X(id, name) [AM_OBSERVED_##id] = name,
	AM_OBSERVED_KINDS(X)
#undef X
};

const char *am_observed_name(AmObservedKind kind)
{
	return kind < AM_N_OBSERVED ? names[kind] : NULL;
}

const char *am_asset_kind_name(AmAssetKind kind)
{
	static const char *const kinds[AM_N_ASSET_KINDS] = {
#define X(id, name) [AM_ASSET_##id] = name,
		AM_ASSET_KINDS(X)
#undef X
	};
	return kind < AM_N_ASSET_KINDS ? kinds[kind] : NULL;
}

gboolean am_observed_parse(const char *name, AmObservedKind *ret_kind)
{
	for (guint n = 0; n < AM_N_OBSERVED; n++) {
		if (strcmp(name, names[n]) == 0) {
			*ret_kind = (AmObservedKind)n;
			return TRUE;
		}
	}
	return FALSE;
}

int am_observation_compare(gconstpointer a, gconstpointer b)
{
	const AmObservation *x = a, *y = b;
	if (x->network != y->network)
		return x->network < y->network ? -1 : 1;
	int order = am_address_compare(&x->address, &y->address);
	if (order != 0)
		return order;
	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->value, y->value);
}

gboolean am_observation_fill(AmObservation *observation, const AmAddress *address, AmObservedKind kind,
			     const char *value, size_t size)
{
	while (size > 0 && value[size - 1] == '.')
		size--;
	if (size == 0 || size >= AM_OBSERVED_SIZE || am_address_is_unspecified(address) ||
	    am_address_is_multicast(address) || am_address_is_loopback(address))
		return FALSE;
	memset(observation, 0, sizeof *observation);
	observation->address = *address;
	observation->kind = (uint8_t)kind;
	for (size_t n = 0; n < size; n++) {
		if (!g_ascii_isgraph(value[n]))
			return FALSE;
		observation->value[n] = g_ascii_tolower(value[n]);
	}
	return TRUE;
}
