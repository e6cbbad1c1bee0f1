/* Runs inside the traced program: no allocation, no stdio. */
/* files.h - lttng-ust's descriptors stay open when the program closes what it did not open. */
#ifndef LW_FILES_H
#define LW_FILES_H

/* Looks up the function that ours stands in front of. */
void lw_files_resolve(void);

#endif
