/*
 * support/vector_file.h - test vectors in files of tests/vectors.
 *
 * A file is a list of blocks; lines that start with # and empty lines do not count:
 *     name: what it is called            facts: what is known about it, for people
 *     bytes: how many there are          then the bytes in hexadecimal, indented
 */
#ifndef FLOE_SUPPORT_VECTOR_FILE_H
#define FLOE_SUPPORT_VECTOR_FILE_H

#include <stdio.h>

#include "base/floe.h"

typedef struct vector {
    char name[128];
    floe_bytes bytes; /* views `memory` */
    uint8_t memory[2048];
} vector;

/* Each fails the test where the file or the vector is not there, or is not as described above. */
FILE *vector_file_open(const char *file_name);
bool vector_file_next(FILE *file, vector *v); /* false after the last one */
void vector_file_find(const char *file_name, const char *name, vector *v);

#endif
