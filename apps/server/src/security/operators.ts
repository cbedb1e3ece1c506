/** The people who operate a coordinator. */
import { FedtuneError } from "@fedtune/core";
import type { Passwords } from "./passwords.ts";
import type { SecurityPorts } from "./ports.ts";
import type { Scope } from "@fedtune/api";
import type { Revocations } from "./revocations.ts";
import { hashOfSecret } from "./secrets.ts";

/** What operators may be. */
export const roles = ["admin", "operator", "viewer"] as const;
/** One of {@link roles}. */
export type Role = (typeof roles)[number];

const scopesOfRole: Readonly<Record<Role, readonly Scope[]>> = {
  admin: ["admin"],
  operator: ["runs:read", "adapters:read", "runs:write", "clients:write", "metrics:read"],
  viewer: ["runs:read", "metrics:read"],
};

/** What a role admits. */
export function scopesOf(role: Role): readonly Scope[] {
  return scopesOfRole[role];
}

/** Lower case only: nobody can be called almost like somebody else. */
const operatorNamePattern = /^[a-z][a-z0-9_-]{0,63}$/;

/** An operator as others may see one. */
export interface Operator {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
  /** Null: may sign in. */
  readonly disabledAt: Date | null;
}

/** Whom to create. */
export interface NewOperator {
  readonly name: string;
  readonly password: string;
  readonly role: Role;
}

/** The operators in the database. */
export interface Operators {
  /** @throws FedtuneError `config-invalid` for a name or a password of the wrong form, `config-conflict` for a name that is taken */
  create(operator: NewOperator): Promise<Operator>;
  /** @throws FedtuneError `unauthenticated`, the same for a wrong name, a wrong password and a disabled operator */
  authenticate(name: string, password: string): Promise<Operator>;
  /** Whether there is an operator of a name, disabled or not. */
  knows(name: string): Promise<boolean>;
  /**
   * Ends all sessions of the operator too, but for the one whose secret is `keep`.
   *
   * @throws FedtuneError `message-invalid` without such an operator, `config-invalid`
   */
  setPassword(name: string, password: string, keep?: string | null): Promise<void>;
  /**
   * Nothing admits the operator any more, from now on: no session, no token.
   *
   * @throws FedtuneError `message-invalid` without such an operator, `forbidden` for the last admin who may sign in
   */
  disable(name: string): Promise<void>;
  /** All of them, the oldest first. */
  list(): Promise<Operator[]>;
}

type Ports = Pick<SecurityPorts, "prisma" | "now" | "hash"> & {
  readonly passwords: Passwords;
  readonly revocations: Revocations;
};

const shown = { id: true, name: true, role: true, createdAt: true, disabledAt: true } as const;

const oldestFirst = [{ createdAt: "asc" }, { id: "asc" }] as const;

/** Makes the repository of operators. */
export function operators(ports: Ports): Operators {
  const { prisma, passwords } = ports;
  return {
    create: (operator) => create(ports, operator),
    async authenticate(name, password) {
      // A name of another form is nobody's; the database need not be asked about it.
      const row = operatorNamePattern.test(name)
        ? await prisma.operator.findUnique({ where: { name } })
        : null;
      const isEnabled = row !== null && row.disabledAt === null;
      const matches = await passwords.verify(isEnabled ? row.passwordHash : null, password);
      if (!isEnabled || !matches) {
        throw new FedtuneError("unauthenticated", "Cannot sign in: wrong name or password");
      }
      if (passwords.isStale(row.passwordHash)) {
        const passwordHash = await passwords.hash(password);
        await prisma.operator.update({ where: { name }, data: { passwordHash } });
      }
      return seen(row);
    },
    knows: async (name) =>
      operatorNamePattern.test(name) && (await prisma.operator.count({ where: { name } })) > 0,
    async setPassword(name, password, keep = null) {
      if (!operatorNamePattern.test(name)) throw unknown(name);
      const passwordHash = await passwords.hash(password);
      const kept = keep === null ? "" : hashOfSecret(ports.hash, keep);
      const [{ count }] = await prisma.$transaction([
        prisma.operator.updateMany({ where: { name }, data: { passwordHash } }),
        prisma.session.deleteMany({ where: { operator: { name }, tokenHash: { not: kept } } }),
      ]);
      if (count === 0) throw unknown(name);
      ports.revocations.tell({ kind: "operator", name });
    },
    disable: (name) => disable(ports, name),
    async list() {
      const rows = await prisma.operator.findMany({ select: shown, orderBy: [...oldestFirst] });
      return rows.map(seen);
    },
  };
}

async function create({ prisma, passwords, now }: Ports, operator: NewOperator): Promise<Operator> {
  const { name, password, role } = operator;
  if (!operatorNamePattern.test(name)) {
    const message = `Cannot name an operator "${name.slice(0, 80)}": wanted ${String(operatorNamePattern)}`;
    throw new FedtuneError("config-invalid", message);
  }
  const passwordHash = await passwords.hash(password);
  const { count } = await prisma.operator.createMany({
    data: [{ name, passwordHash, role, createdAt: now() }],
    skipDuplicates: true,
  });
  if (count === 0) {
    throw new FedtuneError(
      "config-conflict",
      `Cannot create operator "${name}": the name is taken`,
    );
  }
  return seen(await prisma.operator.findUniqueOrThrow({ where: { name }, select: shown }));
}

async function disable({ prisma, now, revocations }: Ports, name: string): Promise<void> {
  if (!operatorNamePattern.test(name)) throw unknown(name);
  await prisma.$transaction(async (transaction) => {
    // Two admins who disable each other at once: one of them waits here, and then is the last.
    await transaction.$queryRaw`SELECT id FROM operators WHERE role = 'admin' ORDER BY id FOR UPDATE`;
    const row = await transaction.operator.findUnique({ where: { name } });
    if (row === null) throw unknown(name);
    const others = await transaction.operator.count({
      where: { role: "admin", disabledAt: null, name: { not: name } },
    });
    if (row.role === "admin" && others === 0) {
      const message = `Cannot disable "${name}": nobody else is admin; create another one first`;
      throw new FedtuneError("forbidden", message);
    }
    await transaction.operator.update({
      where: { name },
      data: { disabledAt: row.disabledAt ?? now() },
    });
    await transaction.session.deleteMany({ where: { operatorId: row.id } });
  });
  revocations.tell({ kind: "operator", name });
}

function unknown(name: string): FedtuneError {
  return new FedtuneError("message-invalid", `Cannot find operator "${name.slice(0, 80)}"`);
}

function seen(row: Omit<Operator, "role"> & { readonly role: string }): Operator {
  const { id, name, createdAt, disabledAt } = row;
  return { id, name, role: roleOf(row.role), createdAt, disabledAt };
}

/** A role as the database has it; one that this version does not know admits least. */
export function roleOf(text: string): Role {
  return roles.find((role) => role === text) ?? "viewer";
}
