import { clientId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { createServer } from "node:http";
import type { Server as HttpServer } from "node:http";
import { io as connect } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { Server } from "socket.io";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listen } from "../listen.ts";
import { securityBench, signingClient } from "../test-support/security-bench.ts";
import type { SecurityBench, SigningClient } from "../test-support/security-bench.ts";
import { trustedProxies } from "./client-address.ts";
import type { Security } from "./security.ts";
import { admitSigned, cutRevoked, keepCuttable } from "./socket-admission.ts";
import type { AdmittedData } from "./socket-admission.ts";

type Events = Record<"message", (text: string) => void>;

let bench: SecurityBench;
let security: Security;
let http: HttpServer;
let io: Server<Events, Events, Events, AdmittedData>;
let url: string;
let run: RunId;
let ada: SigningClient;
let count = 0;
/** Holds every admitted socket back, so that something can happen meanwhile. */
let meanwhile: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  bench = await securityBench();
  security = bench.open();
  http = createServer();
  io = new Server(http, { transports: ["websocket"] });
  io.use(admitSigned({ security, isTrusted: trustedProxies("none") }));
  io.use((_socket, next) => void meanwhile().then(() => next()));
  io.on("connection", (socket) => void keepCuttable(socket, { security }));
  cutRevoked(io, security);
  ({ url } = await listen(http, "127.0.0.1", 0));
});
afterAll(async () => {
  await io.close();
  await bench.close();
});
beforeEach(async () => {
  count += 1;
  meanwhile = () => Promise.resolve();
  run = await bench.addRun(`run-${count}`);
  ada = await signingClient(bench, { run, client: "ada" });
  const { publicKey } = ada.identity;
  await security.enrolments.enrol({
    ...{ run, client: clientId("ada"), publicKey, token: null, isOpen: true },
  });
});

/** A connection whose every attempt signs anew, as the client's transport does. */
function open(auth: () => Promise<object>, reconnection = false): Socket {
  return connect(url, {
    ...{ transports: ["websocket"], forceNew: true, reconnection, reconnectionDelay: 10 },
    auth: (send) => void auth().then(send),
  });
}

const heard = (socket: Socket, event: string): Promise<unknown> =>
  new Promise((resolve) => socket.once(event, resolve));

async function refusal(auth: () => Promise<object>): Promise<unknown> {
  const socket = open(auth);
  const error = (await heard(socket, "connect_error")) as { data?: { code?: unknown } };
  socket.disconnect();
  return error.data?.code;
}

describe("a socket", () => {
  it("[SE1] [SE2] is let in by its client's signature, and by nothing else", async () => {
    const socket = open(() => ada.handshake());
    await heard(socket, "connect");
    const [server] = await io.fetchSockets();
    expect(server?.data).toEqual({ client: { run, client: "ada" } });
    socket.disconnect();
    expect(await refusal(async () => ({}))).toBe("unauthenticated");
    const forged = async () => ({ ...(await ada.handshake()), client: "bob" });
    expect(await refusal(forged)).toBe("signature-invalid");
    const signed = await ada.handshake();
    const again = open(async () => signed);
    await heard(again, "connect");
    expect(await refusal(async () => signed)).toBe("request-replayed");
    again.disconnect();
  });

  it("[SE3] comes back after a fault with a signature of its own", async () => {
    const socket = open(() => ada.handshake(), true);
    await heard(socket, "connect");
    const back = heard(socket, "connect");
    socket.io.engine.close();
    await back;
    socket.disconnect();
  });

  it("[SE6] is cut at once when its client is revoked, and told why; others stay", async () => {
    const bob = await signingClient(bench, { run, client: "bob" });
    const { publicKey } = bob.identity;
    await security.enrolments.enrol({
      ...{ run, client: clientId("bob"), publicKey, token: null, isOpen: true },
    });
    const [socket, other] = [open(() => ada.handshake()), open(() => bob.handshake())];
    await Promise.all([heard(socket, "connect"), heard(other, "connect")]);
    await expect.poll(() => io.of("/").adapter.rooms.has(`client:${run}/ada`)).toBe(true);
    const ends = [heard(socket, "message"), heard(socket, "disconnect")];
    await security.clientKeys.revoke(run, clientId("ada"));
    const [goodbye] = await Promise.all(ends);
    expect(goodbye).toContain('"code":"credential-revoked"');
    expect(other.connected).toBe(true);
    other.disconnect();
    expect(await refusal(() => ada.handshake())).toBe("credential-revoked");
  });

  it("[SE6] is cut when its client is revoked while it is being let in", async () => {
    meanwhile = () => security.clientKeys.revoke(run, clientId("ada"));
    const socket = open(() => ada.handshake());
    expect(await heard(socket, "message")).toContain('"code":"credential-revoked"');
  });

  it("[SE10] is refused when too many come from one address", async () => {
    const strict = bench.open({ allowances: { handshakes: { points: 1, seconds: 60 } } });
    const server = createServer();
    const sockets = new Server(server, { transports: ["websocket"] });
    sockets.use(admitSigned({ security: strict, isTrusted: trustedProxies("none") }));
    const { url: at } = await listen(server, "127.0.0.1", 0);
    const errors = [];
    for (let i = 0; i < 2; i++) {
      const socket = connect(at, {
        transports: ["websocket"],
        forceNew: true,
        reconnection: false,
      });
      errors.push(((await heard(socket, "connect_error")) as { data?: unknown }).data);
    }
    expect(errors).toMatchObject([
      { code: "unauthenticated" },
      { code: "rate-limited", data: { limit: "handshakes" } },
    ]);
    await sockets.close();
  });
});
