import type { Page, PageQuery } from "@fedtune/api";
import type { Paged } from "@fedtune/core";

/** The part of a list that is asked for. */
export function pageOf<Item>(all: readonly Item[], { from, limit }: PageQuery): Page<Item> {
  return pageFrom({ rows: all.slice(from, from + limit), total: all.length }, from);
}

/** A part that was read by itself, with the place of the next one. */
export function pageFrom<Item>({ rows, total }: Paged<Item>, from: number): Page<Item> {
  const end = from + rows.length;
  return { items: rows, total, next: end < total && rows.length > 0 ? end : null };
}

/** The list of a run that tells nobody who took part. */
export const emptyPage = { items: [], total: 0, next: null } as const;
