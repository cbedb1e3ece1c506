/** A process that uses the embedded Postgres in a folder: says `ready` once it may, then waits to be told to end. */
import { startDatabase } from "../start.ts";

const [directory = ""] = process.argv.slice(2);
const database = await startDatabase({ url: null, directory });
await database.pool.query("SELECT 1");
process.stdout.write("ready\n");
process.once("SIGTERM", () => {
  void database.close().then(() => process.exit(0));
});
setInterval(() => undefined, 60_000);
