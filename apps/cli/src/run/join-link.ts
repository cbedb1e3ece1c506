/** Where a client joins: an address, or a link that an operator sent, which also names the run and lets the client in. */
import { readJoinLink } from "@fedtune/client";
import { FedtuneError, idPattern, runId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";

/** What was given on the command line. */
export interface JoinPlace {
  /** `https://host/join/RUN#token=SECRET`, or an address. */
  readonly link?: string | undefined;
  /** The same; one of the two is given. */
  readonly server?: string | undefined;
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
 * Reads an address or a link; `--run` and `--token` are stronger than what a link says.
 *
 * @throws FedtuneError `usage` for no place or two, a broken link, a name that no run has, and a token without a run; it
 * shows no token
 */
export function joiningOf({ run, token, ...given }: JoinPlace): Joining {
  const place = placeOf(given);
  const link = isLink(place) ? readJoinLink(place) : { url: place, run: null, token: null };
  if (run !== undefined && !idPattern.test(run)) {
    const message = `Cannot join run "${run.slice(0, 80)}": wanted letters, digits, - and _, at most 64`;
    throw new FedtuneError("usage", message);
  }
  const named = run === undefined ? link.run : runId(run);
  const secret = token ?? process.env["FEDTUNE_ENROLMENT_TOKEN"] ?? link.token;
  if (named === null && secret !== null) {
    const message = "Cannot use --token without a run: a token is for one run, wanted --run";
    throw new FedtuneError("usage", message);
  }
  return { url: link.url.replace(/\/+$/, ""), run: named, token: secret };
}

function placeOf({ link, server }: Pick<JoinPlace, "link" | "server">): string {
  const place = link ?? server;
  if (place !== undefined && (link === undefined || server === undefined)) return place;
  const given = place === undefined ? "neither is given" : "both are given";
  throw new FedtuneError("usage", `Cannot join: wanted a join link or --server, ${given}`, {
    data: { help: "fedtune join --help" },
  });
}

/** A coordinator has no address of its own below this one. */
function isLink(text: string): boolean {
  return text.includes("#") || /^[^:]+:\/\/[^/]+\/join(\/|$)/.test(text);
}
