/** Fenced code blocks of the project's prose. */
import { readText, repositoryFiles } from "./repository.ts";

/** One fenced block: "```ts runnable" has the language `ts` and the mark `runnable`. */
export interface Block {
  readonly file: string;
  readonly line: number;
  readonly language: string;
  readonly mark: string;
  readonly code: string;
}

/** The Markdown files that users read. */
export function proseFiles(): string[] {
  return repositoryFiles().filter((path) => /^([A-Z]+\.md|(docs|examples)\/.*\.md)$/.test(path));
}

export function blocksOf(file: string): Block[] {
  const text = readText(file);
  const fences = text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm);
  return [...fences].map(({ index, 1: language = "", 2: mark = "", 3: code = "" }) => ({
    file,
    line: text.slice(0, index).split("\n").length,
    language,
    mark: mark.trim(),
    code,
  }));
}
