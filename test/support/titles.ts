/** Rule ids in SPEC.md and in test titles. */
import ts from "typescript";
import { parse, readText, repositoryFiles, walk } from "./repository.ts";

/** A rule's id in two parts: `AG12` is `{ area: "AG", number: 12 }`. */
export interface RuleId {
  readonly area: string;
  readonly number: number;
}

/** The rules of SPEC.md in their order there. */
export function rules(): RuleId[] {
  const lines = readText("SPEC.md").matchAll(/^- \*\*([A-Z]{2})(\d+)\*\* \S.*\.$/gm);
  return [...lines].map(([, area = "", number]) => ({ area, number: Number(number) }));
}

/** Every cited id with the files that cite it. */
export function citations(): Map<string, Set<string>> {
  const cited = new Map<string, Set<string>>();
  for (const file of filesWithTitles()) {
    for (const id of citedIn(file)) {
      cited.set(id, (cited.get(id) ?? new Set()).add(file));
    }
  }
  return cited;
}

/** Tests, and the conformance suites that tests call. */
function filesWithTitles(): string[] {
  return repositoryFiles().filter(
    (path) => /\.test\.tsx?$/.test(path) || /^packages\/testkit\/src\/.*\.tsx?$/.test(path),
  );
}

/** Ids at the start of any string of a file: a title may stand in a table or have parts filled in. */
function citedIn(file: string): string[] {
  const ids: string[] = [];
  walk(parse(file), (node) => {
    if (!ts.isStringLiteralLike(node) && !ts.isTemplateHead(node)) return;
    const [prefix] = /^(\[[A-Z]{2}\d+\]\s*)+/.exec(node.text) ?? [];
    ids.push(...[...(prefix ?? "").matchAll(/[A-Z]{2}\d+/g)].map(([id]) => id));
  });
  return ids;
}
