/*
 * support/document.h - documents of docs/ that a test writes, and holds to what came out.
 */
#ifndef FLOE_SUPPORT_DOCUMENT_H
#define FLOE_SUPPORT_DOCUMENT_H

#include <stddef.h>

/* Fails unless docs/`name` is this text, of `len` characters and a NUL. Where the environment has
 * `variable`=write, it is written first. */
void document_hold(const char *name, const char *variable, const char *text, size_t len);

#endif
