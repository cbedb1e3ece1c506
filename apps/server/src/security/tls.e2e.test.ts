import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { certificate } from "../test-support/certificate.ts";
import { readTls, reloadTls } from "./tls.ts";
import type { TlsFiles } from "./tls.ts";

let folder: string;
let files: TlsFiles;
let server: Server | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-tls-"));
  files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
});
afterEach(async () => {
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Puts a new certificate in the place of the old one. */
async function renew(serial: number): Promise<string> {
  const { cert, key } = certificate(serial);
  await writeFile(files.cert, cert);
  await writeFile(files.key, key);
  return cert;
}

/** The serial number of the certificate that a new connection is shown. */
function serialAt(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

describe("TLS from files", () => {
  it("serves a certificate, and its successor once it is told", async () => {
    const first = await renew(1);
    const listening = createServer(await readTls(files));
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const { port } = listening.address() as AddressInfo;
    expect(await serialAt(port, first)).toBe("01");
    const second = await renew(2);
    expect(await serialAt(port, first)).toBe("01");
    await reloadTls(listening, files);
    expect(await serialAt(port, second)).toBe("02");
    await writeFile(files.key, "damaged");
    await expect(reloadTls(listening, files)).rejects.toMatchObject({ code: "config-invalid" });
    expect(await serialAt(port, second)).toBe("02");
  });

  it("says which file is missing, and which two do not belong together", async () => {
    await expect(readTls(files)).rejects.toMatchObject({ code: "file-missing" });
    await renew(1);
    await writeFile(files.key, certificate(2).key);
    await expect(readTls(files)).rejects.toMatchObject({ code: "config-invalid", data: files });
  });
});
