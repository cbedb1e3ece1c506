import { Argument, Command } from "@commander-js/extra-typings";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

const examplesOfUse = examples(
  "fedtune db status",
  "fedtune db backup /backups/monday",
  "fedtune db restore /backups/monday --data-dir fresh",
  "DATABASE_URL=postgresql://fedtune:secret@db:5432/fedtune fedtune db migrate",
);

const more = `
Without a URL the database is the embedded Postgres of --data-dir; a coordinator that uses it may go on meanwhile.

\`backup\` writes one folder: every table as it was at one instant, and every blob, each with its SHA-256. \`restore\` verifies
all of it, and writes it into an empty database and the blobs of --data-dir; coordinators of before cannot write to the
restored runs. \`serve\` migrates by itself; \`migrate\` does it beforehand.`;

const what = new Argument("<what>", "what to do").choices([
  "migrate",
  "status",
  "backup",
  "restore",
] as const);

/** `fedtune db`: what an operator does with the coordinator's database. */
export const db: Verb = {
  name: "db",
  define: (enter) =>
    settings(
      new Command("db")
        .summary("migrate, look at, back up or restore the coordinator's database")
        .description("Brings the coordinator's database up to date, describes it, and copies it.")
        .addArgument(what)
        .argument("[folder]", "of the backup; for backup and restore")
        .option("--data-dir <folder>", "where the coordinator keeps its runs", ".fedtune")
        .option("--database-url <url>", "a Postgres of yours (or set DATABASE_URL)"),
    )
      .addHelpText("after", `${more}\n${examplesOfUse}`)
      .action((what, folder, options) =>
        enter(options, async (io) => {
          const { runDb } = await import("../run/db.ts");
          return runDb({ ...options, what, folder }, io);
        }),
      ),
};
