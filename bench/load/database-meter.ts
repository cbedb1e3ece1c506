/** What a Postgres of this machine works. */
import { readdirSync, readFileSync } from "node:fs";
import type pg from "pg";

/** Ticks of a second in `/proc`, on every Linux. */
const TICKS = 100;

/**
 * Processor seconds of all processes of a server on this machine since the last call, those that ended included; NaN on
 * systems without `/proc`, and for a server elsewhere.
 */
export async function databaseMeter(pool: pg.Pool): Promise<() => number> {
  // The parent of the process that answers is the server itself.
  const { rows } = await pool.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const server = Number(statOf(String(rows[0]?.pid ?? 0))?.[1] ?? NaN);
  let before = ticksOf(server);
  return () => {
    const now = ticksOf(server);
    const seconds = (now - before) / TICKS;
    before = now;
    return seconds;
  };
}

/** Ticks of the server, of what it has waited for, and of its processes. */
function ticksOf(server: number): number {
  const own = statOf(String(server));
  if (own === null) return NaN;
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const children = processes.flatMap((pid) => {
    const stat = statOf(pid);
    return Number(stat?.[1]) === server ? [stat] : [];
  });
  const spent = (stat: readonly string[] | null): number =>
    Number(stat?.[11] ?? 0) + Number(stat?.[12] ?? 0);
  const waited = Number(own[13] ?? 0) + Number(own[14] ?? 0);
  return children.reduce((sum, stat) => sum + spent(stat), spent(own) + waited);
}

/** The fields of a process' `stat` after its name; null: there is no such process any more. */
function statOf(pid: string): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
