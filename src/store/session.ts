/** What a session with PostgreSQL is told first: servers, databases and roles are set to all kinds of things. */
/**
 * Tables without a schema are ours in `public`; dates and instants come as the drivers read them, which take every timestamp
 * as UTC; a statement that waited for a lock goes on with the row as it is then.
 */
export const SESSION = `SET search_path = public; SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
  SET bytea_output = 'hex'; SET extra_float_digits = 1; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
  SET default_transaction_isolation = 'read committed'`;
