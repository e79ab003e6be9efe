/* Private to store/. */
#pragma once

#include "allowmap/store.h"

/* Whether the log is whole: every entry's hash follows from the one before it, and every row of the other tables says
 * what its entry says. What was cut off at the end shows only against a head that was kept elsewhere. */
gboolean am_decisions_verify(AmDecisions *decisions, GError **error);
