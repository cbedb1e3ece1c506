/** The tables of the database, in the order in which their rows can be written. */
import type { Queryable } from "../transaction.ts";

/** All tables but the list of migrations; a table comes after those that its rows point to. */
export async function tableNames(connection: Queryable): Promise<readonly string[]> {
  const { rows } = await connection.query<{ name: string; targets: string[] }>(
    `SELECT c.relname AS name, coalesce(array_agg(t.relname) FILTER (WHERE t.relname IS NOT NULL), '{}')::text[] AS targets
     FROM pg_class c
     LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f'
     LEFT JOIN pg_class t ON t.oid = f.confrelid
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> '_prisma_migrations'
     GROUP BY c.relname ORDER BY c.relname`,
  );
  const targets = new Map(rows.map((row) => [row.name, row.targets]));
  const ordered = new Set<string>();
  const visit = (name: string): void => {
    for (const target of targets.get(name) ?? []) {
      if (target !== name && !ordered.has(target)) visit(target);
    }
    ordered.add(name);
  };
  for (const { name } of rows) visit(name);
  return [...ordered];
}

/** A table's name as SQL has it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A migration that the database has. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
}

/** The migrations that made the tables. */
export async function appliedMigrations(
  connection: Queryable,
): Promise<readonly AppliedMigration[]> {
  const { rows } = await connection.query<AppliedMigration>(
    `SELECT migration_name AS name, checksum FROM "_prisma_migrations"
     WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
  return rows;
}
