import type { Page, PageQuery } from "@fedtune/api";

/** The part of a list that is asked for. */
export function pageOf<Item>(all: readonly Item[], { from, limit }: PageQuery): Page<Item> {
  const items = all.slice(from, from + limit);
  const end = from + items.length;
  return { items, total: all.length, next: end < all.length && items.length > 0 ? end : null };
}
