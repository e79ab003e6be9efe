/* The error domain of import/. */
#include "config.h"

#include "allowmap/import.h"

GQuark am_import_error_quark(void)
{
	return g_quark_from_static_string("am-import-error");
}
