/* Looking at frames to say what a port shows. Private to job/; pure: no file, no clock. */
#pragma once

#include "allowmap/job.h"

typedef struct AmChecker AmChecker;
AmChecker *am_checker_new(gboolean is_live);
void am_checker_free(AmChecker *checker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AmChecker, am_checker_free)
/* `now_ns`: this machine's clock; 0 = a file, whose times are its own. */
void am_checker_frame(AmChecker *checker, const AmFrame *frame, int64_t now_ns);
/* Sorts, and draws the conclusions. Once; to be freed with am_port_check_free(). */
AmPortCheck *am_checker_finish(AmChecker *checker, uint64_t dropped_kernel, uint64_t dropped_interface);
