/**
 * The first operator of a coordinator that has none: made by whoever started it, or by the first who shows the code that
 * was written where it was started.
 *
 * A code is a row among the API tokens, without any scope and of a form that no token has: it admits to nothing else, it
 * is good at every process on the same database, and its first use takes it out of use.
 */
import { FedtuneError, isFedtuneError } from "@fedtune/core";
import type { Operator, Operators } from "./operators.ts";
import type { SecurityPorts } from "./ports.ts";
import { hashOfSecret, newSecret } from "./secrets.ts";

const codePrefix = "ft_setup_";
const codePattern = /^ft_setup_[A-Za-z0-9_-]{43}$/;
const codeName = "code for the first operator";

/** Who is to be the first. */
export interface FirstOperatorRequest {
  readonly code: string;
  readonly name: string;
  readonly password: string;
}

/** What is done as long as nobody can sign in. */
export interface FirstOperator {
  isMissing(): Promise<boolean>;
  /** A code that is shown once and kept nowhere; those of before are of no use any more. Null: there is an operator. */
  newCode(): Promise<string | null>;
  /**
   * Makes the first operator, an admin, and takes all codes out of use.
   *
   * @throws FedtuneError `forbidden` when there is an operator, `unauthenticated` for a wrong or used code,
   * `config-invalid` for a name or a password of the wrong form, after which the code is still good
   */
  claim(request: FirstOperatorRequest): Promise<Operator>;
  /** Makes the operator `admin` with a password that was chosen; null: there is an operator. */
  make(password: string): Promise<Operator | null>;
}

type Ports = SecurityPorts & { readonly operators: Pick<Operators, "create"> };

/** Makes the keeper of the first operator. */
export function firstOperator(ports: Ports): FirstOperator {
  const { prisma, now, entropy, hash, operators } = ports;
  const isMissing = async (): Promise<boolean> => (await prisma.operator.count()) === 0;
  const retire = async (): Promise<void> => {
    const where = { name: codeName, scopes: { isEmpty: true }, revokedAt: null };
    await prisma.apiToken.updateMany({ where, data: { revokedAt: now() } });
  };
  return {
    isMissing,
    async newCode() {
      if (!(await isMissing())) return null;
      await retire();
      const code = newSecret(entropy, codePrefix);
      const row = { name: codeName, scopes: [], tokenHash: hashOfSecret(hash, code) };
      await prisma.apiToken.create({ data: { ...row, createdAt: now() } });
      return code;
    },
    async claim({ code, ...operator }) {
      if (!(await isMissing())) throw taken();
      const made = await using(ports, code, () => operators.create({ ...operator, role: "admin" }));
      await retire();
      return made;
    },
    async make(password) {
      if (!(await isMissing())) return null;
      try {
        return await operators.create({ name: "admin", password, role: "admin" });
      } catch (error) {
        // Another process was faster.
        if (isFedtuneError(error, "config-conflict")) return null;
        throw error;
      }
    },
  };
}

/** Takes a code out of use in one statement, so that of two who show it one is let on; puts it back when that fails. */
async function using<T>(
  { prisma, now, hash }: Ports,
  code: string,
  work: () => Promise<T>,
): Promise<T> {
  const tokenHash = codePattern.test(code) ? hashOfSecret(hash, code) : null;
  const { count } =
    tokenHash === null
      ? { count: 0 }
      : await prisma.apiToken.updateMany({
          where: { tokenHash, revokedAt: null },
          data: { revokedAt: now() },
        });
  if (tokenHash === null || count === 0) {
    const message =
      "Cannot make the first operator: wanted the code that was written where the coordinator was started";
    throw new FedtuneError("unauthenticated", message);
  }
  try {
    return await work();
  } catch (error) {
    await prisma.apiToken.updateMany({ where: { tokenHash }, data: { revokedAt: null } });
    throw error;
  }
}

function taken(): FedtuneError {
  const message = "Cannot make the first operator: there is one; sign in, or have one made";
  return new FedtuneError("forbidden", message);
}
