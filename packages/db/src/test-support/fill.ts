import type { Database } from "../client.ts";
import { run } from "./rows.ts";

/** Rows in the tables that the store does not write, with what is hard to carry over. */
export async function fillEveryTable({ prisma }: Database): Promise<void> {
  const later = new Date("2031-02-03T04:05:06.789Z");
  const name = 'Zoë "the\\admin"\n\u2028€';
  const operator = await prisma.operator.create({ data: { name, passwordHash: "argon" } });
  const operatorId = operator.id;
  await prisma.session.create({
    data: { tokenHash: "s", operatorId, csrfHash: "c", expiresAt: later },
  });
  const scopes = ["runs:read", 'odd ",{}scope'];
  await prisma.apiToken.create({ data: { name, tokenHash: "t", scopes, operatorId } });
  await prisma.enrolmentToken.create({ data: { runId: run, tokenHash: "e", expiresAt: later } });
  await prisma.clientKey.create({ data: { runId: run, client: "ada", publicKey: "00" } });
  await prisma.usedNonce.create({ data: { nonce: "n", expiresAt: later } });
  const data = { nested: [1, null, { text: name, pretty: 1e308 }] };
  await prisma.auditEvent.create({
    data: {
      ...{ sequence: 1, actor: "system", action: "a", subject: "s" },
      ...{ data, previous: "", hash: "h" },
    },
  });
  await prisma.process.create({ data: { id: "p" } });
}
