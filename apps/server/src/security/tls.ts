/** TLS from files, which may be replaced while the server runs. */
import { FedtuneError } from "@fedtune/core";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Server } from "node:tls";

/** Where certificate and key are: PEM files. */
export interface TlsFiles {
  /** The certificate, and after it those that lead to a known authority. */
  readonly cert: string;
  readonly key: string;
}

/** What an https server is made with. */
export interface TlsOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: "TLSv1.2";
}

/**
 * Reads and tries the files.
 *
 * @throws FedtuneError `file-missing`, or `config-invalid` for files that are no certificate with its key
 */
export async function readTls(files: TlsFiles): Promise<TlsOptions> {
  const [cert, key] = await Promise.all([read(files.cert), read(files.key)]);
  const options = { cert, key, minVersion: "TLSv1.2" } as const;
  try {
    createSecureContext(options);
  } catch (cause) {
    const message = `Cannot use ${files.cert} with ${files.key}: wanted a certificate and its key as PEM`;
    throw new FedtuneError("config-invalid", message, { data: { ...files }, cause });
  }
  return options;
}

/** Goes on with the files as they are now; connections that are open stay. @throws FedtuneError as {@link readTls} */
export async function reloadTls(
  server: Pick<Server, "setSecureContext">,
  files: TlsFiles,
): Promise<void> {
  server.setSecureContext(await readTls(files));
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FedtuneError("file-missing", `Cannot read ${file}: ${reason}`, {
      data: { file },
      cause,
    });
  }
}
