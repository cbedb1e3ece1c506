/** What a page and the worker of its desk say to each other. */
import type { Power } from "../device-report.ts";
import type { Problem } from "../invitation.ts";
import type { ActionName } from "../types.ts";
import type { Patch } from "./patch.ts";

/** From page to worker. */
export type ToDesk =
  | {
      readonly type: "call";
      readonly id: number;
      readonly action: ActionName;
      readonly input: readonly unknown[];
    }
  | { readonly type: "power"; readonly power: Power }
  | { readonly type: "network"; readonly isOnline: boolean }
  | { readonly type: "close" };

/** From worker to page. */
export type FromDesk =
  | { readonly type: "changed"; readonly patch: Patch }
  | { readonly type: "answered"; readonly id: number; readonly value: unknown }
  | { readonly type: "failed"; readonly id: number; readonly error: Problem }
  | { readonly type: "closed" };

/** A worker that is there. */
export interface DeskLine {
  post(message: ToDesk): void;
  /** Ends the worker, whatever it does. */
  end(): void;
}
