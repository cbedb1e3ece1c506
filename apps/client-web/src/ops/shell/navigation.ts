import type { Scope } from "@fedtune/api";
import { allows } from "../api/session.ts";
import type { Me } from "../api/session.ts";
import { words } from "../words.ts";

/** A part of the pages, as the bar at the top leads to it. */
export interface Destination {
  readonly href: string;
  readonly title: string;
  /** Who sees it. */
  readonly scope: Scope;
}

const destinations: readonly Destination[] = [
  { href: "/runs", title: words.nav.runs, scope: "runs:read" },
  { href: "/compare", title: words.nav.compare, scope: "runs:read" },
  { href: "/simulations", title: words.nav.simulations, scope: "runs:read" },
  { href: "/people", title: words.nav.people, scope: "admin" },
  { href: "/audit", title: words.nav.audit, scope: "admin" },
];

/** Where somebody may go. */
export function destinationsFor(me: Me): readonly Destination[] {
  return destinations.filter(({ scope }) => allows(me, scope));
}

/** Whether an address belongs to a destination. */
export function isWithin(path: string, { href }: Pick<Destination, "href">): boolean {
  return path === href || path.startsWith(`${href}/`);
}

/** The name somebody signed in with. */
export function nameOf(me: Me): string {
  return me?.actor.replace(/^[a-z]+:/, "") ?? "";
}

/** Two letters for a name: first letters of its first two parts, or its first two. */
export function initialsOf(name: string): string {
  const [first = "", second = ""] = name.split(/[-_ .]+/);
  return (second === "" ? first.slice(0, 2) : first.slice(0, 1) + second.slice(0, 1)).toUpperCase();
}
