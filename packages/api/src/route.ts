/** What a route of the API is, as data and as types. */
import type { z } from "zod";
import type { Scope } from "./scopes.ts";

/** Where the API lies under a server's address. */
export const apiBase = "/api/v1";

/** Who may use a route: holders of a scope, anyone who has signed in, or (null) anyone at all. */
export type Access = Scope | "signed-in" | null;

/** What a route answers with. */
export type Answer =
  | { readonly kind: "json"; readonly status: 200 | 201; readonly schema: z.ZodType }
  | { readonly kind: "nothing"; readonly status: 204 }
  | { readonly kind: "bytes"; readonly status: 200; readonly headers: z.ZodObject }
  | { readonly kind: "events"; readonly status: 200; readonly schema: z.ZodType };

/** One route. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below {@link apiBase}; parameters as `:name`. */
  readonly path: `/${string}`;
  readonly access: Access;
  readonly tag: string;
  readonly summary: string;
  /** Of the path; all of them are text. */
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: Answer;
}

/** A table of routes by name. */
export type RouteTable = Readonly<Record<string, Route>>;

/** Declares routes; every one keeps its own type. */
export function defineRoutes<const Table extends RouteTable>(table: Table): Table {
  return table;
}

/** An answer of JSON. */
export function json<Schema extends z.ZodType>(schema: Schema) {
  return { kind: "json", status: 200, schema } as const;
}

/** An answer of JSON about something that was made. */
export function created<Schema extends z.ZodType>(schema: Schema) {
  return { kind: "json", status: 201, schema } as const;
}

/** An answer without a body. */
export const nothing = { kind: "nothing", status: 204 } as const;

/** A value that its reader leaves as it is. */
export type Immutable<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Immutable<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Immutable<T[Key]> }
      : T;

type SchemaAt<R, Key extends string> =
  R extends Readonly<Record<Key, infer S extends z.ZodType>> ? S : null;

type Written<Key extends string, S> = S extends z.ZodType
  ? Partial<z.input<S>> extends z.input<S>
    ? Readonly<Partial<Record<Key, Immutable<z.input<S>>>>>
    : Readonly<Record<Key, Immutable<z.input<S>>>>
  : unknown;

type Parsed<S> = S extends z.ZodType ? Immutable<z.output<S>> : null;

/** What a caller of a route gives. */
export type RouteInput<R extends Route> = Written<"params", SchemaAt<R, "params">> &
  Written<"query", SchemaAt<R, "query">> &
  Written<"body", SchemaAt<R, "body">>;

/** What a handler of a route gets: parsed; null where the route has none. */
export interface RouteCall<R extends Route> {
  readonly params: Parsed<SchemaAt<R, "params">>;
  readonly query: Parsed<SchemaAt<R, "query">>;
  readonly body: Parsed<SchemaAt<R, "body">>;
}

/** Bytes and what their headers say about them. */
export interface BytesAnswer<Headers> {
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

/** What a route gives back. */
export type RouteOutput<R extends Route> = R["answer"] extends {
  readonly kind: "json";
  readonly schema: infer S extends z.ZodType;
}
  ? Immutable<z.output<S>>
  : R["answer"] extends { readonly kind: "bytes"; readonly headers: infer H extends z.ZodObject }
    ? BytesAnswer<Immutable<z.output<H>>>
    : R["answer"] extends { readonly kind: "events"; readonly schema: infer S extends z.ZodType }
      ? Immutable<z.output<S>>
      : undefined;
