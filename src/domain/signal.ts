/** What a strategy says at a close, one bit each; a row of a schedule is an or of these. */
export const LONG = 1;
export const SHORT = 2;
export const EXIT_LONG = 4;
export const EXIT_SHORT = 8;
