/** Where a client joins: an address, or a link that an operator sent, which also names the run and lets the client in. */
import { FedtuneError, idPattern, runId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";

/** What was given on the command line. */
export interface JoinPlace {
  /** An address, or `https://host/#run=NAME&token=SECRET`. */
  readonly server: string;
  readonly run?: string | undefined;
  readonly token?: string | undefined;
}

/** Where, in which run, and by which right. */
export interface Joining {
  /** Origin of the coordinator. */
  readonly url: string;
  /** Null: the coordinator's only run. */
  readonly run: RunId | null;
  /** Null: none; the client's key is known already, or nobody asks for one. */
  readonly token: string | null;
}

/**
 * Reads a link; `--run` and `--token` are stronger than what it says.
 *
 * @throws FedtuneError `usage` for a name that no run has, and for a token without a run; the token is not shown
 */
export function joiningOf({ server, ...given }: JoinPlace): Joining {
  const { origin, hash } = new URL(server);
  const link = new URLSearchParams(hash.slice(1));
  const run = given.run ?? link.get("run");
  const token = given.token ?? link.get("token");
  if (run !== null && !idPattern.test(run)) {
    const message = `Cannot join run "${run.slice(0, 80)}": wanted letters, digits, - and _, at most 64`;
    throw new FedtuneError("usage", message);
  }
  if (run === null && token !== null) {
    throw new FedtuneError(
      "usage",
      "Cannot use --token without a run: a token is for one run, wanted --run",
    );
  }
  return { url: origin, run: run === null ? null : runId(run), token };
}
