/** Text cut into runs of one part of the typeface each. */
import type { Subset } from "./typeface.ts";

/** Characters of each part of the typeface, in the order in which they are asked. */
export type Coverage = readonly (readonly [Subset, ReadonlySet<number>])[];

/** Text of one part of the typeface. */
export interface Run {
  readonly subset: Subset;
  readonly text: string;
}

/** What stands for characters that the typeface has not. */
const standIns: Readonly<Record<string, string>> = { "\u202F": "\u00A0", "\u2192": ">" };
const unknown = "?";

/** Runs in order; a character that no part has is shown as its stand-in or as a question mark. */
export function runsOf(text: string, coverage: Coverage): Run[] {
  const runs: { subset: Subset; text: string }[] = [];
  for (const character of text.normalize("NFC")) {
    const shown = subsetOf(character, coverage);
    const last = runs.at(-1);
    if (last?.subset === shown.subset) last.text += shown.text;
    else runs.push(shown);
  }
  return runs;
}

function subsetOf(character: string, coverage: Coverage): Run {
  for (const text of [character, standIns[character] ?? unknown]) {
    const code = text.codePointAt(0) ?? 0;
    const found = coverage.find(([, characters]) => characters.has(code));
    if (found !== undefined) return { subset: found[0], text };
  }
  return { subset: "latin", text: unknown };
}
