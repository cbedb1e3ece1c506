import { formatBytes } from "@fedtune/figures";
import type { ServerFacts } from "../api/queries.ts";
import type { OptionFacts } from "./form-context.ts";
import { words } from "./words.ts";

/** Methods that are shown first: one with personal factors, one exact, one exact and refactorised. */
const first = ["fedsa-lora", "ffa-lora", "fedsvd"];

/** What the cards of methods say: summary, bytes where they are known, claims. */
export function methodFacts(
  methods: ServerFacts["methods"],
  upByMethod: ReadonlyMap<string, number>,
): Readonly<Record<string, OptionFacts>> {
  const place = ({ name }: { readonly name: string }): number => {
    const at = first.indexOf(name);
    return at < 0 ? first.length : at;
  };
  const ordered = methods.toSorted((a, b) => place(a) - place(b));
  return Object.fromEntries(
    ordered.map(({ name, summary, keeps, claims, isSparse }) => {
      const up = upByMethod.get(name);
      const meta = [
        ...(up === undefined ? [] : [words.upPerRound(formatBytes(up))]),
        ...(claims.exactProduct ? [words.exact] : []),
        ...(keeps.length > 0 ? [words.personal] : []),
        ...(isSparse ? [words.sparse] : []),
      ];
      return [name, { title: name, text: summary, meta: meta.join(", ") }] as const;
    }),
  );
}
