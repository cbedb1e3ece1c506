import { Writable } from "node:stream";
import { main } from "../main.ts";
import type { Stream } from "../io.ts";

/** A stream that keeps what was written. */
export function captured(): { readonly stream: Stream; readonly text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { stream, text: () => chunks.join("") };
}

/** Runs one command line in this process. */
export async function callMain(...argv: readonly string[]) {
  const [stdout, stderr] = [captured(), captured()];
  const code = await main(argv, { stdout: stdout.stream, stderr: stderr.stream });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}
