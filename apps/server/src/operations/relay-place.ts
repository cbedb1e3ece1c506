/** Where processes of a cluster reach each other, as operators write it: `redis://USER:PASSWORD@HOST:PORT/NUMBER`. */
import { FedtuneError } from "@fedtune/core";

/** A Redis that carries messages between processes. */
export interface RelayPlace {
  readonly host: string;
  readonly port: number;
  /** Whether the way there is TLS: `rediss://`. */
  readonly tls: boolean;
  /** Empty: Redis' default user. */
  readonly username: string;
  /** Empty: none. */
  readonly password: string;
  /** Which of the databases of that Redis. */
  readonly db: number;
}

const wanted = "wanted redis://USER:PASSWORD@HOST:PORT/NUMBER, or rediss:// for TLS";
const defaultPort = 6379;

/**
 * Reads a place; nothing of a wrong one is shown, since it may be a secret.
 *
 * @throws FedtuneError `config-invalid`
 */
export function relayPlace(text: string): RelayPlace {
  const url = URL.canParse(text) ? new URL(text) : null;
  const path = /^\/?(\d{0,5})$/.exec(url?.pathname ?? "-");
  const isUsable =
    url !== null && path !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== "";
  // What a query would set is not said here, and so not checked.
  if (!isUsable || url.search !== "" || url.hash !== "") throw refused();
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? defaultPort : Number(url.port),
    tls: url.protocol === "rediss:",
    username: plain(url.username),
    password: plain(url.password),
    db: Number(path[1]),
  };
}

/** How a place is named where people read it: without its secrets. */
export function shownPlace({ host, port }: RelayPlace): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function plain(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw refused();
  }
}

function refused(): FedtuneError {
  return new FedtuneError("config-invalid", `Cannot relay messages there: ${wanted}`);
}
