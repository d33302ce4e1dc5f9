/** How long things are kept that no setting says it of, in days. The page /privacy tells readers the same numbers. */

/** A request that nobody confirms: as long as its link works (docs/promises.md §3). */
export const UNCONFIRMED_DAYS = 7;

/** After that its key alone, by which the caps on mails to an address count (docs/promises.md S6) and "this was not me" goes. */
export const REQUEST_KEYS_DAYS = 30;

/** Bounces and complaints as they came in; what they were judged to say stays with the reader's row. */
export const RAW_REPORTS_DAYS = 30;

/**
 * What proves that somebody consented, after they were erased. Claims about unwanted mail lapse three years after the end of
 * the year they arose in (for example BGB sections 195 and 199), so four years hold every one of them.
 */
export const CONSENT_DAYS = 4 * 365 + 1;
