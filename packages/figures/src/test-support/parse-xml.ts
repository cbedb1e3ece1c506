/** Reads the SVG text that figures write: strict, and no more than that. */

/** An element, or text inside of one. */
export type XmlNode = XmlElement | string;

/** An element. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function decode(text: string): string {
  if (/[<>]/.test(text)) throw new Error(`A bare angle bracket in "${text}"`);
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const character = entities[name];
    if (character === undefined) throw new Error(`Unknown entity "${whole}"`);
    return character;
  });
}

/** One element with all that is in it; throws on anything that is not well formed. */
export function parseXml(text: string): XmlElement {
  const tokens = /<(\/?)([A-Za-z]+)((?: [A-Za-z-]+="[^"<]*")*)(\/?)>|([^<]+)/y;
  const open: { name: string; attributes: Record<string, string>; children: XmlNode[] }[] = [];
  let root: XmlElement | null = null;
  while (tokens.lastIndex < text.length) {
    const at = tokens.lastIndex;
    const match = tokens.exec(text);
    if (match === null || root !== null)
      throw new Error(`Not well formed at ${String(at)}: ${text.slice(at, at + 40)}`);
    const [, isEnd, name = "", attributes = "", isEmpty, words] = match;
    if (words !== undefined) {
      open.at(-1)?.children.push(decode(words));
      continue;
    }
    if (isEnd === "/") {
      const last = open.pop();
      if (last?.name !== name) throw new Error(`</${name}> ends <${String(last?.name)}>`);
      if (open.length === 0) root = last;
      continue;
    }
    const pairs = [...attributes.matchAll(/ ([A-Za-z-]+)="([^"]*)"/g)];
    const names = pairs.map(([, key]) => key);
    if (new Set(names).size !== names.length) throw new Error(`An attribute twice in <${name}>`);
    const element = {
      name,
      attributes: Object.fromEntries(pairs.map(([, key = "", value = ""]) => [key, decode(value)])),
      children: [],
    };
    open.at(-1)?.children.push(element);
    if (isEmpty !== "/") open.push(element);
    else if (open.length === 0) root = element;
  }
  if (root === null) throw new Error("The text ends inside of an element");
  return root;
}

/** An element and all inside of it. */
export function* elementsOf(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) {
    if (typeof child !== "string") yield* elementsOf(child);
  }
}

/** All text inside of an element. */
export const textOf = (node: XmlNode): string =>
  typeof node === "string" ? node : node.children.map(textOf).join("");
