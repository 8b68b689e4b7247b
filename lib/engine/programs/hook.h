#ifndef DARKROOM_PROGRAMS_HOOK_H
#define DARKROOM_PROGRAMS_HOOK_H

// DR_WORTH_KEEPING are the seconds of compiling from which a program is kept: reading one takes about a hundredth of a second.
#define DR_WORTH_KEEPING 0.1

// dr_programs_hook replaces the compile function of a plugin. It returns why it could not, or NULL.
const char *dr_programs_hook(const char *plugin);

#endif
