/* Freeing a run and its inputs: pure data handling, used by store/, job/ and the tests. */
#include "config.h"

#include "allowmap/base.h"

void am_input_clear(AmInput *input)
{
	g_clear_pointer(&input->path, g_free);
}

void am_run_free(AmRun *run)
{
	if (run == NULL)
		return;
	g_free(run->sensor);
	g_free(run->network);
	g_free(run->parameters);
	g_free(run->tool_version);
	g_free(run->dpi_version);
	for (guint n = 0; run->inputs != NULL && n < run->inputs->len; n++)
		am_input_clear(&g_array_index(run->inputs, AmInput, n));
	if (run->inputs != NULL)
		g_array_unref(run->inputs);
	for (guint n = 0; run->interfaces != NULL && n < run->interfaces->len; n++)
		g_free(g_array_index(run->interfaces, AmRunInterface, n).name);
	if (run->interfaces != NULL)
		g_array_unref(run->interfaces);
	g_free(run);
}
