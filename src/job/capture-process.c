/* What a capture has to do with its process: signals, and what it may still do once its interfaces are open.
 */
#include "config.h"

#include "capture.h"
#include "sandbox.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t asked_to_stop, asked_to_reopen;

static void on_signal(int number)
{
	if (number == SIGHUP)
		asked_to_reopen = 1;
	else
		asked_to_stop = 1;
}

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};

struct AmSignals {
	struct sigaction before[G_N_ELEMENTS(caught)];
};

AmSignals *am_signals_catch(void)
{
	AmSignals *signals = g_new0(AmSignals, 1);
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = on_signal; /* without SA_RESTART: poll() ends */
	asked_to_stop = asked_to_reopen = 0;
	for (size_t n = 0; n < G_N_ELEMENTS(caught); n++)
		sigaction(caught[n], &action, &signals->before[n]);
	return signals;
}

void am_signals_let_go(AmSignals *signals)
{
	for (size_t n = 0; n < G_N_ELEMENTS(caught); n++)
		sigaction(caught[n], &signals->before[n], NULL);
	g_free(signals);
}

gboolean am_signals_stop(void)
{
	return asked_to_stop != 0;
}

gboolean am_signals_reopen(void)
{
	gboolean asked = asked_to_reopen != 0;
	asked_to_reopen = 0;
	return asked;
}

gboolean am_capture_fence_in(const AmLive *live, const char *user, const char *const *writes, char **ret_missing,
			     GError **error)
{
	int descriptors[AM_MAX_INTERFACES];
	g_auto(AmSandboxRules) rules = am_sandbox_rules_new();
	rules.no_writes = descriptors;
	rules.n_no_writes = am_live_descriptors(live, descriptors);
	for (const char *const *path = writes; *path != NULL; path++)
		am_sandbox_rules_write_beside(&rules, *path);
	/* Where the kernel counts what a card dropped. */
	g_ptr_array_add(rules.reads, g_strdup("/sys/class/net"));
	g_ptr_array_add(rules.reads, g_strdup("/sys/devices"));
	return am_sandbox_drop_privileges(user, writes[0], error) && am_sandbox_enter(&rules, ret_missing, error);
}
