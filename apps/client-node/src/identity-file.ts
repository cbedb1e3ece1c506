/**
 * A client's identity as a file: an Ed25519 key in the client's state folder, PKCS8 as PEM, readable by its owner only.
 *
 * A state folder belongs to one client of one coordinator, and so does the key: it signs for every run in which the
 * client takes part there, and no other coordinator ever sees a signature of it.
 */
import type { ClientIdentity } from "@fedtune/client";
import { FedtuneError } from "@fedtune/core";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { storageError, systemCode } from "./storage-error.ts";

/** The name of the file in a client's state folder. */
const FILE = "identity.pem";

/**
 * The identity in a state folder; made, with the folder, when there is none. Processes that start at the same moment
 * get the same one.
 *
 * @throws FedtuneError `state-corrupt` for a file that is no such key: it is left as it is, since another key would be
 * refused; `config-invalid` for one that others may read; `storage-failed` when the disk is full or fails
 */
export async function identityFile(directory: string): Promise<ClientIdentity> {
  const file = join(directory, FILE);
  const found = await read(file);
  if (found !== null) return found;
  await make(directory, file);
  const made = await read(file);
  if (made !== null) return made;
  throw storageError("read", file, new Error("it is gone"));
}

async function read(file: string): Promise<ClientIdentity | null> {
  let pem: string;
  try {
    pem = await readFile(file, "utf8");
    const { mode } = await stat(file);
    // Windows has no such modes: what Node shows there says nothing.
    if (process.platform !== "win32" && (mode & 0o077) !== 0) throw exposed(file, mode);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error instanceof FedtuneError ? error : storageError("read", file, error);
  }
  return identityOf(keyIn(pem, file));
}

function keyIn(pem: string, file: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // What OpenSSL says about a broken key helps nobody, and may quote it.
  }
  const message = `Cannot use the key in ${file}: wanted an Ed25519 key as PEM; put it back from a backup, or delete it and have the operator reset this client's key`;
  throw new FedtuneError("state-corrupt", message, { data: { file } });
}

function exposed(file: string, mode: number): FedtuneError {
  const actual = (mode & 0o777).toString(8);
  const message = `Cannot use the key in ${file}: others may read it (mode ${actual}), wanted mode 600`;
  return new FedtuneError("config-invalid", message, { data: { file, mode: actual } });
}

function identityOf(key: KeyObject): ClientIdentity {
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return {
    publicKey: Buffer.from(x, "base64url").toString("hex"),
    sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, key))),
  };
}

/** Writes a draft, makes it durable, and gives it the file's name unless another process was faster. */
async function make(directory: string, file: string): Promise<void> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ format: "pem", type: "pkcs8" });
  const draft = `${file}.draft-${randomUUID()}`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await write(draft, pem);
    // A link, unlike a renaming, never takes the place of a key that is there.
    await link(draft, file).catch((error: unknown) => {
      if (systemCode(error) !== "EEXIST") throw error;
    });
    await sync(directory);
  } catch (error) {
    throw storageError("write", file, error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

async function write(file: string, text: string | Buffer): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
