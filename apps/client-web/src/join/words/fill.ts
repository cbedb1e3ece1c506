/** Texts with named places: `fill("{count} rows", { count: "12" })`. */

/** Names of the places in a text. */
export type Slots<Text extends string> = Text extends `${string}{${infer Slot}}${infer Rest}`
  ? Slot | Slots<Rest>
  : never;

/** A text with its places filled; the compiler wants every one of them, and no other. */
export function fill<const Text extends string>(
  text: Text,
  slots: Readonly<Record<Slots<Text>, string>>,
): string {
  const values = new Map<string, string>(Object.entries(slots));
  return text.replace(/\{(\w+)\}/g, (place, name: string) => values.get(name) ?? place);
}

/** Names of the places in a text that the compiler does not know. */
export function slotsOf(text: string): readonly string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
}
