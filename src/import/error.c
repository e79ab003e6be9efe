/* The error domain of import/. */
#include "config.h"

#include "allowmap/import.h"

G_DEFINE_QUARK(am-import-error-quark, am_import_error)
