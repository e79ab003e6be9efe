/* What every unit test program needs: CUnit, one suite, and an exit status that make check understands. */
#pragma once

#include <CUnit/Basic.h>
#include <glib.h>

#define UNIT_TEST(f)                                                                                                   \
	{                                                                                                              \
#f, f                                                                                                  \
	}

/* Runs the tests (ending with {NULL, NULL}) and gives the program's exit status. No test that ran is a failure too. */
static inline int unit_run(const char *suite, const CU_TestInfo *tests)
{
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 99;
	CU_pSuite s = CU_add_suite(suite, NULL, NULL);
	for (; tests->pName != NULL; tests++)
		CU_add_test(s, tests->pName, tests->pTestFunc);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	unsigned failed = CU_get_number_of_failures();
	unsigned run = CU_get_number_of_asserts();
	CU_cleanup_registry();
	return failed == 0 && run > 0 ? 0 : 1;
}
