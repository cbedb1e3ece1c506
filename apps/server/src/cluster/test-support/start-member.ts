/** Starting members, and one address in front of them. */
import { mailbox } from "@fedtune/testkit";
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { MemberLine, MemberOptions } from "./member.ts";

export interface StartedMember {
  readonly self: string;
  readonly port: number;
  /** Everything it said. */
  readonly lines: readonly MemberLine[];
  /** The next line of an event, or the one that was said already. */
  said(event: MemberLine["event"]): Promise<MemberLine>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process is gone; by force if need be. */
  close(): Promise<void>;
}

const program = fileURLToPath(new URL("member.ts", import.meta.url));

export async function startMember(options: MemberOptions): Promise<StartedMember> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--conditions=@fedtune/source", program, JSON.stringify(options)],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_OPTIONS: "" } },
  );
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (words += text));
  const lines: MemberLine[] = [];
  const waiting: {
    event: string;
    tell: (line: MemberLine) => void;
    fail: (error: Error) => void;
  }[] = [];
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as MemberLine;
    lines.push(line);
    for (const one of waiting.filter(({ event }) => event === line.event)) {
      waiting.splice(waiting.indexOf(one), 1);
      one.tell(line);
    }
  });
  const gone = mailbox<null>();
  child.once("close", () => {
    gone.put(null);
    for (const { fail } of waiting) fail(new Error(`member ${options.self} is gone: ${words}`));
  });
  const said = (event: MemberLine["event"]): Promise<MemberLine> => {
    const before = lines.find((line) => line.event === event);
    if (before !== undefined) return Promise.resolve(before);
    return new Promise((tell, fail) => waiting.push({ event, tell, fail }));
  };
  const first = await said("listening");
  let closing: Promise<void> | null = null;
  return {
    ...{ self: options.self, lines, said },
    port: first.event === "listening" ? first.port : 0,
    kill: (signal) => void child.kill(signal),
    close() {
      child.kill("SIGKILL");
      return (closing ??= gone.take().then(() => undefined));
    },
  };
}

export interface Balancer {
  readonly url: string;
  close(): Promise<void>;
}

/** Passes connections on to the first of those ports that takes them. */
export async function balancer(...ports: readonly number[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  };
  const pass = (near: Socket, [port, ...others]: readonly number[]): void => {
    if (port === undefined) {
      near.destroy();
      return;
    }
    const far = connect(port, "127.0.0.1");
    hold(far);
    far.once("error", () => pass(near, others));
    far.once("connect", () => {
      near.pipe(far);
      far.pipe(near);
      near.once("close", () => far.destroy());
      far.once("close", () => near.destroy());
    });
  };
  const server = createServer((near) => {
    hold(near);
    pass(near, ports);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
