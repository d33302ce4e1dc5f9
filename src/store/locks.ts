/** Advisory locks of sessions, by their numbers. Those of one transaction are named where they are taken. */

/** Held shared by each process that serves or works, alone by a restoration. */
export const PRESENCE_LOCK = 7_270_738;

/** Held shared while a backup is read: no week of deliveries is dropped meanwhile. */
export const READING_LOCK = 7_270_739;
