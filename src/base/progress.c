/* A line on standard error that says how far long work has come; silent unless that is a terminal. */
#include "config.h"

#include "allowmap/base.h"

#include <stdio.h>
#include <unistd.h>

#define PRINT_EVERY_US (G_USEC_PER_SEC / 4)

struct AmProgress {
	char *what;
	uint64_t total_bytes;
	gint64 began_us, printed_us;
	gboolean is_terminal;
	GMutex mutex;
};

AmProgress *am_progress_new(const char *what, uint64_t total_bytes)
{
	AmProgress *progress = g_new0(AmProgress, 1);
	progress->what = g_strdup(what);
	progress->total_bytes = total_bytes;
	progress->began_us = progress->printed_us = g_get_monotonic_time();
	progress->is_terminal = isatty(STDERR_FILENO);
	g_mutex_init(&progress->mutex);
	return progress;
}

static void print(const AmProgress *progress, uint64_t bytes, uint64_t packets, double seconds)
{
	fprintf(stderr, "\r%s: %" G_GUINT64_FORMAT " packets, %.0f a second", progress->what, packets,
		(double)packets / seconds);
	if (progress->total_bytes > 0 && bytes > 0) {
		double share = MIN(1.0, (double)bytes / (double)progress->total_bytes);
		guint64 left_s = (guint64)(seconds / share - seconds);
		fprintf(stderr, ", %.0f%%, %" G_GUINT64_FORMAT ":%02u left", 100 * share, left_s / 60,
			(unsigned)(left_s % 60));
	}
	fputs("\033[K", stderr);
	fflush(stderr);
}

void am_progress_set(AmProgress *progress, uint64_t bytes, uint64_t packets)
{
	if (!progress->is_terminal)
		return;
	g_mutex_lock(&progress->mutex);
	gint64 now_us = g_get_monotonic_time();
	if (now_us - progress->printed_us >= PRINT_EVERY_US) {
		progress->printed_us = now_us;
		print(progress, bytes, packets, (double)(now_us - progress->began_us) / G_USEC_PER_SEC);
	}
	g_mutex_unlock(&progress->mutex);
}

void am_progress_free(AmProgress *progress)
{
	if (progress == NULL)
		return;
	if (progress->is_terminal)
		fputs("\r\033[K", stderr);
	g_mutex_clear(&progress->mutex);
	g_free(progress->what);
	g_free(progress);
}
