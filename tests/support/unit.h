/* support/unit.h - cmocka with the headers that it wants first. */
#ifndef FLOE_SUPPORT_UNIT_H
#define FLOE_SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* For a test that wants more than the tiny configuration has: skipped there, and counted. */
#define UNIT_NEEDS(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

#endif
