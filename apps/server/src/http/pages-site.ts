/** A built site in memory: its few files are read once, and nothing beside them can be asked for. */
import { FedtuneError } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** How a file's bytes may be encoded on the way, the best first. */
export const encodings = ["br", "gzip"] as const;
/** One of {@link encodings}. */
export type Encoding = (typeof encodings)[number];

/** A file as it is sent. */
export interface SiteFile {
  /** MIME type with its character set. */
  readonly type: string;
  readonly bytes: Uint8Array;
  /** The same, encoded when the site was built. */
  readonly encoded: ReadonlyMap<Encoding, Uint8Array>;
  /** SHA-256 of the bytes. */
  readonly hash: string;
  /** Whether its address names its content, so that a reader may keep it for good. */
  readonly isImmutable: boolean;
}

/** The pages: two documents and what they load. */
export interface Site {
  /** For data holders. */
  readonly join: SiteFile;
  /** For operators. */
  readonly app: SiteFile;
  /** By address: `/assets/join-CfQ2b1kX.js`. Documents are not among them. */
  readonly files: ReadonlyMap<string, SiteFile>;
}

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json; charset=utf-8",
  webmanifest: "application/manifest+json; charset=utf-8",
  txt: "text/plain; charset=utf-8",
  svg: "image/svg+xml; charset=utf-8",
  png: "image/png",
  ico: "image/x-icon",
  woff2: "font/woff2",
  wasm: "application/wasm",
};

const suffixes = { br: ".br", gzip: ".gz" } as const satisfies Record<Encoding, string>;

/**
 * Reads the folder that the pages were built into: `join.html`, `app.html` and whatever they load; `NAME.br` and
 * `NAME.gz` are encoded forms of `NAME`. Names that begin with a dot, and files of a kind that pages have no use for, are
 * not served.
 *
 * @throws FedtuneError `file-missing` when there is no such site
 */
export async function readSite(folder: string): Promise<Site> {
  const paths = await pathsIn(folder);
  const all = new Map(
    await Promise.all(
      paths
        .filter((path) => typeOf(path) !== undefined)
        .map(async (path) => [path, await fileOf(folder, path, paths)] as const),
    ),
  );
  const [app, join] = [all.get("/app.html"), all.get("/join.html")];
  if (app === undefined || join === undefined) {
    const message = `Cannot serve the pages in ${folder}: wanted app.html and join.html`;
    throw new FedtuneError("file-missing", message, { data: { folder } });
  }
  const files = new Map([...all].filter(([path]) => !path.endsWith(".html")));
  return { app, join, files };
}

/** Addresses of all files below a folder. */
async function pathsIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (cause: unknown) => {
      const message = `Cannot read the pages: there is no folder ${folder}`;
      throw new FedtuneError("file-missing", message, { data: { folder }, cause });
    },
  );
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map(
      (entry) => `/${relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/")}`,
    );
}

async function fileOf(folder: string, path: string, all: readonly string[]): Promise<SiteFile> {
  const read = (name: string): Promise<Uint8Array> => readFile(join(folder, name));
  const bytes = await read(path);
  const encoded = new Map<Encoding, Uint8Array>();
  for (const encoding of encodings) {
    const name = path + suffixes[encoding];
    if (all.includes(name)) encoded.set(encoding, await read(name));
  }
  return {
    ...{ type: typeOf(path) ?? "", bytes, encoded, hash: nodeHash.sha256(bytes) },
    isImmutable: path.startsWith("/assets/"),
  };
}

function typeOf(path: string): string | undefined {
  return types[path.slice(path.lastIndexOf(".") + 1)];
}
