/** A database behind a line that can be cut. */
import { openDatabase } from "../client.ts";
import type { Database, DatabaseOptions } from "../client.ts";
import { openProxy } from "./tcp-proxy.ts";
import type { TcpProxy } from "./tcp-proxy.ts";

/** The password in its URL, which nobody may be told. */
export const secret = "open-sesame";

export interface Proxied {
  readonly proxy: TcpProxy;
  readonly database: Database;
  close(): Promise<void>;
}

/** A line to the embedded Postgres of `direct`. */
export async function proxied(direct: Database, options: DatabaseOptions = {}): Promise<Proxied> {
  const folder = new URL(direct.url).searchParams.get("host") ?? "";
  const proxy = await openProxy({ path: `${folder}/.s.PGSQL.5432` });
  const url = `postgresql://postgres:${secret}@127.0.0.1:${proxy.port}/postgres`;
  const database = openDatabase(url, options);
  return {
    ...{ proxy, database },
    async close() {
      await Promise.all([database.close(), proxy.close()]);
    },
  };
}
