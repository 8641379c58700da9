/*
 * base/assert.h - FLOE_ASSERT: states what a programmer must keep true; never used on wire data.
 * On in every build; a firmware replaces it with -DFLOE_ASSERT(x)=... .
 */
#ifndef FLOE_BASE_ASSERT_H
#define FLOE_BASE_ASSERT_H

#ifndef FLOE_ASSERT
#if defined(__GNUC__)
#define FLOE_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#include <assert.h>
#define FLOE_ASSERT(condition) assert(condition)
#endif
#endif

#endif
