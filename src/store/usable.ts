/** Whether a database can serve us at all: found out at the door, and told by the setting that names it. */
import pg from "pg";
import { postgresqlObjection } from "../core/limits.ts";
import { Permanent, Temporary } from "../errors.ts";
import { asFault } from "./faults.ts";

/**
 * @throws {Permanent} for a server that is too old or takes no changes, or a database whose encoding cannot hold every title
 * @throws what {@link connectionFault} makes of a database that cannot be entered
 */
export async function assertUsable(db: Pick<pg.Pool, "query">, url: string): Promise<void> {
  const { rows } = await db
    .query<{ version: number; encoding: string; isReadOnly: boolean }>(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
         current_setting('transaction_read_only') = 'on' AS "isReadOnly"`,
    )
    .catch((error) => {
      throw connectionFault(error, url);
    });
  const objection = postgresqlObjection(rows[0]!);
  if (objection) throw new Permanent(`${objection.found} ${objection.advice}`);
  if (rows[0]!.isReadOnly)
    throw new Permanent(
      "The database of DATABASE_URL takes no changes (a standby, or default_transaction_read_only). Name the server that does, or let it take them",
    );
}

/** What it means that a database could not be entered. @param url its DATABASE_URL */
export function connectionFault(error: unknown, url: string): Permanent | Temporary {
  const fault = asFault(error);
  if (fault instanceof Temporary)
    return new Temporary(`${fault.message}. Start it, or correct host and port in DATABASE_URL`, { cause: error });
  const { code = "", message } = error as { code?: string; message: string };
  const refused = (words: string) => new Permanent(words, { cause: error });
  if (code === "3D000")
    return refused(
      `The database "${nameIn(url)}" of DATABASE_URL does not exist. Make it: CREATE DATABASE ${pg.escapeIdentifier(nameIn(url))}`,
    );
  if (code.startsWith("28"))
    return refused(
      `The database refuses DATABASE_URL: ${message}. Correct its user and password, or let this machine in (pg_hba.conf)`,
    );
  if (/CERT|VERIFY/.test(code))
    return refused(
      `The certificate of the database of DATABASE_URL is not trusted: ${message}. Name its authority (sslrootcert=/path/to/ca.pem), or write sslmode=no-verify to look at none`,
    );
  return refused(`The database of DATABASE_URL cannot be used: ${message}`);
}

function nameIn(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}
