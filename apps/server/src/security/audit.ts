/**
 * The audit log: rows that only grow, chained by hashes, so that an edited, reordered or missing one is found.
 *
 * A chain alone does not show that its end was cut off, nor that all of it was written anew: keep heads elsewhere (every
 * `append` returns one) and hand the latest to `verify`. A process remembers the head that it wrote last.
 */
import { FedtuneError } from "@fedtune/core";
import type { Hash } from "@fedtune/core";
import { auditHash, chainStart, firstFault } from "./audit-chain.ts";
import type { AuditEntry, AuditEvent, AuditFault, AuditHead } from "./audit-chain.ts";
import type { SecurityPorts } from "./ports.ts";

/** Processes that append wait for each other on this advisory lock: "fedt" and "audi" in ASCII. */
const LOCK = 0x66656474_61756469n;
const TRANSACTION = { maxWait: 30_000, timeout: 30_000 };
const PAGE = 1_000;

/** The log in the database. */
export interface AuditLog {
  /**
   * Adds an event at the end; it is there for good when this resolves.
   *
   * @throws RangeError for data that JSON does not give back as it was
   */
  append(entry: AuditEntry): Promise<AuditHead>;
  /** Where the log ends now; null: it is empty. */
  head(): Promise<AuditHead | null>;
  /** Reads the whole log; `known` is a head that it had, by default this process' last. Null: there is no fault. */
  verify(known?: AuditHead | null): Promise<AuditFault | null>;
  /** Up to `most` events before a number, the latest first. */
  list(page?: { readonly before?: number; readonly most?: number }): Promise<AuditEvent[]>;
}

type Ports = Pick<SecurityPorts, "prisma" | "now" | "hash">;
type Events = Pick<SecurityPorts["prisma"], "auditEvent">;

/** Makes the log; the appends of one process go through one connection, one after the other. */
export function auditLog(ports: Ports): AuditLog {
  const { prisma, hash } = ports;
  let last: Promise<AuditHead | null> = Promise.resolve(null);
  return {
    append(entry) {
      hold(entry);
      const before = last;
      const appended = before.then(() => append(ports, entry));
      last = appended.catch(() => before);
      return appended;
    },
    head: () => headOf(prisma),
    verify: async (known) => verify(prisma, hash, known ?? (await last)),
    async list({ before, most = 100 } = {}) {
      const rows = await prisma.auditEvent.findMany({
        where: before === undefined ? {} : { sequence: { lt: before } },
        orderBy: { sequence: "desc" },
        take: Math.min(most, PAGE + 1),
      });
      return rows.map(seen);
    },
  };
}

function append({ prisma, now, hash }: Ports, entry: AuditEntry): Promise<AuditHead> {
  return prisma.$transaction(async (transaction) => {
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`;
    const { sequence: before, hash: previous } = (await headOf(transaction)) ?? chainStart;
    const { actor, action, subject, data } = entry;
    const content = { sequence: before + 1, at: now(), actor, action, subject, data, previous };
    const event = { ...content, hash: auditHash(content, hash) };
    await transaction.auditEvent.create({ data: event });
    return { sequence: event.sequence, hash: event.hash };
  }, TRANSACTION);
}

/** Numbers such as -0 and texts with a NUL would come back different, or not at all. */
function hold({ actor, action, subject, data }: AuditEntry): void {
  const texts = [actor, action, subject, ...Object.keys(data), ...Object.values(data)];
  const isKept = texts.every((value) =>
    typeof value === "string"
      ? !/[\0\p{Cs}]/u.test(value)
      : typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0)),
  );
  if (!isKept)
    throw new RangeError(`Cannot log "${action}": its data would not come back the same`);
}

async function headOf({ auditEvent }: Events): Promise<AuditHead | null> {
  return auditEvent.findFirst({
    orderBy: { sequence: "desc" },
    select: { sequence: true, hash: true },
  });
}

async function verify(
  { auditEvent }: Events,
  hash: Hash,
  known: AuditHead | null,
): Promise<AuditFault | null> {
  let before = chainStart;
  for (;;) {
    const rows = await auditEvent.findMany({
      where: { sequence: { gt: before.sequence } },
      orderBy: { sequence: "asc" },
      take: PAGE,
    });
    const page = rows.map(seen);
    const fault = firstFault(page, before, hash) ?? faultAt(page, known);
    if (fault !== null) return fault;
    const end = page.at(-1);
    if (end === undefined) break;
    before = end;
  }
  const isCut = known !== null && known.sequence > before.sequence;
  return isCut ? { sequence: before.sequence + 1, problem: "missing" } : null;
}

/** A chain that was written anew does not have the hash that was known. */
function faultAt(page: readonly AuditEvent[], known: AuditHead | null): AuditFault | null {
  const event = page.find(({ sequence }) => sequence === known?.sequence);
  if (event === undefined || event.hash === known?.hash) return null;
  return { sequence: event.sequence, problem: "edited" };
}

function seen(row: Omit<AuditEvent, "data"> & { readonly data: unknown }): AuditEvent {
  return { ...row, data: row.data as AuditEvent["data"] };
}

/** @throws FedtuneError `state-corrupt` for a log with a fault */
export function holdToAudit(fault: AuditFault | null): void {
  if (fault === null) return;
  const message = `Cannot trust the audit log: event ${fault.sequence} is ${fault.problem}`;
  throw new FedtuneError("state-corrupt", message, { data: { ...fault } });
}
