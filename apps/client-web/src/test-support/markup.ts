/** Reads what React writes as HTML, enough to ask what is in it. */
import { createElement, type ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Router } from "wouter";

/** An element of the markup. */
export interface Found {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** All text inside. */
  readonly text: string;
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#x27": "'",
};
const decode = (text: string): string =>
  text.replace(/&([a-z0-9#]+);/g, (whole, name: string) => entities[name] ?? whole);

const empty = new Set(["input", "br", "img", "hr", "meta", "link"]);

/** All elements of a rendered component in the order in which they open. */
export function render(element: ReactElement): Found[] {
  const html = renderToStaticMarkup(createElement(Router, { ssrPath: "/", children: element }));
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: number[] = [];
  for (const [, isEnd, name = "", rest = "", isClosed, text] of html.matchAll(
    /<(\/?)([a-zA-Z0-9]+)((?:\s[^\s=>/]+(?:="[^"]*")?)*)\s*(\/?)>|([^<]+)/g,
  )) {
    if (text !== undefined) {
      for (const index of open) found[index]!.text += decode(text);
    } else if (isEnd === "/") open.pop();
    else {
      const attributes = Object.fromEntries(
        [...rest.matchAll(/\s([^\s=>/]+)(?:="([^"]*)")?/g)].map(([, key = "", value = ""]) => [
          key,
          decode(value),
        ]),
      );
      found.push({ name, attributes, text: "" });
      if (isClosed !== "/" && !empty.has(name)) open.push(found.length - 1);
    }
  }
  return found;
}

/** The one element of a role or a name; throws where there is none or more than one. */
export function only(found: readonly Found[], test: (one: Found) => boolean): Found {
  const matching = found.filter(test);
  if (matching.length !== 1)
    throw new Error(`Wanted one element, found ${String(matching.length)}`);
  return matching[0]!;
}

/** Elements with a role that is written out. */
export const byRole =
  (role: string) =>
  (one: Found): boolean =>
    one.attributes["role"] === role;

/** Elements of a tag. */
export const byName =
  (name: string) =>
  (one: Found): boolean =>
    one.name === name;
