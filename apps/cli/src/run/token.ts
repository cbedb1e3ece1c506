import type { ItemOf, Scope } from "@fedtune/api";
import { writeJoinLink } from "@fedtune/client";
import { clientId, FedtuneError, idPattern } from "@fedtune/core";
import type { ClientId } from "@fedtune/core";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import type { ServerOptions } from "../verbs/run-options.ts";
import { allOf, openClient, runNamed } from "./run-client.ts";

/** What `fedtune token create` was asked for; with a run: a token for clients, else one for a program. */
export interface TokenCreateOptions extends ServerOptions {
  readonly run?: string | undefined;
  readonly name?: string | undefined;
  readonly scope?: readonly Scope[] | undefined;
  readonly client?: string | undefined;
  readonly maxUses?: number | undefined;
  readonly expiresIn?: number | undefined;
}

/** Makes a token. @throws FedtuneError `usage` for options that do not belong together */
export async function tokenCreate(options: TokenCreateOptions, io: Io): Promise<undefined> {
  await (options.run === undefined
    ? createApiToken(options, io)
    : createEnrolmentToken({ ...options, run: options.run }, io));
  return undefined;
}

async function createApiToken(options: TokenCreateOptions, io: Io): Promise<void> {
  const { name, scope, client: only, maxUses, expiresIn } = options;
  if (name === undefined || scope === undefined || only !== undefined || maxUses !== undefined) {
    throw misuse("Cannot make a program's token: wanted --name and --scope, or --run for clients");
  }
  const client = await openClient(options);
  const body = { name, scopes: scope, expiresInSeconds: expiresIn ?? null };
  const token = await client.createToken({ body, signal: io.signal });
  io.result(token, () => `${token.secret}\n\nIt is shown this once. ${lifeText(token.expiresAt)}`);
}

async function createEnrolmentToken(
  options: TokenCreateOptions & { readonly run: string },
  io: Io,
): Promise<void> {
  const { name, scope, client: only, maxUses, expiresIn, server } = options;
  if (name !== undefined || scope !== undefined) {
    throw misuse("Cannot make a token for clients: --name and --scope are for programs");
  }
  const run = runNamed(options.run);
  const body = {
    client: only === undefined ? null : clientNamed(only),
    maxUses: maxUses ?? null,
    ...(expiresIn === undefined ? {} : { expiresInSeconds: expiresIn }),
  };
  const client = await openClient(options);
  const token = await client.createEnrolmentToken({ params: { run }, body, signal: io.signal });
  const link = writeJoinLink({ url: new URL(server).origin, run, token: token.secret });
  const command = `fedtune join '${link}' --name ${only ?? "NAME"} --data FILE`;
  io.result({ ...token, run, link, command }, () =>
    [link, "", "A client joins with:", `  ${command}`, "", lifeText(token.expiresAt)].join("\n"),
  );
}

function lifeText(expiresAt: string | null): string {
  return expiresAt === null ? "It lives until it is revoked." : `It lives until ${expiresAt}.`;
}

function clientNamed(text: string): ClientId {
  if (idPattern.test(text)) return clientId(text);
  throw misuse(`Cannot let in "${text.slice(0, 80)}": wanted letters, digits, - and _, at most 64`);
}

function misuse(message: string): FedtuneError {
  return new FedtuneError("usage", message, { data: { help: "fedtune token create --help" } });
}

/** What `fedtune token ls` was asked for. */
export interface TokenListOptions extends ServerOptions {
  readonly run?: string | undefined;
}

/** Lists tokens. */
export async function tokenList(options: TokenListOptions, io: Io): Promise<undefined> {
  const client = await openClient(options);
  const { signal } = io;
  if (options.run === undefined) {
    const tokens = await allOf((from) => client.listTokens({ query: { from }, signal }));
    io.result({ tokens }, () => tableText(apiHead, tokens.map(apiRow)));
    return undefined;
  }
  const params = { run: runNamed(options.run) };
  const tokens = await allOf((from) =>
    client.listEnrolmentTokens({ params, query: { from }, signal }),
  );
  io.result({ tokens }, () => tableText(enrolmentHead, tokens.map(enrolmentRow)));
  return undefined;
}

const apiHead = ["id", "name", "scopes", "expires", "state"];

function apiRow({ id, name, scopes, expiresAt, revokedAt }: ItemOf<"listTokens">): string[] {
  return [id, name, scopes.join(" "), expiresAt ?? "never", revokedAt === null ? "" : "revoked"];
}

const enrolmentHead = ["id", "client", "uses", "expires", "state"];

function enrolmentRow(token: ItemOf<"listEnrolmentTokens">): string[] {
  const { id, client, uses, maxUses, expiresAt, revokedAt } = token;
  const used = maxUses === null ? String(uses) : `${uses}/${maxUses}`;
  return [id, client ?? "any", used, expiresAt, revokedAt === null ? "" : "revoked"];
}

/** What `fedtune token revoke` was asked for. */
export interface TokenRevokeOptions extends TokenListOptions {
  readonly id: string;
}

/** Takes a token out of use. */
export async function tokenRevoke(options: TokenRevokeOptions, io: Io): Promise<undefined> {
  const { id: token, run } = options;
  const client = await openClient(options);
  const { signal } = io;
  await (run === undefined
    ? client.revokeToken({ params: { token }, signal })
    : client.revokeEnrolmentToken({ params: { run: runNamed(run), token }, signal }));
  io.result({ token, revoked: true }, () => `Revoked ${token}`);
  return undefined;
}
