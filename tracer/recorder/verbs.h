/* verbs.h - the verbs of lwtrace, one file each. */
#ifndef LW_VERBS_H
#define LW_VERBS_H

#include "options.h"

extern const struct verb verb_record, verb_attach, verb_stat, verb_serve, verb_doctor, verb_env;

#endif
