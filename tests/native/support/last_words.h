/* last_words.h - runs scenarios that end their process. */
#ifndef HF_TEST_LAST_WORDS_H
#define HF_TEST_LAST_WORDS_H

/* Runs the scenario in a child process. Returns what it wrote to standard error, valid until the next call; NULL if it returned. */
const char *last_words(void (*scenario)(void));

#endif
