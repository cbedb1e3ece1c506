/** A built site as small as one can be: its documents load a script and a style, and say what their policy refused. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const document = (title: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>` +
  `<link rel="stylesheet" href="/assets/tiny-AAAAAAAA.css"><script src="/theme.js"></script>` +
  `<script type="module" src="/assets/tiny-AAAAAAAA.js"></script></head><body></body></html>`;

/** Counts violations; starts a module worker where data holders are; says so in the document's body. */
const script = `
const refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
const tell = ({ data }) => {
  document.body.textContent = JSON.stringify({
    ...data, refused, isolated: self.crossOriginIsolated, style: getComputedStyle(document.body).color,
  });
};
const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
if (document.title === "join") {
  new Worker("/assets/worker-AAAAAAAA.js", { type: "module" }).onmessage = tell;
} else {
  WebAssembly.instantiate(wasm).then(() => tell({ data: { wasm: true } }));
}
${"// A script is long enough to be worth encoding.\n".repeat(40)}`;

const worker = `
const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
WebAssembly.instantiate(wasm).then(
  () => postMessage({ wasm: true }),
  (error) => postMessage({ wasm: String(error) }),
);
`;

/** Writes it into a folder of its own. */
export async function tinySite() {
  const folder = await mkdtemp(join(tmpdir(), "fedtune-site-"));
  await mkdir(join(folder, "assets"));
  const files: Record<string, string | Uint8Array> = {
    "app.html": document("app"),
    "join.html": document("join"),
    "theme.js": "document.documentElement.dataset.theme = 'dark';",
    "assets/tiny-AAAAAAAA.js": script,
    "assets/tiny-AAAAAAAA.js.br": brotliCompressSync(script),
    "assets/tiny-AAAAAAAA.js.gz": gzipSync(script),
    "assets/worker-AAAAAAAA.js": worker,
    "assets/tiny-AAAAAAAA.css": "body { color: rgb(1, 2, 3); }",
    "assets/map-AAAAAAAA.js.map": "{}",
    ".source": "a stamp",
  };
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return { folder, script, close: () => rm(folder, { recursive: true }) };
}
